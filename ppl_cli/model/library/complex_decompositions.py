"""Decompositions of complex matrices (Functions Reference, "Complex Linear Algebra").

Where a vector may have any phase, its largest element is made positive, so that the factors have derivatives.
"""
from __future__ import annotations

import numpy as np

from ppl_cli.distributions.formulas import TOLERANCE, valid
from ppl_cli.graph.basic import Variable, constant
from ppl_cli.model.compounds import Complex, Tuple, each
from ppl_cli.model.library.complex_numbers import Number, as_complex, conj, size, squared_size, times
from ppl_cli.model.library.table import Section
from ppl_cli.ops.complex_decompositions import (
    ComplexDecomposition,
    ComplexEigen,
    ComplexSingularValues,
    HermitianEigen,
    Schur,
    parts_of,
)
from ppl_cli.ops.indexing import gather
from ppl_cli.ops.reduction import reduce_max, reduce_sum
from ppl_cli.ops.scalar_math import absolute, eq, le, maximum, switch
from ppl_cli.ops.shape import join, reshape, transpose

add = Section("Complex vectors and matrices").add


def _factors(op: ComplexDecomposition, a: Complex) -> tuple[Variable, ...]:
    return op.factors(join(a.elements, -2))


def _square(a: Number) -> Complex:
    a = as_complex(a)
    rows, columns = a.real.shape
    if rows != columns:
        raise ValueError(f"a square matrix is needed here, not one of size {rows} x {columns}")
    return a


def _hermitian(a: Number) -> Complex:
    """NaN if it is not."""
    a = _square(a)
    off = maximum(absolute(a.real - transpose(a.real)), absolute(a.imag + transpose(a.imag)))
    return each(lambda part: valid(le(reduce_max(off), TOLERANCE), part), a) if a.real.type.size else a


def _phases(v: Complex) -> Complex:
    """For each column the number of size 1 that makes its largest element positive. Of several such elements all have
    a part, each more than those after it have together."""
    sizes = squared_size(v)
    weights = constant(0.5 ** np.arange(1.0, 1.0 + v.real.shape[0])[:, None])
    chosen = switch(eq(sizes, reduce_max(sizes, 0)), weights, 0.0)
    total = each(lambda part: reduce_sum(part * chosen, 0), v)
    return each(lambda part: part / size(total), conj(total))


def _rows(v: Complex) -> Complex:
    return each(lambda part: reshape(part, (*part.shape, 1)), v)


def _adjoint(v: Complex) -> Complex:
    return conj(each(transpose, v))


def _eigen(a: Number) -> Tuple:
    """Eigenvectors, the columns, and eigenvalues."""
    values, vectors = _factors(ComplexEigen(), _square(a))
    return Tuple((Complex(parts_of(vectors)), Complex((gather(values, 0), gather(values, 1)))))


def _eigen_hermitian(a: Number) -> Tuple:
    values, vectors = _factors(HermitianEigen(), _hermitian(a))
    v = Complex(parts_of(vectors))
    return Tuple((times(v, _phases(v)), values))


def _svd(a: Number) -> Tuple:
    s, right, left = _factors(ComplexSingularValues(), as_complex(a))
    u, v = Complex(parts_of(left)), _adjoint(Complex(parts_of(right)))
    phases = _phases(u)
    return Tuple((times(u, phases), s, times(v, phases)))


def _schur(a: Number) -> Tuple:
    triangle, unitary = (Complex(parts_of(factor)) for factor in _factors(Schur(), _square(a)))
    phases = _phases(unitary)
    return Tuple((times(unitary, phases), times(times(_rows(conj(phases)), triangle), phases)))


WHOLE = {
    "tuple(complex_matrix, complex_vector) eigendecompose(complex_matrix)": (_eigen, ""),
    "tuple(complex_matrix, vector) eigendecompose_sym(complex_matrix)": (_eigen_hermitian, ""),
    "tuple(complex_matrix, vector, complex_matrix) svd(complex_matrix)": (_svd, ""),
    "tuple(complex_matrix, complex_matrix) complex_schur_decompose(complex_matrix)": (
        _schur, "A unitary U and an upper triangular T with A = U T U*, * being the conjugate transpose"),
}
PARTS = {
    "complex_matrix eigenvectors(complex_matrix)": (_eigen, 0, ""),
    "complex_vector eigenvalues(complex_matrix)": (_eigen, 1, ""),
    "complex_matrix eigenvectors_sym(complex_matrix)": (_eigen_hermitian, 0, ""),
    "vector eigenvalues_sym(complex_matrix)": (_eigen_hermitian, 1, ""),
    "complex_matrix svd_U(complex_matrix)": (_svd, 0, ""),
    "vector singular_values(complex_matrix)": (_svd, 1, ""),
    "complex_matrix svd_V(complex_matrix)": (_svd, 2, ""),
    "complex_matrix complex_schur_decompose_u(complex_matrix)": (
        _schur, 0, "The unitary factor of A = U T U*"),
    "complex_matrix complex_schur_decompose_t(complex_matrix)": (
        _schur, 1, "The upper triangular factor of A = U T U*"),
}
for _text, (_build, _sentence) in WHOLE.items():
    add(_text, _build, _sentence)
for _text, (_build, _part, _sentence) in PARTS.items():
    add(_text, lambda a, build=_build, part=_part: build(a).elements[part], _sentence)
