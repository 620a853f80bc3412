"""Point masses: where a random expression has them, and inequalities that tell < from <=.

A law is discrete (`is_discrete`: masses only), or continuous, or it has a density and masses besides. At a mass `logp`
is its log. What goes through other functions is at the place of a mass up to rounding: `place` finds it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import singledispatch

from ppl_cli.distributions.formulas import log_diff_exp
from ppl_cli.graph.basic import Op, Variable, constant
from ppl_cli.logprob.base import ROUNDINGS, NotDerivable, is_discrete, is_random, logccdf, logcdf, logp, remembered
from ppl_cli.ops.random import RandomVariable, Truncated
from ppl_cli.ops.scalar_math import (
    absolute,
    either,
    eq,
    floor,
    ge,
    gt,
    le,
    log_add_exp,
    rounded,
    sub,
    switch,
    to_int,
)

WHOLE_TOLERANCE = 1e-9
PLACE_TOLERANCE = 1e-12


@dataclass(frozen=True)
class Place:
    """Whether there may be a mass at a value, up to rounding, and exactly where."""

    found: Variable
    at: Variable


@singledispatch
def op_place(op: Op, inputs: Sequence[Variable], x: Variable) -> Place | None:
    """The mass that is close to `x` of what `op` makes of `inputs`; None if all of it has a density."""
    rv = op(*inputs)
    if is_discrete(rv):
        return Place(gt(logp(rv, x), -math.inf), x)
    reals = [v for v in inputs if v.dtype == "float64" and is_random(v)]  # others choose between these
    if not all(map(has_density, reals)):
        raise NotDerivable(f"the point masses of `{op}` of random values are not known")
    return None


@op_place.register
def _of_a_draw(op: RandomVariable, inputs: Sequence[Variable], x: Variable) -> Place | None:
    return None


@op_place.register
def _of_what_is_truncated(op: Truncated, inputs: Sequence[Variable], x: Variable) -> Place | None:
    return place(inputs[0], x)


@remembered
def place(rv: Variable, x: Variable) -> Place | None:
    """The mass of a random expression that is close to `x`; None if it has none anywhere."""
    if not is_whole(rv):
        assert rv.owner is not None
        return op_place(rv.owner.op, rv.inputs, x)
    if x.dtype != "float64":
        return Place(constant(True), x)
    nearest = rounded(x)
    return Place(near_whole(x), to_int(nearest) if rv.dtype != "float64" else nearest)


def has_density(rv: Variable) -> bool:
    """Whether no single value has a mass."""
    return not is_discrete(rv) and place(rv, constant(0.0)) is None


def is_at(x: Variable, y: Variable) -> Variable:
    """Whether two numbers are equal up to rounding."""
    return either(eq(x, y), le(absolute(x - y), PLACE_TOLERANCE * (1.0 + absolute(y))))


def is_whole(rv: Variable) -> bool:
    """Whether a random expression is known to be whole numbers."""
    name = rv.op.name if rv.op is not None else ""
    return rv.dtype != "float64" or name in ROUNDINGS or (name in ("to_real", "neg") and is_whole(rv.inputs[0]))


def near_whole(x: Variable) -> Variable:
    """Whether x is a whole number up to rounding."""
    nearest = rounded(x)
    return le(absolute(x - nearest), WHOLE_TOLERANCE * (1.0 + absolute(nearest)))


def whole_at_or_below(x: Variable) -> Variable:
    """The greatest whole number that is, up to rounding, not greater than x."""
    return x if x.dtype != "float64" else switch(near_whole(x), rounded(x), floor(x))


def at_or_below(rv: Variable, x: Variable) -> Variable:
    """Where to ask for the distribution function at x: at a mass that x is at up to rounding."""
    if is_whole(rv):
        whole = whole_at_or_below(x)
        return to_int(whole) if rv.dtype != "float64" else whole
    mass = place(rv, x)
    return x if mass is None else switch(mass.found, mass.at, x)


def log_mass(rv: Variable, x: Variable) -> Variable:
    """log P(rv = x)."""
    mass = place(rv, x)
    return constant(-math.inf) if mass is None else switch(mass.found, logp(rv, mass.at), -math.inf)


def log_at_most(rv: Variable, x: Variable) -> Variable:
    """log P(rv <= x)."""
    return logcdf(rv, at_or_below(rv, x))


def log_above(rv: Variable, x: Variable) -> Variable:
    """log P(rv > x)."""
    return logccdf(rv, at_or_below(rv, x))


def _below_whole(x: Variable) -> Variable:
    """The greatest whole number that is less than x."""
    return sub(x, 1) if x.dtype != "float64" else switch(near_whole(x), rounded(x) - 1.0, floor(x))


def log_below(rv: Variable, x: Variable) -> Variable:
    """log P(rv < x)."""
    if is_whole(rv):
        return log_at_most(rv, _below_whole(x))
    x = at_or_below(rv, x)
    return logcdf(rv, x) if has_density(rv) else log_diff_exp(logcdf(rv, x), log_mass(rv, x))


def log_at_least(rv: Variable, x: Variable) -> Variable:
    """log P(rv >= x)."""
    if is_whole(rv):
        return log_above(rv, _below_whole(x))
    x = at_or_below(rv, x)
    return logccdf(rv, x) if has_density(rv) else log_add_exp(logccdf(rv, x), log_mass(rv, x))


def log_step(below: Variable, at_most: Variable, at_least: Variable, above: Variable) -> Variable:
    """The log of the probability between two places, given those of being below and not above, not below and above
    them.

    In the upper tail both distribution functions are close to 1, and the complements keep their digits.
    """
    upper = ge(below, -math.log(2))
    return log_diff_exp(switch(upper, at_least, at_most), switch(upper, above, below))


def log_interval(rv: Variable, lower: Variable, upper: Variable) -> Variable:
    """log P(lower <= rv <= upper)."""
    return log_step(log_below(rv, lower), log_at_most(rv, upper), log_at_least(rv, lower), log_above(rv, upper))
