"""Draws of every distribution follow its own cdf or mass function; a right one fails with probability 1e-5.

One kernel draws for all distributions and parameters. Laws on vectors and matrices are tested by numbers made of their
draws whose law is known.
"""
from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest
import scipy.stats as st

import ppl_cli.ops  # noqa: F401
from ppl_cli.compiler import compile_function
from ppl_cli.distributions import DISTRIBUTIONS, Distribution
from ppl_cli.distributions.multivariate import COUNTS
from ppl_cli.graph.basic import Variable, constant
from ppl_cli.graph.traversal import evaluate
from ppl_cli.inference.quantities import forward
from ppl_cli.logprob import expand_draws
from ppl_cli.ops.random import random_variable

N = 20_000
FALSE_ALARM = 1e-5
EXPECTED = 20  # the least expected number of draws in a bin

NUMBERS: dict[str, list[tuple[float, ...]]] = {
    "normal": [(0.3, 1.7), (1e6, 1e-3)],
    "std_normal": [()],
    "cauchy": [(0.3, 1.7), (-1e3, 1e-2)],
    "student_t": [(3.5, 0.3, 1.7), (0.4, 0.0, 1.0), (1e6, 0.0, 1.0)],
    "double_exponential": [(0.3, 1.7), (0.0, 1e4)],
    "logistic": [(0.3, 1.7), (0.0, 1e-4)],
    "gumbel": [(0.3, 1.7), (-5.0, 1e3)],
    "skew_normal": [(0.3, 1.7, -2.0), (0.0, 1.0, 0.0), (0.0, 1.0, 50.0)],
    "exp_mod_normal": [(0.3, 1.7, 0.8), (0.0, 0.01, 5.0), (0.0, 1.0, 100.0)],
    "skew_double_exponential": [(0.3, 1.7, 0.3), (0.0, 1.0, 0.98)],
    "lognormal": [(0.3, 0.7), (-3.0, 4.0)],
    "exponential": [(1.7,), (1e6,)],
    "gamma": [(2.3, 1.7), (0.05, 1.0), (0.9, 1e-4), (1e5, 3.0)],
    "inv_gamma": [(2.3, 1.7), (0.1, 1.0), (1e4, 3.0)],
    "chi_square": [(3.0,), (0.1,), (1e4,)],
    "inv_chi_square": [(3.0,), (0.3,)],
    "scaled_inv_chi_square": [(3.0, 1.7), (100.0, 1e-3)],
    "weibull": [(1.3, 1.7), (0.2, 1.0), (40.0, 2.0)],
    "frechet": [(1.3, 1.7), (0.2, 1.0), (40.0, 2.0)],
    "rayleigh": [(1.7,), (1e-5,)],
    "loglogistic": [(1.7, 2.3), (1.0, 0.3)],
    "pareto": [(1.0, 2.3), (1e3, 0.2)],
    "pareto_type_2": [(-1.0, 1.7, 2.3), (0.0, 1e-3, 0.3)],
    "uniform": [(-1.0, 2.0), (1e6, 1e6 + 1.0)],
    "beta": [(2.3, 1.7), (0.1, 0.2), (0.5, 300.0), (1e4, 2e4)],
    "beta_proportion": [(0.3, 5.0), (0.01, 1.0), (0.9, 1e4)],
    "von_mises": [(0.0, 1.7), (1.0, 0.01), (-2.0, 1e3)],
    "bernoulli": [(0.3,), (0.002,)],
    "bernoulli_logit": [(0.4,), (-6.0,)],
    "binomial": [(7, 0.3), (1000, 0.5), (100_000, 1e-4)],
    "binomial_logit": [(7, 0.4), (50, -5.0)],
    "poisson": [(2.7,), (0.01,), (1e4,)],
    "poisson_log": [(1.2,), (-4.0,), (8.0,)],
    "neg_binomial": [(1.3, 0.7), (0.1, 0.01), (1e6, 1e6)],
    "neg_binomial_2": [(2.7, 1.3), (50.0, 0.2), (3.0, 1e9)],
    "neg_binomial_2_log": [(1.2, 1.3), (4.0, 0.2), (1.0, 1e9)],
    "beta_binomial": [(7, 2.3, 1.7), (30, 0.1, 0.2), (20, 1e4, 3e4)],
    "beta_neg_binomial": [(3.0, 4.5, 1.7), (10.0, 6.0, 3.0)],
    "yule_simon": [(3.5,), (20.0,)],
    "hypergeometric": [(5, 6, 4), (100, 300, 500)],
    "discrete_range": [(-1, 4), (7, 7)],
    "categorical": [(np.array([0.2, 0.3, 0.5]),), (np.array([0.002, 0.998]),)],
    "categorical_logit": [(np.array([0.1, 0.4, -0.3]),), (np.array([-700.0, 4.0, 0.0]),)],
    "ordered_logistic": [(0.4, np.array([-1.0, 0.2, 2.0])), (-5.0, np.array([0.0, 0.1]))],
    "ordered_probit": [(0.4, np.array([-1.0, 0.2, 2.0])), (1.5, np.array([0.0, 0.1]))],
}
# Where the numbers begin and, if not at infinity, end.
FIRST = {"yule_simon": 1, "discrete_range": -1, "categorical": 1, "categorical_logit": 1, "ordered_logistic": 1,
         "ordered_probit": 1}  # fmt: skip

