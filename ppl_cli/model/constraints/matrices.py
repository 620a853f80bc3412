"""Constraints on matrices: Cholesky factors, covariance and correlation matrices. The last two axes are one matrix.

Free elements are placed by constant index tables, so that the graph has the same size for every K.
"""
from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from ppl_cli.graph.basic import Variable, constant
from ppl_cli.model.constraints.base import TOLERANCE, Bijection
from ppl_cli.ops.indexing import gather, take_slice
from ppl_cli.ops.linalg import Cholesky, diagonal, matmul
from ppl_cli.ops.reduction import CumulativeSum, reduce_sum
from ppl_cli.ops.scalar_math import absolute, atanh, exp, gt, le, log, log1p_exp, ne, negation, switch, tanh
from ppl_cli.ops.shape import join, transpose


def _place(y: Variable, table: np.ndarray) -> Variable:
    """The matrix whose element is y's element number `table` of the last axis, or 0 where that is negative."""
    batch = y.shape[:-1]
    padded = join([y, constant(np.zeros((*batch, 1)))], -1)
    first = transpose(padded, (y.ndim - 1, *range(y.ndim - 1)))
    placed = gather(first, constant(np.where(table < 0, y.shape[-1], table)))
    return transpose(placed, (*range(2, placed.ndim), 0, 1))


def _take_last(x: Variable, at: np.ndarray) -> Variable:
    """The elements `at` these places of the last axis."""
    part = gather(transpose(x, (x.ndim - 1, *range(x.ndim - 1))), constant(at))
    return transpose(part, (*range(1, part.ndim), 0))


def _take(x: Variable, rows: np.ndarray, columns: np.ndarray) -> Variable:
    """The elements at (rows, columns) of the last two axes, as a last axis."""
    first = transpose(x, (x.ndim - 2, x.ndim - 1, *range(x.ndim - 2)))
    part = gather(first, constant(rows), constant(columns))
    return transpose(part, (*range(1, part.ndim), 0))


def _asymmetry(value: np.ndarray) -> str | None:
    off = np.abs(value - np.swapaxes(value, -1, -2)).max(initial=0)
    return None if off <= TOLERANCE else "is not symmetric"


def _indefinite(value: np.ndarray) -> str | None:
    try:
        np.linalg.cholesky(value)
    except np.linalg.LinAlgError:
        return "is not positive definite"
    return None


def _above_diagonal(x: Variable) -> Variable:
    return ne(x * constant(np.triu(np.ones(x.shape[-2:]), 1)), 0.0)


def _not_positive_definite(x: Variable) -> list[Variable]:
    symmetric = le(absolute(x - transpose(x)), TOLERANCE)
    return [negation(symmetric), negation(gt(diagonal(Cholesky()(x)), 0.0))]


@dataclass(frozen=True)
class MatrixBijection(Bijection):
    event_ndim: ClassVar[int] = 2

    @property
    def free(self) -> tuple[np.ndarray, np.ndarray]:
        """Rows and columns of the elements that the unconstrained vector holds, in its order."""
        raise NotImplementedError

    @property
    def unconstrained_shape(self) -> tuple[int, ...]:
        return (*self.batch, len(self.free[0]))

    @property
    def table(self) -> np.ndarray:
        found = np.full(self.event, -1)
        found[self.free] = np.arange(len(self.free[0]))
        return found


@dataclass(frozen=True)
class CholeskyFactorCov(MatrixBijection):
    """Lower triangular, row by row; the diagonal is exp(y)."""

    suffix: ClassVar[str] = "cholesky_cov"

    @property
    def free(self) -> tuple[np.ndarray, np.ndarray]:
        return np.tril_indices(self.event[0], 0, self.event[1])

    def _diagonal_of(self, y: Variable) -> Variable:
        """The free elements on the diagonal."""
        rows, columns = self.free
        return _take_last(y, np.flatnonzero(rows == columns))

    def constrain(self, y: Variable) -> Variable:
        placed = _place(y, self.table)
        return switch(constant(np.eye(*self.event, dtype=bool)), exp(placed), placed)

    def unconstrain(self, x: Variable) -> Variable:
        free, diagonal = _take(x, *self.free), constant(self.free[0] == self.free[1])
        return switch(diagonal, log(switch(diagonal, free, 1.0)), free)

    def log_jacobian(self, y: Variable) -> Variable:
        return reduce_sum(self._diagonal_of(y))

    def problem(self, value: np.ndarray) -> str | None:
        if np.triu(value, 1).any():
            return "is not lower triangular"
        return (
            None
            if (np.diagonal(value, axis1=-2, axis2=-1) > 0).all()
            else "has a diagonal element that is not positive"
        )

    def broken(self, x: Variable) -> list[Variable]:
        return [_above_diagonal(x), negation(gt(diagonal(x), 0.0))]


