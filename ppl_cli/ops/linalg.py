"""Linear algebra on the last two axes; leading axes are batches."""
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ppl_cli.graph.basic import Op, Variable, constant
from ppl_cli.graph.types import TensorType, promote
from ppl_cli.ops.indexing import gather, set_at
from ppl_cli.ops.reduction import reduce_sum
from ppl_cli.ops.scalar_math import absolute, log
from ppl_cli.ops.shape import broadcast_to, reshape, transpose


@dataclass(frozen=True)
class MatMul(Op):
    """[..., m, k] times [..., k, n]; batches broadcast."""

    name = "MatMul"

    def output_types(self, *inputs: TensorType) -> tuple[TensorType, ...]:
        a, b = (t.shape for t in inputs)
        if a[-1] != b[-2]:
            raise TypeError(f"cannot multiply {inputs[0]} by {inputs[1]}")
        shape = (*np.broadcast_shapes(a[:-2], b[:-2]), a[-2], b[-1])
        return (TensorType(promote(*(t.dtype for t in inputs)), shape),)

    def perform(self, *inputs: np.ndarray) -> tuple[np.ndarray, ...]:
        return (np.matmul(*inputs),)

    def grad(
        self, inputs: Sequence[Variable], outputs: Sequence[Variable], gradients: Sequence[Variable]
    ) -> Sequence[Variable | None]:
        (a, b), g = inputs, gradients[0]
        return [matmul(g, transpose(b)).sum_to(a.shape), matmul(transpose(a), g).sum_to(b.shape)]


@dataclass(frozen=True)
class Cholesky(Op):
    """The lower factor L of a symmetric positive definite A = L L'; NaN where A is not. Reads the lower triangle."""

    name = "Cholesky"

    def output_types(self, *inputs: TensorType) -> tuple[TensorType, ...]:
        return (TensorType("float64", inputs[0].shape),)

    def perform(self, *inputs: np.ndarray) -> tuple[np.ndarray, ...]:
        try:
            return (np.linalg.cholesky(inputs[0]),)
        except np.linalg.LinAlgError:
            return (np.full(inputs[0].shape, np.nan),)

    def grad(
        self, inputs: Sequence[Variable], outputs: Sequence[Variable], gradients: Sequence[Variable]
    ) -> Sequence[Variable | None]:
        # Murray (2016), arXiv 1602.07527, eq. 10: L^-T phi(L' G) L^-1, what is above the diagonal added below it.
        factor = outputs[0]
        inner = halved_lower(matmul(transpose(factor), gradients[0]))
        left = solve_triangular(factor, inner, transposed=True)
        both = transpose(solve_triangular(factor, transpose(left), transposed=True))
        return [halved_lower(both + transpose(both))]


@dataclass(frozen=True)
class SolveTriangular(Op):
    """Inputs (A [..., n, n], B [..., n, m]): the X with A X = B, or A' X = B, reading one triangle of A."""

    lower: bool = True
    transposed: bool = False
    name = "SolveTriangular"

    def output_types(self, *inputs: TensorType) -> tuple[TensorType, ...]:
        a, b = (t.shape for t in inputs)
        if a[-1] != a[-2] or a[-1] != b[-2]:
            raise TypeError(f"cannot solve {inputs[0]} for {inputs[1]}")
        return (TensorType("float64", (*np.broadcast_shapes(a[:-2], b[:-2]), *b[-2:])),)

    def perform(self, *inputs: np.ndarray) -> tuple[np.ndarray, ...]:
        a, b = inputs
        triangle = np.tril(a) if self.lower else np.triu(a)
        return (np.linalg.solve(np.swapaxes(triangle, -1, -2) if self.transposed else triangle, b),)

    def grad(
        self, inputs: Sequence[Variable], outputs: Sequence[Variable], gradients: Sequence[Variable]
    ) -> Sequence[Variable | None]:
        a, b = inputs
        x = outputs[0]
        gb = SolveTriangular(self.lower, not self.transposed)(a, gradients[0])
        ga = matmul(x, transpose(gb)) if self.transposed else matmul(gb, transpose(x))
        mask = np.tril(np.ones(a.shape[-2:])) if self.lower else np.triu(np.ones(a.shape[-2:]))
        return [(-ga * constant(mask)).sum_to(a.shape), gb.sum_to(b.shape)]


