"""Distributions of integers. Formulas: Stan Functions Reference, "Binary" and "Bounded/Unbounded Discrete
Distributions"."""
from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ppl_cli.distributions.base import ANY_REAL, NOT_NEGATIVE, PROBABILITY, RATE, Distribution
from ppl_cli.distributions.formulas import (
    NEGATIVE_INFINITY,
    Shape,
    beta_draw,
    exponential_draw,
    gamma_draw,
    log_choose,
    multiply_log,
    multiply_log1m,
    real,
    valid,
    within,
)
from ppl_cli.graph.basic import Variable, as_variable, constant, root
from ppl_cli.graph.traversal import evaluate, roots_of
from ppl_cli.ops.control import make_loop
from ppl_cli.ops.distribution_functions import (
    log_gamma_p,
    log_gamma_q,
    log_inc_beta,
    log_inc_beta_complement,
    log_rising,
)
from ppl_cli.ops.random import primitive
from ppl_cli.ops.reduction import log_sum_exp, reduce_max
from ppl_cli.ops.scalar_math import (
    add,
    both,
    eq,
    exp,
    ge,
    gt,
    int_max,
    int_min,
    inv_logit,
    lbeta,
    le,
    lgamma,
    log,
    log1m_exp,
    log1p,
    log1p_exp,
    lt,
    minimum,
    negation,
    sub,
    switch,
    to_int,
)
from ppl_cli.ops.shape import broadcast_to, reshape


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
    mass = multiply_log(held, valid(ge(rate, 0.0), rate)) - rate - lgamma(real(held) + 1.0)
    return within(both(ge(x, 0), negation(eq(rate, np.inf))), mass)


def poisson_log_lpmf(x: Any, log_rate: Any) -> Variable:
    x, a = as_variable(x), real(log_rate)
    held = real(int_max(x, 0))
    product = switch(eq(held, 0.0), 0.0, held * a)
    return within(both(ge(x, 0), negation(eq(a, np.inf))), product - exp(a) - lgamma(held + 1.0))


def neg_binomial_lpmf(x: Any, alpha: Any, beta: Any) -> Variable:
    x, alpha, beta = as_variable(x), real(alpha), real(beta)
    k = real(int_max(x, 0))
    choose = log_rising(valid(gt(alpha, 0.0), alpha), k) - lgamma(k + 1.0)
    return within(ge(x, 0), choose - alpha * log1p(1.0 / beta) - k * log1p(beta))


def neg_binomial_2_lpmf(x: Any, mu: Any, phi: Any) -> Variable:
    x, mu, phi = as_variable(x), real(mu), real(phi)
    k = real(int_max(x, 0))
    choose = log_rising(phi, k) - lgamma(k + 1.0)
    return within(ge(x, 0), choose + multiply_log(k, mu) - k * log(mu + phi) - phi * log1p(mu / phi))


def neg_binomial_2_log_lpmf(x: Any, eta: Any, phi: Any) -> Variable:
    x, eta, phi = as_variable(x), real(eta), real(phi)
    k = real(int_max(x, 0))
    choose = log_rising(phi, k) - lgamma(k + 1.0)
    excess = log1p_exp(eta - log(phi))  # log(mu + phi) - log(phi)
    return within(ge(x, 0), choose + k * (eta - log(phi)) - (k + phi) * excess)


def beta_binomial_lpmf(x: Any, n: Any, alpha: Any, beta: Any) -> Variable:
    x, n, alpha, beta = as_variable(x), as_variable(n), real(alpha), real(beta)
    held = int_min(int_max(x, 0), n)
    k, m = real(held), real(sub(n, held))
    prior = valid(both(gt(alpha, 0.0), gt(beta, 0.0)), lbeta(alpha, beta))
    return within(both(ge(x, 0), le(x, n)), log_choose(n, held) + lbeta(k + alpha, m + beta) - prior)


def discrete_range_lpmf(x: Any, low: Any, high: Any) -> Variable:
    x, low, high = as_variable(x), as_variable(low), as_variable(high)
    return within(both(ge(x, low), le(x, high)), -log(real(sub(high, low)) + 1.0))


