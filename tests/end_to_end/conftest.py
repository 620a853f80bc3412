"""`ppl` as a user runs it, in an empty folder."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from ppl_cli.cli.main import ppl

MODELS = Path(__file__).parents[2] / "models"


def with_models(arguments: tuple[str, ...]) -> list[str]:
    """Names of example models stand for their paths."""
    return [str(MODELS / a) if (MODELS / a).is_file() else a for a in arguments]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """Run `ppl` in this process."""
    monkeypatch.chdir(tmp_path)

    def invoke(*arguments: str, given: str | None = None) -> Result:
        return CliRunner().invoke(ppl, with_models(arguments), input=given, prog_name="ppl")

    return invoke


@pytest.fixture
def start(tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[bytes]]:
    """Run `ppl` as a process of its own."""

    def invoke(*arguments: str, given: str | None = None) -> subprocess.CompletedProcess[bytes]:
        command = [sys.executable, "-m", "ppl_cli", *with_models(arguments)]
        return subprocess.run(command, input=(given or "").encode(), capture_output=True, cwd=tmp_path, timeout=300)

    return invoke
