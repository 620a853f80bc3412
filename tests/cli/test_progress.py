"""The line that shows how far the chains are."""

from __future__ import annotations

import numpy as np

from ppl_cli.cli.progress import WIDTH, describe
from ppl_cli.inference.chains import Progress


def test_half_way() -> None:
    line = describe(Progress(np.array([1500, 500]), 2000, 0, 8000), seconds=4.0)
    assert line.split("  ")[-4:] == ["2 chains", "4.0 s", "4 s left", "2,000 leapfrogs/s"]
    assert line.count("━") == WIDTH // 2
    assert " 50%" in line


def test_divergences_are_shown_once_there_are_any() -> None:
    assert "divergent" not in describe(Progress(np.array([10]), 20, 0, 80), 1.0)
    assert describe(Progress(np.array([10]), 20, 3, 80), 1.0).endswith("3 divergent")


def test_a_run_of_no_iterations() -> None:
    assert "0%" in describe(Progress(np.array([0]), 0, 0, 0), 0.0)
