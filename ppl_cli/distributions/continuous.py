"""Distributions on the real line and on its parts. Formulas: Stan Functions Reference, "Unbounded", "Positive" and "Bounded" distributions."""
from __future__ import annotations

import math
from typing import Any

from ppl_cli.distributions.base import Distribution
from ppl_cli.distributions.formulas import (
    LOG_2, LOG_PI, LOG_SQRT_2PI, lbeta, multiply_log, multiply_log1m, normal_lcdf, real, valid, within,
)
from ppl_cli.graph.basic import Variable
from ppl_cli.ops.distribution_functions import gamma_p, gamma_q, inc_beta, student_t_cdf
from ppl_cli.ops.random import primitive
from ppl_cli.ops.scalar_math import (
    absolute, atan, both, exp, ge, gt, le, lgamma, log, log1m_exp, log1p, log1p_exp, log_ndtr, lt, maximum,
    minimum, ndtri, power, sign, sqrt, switch, tan,
)

Shape = tuple[int, ...]


def standardized(x: Any, location: Any, scale: Any) -> Variable:
    return (real(x) - location) / scale


def exponential_draw(shape: Shape) -> Variable:
    """Standard exponential draws."""
    return -log(primitive("uniform", shape=shape))


def gamma_draw(shape: Shape, alpha: Any) -> Variable:
    return primitive("std_gamma", alpha, shape=shape)


# ------------------------------------------------------------------------------------------ the real line


def normal_lpdf(x: Any, mu: Any, sigma: Any) -> Variable:
    z = standardized(x, mu, sigma)
    return -0.5 * z * z - log(real(sigma)) - LOG_SQRT_2PI


def cauchy_lpdf(x: Any, mu: Any, sigma: Any) -> Variable:
    z = standardized(x, mu, sigma)
    return -log1p(z * z) - log(real(sigma)) - LOG_PI


def student_t_lpdf(x: Any, nu: Any, mu: Any, sigma: Any) -> Variable:
    nu, z = real(nu), standardized(x, mu, sigma)
    half = 0.5 * (nu + 1.0)
    constant = lgamma(half) - lgamma(0.5 * nu) - 0.5 * log(nu) - 0.5 * LOG_PI
    return constant - log(real(sigma)) - half * log1p(z * z / nu)


def double_exponential_lpdf(x: Any, mu: Any, sigma: Any) -> Variable:
    return -absolute(standardized(x, mu, sigma)) - log(real(sigma)) - LOG_2


def logistic_lpdf(x: Any, mu: Any, sigma: Any) -> Variable:
    z = standardized(x, mu, sigma)
    return -z - log(real(sigma)) - 2.0 * log1p_exp(-z)


def gumbel_lpdf(x: Any, mu: Any, beta: Any) -> Variable:
    z = standardized(x, mu, beta)
    return -log(real(beta)) - z - exp(-z)


def skew_normal_lpdf(x: Any, xi: Any, omega: Any, alpha: Any) -> Variable:
    z = standardized(x, xi, omega)
    return LOG_2 - LOG_SQRT_2PI - log(real(omega)) - 0.5 * z * z + log_ndtr(real(alpha) * z)


def exp_mod_normal_lpdf(x: Any, mu: Any, sigma: Any, rate: Any) -> Variable:
    rate, sigma = real(rate), real(sigma)
    z = standardized(x, mu, sigma)
    return log(rate) + valid(gt(sigma, 0.0), rate * sigma) * (0.5 * rate * sigma - z) + log_ndtr(z - rate * sigma)


def _logistic_lcdf(x: Any, mu: Any, sigma: Any) -> Variable:
    return -log1p_exp(-standardized(x, mu, sigma))


def _logistic_lccdf(x: Any, mu: Any, sigma: Any) -> Variable:
    return -log1p_exp(standardized(x, mu, sigma))


def _cauchy_tail(z: Variable) -> Variable:
    """log of 1/2 + atan(z) / pi."""
    return log(0.5 + atan(z) / math.pi)


def _laplace_lcdf(z: Variable) -> Variable:
    below = lt(z, 0.0)
    return switch(below, z - LOG_2, log1p(-0.5 * exp(-switch(below, 0.0, z))))


