"""Random expressions as one meets them first: their densities by hand, and what data drawn from them give back."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from ppl_cli import load
from ppl_cli.updates.plan import Samplers

RNG = np.random.default_rng(0)
VECTOR = np.array([0.3, -1.2, 0.8, 2.5, -0.4, 1.1, 3.0])

# What stands on the right of `y ~`; y; its log density by hand.
DENSITIES = {
    "a log-normal": ("exp(normal(0.3, 2))", 1.7, stats.lognorm.logpdf(1.7, 2, scale=np.exp(0.3))),
    "a random walk": (
        "cumulative_sum(normal(rep_vector(0, 10), 1))", np.arange(10.0), stats.norm.logpdf([0] + [1] * 9).sum(),
    ),
    "parts with their own laws": (
        "append_row(normal(rep_vector(0, 3), 1), normal(rep_vector(0, 4), 2))", VECTOR,
        stats.norm.logpdf(VECTOR[:3]).sum() + stats.norm.logpdf(VECTOR[3:], 0, 2).sum(),
    ),
    "a walk from a log-normal start": (
        "cumulative_sum(append_row(exp(normal(0, 1)), normal(rep_vector(0, 3), 1)))", np.array([0.5, 1.5, 1.0, 3.0]),
        stats.lognorm.logpdf(0.5, 1) + stats.norm.logpdf([1.0, -0.5, 2.0]).sum(),
    ),
    "a drift downwards": (
        "cumulative_sum(-exponential(rep_vector(1, 4)))", np.array([-0.5, -0.7, -2.0, -2.1]),
        stats.expon.logpdf([0.5, 0.2, 1.3, 0.1]).sum(),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", DENSITIES)
def test_the_density_is_that_by_hand(name: str) -> None:
    expression, y, expected = DENSITIES[name]
    declared = "real y;" if np.ndim(y) == 0 else f"vector[{len(y)}] y;"
    model = load(f"data {{ {declared} }} model {{ y ~ {expression}; }}", data={"y": y})
    assert model.logp_grad(np.zeros(0))[0] == pytest.approx(expected, rel=1e-12)


def test_the_mean_of_a_clipped_normal_is_recovered() -> None:
    y = np.clip(RNG.normal(-1.5, 1, 10_000), -2, 2)
    model = load(
        "data { int n; vector[n] y; } parameters { real mu; } model { mu ~ normal(0, 10); y ~ clip(normal(mu, 1), -2, 2); }",
        data={"n": len(y), "y": y},
    )
    mu = model.sample(chains=2, draws=500, warmup=300, seed=1)["posterior"]["mu"]
    assert abs(mu.mean() + 1.5) < 4 * 0.011
    assert 0.009 < mu.std() < 0.014


def test_the_labels_of_a_mixture_are_recovered() -> None:
    truth = RNG.choice(3, 200, p=[0.3, 0.5, 0.2]) + 1
    y = RNG.normal(np.array([-5.0, 0.0, 5.0])[truth - 1], 1)
    program = """
    data { int n; vector[n] y; }
    parameters { simplex[3] w; array[n] int<lower=1, upper=3> label; }
    model { label ~ categorical(w); y ~ normal([-5, 0, 5]'[label], 1); }
    """
    marginal = "data { int n; vector[n] y; } parameters { simplex[3] w; } model { y ~ normal([-5, 0, 5]', 1)[categorical(w)]; }"
    for samplers in (Samplers(), Samplers(discrete="sample")):
        draws = load(program, data={"n": 200, "y": y}).assigned(samplers).sample(chains=2, draws=500, seed=1)["posterior"]
        likeliest = np.argmax([(draws["label"] == k).mean((0, 1)) for k in (1, 2, 3)], 0) + 1
        assert (likeliest == truth).mean() > 0.97
    q = RNG.normal(size=2)
    summed, derived = (load(p, data={"n": 200, "y": y}).logp_grad(q)[0] for p in (program, marginal))
    assert summed == pytest.approx(derived, rel=1e-12)
