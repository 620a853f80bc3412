"""Constraints on the rows and columns of a matrix: stochastic matrices, matrices whose rows and columns sum to zero.

Each is a constraint on vectors, applied along an axis (Reference Manual, "Stochastic Matrix", "Zero sum matrix").
"""
from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from ppl_cli.graph.basic import Variable, constant
from ppl_cli.model.constraints.base import Bijection
from ppl_cli.model.constraints.vectors import Simplex, SumToZero
from ppl_cli.ops.shape import transpose


@dataclass(frozen=True)
class RowStochastic(Bijection):
    """Each row is a simplex."""

    event_ndim: ClassVar[int] = 2
    suffix: ClassVar[str] = "row_stochastic"

    @property
    def lines(self) -> Simplex:
        return Simplex(self.shape)

    @property
    def unconstrained_shape(self) -> tuple[int, ...]:
        rows, columns = self.event
        return (*self.batch, max(columns - 1, 0), rows)

    def constrain(self, y: Variable) -> Variable:
        return self.lines.constrain(transpose(y))

    def unconstrain(self, x: Variable) -> Variable:
        return transpose(self.lines.unconstrain(x))

    def log_jacobian(self, y: Variable) -> Variable:
        return self.lines.log_jacobian(transpose(y))

    def problem(self, value: np.ndarray) -> str | None:
        reason = self.lines.problem(value)
        return reason and f"has a row that {reason}"

    def broken(self, x: Variable) -> list[Variable]:
        return self.lines.broken(x)


@dataclass(frozen=True)
class ColumnStochastic(RowStochastic):
    """Each column is a simplex."""

    suffix: ClassVar[str] = "column_stochastic"

    @property
    def lines(self) -> Simplex:
        rows, columns = self.event
        return Simplex((*self.batch, columns, rows))

    @property
    def unconstrained_shape(self) -> tuple[int, ...]:
        return self.lines.unconstrained_shape

    def constrain(self, y: Variable) -> Variable:
        return transpose(self.lines.constrain(y))

    def unconstrain(self, x: Variable) -> Variable:
        return self.lines.unconstrain(transpose(x))

    def log_jacobian(self, y: Variable) -> Variable:
        return self.lines.log_jacobian(y)

    def problem(self, value: np.ndarray) -> str | None:
        reason = self.lines.problem(np.swapaxes(value, -1, -2))
        return reason and f"has a column that {reason}"

    def broken(self, x: Variable) -> list[Variable]:
        return self.lines.broken(transpose(x))


@dataclass(frozen=True)
class SumToZeroMatrix(Bijection):
    """Each row and each column sums to zero."""

    event_ndim: ClassVar[int] = 2
    suffix: ClassVar[str] = "sum_to_zero"

    @property
    def unconstrained_shape(self) -> tuple[int, ...]:
        rows, columns = self.event
        return (*self.batch, max(columns - 1, 0), max(rows - 1, 0))

    def _steps(self) -> tuple[SumToZero, SumToZero]:
        """Along the columns first, then along the rows."""
        rows, columns = self.event
        return SumToZero((*self.batch, max(columns - 1, 0), rows)), SumToZero(self.shape)

    def constrain(self, y: Variable) -> Variable:
        first, second = self._steps()
        return second.constrain(transpose(first.constrain(y)))

    def unconstrain(self, x: Variable) -> Variable:
        first, second = self._steps()
        return first.unconstrain(transpose(second.unconstrain(x)))

    def log_jacobian(self, y: Variable) -> Variable:
        return constant(0.0)

    def problem(self, value: np.ndarray) -> str | None:
        _, along = self._steps()
        rows, columns = along.problem(value), along.problem(np.swapaxes(value, -1, -2))
        return f"has a row that {rows}" if rows else columns and f"has a column that {columns}"

    def broken(self, x: Variable) -> list[Variable]:
        _, along = self._steps()
        return [*along.broken(x), *along.broken(transpose(x))]
