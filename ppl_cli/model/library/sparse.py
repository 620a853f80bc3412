"""Sparse matrices in compressed row storage, whose indices are data (Functions Reference, "Sparse Matrix
Operations")."""

from __future__ import annotations

import numpy as np

from ppl_cli.graph.basic import Constant, Variable, constant
from ppl_cli.model.compounds import Tuple
from ppl_cli.model.library.table import Section, known
from ppl_cli.ops.indexing import add_at, gather, set_at

section = Section("Sparse matrices")
add, function = section.add, section.function


def _data(name: str, v: Variable) -> np.ndarray:
    if not isinstance(v, Constant):
        raise NotImplementedError(f"`{name}` with indices that are not data")
    return v.data


def _places(name: str, v: Variable, u: Variable) -> tuple[np.ndarray, np.ndarray]:
    """The rows and columns of the stored elements, from zero."""
    starts = _data(name, u)
    return np.repeat(np.arange(len(starts) - 1), np.diff(starts)), _data(name, v) - 1


@function("matrix csr_to_dense_matrix(int, int, vector, array[] int, array[] int)", sizes=(0, 1),
          sentence="The dense matrix of a sparse one: sizes, stored values, their columns, where each row starts")
def csr_to_dense_matrix(m: Variable, n: Variable, w: Variable, v: Variable, u: Variable) -> Variable:
    return set_at(constant(np.zeros((known(m), known(n)))), w, *_places("csr_to_dense_matrix", v, u))


@function("vector csr_matrix_times_vector(int, int, vector, array[] int, array[] int, vector)", sizes=(0, 1),
          sentence="A sparse matrix, given as to `csr_to_dense_matrix`, times a vector")
def csr_matrix_times_vector(m: Variable, n: Variable, w: Variable, v: Variable, u: Variable, b: Variable) -> Variable:
    rows, columns = _places("csr_matrix_times_vector", v, u)
    return add_at(constant(np.zeros(known(m))), w * gather(b, columns), rows)


def _values(a: Variable) -> Variable:
    return gather(a, *np.nonzero(_data("csr_extract_w", a)))


def _columns(a: Variable) -> Variable:
    return constant(np.nonzero(_data("csr_extract_v", a))[1] + 1)


def _starts(a: Variable) -> Variable:
    counts = np.count_nonzero(_data("csr_extract_u", a), axis=1)
    return constant(np.concatenate([[1], 1 + np.cumsum(counts)]))


add("vector csr_extract_w(matrix)", _values, "The values of a matrix that are not 0, row by row")
add("array[] int csr_extract_v(matrix)", _columns, "The columns of the values that are not 0, row by row")
add("array[] int csr_extract_u(matrix)", _starts, "Where the values of each row start, and where the last ones end")
add("tuple(vector, array[] int, array[] int) csr_extract(matrix)",
    lambda a: Tuple((_values(a), _columns(a), _starts(a))),
    "A matrix in compressed row storage: values, columns, starts of rows")  # fmt: skip
