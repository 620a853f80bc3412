"""Distributions on an interval or a circle. Formulas: Stan Functions Reference, "Continuous Distributions on [0, 1]", "Circular
Distributions", "Bounded Continuous Distributions"."""
from __future__ import annotations

import math
from typing import Any

import numpy as np

from ppl_cli.distributions.base import PROBABILITY, Distribution
from ppl_cli.distributions.formulas import (
    LOG_2, LOG_PI, Shape, beta_draw, lbeta, multiply_log, multiply_log1m, on_interval, real, valid, within,
)
from ppl_cli.graph.basic import Variable, as_variable, constant
from ppl_cli.ops.distribution_functions import inc_beta, inv_inc_beta
from ppl_cli.ops.random import primitive
from ppl_cli.ops.reduction import CumulativeSum, reduce_sum
from ppl_cli.ops.scalar_math import (
    acos, both, cos, either, eq, ge, gt, le, log, maximum, minimum, sin, sqrt, switch,
)
from ppl_cli.ops.shape import reshape
from ppl_cli.ops.special_functions import bessel_i_scaled


def uniform_lpdf(x: Any, low: Any, high: Any) -> Variable:
    x, low, high = real(x), real(low), real(high)
    return within(both(ge(x, low), le(x, high)), -log(high - low))


def _uniform_tail(x: Any, low: Any, high: Any, lower: bool) -> Variable:
    """The log of the part of (low, high) below (`lower`) or above x."""
    x, low, high = real(x), real(low), real(high)
    below, above = le(x, low), ge(x, high)
    held = switch(either(below, above), 0.5 * (low + high), x)
    part = log((held - low if lower else high - held) / (high - low))
    at_low, at_high = (-math.inf, 0.0) if lower else (0.0, -math.inf)
    return valid(gt(high, low), switch(below, at_low, switch(above, at_high, part)))


def beta_lpdf(x: Any, alpha: Any, beta: Any) -> Variable:
    x, alpha, beta = real(x), real(alpha), real(beta)
    inside = both(ge(x, 0.0), le(x, 1.0))
    held = minimum(maximum(x, 0.0), 1.0)
    constant = valid(both(gt(alpha, 0.0), gt(beta, 0.0)), lbeta(alpha, beta))
    return within(inside, multiply_log(alpha - 1.0, held) + multiply_log1m(beta - 1.0, held) - constant)


def _beta_lcdf(x: Any, alpha: Any, beta: Any) -> Variable:
    return log(inc_beta(real(alpha), real(beta), x))


def _beta_lccdf(x: Any, alpha: Any, beta: Any) -> Variable:
    return log(inc_beta(real(beta), real(alpha), 1.0 - x))


def _shapes(mu: Any, kappa: Any) -> tuple[Variable, Variable]:
    """The parameters of the beta distribution with mean mu and precision kappa."""
    mu, kappa = real(mu), real(kappa)
    return mu * kappa, (1.0 - mu) * kappa


def _von_mises_normalizer(kappa: Variable) -> Variable:
    """log(2 pi I0(kappa)) - kappa."""
    return log(bessel_i_scaled(0.0, kappa)) + LOG_2 + LOG_PI


def von_mises_lpdf(x: Any, mu: Any, kappa: Any) -> Variable:
    kappa = real(kappa)
    return valid(ge(kappa, 0.0), kappa) * (cos(real(x) - mu) - 1.0) - _von_mises_normalizer(kappa)


_HARMONICS = 120  # enough for kappa up to 200: the ratio of Bessel functions falls like exp(-j^2 / (2 kappa))


def _von_mises_cdf(x: Any, mu: Any, kappa: Any) -> Variable:
    """The integral from -pi to x of the Fourier series of the density (Mardia and Jupp 2000, eq. 3.5.19)."""
    x, mu, kappa = real(x), real(mu), real(kappa)
    j = constant(np.arange(1.0, _HARMONICS + 1.0))
    turn = reshape(x - mu, (*(x - mu).shape, 1))
    start = reshape(mu + math.pi, (*mu.shape, 1))
    spread = reshape(kappa, (*kappa.shape, 1))
    ratios = bessel_i_scaled(j, spread) / bessel_i_scaled(0.0, spread)
    series = reduce_sum(ratios / j * (sin(j * turn) + sin(j * start)), -1)
    return (x + math.pi) / (2 * math.pi) + series / math.pi


