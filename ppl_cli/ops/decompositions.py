"""Decompositions of matrices (the last two axes; leading axes are batches) by LAPACK, and their gradients.

Each op has one output: all its factors, flat, one after another on the last axis; `factors` takes them apart.
"""
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from math import prod

import numpy as np

from ppl_cli.graph.basic import Op, Variable, constant
from ppl_cli.graph.types import TensorType
from ppl_cli.ops.indexing import take_slice
from ppl_cli.ops.linalg import Solve, identity, matmul, solve_triangular
from ppl_cli.ops.reduction import reduce_max, reduce_sum
from ppl_cli.ops.scalar_math import absolute, eq, switch
from ppl_cli.ops.shape import join, reshape, transpose

LAPACK = "scipy.linalg.lapack"  # imported where it is used, because it takes long
Shape = tuple[int, ...]


@dataclass(frozen=True)
class Decomposition(Op):
    """A subclass gives `shapes` of the factors of an m x n matrix, `decompose` for one matrix, and the gradient.

    LAPACK has matrices by columns: it is given the transpose, as compiled code does, so that signs are the same.
    """

    def shapes(self, m: int, n: int) -> tuple[Shape, ...]:
        raise NotImplementedError

    def decompose(self, a: np.ndarray) -> tuple[np.ndarray, ...]:
        raise NotImplementedError

    def pulled_back(self, factors: Sequence[Variable], gradients: Sequence[Variable]) -> Variable:
        raise NotImplementedError

    def factors(self, a: Variable) -> tuple[Variable, ...]:
        return self._apart(self(a), a.shape)

    def _apart(self, flat: Variable, shape: Shape) -> tuple[Variable, ...]:
        found, start = [], 0
        for part in self.shapes(*shape[-2:]):
            stop = start + prod(part)
            found.append(reshape(take_slice(flat, start, stop, -1), (*shape[:-2], *part)))
            start = stop
        return tuple(found)

    def output_types(self, *inputs: TensorType) -> tuple[TensorType, ...]:
        shape = inputs[0].shape
        return (TensorType("float64", (*shape[:-2], sum(map(prod, self.shapes(*shape[-2:]))))),)

    def perform(self, *inputs: np.ndarray) -> tuple[np.ndarray, ...]:
        (a,) = inputs
        batch = a.shape[:-2]
        if not np.isfinite(a).all():
            return (np.full((*batch, sum(map(prod, self.shapes(*a.shape[-2:])))), np.nan),)
        flat = [np.concatenate([part.ravel() for part in self.decompose(m)]) for m in a.reshape(-1, *a.shape[-2:])]
        return (np.reshape(flat, (*batch, -1)),)

    def grad(
        self, inputs: Sequence[Variable], outputs: Sequence[Variable], gradients: Sequence[Variable]
    ) -> Sequence[Variable | None]:
        shape = inputs[0].shape
        return [self.pulled_back(self._apart(outputs[0], shape), self._apart(gradients[0], shape))]


def _reciprocal_gaps(x: Variable) -> Variable:
    """1 / (x[j] - x[i]); 0 where these are equal: the factors have no derivative there, but what is smooth has this."""
    gaps = _row(x) - _column(x)
    none = eq(gaps, 0.0)
    return switch(none, 0.0, 1.0 / switch(none, 1.0, gaps))


def _row(x: Variable) -> Variable:
    return reshape(x, (*x.shape[:-1], 1, x.shape[-1]))


def _column(x: Variable) -> Variable:
    return reshape(x, (*x.shape, 1))


@dataclass(frozen=True)
class SymmetricEigen(Decomposition):
    """Eigenvalues, ascending, and, as rows, eigenvectors of a symmetric matrix, of which one triangle is read."""

    name = "SymmetricEigen"

    def shapes(self, m: int, n: int) -> tuple[Shape, ...]:
        return (n,), (n, n)

    def decompose(self, a: np.ndarray) -> tuple[np.ndarray, ...]:
        values, vectors, _ = import_module(LAPACK).dsyev(a.T, lower=0)
        return values, vectors.T

    def pulled_back(self, factors: Sequence[Variable], gradients: Sequence[Variable]) -> Variable:
        """Giles (2008), "Collected matrix derivative results", section 3.1, for A = V' diag(w) V."""
        (w, v), (gw, gv) = factors, gradients
        inner = _reciprocal_gaps(w) * matmul(v, transpose(gv)) + _column(gw) * identity(w.shape[-1])
        g = matmul(transpose(v), matmul(inner, v))
        return 0.5 * (g + transpose(g))


def _embedded(re: Variable, im: Variable) -> Variable:
    """A complex matrix as a real one of twice the size: products and inverses are alike, transposing conjugates,
    too."""
    return join([join([re, -im], -1), join([im, re], -1)], -2)


def _parts(embedded: Variable) -> tuple[Variable, Variable]:
    n = embedded.shape[-1] // 2
    first = take_slice(embedded, 0, n, -1)
    return take_slice(first, 0, n, -2), take_slice(first, n, 2 * n, -2)


