"""Gibbs steps: each element with few states is drawn from its conditional law (Geman and Geman 1984)."""
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ppl_cli.graph.basic import Variable, constant, root
from ppl_cli.marginal import Discrete
from ppl_cli.marginal.elimination import pick
from ppl_cli.ops.control import make_table
from ppl_cli.ops.indexing import gather, set_at
from ppl_cli.ops.random import primitive
from ppl_cli.ops.reduction import reduce_sum
from ppl_cli.ops.scalar_math import add, int_min, isnan, switch
from ppl_cli.ops.shape import transpose
from ppl_cli.updates.base import Moved, Tuning, Vectorize
from ppl_cli.updates.conditional import Class, Conditional


@dataclass(frozen=True, eq=False)
class Gibbs:
    """A Gibbs step of an int variable, class by class."""

    conditional: Conditional
    discrete: Discrete

    @property
    def unknown(self) -> Variable:
        return self.discrete.value

    @property
    def first_tuning(self) -> np.ndarray:
        return np.zeros(0)

    def next(self, tuning: Tuning, vectorize: Vectorize) -> Moved:
        whole = self.conditional
        lower = np.append(self.discrete.lower.ravel(), 0)
        states = np.append((self.discrete.upper - self.discrete.lower + 1).ravel(), 1)
        most = int(states.max())
        outside = np.where(np.arange(most) < states[:, None], 0.0, -np.inf)
        uniform = primitive("uniform", shape=(whole.size + 1, 1))

        def step(of: Class, carried: Sequence[Variable]) -> list[Variable]:
            now, undefined = carried
            k = root("state", "int64")
            least, last = gather(constant(lower), of.members), gather(constant(states - 1), of.members)
            tried = set_at(now, add(least, int_min(k, last)), of.members)
            (table,) = make_table(k, [whole.contributions(of, whole.unpadded(tried))], most)
            logs = add(transpose(table), gather(constant(outside), of.members))
            drawn = set_at(now, add(least, pick(logs, gather(uniform, of.members))), of.members)
            return [drawn, add(undefined, reduce_sum(switch(isnan(table), 1.0, 0.0)))]

        new, undefined = vectorize(whole.each_class(step, [whole.padded(self.unknown), constant(0.0)]))
        return Moved(whole.unpadded(new), tuning.numbers, undefined)
