"""Random expressions with the laws that they have: SciPy's, or a closed form written down independently."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.stats as st
from scipy.special import log_ndtr, logsumexp

from ppl_cli import load
from ppl_cli.graph.basic import Variable
from ppl_cli.graph.traversal import toposort
from ppl_cli.ops.random import LogProb

Real = Callable[[Any], Any]
INFINITE = (-np.inf, np.inf)
POSITIVE = (0.0, np.inf)
COUNTS = tuple(range(0, 60))
WHOLE = tuple(range(-60, 61))


def expression(text: str, kind: str = "real") -> Variable:
    """The graph of what stands on the right of `~`."""
    model = load(f"parameters {{ {kind} y; }} model {{ y ~ {text}; }}").model
    (node,) = [n for n in toposort([model.terms[0].value]) if isinstance(n.op, LogProb)]
    return node.inputs[0]


@dataclass(frozen=True)
class Case:
    """`log_density` is the log mass at the `masses`; elsewhere a density, on `pieces` where it is smooth."""

    text: str
    log_density: Real
    pieces: Sequence[float] = ()
    masses: Sequence[float] = ()
    at: Sequence[float] = ()


def _continuous(text: str, law: Any, pieces: Sequence[float] = INFINITE, at: Sequence[float] = ()) -> Case:
    return Case(text, law.logpdf, pieces, at=at)


def _counts(text: str, law: Any, masses: Sequence[float] = COUNTS) -> Case:
    return Case(text, lambda y: law.logpmf(np.round(y)), masses=masses)


def _rounded(text: str, law: Any, low: Real, high: Real, at: Sequence[float] = ()) -> Case:
    """P(low(k) < X <= high(k)), on the side where digits are left."""

    def mass(k: Any) -> Any:
        lower, upper = low(k), high(k)
        below = logsumexp([law.logcdf(upper), law.logcdf(lower)], axis=0, b=[[1], [-1]])
        above = logsumexp([law.logsf(lower), law.logsf(upper)], axis=0, b=[[1], [-1]])
        return np.where(lower > law.median(), above, below)

    return Case(text, mass, masses=WHOLE, at=at)


def _censored(law: Any, low: float, high: float) -> Real:
    def log_density(y: Any) -> Any:
        inner = np.where((y > low) & (y < high), law.logpdf(y), -np.inf)
        return np.where(y == low, law.logcdf(low), np.where(y == high, law.logsf(high), inner))

    return log_density


def _bernoulli(text: str, probability: float) -> Case:
    return _counts(text, st.bernoulli(probability), (0, 1))


def _greatest(*laws: Any) -> Real:
    return lambda y: logsumexp(
        [law.logpdf(y) + sum(other.logcdf(y) for other in laws if other is not law) for law in laws], axis=0
    )


def _least(*laws: Any) -> Real:
    return lambda y: logsumexp(
        [law.logpdf(y) + sum(other.logsf(y) for other in laws if other is not law) for law in laws], axis=0
    )


def _greatest_count(*laws: Any) -> Real:
    return lambda y: np.log(np.prod([law.cdf(y) for law in laws], 0) - np.prod([law.cdf(y - 1) for law in laws], 0))


def _arcsinh_of_normal(y: Any) -> Any:
    return st.norm.logpdf(np.sinh(y)) + np.log(np.cosh(y))


def _cosh_of_normal(y: Any) -> Any:
    return np.log(2) + st.norm.logpdf(np.arccosh(y)) - 0.5 * np.log(y * y - 1.0)


N, P = st.norm, st.poisson

SMOOTH = [
    _continuous("exp(normal(0.2, 1.5))", st.lognorm(1.5, scale=np.exp(0.2)), POSITIVE),
    _continuous("3 - 2 * student_t(4, 0, 1)", st.t(4, 3, 2)),
    _continuous("abs(normal(0.5, 1))", st.foldnorm(0.5), POSITIVE),
    _continuous("square(normal(0, 1))", st.chi2(1), POSITIVE),
    _continuous("normal(0, 1)^2", st.chi2(1), POSITIVE),
    _continuous("1 / gamma(2, 3)", st.invgamma(2, scale=3), POSITIVE),
    _continuous("2 / cauchy(0, 1)", st.cauchy(0, 2), (-np.inf, 0.0, np.inf)),
    _continuous("inv_logit(logistic(0, 1))", st.uniform, (0.0, 1.0)),
    _continuous("logit(beta(1, 1))", st.logistic),
    _continuous("Phi(normal(0, 1))", st.uniform, (0.0, 1.0)),
    _continuous("inv_Phi(uniform(0, 1))", st.norm),
    _continuous("sqrt(exponential(1))", st.weibull_min(2), POSITIVE),
    _continuous("-log(exponential(1))", st.gumbel_r),
    Case("tanh(normal(0, 1))", lambda y: N.logpdf(np.arctanh(y)) - np.log1p(-y * y), (-1.0, 1.0)),
    Case("asinh(normal(0, 1))", _arcsinh_of_normal, INFINITE),
    Case("cosh(normal(0, 1))", _cosh_of_normal, (1.0, 1.5, np.inf)),
    Case("2 * poisson(2.5) + 1", lambda y: P(2.5).logpmf(np.round((y - 1) / 2)), masses=range(1, 80, 2)),
    Case("abs(poisson(2.5) - 2.0)", lambda y: np.log(P(2.5).pmf(2 + y) + np.where(y > 0, P(2.5).pmf(2 - y), 0.0)),
         masses=COUNTS),
    Case("exp(poisson(2.5) / 2.0)", lambda y: P(2.5).logpmf(np.round(2 * np.log(y))), masses=np.exp(np.arange(60) / 2)),
]  # fmt: skip

CENSORED = [
    Case("clip(normal(0.3, 1.2), -1, 2)", _censored(st.norm(0.3, 1.2), -1, 2), (-1.0, 2.0), (-1.0, 2.0)),
    Case("fmax(normal(0.3, 1.2), 1)", _censored(st.norm(0.3, 1.2), 1, np.inf), (1.0, np.inf), (1.0,), (9.0,)),
    Case("fmin(2, student_t(4, 0, 1))", _censored(st.t(4), -np.inf, 2), (-np.inf, 2.0), (2.0,)),
    Case("exp(2 * clip(normal(0, 1), -1, 0.7))", lambda y: np.where(
        (y < np.exp(-1.99)) | (y > np.exp(1.39)), _censored(N, -1, 0.7)(np.where(y < 1, -1.0, 0.7)),
        N.logpdf(np.log(y) / 2) - np.log(2 * y)), (np.exp(-2.0), np.exp(1.4)), (np.exp(-2.0), np.exp(1.4)), (0.5, 3.0)),
    Case("abs(clip(normal(0, 1), -1, 1))", lambda y: np.where(
        y == 1, np.log(2) + N.logsf(1), np.where(y < 1, np.log(2) + N.logpdf(y), -np.inf)), (0.0, 1.0), (1.0,)),
    Case("clip(fmax(normal(0, 1), normal(0, 1)), -0.5, 1.5)", lambda y: np.where(
        y == -0.5, 2 * N.logcdf(-0.5), np.where(y == 1.5, np.log1p(-N.cdf(1.5) ** 2),
        np.log(2) + N.logpdf(y) + N.logcdf(y))), (-0.5, 1.5), (-0.5, 1.5)),
    Case("fmax(poisson(3), 2)", lambda y: np.where(y == 2, P(3).logcdf(2), P(3).logpmf(y)), masses=range(2, 60)),
    Case("min(poisson(3), 4)", lambda y: np.where(y == 4, P(3).logsf(3), P(3).logpmf(y)), masses=range(0, 5)),
    Case("fmax(clip(normal(0, 1), -1, 1), clip(normal(0, 1), -1, 1))", lambda y: np.where(
        y == -1, 2 * N.logcdf(-1), np.where(y == 1, np.log1p(-N.cdf(1) ** 2), np.log(2) + N.logpdf(y) + N.logcdf(y))),
        (-1.0, 1.0), (-1.0, 1.0)),
]  # fmt: skip

ROUNDED = [
    _rounded("round(normal(0.3, 1.2))", st.norm(0.3, 1.2), lambda k: k - 0.5, lambda k: k + 0.5, (14.0, -14.0)),
    _rounded("floor(logistic(0.3, 1.2))", st.logistic(0.3, 1.2), lambda k: k, lambda k: k + 1, (40.0, -40.0)),
    _rounded("ceil(exponential(0.7))", st.expon(scale=1 / 0.7), lambda k: k - 1, lambda k: k, (20.0,)),
    _rounded("trunc(normal(0.3, 1.2))", st.norm(0.3, 1.2), lambda k: np.where(k > 0, k, k - 1),
             lambda k: np.where(k < 0, k, k + 1), (9.0, -9.0)),
    Case("clip(round(2 * normal(0, 1) + 1), -1, 3)", lambda y: np.log(np.where(
        y == -1, N.cdf(-0.75), np.where(y == 3, N.sf(0.75), N.cdf((y - 0.5) / 2) - N.cdf((y - 1.5) / 2)))),
        masses=range(-1, 4)),
    Case("10 ^ floor(normal(0, 1))", lambda y: np.log(
        N.cdf(np.round(np.log10(y)) + 1) - N.cdf(np.round(np.log10(y)))), masses=[10.0**k for k in range(-8, 8)],
        at=(1e-3, 1.0, 100.0)),
    Case("round(poisson(3) / 2.0)", lambda y: np.log(
        P(3).pmf(2 * y) + np.where(y > 0, P(3).pmf(2 * y - 1), 0.0)), masses=COUNTS),
    Case("fmax(floor(normal(0, 1)), ceil(normal(0, 1)))", lambda y: np.log(
        N.cdf(y + 1) * N.cdf(y) - N.cdf(y) * N.cdf(y - 1)), masses=range(-8, 12), at=(-3.0, 0.0, 2.0)),
]  # fmt: skip

COMPARED = [
    _bernoulli("normal(0.3, 1.2) < 0.5", N.cdf(0.2 / 1.2)),
    _bernoulli("0.5 <= normal(0.3, 1.2)", N.sf(0.2 / 1.2)),
    _bernoulli("!(normal(0.3, 1.2) > 0.5)", N.cdf(0.2 / 1.2)),
    _bernoulli("poisson(3) < 2", P(3).cdf(1)),
    _bernoulli("poisson(3) <= 2", P(3).cdf(2)),
    _bernoulli("2 < poisson(3)", P(3).sf(2)),
    _bernoulli("poisson(3) >= 2.5", P(3).sf(2)),
    _bernoulli("poisson(3) == 2", P(3).pmf(2)),
    _bernoulli("poisson(3) != 2", 1 - P(3).pmf(2)),
    _bernoulli("clip(normal(0, 1), -1, 1) < 1", N.cdf(1)),
    _bernoulli("clip(normal(0, 1), -1, 1) == 1", N.sf(1)),
    _bernoulli("normal(1, 3) < normal(2, 4)", N.cdf(0.2)),
    _bernoulli("normal(0, 1) > 0.5 && exponential(1) < 2", N.sf(0.5) * st.expon.cdf(2)),
    _bernoulli("normal(0, 1) > 0.5 || exponential(1) < 2", 1 - N.cdf(0.5) * st.expon.sf(2)),
]

EXTREMES = [
    Case("fmax(normal(0, 1), normal(0.5, 2))", _greatest(N(0, 1), N(0.5, 2)), INFINITE, at=(-20.0, 30.0)),
    Case("fmin(normal(0, 1), student_t(4, 0, 1))", _least(N(0, 1), st.t(4)), INFINITE, at=(-9.0, 12.0)),
    Case("exp(fmax(normal(0, 1), normal(0, 1)))", lambda y: np.log(2 / y) + N.logpdf(np.log(y)) + log_ndtr(np.log(y)), POSITIVE),
    Case("fmax(fmax(normal(0, 1), gamma(2, 1)), gumbel(0, 1))",
         _greatest(N(0, 1), st.gamma(2), st.gumbel_r(0, 1)), (-np.inf, 0.0, np.inf)),
    Case("max(normal(rep_vector(0, 5), 1))", lambda y: np.log(5) + N.logpdf(y) + 4 * N.logcdf(y), INFINITE, at=(-8.0, 9.0)),
    Case("min(exponential([1, 2, 3]'))", st.expon(scale=1 / 6).logpdf, POSITIVE),
    Case("max({normal(0, 1), student_t(4, 0, 1), 0.5})", lambda y: np.where(
        y == 0.5, N.logcdf(0.5) + st.t(4).logcdf(0.5), np.where(y > 0.5, _greatest(N, st.t(4))(y), -np.inf)),
        (0.5, np.inf), (0.5,)),
    Case("max(poisson(3), poisson(4))", _greatest_count(P(3), P(4)), masses=range(0, 25), at=(0, 3, 9)),
    Case("min(binomial({5, 6, 7}, 0.4))", lambda y: np.log(
        np.prod([st.binom(n, 0.4).sf(y - 1) for n in (5, 6, 7)], 0) - np.prod([st.binom(n, 0.4).sf(y) for n in (5, 6, 7)], 0)),
        masses=range(0, 6)),
    Case("fmax(poisson(2), normal(1, 1))", lambda y: np.where(
        y == np.round(y), np.log(P(2).pmf(y) * N.cdf(y - 1)), N(1, 1).logpdf(y) + P(2).logcdf(y)),
        (*range(0, 10), np.inf), range(0, 20), (0.5, 3.3)),
    Case("sqrt(min(gamma([2, 3]', 1.5)))", lambda y: np.log(2 * y) + _least(
        st.gamma(2, scale=1 / 1.5), st.gamma(3, scale=1 / 1.5))(y * y), POSITIVE),
]  # fmt: skip

SUMS = [
    _continuous("normal(1, 2) + normal(3, 4)", N(4, np.sqrt(20))),
    _continuous("2 * normal(1, 2) - normal(3, 4) / 2 + 5", N(5.5, np.sqrt(20))),
    _continuous("sum(normal([1, 2, 3]', 2))", N(6, np.sqrt(12))),
    _continuous("mean(normal(rep_vector(1, 4), 2))", N(1, 1)),
    _continuous("dot_product(normal([1, 2]', [1, 3]'), [3, -1]')", N(1, np.sqrt(18))),
    _continuous("sum({normal(0, 1), std_normal(), normal(2, 1)})", N(2, np.sqrt(3))),
    _continuous("sum(multi_normal([1, 2]', [[1, 0.5], [0.5, 2]]))", N(3, 2)),
    _continuous("dot_product([1, 3]', multi_normal([1, 2]', [[1, 0.5], [0.5, 2]])) + normal(1, 2)", N(8, np.sqrt(26))),
    _continuous("sum(cumulative_sum(normal([1, 2]', 1)))", N(4, np.sqrt(5))),
    _continuous("exp(normal(0, 1) + normal(0, 1))", st.lognorm(np.sqrt(2)), POSITIVE),
    _continuous("cauchy(1, 2) - cauchy(3, 1)", st.cauchy(-2, 3)),
    _continuous("gamma(2, 1.5) + exponential(1.5)", st.gamma(3, scale=1 / 1.5), POSITIVE),
    _continuous("sum(exponential(rep_vector(2, 3)))", st.gamma(3, scale=0.5), POSITIVE),
    _continuous("chi_square(3) + 4 * gamma(1, 2)", st.chi2(5), POSITIVE),
    Case("1 - gamma(2, 1) - gamma(1.5, 1) - 3", lambda y: st.gamma(3.5).logpdf(-2 - y), (-np.inf, -2.0)),
    _counts("poisson(3) + poisson(1.5)", P(4.5)),
    _counts("sum(poisson([1, 2, 0.5]'))", P(3.5)),
    _counts("binomial(4, 0.3) + bernoulli(0.3)", st.binom(5, 0.3), range(6)),
    _counts("neg_binomial(2, 0.7) + neg_binomial(1.5, 0.7)", st.nbinom(3.5, 0.7 / 1.7), range(200)),
    Case("poisson(3) + 2 + poisson(1)", lambda y: P(4).logpmf(y - 2), masses=range(2, 60)),
    _rounded("round(normal(0, 1) + normal(0.5, 1))", N(0.5, np.sqrt(2)), lambda k: k - 0.5, lambda k: k + 0.5),
]  # fmt: skip

CASES = [*SMOOTH, *CENSORED, *ROUNDED, *COMPARED, *EXTREMES, *SUMS]