@dataclass(frozen=True)
class Eigen(Decomposition):
    """Real and imaginary parts of the eigenvalues and, as rows, of the eigenvectors of any square matrix.

    An eigenvector has length 1, and its largest element is real.
    """

    name = "Eigen"

    def shapes(self, m: int, n: int) -> tuple[Shape, ...]:
        return (n,), (n,), (n, n), (n, n)

    def decompose(self, a: np.ndarray) -> tuple[np.ndarray, ...]:
        re, im, _, packed, _ = import_module(LAPACK).dgeev(a, compute_vl=0)
        vectors = packed.astype(complex)
        for k in np.flatnonzero(im > 0):  # two columns hold the parts of two conjugate vectors
            vectors[:, k] = packed[:, k] + 1j * packed[:, k + 1]
            vectors[:, k + 1] = vectors[:, k].conj()
        return re, im, vectors.real.T, vectors.imag.T

    def pulled_back(self, factors: Sequence[Variable], gradients: Sequence[Variable]) -> Variable:
        vectors, by_vectors = ([transpose(rows) for rows in parts[2:]] for parts in (factors, gradients))
        return eigen_gradient(factors[:2], vectors, gradients[:2], by_vectors)[0]


def eigen_gradient(
    values: Sequence[Variable], vectors: Sequence[Variable], by_values: Sequence[Variable],
    by_vectors: Sequence[Variable],
) -> tuple[Variable, Variable]:
    """inv(V') (diag(gw) + F * V' gV) V', F being 1 / (w[j] - w[i]) conjugated (Giles 2008, section 3.1), after what
    length and phase hold fixed is taken from gV; ' is the conjugate transpose. All are real and imaginary parts."""
    (re, im), (gre, gim) = values, by_values
    gv = _embedded(*_with_fixed_phase(vectors, by_vectors))
    v = _embedded(*vectors)
    a, b = _parts(matmul(transpose(v), gv))
    x, y = _row(re) - _column(re), _row(im) - _column(im)
    size = x * x + y * y
    same = eq(size, 0.0)
    over = switch(same, 0.0, 1.0 / switch(same, 1.0, size))
    eye = identity(re.shape[-1])
    inner = _embedded((x * a - y * b) * over + _column(gre) * eye, (x * b + y * a) * over + _column(gim) * eye)
    return _parts(Solve()(transpose(v), matmul(inner, transpose(v))))


def _with_fixed_phase(v: Sequence[Variable], g: Sequence[Variable]) -> tuple[Variable, Variable]:
    """The gradient by the columns of v (real and imaginary parts) before they are scaled to length 1 and turned."""
    (re, im), (gre, gim) = v, g
    along = _row(reduce_sum(gre * re + gim * im, -2))
    around = _row(reduce_sum(gre * im - gim * re, -2))
    size = switch(eq(im, 0.0), absolute(re), -1.0)
    largest = eq(size, _row(reduce_max(size, -2)))
    turned = switch(largest, around / switch(largest, re, 1.0), 0.0)
    return gre - along * re, gim - along * im + turned


@dataclass(frozen=True)
class SingularValues(Decomposition):
    """s, V' and U of the thin decomposition A = U diag(s) V'; s descends."""

    name = "SingularValues"

    def shapes(self, m: int, n: int) -> tuple[Shape, ...]:
        k = min(m, n)
        return (k,), (k, n), (m, k)

    def decompose(self, a: np.ndarray) -> tuple[np.ndarray, ...]:
        v, s, u, _ = import_module(LAPACK).dgesvd(a.T, full_matrices=0)
        return s, v.T, u.T

    def pulled_back(self, factors: Sequence[Variable], gradients: Sequence[Variable]) -> Variable:
        """Townsend (2016), "Differentiating the singular value decomposition", eq. 27."""
        (s, v, u), (gs, gv, gu) = factors, gradients
        k = s.shape[-1]
        gaps = _reciprocal_gaps(s * s)
        zero = eq(s, 0.0)
        inverse = switch(zero, 0.0, 1.0 / switch(zero, 1.0, s))
        left, right = matmul(transpose(u), gu), matmul(v, transpose(gv))
        inner = gaps * (left - transpose(left)) * _row(s) + gaps * (right - transpose(right)) * _column(s)
        g = matmul(u, matmul(inner + _column(gs) * identity(k), v))
        if u.shape[-2] > k:
            g = g + matmul((gu - matmul(u, left)) * _row(inverse), v)
        if v.shape[-1] > k:
            g = g + matmul(u, _column(inverse) * (gv - matmul(transpose(right), v)))
        return g


@dataclass(frozen=True)
class Orthogonal(Decomposition):
    """Q and R of the thin decomposition A = Q R of a matrix with no fewer rows than columns, with LAPACK's signs."""

    name = "Orthogonal"

    def shapes(self, m: int, n: int) -> tuple[Shape, ...]:
        return (m, n), (n, n)

    def decompose(self, a: np.ndarray) -> tuple[np.ndarray, ...]:
        return np.linalg.qr(a)

    def pulled_back(self, factors: Sequence[Variable], gradients: Sequence[Variable]) -> Variable:
        """Walter and Lehmann (2010), arXiv 1009.6112: (gQ + Q M) R^-T, M = R gR' - gQ' Q mirrored from below."""
        (q, r), (gq, gr) = factors, gradients
        n = r.shape[-1]
        m = matmul(r, transpose(gr)) - matmul(transpose(gq), q)
        symmetric = m * constant(np.tril(np.ones((n, n)))) + transpose(m * constant(np.tril(np.ones((n, n)), -1)))
        outer = gq + matmul(q, symmetric)
        return transpose(solve_triangular(r, transpose(outer), lower=False))
