"""What is wrong with the model, the data or the options is said in a message, and nothing is written."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

Run = Callable[..., Result]

MODEL = """\
data {
  int<lower=0> N;
  array[N] real<lower=0> y;
}
parameters {
  real<lower=0> mu;
}
model {
  y ~ exponential(mu);
}
"""
GOOD = '{"N": 3, "y": [1, 2, 3]}'

DATA = {
    "nothing": ("{}", "model.ppl:2:16: error: the data variable `N` is missing; no data were given"),
    "a missing variable": ('{"N": 3, "yy": [1]}', "the data variable `y` is missing; did you mean `yy`"),
    "a wrong shape": ('{"N": 3, "y": [1, 2]}', "`y` has size [2], but it is declared with size [3]"),
    "rows of different lengths": ('{"N": 2, "y": [[1, 2], [3]]}', "`y` has rows of different lengths"),
    "a real for an int": ('{"N": 2.5, "y": []}', "`N` is 2.5, but it is declared int"),
    "a text for a number": ('{"N": 2, "y": [1, "two"]}', '`y[2]` is the text "two", but a number is expected'),
    "a missing value": ('{"N": null, "y": [1, 2]}', "`N` is missing: only what stands on the left of `~` may be unknown"),
    "a bound violated": ('{"N": 2, "y": [1, -1]}', "model.ppl:3:26: error: in the data, `y[2]` is -1, but must be"),
    "a negative size": ('{"N": -2, "y": []}', "`N`"),
    "malformed JSON": ('{"N": 2, "y": [1, 2}', "data.json:1:20: error: the data are not valid JSON"),
    "no object": ("[1, 2]", "the data must be a JSON object"),
}

PROGRAMS = {
    "a syntax error": ("parameters { real x }", "model.ppl:1:20: error: expected `;`"),
    "a type error": ("parameters { real x; } model { int i = x; }", "model.ppl:1:"),
    "an unknown distribution": ("parameters { real x; } model { x ~ norml(0, 1); }", "did you mean `normal`"),
    "a gradient that has no room": (
        "parameters { real a; } model { vector[1000] f = rep_vector(1, 1000); for (t in 1:60000) f = tanh(f * a); "
        "target += sum(f); }",
        "the gradient of a loop that would have to keep too many values is not supported",
    ),
    "what is not supported yet": (
        "parameters { tuple(int, real) t; } model { t.1 ~ poisson(2); }",
        "not supported yet",
    ),
}

OPTIONS = {
    "an unknown option": (["--foo"], "No such option"),
    "a word for a number": (["--chains", "many"], "not a valid integer"),
    "no chains": (["--chains", "0"], "not in the range"),
    "an impossible acceptance": (["--target-accept", "1.5"], "must lie between 0 and 1"),
    "a start that is not there": (["--init", "nowhere.json"], "nowhere.json"),
    "an endless radius": (["--init", "inf"], "a radius must be finite"),
    "a folder that is not there": (["-o", "nowhere/draws.nc"], "nowhere"),
    "data that are not there": (["--data", "nowhere.json"], "nowhere.json: cannot read the data"),
}
RUN_TIME = {"a folder that is not there"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A model, its data and the draws of an earlier run."""
    (tmp_path / "model.ppl").write_text(MODEL)
    (tmp_path / "data.json").write_text(GOOD)
    (tmp_path / "model.nc").write_text("draws of an earlier run")
    return tmp_path


def assert_refused(found: Result, folder: Path, message: str, status: int = 2) -> None:
    assert message in found.stderr
    assert isinstance(found.exception, SystemExit)
    assert "internal error" not in found.stderr
    assert (found.exit_code, found.stdout) == (status, "")
    assert (folder / "model.nc").read_text() == "draws of an earlier run"
    assert {p.suffix for p in folder.iterdir()} <= {".ppl", ".json", ".nc"}


@pytest.mark.parametrize("what", DATA)
def test_data_that_do_not_fit(run: Run, folder: Path, what: str) -> None:
    text, message = DATA[what]
    (folder / "data.json").write_text(text)
    assert_refused(run("sample", "model.ppl", "--data", "data.json"), folder, message)


@pytest.mark.parametrize("what", PROGRAMS)
def test_programs_that_are_not_models(run: Run, folder: Path, what: str) -> None:
    text, message = PROGRAMS[what]
    (folder / "model.ppl").write_text(text)
    assert_refused(run("sample", "model.ppl"), folder, message)


@pytest.mark.parametrize("what", OPTIONS)
def test_options_that_make_no_sense(run: Run, folder: Path, what: str) -> None:
    options, message = OPTIONS[what]
    found = run("sample", "model.ppl", "--data", "data.json", *options)
    assert_refused(found, folder, message, status=1 if what in RUN_TIME else 2)


def test_a_model_that_is_not_there(run: Run, folder: Path) -> None:
    assert_refused(run("sample", "nowhere.ppl"), folder, "nowhere.ppl: cannot read the model")


def test_a_model_that_is_no_text(run: Run, folder: Path) -> None:
    (folder / "model.ppl").write_bytes(b"\xff\xfe\x00")
    assert_refused(run("sample", "model.ppl"), folder, "the model is not a UTF-8 text")


def test_no_point_has_a_density(run: Run, folder: Path) -> None:
    text = "parameters { real x; } model {\n  x ~ normal(0, 1);\n  target += log(-1 - x^2);\n}\n"
    (folder / "model.ppl").write_text(text)
    found = run("sample", "model.ppl")
    assert_refused(found, folder, "model.ppl:3:3", status=1)
    assert "100" in found.stderr


def test_a_start_without_density(run: Run, folder: Path) -> None:
    (folder / "start.json").write_text('{"mu": -1}')
    found = run("sample", "model.ppl", "--data", "data.json", "--init", "start.json")
    assert_refused(found, folder, "the parameter `mu` does not satisfy its constraint")


def test_a_model_that_is_not_generative(run: Run, folder: Path) -> None:
    found = run("prior", "model.ppl", "--data", "data.json")
    assert_refused(found, folder, "`mu` cannot be drawn from the prior: it has no distribution")


def test_a_file_that_holds_no_draws(run: Run, folder: Path) -> None:
    assert_refused(run("summary", "model.nc"), folder, "cannot read it as NetCDF")
