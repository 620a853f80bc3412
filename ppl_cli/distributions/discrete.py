"""Distributions of integers. Formulas: Stan Functions Reference, "Binary" and "Bounded/Unbounded Discrete Distributions"."""
from __future__ import annotations

from typing import Any

import numpy as np

from ppl_cli.distributions.base import Distribution
from ppl_cli.distributions.formulas import (
    lbeta, log_choose, multiply_log, multiply_log1m, real, valid, within,
)
from ppl_cli.graph.basic import Variable, as_variable, constant
from ppl_cli.ops.distribution_functions import gamma_p, gamma_q, inc_beta
from ppl_cli.ops.indexing import gather
from ppl_cli.ops.random import primitive
from ppl_cli.ops.reduction import CumulativeSum, log_sum_exp, reduce_max, reduce_sum
from ppl_cli.ops.scalar_math import (
    add, both, eq, exp, ge, gt, int_max, int_min, inv_logit, le, lgamma, log, log1m_exp, log1p, log1p_exp, lt, sub, switch, to_int,
)
from ppl_cli.ops.shape import broadcast_to, join, reshape

Shape = tuple[int, ...]


def bernoulli_lpmf(x: Any, p: Any) -> Variable:
    """The log of the chosen probability: choosing between logs would differentiate the one that is not chosen, too."""
    x, p = as_variable(x), real(p)
    chosen = switch(eq(x, 1), p, 1.0 - p)
    return within(both(ge(x, 0), le(x, 1)), valid(le(chosen, 1.0), log(chosen)))


def bernoulli_logit_lpmf(x: Any, logit: Any) -> Variable:
    """-log(1 + exp(-s a)) with the sign s of the outcome: one exponential whatever it is."""
    x, a = as_variable(x), real(logit)
    sign = switch(eq(x, 1), 1.0, -1.0)
    return within(both(ge(x, 0), le(x, 1)), -log1p_exp(-sign * a))


def binomial_lpmf(x: Any, n: Any, p: Any) -> Variable:
    x, n, p = as_variable(x), as_variable(n), real(p)
    inside = both(ge(x, 0), le(x, n))
    held = int_min(int_max(x, 0), n)
    return within(inside, log_choose(n, held) + multiply_log(held, p) + multiply_log1m(sub(n, held), p))


def binomial_logit_lpmf(x: Any, n: Any, logit: Any) -> Variable:
    x, n, a = as_variable(x), as_variable(n), real(logit)
    inside = both(ge(x, 0), le(x, n))
    held = int_min(int_max(x, 0), n)
    failures = real(sub(n, held))
    return within(inside, log_choose(n, held) - real(held) * log1p_exp(-a) - failures * log1p_exp(a))


def poisson_lpmf(x: Any, rate: Any) -> Variable:
    x, rate = as_variable(x), real(rate)
    held = int_max(x, 0)
    return within(ge(x, 0), multiply_log(held, valid(ge(rate, 0.0), rate)) - rate - lgamma(real(held) + 1.0))


def poisson_log_lpmf(x: Any, log_rate: Any) -> Variable:
    x, a = as_variable(x), real(log_rate)
    held = real(int_max(x, 0))
    product = switch(eq(held, 0.0), 0.0, held * a)
    return within(ge(x, 0), product - exp(a) - lgamma(held + 1.0))


def neg_binomial_lpmf(x: Any, alpha: Any, beta: Any) -> Variable:
    x, alpha, beta = as_variable(x), real(alpha), real(beta)
    k = real(int_max(x, 0))
    choose = lgamma(k + alpha) - lgamma(valid(gt(alpha, 0.0), alpha)) - lgamma(k + 1.0)
    return within(ge(x, 0), choose + alpha * (log(beta) - log1p(beta)) - k * log1p(beta))


def neg_binomial_2_lpmf(x: Any, mu: Any, phi: Any) -> Variable:
    x, mu, phi = as_variable(x), real(mu), real(phi)
    k = real(int_max(x, 0))
    choose = lgamma(k + phi) - lgamma(phi) - lgamma(k + 1.0)
    return within(ge(x, 0), choose + multiply_log(k, mu) - k * log(mu + phi) - phi * log1p(mu / phi))


