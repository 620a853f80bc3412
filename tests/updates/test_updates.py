"""What is moved by Gibbs and Metropolis steps has the law that enumeration gives."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from arviz_stats.base import array_stats
from scipy import stats

from ppl_cli import load
from ppl_cli.errors import OptionError, PplError
from ppl_cli.results import Results
from ppl_cli.updates.plan import Samplers

COUNTS = np.array([3, 5, 2, 4, 6, 3, 4, 5, 7, 2])
TRIALS = """
data { int n; array[n] int y; }
parameters { real<lower=0, upper=1> p; int<lower=0> N; }
model { p ~ beta(20, 20); N ~ poisson(9); y ~ binomial(N, p); }
"""
LATTICE = """
data { int R = 3; int C = 4; real J = 0.4; }
parameters { array[R, C] int<lower=0, upper=1> z; }
model {
  for (i in 1:R) for (j in 1:C) {
    if (i == 1) target += 0.3 * z[i, j];
    if (i < R) target += J * (2 * z[i, j] - 1) * (2 * z[i + 1, j] - 1);
    if (j < C) target += J * (2 * z[i, j] - 1) * (2 * z[i, j + 1] - 1);
  }
}
"""
TOTAL = """
parameters { array[14] int<lower=0, upper=1> z; real<lower=0> s; }
model { s ~ exponential(1); for (i in 1:14) z[i] ~ bernoulli(0.02 * i + 0.2); 6.3 ~ normal(sum(z), s); }
"""
MIXTURE = """
data { int n; vector[n] y; }
parameters { ordered[2] mu; array[n] int<lower=1, upper=2> z; real<lower=0, upper=1> w; }
model {
  mu ~ normal(0, 3); w ~ beta(2, 2);
  for (i in 1:n) { z[i] ~ categorical([w, 1 - w]'); y[i] ~ normal(mu[z[i]], 1); }
}
"""
POINTS = {"n": 24, "y": np.concatenate([np.linspace(-2.5, 0.5, 9), np.linspace(0.6, 4.2, 15)])}


def agree(draws: np.ndarray, mean: np.ndarray | float) -> None:
    """Means of draws [chain, draw, ...] within 4.5 Monte Carlo standard errors (there are up to 30 of them)."""
    flat = draws.reshape(*draws.shape[:2], -1).astype(float)
    wanted = np.broadcast_to(np.ravel(mean), flat.shape[2:])
    for k in range(flat.shape[2]):
        error = array_stats.mcse(flat[..., k], chain_axis=0, draw_axis=1, method="mean")
        assert abs(flat[..., k].mean() - wanted[k]) <= 4.5 * error


def drawn(program: str, samplers: Samplers, data: dict | None = None, **options: int) -> Results:
    model = load(program, data=data or {}).assigned(samplers)
    return model.sample(chains=2, seed=5, **{"draws": 4000, "warmup": 500, **options})


def exact_trials() -> tuple[float, float, float]:
    """Mean and mean square of N, mean of p, on a fine grid."""
    trials, chances = np.arange(7, 100), (np.arange(2000) + 0.5) / 2000
    logs = stats.poisson.logpmf(trials, 9)[:, None] + stats.beta.logpdf(chances, 20, 20)
    logs = logs + stats.binom.logpmf(COUNTS[:, None, None], trials[:, None], chances).sum(0)
    weights = np.exp(logs - logs.max())
    weights /= weights.sum()
    return weights.sum(1) @ trials, weights.sum(1) @ trials**2, weights.sum(0) @ chances


def test_an_unbounded_count_moves_by_metropolis_steps() -> None:
    found = drawn(TRIALS, Samplers(), {"n": 10, "y": COUNTS}, draws=20_000)["posterior"]
    mean, square, chance = exact_trials()
    agree(found["N"], mean)
    agree(found["N"] ** 2.0, square)
    agree(found["p"], chance)
    assert found["N"].dtype == np.int64 and found["N"].min() >= 7


def test_a_count_starts_far_from_where_it_must_be() -> None:
    found = drawn(TRIALS.replace("poisson(9)", "poisson(900)"), Samplers(), {"n": 10, "y": 100 * COUNTS}, draws=500)
    assert found["posterior"]["N"].min() >= 700


@pytest.mark.parametrize("step", ["gibbs", "metropolis"])
def test_a_lattice_has_the_law_that_enumeration_gives(step: str) -> None:
    draws = drawn(LATTICE, Samplers(steps=(("z", step),)), draws=20_000)["posterior"]["z"]
    states = np.array(list(itertools.product([0, 1], repeat=12))).reshape(-1, 3, 4)

    def neighbours(z: np.ndarray) -> np.ndarray:
        spins = 2 * z - 1
        down = (spins[..., 1:, :] * spins[..., :-1, :]).sum((-1, -2))
        return down + (spins[..., 1:] * spins[..., :-1]).sum((-1, -2))

    weights = np.exp(0.4 * neighbours(states) + 0.3 * states[:, 0].sum(-1))
    weights /= weights.sum()
    agree(draws, np.tensordot(weights, states, 1))
    agree(neighbours(draws), weights @ neighbours(states))


@pytest.mark.parametrize("samplers", [Samplers(discrete="sample"), Samplers(steps=(("z", "metropolis"),))], ids=str)
def test_elements_that_share_one_term_move_one_after_the_other(samplers: Samplers) -> None:
    model = load(TOTAL).assigned(samplers)
    assert model.compound.moves[0].conditional.count == 14
    draws = drawn(TOTAL, samplers, draws=6000)["posterior"]
    states = np.array(list(itertools.product([0, 1], repeat=14)))
    chances = 0.02 * np.arange(1, 15) + 0.2
    prior = (states * np.log(chances) + (1 - states) * np.log1p(-chances)).sum(1)
    scales = (np.arange(4000) + 0.5) / 200
    totals = np.arange(15)
    given = np.exp(stats.norm.logpdf(6.3, totals[:, None], scales) - scales).sum(1) / 200
    weights = np.exp(prior) * given[states.sum(1)]
    weights /= weights.sum()
    agree(draws["z"], weights @ states)


def test_sampled_and_summed_out_agree() -> None:
    sampled = drawn(MIXTURE, Samplers(discrete="sample"), POINTS)["posterior"]
    summed = drawn(MIXTURE, Samplers(), POINTS)["posterior"]
    for name in ("mu", "w", "z"):
        difference = sampled[name].mean((0, 1)) - summed[name].mean((0, 1))
        assert np.abs(difference).max() < 0.05 * max(1.0, sampled[name].std())


def test_a_real_parameter_by_metropolis_steps() -> None:
    program = "parameters { vector[2] x; real<lower=0> s; } model { s ~ gamma(3, 2); x ~ normal([1, 2]', s); }"
    found = drawn(program, Samplers(steps=(("x", "metropolis"), ("s", "nuts"))), draws=20_000)["posterior"]
    agree(found["x"], np.array([1.0, 2.0]))
    agree(found["s"], 1.5)
    agree((found["x"] - [1, 2]) ** 2, 3.0)  # E s² of the gamma law


def test_both_backends_move_alike() -> None:
    made = []
    for backend in ("c", "numba"):
        model = load(LATTICE + " ", backend=backend).assigned(Samplers(discrete="sample"))  # type: ignore[arg-type]
        made.append(model.sample(chains=1, draws=50, warmup=50, seed=3)["posterior"]["z"])
    assert np.array_equal(*made)


CALIBRATED = {
    "a count": (
        """
        data { int y = 3; }
        parameters { int<lower=0> N; real<lower=0> r; }
        model { r ~ gamma(3, 0.5); N ~ poisson(r); y ~ binomial(N, 0.6); }
        """, Samplers(), ("N", "r"),
    ),
    "labels and a mean": (
        """
        data { vector[8] y = rep_vector(0, 8); }
        parameters { real m; array[8] int<lower=1, upper=2> z; }
        model { m ~ normal(0, 2); z ~ categorical([0.4, 0.6]'); y ~ normal(m * to_vector(z), 1); }
        """, Samplers(discrete="sample"), ("m", "z"),
    ),
}  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("name", CALIBRATED)
def test_ranks_of_prior_draws_are_uniform(name: str) -> None:
    """Simulation-based calibration: Talts et al. (2018), arXiv:1804.06788."""
    program, samplers, unknown = CALIBRATED[name]
    prior = load(program).prior(draws=60, seed=4)
    ranks: dict[str, list[float]] = {n: [] for n in unknown}
    for k in range(60):
        model = load(program, data={"y": prior["prior_predictive"]["y"][0, k]}).assigned(samplers)
        draws = model.sample(chains=1, draws=1000, warmup=300, thin=20, seed=k)["posterior"]
        for n in unknown:
            found, truth = (x.reshape(len(x), -1).sum(1) for x in (draws[n][0], prior["prior"][n][0, k : k + 1]))
            below, equal = (found < truth).mean(), (found == truth).mean()
            ranks[n].append(below + np.random.default_rng(k).random() * equal)
    for n in unknown:
        assert stats.kstest(ranks[n], "uniform").pvalue > 1e-4


@pytest.mark.parametrize(
    ("samplers", "message"),
    [
        (Samplers(discrete="marginalize"), "`N` cannot be summed out: it has no bounds"),
        (Samplers(steps=(("N", "gibbs"),)), "too many states, or no bounds"),
        (Samplers(steps=(("N", "nuts"),)), "NUTS cannot move `N`"),
        (Samplers(steps=(("M", "gibbs"),)), "no parameter `M`"),
    ],
    ids=str,
)
def test_steps_that_do_not_fit_are_refused(samplers: Samplers, message: str) -> None:
    with pytest.raises(PplError, match=message):
        _ = load(TRIALS, data={"n": 10, "y": COUNTS}).assigned(samplers).compound.assignments


def test_there_is_no_such_step() -> None:
    with pytest.raises(OptionError, match="no step `slice`"):
        Samplers(steps=(("z", "slice"),))


def test_what_is_decided_and_why() -> None:
    model = load(TRIALS, data={"n": 10, "y": COUNTS})
    assert [a.step for a in model.compound.assignments] == ["nuts", "metropolis"]
    mixture = load(MIXTURE, data=POINTS)
    assert [str(a) for a in mixture.compound.assignments][-1].startswith("z: summed out, because it has few states: ")


def test_moves_where_the_density_is_no_number_are_refused_and_told() -> None:
    program = """
    parameters { vector[2] mu; array[2] int<lower=1, upper=3> z; }
    model { mu ~ normal(0, 1); z ~ categorical([.3, .3, .4]'); [1.0, 2.0] ~ normal(mu[z], 1); }
    """
    found = load(program).assigned(Samplers(discrete="sample")).sample(chains=1, draws=50, warmup=50, seed=1)
    assert "100 moves of `z` were not made" in found.failures[0]


@pytest.mark.parametrize("discrete", ["auto", "sample"])
def test_a_condition_guards_an_index_that_is_out_of_range(discrete: str) -> None:
    program = """
    parameters { vector[2] mu; array[2] int<lower=1, upper=3> z; }
    model {
      mu ~ normal(0, 1);
      for (i in 1:2) {
        z[i] ~ categorical([.3, .3, .4]');
        if (z[i] < 3) target += normal_lpdf(i | mu[z[i]], 1); else target += normal_lpdf(i | 0, 3);
      }
    }
    """
    found = load(program).assigned(Samplers(discrete=discrete)).sample(chains=2, draws=4000, warmup=500, seed=1)
    spread = np.sqrt([2.0, 9.0])
    weights = np.array([0.6, 0.4]) * stats.norm.pdf(2, 0, spread)  # of the second, were it alone
    assert abs((found["posterior"]["z"][..., 1] == 3).mean() - (weights / weights.sum())[1]) < 0.05
    assert not found.failures
