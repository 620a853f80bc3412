"""The pieces of the sampler, run as plain Python on arrays."""

from __future__ import annotations

import numpy as np
import pytest

from ppl_cli.inference import random, stepsize, tree
from ppl_cli.inference.integrator import Hamiltonian, Point, draw_momentum, kinetic_energy, leapfrog, point_at
from ppl_cli.inference.metric import COVARIANCE, FISHER, VARIANCE, Moments, estimate_metric, observe
from ppl_cli.inference.warmup import OBSERVE, schedule, window_ends


@pytest.fixture
def hamiltonian(gaussian):
    def make(covariance: np.ndarray, inverse_metric: np.ndarray) -> Hamiltonian:
        n = len(covariance)
        density = make.density = gaussian(np.zeros(n), covariance)
        make.workspace = density.workspace()
        dense = inverse_metric.ndim == 2
        factor = np.linalg.cholesky(inverse_metric).ravel() if dense else np.zeros(0)
        return Hamiltonian(density.address, make.workspace.address, n, dense, inverse_metric.ravel(), factor)

    return make


def subtree(*momenta: float) -> tree.Subtree:
    """A sub-tree in one dimension with unit metric."""
    first, last = np.array(momenta[:1]), np.array(momenta[-1:])
    return tree.Subtree(np.array([sum(momenta)]), first, first, last, last)


@pytest.mark.parametrize(
    ("left", "right", "turning"),
    [
        ((1, 1), (1, 1), False),
        ((1, 0.5), (0.2, -0.4), True),  # the last velocity points back
        ((1, 0.1), (-0.2, 2), True),  # only the left part with the first point of the right one turns
        ((2, -0.2), (0.1, 1), True),  # only the right part with the last point of the left one turns
    ],
)
def test_a_u_turn_is_seen_across_the_join(left: tuple, right: tuple, turning: bool) -> None:
    assert tree.is_turning(1, subtree(*left), subtree(*right)) is turning


def test_a_join_spans_both_subtrees() -> None:
    joined = subtree(1, 2)
    tree.join(1, joined, subtree(3, 4))
    assert (joined.rho[0], joined.p_first[0], joined.p_last[0], joined.v_last[0]) == (10, 1, 4, 4)


def test_windows_are_those_of_stan() -> None:
    assert window_ends(1000) == (75, [99, 149, 249, 449, 949])
    assert window_ends(100) == (15, [89])
    assert window_ends(10) == (10, [])
    assert schedule(1000)[75] == OBSERVE


def test_dual_averaging_finds_the_target() -> None:
    averaging = np.zeros(stepsize.AVERAGING_SIZE)
    stepsize.restart_averaging(averaging, 1.0)
    step = 1.0
    for _ in range(2000):
        step = stepsize.update_averaging(averaging, np.exp(-step), 0.8)
    assert stepsize.averaged_step_size(averaging) == pytest.approx(-np.log(0.8), rel=0.05)


@pytest.mark.parametrize("metric", [np.array([0.5, 2.0]), np.array([[0.5, 0.3], [0.3, 2.0]])])
def test_momenta_have_the_covariance_of_the_metric(hamiltonian, metric: np.ndarray) -> None:
    h = hamiltonian(np.eye(2), metric)
    point, state = Point(*np.zeros((4, 2))), random.new_state(1, 0, random.TRANSITIONS)
    draws = []
    for _ in range(2000):
        draw_momentum(h, point, state)
        draws.append(point.p.copy())
    mass = np.linalg.inv(metric if metric.ndim == 2 else np.diag(metric))
    np.testing.assert_allclose(np.cov(np.transpose(draws)), mass, atol=0.15 * np.abs(mass).max())


def test_the_leapfrog_is_reversible_and_keeps_the_energy(hamiltonian) -> None:
    h = hamiltonian(np.array([[1.0, 0.5], [0.5, 2.0]]), np.array([1.0, 1.5]))
    rows = np.array([[0.3, -0.2], [1.0, 0.7], [0.0, 0.0], [0.0, 0.0]])
    point = point_at(rows.ctypes.data, 2)
    lp = leapfrog(h, point, 0.0)
    start, energy = rows.copy(), kinetic_energy(h, point) - lp
    for _ in range(50):
        lp = leapfrog(h, point, 0.05)
    assert kinetic_energy(h, point) - lp == pytest.approx(energy, abs=1e-2)
    for _ in range(50):
        leapfrog(h, point, -0.05)
    np.testing.assert_allclose(rows, start, atol=1e-12)


@pytest.mark.parametrize("estimator", [VARIANCE, FISHER, COVARIANCE])
def test_metrics_estimate_the_covariance(estimator: int) -> None:
    n, count = 3, 400
    factor = np.diag([2.0, 1.0, 0.1])
    factor[1, 0] = 0.5 if estimator == COVARIANCE else 0.0
    covariance = factor @ factor.T
    draws = np.random.default_rng(0).standard_normal((count, n)) @ factor.T
    dense = estimator == COVARIANCE
    h = Hamiltonian(0, 0, n, dense, np.zeros(n * n if dense else n), np.zeros(n * n))
    moments = Moments(*np.ones((4, n)), np.ones(n * n))
    for k, q in enumerate(draws):
        observe(h, moments, k + 1, Point(q, q, q, -np.linalg.solve(covariance, q)))
    estimate_metric(h, moments, count, estimator)
    if dense:
        shrunk = np.cov(draws.T) * count / (count + 5) + 1e-3 * 5 / (count + 5) * np.eye(n)
        np.testing.assert_allclose(h.inverse_metric.reshape(n, n), shrunk, rtol=1e-10, atol=1e-12)
        np.testing.assert_allclose(h.factor.reshape(n, n), np.linalg.cholesky(shrunk), rtol=1e-10, atol=1e-12)
    else:
        expected = np.diag(covariance) if estimator == FISHER else draws.var(axis=0, ddof=1)
        np.testing.assert_allclose(h.inverse_metric, expected, rtol=1e-10 if estimator == FISHER else 0.02)