def neg_binomial_2_log_lpmf(x: Any, eta: Any, phi: Any) -> Variable:
    x, eta, phi = as_variable(x), real(eta), real(phi)
    k = real(int_max(x, 0))
    choose = lgamma(k + phi) - lgamma(phi) - lgamma(k + 1.0)
    excess = log1p_exp(eta - log(phi))  # log(mu + phi) - log(phi)
    return within(ge(x, 0), choose + k * (eta - log(phi)) - (k + phi) * excess)


def geometric_lpmf(x: Any, theta: Any) -> Variable:
    x, theta = as_variable(x), real(theta)
    return within(ge(x, 0), log(theta) + multiply_log1m(int_max(x, 0), theta))


def beta_binomial_lpmf(x: Any, n: Any, alpha: Any, beta: Any) -> Variable:
    x, n, alpha, beta = as_variable(x), as_variable(n), real(alpha), real(beta)
    held = int_min(int_max(x, 0), n)
    k, m = real(held), real(sub(n, held))
    prior = valid(both(gt(alpha, 0.0), gt(beta, 0.0)), lbeta(alpha, beta))
    return within(both(ge(x, 0), le(x, n)), log_choose(n, held) + lbeta(k + alpha, m + beta) - prior)


def discrete_range_lpmf(x: Any, low: Any, high: Any) -> Variable:
    x, low, high = as_variable(x), as_variable(low), as_variable(high)
    return within(both(ge(x, low), le(x, high)), -log(real(sub(high, low)) + 1.0))


# ------------------------------------------------------------------------------------ categories


def _pick(x: Variable, table: Variable) -> Variable:
    """Element x (from 1) of the last axis of `table`; batches of both broadcast. Out of range: the nearest."""
    k = table.shape[-1]
    position = sub(int_min(int_max(x, 1), k), 1)
    lead = table.shape[:-1]
    shape = np.broadcast_shapes(lead, x.shape)
    if not lead:
        return gather(table, position)
    first = len(shape) - len(lead)
    grids = []
    for axis, n in enumerate(lead):
        extent = [1] * len(shape)
        extent[first + axis] = n
        grids.append(constant(np.arange(n).reshape(extent)))
    return gather(table, *grids, broadcast_to(position, shape))


def _category(x: Any, logs: Variable) -> Variable:
    x = as_variable(x)
    return within(both(ge(x, 1), le(x, logs.shape[-1])), _pick(x, logs))


def categorical_lpmf(x: Any, theta: Any) -> Variable:
    return _category(x, log(real(theta)))


def categorical_logit_lpmf(x: Any, beta: Any) -> Variable:
    beta = real(beta)
    total = log_sum_exp(beta)
    return _category(x, beta) - total


def _draw_category(shape: Shape, weights: Variable) -> Variable:
    """1 + the number of cumulative weights that a uniform draw exceeds."""
    total = CumulativeSum()(weights)
    k = weights.shape[-1]
    u = reshape(primitive("uniform", shape=shape), (*shape, 1)) * broadcast_to(_last(total), (*total.shape[:-1], 1))
    passed = switch(gt(u, total), 1, 0)
    return int_min(add(reduce_sum(passed, -1), 1), k)


def _last(v: Variable) -> Variable:
    return reshape(reduce_max(v, -1), (*v.shape[:-1], 1))


def _softmax(beta: Variable) -> Variable:
    return exp(beta - _last(beta))


def ordered_logistic_lpmf(x: Any, eta: Any, cutpoints: Any) -> Variable:
    x, eta, cuts = as_variable(x), real(eta), real(cutpoints)
    k = cuts.shape[-1] + 1
    ends = constant(np.full((*cuts.shape[:-1], 1), np.inf))
    padded = join([-ends, cuts, ends], -1)  # type: ignore[operator]
    inside = both(ge(x, 1), le(x, k))
    held = int_min(int_max(x, 1), k)
    first, last = eq(held, 1), eq(held, k)
    below = eta - switch(first, 0.0, _pick(held, padded))
    above = eta - switch(last, 0.0, _pick(add(held, 1), padded))
    # log(inv_logit(below) - inv_logit(above)), each end on its own
    ordered = lt(above, below)
    gap = log1m_exp(switch(ordered, above - below, -1.0))
    middle = valid(ordered, gap - log1p_exp(-below) - log1p_exp(above))
    log_p = switch(first, -log1p_exp(above), switch(last, -log1p_exp(-below), middle))
    return within(inside, log_p)


