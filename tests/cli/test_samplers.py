"""`--discrete`, `--sampler`, `--step`, and what `ppl graph --samplers` says of them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import h5netcdf
import pytest
from click.testing import Result

Run = Callable[..., Result]

SHORT = ("--draws", "50", "--warmup", "50", "--chains", "1", "--seed", "1", "-o", "draws.nc")
MIXTURE = """
data { int n = 4; vector[n] y = [-2, -1, 2, 3]'; }
parameters { real m; array[n] int<lower=1, upper=2> z; }
model { m ~ normal(0, 1); z ~ categorical([0.5, 0.5]'); for (i in 1:n) y[i] ~ normal(z[i] == 1 ? m : m + 3, 1); }
"""


def lines(found: Result) -> list[str]:
    assert found.exit_code == 0, found.stderr
    return found.stdout.splitlines()


def test_the_steps_are_explained(run: Run) -> None:
    assert lines(run("graph", "animals.ppl", "--samplers")) == [
        "p: NUTS, because the log density can be differentiated by it",
        "animals: Metropolis, because it has no bounds, or many states",
    ]
    integrated, _ = lines(run("graph", "animals.ppl", "--samplers", "--sampler", "auto"))
    assert integrated == "p: integrated out, because given all the rest its law is beta"


def test_they_are_told_before_a_run(run: Run) -> None:
    Path("mixture.ppl").write_text(MIXTURE)
    found = run("sample", "mixture.ppl", "--step", "z=gibbs", "--step", "m=metropolis", *SHORT)
    assert found.exit_code == 0
    assert found.stderr.startswith("m: Metropolis, because you asked for it\nz: Gibbs, because you asked for it\n")
    assert "because" not in run("sample", "mixture.ppl", "--quiet", *SHORT).stderr


def test_probabilities_of_states_are_written(run: Run) -> None:
    Path("mixture.ppl").write_text(MIXTURE)
    assert run("sample", "mixture.ppl", "--quiet", "--discrete", "probabilities", *SHORT).exit_code == 0
    with h5netcdf.File("draws.nc") as file:
        p = file["posterior"]["z_probability"][...]
    assert p.shape == (1, 50, 4, 2)
    assert p.sum(-1) == pytest.approx(1.0)
    assert p[0, :, 0, 0].mean() > 0.9 > 0.1 > p[0, :, 3, 0].mean()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--step", "p"), "--step p: it must be NAME=STEP"),
        (("--step", "p=slice"), "there is no step `slice` for `p`"),
        (("--step", "q=nuts"), "the model has no parameter `q`"),
        (("--step", "p=gibbs", "--step", "p=slice"), "there is no step `slice`"),
        (("--step", "animals=gibbs"), "too many states, or no bounds"),
        (("--discrete", "marginalize"), "`animals` cannot be summed out"),
    ],
)
def test_what_does_not_fit_is_refused(run: Run, options: tuple[str, ...], message: str) -> None:
    found = run("sample", "animals.ppl", *options, *SHORT)
    assert found.exit_code == 2
    assert message in found.stderr
    assert not Path("draws.nc").exists()
