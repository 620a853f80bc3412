"""Comparisons: `normal(0, 1) < x` is a Bernoulli value; what are the probabilities that it is true, and false?

`TRUTHS` answers for each condition; `&&` and `||` join independent ones. Both probabilities are derived, so that
neither loses digits.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from ppl_cli.graph.basic import Variable, constant
from ppl_cli.logprob.base import (
    NotDerivable,
    check_independent,
    random_inputs,
)
from ppl_cli.logprob.masses import log_above, log_at_least, log_at_most, log_below, log_mass
from ppl_cli.logprob.transforms import ABOVE, BELOW, DENSITIES, check_no_copies
from ppl_cli.ops.elementwise import Elementwise
from ppl_cli.ops.scalar_math import eq, ge, log1m_exp, sub, switch

Truth = tuple[Variable, Variable]  # log probabilities of true and of false
Ask = Callable[[Variable, Variable], Truth]  # (random, the other)

LESS: Ask = lambda rv, x: (log_below(rv, x), log_at_least(rv, x))  # noqa: E731
AT_MOST: Ask = lambda rv, x: (log_at_most(rv, x), log_above(rv, x))  # noqa: E731
EQUAL: Ask = lambda rv, x: (mass := log_mass(rv, x), log1m_exp(mass))  # noqa: E731


def _opposite(ask: Ask) -> Ask:
    return lambda rv, x: ask(rv, x)[::-1]


# The condition with the random value on its left, and the one with it on its right.
ORDERED: dict[str, tuple[Ask, Ask]] = {
    "lt": (LESS, _opposite(AT_MOST)),
    "le": (AT_MOST, _opposite(LESS)),
    "gt": (_opposite(AT_MOST), LESS),
    "ge": (_opposite(LESS), AT_MOST),
    "eq": (EQUAL, EQUAL),
    "ne": (_opposite(EQUAL), _opposite(EQUAL)),
}


def truth(op: Elementwise, inputs: Sequence[Variable]) -> Truth:
    """The log probabilities that a comparison is true, and that it is false."""
    check_no_copies(op, inputs)
    random = random_inputs(inputs)
    if len(random) == 2:  # X < Y is X - Y < 0
        check_independent(inputs, op.name)
        difference = sub(*inputs)
        return ORDERED[op.name][0](difference, constant(0))
    (at,) = random
    return ORDERED[op.name][at](inputs[at], inputs[1 - at])


def _conjunction(op: Elementwise, inputs: Sequence[Variable]) -> Truth:
    """Both of two independent conditions, or either."""
    if len(random_inputs(inputs)) != 2:
        raise NotDerivable(f"the density of `{op.name}` of a random and another condition is not known")
    check_no_copies(op, inputs)
    check_independent(inputs, op.name)
    (true, false), (other_true, other_false) = map(_is_true, inputs)
    if op.name == "and":
        together = true + other_true
        return together, log1m_exp(together)
    neither = false + other_false
    return log1m_exp(neither), neither


def _negation(op: Elementwise, inputs: Sequence[Variable]) -> Truth:
    return _is_true(inputs[0])[::-1]


def _is_true(condition: Variable) -> Truth:
    """Whether a number is not 0."""
    return _opposite(EQUAL)(condition, constant(0))


TRUTHS: dict[str, Callable[[Elementwise, Sequence[Variable]], Truth]] = {
    **dict.fromkeys(ORDERED, truth), "and": _conjunction, "or": _conjunction, "not": _negation,
}  # fmt: skip


def _mass(op: Elementwise, inputs: Sequence[Variable], value: Variable) -> Variable:
    true, false = TRUTHS[op.name](op, inputs)
    return switch(eq(value, 1), true, switch(eq(value, 0), false, -math.inf))


def _at_most(op: Elementwise, inputs: Sequence[Variable], value: Variable) -> Variable:
    _, false = TRUTHS[op.name](op, inputs)
    return switch(ge(value, 1), 0.0, switch(ge(value, 0), false, -math.inf))


def _above(op: Elementwise, inputs: Sequence[Variable], value: Variable) -> Variable:
    true, _ = TRUTHS[op.name](op, inputs)
    return switch(ge(value, 1), -math.inf, switch(ge(value, 0), true, 0.0))


def _as_number(rule: Callable[[Variable, Variable], Variable]) -> Callable[..., Variable]:
    return lambda op, inputs, value: rule(inputs[0], value)


for _name in TRUTHS:
    DENSITIES[_name], BELOW[_name], ABOVE[_name] = _mass, _at_most, _above

# A condition as a number keeps its masses.
DENSITIES["to_int"], BELOW["to_int"], ABOVE["to_int"] = map(_as_number, (log_mass, log_at_most, log_above))
