"""Smooth functions backwards: which x have g(x) = y, and how steep is g there?

A function is one row of `INVERSES`: the branches of its inverse, each with log |dx/dy|, and the y that have any x.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ppl_cli.graph.basic import Constant, Op, Variable, constant
from ppl_cli.ops import scalar_math as sm
from ppl_cli.ops.scalar_math import absolute, both, gt, log, lt, neg

Inside = Callable[[Variable], Variable]


@dataclass(frozen=True)
class Branch:
    """One of the x with g(x) = y: `x`, the log of |dx/dy|, whether g increases there (a number or a condition)."""

    x: Variable
    log_slope: Variable
    increasing: bool | Variable = True


@dataclass(frozen=True)
class Preimage:
    """All branches, and the condition under which y has any; None: always. `below`: log P(g(X) <= y) where there is
    none is 0 (y is above all values) if this holds, else -inf."""

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


def _log_cosh(y: Variable) -> Variable:
    size = absolute(y)
    return size + sm.log1p(sm.exp(-2.0 * size)) - math.log(2)


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
_monotone("asinh", sm.sinh, lambda x, y: _log_cosh(y))
_monotone("atanh", sm.tanh, lambda x, y: -2.0 * _log_cosh(y))
_monotone("logit", sm.inv_logit, lambda x, y: -y - 2.0 * sm.log1p_exp(-y))
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


@inverse("checked_product")
def _product(arguments: Sequence[Variable | None], y: Variable) -> Preimage:
    return _mul(arguments[:2], y)


@inverse("div")
def _div(arguments: Sequence[Variable | None], y: Variable) -> Preimage:
    first, second = arguments
    if second is not None:
        return Preimage([Branch(y * second, log(absolute(second)), gt(second, 0.0))])
    assert first is not None  # a hyperbola: y > 0 means that x has the sign of c; the cdf has three pieces
    return Preimage([Branch(first / y, log(absolute(first)) - 2.0 * log(absolute(y)), constant(math.nan))])


@inverse("abs")
@inverse("int_abs")
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
    whole = exponent.uniform if isinstance(exponent, Constant) else None
    if whole is None or not float(whole).is_integer():
        return Preimage([up], _positive(y))
    if whole % 2:
        return Preimage([Branch(size * sm.sign(y), slope, True if whole > 0 else constant(math.nan))])
    even = [Branch(size, slope, whole > 0), Branch(-size, slope, whole < 0)]
    return Preimage(even, sm.ge(y, 0.0) if whole > 0 else _positive(y))


@inverse("square")
def _square(arguments: Sequence[Variable | None], y: Variable) -> Preimage:
    x = sm.sqrt(y)
    slope = -log(2.0 * x)
    return Preimage([Branch(x, slope), Branch(-x, slope, False)], sm.ge(y, 0.0))


def composed(op: Op, inputs: Sequence[Variable]) -> tuple[str, Variable] | None:
    """The name and the argument of a function that is written with two uses of it: x * x, log(x) - log1p(-x)."""
    if op == sm.mul.op and inputs[0] is inputs[1]:
        return "square", inputs[0]
    if op == sm.sub.op and [v.op for v in inputs] == [log.op, sm.log1p.op]:
        (x,), (minus_x,) = (v.inputs for v in inputs)
        return ("logit", x) if minus_x is neg(x) else None
    return None
