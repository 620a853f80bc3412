"""Random variables become expressions of primitive draws."""
from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import scipy.stats as st

import ppl_cli.ops  # noqa: F401
from ppl_cli.compiler import compile_function
from ppl_cli.distributions import DISTRIBUTIONS
from ppl_cli.graph.basic import Variable
from ppl_cli.inference.quantities import forward
from ppl_cli.logprob import expand_draws
from ppl_cli.ops.random import random_variable, truncated


def draws_of(rv: Variable) -> np.ndarray:
    return forward(compile_function([], None, expand_draws([rv])), 1, seed=7)[0]


@pytest.mark.parametrize(
    ("name", "parameters", "law", "bounds"),
    [
        ("normal", (0.3, 1.7), st.norm(0.3, 1.7), (-1.0, 2.0)),
        ("normal", (0.3, 1.7), st.norm(0.3, 1.7), (-np.inf, 0.0)),
        ("exponential", (1.7,), st.expon(scale=1 / 1.7), (0.5, np.inf)),
        ("gamma", (2.3, 1.7), st.gamma(2.3, scale=1 / 1.7), (0.5, 4.0)),
        ("beta", (2.3, 1.7), st.beta(2.3, 1.7), (0.2, 0.9)),
        ("student_t", (3.5, 0.3, 1.7), st.t(3.5, 0.3, 1.7), (-2.0, 5.0)),
    ],
)
def test_truncated_draws(name: str, parameters: tuple[Any, ...], law: Any, bounds: tuple[float, float]) -> None:
    draws = draws_of(truncated(random_variable(DISTRIBUTIONS[name], *parameters, batch=(4000,)), *bounds))
    low, high = law.cdf(bounds[0]), law.cdf(bounds[1])
    assert st.kstest(draws, lambda x: (law.cdf(x) - low) / (high - low)).pvalue > 1e-4


def test_draws_of_a_truncated_count_name_the_law() -> None:
    rv = truncated(random_variable(DISTRIBUTIONS["poisson"], 2.7), 2, np.inf)
    with pytest.raises(NotImplementedError, match="truncated poisson"):
        expand_draws([rv])


def test_a_batch_of_vectors_is_correlated_within_and_independent_between() -> None:
    sigma = np.array([[2.0, 0.5], [0.5, 1.0]])
    rv = random_variable(DISTRIBUTIONS["multi_normal"], np.array([1.0, -1.0]), sigma, batch=(20000,))
    draws = draws_of(rv).reshape(20000, 2)
    np.testing.assert_allclose(np.cov(draws.T), sigma, atol=0.08)
    np.testing.assert_allclose(np.corrcoef(draws[::2, 0], draws[1::2, 0])[0, 1], 0.0, atol=0.05)
