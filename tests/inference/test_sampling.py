"""NUTS finds what it should, the same way on any number of cores, and stops when told."""

from __future__ import annotations

import _thread
from dataclasses import replace

import numpy as np
import pytest
from arviz_stats.base import array_stats
from scipy import stats

from ppl_cli.errors import OptionError, RunError
from ppl_cli.inference.chains import Draws, Progress, kept_length, sample
from ppl_cli.inference.options import SampleOptions
from ppl_cli.inference.quantities import forward, generate

OPTIONS = SampleOptions(seed=3, warmup=500, draws=1000)
MEAN = np.array([1.0, -2.0, 30.0])
COVARIANCE = np.array([[4.0, 1.9, 0.0], [1.9, 1.0, 0.0], [0.0, 0.0, 1e-4]])


def assert_moments(draws: Draws, mean: np.ndarray, variance: np.ndarray) -> None:
    """Means and variances lie within four Monte Carlo standard errors of what they should be."""
    for k in range(len(mean)):
        x = draws.draws[:, :, k]
        for values, expected in ((x, mean[k]), ((x - mean[k]) ** 2, variance[k])):
            error = array_stats.mcse(values, chain_axis=0, draw_axis=1, method="mean")
            assert abs(values.mean() - expected) < 4 * error


@pytest.mark.parametrize("metric", ["diag", "fisher", "dense"])
def test_a_correlated_gaussian_has_its_moments(gaussian, metric: str) -> None:
    draws = sample(gaussian(MEAN, COVARIANCE), replace(OPTIONS, metric=metric))
    assert_moments(draws, MEAN, np.diag(COVARIANCE))


@pytest.mark.parametrize("metric", ["diag", "dense"])
def test_thinned_draws_follow_their_law(gaussian, metric: str) -> None:
    draws = sample(gaussian(MEAN, COVARIANCE), replace(OPTIONS, thin=10, metric=metric)).draws
    for k, (mean, variance) in enumerate(zip(MEAN, np.diag(COVARIANCE), strict=True)):
        assert stats.kstest(draws[..., k].ravel(), stats.norm(mean, np.sqrt(variance)).cdf).pvalue > 1e-3


def test_a_truncated_tree_keeps_the_law(gaussian) -> None:
    draws = sample(gaussian(MEAN[:2], COVARIANCE[:2, :2]), replace(OPTIONS, max_depth=1, draws=4000))
    assert draws.statistics["reached_max_treedepth"].any()
    assert_moments(draws, MEAN[:2], np.diag(COVARIANCE)[:2])


def test_a_density_with_a_sharp_edge_has_divergences_and_its_mean(python_function) -> None:
    exponential = python_function(lambda q, _: (-q[0], [-1.0]) if q[0] > 0 else (-np.inf, [0.0]), 1, 1)
    draws = sample(exponential, replace(OPTIONS, target_accept=0.95, cores=1), initial=np.array([1.0]))
    assert draws.statistics["diverging"].any()
    assert (draws.draws > 0).all()
    assert_moments(draws, np.ones(1), np.ones(1))


def test_the_metric_is_the_covariance(gaussian) -> None:
    draws = sample(gaussian(MEAN, COVARIANCE), replace(OPTIONS, metric="dense", warmup=2000, chains=1))
    scale = np.sqrt(np.outer(np.diag(COVARIANCE), np.diag(COVARIANCE)))
    np.testing.assert_allclose(draws.inverse_metrics[0] / scale, COVARIANCE / scale, atol=0.2)


def test_the_acceptance_rate_is_near_its_target(gaussian) -> None:
    draws = sample(gaussian(np.zeros(5), np.eye(5)), replace(OPTIONS, target_accept=0.9))
    assert draws.statistics["acceptance_rate"].mean() == pytest.approx(0.9, abs=0.05)


def test_draws_do_not_depend_on_the_number_of_cores(gaussian) -> None:
    runs = [sample(gaussian(MEAN, COVARIANCE), replace(OPTIONS, cores=cores, draws=50)) for cores in (1, 2)]
    np.testing.assert_array_equal(runs[0].draws, runs[1].draws)
    for name, values in runs[0].statistics.items():
        np.testing.assert_array_equal(values, runs[1].statistics[name])


def test_chains_and_seeds_differ(gaussian) -> None:
    runs = [sample(gaussian(MEAN, COVARIANCE), replace(OPTIONS, seed=seed, warmup=20, draws=5)) for seed in (1, 2)]
    first = [draw for run in runs for draw in run.draws[:, 0, 0]]
    assert len(set(first)) == 8


def test_statistics_are_those_of_the_draws(gaussian) -> None:
    density = gaussian(MEAN, COVARIANCE)
    draws = sample(density, replace(OPTIONS, draws=20, save_warmup=True))
    assert draws.warmup_draws.shape == (4, 500, 3)
    assert draws.warmup_statistics["step_size"].shape == (4, 500)
    for chain in range(4):
        expected = [density(q)[0] for q in draws.draws[chain]]
        np.testing.assert_allclose(draws.statistics["lp"][chain], expected, rtol=1e-12)
    assert (draws.statistics["step_size"] == draws.step_sizes[:, None]).all()
    assert (draws.statistics["energy"] > -draws.statistics["lp"]).all()
    assert (draws.statistics["n_steps"] < 2 ** (draws.statistics["tree_depth"] + 1)).all()


def test_thinned_draws_are_every_so_manieth(gaussian) -> None:
    density = gaussian(MEAN, COVARIANCE)
    full = sample(density, replace(OPTIONS, draws=30))
    thinned = sample(density, replace(OPTIONS, draws=10, thin=3))
    np.testing.assert_array_equal(thinned.draws, full.draws[:, 2::3])


