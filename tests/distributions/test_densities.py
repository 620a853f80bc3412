"""Log densities and distribution functions against SciPy, supports, gradients, draws."""
from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import scipy.stats as st

import ppl_cli.ops  # noqa: F401
from ppl_cli.compiler import compile_function
from ppl_cli.distributions import DISTRIBUTIONS
from ppl_cli.graph.basic import constant, root
from ppl_cli.graph.gradient import grad
from ppl_cli.graph.traversal import evaluate
from ppl_cli.inference.quantities import forward
from ppl_cli.logprob import expand_draws
from ppl_cli.ops.random import random_variable
from ppl_cli.ops.reduction import reduce_sum


def _asymmetric_laplace(mu: float, sigma: float, tau: float) -> Any:
    kappa = np.sqrt(tau / (1 - tau))
    return st.laplace_asymmetric(kappa, mu, kappa * sigma / (2 * tau))


# name, parameters, SciPy's distribution, values inside the support, a value outside
CONTINUOUS: list[tuple[str, tuple[float, ...], Any, list[float], float | None]] = [
    ("normal", (0.3, 1.7), st.norm(0.3, 1.7), [-4.0, 0.2, 8.0], None),
    ("std_normal", (), st.norm(), [-3.0, 0.5], None),
    ("lognormal", (0.3, 0.7), st.lognorm(0.7, scale=np.exp(0.3)), [0.1, 2.0], -0.1),
    ("cauchy", (0.3, 1.7), st.cauchy(0.3, 1.7), [-40.0, 0.2], None),
    ("student_t", (3.5, 0.3, 1.7), st.t(3.5, 0.3, 1.7), [-4.0, 2.2], None),
    ("double_exponential", (0.3, 1.7), st.laplace(0.3, 1.7), [-4.0, 2.2], None),
    ("logistic", (0.3, 1.7), st.logistic(0.3, 1.7), [-4.0, 2.2], None),
    ("gumbel", (0.3, 1.7), st.gumbel_r(0.3, 1.7), [-2.0, 2.2], None),
    ("exponential", (1.7,), st.expon(scale=1 / 1.7), [0.2, 3.0], -0.1),
    ("gamma", (2.3, 1.7), st.gamma(2.3, scale=1 / 1.7), [0.2, 3.0], -0.1),
    ("inv_gamma", (2.3, 1.7), st.invgamma(2.3, scale=1.7), [0.2, 3.0], -0.1),
    ("chi_square", (3.0,), st.chi2(3), [0.2, 3.0], -0.1),
    ("weibull", (1.3, 1.7), st.weibull_min(1.3, scale=1.7), [0.2, 3.0], -0.1),
    ("rayleigh", (1.7,), st.rayleigh(scale=1.7), [0.2, 3.0], -0.1),
    ("pareto", (1.0, 2.3), st.pareto(2.3), [1.2, 3.0], 0.9),
    ("uniform", (-1.0, 2.0), st.uniform(-1, 3), [-0.5, 1.9], 2.1),
    ("beta", (2.3, 1.7), st.beta(2.3, 1.7), [0.2, 0.9], 1.1),
    ("beta_proportion", (0.3, 5.0), st.beta(1.5, 3.5), [0.2, 0.9], 1.1),
    ("skew_normal", (0.3, 1.7, -2.0), st.skewnorm(-2.0, 0.3, 1.7), [-4.0, 0.2, 2.0], None),
    ("exp_mod_normal", (0.3, 1.7, 0.8), st.exponnorm(1 / (1.7 * 0.8), 0.3, 1.7), [-4.0, 0.2, 8.0], None),
    ("skew_double_exponential", (0.3, 1.7, 0.3), _asymmetric_laplace(0.3, 1.7, 0.3), [-4.0, 0.2, 8.0], None),
    ("inv_chi_square", (3.0,), st.invgamma(1.5, scale=0.5), [0.2, 3.0], -0.1),
    ("scaled_inv_chi_square", (3.0, 1.7), st.invgamma(1.5, scale=1.5 * 1.7**2), [0.7, 3.0], -0.1),
    ("frechet", (1.3, 1.7), st.invweibull(1.3, scale=1.7), [0.4, 3.0], -0.1),
    ("loglogistic", (1.7, 2.3), st.fisk(2.3, scale=1.7), [0.2, 3.0], -0.1),
    ("pareto_type_2", (-1.0, 1.7, 2.3), st.lomax(2.3, loc=-1.0, scale=1.7), [-0.5, 3.0], -1.1),
    ("von_mises", (0.0, 1.7), st.vonmises(1.7), [-2.0, 0.3, 3.0], None),
]
DISCRETE: list[tuple[str, tuple[Any, ...], Any, list[int], int]] = [
    ("bernoulli", (0.3,), st.bernoulli(0.3), [0, 1], 2),
    ("bernoulli_logit", (0.4,), st.bernoulli(1 / (1 + np.exp(-0.4))), [0, 1], -1),
    ("binomial", (7, 0.3), st.binom(7, 0.3), [0, 3, 7], 8),
    ("binomial_logit", (7, 0.4), st.binom(7, 1 / (1 + np.exp(-0.4))), [0, 3, 7], 8),
    ("poisson", (2.7,), st.poisson(2.7), [0, 3, 11], -1),
    ("poisson_log", (1.2,), st.poisson(np.exp(1.2)), [0, 3, 11], -1),
    ("neg_binomial_2", (2.7, 1.3), st.nbinom(1.3, 1.3 / 4.0), [0, 3, 11], -1),
    ("neg_binomial_2_log", (1.2, 1.3), st.nbinom(1.3, 1.3 / (1.3 + np.exp(1.2))), [0, 3, 11], -1),
    ("beta_binomial", (7, 2.3, 1.7), st.betabinom(7, 2.3, 1.7), [0, 3, 7], 8),
    ("neg_binomial", (1.3, 0.7), st.nbinom(1.3, 0.7 / 1.7), [0, 3, 11], -1),
    ("beta_neg_binomial", (3.0, 4.5, 1.7), st.betanbinom(3, 4.5, 1.7), [0, 3, 11], -1),
    ("yule_simon", (3.5,), st.yulesimon(3.5), [1, 3, 11], 0),
    ("hypergeometric", (5, 6, 4), st.hypergeom(10, 6, 5), [1, 3, 5], 6),
    ("discrete_range", (-1, 4), st.randint(-1, 5), [-1, 2, 4], 5),
]
FIELDS = ("name", "parameters", "law", "inside", "outside")
continuous = pytest.mark.parametrize(FIELDS, CONTINUOUS, ids=[row[0] for row in CONTINUOUS])
discrete = pytest.mark.parametrize(FIELDS, DISCRETE, ids=[row[0] for row in DISCRETE])
NAMES = {name for name, *_ in (*CONTINUOUS, *DISCRETE)}