def hypergeometric_lpmf(x: Any, n: Any, a: Any, b: Any) -> Variable:
    """x successes in n draws without replacement from a successes and b failures."""
    x, n, a, b = map(as_variable, (x, n, a, b))
    inside = both(both(ge(x, 0), le(x, a)), both(le(x, n), le(sub(n, x), b)))
    return within(inside, log_choose(a, x) + log_choose(b, sub(n, x)) - log_choose(add(a, b), n))


def beta_neg_binomial_lpmf(x: Any, r: Any, alpha: Any, beta: Any) -> Variable:
    x, r, alpha, beta = as_variable(x), real(r), real(alpha), real(beta)
    k = real(int_max(x, 0))
    prior = valid(both(gt(alpha, 0.0), gt(beta, 0.0)), lbeta(beta, alpha))
    choose = log_rising(valid(gt(r, 0.0), r), k) - lgamma(k + 1.0)
    return within(ge(x, 0), choose + lbeta(beta + k, alpha + r) - prior)


def yule_simon_lpmf(x: Any, alpha: Any) -> Variable:
    x, alpha = as_variable(x), real(alpha)
    return within(ge(x, 1), log(alpha) + lbeta(alpha + 1.0, real(int_max(x, 1))))


# --------------------------------------------------------------------- distribution functions


def _tail(x: Any, last: Any, upper: bool, inside: Any) -> Variable:
    """log P(X <= x), or P(X > x), of a count up to `last` (None: without end): `inside(held)` for 0 <= held < last;
    exact outside."""
    x = as_variable(x)
    at_low, at_high = (0.0, NEGATIVE_INFINITY) if upper else (NEGATIVE_INFINITY, 0.0)
    if last is None:
        return switch(lt(x, 0), at_low, inside(real(int_max(x, 0))))
    held = int_max(int_min(x, sub(last, 1)), 0)
    return switch(lt(x, 0), at_low, switch(ge(x, last), at_high, inside(real(held))))


def _bernoulli_tail(x: Any, p: Any, upper: bool) -> Variable:
    p = real(p)
    checked = valid(both(ge(p, 0.0), le(p, 1.0)), p)
    return _tail(x, constant(1), upper, lambda held: log(checked) if upper else log1p(-checked))


def _binomial_tail(x: Any, n: Any, p: Any, upper: bool) -> Variable:
    n, p = as_variable(n), real(p)
    trials = real(int_max(n, 1))

    part = log_inc_beta if upper else log_inc_beta_complement
    return _tail(x, n, upper, lambda k: part(k + 1.0, trials - k, p))


def _poisson_tail(x: Any, rate: Any, upper: bool) -> Variable:
    rate = real(rate)
    return _tail(x, None, upper, lambda k: (log_gamma_p if upper else log_gamma_q)(k + 1.0, rate))


def _neg_binomial_tail(x: Any, shape: Any, failure: Variable, upper: bool) -> Variable:
    """Failures, of probability `failure`, before `shape` successes."""
    part = log_inc_beta if upper else log_inc_beta_complement
    return _tail(x, None, upper, lambda k: part(k + 1.0, real(shape), failure))


def _inner(v: Variable) -> Variable:
    """`v` with one more axis, along which masses are summed."""
    return reshape(v, (*v.shape, 1))


def _largest(v: Variable) -> Variable:
    return reduce_max(reshape(v, (v.type.size,)))


Masses = Callable[[Variable, Callable[[Any], Variable]], Variable]


def _log_sum(masses: Masses, last: Variable) -> Variable:
    """The log of the sum of exp(masses(k, lift)) over k = 0, 1, .. up to the largest of `last`: where that is data
    along an axis, with which `lift` completes what has none, else in a loop."""
    if not roots_of([last]):
        return log_sum_exp(masses(constant(np.arange(int(evaluate([last])[0].max(initial=0)) + 1)), _inner))
    k = root("k", "int64")
    term = exp(masses(k, lambda v: v))
    total = root("total", shape=term.shape)
    zero = constant(np.zeros(term.shape))
    return log(make_loop(k, [total], [total + term], 0, add(_largest(last), 1), [zero])[0])


