"""Draws of a real variable from its conditional law, which is a known one."""
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ppl_cli.conjugacy import Family, integrate
from ppl_cli.graph.basic import Variable
from ppl_cli.ops.reduction import reduce_sum
from ppl_cli.ops.scalar_math import isnan, switch
from ppl_cli.updates.base import Moved, Tuning, Vectorize


@dataclass(frozen=True, eq=False)
class Exact:
    """A Gibbs step. The total of all `parts` is the log density; `family` is None for the multivariate normal law."""

    unknown: Variable
    parts: Sequence[Variable]
    family: Family | None

    @property
    def first_tuning(self) -> np.ndarray:
        return np.zeros(0)

    def next(self, tuning: Tuning, vectorize: Vectorize) -> Moved:
        draw = integrate(self.parts, self.unknown, self.family, vectorize).draw
        return Moved(draw, tuning.numbers, reduce_sum(switch(isnan(draw), 1.0, 0.0)))
