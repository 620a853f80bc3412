"""Elementwise distribution functions without a closed form: of the gamma, beta, Student and skew normal families.

Their derivatives by the argument are densities. Those by a shape parameter are central differences of the eighth order
of their logarithms: eight values that are exact to rounding give about twelve digits, also in the tails, where these
functions keep their relative accuracy.
"""
from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ppl_cli.graph.basic import Constant, Variable
from ppl_cli.ops.elementwise import elementwise
from ppl_cli.ops.scalar_math import _CYTHON, _special, eq, exp, gt, lgamma, log, log1p, maximum, sqrt, switch

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


def _slopes(g: Variable, function: Callable[..., Variable], arguments: tuple[Variable, ...]) -> list[Variable | None]:
    """The gradient by all arguments but the last; None for those that are data."""
    shapes = enumerate(arguments[:-1])
    scaled = g * function(*arguments)

    def logarithm(*shifted: Variable) -> Variable:
        return log(maximum(function(*shifted), TINY))

    return [None if isinstance(a, Constant) else scaled * difference(logarithm, arguments, k) for k, a in shapes]


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
