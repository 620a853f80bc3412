"""Decompositions of complex matrices by LAPACK, and their gradients.

A complex matrix is a real one: its real part above its imaginary part. The factors are complex in the same way, on an
axis of length 2. Vectors have the phase that LAPACK gives them, so that derivatives are right for what does not depend
on it.
"""
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module

import numpy as np

from ppl_cli.graph.basic import Variable, constant
from ppl_cli.ops.decompositions import (
    LAPACK,
    Decomposition,
    Shape,
    _column,
    _embedded,
    _parts,
    _reciprocal_gaps,
    _row,
    eigen_gradient,
)
from ppl_cli.ops.indexing import take_slice
from ppl_cli.ops.linalg import Solve, identity, matmul
from ppl_cli.ops.scalar_math import eq, switch
from ppl_cli.ops.shape import join, reshape, transpose


@dataclass(frozen=True)
class ComplexDecomposition(Decomposition):
    """A subclass gives `split`: the factors of a complex matrix, complex or real."""

    def split(self, z: np.ndarray) -> tuple[np.ndarray, ...]:
        raise NotImplementedError

    def decompose(self, a: np.ndarray) -> tuple[np.ndarray, ...]:
        re, im = np.split(a, 2)
        factors = self.split(re + 1j * im)
        return tuple(np.stack([f.real, f.imag]) if np.iscomplexobj(f) else f for f in factors)


def parts_of(factor: Variable) -> tuple[Variable, Variable]:
    """Real and imaginary part of a complex factor, a matrix."""
    shape = (*factor.shape[:-3], *factor.shape[-2:])
    return reshape(take_slice(factor, 0, 1, -3), shape), reshape(take_slice(factor, 1, 2, -3), shape)


def _real_form(factor: Variable) -> Variable:
    return _embedded(*parts_of(factor))


