"""Matrices that are large enough for BLAS and LAPACK: the same values and gradients, from C and from Numba."""
from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from compiler.compare import BACKENDS, assert_compiled
from ops.differences import scalar_of

from ppl_cli.compiler import compile_function
from ppl_cli.graph.basic import Variable, constant, root
from ppl_cli.graph.gradient import grad
from ppl_cli.ops.linalg import (
    Cholesky,
    Determinant,
    LogAbsDeterminant,
    Solve,
    identity,
    matmul,
    solve_triangular,
)
from ppl_cli.ops.reduction import reduce_sum
from ppl_cli.ops.scalar_math import exp, log
from ppl_cli.ops.shape import transpose

RNG = np.random.default_rng(6)
N = 67
SQUARE = RNG.normal(size=(N, N)) / 10 + np.diag(RNG.choice([-1.0, 1.0], N))  # pivots are interchanged
TALL = RNG.normal(size=(N, 70))
SPD = TALL @ TALL.T + np.eye(N)

a, b = root("a", shape=(N, N)), root("b", shape=(N, 70))
several, batch = root("several", shape=(2, 1, N, N)), root("batch", shape=(3, N, N))
CASES: dict[str, tuple[Callable[[], Variable], dict[Variable, np.ndarray]]] = {
    "product": (lambda: matmul(a, b), {a: SQUARE, b: TALL}),
    "product with computed factors": (lambda: matmul(exp(a) - 1.0, transpose(transpose(b) * 2.0)), {a: SQUARE, b: TALL}),
    "product with a transpose": (lambda: matmul(transpose(b), matmul(a, b)), {a: SQUARE, b: TALL}),
    "product with data": (lambda: matmul(constant(SQUARE), b), {b: TALL}),
    "products of batches": (
        lambda: matmul(several, batch),
        {several: SQUARE + RNG.normal(size=(2, 1, N, N)), batch: RNG.normal(size=(3, N, N))},
    ),
    "factor": (lambda: Cholesky()(a), {a: SPD}),
    "factors": (lambda: Cholesky()(batch), {batch: np.array([SPD, 2 * SPD, SPD + np.eye(N)])}),
    "solution": (lambda: Solve()(a, b), {a: SQUARE, b: TALL}),
    "solution of data": (lambda: Solve()(a, constant(TALL[:, :1])), {a: SQUARE}),
    "solutions": (lambda: Solve()(several, batch), {several: SQUARE + np.zeros((2, 1, N, N)), batch: RNG.normal(size=(3, N, N))}),
    **{
        f"solution of a triangle, {lower=}, {transposed=}": (
            lambda lower=lower, transposed=transposed: solve_triangular(a, b, lower, transposed), {a: SQUARE, b: TALL},
        )
        for lower in (True, False) for transposed in (True, False)
    },
    "log determinant": (lambda: LogAbsDeterminant()(a), {a: SQUARE}),
    "determinant": (lambda: Determinant()(a * 1.3), {a: SQUARE}),
    "determinants": (lambda: LogAbsDeterminant()(batch), {batch: np.array([SPD, 2 * SPD, SQUARE])}),
}  # fmt: skip


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("case", CASES)
def test_value_and_gradient(case: str, backend: str) -> None:
    function, values = CASES[case]
    output = function()
    assert_compiled([output, *grad(scalar_of(output), list(values))], values, backend, rtol=1e-8, atol=1e-8)


@pytest.mark.parametrize("backend", BACKENDS)
def test_what_does_not_exist_is_nan(backend: str) -> None:
    indefinite, unknown = SPD - 40 * np.eye(N), SPD.copy()
    unknown[30, 2] = np.nan
    for matrix in (indefinite, unknown):
        function = compile_function([a], None, [Cholesky()(a)], backend=backend)
        assert np.isnan(function(matrix.ravel())[1]).all()
        function = compile_function([a], None, [reduce_sum(log(Cholesky()(a)))], backend=backend)
        assert np.isnan(function(matrix.ravel())[1]).all()


@pytest.mark.parametrize("backend", BACKENDS)
def test_singular_matrices(backend: str) -> None:
    singular = SQUARE.copy()
    singular[5] = 0.0
    outputs = [LogAbsDeterminant()(a), Determinant()(a), reduce_sum(Solve()(a, constant(TALL)))]
    found = compile_function([a], None, outputs, backend=backend)(singular.ravel())[1]
    assert found[0] == -np.inf and found[1] == 0.0 and not np.isfinite(found[2])


def test_large_and_small_agree() -> None:
    """A matrix in blocks, one of them small."""
    block = matmul(transpose(a), a) + identity(N)
    by_solving = reduce_sum(Solve()(block, constant(TALL)) * constant(TALL))
    factor = Cholesky()(block)
    whitened = solve_triangular(factor, constant(TALL))
    values = compile_function([a], None, [by_solving, reduce_sum(whitened * whitened)])(SQUARE.ravel())[1]
    assert values[0] == pytest.approx(values[1], rel=1e-10)