def test_every_distribution_of_numbers_is_tested() -> None:
    scalar = [law for law in DISTRIBUTIONS.values() if law.event_ndim == 0 and not any(law.event_ndims)]
    assert {law.name for law in scalar if law.draw} <= NAMES


def _value(function: Callable[..., Any], *arguments: Any) -> np.ndarray:
    return evaluate([function(*(constant(np.asarray(a)) for a in arguments))])[0]


@continuous
def test_continuous_density(
    name: str, parameters: tuple[float, ...], law: Any, inside: list[float], outside: float | None
) -> None:
    distribution = DISTRIBUTIONS[name]
    np.testing.assert_allclose(_value(distribution.log_prob, inside, *parameters), law.logpdf(inside), rtol=1e-10)
    if outside is not None:
        assert _value(distribution.log_prob, outside, *parameters) == -np.inf
    if distribution.log_cdf is not None and distribution.log_ccdf is not None:
        np.testing.assert_allclose(_value(distribution.log_cdf, inside, *parameters), law.logcdf(inside), rtol=1e-8)
        np.testing.assert_allclose(_value(distribution.log_ccdf, inside, *parameters), law.logsf(inside), rtol=1e-8)
    if distribution.quantile is not None:
        p = [0.1, 0.8]
        np.testing.assert_allclose(_value(distribution.quantile, p, *parameters), law.ppf(p), rtol=1e-8)


