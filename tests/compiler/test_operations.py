"""Every tensor operation, its gradient and its second derivatives are compiled to what NumPy says."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from compiler.compare import assert_compiled
from ops.differences import scalar_of
from ops.test_gradients import CASES

import ppl_cli.ops  # noqa: F401
from ppl_cli.graph.basic import Variable, constant, root
from ppl_cli.graph.gradient import grad
from ppl_cli.ops.complex_decompositions import (
    ComplexDecomposition,
    ComplexEigen,
    ComplexSingularValues,
    HermitianEigen,
    Schur,
)
from ppl_cli.ops.control import make_if, make_loop
from ppl_cli.ops.indexing import add_at, gather, set_at
from ppl_cli.ops.linalg import Cholesky
from ppl_cli.ops.reduction import reduce_max, reduce_min, reduce_sum
from ppl_cli.ops.scalar_math import add, gt, mod, sin
from ppl_cli.ops.shape import broadcast_to, join
from ppl_cli.rewrites.passes import optimize


def with_derivatives(output: Variable, roots: Sequence[Variable]) -> list[Variable]:
    """`output`, its gradient and a gradient of that."""
    gradients = grad(scalar_of(output), roots)
    again = grad(add(0.0, sum((scalar_of(sin(g)) for g in gradients[1:]), scalar_of(sin(gradients[0])))), roots)
    return [output, *gradients, *again]


@pytest.mark.parametrize("rewritten", [False, True], ids=["as it is", "optimized"])
@pytest.mark.parametrize("case", CASES, ids=str)
def test_operation_with_derivatives(case: str, rewritten: bool) -> None:
    function, shapes = CASES[case]
    roots = [root(f"x{k}", shape=s) for k, s in enumerate(shapes)]
    rng = np.random.default_rng(3)
    values = {v: np.asarray(rng.normal(scale=0.8, size=v.shape)) for v in roots}
    outputs = with_derivatives(function(*map(sin, roots)), roots)
    assert_compiled(optimize(outputs) if rewritten else outputs, values, rtol=1e-9, atol=1e-10)


@pytest.mark.parametrize(
    "case",
    [
        "cholesky of a batch", "solve", "log determinant", "determinant", "cumulative sum", "matmul of batches", "join",
        "symmetric eigen of a batch", "complex eigen", "singular values of many columns", "orthogonal of many rows",
    ],
)
def test_operation_by_numba(case: str) -> None:
    function, shapes = CASES[case]
    roots = [root(f"x{k}", shape=s) for k, s in enumerate(shapes)]
    rng = np.random.default_rng(3)
    values = {v: np.asarray(rng.normal(scale=0.8, size=v.shape)) for v in roots}
    output = function(*map(sin, roots))
    assert_compiled([output, *grad(scalar_of(output), roots)], values, "numba", rtol=1e-9, atol=1e-10)


COMPLEX = [
    (ComplexEigen(), (6, 3)), (ComplexEigen(), (2, 4, 2)), (HermitianEigen(), (6, 3)), (ComplexSingularValues(), (8, 3)),
    (ComplexSingularValues(), (2, 4, 3)), (Schur(), (6, 3)), (Schur(), (2, 4, 2)), (Schur(), (2, 1)),
]  # fmt: skip


@pytest.mark.parametrize("backend", ["c", "numba"])
@pytest.mark.parametrize(("op", "shape"), COMPLEX)
def test_decomposition_of_a_complex_matrix(op: ComplexDecomposition, shape: tuple[int, ...], backend: str) -> None:
    a = root("a", shape=shape)
    values = {a: np.random.default_rng(3).normal(size=shape)}
    output = op(a)
    assert_compiled([output, *grad(scalar_of(output), [a])], values, backend, rtol=1e-9, atol=1e-10)


j, k = root("j", "int64"), root("k", "int64")
c, d, e = root("c"), root("d", shape=(4,)), root("e", shape=(4,))
p, x = root("p"), root("x", shape=(4,))
at, places = root("at", "int64"), root("places", "int64", (4,))
VALUES = {
    p: np.asarray(0.7),
    x: np.array([0.3, -0.4, 0.9, 0.1]),
    at: np.asarray(2),
    places: np.array([3, 0, 3, 1]),
}


def loop(
    carried: Sequence[Variable], results: Sequence[Variable], initial: Sequence[Variable], backwards: bool = False
) -> Variable:
    first, *_ = make_loop(k, carried, results, 1, 4, initial, backwards)
    return first


LOOPS: dict[str, Variable] = {
    "scalar": loop([c], [sin(c * p) + gather(x, k)], [p]),
    "backwards": loop([c], [sin(c * p) + gather(x, k)], [p], backwards=True),
    "filled in place": loop([d], [set_at(d, sin(gather(d, k - 1) * p), k)], [x]),
    "filled and read elsewhere": loop([d], [set_at(d, sin(d + reduce_sum(d)), constant(np.array([1, 0, 3, 2])))], [x]),
    "two that exchange": loop([d, e], [e * p, d + x], [x, x * 2.0]),
    "a value and its copy": loop([d, e], [set_at(d, gather(d, k - 1) + 1.0, k), d], [x, x]),
    "condition inside": loop([c], make_if(gt(gather(x, k), 0.2), [c * p], [c + gather(x, k)]), [p]),
    "loop inside": loop(
        [c], [c * 0.5 + scalar_of(*make_loop(j, [d], [set_at(d, gather(d, j) * p, j + 1)], 0, 3, [x * c]))], [p]
    ),
}


@pytest.mark.parametrize("name", LOOPS)
def test_loop_and_its_gradient(name: str) -> None:
    output = LOOPS[name]
    outputs = [output, *grad(scalar_of(output), [p, x])]
    assert_compiled(outputs, VALUES)
    assert_compiled(optimize(outputs), VALUES)


WRITES: dict[str, Variable] = {
    "at indices that are inputs": set_at(x * p, p, at),
    "one on another": add_at(add_at(constant(np.zeros(4)), x, places), x * p, mod(places + at, 4)),
    "of what is overwritten": add_at(sin(x), gather(sin(x), places), constant(np.array([1, 2, 3, 0]))),
    "with the old value used": join([set_at(sin(x), p, at), sin(x)]),
    "reals among integers": set_at(places + 1, p, at),
    "extrema of integers": reduce_max(places) * x + reduce_min(places),
    "nothing": broadcast_to(reduce_sum(constant(np.zeros((0, 4)))), (2,)) * p,
}


@pytest.mark.parametrize("name", WRITES)
def test_reads_and_writes(name: str) -> None:
    output = WRITES[name]
    assert_compiled([output, *grad(scalar_of(output), [p, x])], VALUES)


@pytest.mark.parametrize("backend", ["c", "numba"])
def test_cholesky_of_what_is_not_positive_definite(backend: str) -> None:
    a = root("a", shape=(3, 3))
    assert_compiled([Cholesky()(a)], {a: np.diag([1.0, -1.0, 2.0])}, backend)


def test_long_chains_need_no_deep_recursion() -> None:
    v: Variable = p
    for _ in range(5000):
        v = sin(v) + p
    assert_compiled([v], {p: np.asarray(0.3)})