@dataclass(frozen=True)
class Solve(Op):
    """Inputs (A [..., n, n], B [..., n, m]): the X with A X = B."""

    name = "Solve"

    def output_types(self, *inputs: TensorType) -> tuple[TensorType, ...]:
        return SolveTriangular().output_types(*inputs)

    def perform(self, *inputs: np.ndarray) -> tuple[np.ndarray, ...]:
        return (np.linalg.solve(*inputs),)

    def grad(
        self, inputs: Sequence[Variable], outputs: Sequence[Variable], gradients: Sequence[Variable]
    ) -> Sequence[Variable | None]:
        a, b = inputs
        gb = Solve()(transpose(a), gradients[0])
        return [(-matmul(gb, transpose(outputs[0]))).sum_to(a.shape), gb.sum_to(b.shape)]


@dataclass(frozen=True)
class LogAbsDeterminant(Op):
    """log |det A| of the last two axes."""

    name = "LogAbsDeterminant"

    def output_types(self, *inputs: TensorType) -> tuple[TensorType, ...]:
        return (TensorType("float64", inputs[0].shape[:-2]),)

    def perform(self, *inputs: np.ndarray) -> tuple[np.ndarray, ...]:
        return (np.asarray(np.linalg.slogdet(inputs[0])[1]),)

    def grad(
        self, inputs: Sequence[Variable], outputs: Sequence[Variable], gradients: Sequence[Variable]
    ) -> Sequence[Variable | None]:
        (a,) = inputs
        return [transpose(inverse(a)) * reshape(gradients[0], (*gradients[0].shape, 1, 1))]


@dataclass(frozen=True)
class Determinant(Op):
    """det A of the last two axes."""

    name = "Determinant"

    def output_types(self, *inputs: TensorType) -> tuple[TensorType, ...]:
        return LogAbsDeterminant().output_types(*inputs)

    def perform(self, *inputs: np.ndarray) -> tuple[np.ndarray, ...]:
        return (np.asarray(np.linalg.det(inputs[0])),)

    def grad(
        self, inputs: Sequence[Variable], outputs: Sequence[Variable], gradients: Sequence[Variable]
    ) -> Sequence[Variable | None]:
        (a,) = inputs
        weight = outputs[0] * gradients[0]
        return [transpose(inverse(a)) * reshape(weight, (*weight.shape, 1, 1))]


def matmul(a: Variable, b: Variable) -> Variable:
    return MatMul()(a, b)


def dot(a: Variable, b: Variable) -> Variable:
    """The sum of products over the last axis."""
    return reduce_sum(a * b, -1)


def matvec(a: Variable, x: Variable) -> Variable:
    """[..., m, k] times [..., k]."""
    product = matmul(a, reshape(x, (*x.shape, 1)))
    return reshape(product, product.shape[:-1])


def solve_vector(a: Variable, b: Variable) -> Variable:
    """The x [n] with A x = b."""
    return reshape(Solve()(a, reshape(b, (*b.shape, 1))), b.shape)


def vecmat(x: Variable, a: Variable) -> Variable:
    """[..., k] times [..., k, n]."""
    product = matmul(reshape(x, (*x.shape[:-1], 1, x.shape[-1])), a)
    return reshape(product, (*product.shape[:-2], product.shape[-1]))


def solve_triangular(a: Variable, b: Variable, lower: bool = True, transposed: bool = False) -> Variable:
    return SolveTriangular(lower, transposed)(a, b)


def identity(n: int) -> Variable:
    return constant(np.eye(n))


def inverse(a: Variable) -> Variable:
    return Solve()(a, broadcast_to(identity(a.shape[-1]), a.shape))


def diagonal(a: Variable) -> Variable:
    """The diagonal of the last two axes."""
    moved = transpose(a, (a.ndim - 2, a.ndim - 1, *range(a.ndim - 2)))
    at = constant(np.arange(min(a.shape[-2:])))
    part = gather(moved, at, at)
    return transpose(part, (*range(1, part.ndim), 0))


def diagonal_matrix(x: Variable) -> Variable:
    """The matrix with the vector `x` (no batch) on its diagonal."""
    at = constant(np.arange(x.shape[-1]))
    return set_at(constant(np.zeros((x.shape[-1],) * 2)), x, at, at)


def halved_lower(a: Variable) -> Variable:
    """The lower triangle of `a` with its diagonal halved."""
    n = a.shape[-1]
    return a * constant(np.tril(np.ones((n, n))) - 0.5 * np.eye(n))


def log_determinant_of_factor(factor: Variable) -> Variable:
    """log |det| of a triangular matrix."""
    return reduce_sum(log(absolute(diagonal(factor))), -1)
