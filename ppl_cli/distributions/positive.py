"""Distributions on the positive numbers. Formulas: Stan Functions Reference, "Positive Continuous Distributions",
"Positive Lower-Bounded Distributions"."""
from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from ppl_cli.distributions.base import NOT_NEGATIVE, SPREAD, Density, Distribution, Support
from ppl_cli.distributions.formulas import (
    LOG_SQRT_2PI,
    NEGATIVE_INFINITY,
    by_inversion,
    exponential_draw,
    gamma_draw,
    log_first_event,
    normal_lcdf,
    on_interval,
    real,
    valid,
    within,
)
from ppl_cli.graph.basic import Variable
from ppl_cli.ops.distribution_functions import gamma_p_inverse, log_gamma_p, log_gamma_q
from ppl_cli.ops.random import primitive
from ppl_cli.ops.scalar_math import (
    either,
    eq,
    exp,
    ge,
    gt,
    le,
    lgamma,
    log,
    log1m_exp,
    log1p,
    log1p_exp,
    lt,
    maximum,
    ndtri,
    power,
    sqrt,
    switch,
)


def _density(x: Any, at: Callable[[Variable], Variable], low: Any = 0.0, closed: bool = False) -> Variable:
    """`at(x)` above `low`, or there, too, if `closed`; -inf below, where `at` is not differentiated."""
    x = real(x)
    inside = (ge if closed else gt)(x, low)
    return within(inside, at(switch(inside, x, low + 1.0)))


def lognormal_lpdf(x: Any, mu: Any, sigma: Any) -> Variable:
    def at(x: Variable) -> Variable:
        z = (log(x) - mu) / sigma
        return -0.5 * z * z - log(real(sigma)) - LOG_SQRT_2PI - log(x)

    return _density(x, at)


def exponential_lpdf(x: Any, rate: Any) -> Variable:
    return _density(x, lambda x: log(real(rate)) - rate * x, closed=True)


def gamma_lpdf(x: Any, alpha: Any, beta: Any) -> Variable:
    alpha, beta = real(alpha), real(beta)
    constant = valid(gt(alpha, 0.0), alpha * log(beta) - lgamma(alpha))
    return _density(x, lambda x: constant + (alpha - 1.0) * log(x) - beta * x)


def inv_gamma_lpdf(x: Any, alpha: Any, beta: Any) -> Variable:
    alpha, beta = real(alpha), real(beta)
    constant = valid(gt(alpha, 0.0), alpha * log(beta) - lgamma(alpha))
    return _density(x, lambda x: constant - (alpha + 1.0) * log(x) - beta / x)


def chi_square_lpdf(x: Any, nu: Any) -> Variable:
    return gamma_lpdf(x, 0.5 * real(nu), 0.5)


def inv_chi_square_lpdf(x: Any, nu: Any) -> Variable:
    return inv_gamma_lpdf(x, 0.5 * real(nu), 0.5)


def scaled_inv_chi_square_lpdf(x: Any, nu: Any, sigma: Any) -> Variable:
    return valid(gt(sigma, 0.0), inv_gamma_lpdf(x, 0.5 * real(nu), 0.5 * real(nu) * real(sigma) * real(sigma)))


def weibull_lpdf(x: Any, alpha: Any, sigma: Any) -> Variable:
    alpha, sigma = real(alpha), real(sigma)

    def at(x: Variable) -> Variable:
        zero = eq(x, 0.0)
        log_ratio = log(switch(zero, 1.0, x)) - log(sigma)
        constant = log(alpha) - log(sigma)
        inside = constant + (alpha - 1.0) * log_ratio - exp(alpha * log_ratio)
        at_zero = switch(gt(alpha, 1.0), NEGATIVE_INFINITY, switch(lt(alpha, 1.0), math.inf, constant))
        return switch(zero, at_zero, inside)

    return _density(x, at, closed=True)


def frechet_lpdf(x: Any, alpha: Any, sigma: Any) -> Variable:
    alpha, sigma = real(alpha), real(sigma)

    def at(x: Variable) -> Variable:
        log_ratio = log(x) - log(sigma)
        return log(alpha) - log(sigma) - (alpha + 1.0) * log_ratio - exp(-alpha * log_ratio)

    return _density(x, at)