NORMAL = Distribution(
    "normal", ("mu", "sigma"), normal_lpdf,
    draw=lambda shape, mu, sigma: mu + sigma * primitive("std_normal", shape=shape),
    log_cdf=lambda x, mu, sigma: normal_lcdf(standardized(x, mu, sigma)),
    log_ccdf=lambda x, mu, sigma: normal_lcdf(-standardized(x, mu, sigma)),
    quantile=lambda p, mu, sigma: mu + sigma * ndtri(p),
)
STD_NORMAL = Distribution(
    "std_normal", (), lambda x: -0.5 * real(x) * real(x) - LOG_SQRT_2PI,
    draw=lambda shape: primitive("std_normal", shape=shape),
    log_cdf=lambda x: normal_lcdf(real(x)),
    log_ccdf=lambda x: normal_lcdf(-real(x)),
    quantile=ndtri,
)
CAUCHY = Distribution(
    "cauchy", ("mu", "sigma"), cauchy_lpdf,
    draw=lambda shape, mu, sigma: mu + sigma * tan(math.pi * (primitive("uniform", shape=shape) - 0.5)),
    log_cdf=lambda x, mu, sigma: _cauchy_tail(standardized(x, mu, sigma)),
    log_ccdf=lambda x, mu, sigma: _cauchy_tail(-standardized(x, mu, sigma)),
    quantile=lambda p, mu, sigma: mu + sigma * tan(math.pi * (p - 0.5)),
)
STUDENT_T = Distribution(
    "student_t", ("nu", "mu", "sigma"), student_t_lpdf,
    draw=lambda shape, nu, mu, sigma: mu + sigma * primitive("std_normal", shape=shape)
    * sqrt(0.5 * nu / gamma_draw(shape, 0.5 * nu)),
    log_cdf=lambda x, nu, mu, sigma: log(student_t_cdf(real(nu), standardized(x, mu, sigma))),
    log_ccdf=lambda x, nu, mu, sigma: log(student_t_cdf(real(nu), -standardized(x, mu, sigma))),
)
DOUBLE_EXPONENTIAL = Distribution(
    "double_exponential", ("mu", "sigma"), double_exponential_lpdf,
    draw=lambda shape, mu, sigma: mu + sigma * (exponential_draw(shape) - exponential_draw(shape)),
    log_cdf=lambda x, mu, sigma: _laplace_lcdf(standardized(x, mu, sigma)),
    log_ccdf=lambda x, mu, sigma: _laplace_lcdf(-standardized(x, mu, sigma)),
    quantile=lambda p, mu, sigma: mu - sigma * sign(p - 0.5) * log1p(-2.0 * absolute(p - 0.5)),
)
LOGISTIC = Distribution(
    "logistic", ("mu", "sigma"), logistic_lpdf,
    draw=lambda shape, mu, sigma: LOGISTIC.quantile(primitive("uniform", shape=shape), mu, sigma),  # type: ignore[misc]
    log_cdf=_logistic_lcdf, log_ccdf=_logistic_lccdf,
    quantile=lambda p, mu, sigma: mu + sigma * (log(p) - log1p(-p)),
)
GUMBEL = Distribution(
    "gumbel", ("mu", "beta"), gumbel_lpdf,
    draw=lambda shape, mu, beta: mu - beta * log(exponential_draw(shape)),
    log_cdf=lambda x, mu, beta: -exp(-standardized(x, mu, beta)),
    log_ccdf=lambda x, mu, beta: log1m_exp(-exp(-standardized(x, mu, beta))),
    quantile=lambda p, mu, beta: mu - beta * log(-log(p)),
)
SKEW_NORMAL = Distribution(
    "skew_normal", ("xi", "omega", "alpha"), skew_normal_lpdf,
    draw=lambda shape, xi, omega, alpha: xi + omega * (
        alpha * absolute(primitive("std_normal", shape=shape)) + primitive("std_normal", shape=shape)
    ) / sqrt(1.0 + alpha * alpha),
)
EXP_MOD_NORMAL = Distribution(
    "exp_mod_normal", ("mu", "sigma", "lambda"), exp_mod_normal_lpdf,
    draw=lambda shape, mu, sigma, rate: mu + sigma * primitive("std_normal", shape=shape) + exponential_draw(shape) / rate,
)

# ------------------------------------------------------------------------------------ positive numbers


def lognormal_lpdf(x: Any, mu: Any, sigma: Any) -> Variable:
    x = real(x)
    inside = log(maximum(x, 0.0))
    z = (inside - mu) / sigma
    return within(gt(x, 0.0), -0.5 * z * z - log(real(sigma)) - LOG_SQRT_2PI - inside)


def exponential_lpdf(x: Any, rate: Any) -> Variable:
    x, rate = real(x), real(rate)
    return within(ge(x, 0.0), log(rate) - rate * x)


def gamma_lpdf(x: Any, alpha: Any, beta: Any) -> Variable:
    x, alpha, beta = real(x), real(alpha), real(beta)
    constant = multiply_log(alpha, beta) - lgamma(alpha)
    density = valid(gt(alpha, 0.0), constant) + multiply_log(alpha - 1.0, maximum(x, 0.0)) - beta * x
    return within(ge(x, 0.0), density)


def inv_gamma_lpdf(x: Any, alpha: Any, beta: Any) -> Variable:
    x, alpha, beta = real(x), real(alpha), real(beta)
    constant = valid(gt(alpha, 0.0), alpha * log(beta) - lgamma(alpha))
    return within(gt(x, 0.0), constant - (alpha + 1.0) * log(maximum(x, 0.0)) - beta / x)