def _von_mises_lcdf(x: Any, mu: Any, kappa: Any) -> Variable:
    return log(_von_mises_cdf(x, mu, kappa))


def _von_mises_lccdf(x: Any, mu: Any, kappa: Any) -> Variable:
    return log(1.0 - _von_mises_cdf(x, mu, kappa))


_PROPOSALS = 48  # each is accepted with a probability above 0.65: all fail less often than once in 1e21 draws


def _von_mises_draw(shape: Shape, mu: Any, kappa: Any) -> Variable:
    """The first accepted of many proposals from a wrapped Cauchy distribution (Best and Fisher 1979), within (-pi, pi) of mu."""
    kappa = reshape(maximum(real(kappa), 1e-6), (*as_variable(kappa).shape, 1))
    tau = 1.0 + sqrt(1.0 + 4.0 * kappa * kappa)
    rho = (tau - sqrt(2.0 * tau)) / (2.0 * kappa)
    r = (1.0 + rho * rho) / (2.0 * rho)
    first, second, third = (primitive("uniform", shape=(*shape, _PROPOSALS)) for _ in range(3))
    z = cos(math.pi * first)
    f = (1.0 + r * z) / (r + z)
    accepted = switch(gt(log(second), log(kappa * (r - f)) + 1.0 - kappa * (r - f)), 0.0, 1.0)
    chosen = accepted * switch(eq(CumulativeSum()(accepted), 1.0), 1.0, 0.0)
    angle = reduce_sum(chosen * switch(gt(third, 0.5), 1.0, -1.0) * acos(minimum(maximum(f, -1.0), 1.0)), -1)
    return real(mu) + angle


UNIFORM = Distribution(
    "uniform", ("alpha", "beta"), uniform_lpdf,
    draw=lambda shape, low, high: low + (high - low) * primitive("uniform", shape=shape),
    log_cdf=lambda x, low, high: _uniform_tail(x, low, high, lower=True),
    log_ccdf=lambda x, low, high: _uniform_tail(x, low, high, lower=False),
    quantile=lambda p, low, high: low + (high - low) * p,
)
BETA = Distribution(
    "beta", ("alpha", "beta"), beta_lpdf, draw=beta_draw,
    log_cdf=on_interval(_beta_lcdf, 0.0, 1.0, "lower"), log_ccdf=on_interval(_beta_lccdf, 0.0, 1.0, "upper"),
    quantile=lambda p, alpha, beta: inv_inc_beta(real(alpha), real(beta), p), positive=("alpha", "beta"),
    support=PROBABILITY,
)
BETA_PROPORTION = Distribution(
    "beta_proportion", ("mu", "kappa"), lambda x, mu, kappa: beta_lpdf(x, *_shapes(mu, kappa)),
    draw=lambda shape, mu, kappa: beta_draw(shape, *_shapes(mu, kappa)),
    log_cdf=on_interval(lambda x, mu, kappa: _beta_lcdf(x, *_shapes(mu, kappa)), 0.0, 1.0, "lower"),
    log_ccdf=on_interval(lambda x, mu, kappa: _beta_lccdf(x, *_shapes(mu, kappa)), 0.0, 1.0, "upper"),
    quantile=lambda p, mu, kappa: inv_inc_beta(*_shapes(mu, kappa), p), positive=("kappa",),
    supports={"mu": PROBABILITY}, support=PROBABILITY,
)
VON_MISES = Distribution(
    "von_mises", ("mu", "kappa"), von_mises_lpdf, draw=_von_mises_draw,
    log_cdf=on_interval(_von_mises_lcdf, -math.pi, math.pi, "lower"),
    log_ccdf=on_interval(_von_mises_lccdf, -math.pi, math.pi, "upper"), positive=("kappa",),
)

INTERVALS = (UNIFORM, BETA, BETA_PROPORTION, VON_MISES)
