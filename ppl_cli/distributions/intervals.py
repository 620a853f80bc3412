"""Distributions on an interval or a circle. Formulas: Stan Functions Reference, "Continuous Distributions on [0, 1]",
"Circular Distributions", "Bounded Continuous Distributions"."""
from __future__ import annotations

import math
from typing import Any

import numpy as np

from ppl_cli.distributions.base import NOT_NEGATIVE, PROBABILITY, PROPORTION, Density, Distribution, Support
from ppl_cli.distributions.formulas import (
    LOG_2,
    LOG_PI,
    Shape,
    beta_draw,
    multiply_log,
    multiply_log1m,
    on_interval,
    real,
    valid,
    within,
)
from ppl_cli.graph.basic import Variable, as_variable, constant
from ppl_cli.ops.distribution_functions import inv_inc_beta, log_inc_beta, log_inc_beta_complement
from ppl_cli.ops.random import primitive
from ppl_cli.ops.reduction import CumulativeSum, reduce_sum
from ppl_cli.ops.scalar_math import (
    absolute,
    acos,
    asin,
    both,
    cos,
    detached,
    either,
    eq,
    exp,
    ge,
    gt,
    lbeta,
    le,
    log,
    log1p,
    lt,
    maximum,
    minimum,
    negation,
    rounded,
    sin,
    sqrt,
    switch,
)
from ppl_cli.ops.shape import reshape
from ppl_cli.ops.special_functions import bessel_i_scaled


def uniform_lpdf(x: Any, low: Any, high: Any) -> Variable:
    x, low, high = real(x), real(low), real(high)
    return within(both(ge(x, low), le(x, high)), -log(high - low))


def _uniform_tail(x: Any, low: Any, high: Any, lower: bool) -> Variable:
    """The log of the part of (low, high) below (`lower`) or above x."""
    x, low, high = real(x), real(low), real(high)
    empty, full = (le(x, low), gt(x, high)) if lower else (ge(x, high), lt(x, low))
    held = switch(either(empty, full), 0.5 * (low + high), x)
    part = log((held - low if lower else high - held) / (high - low))
    return valid(gt(high, low), switch(empty, -math.inf, switch(full, 0.0, part)))


def beta_lpdf(x: Any, alpha: Any, beta: Any) -> Variable:
    x, alpha, beta = real(x), real(alpha), real(beta)
    inside = both(ge(x, 0.0), le(x, 1.0))
    held = minimum(1.0, maximum(0.0, x))
    constant = valid(both(gt(alpha, 0.0), gt(beta, 0.0)), lbeta(alpha, beta))
    return within(inside, multiply_log(alpha - 1.0, held) + multiply_log1m(beta - 1.0, held) - constant)


def _beta_lcdf(x: Any, alpha: Any, beta: Any) -> Variable:
    return log_inc_beta(real(alpha), real(beta), x)


def _beta_lccdf(x: Any, alpha: Any, beta: Any) -> Variable:
    return log_inc_beta_complement(real(alpha), real(beta), x)


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


_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(40)


def _half_circle(low: Variable, high: Variable, kappa: Variable) -> Variable:
    """The integral of exp(kappa (cos t - 1)) from `low` to `high`, both in [0, pi]: by Gauss and Legendre's rule, as
    far as the integrand is not less than exp(-40) of that at `low`."""
    reach = minimum(sin(0.5 * low) * sin(0.5 * low) + 20.0 / maximum(kappa, 1.0), 1.0)
    far = detached(2.0 * asin(sqrt(reach)))
    half = 0.5 * (switch(lt(far, high), far, high) - low)
    low, width, kappa = (reshape(v, (*v.shape, 1)) for v in (low, half, kappa))
    values = exp(kappa * (cos(low + width * constant(_NODES + 1.0)) - 1.0))
    return half * reduce_sum(values * constant(_WEIGHTS), -1)


def _held(v: Variable, low: float, high: float) -> Variable:
    """The nearest number in [low, high]; constant at `high`, so that of two adjacent intervals only one has a slope."""
    return switch(lt(v, low), low, switch(lt(v, high), v, high))


