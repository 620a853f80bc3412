"""The skew normal law (Azzalini 1985) and its tails, which keep their relative accuracy.

All of them follow from J(h, a) = P(X < -h) for a slant a >= 0 and h >= 0, the integral of
exp(-h^2 (1 + t^2) / 2) / (pi (1 + t^2)) over t from a to infinity (Owen 1956): a positive sum, where
Phi(-h) - 2 T(h, a) would cancel.
"""
from __future__ import annotations

import math
from typing import Any

import numpy as np

from ppl_cli.distributions.base import SPREAD, Distribution
from ppl_cli.distributions.formulas import LOG_2, LOG_PI, LOG_SQRT_2PI, real, standardized
from ppl_cli.graph.basic import Variable, constant
from ppl_cli.ops.random import primitive
from ppl_cli.ops.reduction import reduce_sum
from ppl_cli.ops.scalar_math import (
    absolute,
    detached,
    erf,
    erfc,
    exp,
    ge,
    gt,
    le,
    log,
    log1m_exp,
    log_ndtr,
    lt,
    sqrt,
    switch,
)  # fmt: skip
from ppl_cli.ops.shape import reshape
from ppl_cli.ops.special_functions import owens_t

_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(40)
_ROOT = math.sqrt(0.5)


def _far(h: Variable, a: Variable) -> Variable:
    """log J for h^2 (1 + a^2) >= 1: in r = h t the integrand is smooth, and after `reach` below exp(-40) of its
    start."""
    b = h * a
    reach = detached(80.0 / (sqrt(b * b + 80.0) + b))
    start, width, square = (reshape(v, (*v.shape, 1)) for v in (b, reach, h * h))
    s = 0.5 * width * constant(_NODES + 1.0)
    terms = constant(0.5 * _WEIGHTS) * exp(-s * (start + 0.5 * s)) / (square + (start + s) * (start + s))
    return log(h * reach * reduce_sum(terms, -1)) - 0.5 * (h * h + b * b) - LOG_PI


def _near(h: Variable, a: Variable) -> Variable:
    """log J closer to 0, by Owen's T with the smaller of the slopes a and 1 / a (Owen 1956, eq. 2.3)."""
    steep = gt(a, 1.0)
    b = h * a
    part = 2.0 * owens_t(switch(steep, b, h), switch(steep, 1.0 / switch(steep, a, 1.0), a))
    return log(switch(steep, part - 0.5 * erfc(_ROOT * b) * erf(_ROOT * h), 0.5 * erfc(_ROOT * h) - part))


def _log_tail(h: Variable, slant: Variable) -> Variable:
    """log P(X < -h) for h >= 0."""
    right = ge(slant, 0.0)
    a = switch(right, slant, -slant)
    near = lt(h * h * (1.0 + a * a), 1.0)
    tail = switch(near, _near(switch(near, h, 0.0), a), _far(switch(near, 1.0, h), a))
    both_tails = LOG_2 + log_ndtr(-h)
    return switch(right, tail, both_tails + log1m_exp(tail - both_tails))


def _lcdf(z: Variable, slant: Variable) -> Variable:
    below = le(z, 0.0)
    tail = _log_tail(switch(below, -z, z), switch(below, slant, -slant))
    return switch(below, tail, log1m_exp(tail))


def skew_normal_lpdf(x: Any, xi: Any, omega: Any, alpha: Any) -> Variable:
    z = standardized(x, xi, omega)
    return LOG_2 - LOG_SQRT_2PI - log(real(omega)) - 0.5 * z * z + log_ndtr(real(alpha) * z)


SKEW_NORMAL = Distribution(
    "skew_normal", ("xi", "omega", "alpha"), skew_normal_lpdf,
    draw=lambda shape, xi, omega, alpha: xi + omega * (
        alpha * absolute(primitive("std_normal", shape=shape)) + primitive("std_normal", shape=shape)
    ) / sqrt(1.0 + alpha * alpha),
    log_cdf=lambda x, xi, omega, alpha: _lcdf(standardized(x, xi, omega), real(alpha)),
    log_ccdf=lambda x, xi, omega, alpha: _lcdf(-standardized(x, xi, omega), -real(alpha)),
    supports={"omega": SPREAD}, scale="omega",
    summary="the skew normal distribution with location xi, scale omega and slant alpha",
)  # fmt: skip
