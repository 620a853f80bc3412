"""`ppl check`: warnings on standard error, an exit status for mistakes only."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from click.testing import Result

Run = Callable[..., Result]

PROGRAM = "parameters { real x; } model { x ~ gamma(2, 1); }"


def test_a_valid_program_gives_nothing(run: Run) -> None:
    found = run("check", "-", given=PROGRAM)
    assert (found.exit_code, found.output) == (0, "")


def test_pedantic_warnings_are_located_and_no_failure(run: Run) -> None:
    found = run("check", "--pedantic", "-", given=PROGRAM)
    assert (found.exit_code, found.stdout) == (0, "")
    assert found.stderr.startswith("standard input:1:32: warning: a value of `gamma` is at least 0")


def test_mistakes_are_the_first_to_be_shown(run: Run) -> None:
    found = run("check", "--pedantic", "-", given=PROGRAM.replace("gamma", "gama"))
    assert found.exit_code == 2
    assert "did you mean `gamma`?" in found.stderr
    assert "warning" not in found.stderr


def test_with_data_indices_in_loops_are_checked(run: Run) -> None:
    program = "data { int N; array[N] real x; } model { for (n in 1:N) target += x[n + 1]; }"
    Path("data.json").write_text('{"N": 2, "x": [1, 2]}')
    assert run("check", "-", given=program).exit_code == 0
    found = run("check", "-", "--data", "data.json", given=program)
    assert found.exit_code == 2
    assert "index 3 is out of range" in found.stderr
    assert found.stderr.startswith("standard input:1:")
