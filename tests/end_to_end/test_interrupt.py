"""Ctrl-C ends a run early; what was drawn is kept, in a file that is whole."""

from __future__ import annotations

import signal
from collections.abc import Callable
from pathlib import Path

import pytest
import xarray
from click.testing import Result

from ppl_cli.cli.sample import ProgressLine
from ppl_cli.inference.chains import Progress

Run = Callable[..., Result]
ENDLESS = ("--chains", "2", "--warmup", "100", "--draws", "50000", "--seed", "1")


def interrupt_at(iteration: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Press Ctrl-C when every chain has reached an iteration."""

    def watch(_: ProgressLine, progress: Progress) -> None:
        if progress.iterations.min() >= iteration:
            signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(ProgressLine, "__call__", watch)


@pytest.fixture
def slow(tmp_path: Path) -> str:
    """A model whose draws take long enough to be interrupted."""
    path = tmp_path / "slow.ppl"
    path.write_text("parameters { vector[100] x; } model { x ~ student_t(1, 0, 1); }")
    return str(path)


def test_ctrl_c_keeps_the_draws_made_so_far(
    run: Run, slow: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    interrupt_at(110, monkeypatch)
    found = run("sample", slow, *ENDLESS)
    assert found.exit_code == 0, found.stderr
    draws = xarray.open_dataset(tmp_path / "slow.nc", group="posterior")["x"]
    assert draws.shape[0] in (1, 2)
    assert 10 <= draws.shape[1] < 50000
    assert f"interrupted: {draws.shape[0]} chains of {draws.shape[1]} draws are kept" in found.stderr


def test_ctrl_c_in_warmup_leaves_no_file(run: Run, slow: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    interrupt_at(1, monkeypatch)
    found = run("sample", slow, *ENDLESS, "--warmup", "100000")
    assert found.exit_code == 1
    assert "interrupted before the first draw" in found.stderr
    assert not (tmp_path / "slow.nc").exists()
