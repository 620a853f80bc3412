"""Distributions on the real line. Formulas: Stan Functions Reference, "Unbounded Continuous Distributions"."""
from __future__ import annotations

import math
from typing import Any

from ppl_cli.distributions.base import PROBABILITY, SPREAD, Distribution
from ppl_cli.distributions.formulas import (
    LOG_2,
    LOG_PI,
    LOG_SQRT_2PI,
    Shape,
    by_inversion,
    exponential_draw,
    gamma_draw,
    log_diff_exp,
    log_first_event,
    normal_lcdf,
    real,
    standardized,
    valid,
)
from ppl_cli.distributions.skew_normal import SKEW_NORMAL
from ppl_cli.graph.basic import Variable
from ppl_cli.ops.distribution_functions import log_rising, log_student_t_below, student_t_quantile
from ppl_cli.ops.random import primitive
from ppl_cli.ops.scalar_math import (
    absolute,
    atan2,
    exp,
    gt,
    log,
    log1m_exp,
    log1p,
    log1p_exp,
    log_add_exp,
    log_ndtr,
    lt,
    ndtri,
    sign,
    sqrt,
    switch,
    tan,
)

SCALE = ("sigma",)


def normal_lpdf(x: Any, mu: Any, sigma: Any) -> Variable:
    z = standardized(x, mu, sigma)
    return -0.5 * z * z - log(real(sigma)) - LOG_SQRT_2PI


def cauchy_lpdf(x: Any, mu: Any, sigma: Any) -> Variable:
    z = standardized(x, mu, sigma)
    return -log1p(z * z) - log(real(sigma)) - LOG_PI


def student_t_lpdf(x: Any, nu: Any, mu: Any, sigma: Any) -> Variable:
    nu, z = real(nu), standardized(x, mu, sigma)
    constant = log_rising(0.5 * nu, 0.5) - 0.5 * log(nu) - 0.5 * LOG_PI
    return constant - log(real(sigma)) - 0.5 * (nu + 1.0) * log1p(z * z / nu)


def double_exponential_lpdf(x: Any, mu: Any, sigma: Any) -> Variable:
    return -absolute(standardized(x, mu, sigma)) - log(real(sigma)) - LOG_2


def logistic_lpdf(x: Any, mu: Any, sigma: Any) -> Variable:
    z = standardized(x, mu, sigma)
    return -z - log(real(sigma)) - 2.0 * log1p_exp(-z)


def gumbel_lpdf(x: Any, mu: Any, beta: Any) -> Variable:
    z = standardized(x, mu, beta)
    return -log(real(beta)) - z - exp(-z)


def exp_mod_normal_lpdf(x: Any, mu: Any, sigma: Any, rate: Any) -> Variable:
    rate, sigma = real(rate), real(sigma)
    z = standardized(x, mu, sigma)
    return log(rate) + valid(gt(sigma, 0.0), rate * sigma) * (0.5 * rate * sigma - z) + log_ndtr(z - rate * sigma)


def skew_double_exponential_lpdf(x: Any, mu: Any, sigma: Any, tau: Any) -> Variable:
    sigma, tau = real(sigma), real(tau)
    z = standardized(x, mu, sigma)
    slope = switch(lt(z, 0.0), -2.0 * (1.0 - tau), 2.0 * tau)
    return LOG_2 + log(tau) + log1p(-tau) - log(sigma) - slope * z


def _skew_double_exponential_lcdf(x: Any, mu: Any, sigma: Any, tau: Any) -> Variable:
    z, tau = standardized(x, mu, sigma), real(tau)
    below = lt(z, 0.0)
    upper = log1p(-switch(below, 0.5, tau)) - 2.0 * tau * switch(below, 0.0, z)
    return switch(below, log(switch(below, tau, 0.5)) + 2.0 * (1.0 - tau) * z, log1m_exp(upper))


def _skew_double_exponential_lccdf(x: Any, mu: Any, sigma: Any, tau: Any) -> Variable:
    return _skew_double_exponential_lcdf(-real(x), -real(mu), sigma, 1.0 - real(tau))