def chi_square_lpdf(x: Any, nu: Any) -> Variable:
    return gamma_lpdf(x, 0.5 * real(nu), 0.5)


def inv_chi_square_lpdf(x: Any, nu: Any) -> Variable:
    return inv_gamma_lpdf(x, 0.5 * real(nu), 0.5)


def scaled_inv_chi_square_lpdf(x: Any, nu: Any, sigma: Any) -> Variable:
    return inv_gamma_lpdf(x, 0.5 * real(nu), 0.5 * real(nu) * real(sigma) * real(sigma))


def weibull_lpdf(x: Any, alpha: Any, sigma: Any) -> Variable:
    x, alpha, sigma = real(x), real(alpha), real(sigma)
    scaled = maximum(x, 0.0) / sigma
    density = log(alpha) - log(sigma) + multiply_log(alpha - 1.0, scaled) - power(scaled, alpha)
    return within(ge(x, 0.0), density)


def frechet_lpdf(x: Any, alpha: Any, sigma: Any) -> Variable:
    x, alpha, sigma = real(x), real(alpha), real(sigma)
    scaled = maximum(x, 0.0) / sigma
    return within(gt(x, 0.0), log(alpha) - log(sigma) - (alpha + 1.0) * log(scaled) - power(scaled, -alpha))


def rayleigh_lpdf(x: Any, sigma: Any) -> Variable:
    x, sigma = real(x), real(sigma)
    return within(gt(x, 0.0), log(maximum(x, 0.0)) - 2.0 * log(sigma) - 0.5 * x * x / (sigma * sigma))


def pareto_lpdf(x: Any, minimum_: Any, alpha: Any) -> Variable:
    x, low, alpha = real(x), real(minimum_), real(alpha)
    return within(ge(x, low), log(alpha) + alpha * log(low) - (alpha + 1.0) * log(x))


def _log_of(x: Any) -> Variable:
    return log(maximum(real(x), 0.0))


LOGNORMAL = Distribution(
    "lognormal", ("mu", "sigma"), lognormal_lpdf,
    draw=lambda shape, mu, sigma: exp(mu + sigma * primitive("std_normal", shape=shape)),
    log_cdf=lambda x, mu, sigma: normal_lcdf((_log_of(x) - mu) / sigma),
    log_ccdf=lambda x, mu, sigma: normal_lcdf(-(_log_of(x) - mu) / sigma),
    quantile=lambda p, mu, sigma: exp(mu + sigma * ndtri(p)),
)
EXPONENTIAL = Distribution(
    "exponential", ("beta",), exponential_lpdf,
    draw=lambda shape, rate: exponential_draw(shape) / rate,
    log_cdf=lambda x, rate: log1m_exp(-real(rate) * maximum(real(x), 0.0)),
    log_ccdf=lambda x, rate: -real(rate) * maximum(real(x), 0.0),
    quantile=lambda p, rate: -log1p(-p) / rate,
)
GAMMA = Distribution(
    "gamma", ("alpha", "beta"), gamma_lpdf, draw=lambda shape, alpha, beta: gamma_draw(shape, alpha) / beta,
    log_cdf=lambda x, alpha, beta: log(gamma_p(real(alpha), real(beta) * maximum(real(x), 0.0))),
    log_ccdf=lambda x, alpha, beta: log(gamma_q(real(alpha), real(beta) * maximum(real(x), 0.0))),
)
INV_GAMMA = Distribution(
    "inv_gamma", ("alpha", "beta"), inv_gamma_lpdf, draw=lambda shape, alpha, beta: beta / gamma_draw(shape, alpha),
    log_cdf=lambda x, alpha, beta: log(gamma_q(real(alpha), real(beta) / maximum(real(x), 0.0))),
    log_ccdf=lambda x, alpha, beta: log(gamma_p(real(alpha), real(beta) / maximum(real(x), 0.0))),
)
CHI_SQUARE = Distribution(
    "chi_square", ("nu",), chi_square_lpdf, draw=lambda shape, nu: 2.0 * gamma_draw(shape, 0.5 * nu),
)
INV_CHI_SQUARE = Distribution(
    "inv_chi_square", ("nu",), inv_chi_square_lpdf, draw=lambda shape, nu: 0.5 / gamma_draw(shape, 0.5 * nu),
)
SCALED_INV_CHI_SQUARE = Distribution(
    "scaled_inv_chi_square", ("nu", "sigma"), scaled_inv_chi_square_lpdf,
    draw=lambda shape, nu, sigma: 0.5 * nu * sigma * sigma / gamma_draw(shape, 0.5 * nu),
)
WEIBULL = Distribution(
    "weibull", ("alpha", "sigma"), weibull_lpdf,
    draw=lambda shape, alpha, sigma: sigma * power(exponential_draw(shape), 1.0 / alpha),
    log_cdf=lambda x, alpha, sigma: log1m_exp(-power(maximum(real(x), 0.0) / sigma, real(alpha))),
    log_ccdf=lambda x, alpha, sigma: -power(maximum(real(x), 0.0) / sigma, real(alpha)),
    quantile=lambda p, alpha, sigma: sigma * power(-log1p(-p), 1.0 / alpha),
)
FRECHET = Distribution(
    "frechet", ("alpha", "sigma"), frechet_lpdf,
    draw=lambda shape, alpha, sigma: sigma * power(exponential_draw(shape), -1.0 / alpha),
)
RAYLEIGH = Distribution(
    "rayleigh", ("sigma",), rayleigh_lpdf,
    draw=lambda shape, sigma: sigma * sqrt(2.0 * exponential_draw(shape)),
    log_cdf=lambda x, sigma: log1m_exp(-0.5 * real(x) * real(x) / (sigma * sigma)),
    log_ccdf=lambda x, sigma: -0.5 * real(x) * real(x) / (sigma * sigma),
    quantile=lambda p, sigma: sigma * sqrt(-2.0 * log1p(-p)),
)
PARETO = Distribution(
    "pareto", ("y_min", "alpha"), pareto_lpdf,
    draw=lambda shape, low, alpha: low * exp(exponential_draw(shape) / alpha),
    log_cdf=lambda x, low, alpha: log1m_exp(real(alpha) * (log(real(low)) - log(real(x)))),
    log_ccdf=lambda x, low, alpha: real(alpha) * (log(real(low)) - log(real(x))),
    quantile=lambda p, low, alpha: low * power(1.0 - p, -1.0 / alpha),
)