def rayleigh_lpdf(x: Any, sigma: Any) -> Variable:
    sigma = real(sigma)
    return _density(x, lambda x: log(x) - 2.0 * log(sigma) - 0.5 * x * x / (sigma * sigma))


def loglogistic_lpdf(x: Any, alpha: Any, beta: Any) -> Variable:
    alpha, beta = real(alpha), real(beta)

    def at(x: Variable) -> Variable:
        ratio = log(x) - log(alpha)
        return log(beta) - log(alpha) + (beta - 1.0) * ratio - 2.0 * log1p_exp(beta * ratio)

    return _density(x, at)


def pareto_lpdf(x: Any, low: Any, alpha: Any) -> Variable:
    low, alpha = real(low), real(alpha)
    constant = log(alpha) + alpha * log(low)
    return _density(x, lambda x: constant - (alpha + 1.0) * log(x), low, closed=True)


def pareto_type_2_lpdf(x: Any, mu: Any, scale: Any, alpha: Any) -> Variable:
    mu, scale, alpha = real(mu), real(scale), real(alpha)
    constant = log(alpha) - log(scale)
    return _density(x, lambda x: constant - (alpha + 1.0) * log1p((x - mu) / scale), mu, closed=True)


# ----------------------------------------------------------------------- distribution functions


def _lower(function: Density) -> Density:
    return on_interval(function, 0.0, math.inf, "lower")


def _upper(function: Density) -> Density:
    return on_interval(function, 0.0, math.inf, "upper")


def _rest(x: Any, low: Any, scale: Any, alpha: Any) -> Variable:
    """The log ccdf of the Pareto laws: of the excess over a lower bound that is a parameter."""
    return -real(alpha) * log1p(maximum(0.0, real(x) - low) / scale)


def _part(x: Any, low: Any, scale: Any, alpha: Any) -> Variable:
    """Their log cdf."""
    excess = real(x) - low
    outside = either(le(excess, 0.0), ge(excess, math.inf))
    held = -real(alpha) * log1p(switch(outside, 1.0, excess) / scale)
    return switch(outside, switch(gt(excess, 0.0), 0.0, NEGATIVE_INFINITY), log1m_exp(held))


def _log_some(x: Variable, alpha: Any, sigma: Any, sign: float) -> Variable:
    """log(1 - exp(-(x / sigma)^(sign alpha)))."""
    exponent = sign * real(alpha)
    return log_first_event(power(x / sigma, exponent), exponent * (log(x) - log(sigma)))


def _gamma_lcdf(x: Variable, alpha: Any, beta: Any) -> Variable:
    return log_gamma_p(real(alpha), real(beta) * x)


def _gamma_lccdf(x: Variable, alpha: Any, beta: Any) -> Variable:
    return log_gamma_q(real(alpha), real(beta) * x)


def _inv_gamma_lcdf(x: Variable, alpha: Any, beta: Any) -> Variable:
    return log_gamma_q(real(alpha), real(beta) / x)


def _inv_gamma_lccdf(x: Variable, alpha: Any, beta: Any) -> Variable:
    return log_gamma_p(real(alpha), real(beta) / x)


def _scale_of(nu: Any, sigma: Any) -> Variable:
    """The second parameter of the inverse gamma that a scaled inverse chi square is."""
    return 0.5 * real(nu) * real(sigma) * real(sigma)


def _loglogistic_log_odds(x: Variable, alpha: Any, beta: Any) -> Variable:
    return real(beta) * (log(x) - log(real(alpha)))


def _loglogistic_quantile(p: Any, alpha: Any, beta: Any) -> Variable:
    return alpha * power(p / (1.0 - p), 1.0 / beta)


