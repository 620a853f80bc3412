"""What moves between the transitions of NUTS: the unknowns that it is given and does not move itself."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ppl_cli.inference.function import Function


@dataclass(frozen=True)
class Updates:
    """Moves of a state: the log density and `function` are given it, and `function` returns 0 and the next one, or
    another number where a move is not defined.

    values: how many of its first numbers are unknowns; the others are what the moves tune themselves by.
    first: a state to start from, drawn by a generator, for so many iterations of warmup.
    """

    function: Function
    values: int
    first: Callable[[np.random.Generator, int], np.ndarray]
