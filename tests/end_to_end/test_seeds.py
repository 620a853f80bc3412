"""Small models whose figures are known: densities, simplified graphs, a mixture, prior draws, a mode."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
import scipy.optimize
import scipy.stats

from ppl_cli import load
from ppl_cli.distributions import DISTRIBUTIONS
from ppl_cli.graph.basic import Variable, constant, root
from ppl_cli.graph.traversal import evaluate, toposort
from ppl_cli.logprob import mixture_joint, mixture_marginal
from ppl_cli.ops.random import random_variable
from ppl_cli.ops.scalar_math import exp, log
from ppl_cli.rewrites.passes import optimize, stabilize

MODELS = Path(__file__).parents[2] / "models"


def test_joint_density_of_a_mean_and_an_observation() -> None:
    model = load(MODELS / "normal_normal.ppl")
    terms = model.point_logps({"z": 2.5})
    assert terms["z"] == pytest.approx(-2.65337645, abs=1e-8)
    assert terms["x"] == pytest.approx(-4.0439386, abs=1e-7)
    assert model.logp({"z": 2.5}) == pytest.approx(-6.6973150, abs=1e-6)


def test_density_of_a_scale_on_the_log_scale() -> None:
    model = load(MODELS / "half_normal.ppl")
    assert set(model.initial_point()) == {"mu", "sigma_log__"}
    terms = model.point_logps({"mu": 0.0, "sigma_log__": -10.0})
    assert terms["mu"] == pytest.approx(-1.61208571, abs=1e-8)
    assert terms["sigma"] == pytest.approx(-11.32440364, abs=1e-8)
    assert terms["x"] == pytest.approx(9.08106147, abs=1e-8)


def _simplified(v: Variable) -> Variable:
    return optimize(stabilize([v]))[0]


def _operations(v: Variable) -> list[str]:
    return [str(node.op) for node in toposort([_simplified(v)])]


def test_a_quotient_times_its_divisor_is_the_dividend() -> None:
    a, b = root("a"), root("b")
    assert _simplified(b * (a / b)) is a  # type: ignore[operator]


def test_the_logarithm_of_an_exponential_is_its_argument() -> None:
    x, y = root("x"), root("y")
    assert _simplified(log(exp(x + y))) is x + y  # type: ignore[operator]


def test_log_of_one_minus_exp_is_the_stable_function() -> None:
    assert _operations(log(1.0 - exp(root("x")))) == ["log1m_exp"]  # type: ignore[operator]


def test_equal_expressions_are_computed_once() -> None:
    x = root("x")
    assert _operations(exp(x) + exp(x)).count("exp") == 1


def test_mixture_by_indexing() -> None:
    components = random_variable(DISTRIBUTIONS["normal"], np.array([-2, 0, 3.2, 2.5]), np.array([1.2, 1, 5, 2.8]))
    index = random_variable(DISTRIBUTIONS["categorical"], np.array([0.2, 0.3, 0.1, 0.4]))
    joint = [mixture_joint(components, index, constant(10.0), constant(k)) for k in (1, 2, 3, 4)]
    values = evaluate(joint)
    assert values[3] == pytest.approx(-6.452221131239579, abs=1e-12)
    (summed,) = evaluate([mixture_marginal(components, index, constant(10.0))])
    assert summed == pytest.approx(np.logaddexp.reduce(values), abs=1e-12)
    assert summed == pytest.approx(-5.351399349203, abs=1e-10)


def test_the_mixture_written_as_a_loop_has_the_summed_density() -> None:
    assert load(MODELS / "mixture_of_four.ppl").logp({"y": 10.0}) == pytest.approx(-5.351399349203, abs=1e-10)


def test_prior_predictive_draws_have_the_shape_of_the_data() -> None:
    results = load(MODELS / "prior_predictive.ppl").prior(draws=100, seed=1)
    assert results["prior_predictive"]["y"].shape == (1, 100, 2, 5, 10)
    assert results["prior"]["mu"].shape == (1, 100, 5, 1)
    assert (results["prior"]["sigma"] > 0).all()


def test_prior_draws_follow_the_prior() -> None:
    draws = load(MODELS / "half_normal.ppl").prior(draws=4000, seed=3)
    sigma = draws["prior"]["sigma"].ravel()
    assert scipy.stats.kstest(sigma, scipy.stats.halfnorm(0, 3).cdf).pvalue > 1e-3
    x = draws["prior_predictive"]["x"].ravel()
    spread = np.hypot(2, sigma)
    assert abs(np.mean(x / spread)) < 4 / math.sqrt(x.size)


def test_the_mode_of_a_normal_mean() -> None:
    model = load(MODELS / "normal_mean.ppl")

    def negative(q: np.ndarray) -> tuple[float, np.ndarray]:
        value, gradient = model.logp_grad(q)
        return -value, -gradient

    found = scipy.optimize.minimize(negative, np.zeros(1), jac=True)
    assert found.x[0] == pytest.approx(12 / (3 + 1 / 100), abs=1e-6)


def test_the_hessian_of_a_normal_mean() -> None:
    model = load(MODELS / "normal_mean.ppl")
    np.testing.assert_allclose(model.d2logp({"mu": 0.4}), [[-(3 + 1 / 100)]])
