"""Decompositions of matrices (Functions Reference, "Linear Algebra Functions and Solvers")."""
from __future__ import annotations

import numpy as np

from ppl_cli.distributions.formulas import symmetric
from ppl_cli.graph.basic import Variable, constant
from ppl_cli.model.compounds import Complex, Tuple
from ppl_cli.model.library.table import Section
from ppl_cli.ops.decompositions import Eigen, Orthogonal, SingularValues, SymmetricEigen
from ppl_cli.ops.indexing import take_slice
from ppl_cli.ops.linalg import Solve, diagonal, diagonal_matrix, matmul
from ppl_cli.ops.reduction import reduce_max
from ppl_cli.ops.scalar_math import absolute, eq, lt, switch
from ppl_cli.ops.shape import join, reshape, transpose

add = Section("Decompositions of matrices").add

# ------------------------------------------------------------------------------------------ eigenvalues


def _eigen_symmetric(a: Variable) -> Tuple:
    """Eigenvectors, the columns, and eigenvalues."""
    values, rows = SymmetricEigen().factors(symmetric(a))
    return Tuple((transpose(rows), values))


def _eigen(a: Variable) -> Tuple:
    """The same of any square matrix: they are complex."""
    if a.shape[-1] != a.shape[-2]:
        raise ValueError(f"a square matrix is needed here, not one of size {a.shape[-2]} x {a.shape[-1]}")
    re, im, *rows = Eigen().factors(a)
    return Tuple((Complex(tuple(map(transpose, rows))), Complex((re, im))))


def _svd(a: Variable) -> Tuple:
    s, right, u = SingularValues().factors(a)
    return Tuple((u, s, transpose(right)))


# ------------------------------------------------------------------------------------------------- A = Q R


def _raw_qr(a: Variable) -> tuple[Variable, Variable]:
    """Q and R of the thin decomposition with LAPACK's signs; a wide matrix is decomposed by its first columns."""
    m, n = a.shape
    q, r = Orthogonal().factors(take_slice(a, 0, min(m, n), -1))
    return q, r if m >= n else join([r, matmul(transpose(q), take_slice(a, m, n, -1))], -1)


def _signs(r: Variable) -> Variable:
    return switch(lt(diagonal(r), 0.0), -1.0, 1.0)


def _column(v: Variable) -> Variable:
    return reshape(v, (*v.shape, 1))


def _thin_qr(a: Variable) -> Tuple:
    """With the diagonal of R not negative."""
    q, r = _raw_qr(a)
    signs = _signs(r)
    return Tuple((q * signs, _column(signs) * r))


def _complement(q: Variable) -> Variable:
    """The further columns of the product of the reflections whose first columns are q: I + W inv(W1)' W' with W = q - I
    and W1 its square part (Ballard et al. 2014, "Reconstructing Householder vectors", section 3)."""
    m, n = q.shape
    w = q - constant(np.eye(m, n))
    still = switch(eq(reduce_max(absolute(w), -2), 0.0), 1.0, 0.0)  # reflections that leave everything as it is
    square = transpose(take_slice(w, 0, n)) + diagonal_matrix(still)
    return constant(np.eye(m)[:, n:]) + matmul(w, Solve()(square, transpose(take_slice(w, n, m))))


def _qr(a: Variable) -> Tuple:
    m, n = a.shape
    q, r = _raw_qr(a)
    signs = _signs(r)
    r = _column(signs) * r
    if m <= n:
        return Tuple((q * signs, r))
    return Tuple((join([q * signs, _complement(q)], -1), join([r, constant(np.zeros((m - n, n)))])))


def _generalized_inverse(a: Variable) -> Variable:
    """That of a matrix of full rank."""
    across = transpose(a)
    if a.shape[0] >= a.shape[1]:
        return Solve()(matmul(across, a), across)
    return transpose(Solve()(matmul(a, across), a))


WHOLE = {
    "tuple(matrix, vector) eigendecompose_sym(matrix)": (
        _eigen_symmetric, "Eigenvectors, the columns, and ascending eigenvalues of a symmetric matrix"),
    "tuple(complex_matrix, complex_vector) eigendecompose(matrix)": (
        _eigen, "Eigenvectors, the columns, and eigenvalues of a square matrix"),
    "tuple(matrix, vector, matrix) svd(matrix)": (
        _svd, "U, the descending singular values s and V with A = U diag_matrix(s) V'"),
    "tuple(matrix, matrix) qr(matrix)": (_qr, "An orthogonal Q and an upper triangular R with A = Q R"),
    "tuple(matrix, matrix) qr_thin(matrix)": (_thin_qr, "Q and R with A = Q R, as thin as possible"),
}
PARTS = {
    "matrix eigenvectors_sym(matrix)": (_eigen_symmetric, 0, "The eigenvectors of a symmetric matrix, as columns"),
    "vector eigenvalues_sym(matrix)": (_eigen_symmetric, 1, "The ascending eigenvalues of a symmetric matrix"),
    "complex_matrix eigenvectors(matrix)": (_eigen, 0, "The eigenvectors of a square matrix, as columns"),
    "complex_vector eigenvalues(matrix)": (_eigen, 1, "The eigenvalues of a square matrix"),
    "matrix svd_U(matrix)": (_svd, 0, "The left singular vectors, as columns"),
    "vector singular_values(matrix)": (_svd, 1, "The singular values, the largest first"),
    "matrix svd_V(matrix)": (_svd, 2, "The right singular vectors, as columns"),
    "matrix qr_Q(matrix)": (_qr, 0, "The orthogonal factor of A = Q R"),
    "matrix qr_R(matrix)": (_qr, 1, "The upper triangular factor of A = Q R, its diagonal not negative"),
    "matrix qr_thin_Q(matrix)": (_thin_qr, 0, "The orthogonal factor of A = Q R, with as few columns as possible"),
    "matrix qr_thin_R(matrix)": (_thin_qr, 1, "The upper triangular factor of A = Q R, with as few rows as possible"),
}
for _text, (_build, _sentence) in WHOLE.items():
    add(_text, _build, _sentence)
for _text, (_build, _part, _sentence) in PARTS.items():
    add(_text, lambda a, build=_build, part=_part: build(a).elements[part], _sentence)
add("matrix generalized_inverse(matrix)", _generalized_inverse,
    "The Moore-Penrose inverse of a matrix of full rank")
