"""Metropolis steps of ints and reals, whose scales are tuned in warmup, one for each element.

Proposals are symmetric: normal steps, rounded away from zero for ints, of scales that vary around the tuned one. The
scales follow a stochastic approximation (Andrieu and Thoms (2008), "A tutorial on adaptive MCMC", algorithm 4) towards
the acceptance rate that is best for one dimension (Roberts, Gelman and Gilks 1997).
"""
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ppl_cli.graph.basic import Variable, constant, root
from ppl_cli.ops.control import make_loop
from ppl_cli.ops.indexing import gather, set_at, take_slice
from ppl_cli.ops.random import primitive
from ppl_cli.ops.reduction import reduce_sum
from ppl_cli.ops.scalar_math import (
    add,
    both,
    ceil,
    div,
    either,
    eq,
    exp,
    floor,
    ge,
    gt,
    isnan,
    le,
    log,
    lt,
    maximum,
    minimum,
    mul,
    sub,
    switch,
    to_int,
    to_real,
)
from ppl_cli.ops.shape import join, reshape
from ppl_cli.updates.base import Moved, Tuning, Vectorize
from ppl_cli.updates.conditional import Class, Conditional

TARGET_ACCEPT = 0.44
SWEEPS = 4  # through all elements, for each transition of the others
FEW_CLASSES = 16  # with more of them one sweep is enough
SPREAD = 0.7  # sd of the log of the scales of single proposals around the tuned one


@dataclass(frozen=True, eq=False)
class Metropolis:
    """A Metropolis step of a variable, class by class; ints stay within [lower, upper], which are flat.

    Its tuning: the log scale of each element, and the mean acceptance rate of the last sweeps.
    """

    conditional: Conditional
    lower: np.ndarray | None = None
    upper: np.ndarray | None = None

    @property
    def unknown(self) -> Variable:
        return self.conditional.unknown

    @property
    def first_tuning(self) -> np.ndarray:
        return np.zeros(self.conditional.size + 1)

    def next(self, tuning: Tuning, vectorize: Vectorize) -> Moved:
        whole, n = self.conditional, self.conditional.size
        sweeps = SWEEPS if whole.count <= FEW_CLASSES else 1
        normal = primitive("std_normal", shape=(sweeps, n + 1))
        spread = primitive("std_normal", shape=(sweeps, n + 1))
        uniform = primitive("uniform", shape=(sweeps, n + 1))
        sweep = root("sweep", "int64")
        inner = [root("now", self.unknown.dtype, (n + 1,)), root("scales", shape=(n + 1,)), root("rate")]
        numbers = [gather(v, sweep) for v in (normal, spread, uniform)]

        def step(of: Class, carried: Sequence[Variable]) -> list[Variable]:
            return self._step(of, carried, [gather(v, of.members) for v in numbers], tuning.gain)

        results = whole.each_class(step, inner)
        results[2] = div(results[2], float(max(n, 1)))
        start = [whole.padded(self.unknown), tuning.numbers, constant(0.0)]
        new, scales, rate = vectorize(make_loop(sweep, inner, results, 0, sweeps, start))
        return Moved(whole.unpadded(new), join([take_slice(scales, 0, n), reshape(rate, (1,))]))

    def _step(
        self, of: Class, carried: Sequence[Variable], numbers: Sequence[Variable], gain: Variable
    ) -> list[Variable]:
        """Propose and decide for one class. Where there is no density yet, every proposal is accepted."""
        whole = self.conditional
        now, scales, rate = carried
        normal, spread, uniform = numbers
        log_scale = gather(scales, of.members)
        change = mul(normal, exp(add(log_scale, mul(spread, SPREAD))))
        old = gather(now, of.members)
        proposal, possible = self._proposed(old, change, of)
        before = whole.contributions(of, whole.unpadded(now))
        after = whole.contributions(of, whole.unpadded(set_at(now, proposal, of.members)))
        nowhere = either(isnan(before), eq(before, -np.inf))
        ratio = switch(nowhere, 0.0, switch(isnan(after), -np.inf, minimum(sub(after, before), 0.0)))
        ratio = switch(possible, ratio, -np.inf)
        accepted = lt(log(uniform), ratio)
        chance = exp(ratio)
        real = switch(lt(of.members, whole.size), 1.0, 0.0)  # members that stand for none do not count
        tuned = add(log_scale, mul(gain, sub(chance, TARGET_ACCEPT)))
        return [
            set_at(now, switch(accepted, proposal, old), of.members),
            set_at(scales, tuned, of.members),
            add(rate, reduce_sum(mul(chance, real))),
        ]

    def _proposed(self, old: Variable, change: Variable, of: Class) -> tuple[Variable, Variable]:
        """The proposed values, within the bounds, and where they are what was proposed."""
        if self.lower is None or self.upper is None:
            return add(old, change), constant(np.ones(old.shape, bool))
        away = switch(gt(change, 0.0), ceil(change), floor(change))
        lower, upper = (gather(constant(np.append(b, 0).astype(float)), of.members) for b in (self.lower, self.upper))
        wanted = add(to_real(old), away)
        within = both(ge(wanted, lower), le(wanted, upper))
        return to_int(maximum(lower, minimum(upper, wanted))), within