def _beta_neg_binomial_tail(x: Any, r: Any, alpha: Any, beta: Any, upper: bool) -> Variable:
    """The sum of the masses up to x."""
    parameters = [as_variable(v) for v in (r, alpha, beta)]

    def inside(held: Variable) -> Variable:
        def masses(k: Variable, lift: Callable[[Any], Variable]) -> Variable:
            return within(le(k, lift(held)), beta_neg_binomial_lpmf(k, *map(lift, parameters)))

        lower = _log_sum(masses, as_variable(x))
        return log1m_exp(lower) if upper else lower

    return _tail(x, None, upper, inside)


def _yule_simon_tail(x: Any, alpha: Any, upper: bool) -> Variable:
    def inside(before: Variable) -> Variable:
        above = log(before + 1.0) + lbeta(before + 1.0, real(alpha) + 1.0)
        return above if upper else log1m_exp(above)

    return _tail(sub(as_variable(x), 1), None, upper, inside)


def _beta_binomial_tail(x: Any, n: Any, alpha: Any, beta: Any, upper: bool) -> Variable:
    """The sum of the masses up to x or of those above it."""
    n, counted = as_variable(n), gt if upper else le
    parameters = [as_variable(v) for v in (n, alpha, beta)]

    def inside(held: Variable) -> Variable:
        def masses(k: Variable, lift: Callable[[Any], Variable]) -> Variable:
            return within(counted(k, lift(held)), beta_binomial_lpmf(k, *map(lift, parameters)))

        return _log_sum(masses, n)

    return _tail(x, n, upper, inside)


def _discrete_range_tail(x: Any, low: Any, high: Any, upper: bool) -> Variable:
    low, high = as_variable(low), as_variable(high)
    width = real(sub(high, low)) + 1.0
    part = _tail(sub(x, low), sub(high, low), upper, lambda k: log((width - 1.0 - k if upper else k + 1.0) / width))
    return valid(ge(width, 1.0), part)


# -------------------------------------------------------------------------------------- draws


def _uniform_below(shape: Shape, p: Any) -> Variable:
    return switch(lt(primitive("uniform", shape=shape), p), 1, 0)


def _poisson(shape: Shape, rate: Any) -> Variable:
    return primitive("poisson", rate, shape=shape)


def _binomial(shape: Shape, n: Any, p: Any) -> Variable:
    return primitive("binomial", n, p, shape=shape)


def _hypergeometric_draw(shape: Shape, n: Any, a: Any, b: Any) -> Variable:
    """By inversion: the number of outcomes below which there is less mass than a uniform number."""
    n, a, b = (broadcast_to(as_variable(v), shape) for v in (n, a, b))
    u, zero = primitive("uniform", shape=shape), constant(np.zeros(shape))
    k, below, passed = root("k", "int64"), root("below", shape=shape), root("passed", "int64", shape)
    mass = below + exp(hypergeometric_lpmf(k, n, a, b))
    counted = add(passed, switch(gt(u, mass), 1, 0))
    stop = add(int_min(_largest(n), _largest(a)), 1)
    return int_min(make_loop(k, [below, passed], [mass, counted], 0, stop, [zero, to_int(zero)])[1], n)


def _neg_binomial_draw(shape: Shape, r: Any, p: Variable) -> Variable:
    """Failures before r successes of probability p."""
    return _poisson(shape, gamma_draw(shape, r) * (1.0 - p) / p)


def _yule_simon_draw(shape: Shape, alpha: Any) -> Variable:
    """The number of trials up to the first success, whose probability is exp(-w) for an exponential w of rate alpha."""
    failure = log1m_exp(-exponential_draw(shape) / alpha)
    return add(to_int(minimum(-exponential_draw(shape) / failure, 1e18)), 1)


def _discrete(
    name: str, parameters: tuple[str, ...], mass: Any, draw: Any, tail: Any = None, **more: Any
) -> Distribution:
    """`tail(x, *parameters, upper)` is the log of the mass up to x or (upper) above it."""
    if tail is not None:
        more |= {"log_cdf": lambda *a: tail(*a, upper=False), "log_ccdf": lambda *a: tail(*a, upper=True)}
    return Distribution(name, parameters, mass, draw=draw, dtype="int64", **more)


