"""The gradients of tensor operations and of control flow agree with differences, once and twice."""
from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from ops.differences import assert_gradient

import ppl_cli.ops  # noqa: F401
from ppl_cli.graph.basic import Variable, constant, root
from ppl_cli.ops import decompositions, linalg
from ppl_cli.ops.control import make_if, make_loop
from ppl_cli.ops.indexing import add_at, gather, set_at, take_slice
from ppl_cli.ops.reduction import (
    CumulativeSum,
    expand_log_sum_exp,
    log_sum_exp,
    reduce_max,
    reduce_min,
    reduce_prod,
    reduce_sum,
)
from ppl_cli.ops.scalar_math import exp, gt, mul, sin
from ppl_cli.ops.shape import broadcast_to, join, reshape, stack, transpose

rotation = constant(np.array([[1.0, 4.0, 0.0], [-3.0, 0.0, 1.0], [0.0, 0.0, 2.0]]))
repeated = constant(np.array([1, 0, 1]))
rows, columns = constant(np.array([[0], [2]])), constant(np.array([1, 3, 3]))


def positive_definite(a: Variable) -> Variable:
    return linalg.matmul(a, transpose(a)) + linalg.identity(a.shape[-1])


def triangle(a: Variable) -> Variable:
    """Well conditioned, with both triangles filled."""
    return a + 3.0 * linalg.identity(a.shape[-1])


# name: (function, shapes of its arguments)
CASES: dict[str, tuple[Callable[..., Variable], tuple[tuple[int, ...], ...]]] = {
    "reshape": (lambda m: reshape(m, (4, 3)), ((3, 4),)),
    "transpose": (lambda t: transpose(t, (2, 0, 1)), ((2, 3, 4),)),
    "broadcast": (lambda x: broadcast_to(x, (2, 3, 4)), ((3, 1),)),
    "join": (lambda x, y: join([x, y, x], 1), ((2, 1), (2, 3))),
    "stack": (lambda x, y: stack([x, y]), ((3,), (3,))),
    "sum": (lambda m: reduce_sum(m, 0), ((3, 4),)),
    "sum over two axes": (lambda t: reduce_sum(t, (0, 2)), ((2, 3, 4),)),
    "product": (lambda m: reduce_prod(m, -1), ((2, 3),)),
    "max": (lambda m: reduce_max(m, -1), ((2, 3),)),
    "min": (lambda m: reduce_min(m), ((2, 3),)),
    "log_sum_exp": (lambda m: log_sum_exp(m, 0), ((3, 2),)),
    "expanded log_sum_exp": (expand_log_sum_exp, ((3, 2),)),
    "cumulative sum": (CumulativeSum(), ((2, 3),)),
    "reversed cumulative sum": (CumulativeSum(reverse=True), ((2, 3),)),
    "gather": (lambda x: gather(x, repeated), ((2,),)),
    "gather rows": (lambda m: gather(m, repeated), ((2, 3),)),
    "gather crossed": (lambda m: gather(m, rows, columns), ((3, 4),)),
    "slice": (lambda m: take_slice(m, 1, 3, 1), ((2, 4),)),
    "set": (lambda x, v: set_at(x, v, constant(np.array([2, 0]))), ((4,), (2,))),
    "set to one number": (lambda m, v: set_at(m, v, constant(np.array([2, 0]))), ((3, 2), ())),
    "set again": (lambda x, v: set_at(x, v, repeated), ((2,), (3,))),
    "set rows again": (lambda m, v: set_at(m, v, repeated), ((2, 2), (3, 2))),
    "add": (lambda x, v: add_at(x, v, repeated), ((2,), (3,))),
    "add one number": (lambda m, v: add_at(m, v, repeated), ((2, 3), ())),
    "matmul": (linalg.matmul, ((2, 3), (3, 4))),
    "matmul of batches": (linalg.matmul, ((2, 2, 3), (3, 2))),
    "matvec": (linalg.matvec, ((2, 3), (3,))),
    "vecmat": (linalg.vecmat, ((2,), (2, 3))),
    "dot": (linalg.dot, ((3,), (3,))),
    "cholesky": (lambda a: linalg.Cholesky()(positive_definite(a)), ((3, 3),)),
    "cholesky of a batch": (lambda a: linalg.Cholesky()(positive_definite(a)), ((2, 2, 2),)),
    "symmetric eigen": (lambda a: decompositions.SymmetricEigen()(a + transpose(a)), ((3, 3),)),
    "symmetric eigen of a batch": (lambda a: decompositions.SymmetricEigen()(a + transpose(a)), ((2, 2, 2),)),
    "eigen": (lambda a: decompositions.Eigen()(triangle(a)), ((3, 3),)),
    "complex eigen": (lambda a: decompositions.Eigen()(a + rotation), ((3, 3),)),
    "singular values": (decompositions.SingularValues(), ((3, 3),)),
    "singular values of many rows": (decompositions.SingularValues(), ((4, 2),)),
    "singular values of many columns": (decompositions.SingularValues(), ((2, 2, 3),)),
    "orthogonal": (decompositions.Orthogonal(), ((3, 3),)),
    "orthogonal of many rows": (decompositions.Orthogonal(), ((2, 4, 2),)),
    "solve lower": (lambda a, b: linalg.solve_triangular(triangle(a), b), ((3, 3), (3, 2))),
    "solve lower transposed": (lambda a, b: linalg.solve_triangular(triangle(a), b, transposed=True), ((3, 3), (3, 2))),
    "solve upper": (lambda a, b: linalg.solve_triangular(triangle(a), b, lower=False), ((3, 3), (3, 1))),
    "solve upper transposed": (
        lambda a, b: linalg.solve_triangular(triangle(a), b, lower=False, transposed=True), ((3, 3), (3, 1)),
    ),
    "solve for a batch": (lambda a, b: linalg.solve_triangular(triangle(a), b), ((3, 3), (2, 3, 1))),
    "solve": (lambda a, b: linalg.Solve()(triangle(a), b), ((3, 3), (3, 2))),
    "determinant": (lambda a: linalg.Determinant()(triangle(a)), ((2, 3, 3),)),
    "log determinant": (lambda a: linalg.LogAbsDeterminant()(triangle(a)), ((2, 3, 3),)),
    "inverse": (lambda a: linalg.inverse(triangle(a)), ((3, 3),)),
    "diagonal": (linalg.diagonal, ((2, 3, 3),)),
    "diagonal matrix": (linalg.diagonal_matrix, ((3,),)),
    "log determinant of a factor": (lambda a: linalg.log_determinant_of_factor(triangle(a)), ((3, 3),)),
}


