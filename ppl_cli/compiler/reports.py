"""Records that a running kernel writes: five numbers (faults in this call, where the next record begins, records that
found no room, the row, the end of the room), then for each record its row, its site, how many numbers it has, and
these."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

HEADER = 5
FAULTS, NEXT, DROPPED, ROW, END = range(HEADER)
ROOM = 1 << 16  # numbers


@dataclass(frozen=True)
class Record:
    """What one site said: `row` is the number of the call, `numbers` the values."""

    row: int
    site: int
    numbers: tuple[float, ...]


def room() -> np.ndarray:
    """Room for the records of one thread."""
    reports = np.zeros(ROOM)
    clear(reports)
    return reports


def clear(reports: np.ndarray) -> None:
    """Forget what has been written."""
    reports[:HEADER] = 0
    reports[NEXT], reports[END] = HEADER, reports.size


def records(reports: np.ndarray) -> Iterator[Record]:
    """The records written so far."""
    at = HEADER
    while at < reports[NEXT]:
        row, site, n = map(int, reports[at : at + 3])
        yield Record(row, site, tuple(reports[at + 3 : at + 3 + n]))
        at += 3 + n
