"""What a move is: the next value of a variable, and of the numbers that tune it, as graphs."""
from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from ppl_cli.graph.basic import Variable, constant
from ppl_cli.marginal.factors import Vectorize


@dataclass(frozen=True)
class Tuning:
    """`numbers` [k] that a move tunes itself by; `gain` is how far they may go in this iteration: 0 after warmup."""

    numbers: Variable
    gain: Variable


@dataclass(frozen=True)
class Moved:
    """The next value, in the shape of the unknown, and the next numbers of the tuning.

    undefined: how many conditional densities were not numbers; unless it is 0, the move must not be made.
    """

    value: Variable
    tuning: Variable
    undefined: Variable = field(default_factory=lambda: constant(0.0))


class Move(Protocol):
    """A move of one variable, whose root is `unknown`."""

    @property
    def unknown(self) -> Variable: ...

    @property
    def first_tuning(self) -> np.ndarray:
        """The numbers of the tuning to start with."""
        ...

    def next(self, tuning: Tuning, vectorize: Vectorize) -> Moved:
        """The move."""
        ...
