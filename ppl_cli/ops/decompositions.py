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
from ppl_cli.ops.linalg import identity, matmul, solve_triangular
from ppl_cli.ops.scalar_math import eq, switch
from ppl_cli.ops.shape import reshape, transpose

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
