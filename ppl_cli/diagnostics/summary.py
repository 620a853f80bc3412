"""Draws → a table of moments, quantiles, effective sample sizes and R-hat, and what is wrong with the run.

The statistics are those of Vehtari et al. (2021), "Rank-normalization, folding, and localization", computed by
arviz-stats. Its import takes longer than sampling a small model, so it happens when a table is made.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

QUANTILES = (0.05, 0.5, 0.95)
COLUMNS = ("mean", "sd", "5%", "50%", "95%", "ess_bulk", "ess_tail", "r_hat")
FEWEST_TO_JUDGE = 4  # draws per chain
LARGEST_R_HAT, FEWEST_DRAWS, LOWEST_BFMI = 1.01, 100, 0.3  # Vehtari et al. 2021; Stan's warnings


@dataclass(frozen=True)
class Row:
    """The summary of one scalar; `values` in the order of COLUMNS."""

    name: str
    values: tuple[float, ...]


@dataclass(frozen=True)
class Summary:
    """Rows for all scalars, and problems in words."""

    rows: tuple[Row, ...]
    problems: tuple[str, ...]


def summarize(posterior: Mapping[str, np.ndarray], statistics: Mapping[str, np.ndarray]) -> Summary:
    """Summarize draws [chain, draw, ...] by name; `statistics` are those of the sampler, [chain, draw]."""
    rows = tuple(_rows(posterior))
    return Summary(rows, tuple(_problems(rows, statistics)))


def _rows(posterior: Mapping[str, np.ndarray]) -> Iterator[Row]:
    for name, draws in posterior.items():
        shape = draws.shape[2:]
        if draws.size == 0:
            continue
        x = draws.reshape(*draws.shape[:2], -1).astype(float)
        columns = np.vstack([*_moments(x), *_convergence(x)])
        for k, index in enumerate(np.ndindex(shape)):
            label = f"{name}[{','.join(str(i + 1) for i in index)}]" if index else name
            yield Row(label, tuple(map(float, columns[:, k])))


def _moments(x: np.ndarray) -> tuple[np.ndarray, ...]:
    """Mean, standard deviation and quantiles of draws [chain, draw, scalar]."""
    flat = x.reshape(-1, x.shape[2])
    spread = flat.std(axis=0, ddof=1) if len(flat) > 1 else np.full(flat.shape[1], np.nan)
    return flat.mean(axis=0), spread, *np.quantile(flat, QUANTILES, axis=0)


def _convergence(x: np.ndarray) -> np.ndarray:
    """Effective sample sizes (bulk, tail) and R-hat [statistic, scalar]; NaN where undefined."""
    found = np.full((3, x.shape[2]), np.nan)
    if x.shape[1] < FEWEST_TO_JUDGE:
        return found
    from arviz_stats.base import array_stats

    with np.errstate(invalid="ignore"):
        varied = np.isfinite(x).all(axis=(0, 1)) & (np.ptp(x, axis=(0, 1)) > 0)
    if varied.any():
        x, axes = x[:, :, varied], {"chain_axis": 0, "draw_axis": 1}
        found[0, varied] = array_stats.ess(x, method="bulk", **axes)
        found[1, varied] = array_stats.ess(x, method="tail", prob=(QUANTILES[0], QUANTILES[-1]), **axes)
        if len(x) > 1:
            found[2, varied] = array_stats.rhat(x, **axes)
    return found


def _problems(rows: tuple[Row, ...], statistics: Mapping[str, np.ndarray]) -> Iterator[str]:
    diverging = int(np.sum(statistics.get("diverging", 0)))
    if diverging:
        total = np.size(statistics["diverging"])
        yield (
            f"{diverging} of {total} transitions diverged: the posterior has regions that the sampler cannot enter; "
            "try --target-accept 0.95, another parameterization (--reparameterize auto), or --sampler auto"
        )
    deepest = int(np.sum(statistics.get("reached_max_treedepth", 0)))
    if deepest:
        yield (
            f"{deepest} transitions stopped at the largest tree depth: sampling is slow, not wrong; "
            "try a higher --max-depth"
        )
    if "energy" in statistics:
        low = [k + 1 for k, value in enumerate(_bfmi(statistics["energy"])) if value < LOWEST_BFMI]
        if low:
            chains = ", ".join(map(str, low))
            yield f"the energy of chain {chains} changes too slowly (E-BFMI below {LOWEST_BFMI}): heavy tails"
    bad = [r.name for r in rows if r.values[7] > LARGEST_R_HAT]
    if bad:
        yield f"R-hat is above {LARGEST_R_HAT} for {_some(bad)}: the chains disagree; run longer"
    few = [r.name for r in rows if min(r.values[5:7]) < FEWEST_DRAWS * _chains(statistics)]
    if few:
        yield (
            f"the effective sample size is below {FEWEST_DRAWS} per chain for {_some(few)}: "
            "estimates are unreliable; run longer"
        )


def _chains(statistics: Mapping[str, np.ndarray]) -> int:
    return len(statistics["lp"]) if "lp" in statistics else 1


def _bfmi(energy: np.ndarray) -> np.ndarray:
    """The energy Bayesian fraction of missing information of each chain (Betancourt 2016, arXiv 1604.00695)."""
    if energy.shape[1] < 4:
        return np.ones(len(energy))
    spread = energy.var(axis=1)
    return np.where(spread > 0, (np.diff(energy, axis=1) ** 2).mean(axis=1) / np.where(spread > 0, spread, 1), 1)


def _some(names: list[str]) -> str:
    shown = ", ".join(names[:3])
    return shown + (f" and {len(names) - 3} more" if len(names) > 3 else "")


def table(summary: Summary, most: int = 60) -> str:
    """The rows as aligned text; of more than `most` rows the first ones."""
    rows = summary.rows[:most]
    cells = [("", *COLUMNS)] + [(r.name, *_cells(r)) for r in rows]
    widths = [max(len(row[k]) for row in cells) for k in range(len(COLUMNS) + 1)]
    lines = [
        "  ".join(c.ljust(w) if k == 0 else c.rjust(w) for k, (c, w) in enumerate(zip(row, widths, strict=True)))
        for row in cells
    ]
    if len(summary.rows) > most:
        lines.append(f"... and {len(summary.rows) - most} more; the checks below cover all of them")
    return "\n".join(lines)


def _cells(row: Row) -> list[str]:
    *moments, bulk, tail, r_hat = row.values
    return (
        [f"{v:.4g}" for v in moments]
        + ["" if np.isnan(v) else f"{v:.0f}" for v in (bulk, tail)]
        + ["" if np.isnan(r_hat) else f"{r_hat:.3f}"]
    )