MU = np.array([1.0, -2.0, 0.5])
SIGMA = np.array([[2.0, 0.5, -0.3], [0.5, 1.0, 0.2], [-0.3, 0.2, 0.4]])
FACTOR = np.linalg.cholesky(SIGMA)
W = np.array([0.7, -1.3, 2.1])
SCALE = float(np.sqrt(W @ SIGMA @ W))
THETA, ALPHA, GAMMA = np.array([0.2, 0.3, 0.5]), np.array([0.3, 2.0, 5.0]), np.log([2.0, 3.0, 5.0])
TRIALS, ETA, SIZE = 12, 1.7, 4
MARGINAL = st.beta(ETA + (SIZE - 2) / 2, ETA + (SIZE - 2) / 2, loc=-1.0, scale=2.0)  # of a correlation (LKJ 2009)
COUNT, FEW, DIRICHLET = st.binom(TRIALS, 0.3), st.betabinom(TRIALS, 2.0, 5.3), st.beta(2.0, 5.3)

Project = Callable[[np.ndarray], np.ndarray]


def projected(x: np.ndarray) -> np.ndarray:
    return x @ W


def length(x: np.ndarray) -> np.ndarray:
    """The squared Mahalanobis distance from the centre."""
    return np.einsum("ni,ij,nj->n", x - MU, np.linalg.inv(SIGMA), x - MU)


def squared(factor: np.ndarray) -> np.ndarray:
    return factor @ np.swapaxes(factor, -1, -2)


def quadratic(a: np.ndarray) -> np.ndarray:
    return np.einsum("nij,i,j->n", a, W, W) / (W @ SIGMA @ W)


def inverse_quadratic(a: np.ndarray) -> np.ndarray:
    return np.einsum("nij,i,j->n", np.linalg.inv(a), W, W) / (W @ np.linalg.inv(SIGMA) @ W)


def on_circle(x: np.ndarray) -> np.ndarray:
    """Angles from -pi to pi, where the cdf is defined."""
    return (x + np.pi) % (2 * np.pi) - np.pi


def element(*at: int) -> Project:
    return lambda x: x[(slice(None), *at)]


T_LAW, NORMAL_LAW = st.t(3.5, W @ MU, SCALE), st.norm(W @ MU, SCALE)
# name, parameters, the shape of a draw, a number made of it, its law
VECTORS: list[tuple[str, tuple[Any, ...], tuple[int, ...], Project, Any]] = [
    ("multi_normal", (MU, SIGMA), (3,), projected, NORMAL_LAW),
    ("multi_normal", (MU, SIGMA), (3,), length, st.chi2(3)),
    ("multi_normal_cholesky", (MU, FACTOR), (3,), projected, NORMAL_LAW),
    ("multi_normal_prec", (MU, np.linalg.inv(SIGMA)), (3,), projected, NORMAL_LAW),
    ("multi_normal_prec", (MU, np.linalg.inv(SIGMA)), (3,), length, st.chi2(3)),
    ("multi_student_t", (3.5, MU, SIGMA), (3,), projected, T_LAW),
    ("multi_student_t", (3.5, MU, SIGMA), (3,), lambda x: length(x) / 3, st.f(3, 3.5)),
    ("multi_student_t_cholesky", (3.5, MU, FACTOR), (3,), projected, T_LAW),
    ("dirichlet", (ALPHA,), (3,), element(1), DIRICHLET),
    ("dirichlet", (np.array([0.1, 0.2]),), (2,), element(0), st.beta(0.1, 0.2)),
    ("multinomial", (THETA, TRIALS), (3,), element(1), COUNT),
    ("multinomial_logit", (GAMMA, TRIALS), (3,), element(1), COUNT),
    ("multinomial_logit", (GAMMA, TRIALS), (3,), lambda x: TRIALS - x[:, 1], st.binom(TRIALS, 0.7)),
    ("dirichlet_multinomial", (ALPHA, TRIALS), (3,), element(1), FEW),
    ("lkj_corr", (ETA,), (SIZE, SIZE), element(1, 0), MARGINAL),
    ("lkj_corr", (ETA,), (SIZE, SIZE), element(3, 2), MARGINAL),
    ("lkj_corr_cholesky", (ETA,), (SIZE, SIZE), lambda x: squared(x)[:, 3, 1], MARGINAL),
    ("wishart", (4.5, SIGMA), (3, 3), quadratic, st.chi2(4.5)),
    ("wishart", (4.5, SIGMA), (3, 3), inverse_quadratic, st.invgamma((4.5 - 2) / 2, scale=0.5)),
    ("wishart_cholesky", (4.5, FACTOR), (3, 3), lambda x: quadratic(squared(x)), st.chi2(4.5)),
    ("inv_wishart", (4.5, SIGMA), (3, 3), inverse_quadratic, st.chi2(4.5)),
    ("inv_wishart_cholesky", (4.5, FACTOR), (3, 3), lambda x: inverse_quadratic(squared(x)), st.chi2(4.5)),
]


