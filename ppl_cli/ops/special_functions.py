"""Elementwise special functions that few programs need: gamma, beta, factorials, Bessel, Lambert's W, Owen's T.

Hypergeometric functions are in `hypergeometric`.
"""
from __future__ import annotations

import math
from typing import Any

import numpy as np

from ppl_cli.graph.basic import Constant, Variable
from ppl_cli.ops import scalar_routines as routines
from ppl_cli.ops.distribution_functions import difference
from ppl_cli.ops.elementwise import ElementwiseFunction, elementwise
from ppl_cli.ops.scalar_math import (
    _CYTHON,
    _special,
    both,
    digamma,
    eq,
    erf,
    exp,
    floor,
    ge,
    lgamma,
    log,
    lt,
    remainder,
    switch,
)


def _beta_pullback(g: Variable, y: Variable, a: Variable, b: Variable) -> list[Variable]:
    total = digamma(a + b)
    return [g * y * (digamma(a) - total), g * y * (digamma(b) - total)]


gamma = elementwise(
    "tgamma", 1, _special("gamma"), lambda g, y, x: (g * y * digamma(x),), "", "", external=_CYTHON + "gamma",
)
beta = elementwise(
    "beta", 2, _special("beta"), _beta_pullback, "", "", external=_CYTHON + "beta", commutative=True,
)


def _rising_pullback(g: Variable, y: Variable, x: Variable, n: Variable) -> list[Variable | None]:
    """With a whole number of factors below 0 the difference of digamma is reflected; where one factor is 0,
    the product of the others remains, n - 1 - k above 0 and k below it for x = -k."""
    below = both(lt(x + n, 1.0), eq(n, floor(n)))
    lower = switch(below, 1.0 - x - n, x)
    slope = switch(eq(n, 0.0), 0.0, y * (digamma(lower + n) - digamma(lower)))
    vanishing = eq(y, 0.0)
    k, above = switch(vanishing, -x, 0.0), switch(vanishing, x + n, 1.0)
    others = (1.0 - 2.0 * remainder(k, 2.0)) * exp(lgamma(1.0 + k) + lgamma(above))
    return [g * switch(vanishing, others, switch(below, -slope, slope)), g * y * digamma(x + n)]


rising_factorial = elementwise(
    "rising_factorial", 2, _special("poch"), _rising_pullback, "", "", external=_CYTHON + "poch",
)


def _bessel(name: str, routine: str, lower: float, upper: float, decay: float = 0.0) -> ElementwiseFunction:
    """A Bessel function of (order, x). Its slope is lower f(order - 1) + upper f(order + 1) - decay sign(x) f(order)
    (Abramowitz and Stegun 9.1.27, 9.6.26)."""

    def pullback(g: Variable, y: Variable, order: Variable, x: Variable) -> list[Variable | None]:
        slope = lower * function(order - 1.0, x) + upper * function(order + 1.0, x)
        if decay:
            slope = slope - switch(ge(x, 0.0), decay, -decay) * y
        return [None if isinstance(order, Constant) else g * by_order(y, order, x), g * slope]

    def by_order(y: Variable, order: Variable, x: Variable) -> Variable:
        """The functions without zeros vary much with the order, their logarithms do not."""
        if not decay:
            return difference(function, (order, x), 0)
        return y * difference(lambda shifted, x: log(function(shifted - 1.0, x)), (order + 1.0, x), 0)

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


def _lambert_w(name: str, lower: bool) -> ElementwiseFunction:
    """The inverse of w exp(w), at most -1 if `lower`, else at least -1."""
    numpy = np.vectorize(lambda x: routines.lambert_w(x, lower), otypes=[float])
    c, numba = f"lambert_w({{0}}, {int(lower)})", f"lambert_w({{0}}, {lower})"
    return elementwise(name, 1, numpy, lambda g, y, x: (g / (x + exp(y)),), c, numba)


lambert_w0, lambert_wm1 = _lambert_w("lambert_w0", lower=False), _lambert_w("lambert_wm1", lower=True)
choose = elementwise(
    "choose", 2, np.vectorize(routines.choose, otypes=["int64"]), None, "choose({0}, {1})", "choose({0}, {1})",
    result="int64",
)
