"""Elementwise distribution functions of the gamma, beta and Student families, which have no closed form.

Their derivatives by the argument are densities; those by the shape parameters are not known here, and asking for one says so.
"""
from __future__ import annotations

from typing import Any

from ppl_cli.graph.basic import Constant, Variable
from ppl_cli.ops.elementwise import elementwise
from ppl_cli.ops.scalar_math import _CYTHON, _special, exp, lgamma, log, log1p


def _only_data(name: str, *shapes: Variable) -> list[None]:
    """No derivatives by shape parameters that are data; others are refused."""
    if not all(isinstance(v, Constant) for v in shapes):
        raise NotImplementedError(f"the derivative of {name} by its shape parameters is not supported yet")
    return [None] * len(shapes)


def _gamma_density(a: Variable, x: Variable) -> Variable:
    return exp((a - 1.0) * log(x) - x - lgamma(a))


def _beta_density(a: Variable, b: Variable, x: Variable) -> Variable:
    return exp((a - 1.0) * log(x) + (b - 1.0) * log1p(-x) + lgamma(a + b) - lgamma(a) - lgamma(b))


def _student_density(nu: Variable, x: Variable) -> Variable:
    half = 0.5 * (nu + 1.0)
    return exp(lgamma(half) - lgamma(0.5 * nu) - 0.5 * log(nu) - 0.5723649429247001 - half * log1p(x * x / nu))


def _pullback(name: str, density: Any, sign: float = 1.0) -> Any:
    return lambda g, y, *arguments: [*_only_data(name, *arguments[:-1]), sign * g * density(*arguments)]


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
student_t_cdf = elementwise(
    "student_t_cdf", 2, _special("stdtr"), _pullback("student_t_cdf", _student_density), "", "",
    external=_CYTHON + "stdtr",
)