def _von_mises_integral(start: Variable, stop: Variable, kappa: Variable) -> Variable:
    """The integral of exp(kappa (cos t - 1)) from `start` to `stop`, angles in [-2 pi, 2 pi]: the sum over the halves
    of the circle, each turned so that the density falls."""
    total: Variable = constant(0.0)
    for k in (-2, -1, 0, 1):
        left, right = (_held(v, k * math.pi, (k + 1) * math.pi) for v in (start, stop))
        origin = (k + k % 2) * math.pi
        low, high = (left - origin, right - origin) if k % 2 == 0 else (origin - right, origin - left)
        total = total + _half_circle(low, high, kappa)
    return total


def _from_mode(angle: Any, mu: Any) -> Variable:
    turns = rounded(detached(real(mu)) / (2 * math.pi))
    return real(angle) - (real(mu) - 2 * math.pi * turns)


def _von_mises_tail(x: Any, mu: Any, kappa: Any, lower: bool) -> Variable:
    """The log of the mass from -pi to x, or from x to pi: by the other of these where that is a tail."""
    low, here, high = (_from_mode(angle, mu) for angle in (-math.pi, x, math.pi))
    kappa = real(kappa)
    other = both(gt(here if lower else -here, 0.0), gt(here * here * kappa, 1.0))
    below = negation(other) if lower else other
    total = _von_mises_integral(switch(below, low, here), switch(below, here, high), kappa)
    normalizer = _von_mises_normalizer(kappa)
    rest = log1p(-switch(other, total * exp(-normalizer), 0.0))
    return switch(other, rest, log(switch(other, 1.0, total)) - normalizer)


def _on_circle(function: Density, tail: str) -> Density:
    """The cdf starts at -pi, wherever the mode is; as in Stan it needs a mode, kappa > 0."""
    held = on_interval(function, -math.pi, math.pi, tail)
    return lambda x, mu, kappa: valid(both(le(absolute(real(x)), math.pi), gt(kappa, 0.0)), held(x, mu, kappa))


_PROPOSALS = 48  # each is accepted with a probability above 0.65: all fail less often than once in 1e21 draws


def _von_mises_draw(shape: Shape, mu: Any, kappa: Any) -> Variable:
    """The first accepted of many proposals from a wrapped Cauchy distribution (Best and Fisher 1979), within (-pi, pi)
    of mu."""
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
    quantile=lambda p, low, high: low + (high - low) * p, ordered=("alpha", "beta"),
    summary="the uniform distribution from alpha to beta, of which beta is the larger",
)
BETA = Distribution(
    "beta", ("alpha", "beta"), beta_lpdf, draw=beta_draw,
    log_cdf=on_interval(_beta_lcdf, 0.0, 1.0, "lower"), log_ccdf=on_interval(_beta_lccdf, 0.0, 1.0, "upper"),
    quantile=lambda p, alpha, beta: inv_inc_beta(real(alpha), real(beta), p), positive=("alpha", "beta"),
    support=PROBABILITY,
    summary="the beta distribution with shapes alpha and beta, whose mean is alpha / (alpha + beta)",
)
BETA_PROPORTION = Distribution(
    "beta_proportion", ("mu", "kappa"), lambda x, mu, kappa: beta_lpdf(x, *_shapes(mu, kappa)),
    draw=lambda shape, mu, kappa: beta_draw(shape, *_shapes(mu, kappa)),
    log_cdf=on_interval(lambda x, mu, kappa: _beta_lcdf(x, *_shapes(mu, kappa)), 0.0, 1.0, "lower"),
    log_ccdf=on_interval(lambda x, mu, kappa: _beta_lccdf(x, *_shapes(mu, kappa)), 0.0, 1.0, "upper"),
    quantile=lambda p, mu, kappa: inv_inc_beta(*_shapes(mu, kappa), p), positive=("kappa",),
    supports={"mu": PROPORTION}, support=PROBABILITY,
    summary="the beta distribution with mean mu and precision kappa",
)
VON_MISES = Distribution(
    "von_mises", ("mu", "kappa"), von_mises_lpdf, draw=_von_mises_draw,
    log_cdf=_on_circle(lambda x, mu, kappa: _von_mises_tail(x, mu, kappa, lower=True), "lower"),
    log_ccdf=_on_circle(lambda x, mu, kappa: _von_mises_tail(x, mu, kappa, lower=False), "upper"),
    supports={"kappa": NOT_NEGATIVE},
    support=Support("an angle"),
    summary="the von Mises distribution of angles around mu with concentration kappa",
)

INTERVALS = (UNIFORM, BETA, BETA_PROPORTION, VON_MISES)