# -------------------------------------------------------------------------------------------- intervals


def uniform_lpdf(x: Any, low: Any, high: Any) -> Variable:
    x, low, high = real(x), real(low), real(high)
    return within(both(ge(x, low), le(x, high)), -log(high - low))


def beta_lpdf(x: Any, alpha: Any, beta: Any) -> Variable:
    x, alpha, beta = real(x), real(alpha), real(beta)
    inside = both(ge(x, 0.0), le(x, 1.0))
    held = minimum(maximum(x, 0.0), 1.0)
    constant = valid(both(gt(alpha, 0.0), gt(beta, 0.0)), lbeta(alpha, beta))
    return within(inside, multiply_log(alpha - 1.0, held) + multiply_log1m(beta - 1.0, held) - constant)


def beta_proportion_lpdf(x: Any, mu: Any, kappa: Any) -> Variable:
    return beta_lpdf(x, real(mu) * real(kappa), (1.0 - real(mu)) * real(kappa))


def _beta_draw(shape: Shape, alpha: Any, beta: Any) -> Variable:
    first = gamma_draw(shape, alpha)
    return first / (first + gamma_draw(shape, beta))


UNIFORM = Distribution(
    "uniform", ("alpha", "beta"), uniform_lpdf,
    draw=lambda shape, low, high: low + (high - low) * primitive("uniform", shape=shape),
    log_cdf=lambda x, low, high: log((minimum(maximum(real(x), low), high) - low) / (real(high) - low)),
    log_ccdf=lambda x, low, high: log((high - minimum(maximum(real(x), low), high)) / (real(high) - low)),
    quantile=lambda p, low, high: low + (high - low) * p,
)
BETA = Distribution(
    "beta", ("alpha", "beta"), beta_lpdf, draw=_beta_draw,
    log_cdf=lambda x, alpha, beta: log(inc_beta(real(alpha), real(beta), minimum(maximum(real(x), 0.0), 1.0))),
    log_ccdf=lambda x, alpha, beta: log(inc_beta(real(beta), real(alpha), 1.0 - minimum(maximum(real(x), 0.0), 1.0))),
)
BETA_PROPORTION = Distribution(
    "beta_proportion", ("mu", "kappa"), beta_proportion_lpdf,
    draw=lambda shape, mu, kappa: _beta_draw(shape, mu * kappa, (1.0 - mu) * kappa),
)

CONTINUOUS = (
    NORMAL, STD_NORMAL, CAUCHY, STUDENT_T, DOUBLE_EXPONENTIAL, LOGISTIC, GUMBEL, SKEW_NORMAL, EXP_MOD_NORMAL, LOGNORMAL,
    EXPONENTIAL, GAMMA, INV_GAMMA, CHI_SQUARE, INV_CHI_SQUARE, SCALED_INV_CHI_SQUARE, WEIBULL, FRECHET, RAYLEIGH, PARETO,
    UNIFORM, BETA, BETA_PROPORTION,
)  # fmt: skip

