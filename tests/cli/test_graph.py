"""`ppl graph`: every stage in every form."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

Run = Callable[..., Result]
STORED = Path(__file__).parent / "graphs"
MODELS = Path(__file__).parents[2] / "models"


def test_the_random_variables_of_a_small_model(compare_with_stored: Callable[[str, Path], None]) -> None:
    command = [sys.executable, "-m", "ppl_cli", "graph", str(MODELS / "half_normal.ppl")]
    found = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    compare_with_stored(found, STORED / "half_normal_random.txt")


def test_the_density_has_no_random_variables(run: Run) -> None:
    found = run("graph", "half_normal.ppl", "--stage", "logp").stdout
    assert found.startswith("add [id A] 'logp'\n")
    assert "sigma_log__ [id " in found
    assert "_rv" not in found


def test_compiled_stages_are_functions_of_the_flat_vector(run: Run) -> None:
    for stage in ("gradient", "optimized"):
        assert "q [id " in run("graph", "half_normal.ppl", "--stage", stage).stdout
    kernel = run("graph", "half_normal.ppl", "--stage", "kernel").stdout.splitlines()
    assert kernel[:2] == ["input q: double[2]", "output out: double[2]"]
    assert kernel[-1].startswith("return ")


def test_the_source_that_is_compiled(run: Run) -> None:
    assert "double kernel(" in run("graph", "half_normal.ppl", "--stage", "c", "--backend", "c").stdout
    assert "from numba import" in run("graph", "half_normal.ppl", "--stage", "c", "--backend", "numba").stdout


@pytest.mark.parametrize(("form", "start"), [("--dot", "digraph"), ("--latex", r"\begin{align*}")])
@pytest.mark.parametrize("stage", ["random", "logp", "gradient", "optimized"])
def test_graphs_for_other_programs(run: Run, stage: str, form: str, start: str) -> None:
    found = run("graph", "eight_schools.ppl", "--stage", stage, form)
    assert found.exit_code == 0, found.stderr
    assert found.stdout.startswith(start)


def test_a_kernel_is_no_graph(run: Run) -> None:
    found = run("graph", "half_normal.ppl", "--stage", "kernel", "--dot")
    assert (found.exit_code, found.stderr) == (2, "error: --stage kernel is a text: --dot does not apply to it\n")
