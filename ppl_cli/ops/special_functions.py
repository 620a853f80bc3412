"""Elementwise special functions that few programs need: Bessel functions, Owen's T, the normal quantile of a log probability."""
from __future__ import annotations

import math
from typing import Any

from ppl_cli.graph.basic import Variable
from ppl_cli.ops.distribution_functions import difference
from ppl_cli.ops.elementwise import ElementwiseFunction, elementwise
from ppl_cli.ops.scalar_math import _CYTHON, _special, erf, exp, ge, switch


def _bessel(name: str, routine: str, lower: float, upper: float, decay: float = 0.0) -> ElementwiseFunction:
    """A Bessel function of (order, x). Its slope is lower f(order - 1) + upper f(order + 1) - decay sign(x) f(order)
    (Abramowitz and Stegun 9.1.27, 9.6.26)."""

    def pullback(g: Variable, y: Variable, order: Variable, x: Variable) -> list[Variable | None]:
        slope = lower * function(order - 1.0, x) + upper * function(order + 1.0, x)
        by_order = difference(function, (order, x), 0)
        if decay:
            slope = slope - switch(ge(x, 0.0), decay, -decay) * y
        return [None if by_order is None else g * by_order, g * slope]

    function = elementwise(name, 2, _special(routine), pullback, "", "", external=_CYTHON + routine)
    return function


bessel_j = _bessel("bessel_j", "jv", 0.5, -0.5)
bessel_y = _bessel("bessel_y", "yv", 0.5, -0.5)
bessel_i_scaled = _bessel("bessel_i_scaled", "ive", 0.5, 0.5, decay=1.0)  # times exp(-|x|)
bessel_k_scaled = _bessel("bessel_k_scaled", "kve", -0.5, -0.5, decay=-1.0)  # times exp(x)


def _owens_t_pullback(g: Variable, y: Variable, h: Variable, a: Variable) -> list[Any]:
    by_h = exp(-0.5 * h * h) * erf(a * h * math.sqrt(0.5)) * (-0.5 / math.sqrt(2 * math.pi))
    slope = 1.0 + a * a
    return [g * by_h, g * exp(-0.5 * h * h * slope) / (2 * math.pi * slope)]


owens_t = elementwise("owens_t", 2, _special("owens_t"), _owens_t_pullback, "", "", external=_CYTHON + "owens_t")
ndtri_exp = elementwise(
    "std_normal_log_qf", 1, _special("ndtri_exp"),
    lambda g, y, x: (g * math.sqrt(2 * math.pi) * exp(x + 0.5 * y * y),), "", "", external=_CYTHON + "ndtri_exp",
)