DISCRETE = (
    _discrete("bernoulli", ("theta",), bernoulli_lpmf, _uniform_below, _bernoulli_tail,
              supports={"theta": PROBABILITY},
              summary="the Bernoulli distribution: 1 with probability theta, else 0"),
    _discrete("bernoulli_logit", ("alpha",), bernoulli_logit_lpmf,
              lambda shape, a: _uniform_below(shape, inv_logit(real(a))), supports={"alpha": ANY_REAL},
              summary="the Bernoulli distribution whose probability of 1 has the log odds alpha"),
    _discrete("binomial", ("N", "theta"), binomial_lpmf, _binomial, _binomial_tail,
              supports={"N": NOT_NEGATIVE, "theta": PROBABILITY},
              summary="the binomial distribution: successes in N trials of probability theta"),
    _discrete("binomial_logit", ("N", "alpha"), binomial_logit_lpmf,
              lambda shape, n, a: _binomial(shape, n, inv_logit(real(a))),
              summary="the binomial distribution: successes in N trials whose probability has the log odds alpha"),
    _discrete("poisson", ("lambda",), poisson_lpmf, _poisson, _poisson_tail, supports={"lambda": RATE},
              summary="the Poisson distribution of counts with mean lambda"),
    _discrete("poisson_log", ("alpha",), poisson_log_lpmf, lambda shape, a: _poisson(shape, exp(real(a))),
              supports={"alpha": ANY_REAL},
              summary="the Poisson distribution of counts whose mean has the logarithm alpha"),
    _discrete("neg_binomial", ("alpha", "beta"), neg_binomial_lpmf,
              lambda shape, a, b: _poisson(shape, gamma_draw(shape, a) / b),
              lambda x, a, b, upper: _neg_binomial_tail(x, a, 1.0 / (1.0 + real(b)), upper),
              positive=("alpha", "beta"),
              summary="Poisson counts whose mean is gamma with shape alpha and rate beta (negative binomial)"),
    _discrete("neg_binomial_2", ("mu", "phi"), neg_binomial_2_lpmf,
              lambda shape, mu, phi: _poisson(shape, mu * gamma_draw(shape, phi) / phi),
              lambda x, mu, phi, upper: _neg_binomial_tail(x, phi, real(mu) / (real(mu) + phi), upper),
              positive=("mu", "phi"),
              summary="the negative binomial distribution of counts with mean mu and variance mu + mu^2 / phi"),
    _discrete("neg_binomial_2_log", ("eta", "phi"), neg_binomial_2_log_lpmf,
              lambda shape, eta, phi: _poisson(shape, exp(real(eta)) * gamma_draw(shape, phi) / phi),
              positive=("phi",),
              summary="the negative binomial distribution of counts whose mean has the logarithm eta; precision phi"),
    _discrete("beta_binomial", ("N", "alpha", "beta"), beta_binomial_lpmf,
              lambda shape, n, a, b: _binomial(shape, n, beta_draw(shape, a, b)), _beta_binomial_tail,
              positive=("alpha", "beta"), supports={"N": NOT_NEGATIVE},
              summary="the binomial distribution of N trials whose probability is beta with alpha and beta"),
    _discrete("beta_neg_binomial", ("r", "alpha", "beta"), beta_neg_binomial_lpmf,
              lambda shape, r, a, b: _neg_binomial_draw(shape, r, beta_draw(shape, a, b)), _beta_neg_binomial_tail,
              positive=("r", "alpha", "beta"),
              summary="failures before r successes whose probability is beta with alpha and beta"),
    _discrete("yule_simon", ("alpha",), yule_simon_lpmf, _yule_simon_draw, _yule_simon_tail, positive=("alpha",),
              summary="the Yule-Simon distribution of counts from 1 on, with shape alpha"),
    _discrete("hypergeometric", ("N", "a", "b"), hypergeometric_lpmf, _hypergeometric_draw,
              summary="the hypergeometric distribution: marked ones among N drawn from a marked and b others"),
    _discrete("discrete_range", ("lower", "upper"), discrete_range_lpmf,
              lambda shape, low, high: int_min(add(low, to_int(
                  primitive("uniform", shape=shape) * (real(sub(high, low)) + 1.0))), high), _discrete_range_tail,
              ordered=("lower", "upper"), summary="the uniform distribution of integers from lower to upper"),
)  # fmt: skip
