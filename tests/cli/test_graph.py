"""`ppl graph`: every stage in every form."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

Run = Callable[..., Result]
STORED = Path(__file__).parent / "graphs"


@pytest.mark.parametrize("stage", ["random", "logp"])
def test_graphs_of_a_small_model(run: Run, stage: str, compare_with_stored: Callable[[str, Path], None]) -> None:
    found = run("graph", "half_normal.ppl", "--stage", stage)
    assert found.exit_code == 0, found.stderr
    compare_with_stored(found.stdout, STORED / f"half_normal_{stage}.txt")


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
