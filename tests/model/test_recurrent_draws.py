"""Draws from the prior of variables whose elements depend on each other."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from ppl_cli import load
from ppl_cli.model.forward import NotGenerative

DRAWS = 4000


def prior(program: str) -> dict[str, np.ndarray]:
    """Draws [draw, ...] by name."""
    return {name: x[0] for name, x in load(program).prior(draws=DRAWS, seed=1)["prior"].items()}


def check_normal(x: np.ndarray) -> None:
    """Whether x [draw, step] are independent standard normals, at a false-alarm rate of about 1e-5."""
    assert min(stats.kstest(column, "norm").pvalue for column in x.T) > 1e-6
    correlations = np.corrcoef(x.T)[np.triu_indices(x.shape[1], 1)]
    assert np.abs(correlations).max() < 5.5 / np.sqrt(len(x))


def test_an_autoregression_in_a_loop() -> None:
    found = prior("""
        parameters { real<lower=-1, upper=1> phi; real<lower=0> s; vector[6] x; }
        model {
          phi ~ normal(0, 0.5); s ~ normal(0, 1); x[1] ~ normal(0, 1);
          for (t in 2:6) x[t] ~ normal(phi * x[t - 1], s);
        }
    """)
    x, phi, s = found["x"], found["phi"][:, None], found["s"][:, None]
    check_normal(np.c_[x[:, :1], (x[:, 1:] - phi * x[:, :-1]) / s])


def test_a_walk_of_slices_backwards() -> None:
    x = prior("parameters { vector[5] x; } model { x[5] ~ std_normal(); x[1:4] ~ normal(2 * x[2:5], 3); }")["x"]
    check_normal(np.c_[x[:, 4:], (x[:, :4] - 2 * x[:, 1:]) / 3])


def test_a_walk_of_the_second_order() -> None:
    x = prior("""
        parameters { vector[6] x; }
        model { x[1:2] ~ std_normal(); for (t in 3:6) x[t] ~ normal(2 * x[t - 1] - x[t - 2], 0.1); }
    """)["x"]
    check_normal(np.c_[x[:, :2], np.diff(x, 2) / 0.1])


def test_a_walk_of_vectors() -> None:
    x = prior("""
        parameters { array[4] vector[2] x; }
        model { x[1] ~ std_normal(); for (t in 2:4) x[t] ~ multi_normal(x[t - 1], [[4, 2], [2, 5]]); }
    """)["x"]
    steps = np.linalg.solve(np.linalg.cholesky([[4, 2], [2, 5]]), np.diff(x, axis=1)[..., None])[..., 0]
    check_normal(np.c_[x[:, 0], steps.reshape(DRAWS, -1)])


def test_a_chain_of_states() -> None:
    z = prior("""
        parameters { array[5] int<lower=1, upper=2> z; }
        model { z[1] ~ categorical([0.3, 0.7]'); for (t in 2:5) z[t] ~ categorical(z[t - 1] == 1 ? [.9, .1]' : [.2, .8]'); }
    """)["z"]
    assert abs((z[:, 0] == 1).mean() - 0.3) < 0.035
    for t in range(1, 5):
        for state, chance in ((1, 0.9), (2, 0.2)):
            after = z[z[:, t - 1] == state, t] == 1
            assert abs(after.mean() - chance) < 4.5 * np.sqrt(chance * (1 - chance) / len(after))


def test_a_bounded_walk_is_truncated_at_each_step() -> None:
    v = prior("""
        parameters { vector<lower=0>[3] v; }
        model { v[1] ~ normal(0, 1); for (t in 2:3) v[t] ~ normal(v[t - 1], 1); }
    """)["v"]
    for t in (1, 2):
        before = v[:, t - 1]
        ranks = (stats.norm.cdf(v[:, t] - before) - stats.norm.cdf(-before)) / stats.norm.sf(-before)
        assert stats.kstest(ranks, "uniform").pvalue > 1e-5


def test_counts_that_depend_on_the_one_before() -> None:
    n = prior("""
        parameters { array[4] int<lower=0> n; }
        model { n[1] ~ poisson(5); for (t in 2:4) n[t] ~ poisson(0.5 * n[t - 1] + 1); }
    """)["n"]
    for t in (1, 2, 3):
        rate = 0.5 * n[:, t - 1] + 1
        assert abs(((n[:, t] - rate) / np.sqrt(rate)).mean()) < 4.5 / np.sqrt(DRAWS)
        assert abs(((n[:, t] - rate) ** 2 / rate).mean() - 1) < 0.15


@pytest.mark.parametrize(
    "statements",
    ["x[1] ~ normal(x[2], 1); x[2] ~ normal(x[1], 1);", "x ~ normal(x, 1);", "x ~ normal(sum(x), 1);"],
)
def test_a_circle_is_named(statements: str) -> None:
    with pytest.raises(NotGenerative, match="`x` cannot be drawn from the prior: its elements depend on each other"):
        load(f"parameters {{ vector[2] x; }} model {{ {statements} }}").prior(draws=10)
