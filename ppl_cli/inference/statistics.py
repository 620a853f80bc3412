"""What is recorded of each draw: one table that the sampler writes by column and storage reads by name."""

from __future__ import annotations

import numpy as np

# Name (ArviZ's) and type of each column of a chain's statistics, in order.
STATISTICS: dict[str, type] = {
    "lp": np.float64,
    "acceptance_rate": np.float64,
    "step_size": np.float64,
    "tree_depth": np.int64,
    "n_steps": np.int64,
    "diverging": np.bool_,
    "reached_max_treedepth": np.bool_,
    "energy": np.float64,
}
COLUMNS = len(STATISTICS)


def by_name(table: np.ndarray) -> dict[str, np.ndarray]:
    """Columns [..., column] of recorded statistics as arrays of their types."""
    return {name: table[..., k].astype(dtype) for k, (name, dtype) in enumerate(STATISTICS.items())}