def _skew_double_exponential_quantile(p: Any, mu: Any, sigma: Any, tau: Any) -> Variable:
    p, tau = real(p), real(tau)
    below = 0.5 * log(p / tau) / (1.0 - tau)
    return mu + sigma * switch(lt(p, tau), below, 0.5 * (log1p(-tau) - log1p(-p)) / tau)


def _exp_mod_normal_parts(x: Any, mu: Any, sigma: Any, rate: Any) -> tuple[Variable, Variable]:
    """z, and the log of the part of the normal mass below x that the exponential part moves above it."""
    z, v = standardized(x, mu, sigma), real(rate) * sigma
    return z, v * (0.5 * v - z) + log_ndtr(z - v)


def _exp_mod_normal_lcdf(x: Any, mu: Any, sigma: Any, rate: Any) -> Variable:
    z, moved = _exp_mod_normal_parts(x, mu, sigma, rate)
    return log_diff_exp(log_ndtr(z), moved)


def _exp_mod_normal_lccdf(x: Any, mu: Any, sigma: Any, rate: Any) -> Variable:
    z, moved = _exp_mod_normal_parts(x, mu, sigma, rate)
    return log_add_exp(log_ndtr(-z), moved)


def _logistic_lcdf(x: Any, mu: Any, sigma: Any) -> Variable:
    return -log1p_exp(-standardized(x, mu, sigma))


def _logistic_lccdf(x: Any, mu: Any, sigma: Any) -> Variable:
    return -log1p_exp(standardized(x, mu, sigma))


def _normal_draw(shape: Shape, mu: Any, sigma: Any) -> Variable:
    return mu + sigma * primitive("std_normal", shape=shape)


def _logistic_quantile(p: Any, mu: Any, sigma: Any) -> Variable:
    return mu + sigma * (log(p) - log1p(-p))


def _cauchy_lcdf(z: Variable) -> Variable:
    below = lt(z, 0.0)
    outer = atan2(1.0, switch(below, -z, z)) / math.pi
    return switch(below, log(outer), log1p(-outer))


def _student_t_lcdf(z: Variable, nu: Any) -> Variable:
    below = lt(z, 0.0)
    outer = log_student_t_below(real(nu), switch(below, z, -z))
    return switch(below, outer, log1m_exp(outer))


def _laplace_lcdf(z: Variable) -> Variable:
    below = lt(z, 0.0)
    return switch(below, z - LOG_2, log1p(-0.5 * exp(-switch(below, 0.0, z))))


