"""Every constraint: there and back, and its log Jacobian against the determinant of the numerical one."""
from __future__ import annotations

import numpy as np
import pytest

from ppl_cli.graph.basic import constant, root
from ppl_cli.graph.traversal import evaluate
from ppl_cli.model.constraints import Bijection, OffsetMultiplier, bounded
from ppl_cli.model.constraints.matrices import CholeskyFactorCorr, CholeskyFactorCov, CorrMatrix, CovMatrix
from ppl_cli.model.constraints.stochastic import ColumnStochastic, RowStochastic, SumToZeroMatrix
from ppl_cli.model.constraints.vectors import Ordered, PositiveOrdered, Simplex, SumToZero, UnitVector

LOW, HIGH = constant(-1.5), constant(2.0)
SQUARE: dict[str, Bijection] = {
    "lower": bounded((3,), LOW, None, False),
    "upper": bounded((3,), None, HIGH, False),
    "interval": bounded((2,), LOW, HIGH, False),
    "some bounds are infinite": bounded(
        (2,), constant(np.array([-np.inf, 0.0])), constant(np.array([1.0, np.inf])), False
    ),
    "offset and multiplier": OffsetMultiplier((2,), False, constant(1.0), constant(3.0)),
    "ordered": Ordered((4,)),
    "positive_ordered": PositiveOrdered((3,)),
    "two ordered": Ordered((2, 3)),
}
# The elements that determine the others: the Jacobian is that of the map onto them.
REDUCED: dict[str, tuple[Bijection, np.ndarray]] = {
    "cholesky_factor_cov": (CholeskyFactorCov((3, 3)), np.tril(np.ones((3, 3), bool))),
    "cholesky_factor_cov of more rows": (CholeskyFactorCov((4, 2)), np.tril(np.ones((4, 2), bool))),
    "cov_matrix": (CovMatrix((3, 3)), np.tril(np.ones((3, 3), bool))),
    "cholesky_factor_corr": (CholeskyFactorCorr((4, 4)), np.tril(np.ones((4, 4), bool), -1)),
    "corr_matrix": (CorrMatrix((4, 4)), np.tril(np.ones((4, 4), bool), -1)),
}
ALL = SQUARE | {n: b for n, (b, _) in REDUCED.items()} | {
    "simplex": Simplex((4,)), "two simplexes": Simplex((2, 3)), "sum_to_zero": SumToZero((4,)),
    "matrix": bounded((2, 3), LOW, None, True), "row_stochastic_matrix": RowStochastic((2, 3)),
    "column_stochastic_matrix": ColumnStochastic((2, 3)), "two sum_to_zero_matrices": SumToZeroMatrix((2, 3, 4)),
}  # fmt: skip


def _constrain(b: Bijection, y: np.ndarray) -> np.ndarray:
    v = root("y", "float64", b.unconstrained_shape)
    return evaluate([b.constrain(v)], {v: y})[0]


def _log_jacobian(b: Bijection, y: np.ndarray) -> float:
    v = root("y", "float64", b.unconstrained_shape)
    return float(evaluate([b.log_jacobian(v)], {v: y})[0])


def _points(b: Bijection) -> list[np.ndarray]:
    rng = np.random.default_rng(0)
    return [rng.normal(0, scale, b.unconstrained_shape) for scale in (0.3, 1.0, 2.0)]


@pytest.mark.parametrize("b", ALL.values(), ids=ALL.keys())
def test_there_and_back(b: Bijection) -> None:
    for y in _points(b):
        x = _constrain(b, y)
        assert x.shape == b.shape
        assert b.problem(x) is None
        v = root("x", "float64", b.shape)
        np.testing.assert_allclose(evaluate([b.unconstrain(v)], {v: x})[0], y, atol=1e-7)


def _jacobian(b: Bijection, y: np.ndarray, kept: np.ndarray) -> np.ndarray:
    columns = []
    for at in np.ndindex(y.shape):
        step = np.zeros(y.shape)
        step[at] = 1e-6
        columns.append((_constrain(b, y + step) - _constrain(b, y - step))[kept] / 2e-6)
    return np.array(columns).T


@pytest.mark.parametrize("b", SQUARE.values(), ids=SQUARE.keys())
def test_log_jacobian(b: Bijection) -> None:
    for y in _points(b):
        expected = np.linalg.slogdet(_jacobian(b, y, np.ones(b.shape, bool)))[1]
        assert _log_jacobian(b, y) == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize(("b", "kept"), REDUCED.values(), ids=REDUCED.keys())
def test_log_jacobian_onto_the_free_elements(b: Bijection, kept: np.ndarray) -> None:
    for y in _points(b):
        expected = np.linalg.slogdet(_jacobian(b, y, kept))[1]
        assert _log_jacobian(b, y) == pytest.approx(expected, abs=1e-5)


def test_log_jacobian_of_a_simplex() -> None:
    """All elements but the last determine it."""
    b = Simplex((4,))
    for y in _points(b):
        expected = np.linalg.slogdet(_jacobian(b, y, np.array([True, True, True, False])))[1]
        assert _log_jacobian(b, y) == pytest.approx(expected, abs=1e-6)


def test_a_unit_vector_has_length_one() -> None:
    b = UnitVector((3,))
    y = np.array([1.0, -2.0, 0.5])
    assert np.linalg.norm(_constrain(b, y)) == pytest.approx(1)
    assert _log_jacobian(b, y) == pytest.approx(-0.5 * (y**2).sum())


@pytest.mark.parametrize(
    ("b", "value", "words"),
    [
        (bounded((2,), LOW, None, False), [0.0, -2.0], "[2] is -2, but must be greater than or equal to -1.5"),
        (bounded((), None, HIGH, False), 3.0, "is 3, but must be less than or equal to 2"),
        (Ordered((3,)), [1.0, 2.0, 1.5], "element [3] is 1.5 after 2"),
        (Simplex((2,)), [0.6, 0.6], "sums to 1.2"),
        (CovMatrix((2, 2)), [[1.0, 2.0], [2.0, 1.0]], "not positive definite"),
        (CorrMatrix((2, 2)), [[2.0, 0.0], [0.0, 1.0]], "diagonal is not 1"),
    ],
)
def test_what_is_wrong_with_a_value(b: Bijection, value: object, words: str) -> None:
    assert words in (b.problem(np.array(value)) or "")
