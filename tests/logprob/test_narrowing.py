"""Draws of random expressions within bounds, those of the declaration and those of `T[,]`."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import scipy.stats as st

from ppl_cli import load
from ppl_cli.model.forward import NotGenerative

FALSE_ALARM = 1e-5
Function = Callable[[np.ndarray], np.ndarray]


def within(law: st.rv_continuous, lower: float, upper: float) -> Function:
    """The distribution function of a law within bounds."""
    low, high = law.cdf(lower), law.cdf(upper)
    return lambda y: (law.cdf(y) - low) / (high - low)


# The declared type, the random expression, the distribution function.
BOUNDED: list[tuple[str, str, Function]] = [
    ("real<lower=0>", "exp(normal(0, 1))", st.lognorm(1).cdf),
    ("real<lower=0>", "abs(normal(0, 1))", st.halfnorm.cdf),
    ("real<lower=0>", "normal(0, 1)^2", st.chi2(1).cdf),
    ("real<lower=0, upper=1>", "inv_logit(logistic(0, 1))", st.uniform.cdf),
    ("real<lower=0>", "1 / gamma(3, 2)", st.invgamma(3, scale=2).cdf),
    ("real<lower=1, upper=2>", "exp(normal(0, 1))", within(st.lognorm(1), 1, 2)),
    ("real<upper=2>", "exp(normal(0, 1))", within(st.lognorm(1), 0, 2)),
    ("real<lower=1>", "3 - 2 * normal(0, 1)", within(st.norm(3, 2), 1, np.inf)),
    ("real", "(exp(normal(0, 1))) T[0.5, 2]", within(st.lognorm(1), 0.5, 2)),
    ("real<lower=0>", "bernoulli(0.3) ? exponential(1) : exp(normal(0, 1))",
     lambda y: 0.3 * st.expon.cdf(y) + 0.7 * st.lognorm(1).cdf(y)),
    ("vector<lower=0>[3]", "exp(normal(0, 1))", st.lognorm(1).cdf),
    ("vector<lower=1>[2]", "[exp(normal(0, 1)), exp(normal(0, 1))]'", within(st.lognorm(1), 1, np.inf)),
]  # fmt: skip


@pytest.mark.parametrize(("declared", "expression", "below"), BOUNDED, ids=[f"{d} {e}" for d, e, _ in BOUNDED])
def test_draws_within_bounds(declared: str, expression: str, below: Function) -> None:
    model = load(f"parameters {{ {declared} y; }} model {{ y ~ {expression}; }}")
    draws = model.prior(draws=3000, seed=6)["prior"]["y"].ravel()
    assert st.kstest(draws, below).pvalue > FALSE_ALARM


def test_parameters_of_a_truncated_law_may_be_drawn() -> None:
    text = "parameters { real mu; real<lower=0> y; } model { mu ~ normal(0, 1); y ~ normal(mu, 1); }"
    draws = load(text).prior(draws=3000, seed=6)["prior"]
    mu, y = draws["mu"].ravel(), draws["y"].ravel()
    below = st.norm.cdf(-mu)
    assert st.kstest((st.norm.cdf(y - mu) - below) / (1 - below), "uniform").pvalue > FALSE_ALARM


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("bernoulli(0.3) ? normal(0, 1) : normal(1, 1)", "switch"),
        ("1 / normal(0, 1)", "div"),
        ("cumulative_sum(normal([1, 2]', 1))[2]", "Gather"),
    ],
)
def test_what_cannot_be_drawn_within_bounds_is_named(expression: str, message: str) -> None:
    with pytest.raises(NotGenerative, match=f"how to draw `{message}` within bounds is not known"):
        load(f"parameters {{ real<lower=0> y; }} model {{ y ~ {expression}; }}").prior(draws=2)