@pytest.mark.parametrize("case", CASES, ids=str)
def test_tensor_operation(case: str) -> None:
    function, shapes = CASES[case]
    roots = [root(f"x{k}", shape=s) for k, s in enumerate(shapes)]
    rng = np.random.default_rng(3)
    values = {v: np.asarray(rng.normal(scale=0.8, size=v.shape)) for v in roots}
    assert_gradient(function(*map(sin, roots)), roots, values)


@pytest.mark.parametrize("zeros", [1, 2])
def test_product_with_zeros(zeros: int) -> None:
    x = root("x", shape=(4,))
    values = {x: np.array([0.0] * zeros + [1.5, -2.0, 3.0][: 4 - zeros])}
    assert_gradient(reduce_prod(x), [x], values, second=False)


def test_cholesky_reads_one_triangle() -> None:
    a = root("a", shape=(2, 2))
    assert_gradient(linalg.Cholesky()(a), [a], {a: np.array([[2.0, 0.5], [0.7, 1.0]])}, second=False)


c, d, k = root("c"), root("d", shape=(2,)), root("k", "int64")
p, q, series = root("p"), root("q", shape=(2,)), root("series", shape=(5,))
VALUES = {p: np.asarray(0.7), q: np.array([0.3, -0.4]), series: np.array([0.1, 0.5, -0.2, 0.9, 0.4])}


def test_loop() -> None:
    (last,) = make_loop(k, [c], [sin(c * p) + gather(series, k)], 0, 5, [p])
    assert_gradient(last, [p, series], VALUES, second=False)


def test_loop_backwards() -> None:
    (last,) = make_loop(k, [c], [sin(c * p) + gather(series, k)], 1, 4, [p], backwards=True)
    assert_gradient(last, [p, series], VALUES, second=False)


def test_loop_carrying_several_values() -> None:
    results = [c * p + gather(d, constant(0)), sin(d) * exp(c * 0.1) + q]
    first, second = make_loop(k, [c, d], results, 0, 4, [p, q])
    assert_gradient(first * second, [p, q], VALUES, second=False)


def test_loop_filling_a_tensor() -> None:
    path = root("path", shape=(5,))
    (last,) = make_loop(k, [path], [set_at(path, sin(gather(path, k - 1) * p) + gather(series, k), k)], 1, 5,
                        [broadcast_to(p, (5,))])
    assert_gradient(last, [p, series], VALUES, second=False)


def test_loop_second_derivative() -> None:
    (last,) = make_loop(k, [c], [sin(c * p)], 0, 3, [p])
    assert_gradient(last, [p], VALUES)


def test_loop_inside_a_loop() -> None:
    j = root("j", "int64")
    (inner,) = make_loop(j, [c], [c * p + gather(q, j)], 0, 2, [gather(series, k)])
    total = root("total")
    (last,) = make_loop(k, [total], [total * 0.5 + inner], 0, 5, [constant(0.0)])
    assert_gradient(last, [p, q, series], VALUES, second=False)


@pytest.mark.parametrize("threshold", [0.0, 1.0])
def test_if(threshold: float) -> None:
    first, second = make_if(gt(p, threshold), [p * q, exp(p)], [sin(q), p * p])
    assert_gradient(mul(first, second), [p, q], VALUES)


def test_if_inside_a_loop() -> None:
    (step,) = make_if(gt(gather(series, k), 0.3), [c * p], [c + gather(series, k)])
    (last,) = make_loop(k, [c], [step], 0, 5, [p])
    assert_gradient(last, [p, series], VALUES, second=False)