@pytest.mark.parametrize("warmup", [0, 1, 19, 20, 149])
def test_short_warmups_run(gaussian, warmup: int) -> None:
    draws = sample(gaussian(np.zeros(2), np.eye(2)), replace(OPTIONS, warmup=warmup, draws=10))
    assert np.isfinite(draws.draws).all()


def test_a_density_of_nothing_gives_empty_draws(python_function) -> None:
    draws = sample(python_function(lambda q, _: (-1.0, q), 0, 0), replace(OPTIONS, draws=10))
    assert draws.draws.shape == (4, 10, 0)
    assert (draws.statistics["lp"] == -1.0).all()


def test_no_start_point_says_what_is_wrong_there(python_function) -> None:
    nowhere = python_function(lambda q, _: (-np.inf, np.zeros(1)), 1, 1)
    with pytest.raises(RunError, match="100 tried.*\n.*line 3"):
        sample(nowhere, OPTIONS, explain=lambda q: "line 3")


def test_given_start_points_are_checked(gaussian) -> None:
    density = gaussian(MEAN, COVARIANCE)
    with pytest.raises(OptionError, match=r"\[2\]"):
        sample(density, OPTIONS, initial=np.zeros(2))
    with pytest.raises(RunError, match="chain 1"):
        sample(density, OPTIONS, initial=np.full(3, np.inf))


def test_an_infinite_density_is_never_drawn(python_function) -> None:
    spike = python_function(lambda q, _: (np.inf, 0 * q) if abs(q[0]) < 0.05 else (-0.5 * q[0] ** 2, -q), 1, 1)
    draws = sample(spike, replace(OPTIONS, warmup=100, draws=300, chains=1, cores=1), initial=np.ones(1))
    np.testing.assert_allclose(draws.statistics["lp"], -0.5 * draws.draws[..., 0] ** 2, rtol=1e-12)


def test_a_dense_metric_that_rounding_makes_singular_is_no_failure(gaussian) -> None:
    n, scale = 50, 1e6  # more dimensions than draws in the window
    options = replace(OPTIONS, warmup=60, draws=20, chains=1, metric="dense")
    start = scale * np.random.default_rng(0).standard_normal(n)
    draws = sample(gaussian(np.zeros(n), scale**2 * np.eye(n)), options, initial=start)
    assert np.isfinite(draws.draws).all()


def test_an_improper_density_is_an_error(python_function) -> None:
    flat = python_function(lambda q, _: (0.0, np.zeros(1)), 1, 1)
    with pytest.raises(RunError, match="improper"):
        sample(flat, OPTIONS)


def test_a_gradient_without_a_density_to_match_is_an_error(python_function) -> None:
    spike = python_function(lambda q, _: (0.0 if q[0] == 0 else -np.inf, np.zeros(1)), 1, 1)
    with pytest.raises(RunError, match="continuous"):
        sample(spike, OPTIONS, initial=np.zeros(1))


def test_an_interrupt_keeps_the_draws_so_far(gaussian) -> None:
    def interrupt(progress: Progress) -> None:
        if progress.iterations.min() > 600:
            _thread.interrupt_main()

    draws = sample(gaussian(MEAN, COVARIANCE), replace(OPTIONS, draws=10**7, cores=4), progress=interrupt)
    chains, length, _ = draws.draws.shape
    assert draws.interrupted
    assert chains == len(draws.chains) == len(draws.step_sizes)
    assert 0 < length < 10**7
    assert draws.statistics["lp"].shape == (chains, length)
    assert np.isfinite(draws.draws).all()


def test_an_interrupt_before_the_first_draw_is_an_error(gaussian) -> None:
    def interrupt(progress: Progress) -> None:
        _thread.interrupt_main()

    with pytest.raises(RunError, match="nothing to keep"):
        sample(gaussian(MEAN, COVARIANCE), replace(OPTIONS, warmup=10**6), progress=interrupt)


@pytest.mark.parametrize(
    ("lengths", "kept"), [([5, 5, 5], 5), ([1000, 3], 1000), ([500, 480, 490], 480), ([10, 0, 0], 10), ([0, 0], 0)]
)
def test_the_common_length_keeps_most_draws(lengths: list[int], kept: int) -> None:
    assert kept_length(lengths) == kept


@pytest.mark.parametrize(
    "wrong", [{"chains": 0}, {"target_accept": 1.0}, {"metric": "round"}, {"thin": 0}, {"seed": -1}, {"cores": 0}]
)
def test_wrong_options_are_refused(wrong: dict) -> None:
    with pytest.raises(OptionError):
        SampleOptions(**wrong)


def test_quantities_draw_from_streams_of_their_own(python_function) -> None:
    function = python_function(lambda q, state: (0.0, [q.sum(), state[1] & (2**40 - 1)]), 3, 2)
    draws = np.arange(24.0).reshape(2, 4, 3)
    found = [generate(function, draws, seed=5, cores=cores).values for cores in (1, 2, 3)]
    np.testing.assert_array_equal(found[0][..., 0], draws.sum(axis=2))
    np.testing.assert_array_equal(found[0][..., 1], [range(4)] * 2)
    np.testing.assert_array_equal(found[0], found[1])
    np.testing.assert_array_equal(found[0], found[2])


def test_functions_without_inputs_run_forward(python_function) -> None:
    assert forward(python_function(lambda q, state: (0.0, [state[1] & 7]), 0, 1), 6, seed=1).tolist() == [
        [k] for k in range(6)
    ]
