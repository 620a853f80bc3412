"""Constraints of declarations: each is one `Bijection`, chosen by `bijection`."""
from __future__ import annotations

import numpy as np

from ppl_cli.graph.basic import Constant, Variable
from ppl_cli.language.syntax import NamedConstraint
from ppl_cli.model.constraints.base import Bijection
from ppl_cli.model.constraints.bounds import Identity, Interval, LowerBound, OffsetMultiplier, UpperBound
from ppl_cli.model.constraints.matrices import CholeskyFactorCorr, CholeskyFactorCov, CorrMatrix, CovMatrix
from ppl_cli.model.constraints.stochastic import ColumnStochastic, RowStochastic, SumToZeroMatrix
from ppl_cli.model.constraints.vectors import Ordered, PositiveOrdered, Simplex, SumToZero, UnitVector

NAMED: dict[NamedConstraint, type[Bijection]] = {
    NamedConstraint.ORDERED: Ordered,
    NamedConstraint.POSITIVE_ORDERED: PositiveOrdered,
    NamedConstraint.SIMPLEX: Simplex,
    NamedConstraint.SUM_TO_ZERO_VECTOR: SumToZero,
    NamedConstraint.UNIT_VECTOR: UnitVector,
    NamedConstraint.CHOLESKY_FACTOR_COV: CholeskyFactorCov,
    NamedConstraint.CHOLESKY_FACTOR_CORR: CholeskyFactorCorr,
    NamedConstraint.COV_MATRIX: CovMatrix,
    NamedConstraint.CORR_MATRIX: CorrMatrix,
    NamedConstraint.COLUMN_STOCHASTIC_MATRIX: ColumnStochastic,
    NamedConstraint.ROW_STOCHASTIC_MATRIX: RowStochastic,
    NamedConstraint.SUM_TO_ZERO_MATRIX: SumToZeroMatrix,
}


def bounded(shape: tuple[int, ...], lower: Variable | None, upper: Variable | None, matrix: bool) -> Bijection:
    """The bijection onto [lower, upper]; a bound that is known to be infinite everywhere is none."""
    lower = None if lower is None or _everywhere(lower, -np.inf) else lower
    upper = None if upper is None or _everywhere(upper, np.inf) else upper
    if lower is not None and upper is not None:
        return Interval(shape, matrix, lower, upper)
    if lower is not None:
        return LowerBound(shape, matrix, lower)
    if upper is not None:
        return UpperBound(shape, matrix, upper)
    return Identity(shape, matrix)


def _everywhere(bound: Variable, value: float) -> bool:
    return isinstance(bound, Constant) and bool((bound.data == value).all())


__all__ = ["NAMED", "Bijection", "Identity", "OffsetMultiplier", "bounded"]