@dataclass(frozen=True)
class CovMatrix(CholeskyFactorCov):
    """L L' of such a factor."""

    suffix: ClassVar[str] = "cov"

    def constrain(self, y: Variable) -> Variable:
        factor = super().constrain(y)
        return matmul(factor, transpose(factor))

    def unconstrain(self, x: Variable) -> Variable:
        return super().unconstrain(Cholesky()(x))

    def log_jacobian(self, y: Variable) -> Variable:
        k = self.event[0]
        weight = constant(k + 1.0 - np.arange(k))
        return reduce_sum(self._diagonal_of(y) * weight) + float(k * np.prod(self.batch) * np.log(2))

    def problem(self, value: np.ndarray) -> str | None:
        return _asymmetry(value) or _indefinite(value)

    def broken(self, x: Variable) -> list[Variable]:
        return _not_positive_definite(x)


@dataclass(frozen=True)
class CholeskyFactorCorr(MatrixBijection):
    """Canonical partial correlations tanh(y), row by row (Reference Manual, "Cholesky factors of correlation
    matrices")."""

    suffix: ClassVar[str] = "cholesky_corr"

    @property
    def free(self) -> tuple[np.ndarray, np.ndarray]:
        return np.tril_indices(self.event[0], -1)

    def _log_left(self, y: Variable) -> Variable:
        """log(1 - z^2) of the partial correlations at their places: twice the log of sech(y)."""
        away = absolute(y)
        return _place(2.0 * (float(np.log(2)) - away - log1p_exp(-2.0 * away)), self.table)

    def _log_left_before(self, y: Variable) -> Variable:
        """The sums of these over the earlier columns."""
        left = self._log_left(y)
        zero = constant(np.zeros((*left.shape[:-1], 1)))
        return join([zero, CumulativeSum()(take_slice(left, 0, left.shape[-1] - 1, -1))], -1)

    def factor(self, y: Variable) -> Variable:
        """x[i, j] = z[i, j] times the square root of what the earlier columns left of row i."""
        k = self.event[0]
        z = _place(tanh(y), self.table) + constant(np.eye(k))
        lower = constant(np.tril(np.ones((k, k))))
        return z * exp(0.5 * self._log_left_before(y)) * lower

    def partial_correlations(self, factor: Variable) -> Variable:
        """The inverse of `factor`, before atanh."""
        squares = factor * factor
        left = 1.0 - (CumulativeSum()(squares) - squares)
        rows, columns = self.free
        remaining = _take(left, rows, columns)
        return _take(factor, rows, columns) / exp(0.5 * log(remaining))

    def constrain(self, y: Variable) -> Variable:
        return self.factor(y)

    def unconstrain(self, x: Variable) -> Variable:
        return atanh(self.partial_correlations(x))

    def log_jacobian(self, y: Variable) -> Variable:
        return reduce_sum(self._log_left(y)) + 0.5 * reduce_sum(_take(self._log_left_before(y), *self.free))

    def problem(self, value: np.ndarray) -> str | None:
        if np.triu(value, 1).any():
            return "is not lower triangular"
        off = np.abs((value**2).sum(-1) - 1).max(initial=0)
        return None if off <= TOLERANCE else "is not a Cholesky factor of a correlation matrix: a row's length is not 1"

    def broken(self, x: Variable) -> list[Variable]:
        lengths = negation(le(absolute(reduce_sum(x * x, -1) - 1.0), TOLERANCE))
        return [_above_diagonal(x), negation(gt(diagonal(x), 0.0)), lengths]


@dataclass(frozen=True)
class CorrMatrix(CholeskyFactorCorr):
    """L L' of such a factor, its partial correlations column by column (Reference Manual, "Correlation matrices")."""

    suffix: ClassVar[str] = "corr"

    @property
    def free(self) -> tuple[np.ndarray, np.ndarray]:
        columns, rows = np.triu_indices(self.event[0], 1)
        return rows, columns

    def constrain(self, y: Variable) -> Variable:
        factor = self.factor(y)
        return matmul(factor, transpose(factor))

    def unconstrain(self, x: Variable) -> Variable:
        return atanh(self.partial_correlations(Cholesky()(x)))

    def log_jacobian(self, y: Variable) -> Variable:
        left = self._log_left(y)
        weight = 1.0 + 0.5 * np.maximum(self.event[0] - np.arange(self.event[0]) - 2.0, 0.0)
        return reduce_sum(left * constant(weight))

    def problem(self, value: np.ndarray) -> str | None:
        if np.abs(np.diagonal(value, axis1=-2, axis2=-1) - 1).max(initial=0) > TOLERANCE:
            return "is not a correlation matrix: its diagonal is not 1"
        return _asymmetry(value) or _indefinite(value)

    def broken(self, x: Variable) -> list[Variable]:
        return [negation(le(absolute(diagonal(x) - 1.0), TOLERANCE)), *_not_positive_definite(x)]