LOGNORMAL = Distribution(
    "lognormal", ("mu", "sigma"), lognormal_lpdf,
    draw=lambda shape, mu, sigma: exp(mu + sigma * primitive("std_normal", shape=shape)),
    log_cdf=_lower(lambda x, mu, sigma: normal_lcdf((log(x) - mu) / sigma)),
    log_ccdf=_upper(lambda x, mu, sigma: normal_lcdf((mu - log(x)) / sigma)),
    quantile=lambda p, mu, sigma: exp(mu + sigma * ndtri(p)), positive=("sigma",), support=NOT_NEGATIVE,
    summary="the lognormal distribution: its logarithm is normal with mean mu and standard deviation sigma",
)
EXPONENTIAL = Distribution(
    "exponential", ("beta",), exponential_lpdf,
    draw=lambda shape, rate: exponential_draw(shape) / rate,
    log_cdf=_lower(lambda x, rate: log1m_exp(-real(rate) * x)),
    log_ccdf=lambda x, rate: -real(rate) * maximum(0.0, real(x)),
    quantile=lambda p, rate: -log1p(-p) / rate, positive=("beta",), support=NOT_NEGATIVE,
    summary="the exponential distribution of rate beta, whose mean is 1 / beta",
)
GAMMA = Distribution(
    "gamma", ("alpha", "beta"), gamma_lpdf, draw=lambda shape, alpha, beta: gamma_draw(shape, alpha) / beta,
    log_cdf=_lower(_gamma_lcdf), log_ccdf=_upper(_gamma_lccdf),
    quantile=lambda p, alpha, beta: gamma_p_inverse(real(alpha), p) / beta,
    positive=("alpha", "beta"), support=NOT_NEGATIVE,
    summary="the gamma distribution of shape alpha and rate beta, whose mean is alpha / beta",
)
INV_GAMMA = Distribution(
    "inv_gamma", ("alpha", "beta"), inv_gamma_lpdf, draw=lambda shape, alpha, beta: beta / gamma_draw(shape, alpha),
    log_cdf=_lower(_inv_gamma_lcdf), log_ccdf=_upper(_inv_gamma_lccdf),
    quantile=lambda p, alpha, beta: beta / gamma_p_inverse(real(alpha), 1.0 - p),
    positive=("alpha", "beta"), support=NOT_NEGATIVE,
    summary="the inverse gamma distribution of shape alpha and scale beta: its inverse is gamma with rate beta",
)
CHI_SQUARE = Distribution(
    "chi_square", ("nu",), chi_square_lpdf, draw=lambda shape, nu: 2.0 * gamma_draw(shape, 0.5 * nu),
    log_cdf=_lower(lambda x, nu: _gamma_lcdf(x, 0.5 * real(nu), 0.5)),
    log_ccdf=_upper(lambda x, nu: _gamma_lccdf(x, 0.5 * real(nu), 0.5)),
    quantile=lambda p, nu: 2.0 * gamma_p_inverse(0.5 * real(nu), p), positive=("nu",), support=NOT_NEGATIVE,
    summary="the chi square distribution with nu degrees of freedom",
)
INV_CHI_SQUARE = Distribution(
    "inv_chi_square", ("nu",), inv_chi_square_lpdf, draw=lambda shape, nu: 0.5 / gamma_draw(shape, 0.5 * nu),
    log_cdf=_lower(lambda x, nu: _inv_gamma_lcdf(x, 0.5 * real(nu), 0.5)),
    log_ccdf=_upper(lambda x, nu: _inv_gamma_lccdf(x, 0.5 * real(nu), 0.5)),
    quantile=lambda p, nu: 0.5 / gamma_p_inverse(0.5 * real(nu), 1.0 - p), positive=("nu",), support=NOT_NEGATIVE,
    summary="the inverse chi square distribution with nu degrees of freedom: its inverse is chi square",
)
SCALED_INV_CHI_SQUARE = Distribution(
    "scaled_inv_chi_square", ("nu", "sigma"), scaled_inv_chi_square_lpdf,
    draw=lambda shape, nu, sigma: 0.5 * nu * sigma * sigma / gamma_draw(shape, 0.5 * nu),
    log_cdf=_lower(lambda x, nu, sigma: _inv_gamma_lcdf(x, 0.5 * real(nu), _scale_of(nu, sigma))),
    log_ccdf=_upper(lambda x, nu, sigma: _inv_gamma_lccdf(x, 0.5 * real(nu), _scale_of(nu, sigma))),
    quantile=lambda p, nu, sigma: _scale_of(nu, sigma) / gamma_p_inverse(0.5 * real(nu), 1.0 - p),
    positive=("nu", "sigma"), support=NOT_NEGATIVE,
    summary="nu sigma^2 over a chi square number of nu degrees of freedom",
)
WEIBULL = Distribution(
    "weibull", ("alpha", "sigma"), weibull_lpdf,
    draw=lambda shape, alpha, sigma: sigma * power(exponential_draw(shape), 1.0 / alpha),
    log_cdf=_lower(lambda x, alpha, sigma: _log_some(x, alpha, sigma, 1.0)),
    log_ccdf=_upper(lambda x, alpha, sigma: -power(x / sigma, real(alpha))),
    quantile=lambda p, alpha, sigma: sigma * power(-log1p(-p), 1.0 / alpha),
    positive=("alpha", "sigma"), support=NOT_NEGATIVE, scale="sigma",
    summary="the Weibull distribution of shape alpha and scale sigma",
)
FRECHET = Distribution(
    "frechet", ("alpha", "sigma"), frechet_lpdf,
    draw=lambda shape, alpha, sigma: sigma * power(exponential_draw(shape), -1.0 / alpha),
    log_cdf=_lower(lambda x, alpha, sigma: -power(x / sigma, -real(alpha))),
    log_ccdf=_upper(lambda x, alpha, sigma: _log_some(x, alpha, sigma, -1.0)),
    quantile=lambda p, alpha, sigma: sigma * power(-log(p), -1.0 / alpha),
    positive=("alpha", "sigma"), support=NOT_NEGATIVE, scale="sigma",
    summary="the Fréchet distribution of shape alpha and scale sigma: its inverse is Weibull",
)
RAYLEIGH = Distribution(
    "rayleigh", ("sigma",), rayleigh_lpdf,
    draw=lambda shape, sigma: sigma * sqrt(2.0 * exponential_draw(shape)),
    log_cdf=_lower(lambda x, sigma: _log_some(x, 2.0, math.sqrt(2.0) * sigma, 1.0)),
    log_ccdf=_upper(lambda x, sigma: -0.5 * x * x / (sigma * sigma)),
    quantile=lambda p, sigma: sigma * sqrt(-2.0 * log1p(-p)),
    supports={"sigma": SPREAD}, support=NOT_NEGATIVE, scale="sigma",
    summary="the Rayleigh distribution: the length of two normal numbers of standard deviation sigma",
)
LOGLOGISTIC = Distribution(
    "loglogistic", ("alpha", "beta"), loglogistic_lpdf,
    draw=by_inversion(_loglogistic_quantile),
    log_cdf=_lower(lambda x, alpha, beta: -log1p_exp(-_loglogistic_log_odds(x, alpha, beta))),
    log_ccdf=_upper(lambda x, alpha, beta: -log1p_exp(_loglogistic_log_odds(x, alpha, beta))),
    quantile=_loglogistic_quantile,
    positive=("alpha", "beta"), support=NOT_NEGATIVE,
    summary="the log-logistic distribution of scale alpha, its median, and shape beta",
)
PARETO = Distribution(
    "pareto", ("y_min", "alpha"), pareto_lpdf,
    draw=lambda shape, low, alpha: low * exp(exponential_draw(shape) / alpha),
    log_cdf=lambda x, low, alpha: _part(x, low, low, alpha), log_ccdf=lambda x, low, alpha: _rest(x, low, low, alpha),
    quantile=lambda p, low, alpha: low * power(1.0 - p, -1.0 / alpha),
    positive=("y_min", "alpha"), support=NOT_NEGATIVE,
    summary="the Pareto distribution from y_min on with shape alpha",
)
PARETO_TYPE_2 = Distribution(
    "pareto_type_2", ("mu", "lambda", "alpha"), pareto_type_2_lpdf,
    draw=lambda shape, mu, scale, alpha: mu + scale * (exp(exponential_draw(shape) / alpha) - 1.0),
    log_cdf=lambda x, mu, *more: valid(ge(real(x), mu), _part(x, mu, *more)),
    log_ccdf=lambda x, mu, *more: valid(ge(real(x), mu), _rest(x, mu, *more)),
    quantile=lambda p, mu, scale, alpha: mu + scale * (power(1.0 - p, -1.0 / alpha) - 1.0),
    positive=("lambda", "alpha"), supports={"mu": Support("real", unbounded=True)}, support=Support("at least mu"),
    summary="the Pareto distribution of the second type: from mu on, with scale lambda and shape alpha",
)

POSITIVE = (
    LOGNORMAL, EXPONENTIAL, GAMMA, INV_GAMMA, CHI_SQUARE, INV_CHI_SQUARE, SCALED_INV_CHI_SQUARE, WEIBULL, FRECHET,
    RAYLEIGH, LOGLOGISTIC, PARETO, PARETO_TYPE_2,
)  # fmt: skip