@discrete
def test_discrete_mass(name: str, parameters: tuple[Any, ...], law: Any, inside: list[int], outside: int) -> None:
    distribution = DISTRIBUTIONS[name]
    np.testing.assert_allclose(_value(distribution.log_prob, inside, *parameters), law.logpmf(inside), rtol=1e-9)
    assert _value(distribution.log_prob, outside, *parameters) == -np.inf
    if distribution.log_cdf is not None and distribution.log_ccdf is not None:
        points = [*inside, outside]
        for function, expected in ((distribution.log_cdf, law.logcdf), (distribution.log_ccdf, law.logsf)):
            np.testing.assert_allclose(_value(function, points, *parameters), expected(points), rtol=1e-8, atol=1e-14)


@pytest.mark.parametrize("function", ["log_prob", "log_cdf", "log_ccdf"])
@continuous
def test_gradients(
    name: str, parameters: tuple[float, ...], law: Any, inside: list[float], outside: float | None, function: str
) -> None:
    distribution = DISTRIBUTIONS[name]
    roots = [root("x", shape=(len(inside),)), *(root(p) for p in distribution.parameters)]
    point = dict(zip(roots, [np.array(inside), *map(np.asarray, parameters)], strict=True))
    cost = reduce_sum(getattr(distribution, function)(*roots))
    for v, g in zip(roots, evaluate(grad(cost, roots), point), strict=True):
        for at in np.ndindex(v.shape):
            step = np.zeros(v.shape)
            step[at] = 1e-6
            up, down = (evaluate([cost], {**point, v: point[v] + s * step})[0] for s in (1, -1))
            assert g[at] == pytest.approx((up - down) / 2e-6, rel=1e-5, abs=1e-6)


def _draws(name: str, parameters: tuple[Any, ...]) -> np.ndarray:
    rv = random_variable(DISTRIBUTIONS[name], *parameters, batch=(4000,))
    return forward(compile_function([], None, expand_draws([rv])), 1, seed=7)[0]


@continuous
def test_continuous_draws(
    name: str, parameters: tuple[float, ...], law: Any, inside: list[float], outside: float | None
) -> None:
    assert st.kstest(_draws(name, parameters), law.cdf).pvalue > 1e-4


@discrete
def test_discrete_draws(name: str, parameters: tuple[Any, ...], law: Any, inside: list[int], outside: int) -> None:
    draws = _draws(name, parameters)
    assert draws.mean() == pytest.approx(law.mean(), abs=5 * law.std() / np.sqrt(draws.size))
    for k in inside:
        p = law.pmf(k)
        assert np.mean(draws == k) == pytest.approx(p, abs=5 * np.sqrt(p * (1 - p) / draws.size))


@pytest.mark.parametrize(("name", "rate"), [("poisson", np.inf), ("poisson_log", np.inf), ("poisson_log", 800.0)])
def test_counts_of_an_infinite_rate_are_impossible(name: str, rate: float) -> None:
    assert _value(DISTRIBUTIONS[name].log_prob, 3, rate) == -np.inf


@pytest.mark.parametrize(
    ("name", "parameters"),
    [
        ("normal", (0.0, -1.0)), ("gamma", (-1.0, 1.0)), ("beta", (1.0, -2.0)), ("poisson", (-1.0,)),
        ("student_t", (-1.0, 0.0, 1.0)), ("exponential", (-1.0,)), ("cauchy", (0.0, -2.0)),
    ],
)  # fmt: skip
def test_bad_parameters_have_no_finite_density(name: str, parameters: tuple[float, ...]) -> None:
    assert not np.isfinite(_value(DISTRIBUTIONS[name].log_prob, 1, *parameters))


SIGMA = np.array([[2.0, 0.5], [0.5, 1.0]])
LOG_STUDENT = st.multivariate_t([0, 1], SIGMA, 3.5).logpdf([0.3, 0.1])
ROWS, WEIGHTS = np.array([[0.3, -0.2], [1.0, 0.4], [0.1, 0.9]]), [0.5, 1.0, 2.5]
LOG_PROCESS = sum(st.multivariate_normal([0, 0], SIGMA / w).logpdf(y) for y, w in zip(ROWS, WEIGHTS, strict=True))
FACTOR, ROOT = np.linalg.cholesky(SIGMA), np.sqrt(2) * np.eye(2)
LOG_JACOBIAN = np.log(4 * FACTOR[0, 0] ** 2 * FACTOR[1, 1])  # of the factor's square
ALPHA, CUTS = np.array([0.3, 2.0, 5.0]), [-1.0, 0.2, 2.0]
ENDS = [-np.inf, *CUTS, np.inf]
LOG_DENSITY = st.multivariate_normal([0, 1], SIGMA).logpdf([0.3, 0.1])