def _stacked(real_form: Variable) -> Variable:
    return take_slice(real_form, 0, real_form.shape[-1] // 2, -1)


def _twice(x: Variable) -> Variable:
    return join([x, x], -1)


@dataclass(frozen=True)
class ComplexEigen(ComplexDecomposition):
    """Eigenvalues, and eigenvectors as columns, of length 1 and with the largest element real."""

    name = "ComplexEigen"

    def shapes(self, m: int, n: int) -> tuple[Shape, ...]:
        return (2, n), (2, n, n)

    def split(self, z: np.ndarray) -> tuple[np.ndarray, ...]:
        values, _, vectors, _ = import_module(LAPACK).zgeev(z, compute_vl=0)
        return values, vectors

    def pulled_back(self, factors: Sequence[Variable], gradients: Sequence[Variable]) -> Variable:
        (w, v), (gw, gv) = factors, gradients
        shape = (*w.shape[:-2], w.shape[-1])
        values, by_values = ([reshape(take_slice(x, k, k + 1, -2), shape) for k in (0, 1)] for x in (w, gw))
        return join(eigen_gradient(values, parts_of(v), by_values, parts_of(gv)), -2)


@dataclass(frozen=True)
class HermitianEigen(ComplexDecomposition):
    """Eigenvalues, ascending, and eigenvectors as columns of a Hermitian matrix, of which one triangle is read."""

    name = "HermitianEigen"

    def shapes(self, m: int, n: int) -> tuple[Shape, ...]:
        return (n,), (2, n, n)

    def split(self, z: np.ndarray) -> tuple[np.ndarray, ...]:
        values, vectors, _ = import_module(LAPACK).zheev(z, lower=0)
        return values, vectors

    def pulled_back(self, factors: Sequence[Variable], gradients: Sequence[Variable]) -> Variable:
        """As of a symmetric matrix (Giles 2008, section 3.1), with conjugate transposes."""
        (w, v), (gw, gv) = factors, gradients
        v, gv, w, gw = _real_form(v), _real_form(gv), _twice(w), _twice(gw)
        inner = _reciprocal_gaps(w) * matmul(transpose(v), gv) + _column(gw) * identity(w.shape[-1])
        g = matmul(v, matmul(inner, transpose(v)))
        return _stacked(0.5 * (g + transpose(g)))


@dataclass(frozen=True)
class ComplexSingularValues(ComplexDecomposition):
    """s, V* and U of the thin decomposition A = U diag(s) V*; s descends, * is the conjugate transpose."""

    name = "ComplexSingularValues"

    def shapes(self, m: int, n: int) -> tuple[Shape, ...]:
        k = min(m // 2, n)
        return (k,), (2, k, n), (2, m // 2, k)

    def split(self, z: np.ndarray) -> tuple[np.ndarray, ...]:
        u, s, v, _ = import_module(LAPACK).zgesvd(z, full_matrices=0)
        return s, v, u

    def pulled_back(self, factors: Sequence[Variable], gradients: Sequence[Variable]) -> Variable:
        """Townsend (2016), eq. 27, with conjugate transposes, and what turns a pair of vectors (Wan and Zhang 2019,
        arXiv 1909.02659, eq. 3)."""
        (s, v, u), (gs, gv, gu) = factors, gradients
        k = s.shape[-1]
        s, gs = _twice(s), _twice(gs)
        v, u, gv, gu = map(_real_form, (v, u, gv, gu))
        zero = eq(s, 0.0)
        inverse = switch(zero, 0.0, 1.0 / switch(zero, 1.0, s))
        left, right = matmul(transpose(u), gu), matmul(v, transpose(gv))
        around = 0.5 * (left - transpose(left)) * constant(np.kron(np.ones((2, 2)), np.eye(k)))
        across = (left - transpose(left)) * _row(s) + (right - transpose(right)) * _column(s)
        inner = _reciprocal_gaps(s * s) * across
        g = matmul(u, matmul(inner + around * _row(inverse) + _column(gs) * identity(2 * k), v))
        if u.shape[-2] > 2 * k:
            g = g + matmul((gu - matmul(u, left)) * _row(inverse), v)
        if v.shape[-1] > 2 * k:
            g = g + matmul(u, _column(inverse) * (gv - matmul(transpose(right), v)))
        return _stacked(g)


@dataclass(frozen=True)
class Schur(ComplexDecomposition):
    """T, upper triangular, and U, unitary, with A = U T U*."""

    name = "Schur"

    def shapes(self, m: int, n: int) -> tuple[Shape, ...]:
        return (2, n, n), (2, n, n)

    def split(self, z: np.ndarray) -> tuple[np.ndarray, ...]:
        t, _, _, u, _, _ = import_module(LAPACK).zgees(lambda _: 0, z)
        return t, u

    def pulled_back(self, factors: Sequence[Variable], gradients: Sequence[Variable]) -> Variable:
        """With dU = U X for a skew-Hermitian X, dT = U* dA U + T X - X T, which is 0 below the diagonal: a linear
        system for X there, whose adjoint is solved."""
        (t, u), (gt, gu) = (tuple(map(_real_form, pair)) for pair in (factors, gradients))
        n = t.shape[-1] // 2
        upper = constant(np.kron(np.ones((2, 2)), np.triu(np.ones((n, n)))))
        inner = gt * upper
        if n > 1:
            c = matmul(transpose(u), gu) + matmul(transpose(t), inner) - matmul(inner, transpose(t))
            inner = inner - _below(t, _parts(c - transpose(c)))
        return _stacked(matmul(u, matmul(inner, transpose(u))))


def _below(t: Variable, d: tuple[Variable, Variable]) -> Variable:
    """The Y below the diagonal with L* Y = d there, L being X -> T X - X T; t and Y in their real form."""
    n = t.shape[-1] // 2
    below = np.flatnonzero(np.tril(np.ones((n, n)), -1))
    chosen = constant(np.eye(n * n)[below])

    def system(part: Variable) -> Variable:
        """T ⊗ I - I ⊗ T' on the elements below the diagonal."""
        lead, eye = part.shape[:-2], identity(n)
        left = reshape(part, (*lead, n, 1, n, 1)) * reshape(eye, (1, n, 1, n))
        right = reshape(eye, (n, 1, n, 1)) * reshape(transpose(part), (*lead, 1, n, 1, n))
        whole = reshape(left - right, (*lead, n * n, n * n))
        return matmul(chosen, matmul(whole, transpose(chosen)))

    known = join([matmul(chosen, reshape(part, (*part.shape[:-2], n * n, 1))) for part in d], -2)
    found = Solve()(transpose(_embedded(*map(system, _parts(t)))), known)
    halves = (take_slice(found, k * len(below), (k + 1) * len(below), -2) for k in (0, 1))
    return _embedded(*(reshape(matmul(transpose(chosen), h), (*h.shape[:-2], n, n)) for h in halves))
