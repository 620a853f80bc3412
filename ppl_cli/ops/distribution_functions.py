"""Elementwise distribution functions without a closed form: of the gamma, beta, Student and skew normal families.

Their derivatives by the argument are densities. Those by a shape parameter are central differences of the eighth order
of their logarithms: eight values that are exact to rounding give about twelve digits, also in the tails, where these
functions keep their relative accuracy.
"""
from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ppl_cli.graph.basic import Constant, Variable, constant
from ppl_cli.ops import scalar_routines as routines
from ppl_cli.ops.elementwise import ElementwiseFunction, elementwise
from ppl_cli.ops.scalar_math import (
    _CYTHON,
    _special,
    both,
    eq,
    exp,
    gt,
    lbeta,
    lgamma,
    log,
    log1p,
    lt,
    maximum,
    sqrt,
    switch,
)

# Weights of f(x + k h) - f(x - k h), k = 1 .. 4, in h f'(x) (Fornberg 1988, Mathematics of Computation 51, table 1).
_DIFFERENCE = (4 / 5, -1 / 5, 4 / 105, -1 / 280)
TINY = 2.2250738585072014e-308  # the smallest normal number


def difference(function: Callable[..., Variable], arguments: tuple[Variable, ...], position: int) -> Variable:
    """The derivative of `function` by its positive argument at `position`."""
    x = arguments[position]
    step = 0.02 * x / (1.0 + sqrt(x))

    def at(offset: float) -> Variable:
        return function(*arguments[:position], x + offset * step, *arguments[position + 1 :])

    first, *rest = (weight * (at(k) - at(-k)) for k, weight in enumerate(_DIFFERENCE, 1))
    return sum(rest, start=first) / step


def _by_shapes(g: Variable, smooth: Callable[..., Variable], arguments: tuple[Variable, ...]) -> list[Variable | None]:
    """The gradient of a smooth function by all arguments but the last; None for those that are data."""
    shapes = enumerate(arguments[:-1])
    return [None if isinstance(a, Constant) else g * difference(smooth, arguments, k) for k, a in shapes]


def _slopes(g: Variable, function: Callable[..., Variable], arguments: tuple[Variable, ...]) -> list[Variable | None]:
    """The same for a probability, by its logarithm."""

    def logarithm(*shifted: Variable) -> Variable:
        return log(maximum(function(*shifted), TINY))

    return _by_shapes(g * function(*arguments), logarithm, arguments)


def _pullback(name: str, density: Callable[..., Variable], sign: float = 1.0) -> Any:
    """Of a function of shape parameters and, last, the argument."""

    def pullback(g: Variable, y: Variable, *arguments: Variable) -> list[Variable | None]:
        return [*_slopes(g, FUNCTIONS[name], arguments), sign * g * density(*arguments)]

    return pullback


def log_rising(a: Variable, k: Variable | float) -> Variable:
    """The log of gamma(a + k) / gamma(a); for a large `a` by the difference of Stirling's series, in which nothing
    large cancels."""
    series = k * log(a) + (a + k - 0.5) * log1p(k / a) - k + (1.0 / (a + k) - 1.0 / a) / 12.0
    return switch(gt(a, 1e5), series, lgamma(a + k) - lgamma(a))


def _power_log(exponent: Variable, logarithm: Variable) -> Variable:
    """The log of a power: 0 for the exponent 0 even of a base 0."""
    return switch(eq(exponent, 0.0), 0.0, exponent * logarithm)


def _gamma_density(a: Variable, x: Variable) -> Variable:
    return exp(_power_log(a - 1.0, log(x)) - x - lgamma(a))


def _beta_density(a: Variable, b: Variable, x: Variable) -> Variable:
    return exp(_power_log(a - 1.0, log(x)) + _power_log(b - 1.0, log1p(-x)) + lgamma(a + b) - lgamma(a) - lgamma(b))


def _student_density(nu: Variable, x: Variable) -> Variable:
    constant = log_rising(0.5 * nu, 0.5) - 0.5 * log(nu) - 0.5723649429247001
    return exp(constant - 0.5 * (nu + 1.0) * log1p(x * x / nu))


gamma_p = elementwise(
    "gamma_p", 2, _special("gammainc"), _pullback("gamma_p", _gamma_density), "", "", external=_CYTHON + "gammainc",
)
gamma_q = elementwise(
    "gamma_q", 2, _special("gammaincc"), _pullback("gamma_q", _gamma_density, -1.0), "", "",
    external=_CYTHON + "gammaincc",
)
inc_beta = elementwise(
    "inc_beta", 3, _special("betainc"), _pullback("inc_beta", _beta_density), "", "", external=_CYTHON + "betainc",
)
inc_beta_complement = elementwise(
    "inc_beta_complement", 3, _special("betaincc"), _pullback("inc_beta_complement", _beta_density, -1.0), "", "",
    external=_CYTHON + "betaincc",
)
student_t_cdf = elementwise(
    "student_t_cdf", 2, _special("stdtr"), _pullback("student_t_cdf", _student_density), "", "",
    external=_CYTHON + "stdtr",
)
inv_inc_beta = elementwise(
    "inv_inc_beta", 3, _special("betaincinv"),
    lambda g, y, a, b, p: _implicit(g / _beta_density(a, b, y), inc_beta, (a, b, y)), "", "",
    external=_CYTHON + "betaincinv",
)
gamma_p_inverse = elementwise(
    "gamma_p_inverse", 2, _special("gammaincinv"),
    lambda g, y, a, p: _implicit(g / _gamma_density(a, y), gamma_p, (a, y)), "", "", external=_CYTHON + "gammaincinv",
)
student_t_quantile = elementwise(
    "student_t_quantile", 2, _special("stdtrit"),
    lambda g, y, nu, p: _implicit(g / _student_density(nu, y), student_t_cdf, (nu, y)), "", "",
    external=_CYTHON + "stdtrit",
)
FUNCTIONS: dict[str, Callable[..., Variable]] = {
    "gamma_p": gamma_p, "gamma_q": gamma_q, "inc_beta": inc_beta, "inc_beta_complement": inc_beta_complement,
    "student_t_cdf": student_t_cdf,
}


