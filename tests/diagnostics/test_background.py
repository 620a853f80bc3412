"""Summaries from a process of their own are those made here."""

from __future__ import annotations

import numpy as np
import pytest

from ppl_cli.diagnostics.background import Summarizer
from ppl_cli.diagnostics.summary import summarize

RNG = np.random.default_rng(0)
POSTERIOR = {"x": RNG.normal(size=(4, 200, 2)), "n": RNG.integers(0, 5, (4, 200))}
STATISTICS = {"lp": RNG.normal(size=(4, 200)), "diverging": RNG.random((4, 200)) < 0.01}


@pytest.mark.parametrize("killed", [False, True])
def test_the_summary_is_the_same_wherever_it_is_made(killed: bool) -> None:
    summarizer = Summarizer()
    if killed:
        summarizer.process.kill()
    found, wanted = summarizer.summarize(POSTERIOR, STATISTICS), summarize(POSTERIOR, STATISTICS)
    assert found.problems == wanted.problems
    assert [r.name for r in found.rows] == [r.name for r in wanted.rows]
    np.testing.assert_array_equal([r.values for r in found.rows], [r.values for r in wanted.rows])
