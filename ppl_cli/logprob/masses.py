"""Point masses: where a random expression has them, and inequalities that tell < from <=.

A law is discrete (`is_discrete`: masses only), or it has a density and, at finitely many `atoms`, masses besides; there
`logp` is the log of the mass. Whole numbers that went through other functions are recognized up to rounding.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import reduce, singledispatch

from ppl_cli.distributions.formulas import log_diff_exp
from ppl_cli.graph.basic import Op, Variable, constant
from ppl_cli.logprob.base import ROUNDINGS, NotDerivable, is_discrete, is_random, logccdf, logcdf, logp
from ppl_cli.ops.random import RandomVariable, Truncated
from ppl_cli.ops.scalar_math import (
    absolute,
    either,
    eq,
    floor,
    ge,
    le,
    log_add_exp,
    rounded,
    sub,
    switch,
    to_int,
)

WHOLE_TOLERANCE = 1e-9
ATOM_TOLERANCE = 1e-12


@singledispatch
def op_atoms(op: Op, inputs: Sequence[Variable]) -> list[Variable]:
    """The values at which what `op` makes of `inputs` has masses, if it has a density elsewhere."""
    if any(is_random(v) and atoms(v) for v in inputs):
        raise NotDerivable(f"the point masses of `{op}` of random values are not known")
    return []


@op_atoms.register
def _of_a_draw(op: RandomVariable, inputs: Sequence[Variable]) -> list[Variable]:
    return []


@op_atoms.register
def _of_what_is_truncated(op: Truncated, inputs: Sequence[Variable]) -> list[Variable]:
    return atoms(inputs[0])


def atoms(rv: Variable) -> list[Variable]:
    """The values at which a random expression that is not discrete has masses."""
    if rv.owner is None or is_discrete(rv):
        return []
    return list(dict.fromkeys(op_atoms(rv.owner.op, rv.inputs)))


def has_density(rv: Variable) -> bool:
    """Whether no single value has a mass."""
    return not is_discrete(rv) and not atoms(rv)


def is_at(value: Variable, place: Variable) -> Variable:
    """Whether two numbers are equal up to rounding."""
    return either(eq(value, place), le(absolute(value - place), ATOM_TOLERANCE * (1.0 + absolute(place))))


def hits(value: Variable, places: Sequence[Variable]) -> Variable:
    """Whether the value is one of the places."""
    return reduce(either, [is_at(value, place) for place in places])


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
    """The greatest value up to x of what is whole numbers; otherwise x, moved to an atom that it is equal to up to
    rounding."""
    if not is_whole(rv):
        return reduce(lambda held, place: switch(is_at(held, place), place, held), atoms(rv), x)
    whole = whole_at_or_below(x)
    return to_int(whole) if rv.dtype != "float64" else whole


def log_mass(rv: Variable, x: Variable) -> Variable:
    """log P(rv = x)."""
    if is_whole(rv):
        nearest = rounded(x) if x.dtype == "float64" else x
        at = to_int(nearest) if rv.dtype != "float64" else nearest
        return switch(near_whole(x), logp(rv, at), -math.inf) if x.dtype == "float64" else logp(rv, at)
    if is_discrete(rv):
        return logp(rv, x)
    places = atoms(rv)
    return switch(hits(x, places), logp(rv, x), -math.inf) if places else constant(-math.inf)


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
