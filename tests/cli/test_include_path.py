"""`--include-path`: commands that read a model read what it includes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

Run = Callable[..., Result]

MODEL = "data {\n#include sizes.stan\n}\nparameters { real x; }\nmodel {\n#include priors.stan\n}\n"


@pytest.fixture
def model(run: Run) -> str:
    """A model that includes a file of its own folder and one of another."""
    for folder in ("models", "shared"):
        Path(folder).mkdir()
    Path("models/model.stan").write_text(MODEL)
    Path("models/sizes.stan").write_text("int N = 3;")
    Path("shared/priors.stan").write_text("x ~ normal(0, N);")
    return "models/model.stan"


@pytest.mark.parametrize("command", [("check",), ("eval", "N + 1"), ("graph",)])
def test_included_files_are_found(command: tuple[str, ...], run: Run, model: str) -> None:
    name, *options = command
    found = run(name, model, "--include-path", "models", "--include-path", "shared", *options)
    assert found.exit_code == 0, found.output


def test_without_it_only_the_models_folder_is_searched(run: Run, model: str) -> None:
    found = run("check", model)
    assert found.exit_code == 2
    assert found.stderr.startswith("models/model.stan:6:1: error: there is no file `priors.stan`")


def test_a_model_from_standard_input_includes_files_of_the_given_folders(run: Run, model: str) -> None:
    assert run("check", "-", "--include-path", "models", "--include-path", "shared", given=MODEL).exit_code == 0
    assert run("check", "-", "--include-path", "shared", given=MODEL).exit_code == 2


def test_fmt_leaves_the_lines_alone(run: Run, model: str) -> None:
    found = run("fmt", model)
    assert found.exit_code == 0
    assert "\n  #include sizes.stan\n" in found.stdout
