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


def _places(
    name: str, shape: tuple[int, int], w: Variable, v: Variable, u: Variable
) -> tuple[np.ndarray, np.ndarray]:
    """The rows and columns of the stored elements, from zero; indices that do not belong together are refused."""
    rows, cols = shape
    starts, columns, count = _data(name, u), _data(name, v), w.shape[0]
    if len(starts) != rows + 1:
        raise ValueError(f"the starts of {rows} rows and the end of the last are {rows + 1} numbers, not {len(starts)}")
    if starts[0] != 1 or starts[-1] != count + 1 or np.any(np.diff(starts) < 0):
        raise ValueError(f"the starts of rows must ascend from 1 to {count + 1}, one after the {count} values")
    if len(columns) != count:
        raise ValueError(f"there are {count} values in {len(columns)} columns")
    for wrong in columns[(columns < 1) | (columns > cols)][:1]:
        raise ValueError(f"column {wrong} of {cols}")
    return np.repeat(np.arange(rows), np.diff(starts)), columns - 1


@function("matrix csr_to_dense_matrix(int, int, vector, array[] int, array[] int)", sizes=(0, 1),
          sentence="The dense matrix of a sparse one: sizes, stored values, their columns, where each row starts")
def csr_to_dense_matrix(m: Variable, n: Variable, w: Variable, v: Variable, u: Variable) -> Variable:
    shape = known(m), known(n)
    return set_at(constant(np.zeros(shape)), w, *_places("csr_to_dense_matrix", shape, w, v, u))


@function("vector csr_matrix_times_vector(int, int, vector, array[] int, array[] int, vector)", sizes=(0, 1),
          sentence="A sparse matrix, given as to `csr_to_dense_matrix`, times a vector")
def csr_matrix_times_vector(m: Variable, n: Variable, w: Variable, v: Variable, u: Variable, b: Variable) -> Variable:
    shape = known(m), known(n)
    if b.shape[0] != shape[1]:
        raise ValueError(f"a matrix of {shape[1]} columns times a vector of size {b.shape[0]}")
    rows, columns = _places("csr_matrix_times_vector", shape, w, v, u)
    return add_at(constant(np.zeros(shape[0])), w * gather(b, columns), rows)


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
