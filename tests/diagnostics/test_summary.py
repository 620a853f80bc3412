"""The table of a run and what is said to be wrong with it."""

from __future__ import annotations

import numpy as np
import pytest
from arviz_stats.base import array_stats

from ppl_cli.diagnostics.summary import COLUMNS, Summary, summarize, table

RANDOM = np.random.default_rng(5)
GOOD = RANDOM.standard_normal((4, 500, 2, 3))


def statistics(**changed: np.ndarray) -> dict[str, np.ndarray]:
    found = {
        "lp": np.zeros((4, 500)),
        "diverging": np.zeros((4, 500), dtype=np.int8),
        "reached_max_treedepth": np.zeros((4, 500), dtype=np.int8),
        "energy": RANDOM.standard_normal((4, 500)),
    }
    return {**found, **changed}


def columns(summary: Summary, row: int = 0) -> dict[str, float]:
    return dict(zip(COLUMNS, summary.rows[row].values, strict=True))


def test_rows_are_scalars_named_by_their_indices() -> None:
    summary = summarize({"theta": GOOD, "tau": GOOD[..., 0, 0]}, statistics())
    assert [r.name for r in summary.rows] == [f"theta[{i},{j}]" for i in (1, 2) for j in (1, 2, 3)] + ["tau"]


def test_each_row_is_about_its_scalar() -> None:
    x = GOOD[..., 1, 0]
    found = columns(summarize({"theta": GOOD}, statistics()), 3)
    axes = {"chain_axis": 0, "draw_axis": 1}
    expected = {
        "mean": x.mean(),
        "sd": x.std(ddof=1),
        "5%": np.quantile(x, 0.05),
        "50%": np.median(x),
        "95%": np.quantile(x, 0.95),
        "ess_bulk": float(array_stats.ess(x, method="bulk", **axes)),
        "ess_tail": float(array_stats.ess(x, method="tail", prob=(0.05, 0.95), **axes)),
        "r_hat": float(array_stats.rhat(x, **axes)),
    }
    assert found == pytest.approx(expected, rel=1e-12)


def test_a_good_run_has_no_problems() -> None:
    assert summarize({"theta": GOOD}, statistics()).problems == ()


@pytest.mark.parametrize("draws", [np.ones((4, 500)), np.full((4, 500), np.nan), GOOD[:, :3, 0, 0]])
def test_what_cannot_be_judged_is_left_out(draws: np.ndarray) -> None:
    summary = summarize({"x": draws}, statistics())
    assert np.isnan(summary.rows[0].values[5:]).all()
    assert summary.problems == ()


def test_one_chain_has_no_r_hat() -> None:
    assert np.isnan(columns(summarize({"x": GOOD[:1, :, 0, 0]}, {}))["r_hat"])


def test_variables_without_elements_or_draws_have_no_rows() -> None:
    assert summarize({"x": np.zeros((4, 500, 0)), "y": np.zeros((4, 0))}, {}).rows == ()


DRIFT = np.linspace(0, 5, 500)[None, :] + 0.01 * GOOD[..., 0, 0]


@pytest.mark.parametrize(
    ("draws", "changed", "words"),
    [
        (GOOD, {"diverging": np.eye(4, 500)}, "4 of 2000 transitions diverged"),
        (GOOD, {"reached_max_treedepth": np.eye(4, 500)}, "4 transitions stopped at the largest tree depth"),
        (GOOD, {"energy": np.cumsum(GOOD[..., 0, 0], axis=1)}, "E-BFMI below 0.3"),
        (GOOD[..., 0, 0] + np.arange(4)[:, None], {}, "R-hat is above 1.01 for x"),
        (DRIFT, {}, "effective sample size is below 100 per chain for x"),
    ],
)
def test_each_problem_is_named(draws: np.ndarray, changed: dict, words: str) -> None:
    assert any(words in problem for problem in summarize({"x": draws}, statistics(**changed)).problems)


def test_a_long_table_is_cut_and_the_checks_are_not() -> None:
    many = np.concatenate([GOOD[..., 0], DRIFT[..., None]], axis=2)
    summary = summarize({"x": many}, statistics())
    lines = table(summary, most=2).splitlines()
    assert len(lines) == 4
    assert lines[-1].startswith("... and 1 more")
    assert any("x[3]" in problem for problem in summary.problems)


def test_columns_are_aligned() -> None:
    lines = table(summarize({"theta": GOOD}, statistics())).splitlines()
    assert len({len(line) for line in lines}) == 1
    assert lines[0].split() == list(COLUMNS)