def drawn(rvs: Sequence[Variable]) -> list[np.ndarray]:
    found = forward(compile_function([], None, expand_draws(rvs)), 1, seed=11)[0]
    ends = np.cumsum([v.type.size for v in rvs])
    return [part.reshape(v.shape) for part, v in zip(np.split(found, ends[:-1]), rvs, strict=True)]


def _vector_variable(name: str, parameters: tuple[Any, ...], shape: tuple[int, ...]) -> Variable:
    law = COUNTS.get(name) or DISTRIBUTIONS[name]
    event = {"event": shape} if law.sized else {}
    return random_variable(law, *parameters, batch=(N,), **event)


@pytest.fixture(scope="module")
def draws_of_numbers() -> dict[str, list[np.ndarray]]:
    rvs = [random_variable(DISTRIBUTIONS[name], *p, batch=(N,)) for name, rows in NUMBERS.items() for p in rows]
    found = iter(drawn(rvs))
    return {name: [next(found) for _ in rows] for name, rows in NUMBERS.items()}


@pytest.fixture(scope="module")
def draws_of_vectors() -> list[np.ndarray]:
    return drawn([_vector_variable(name, parameters, shape) for name, parameters, shape, _, _ in VECTORS])


def kolmogorov(draws: np.ndarray, cdf: Callable[[np.ndarray], np.ndarray]) -> float:
    return float(st.kstest(draws, cdf).pvalue)


def chi_squared(draws: np.ndarray, values: np.ndarray, masses: np.ndarray) -> float:
    """Neighbouring values are put together until enough draws are expected; the last bin has all that is left."""
    least = max(EXPECTED, draws.size / 200)
    ends, expected = [], [0.0]
    for value, mass in zip(values, masses, strict=True):
        expected[-1] += mass * draws.size
        if expected[-1] >= least:
            ends.append(value)
            expected.append(0.0)
    expected[-1] = draws.size - sum(expected[:-1])
    if expected[-1] < least and len(expected) > 1:
        expected[-2:] = [sum(expected[-2:])]
        ends.pop()
    found = np.bincount(np.searchsorted(ends, draws), minlength=len(expected))
    statistic = ((found - expected) ** 2 / expected).sum()
    return float(st.chi2(len(expected) - 1).sf(statistic)) if ends else 1.0


def own_cdf(law: Distribution, parameters: tuple[Any, ...]) -> Callable[[np.ndarray], np.ndarray]:
    assert law.log_cdf is not None
    log_cdf, arguments = law.log_cdf, [constant(np.asarray(p)) for p in parameters]
    return lambda x: np.exp(evaluate([log_cdf(constant(np.ascontiguousarray(x)), *arguments)])[0])


def test_every_distribution_that_can_be_drawn_is_here() -> None:
    drawable = {law.name for law in DISTRIBUTIONS.values() if law.draw is not None}
    assert drawable == {*NUMBERS, *(name for name, *_ in VECTORS)}


@pytest.mark.parametrize("name", NUMBERS)
def test_draws_of_numbers(name: str, draws_of_numbers: dict[str, list[np.ndarray]]) -> None:
    law = DISTRIBUTIONS[name]
    for parameters, draws in zip(NUMBERS[name], draws_of_numbers[name], strict=True):
        if law.is_discrete:
            values = np.arange(FIRST.get(name, 0), int(draws.max()) + 1)
            arguments = [constant(np.asarray(p)) for p in parameters]
            masses = np.exp(evaluate([law.log_prob(constant(values), *arguments)])[0])
            assert np.isin(draws, values[masses > 0.0]).all(), parameters
            assert chi_squared(draws, values, masses) > FALSE_ALARM, parameters
        else:
            draws = on_circle(draws) if name == "von_mises" else draws
            assert kolmogorov(draws, own_cdf(law, parameters)) > FALSE_ALARM, parameters


@pytest.mark.parametrize("k", range(len(VECTORS)), ids=lambda k: f"{VECTORS[k][0]} {k}")
def test_draws_of_vectors(k: int, draws_of_vectors: list[np.ndarray]) -> None:
    _, _, _, project, law = VECTORS[k]
    numbers = project(draws_of_vectors[k])
    if hasattr(law, "pmf"):
        values = np.arange(TRIALS + 1)
        assert chi_squared(numbers, values, law.pmf(values)) > FALSE_ALARM
    else:
        assert kolmogorov(numbers, law.cdf) > FALSE_ALARM