def _implicit(g: Variable, function: Callable[..., Variable], arguments: tuple[Variable, ...]) -> list[Variable | None]:
    """The gradient of the inverse of `function` in its last argument, by the shapes and by its value."""
    return [*_slopes(-g, function, arguments), g]


# ------------------------------------------------------------------------------- logs, below the smallest number, too

UNDERFLOW = 1e-280  # where a probability is less, its log is computed without it


def _gamma_tail_pullback(upper: bool) -> Any:
    def pullback(g: Variable, y: Variable, a: Variable, x: Variable) -> list[Variable | None]:
        ratio = exp(-y) / x  # of the density and the probability
        return [*_by_shapes(g, TAILS[upper], (a, x)), g * (1.0 - a / x + (-ratio if upper else ratio))]

    return pullback


def _beta_tail_pullback(g: Variable, y: Variable, a: Variable, b: Variable, x: Variable) -> list[Variable | None]:
    return [*_by_shapes(g, beta_tail, (a, b, x)), g * (a * exp(-y) / (x * (1.0 - x)) - a / x + b / (1.0 - x))]


def _gamma_tail(upper: bool) -> ElementwiseFunction:
    return elementwise(
        f"gamma_{'q' if upper else 'p'}_tail", 2,
        np.vectorize(lambda a, x: routines.gamma_tail(a, x, upper), otypes=[float]), _gamma_tail_pullback(upper),
        f"gamma_tail({{0}}, {{1}}, {int(upper)})", f"gamma_tail({{0}}, {{1}}, {upper})",
    )  # fmt: skip


TAILS = {upper: _gamma_tail(upper) for upper in (False, True)}
beta_tail = elementwise(
    "beta_tail", 3, np.vectorize(routines.beta_tail, otypes=[float]), _beta_tail_pullback,
    "beta_tail({0}, {1}, {2})", "beta_tail({0}, {1}, {2})",
)  # fmt: skip


def _logarithm(
    probability: Variable, tiny: Variable, tail: Callable[..., Variable], arguments: Sequence[Variable],
    elsewhere: Sequence[float],
) -> Variable:  # fmt: skip
    """The log of a probability, by `tail` where it is `tiny`; `elsewhere` are arguments at which that is quick."""
    given = (switch(tiny, a, other) for a, other in zip(arguments, elsewhere, strict=True))
    return switch(tiny, tail(*given), log(switch(tiny, 1.0, probability)))


def _log_gamma(probability: Variable, upper: bool, a: Variable, x: Variable) -> Variable:
    def tail(a: Variable, x: Variable) -> Variable:
        return a * log(x) - x - lgamma(a) + TAILS[upper](a, x)

    tiny = both(lt(probability, UNDERFLOW), both(gt(x, 0.0), lt(x, math.inf)))
    return _logarithm(probability, tiny, tail, (a, x), (1.0, 1e3 if upper else 1e-3))


def log_gamma_p(a: Variable, x: Variable) -> Variable:
    return _log_gamma(gamma_p(a, x), False, a, x)


def log_gamma_q(a: Variable, x: Variable) -> Variable:
    return _log_gamma(gamma_q(a, x), True, a, x)


def _log_beta(probability: Variable, a: Variable, b: Variable, x: Variable, log_factor: float = 0.0) -> Variable:
    """The log of a probability that is, but for a factor, the incomplete beta function."""

    def tail(a: Variable, b: Variable, x: Variable) -> Variable:
        return log_factor + a * log(x) + b * log1p(-x) - log(a) - lbeta(a, b) + beta_tail(a, b, x)

    tiny = both(lt(probability, UNDERFLOW), both(gt(x, 0.0), lt(x, 1.0)))
    return _logarithm(probability, tiny, tail, (a, b, x), (1.0, 1.0, 1e-3))


def log_inc_beta(a: Variable, b: Variable, x: Variable) -> Variable:
    return _log_beta(inc_beta(a, b, x), a, b, x)


def log_inc_beta_complement(a: Variable, b: Variable, x: Variable) -> Variable:
    return _log_beta(inc_beta_complement(a, b, x), b, a, 1.0 - x)


def log_student_t_below(nu: Variable, t: Variable) -> Variable:
    """The log of the cdf at t, which is not positive."""
    return _log_beta(student_t_cdf(nu, t), 0.5 * nu, constant(0.5), nu / (nu + t * t), -math.log(2.0))