NORMAL = Distribution(
    "normal", ("mu", "sigma"), normal_lpdf,
    draw=_normal_draw,
    log_cdf=lambda x, mu, sigma: normal_lcdf(standardized(x, mu, sigma)),
    log_ccdf=lambda x, mu, sigma: normal_lcdf(-standardized(x, mu, sigma)),
    quantile=lambda p, mu, sigma: mu + sigma * ndtri(p), supports={"sigma": SPREAD}, scale="sigma",
    summary="the normal distribution with mean mu and standard deviation sigma",
)
STD_NORMAL = Distribution(
    "std_normal", (), lambda x: -0.5 * real(x) * real(x) - LOG_SQRT_2PI,
    draw=lambda shape: primitive("std_normal", shape=shape),
    log_cdf=lambda x: normal_lcdf(real(x)),
    log_ccdf=lambda x: normal_lcdf(-real(x)),
    quantile=ndtri,
    summary="the normal distribution with mean 0 and standard deviation 1",
)
CAUCHY = Distribution(
    "cauchy", ("mu", "sigma"), cauchy_lpdf,
    draw=lambda shape, mu, sigma: mu + sigma * tan(math.pi * (primitive("uniform", shape=shape) - 0.5)),
    log_cdf=lambda x, mu, sigma: _cauchy_lcdf(standardized(x, mu, sigma)),
    log_ccdf=lambda x, mu, sigma: _cauchy_lcdf(-standardized(x, mu, sigma)),
    quantile=lambda p, mu, sigma: mu + sigma * tan(math.pi * (p - 0.5)), positive=SCALE, scale="sigma",
    summary="the Cauchy distribution around mu with scale sigma, whose tails have no mean",
)
STUDENT_T = Distribution(
    "student_t", ("nu", "mu", "sigma"), student_t_lpdf,
    draw=lambda shape, nu, mu, sigma: mu + sigma * primitive("std_normal", shape=shape)
    * sqrt(0.5 * nu / gamma_draw(shape, 0.5 * nu)),
    log_cdf=lambda x, nu, mu, sigma: _student_t_lcdf(standardized(x, mu, sigma), nu),
    log_ccdf=lambda x, nu, mu, sigma: _student_t_lcdf(-standardized(x, mu, sigma), nu),
    quantile=lambda p, nu, mu, sigma: mu + sigma * student_t_quantile(real(nu), p),
    positive=("nu", "sigma"), scale="sigma",
    summary="Student's t distribution with nu degrees of freedom, location mu and scale sigma",
)
DOUBLE_EXPONENTIAL = Distribution(
    "double_exponential", ("mu", "sigma"), double_exponential_lpdf,
    draw=lambda shape, mu, sigma: mu + sigma * (exponential_draw(shape) - exponential_draw(shape)),
    log_cdf=lambda x, mu, sigma: _laplace_lcdf(standardized(x, mu, sigma)),
    log_ccdf=lambda x, mu, sigma: _laplace_lcdf(-standardized(x, mu, sigma)),
    quantile=lambda p, mu, sigma: mu - sigma * sign(p - 0.5) * log1p(-2.0 * absolute(p - 0.5)),
    positive=SCALE, scale="sigma",
    summary="the double exponential, or Laplace, distribution around mu with scale sigma",
)
LOGISTIC = Distribution(
    "logistic", ("mu", "sigma"), logistic_lpdf,
    draw=by_inversion(_logistic_quantile),
    log_cdf=_logistic_lcdf, log_ccdf=_logistic_lccdf,
    quantile=_logistic_quantile, positive=SCALE, scale="sigma",
    summary="the logistic distribution around mu with scale sigma",
)
GUMBEL = Distribution(
    "gumbel", ("mu", "beta"), gumbel_lpdf,
    draw=lambda shape, mu, beta: mu - beta * log(exponential_draw(shape)),
    log_cdf=lambda x, mu, beta: -exp(-standardized(x, mu, beta)),
    log_ccdf=lambda x, mu, beta: log_first_event(exp(-standardized(x, mu, beta)), -standardized(x, mu, beta)),
    quantile=lambda p, mu, beta: mu - beta * log(-log(p)), supports={"beta": SPREAD}, scale="beta",
    summary="the Gumbel distribution of largest values with mode mu and scale beta",
)
EXP_MOD_NORMAL = Distribution(
    "exp_mod_normal", ("mu", "sigma", "lambda"), exp_mod_normal_lpdf,
    draw=lambda shape, mu, sigma, rate: _normal_draw(shape, mu, sigma) + exponential_draw(shape) / rate,
    log_cdf=_exp_mod_normal_lcdf, log_ccdf=_exp_mod_normal_lccdf, positive=("sigma", "lambda"), scale="sigma",
    summary="the sum of a normal (mean mu, standard deviation sigma) and an exponential number of rate lambda",
)
SKEW_DOUBLE_EXPONENTIAL = Distribution(
    "skew_double_exponential", ("mu", "sigma", "tau"), skew_double_exponential_lpdf,
    draw=by_inversion(_skew_double_exponential_quantile),
    log_cdf=_skew_double_exponential_lcdf, log_ccdf=_skew_double_exponential_lccdf,
    quantile=_skew_double_exponential_quantile,
    positive=SCALE, supports={"tau": PROBABILITY}, scale="sigma",
    summary="the double exponential distribution around mu with scale sigma and a mass of tau below mu",
)

CONTINUOUS = (
    NORMAL, STD_NORMAL, CAUCHY, STUDENT_T, DOUBLE_EXPONENTIAL, LOGISTIC, GUMBEL, SKEW_NORMAL, EXP_MOD_NORMAL,
    SKEW_DOUBLE_EXPONENTIAL,
)