def _ordered_logistic_draw(shape: Shape, eta: Any, cutpoints: Variable) -> Variable:
    u = primitive("uniform", shape=shape)
    latent = eta + log(u) - log1p(-u)
    return add(reduce_sum(switch(gt(reshape(latent, (*shape, 1)), cutpoints), 1, 0), -1), 1)


def _uniform_below(shape: Shape, p: Any) -> Variable:
    return switch(lt(primitive("uniform", shape=shape), p), 1, 0)


def _poisson(shape: Shape, rate: Any) -> Variable:
    return primitive("poisson", rate, shape=shape)


def _binomial(shape: Shape, n: Any, p: Any) -> Variable:
    return primitive("binomial", n, p, shape=shape)


def _gamma(shape: Shape, alpha: Any) -> Variable:
    return primitive("std_gamma", alpha, shape=shape)


def _beta(shape: Shape, a: Any, b: Any) -> Variable:
    first = _gamma(shape, a)
    return first / (first + _gamma(shape, b))


def _discrete(name: str, parameters: tuple[str, ...], log_prob: Any, draw: Any, **more: Any) -> Distribution:
    return Distribution(name, parameters, log_prob, draw=draw, dtype="int64", **more)


def _poisson_lcdf(x: Any, rate: Any) -> Variable:
    return log(gamma_q(real(int_max(as_variable(x), -1)) + 1.0, real(rate)))


def _poisson_lccdf(x: Any, rate: Any) -> Variable:
    return log(gamma_p(real(int_max(as_variable(x), -1)) + 1.0, real(rate)))


def _binomial_lcdf(x: Any, n: Any, p: Any) -> Variable:
    k = real(x)
    return switch(ge(k, real(n)), 0.0, within(ge(k, 0.0), log(inc_beta(real(n) - k, k + 1.0, 1.0 - real(p)))))


def _binomial_lccdf(x: Any, n: Any, p: Any) -> Variable:
    k = real(x)
    return switch(lt(k, 0.0), 0.0, within(lt(k, real(n)), log(inc_beta(k + 1.0, real(n) - k, real(p)))))


DISCRETE = (
    _discrete("bernoulli", ("theta",), bernoulli_lpmf, _uniform_below),
    _discrete("bernoulli_logit", ("alpha",), bernoulli_logit_lpmf,
              lambda shape, a: _uniform_below(shape, inv_logit(real(a)))),
    _discrete("binomial", ("N", "theta"), binomial_lpmf, _binomial, log_cdf=_binomial_lcdf, log_ccdf=_binomial_lccdf),
    _discrete("binomial_logit", ("N", "alpha"), binomial_logit_lpmf,
              lambda shape, n, a: _binomial(shape, n, inv_logit(real(a)))),
    _discrete("poisson", ("lambda",), poisson_lpmf, _poisson, log_cdf=_poisson_lcdf, log_ccdf=_poisson_lccdf),
    _discrete("poisson_log", ("alpha",), poisson_log_lpmf, lambda shape, a: _poisson(shape, exp(real(a)))),
    _discrete("neg_binomial", ("alpha", "beta"), neg_binomial_lpmf,
              lambda shape, a, b: _poisson(shape, _gamma(shape, a) / b)),
    _discrete("neg_binomial_2", ("mu", "phi"), neg_binomial_2_lpmf,
              lambda shape, mu, phi: _poisson(shape, mu * _gamma(shape, phi) / phi)),
    _discrete("neg_binomial_2_log", ("eta", "phi"), neg_binomial_2_log_lpmf,
              lambda shape, eta, phi: _poisson(shape, exp(real(eta)) * _gamma(shape, phi) / phi)),
    _discrete("beta_binomial", ("N", "alpha", "beta"), beta_binomial_lpmf,
              lambda shape, n, a, b: _binomial(shape, n, _beta(shape, a, b))),
    _discrete("discrete_range", ("lower", "upper"), discrete_range_lpmf,
              lambda shape, low, high: int_min(add(low, to_int(
                  primitive("uniform", shape=shape) * (real(sub(high, low)) + 1.0))), high)),
    _discrete("categorical", ("theta",), categorical_lpmf, _draw_category, event_ndims=(1,)),
    _discrete("categorical_logit", ("beta",), categorical_logit_lpmf,
              lambda shape, beta: _draw_category(shape, _softmax(beta)), event_ndims=(1,)),
    _discrete("ordered_logistic", ("eta", "cutpoints"), ordered_logistic_lpmf, _ordered_logistic_draw,
              event_ndims=(0, 1)),
)  # fmt: skip
