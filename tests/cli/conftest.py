"""Commands run in this process, with their two streams apart."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from ppl_cli.cli.main import ppl

MODELS = Path(__file__).parents[2] / "models"

Run = Callable[..., Result]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run `ppl` with arguments, in an empty folder; names of models stand for their paths."""
    monkeypatch.chdir(tmp_path)

    def invoke(*arguments: str, given: str | None = None) -> Result:
        found = [str(MODELS / a) if a.endswith(".ppl") and not Path(a).exists() else a for a in arguments]
        return CliRunner().invoke(ppl, found, input=given, prog_name="ppl")

    return invoke
