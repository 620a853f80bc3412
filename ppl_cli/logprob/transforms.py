"""Smooth transforms of one random value: the change of variables, branch by branch where a function is not monotone.

For y = g(x): p(y) = Σ p(x) |dx/dy| over the x with g(x) = y. Discrete values keep their masses.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import reduce

from ppl_cli.distributions.formulas import log_diff_exp
from ppl_cli.graph.basic import Constant, Op, Variable, constant
from ppl_cli.logprob.base import (
    NotDerivable,
    is_discrete,
    log_cumulative,
    log_survival,
    logccdf,
    logcdf,
    logp,
    logprob,
    only_random,
)
from ppl_cli.ops import scalar_math as sm
from ppl_cli.ops.elementwise import Elementwise
from ppl_cli.ops.scalar_math import absolute, both, eq, floor, gt, le, log, log_add_exp, lt, neg, switch

Inside = Callable[[Variable], Variable]


@dataclass(frozen=True)
class Branch:
    """One of the x with g(x) = y: `x`, the log of |dx/dy|, whether g increases there (a number or a condition)."""

    x: Variable
    log_slope: Variable
    increasing: bool | Variable = True


@dataclass(frozen=True)
class Preimage:
    """All branches, and the condition under which y has any; None: always. `below`: log P(g(X) <= y) where there is none
    is 0 (y is above all values) if this holds, else -inf."""

    branches: Sequence[Branch]
    valid: Variable | None = None
    above: Variable | None = None


# name → (the fixed arguments with None in the place of x, y) → Preimage
Inverse = Callable[[Sequence[Variable | None], Variable], Preimage]
INVERSES: dict[str, Inverse] = {}


def inverse(name: str) -> Callable[[Inverse], Inverse]:
    def register(function: Inverse) -> Inverse:
        INVERSES[name] = function
        return function

    return register


def _monotone(
    name: str, x: Callable[[Variable], Variable], log_slope: Callable[[Variable, Variable], Variable],
    valid: Inside | None = None, above: Inside | None = None, increasing: bool = True,
) -> None:
    """A function of one argument; the slope is given (x, y). `above`: where y is greater than all values."""

    def preimage(arguments: Sequence[Variable | None], y: Variable) -> Preimage:
        found = x(y)
        branch = Branch(found, log_slope(found, y), increasing)
        return Preimage([branch], None if valid is None else valid(y), None if above is None else above(y))

    INVERSES[name] = preimage


def _positive(y: Variable) -> Variable:
    return gt(y, 0.0)


_ZERO = constant(0.0)
_LOG_PI = math.log(math.pi)

_monotone("neg", neg, lambda x, y: _ZERO, increasing=False)
_monotone("exp", log, lambda x, y: -x, _positive)
_monotone("exp2", sm.log2, lambda x, y: -log(y * math.log(2)), _positive)
_monotone("expm1", sm.log1p, lambda x, y: -x, lambda y: gt(y, -1.0))
_monotone("log", sm.exp, lambda x, y: y)
_monotone("log2", sm.exp2, lambda x, y: y * math.log(2) + math.log(math.log(2)))
_monotone("log10", lambda y: sm.exp(y * math.log(10)), lambda x, y: y * math.log(10) + math.log(math.log(10)))
_monotone("log1p", sm.expm1, lambda x, y: y)
_monotone("sqrt", lambda y: y * y, lambda x, y: log(2.0 * y), lambda y: sm.ge(y, 0.0))
_monotone("cbrt", lambda y: y * y * y, lambda x, y: math.log(3) + 2.0 * log(absolute(y)))
_monotone(
    "inv_logit", lambda y: log(y) - sm.log1p(-y), lambda x, y: -log(y) - sm.log1p(-y),
    lambda y: both(gt(y, 0.0), lt(y, 1.0)), lambda y: sm.ge(y, 1.0),
)  # fmt: skip
_monotone(
    "log1p_exp", lambda y: y + sm.log1m_exp(-y), lambda x, y: -sm.log1m_exp(-y), _positive
)
_monotone("tanh", sm.atanh, lambda x, y: -sm.log1p(-y * y), lambda y: lt(absolute(y), 1.0), lambda y: sm.ge(y, 1.0))
_monotone("sinh", sm.asinh, lambda x, y: -0.5 * sm.log1p(y * y))
_monotone("asinh", sm.sinh, lambda x, y: log(sm.cosh(y)))
_monotone("atanh", sm.tanh, lambda x, y: -2.0 * log(sm.cosh(y)))
_monotone(
    "atan", sm.tan, lambda x, y: sm.log1p(x * x), lambda y: lt(absolute(y), 0.5 * math.pi),
    lambda y: sm.ge(y, 0.5 * math.pi),
)  # fmt: skip
_monotone(
    "inv_Phi", lambda y: 0.5 * sm.erfc(-y * math.sqrt(0.5)), lambda x, y: -0.5 * y * y - 0.5 * math.log(2 * math.pi)
)
_monotone(
    "erf", lambda y: sm.ndtri(0.5 * (y + 1.0)) * math.sqrt(0.5), lambda x, y: x * x + 0.5 * _LOG_PI - math.log(2),
    lambda y: lt(absolute(y), 1.0), lambda y: sm.ge(y, 1.0),
)  # fmt: skip
_monotone(
    "erfc", lambda y: -sm.ndtri(0.5 * y) * math.sqrt(0.5), lambda x, y: x * x + 0.5 * _LOG_PI - math.log(2),
    lambda y: both(gt(y, 0.0), lt(y, 2.0)), lambda y: sm.ge(y, 2.0), increasing=False,
)  # fmt: skip


@inverse("add")
def _add(arguments: Sequence[Variable | None], y: Variable) -> Preimage:
    (c,) = (a for a in arguments if a is not None)
    return Preimage([Branch(y - c, _ZERO)])


@inverse("sub")
def _sub(arguments: Sequence[Variable | None], y: Variable) -> Preimage:
    first, second = arguments
    if second is not None:
        return Preimage([Branch(y + second, _ZERO)])
    assert first is not None
    return Preimage([Branch(first - y, _ZERO, False)])


@inverse("mul")
def _mul(arguments: Sequence[Variable | None], y: Variable) -> Preimage:
    (c,) = (a for a in arguments if a is not None)
    return Preimage([Branch(y / c, -log(absolute(c)), gt(c, 0.0))])


@inverse("div")
def _div(arguments: Sequence[Variable | None], y: Variable) -> Preimage:
    first, second = arguments
    if second is not None:
        return Preimage([Branch(y * second, log(absolute(second)), gt(second, 0.0))])
    assert first is not None  # a hyperbola: y > 0 means that x has the sign of c; the cdf has three pieces
    return Preimage([Branch(first / y, log(absolute(first)) - 2.0 * log(absolute(y)), constant(math.nan))])


@inverse("abs")
def _abs(arguments: Sequence[Variable | None], y: Variable) -> Preimage:
    return Preimage([Branch(y, _ZERO), Branch(-y, _ZERO, False)], sm.ge(y, 0.0))


@inverse("cosh")
def _cosh(arguments: Sequence[Variable | None], y: Variable) -> Preimage:
    x = sm.acosh(y)
    slope = -0.5 * log(y * y - 1.0)
    return Preimage([Branch(x, slope), Branch(-x, slope, False)], gt(y, 1.0))


@inverse("pow")
def _pow(arguments: Sequence[Variable | None], y: Variable) -> Preimage:
    base, exponent = arguments
    if base is not None:  # c ** x
        return Preimage([Branch(log(y) / log(base), -log(y) - log(absolute(log(base))), gt(base, 1.0))], _positive(y))
    assert exponent is not None
    size = sm.power(absolute(y), 1.0 / exponent)
    slope = (1.0 / exponent - 1.0) * log(absolute(y)) - log(absolute(exponent))
    up = Branch(size, slope, gt(exponent, 0.0))
    whole = isinstance(exponent, Constant) and exponent.type.size == 1 and float(exponent.data).is_integer()
    if whole and float(exponent.data) % 2:  # type: ignore[attr-defined]
        return Preimage([Branch(size * sm.sign(y), slope, gt(exponent, 0.0) if float(exponent.data) > 0 else constant(math.nan))])  # type: ignore[attr-defined]
    if whole:
        return Preimage([up, Branch(-size, slope, lt(exponent, 0.0))], _positive(y))
    return Preimage([up], _positive(y))


def _square(y: Variable) -> Preimage:
    x = sm.sqrt(y)
    slope = -log(2.0 * x)
    return Preimage([Branch(x, slope), Branch(-x, slope, False)], _positive(y))


def _preimage(op: Op, inputs: Sequence[Variable], y: Variable) -> tuple[Variable, Preimage]:
    """The random input and where it must be."""
    assert isinstance(op, Elementwise)
    if op.name == "mul" and inputs[0] is inputs[1]:
        return inputs[0], _square(y)
    at = only_random(inputs, op.name)
    if op.name not in INVERSES:
        raise NotDerivable(f"the density of `{op.name}` of a random value is not known")
    return inputs[at], INVERSES[op.name]([None if k == at else v for k, v in enumerate(inputs)], y)


def change_of_variables(op: Elementwise, inputs: Sequence[Variable], value: Variable) -> Variable:
    """The log density of a smooth function at `value`."""
    rv, preimage = _preimage(op, inputs, value)
    if is_discrete(rv):
        parts = [_mass(rv, branch.x) for branch in preimage.branches]
        parts[1:] = [switch(eq(preimage.branches[0].x, b.x), -math.inf, p) for b, p in
                     zip(preimage.branches[1:], parts[1:], strict=True)]  # the branches of |x| meet at 0
    else:
        parts = [logp(rv, branch.x) + branch.log_slope for branch in preimage.branches]
    total = reduce(log_add_exp, parts)
    return total if preimage.valid is None else switch(preimage.valid, total, -math.inf)


def _mass(rv: Variable, x: Variable) -> Variable:
    """The mass at x, which need not be a whole number."""
    nearest = sm.rounded(x)
    at = sm.to_int(nearest) if rv.dtype == "int64" else nearest
    return switch(le(absolute(x - nearest), 1e-9 * (1.0 + absolute(nearest))), logp(rv, at), -math.inf)


def log_probability_below(op: Elementwise, inputs: Sequence[Variable], value: Variable) -> Variable:
    """log P(g(X) <= value)."""
    rv, preimage = _preimage(op, inputs, value)
    return _outside(preimage, _side(op, rv, preimage, below=True), below=True)


def log_probability_above(op: Elementwise, inputs: Sequence[Variable], value: Variable) -> Variable:
    """log P(g(X) > value)."""
    rv, preimage = _preimage(op, inputs, value)
    return _outside(preimage, _side(op, rv, preimage, below=False), below=False)


def _outside(preimage: Preimage, inside: Variable, below: bool) -> Variable:
    """Where no x makes the value, it is below all values or above them."""
    if preimage.valid is None:
        return inside
    low = constant(-math.inf if below else 0.0)
    high = constant(0.0 if below else -math.inf)
    elsewhere = low if preimage.above is None else switch(preimage.above, high, low)
    return switch(preimage.valid, inside, elsewhere)


def _side(op: Elementwise, rv: Variable, preimage: Preimage, below: bool) -> Variable:
    if len(preimage.branches) == 2:  # even functions that decrease, then increase: between the branches or outside
        up, down = preimage.branches
        if up.increasing is not True or down.increasing is not False or is_discrete(rv):
            raise NotDerivable(f"the distribution function of `{op.name}` of a random value is not known")
        if below:
            return log_diff_exp(logcdf(rv, up.x), logcdf(rv, down.x))
        return log_add_exp(logccdf(rv, up.x), logcdf(rv, down.x))
    (branch,) = preimage.branches
    increasing = branch.increasing
    if isinstance(increasing, Constant) and increasing.dtype == "float64":
        raise NotDerivable(f"the distribution function of `{op.name}` of a random value is not known")
    x = _at_or_below(rv, branch.x) if is_discrete(rv) else branch.x
    if isinstance(increasing, bool):
        return (logcdf if increasing == below else logccdf)(rv, x)
    same, other = (logcdf(rv, x), logccdf(rv, x)) if below else (logccdf(rv, x), logcdf(rv, x))
    return switch(increasing, same, other)


def _at_or_below(rv: Variable, x: Variable) -> Variable:
    whole = floor(x)
    return sm.to_int(whole) if rv.dtype == "int64" else whole


# What other families say of elementwise operations: name → rule. The smooth ones are the rest.
Rule = Callable[[Elementwise, Sequence[Variable], Variable], Variable]
DENSITIES: dict[str, Rule] = {}
BELOW: dict[str, Rule] = {}
ABOVE: dict[str, Rule] = {}


@logprob.register
def _elementwise(op: Elementwise, inputs: Sequence[Variable], value: Variable) -> Variable:
    return DENSITIES.get(op.name, change_of_variables)(op, inputs, value)


@log_cumulative.register
def _elementwise_below(op: Elementwise, inputs: Sequence[Variable], value: Variable) -> Variable:
    return BELOW.get(op.name, log_probability_below)(op, inputs, value)


@log_survival.register
def _elementwise_above(op: Elementwise, inputs: Sequence[Variable], value: Variable) -> Variable:
    return ABOVE.get(op.name, log_probability_above)(op, inputs, value)


def _to_real(op: Elementwise, inputs: Sequence[Variable], value: Variable) -> Variable:
    return _mass(inputs[0], value)


DENSITIES["to_real"] = _to_real
BELOW["to_real"] = lambda op, inputs, value: logcdf(inputs[0], _at_or_below(inputs[0], value))
ABOVE["to_real"] = lambda op, inputs, value: logccdf(inputs[0], _at_or_below(inputs[0], value))
