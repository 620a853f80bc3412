"""Rounding: what is the mass of `floor`, `ceil`, `round` or `trunc` of a random value at a whole number k?

It is P(Y <= k) - P(Y <= k - 1), where Y <= k means that X is below the place at which k + 1 begins. `ENDS` tells this
place, and whether it still belongs to k: `round` and `trunc` differ below zero, as they are odd functions.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from ppl_cli.distributions.formulas import real
from ppl_cli.graph.basic import Variable, constant
from ppl_cli.logprob.base import only_random
from ppl_cli.logprob.masses import (
    has_density,
    log_above,
    log_at_least,
    log_at_most,
    log_below,
    log_step,
    near_whole,
    whole_at_or_below,
)
from ppl_cli.logprob.transforms import ABOVE, BELOW, DENSITIES
from ppl_cli.ops.elementwise import Elementwise
from ppl_cli.ops.scalar_math import ge, lt, rounded, switch

# name → k → where k + 1 begins, whether that place is k itself
End = Callable[[Variable], tuple[Variable, Variable]]
ENDS: dict[str, End] = {
    "floor": lambda k: (k + 1.0, constant(False)),
    "ceil": lambda k: (k, constant(True)),
    "round": lambda k: (k + 0.5, lt(k, 0.0)),
    "trunc": lambda k: (switch(ge(k, 0.0), k + 1.0, k), lt(k, 0.0)),
}


def _up_to(name: str, rv: Variable, k: Variable) -> Variable:
    """log P(Y <= k)."""
    end, included = ENDS[name](k)
    return log_at_most(rv, end) if has_density(rv) else switch(included, log_at_most(rv, end), log_below(rv, end))


def _beyond(name: str, rv: Variable, k: Variable) -> Variable:
    """log P(Y > k)."""
    end, included = ENDS[name](k)
    return log_above(rv, end) if has_density(rv) else switch(included, log_above(rv, end), log_at_least(rv, end))


def _mass(op: Elementwise, inputs: Sequence[Variable], value: Variable) -> Variable:
    rv, value = inputs[only_random(inputs, op.name)], real(value)
    k = rounded(value)
    before = k - 1.0
    mass = log_step(
        _up_to(op.name, rv, before), _up_to(op.name, rv, k), _beyond(op.name, rv, before), _beyond(op.name, rv, k)
    )
    return switch(near_whole(value), mass, -math.inf)


def _below(op: Elementwise, inputs: Sequence[Variable], value: Variable) -> Variable:
    return _up_to(op.name, inputs[0], whole_at_or_below(real(value)))


def _above(op: Elementwise, inputs: Sequence[Variable], value: Variable) -> Variable:
    return _beyond(op.name, inputs[0], whole_at_or_below(real(value)))


for _name in ENDS:
    DENSITIES[_name], BELOW[_name], ABOVE[_name] = _mass, _below, _above