@pytest.mark.parametrize(
    ("name", "arguments", "expected"),
    [
        ("multi_normal", ([0.3, 0.1], [0.0, 1.0], SIGMA), LOG_DENSITY),
        ("multi_normal_cholesky", ([0.3, 0.1], [0.0, 1.0], np.linalg.cholesky(SIGMA)), LOG_DENSITY),
        ("multi_normal_prec", ([0.3, 0.1], [0.0, 1.0], np.linalg.inv(SIGMA)), LOG_DENSITY),
        ("dirichlet", ([0.2, 0.3, 0.5], [1.0, 2.0, 3.0]), st.dirichlet([1, 2, 3]).logpdf([0.2, 0.3, 0.5])),
        ("multinomial", ([1, 2, 4], [0.2, 0.3, 0.5]), st.multinomial(7, [0.2, 0.3, 0.5]).logpmf([1, 2, 4])),
        ("wishart", (SIGMA, 5.0, 2 * np.eye(2)), st.wishart(5, 2 * np.eye(2)).logpdf(SIGMA)),
        ("inv_wishart", (SIGMA, 5.0, 2 * np.eye(2)), st.invwishart(5, 2 * np.eye(2)).logpdf(SIGMA)),
        ("multinomial_logit", ([1, 2, 4], np.log([2, 3, 5])), st.multinomial(7, [0.2, 0.3, 0.5]).logpmf([1, 2, 4])),
        ("dirichlet_multinomial", ([1, 2, 4], ALPHA), st.dirichlet_multinomial(ALPHA, 7).logpmf([1, 2, 4])),
        ("multi_student_t", ([0.3, 0.1], 3.5, [0.0, 1.0], SIGMA), LOG_STUDENT),
        ("multi_student_t_cholesky", ([0.3, 0.1], 3.5, [0.0, 1.0], np.linalg.cholesky(SIGMA)), LOG_STUDENT),
        ("multi_gp", (ROWS, SIGMA, WEIGHTS), LOG_PROCESS),
        ("multi_gp_cholesky", (ROWS, np.linalg.cholesky(SIGMA), WEIGHTS), LOG_PROCESS),
        ("wishart_cholesky", (FACTOR, 5.0, ROOT), st.wishart(5, 2 * np.eye(2)).logpdf(SIGMA) + LOG_JACOBIAN),
        ("inv_wishart_cholesky", (FACTOR, 5.0, ROOT), st.invwishart(5, 2 * np.eye(2)).logpdf(SIGMA) + LOG_JACOBIAN),
        ("ordered_logistic", ([1, 2, 3, 4], 0.4, CUTS), np.log(np.diff(st.logistic(0.4).cdf(ENDS)))),
        ("ordered_probit", ([1, 2, 3, 4], 0.4, CUTS), np.log(np.diff(st.norm(0.4).cdf(ENDS)))),
        ("categorical", ([3, 1], [0.2, 0.3, 0.5]), np.log([0.5, 0.2])),
        ("categorical_logit", (2, [0.1, 0.4, -0.3]), np.log(np.exp(0.4) / np.exp([0.1, 0.4, -0.3]).sum())),
    ],
)  # fmt: skip
def test_multivariate_density(name: str, arguments: tuple[Any, ...], expected: Any) -> None:
    np.testing.assert_allclose(_value(DISTRIBUTIONS[name].log_prob, *arguments), expected, rtol=1e-9)


def test_lkj_density_of_a_correlation_of_two() -> None:
    """For two dimensions (1 + rho) / 2 has a beta(eta, eta) distribution (LKJ 2009)."""
    rho, eta = 0.4, 2.5
    factor = np.array([[1.0, 0.0], [rho, np.sqrt(1 - rho**2)]])
    expected = st.beta(eta, eta).logpdf((1 + rho) / 2) - np.log(2)
    assert _value(DISTRIBUTIONS["lkj_corr"].log_prob, factor @ factor.T, eta) == pytest.approx(expected)
    jacobian = 0.0  # of rho by the factor's free element, which is rho itself
    assert _value(DISTRIBUTIONS["lkj_corr_cholesky"].log_prob, factor, eta) == pytest.approx(expected + jacobian)
