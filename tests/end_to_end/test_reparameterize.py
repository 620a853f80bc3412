"""Non-centered runs: better draws of the same posterior, and what is said of the choice."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from arviz_stats.base import array_stats
from click.testing import Result

from ppl_cli.api import load
from ppl_cli.results import Results
from ppl_cli.updates.plan import Samplers

Run = Callable[..., Result]

EIGHT_SCHOOLS = """\
data { array[8] real y = {28, 8, -3, 7, -1, 1, 18, 12}; array[8] real sigma = {15, 10, 16, 11, 9, 11, 10, 18}; }
parameters { real mu; real<lower=0> tau; vector[8] theta; }
model { mu ~ normal(0, 5); tau ~ cauchy(0, 5); theta ~ normal(mu, tau); y ~ normal(theta, sigma); }
"""
INFORMED = EIGHT_SCHOOLS.replace("sigma);", "0.1);")  # data say more of theta than its law does
NUMBERS = """\
data { array[6] int y = {3, 5, 0, 4, 2, 1}; }
parameters { real<lower=0> tau; vector[6] theta; array[6] int<lower=0, upper=20> n; }
model { tau ~ normal(0, 1); theta ~ normal(0, tau); n ~ poisson(exp(1 + theta)); y ~ binomial(n, 0.6); }
"""


def efficiency(found: Results, name: str) -> float:
    """Effective draws of a scalar for each gradient."""
    ess = array_stats.ess(found["posterior"][name], chain_axis=0, draw_axis=1)
    return float(ess / found["sample_stats"]["n_steps"].sum())


def choices(text: str) -> dict[str, str]:
    return dict(line.split(": ", 1) for line in load(text).reparameterized("auto", seed=1).choices)


def test_centered_eight_schools_no_longer_diverge() -> None:
    written, other = (m.sample(seed=1) for m in (load(EIGHT_SCHOOLS), load(EIGHT_SCHOOLS).reparameterized("auto", 1)))
    assert written["sample_stats"]["diverging"].sum() > 20
    assert other["sample_stats"]["diverging"].sum() == 0
    assert efficiency(other, "tau") > 5 * efficiency(written, "tau")
    reference = {"mu": (4.4, 3.3), "tau": (3.6, 3.2)}  # means and standard deviations of a long run
    for name, (mean, sd) in reference.items():
        draws = other["posterior"][name]
        assert draws.mean() == pytest.approx(mean, abs=0.2 * sd)
        assert draws.std() == pytest.approx(sd, rel=0.15)


def test_the_pilot_chooses_by_what_data_say() -> None:
    assert choices(EIGHT_SCHOOLS)["theta"].startswith("non-centered (Fisher divergence ")
    assert choices(INFORMED)["theta"].startswith("as written (Fisher divergence ")
    assert choices(EIGHT_SCHOOLS)["mu"] == "as written (its law does not depend on other parameters)"


def test_the_choice_follows_from_the_seed() -> None:
    first, second = (choices(EIGHT_SCHOOLS)["theta"] for _ in range(2))
    assert first == second


def test_a_pilot_with_int_parameters_that_are_sampled() -> None:
    model = load(NUMBERS).assigned(Samplers(discrete="sample"))
    assert any(line.startswith("theta: ") for line in model.reparameterized("auto", 1).choices)
    other = model.reparameterized(["theta"])
    means = [m.sample(seed=1, draws=2000)["posterior"]["n"].mean((0, 1)) for m in (load(NUMBERS), other)]
    np.testing.assert_allclose(*means, atol=0.3)


def test_draws_are_of_the_original_parameters_and_start_where_they_are_told(run: Run, tmp_path: Path) -> None:
    Path("schools.ppl").write_text(EIGHT_SCHOOLS)
    Path("start.json").write_text('{"mu": 3, "tau": 2, "theta": [1, 2, 3, 4, 5, 6, 7, 8]}')
    found = run("sample", "schools.ppl", "--reparameterize", "theta", "--init", "start.json", "--seed", "1")
    assert found.exit_code == 0, found.stderr
    assert found.stderr.startswith("theta: non-centered (as asked for)\n")
    assert found.stdout.splitlines()[0].split()[0] == "mean"
    assert [line.split()[0] for line in found.stdout.splitlines()[1:4]] == ["mu", "tau", "theta[1]"]


def test_the_graph_shows_the_standardized_parameter(run: Run) -> None:
    Path("schools.ppl").write_text(EIGHT_SCHOOLS)
    assert "theta_standard__" not in run("graph", "schools.ppl").stdout
    for choice in ("auto", "theta"):
        found = run("graph", "schools.ppl", "--reparameterize", choice)
        assert "theta_standard__ [id " in found.stdout
        assert "theta: non-centered (" in found.stderr


def test_a_parameter_that_cannot_be_non_centered_is_shown(run: Run) -> None:
    Path("schools.ppl").write_text(EIGHT_SCHOOLS)
    found = run("sample", "schools.ppl", "--reparameterize", "theta,tau")
    assert (found.exit_code, found.stderr) == (2, """\
schools.ppl:2:37: error: `tau` cannot be non-centered: its law does not depend on other parameters
  2 | parameters { real mu; real<lower=0> tau; vector[8] theta; }
    |                                     ^^^
""")  # fmt: skip
