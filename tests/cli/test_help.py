"""What every command has: help that ends with an example, quick to appear."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable

import pytest
from click.testing import Result

from ppl_cli import __version__
from ppl_cli.cli.main import MODULES

Run = Callable[..., Result]


@pytest.mark.parametrize("command", MODULES)
def test_help_ends_with_an_example(run: Run, command: str) -> None:
    found = run(command, "--help")
    assert found.exit_code == 0
    example = found.stdout.rpartition("Example:\n")[2]
    assert f"ppl {command} " in example


def test_the_group_lists_all_commands(run: Run) -> None:
    found = run("--help").stdout
    assert all(f"  {command} " in found for command in MODULES)


def test_the_version(run: Run) -> None:
    assert run("--version").stdout == f"ppl, version {__version__}\n"


def test_help_imports_nothing_slow() -> None:
    code = "import sys; from ppl_cli.cli import main, sample, logp, summary; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert not {"numba", "scipy", "h5netcdf", "lark", "arviz_stats"} & set(loaded)
