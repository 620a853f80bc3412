"""The Wiener first passage time density: its total mass, its integrals over drift and start, its gradient."""
from __future__ import annotations

import numpy as np
import pytest
import scipy.stats as st

import ppl_cli.ops  # noqa: F401
from ppl_cli.distributions.first_passage import wiener_lpdf, wiener_varying_drift_lpdf, wiener_varying_lpdf
from ppl_cli.graph.basic import constant, root
from ppl_cli.graph.gradient import grad
from ppl_cli.graph.traversal import evaluate

ALPHA, TAU, BETA = 1.2, 0.2, 0.3
NODES, WEIGHTS = np.polynomial.legendre.leggauss(60)


def density(function, y, *parameters):
    return np.exp(evaluate([function(*map(constant, map(np.asarray, (y, *parameters))))])[0])


@pytest.mark.parametrize("delta", [-1.0, 0.7])
def test_mass_is_the_probability_of_the_upper_end(delta: float) -> None:
    nodes, weights = np.polynomial.legendre.leggauss(400)
    mass = density(wiener_lpdf, TAU + 10 * (nodes + 1), ALPHA, TAU, BETA, delta) @ weights * 10
    a = 2 * delta * ALPHA
    assert mass == pytest.approx((1 - np.exp(a * BETA)) / (np.exp(-a * (1 - BETA)) - np.exp(a * BETA)))


def test_both_series_agree_where_they_change() -> None:
    t = 0.5 * ALPHA**2
    below, above = density(wiener_lpdf, TAU + t * np.array([1 - 1e-12, 1 + 1e-12]), ALPHA, TAU, BETA, 0.7)
    assert below == pytest.approx(above, rel=1e-10)


@pytest.mark.parametrize("y", [0.4, 0.9, 3.0])
def test_varying_drift_is_the_integral_over_drifts(y: float) -> None:
    drifts = 0.7 + 0.5 * 8 * NODES
    expected = density(wiener_lpdf, y, ALPHA, TAU, BETA, drifts) * st.norm(0.7, 0.5).pdf(drifts) @ WEIGHTS * 4.0
    assert density(wiener_varying_drift_lpdf, y, ALPHA, TAU, BETA, 0.7, 0.5) == pytest.approx(expected)


@pytest.mark.parametrize("y", [0.25, 0.9, 3.0])
def test_varying_start_and_delay_are_integrals(y: float) -> None:
    starts = BETA + 0.1 * NODES
    last = min(TAU + 0.1, y)
    total = 0.0
    for node, weight in zip(NODES, WEIGHTS, strict=True):
        delay = TAU + 0.5 * (last - TAU) * (node + 1)
        values = density(wiener_varying_drift_lpdf, y, ALPHA, delay, starts, 0.7, 0.5)
        total += weight * (values @ WEIGHTS) / 2 * (last - TAU) / 2 / 0.1
    assert density(wiener_varying_lpdf, y, ALPHA, TAU, BETA, 0.7, 0.5, 0.2, 0.1) == pytest.approx(total, rel=1e-6)


@pytest.mark.parametrize("y", [0.25, 0.9, 3.0])
def test_gradient(y: float) -> None:
    roots = [root(name) for name in ("y", "alpha", "tau", "beta", "delta", "spread", "beta_range", "tau_range")]
    at = dict(zip(roots, map(np.asarray, (y, ALPHA, TAU, BETA, 0.7, 0.5, 0.2, 0.1)), strict=True))
    value = wiener_varying_lpdf(*roots)
    for v, slope in zip(roots, evaluate(grad(value, roots), at), strict=True):
        up, down = (evaluate([value], {**at, v: at[v] + h})[0] for h in (1e-6, -1e-6))
        assert slope == pytest.approx((up - down) / 2e-6, rel=1e-6, abs=1e-6)


@pytest.mark.parametrize(
    "arguments",
    [(0.1, 1.2, 0.2, 0.3, 0.7), (0.9, -1.2, 0.2, 0.3, 0.7), (0.9, 1.2, 0.0, 0.3, 0.7), (0.9, 1.2, 0.2, 1.0, 0.7)],
)
def test_impossible_arguments(arguments: tuple[float, ...]) -> None:
    assert not density(wiener_lpdf, *arguments) > 0.0
