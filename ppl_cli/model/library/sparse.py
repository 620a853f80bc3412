"""Sparse matrices in compressed row storage, whose indices are data (Functions Reference, "Sparse Matrix Operations")."""

from __future__ import annotations

import numpy as np

from ppl_cli.graph.basic import Constant, Variable, constant
from ppl_cli.model.library.table import add, function, known
from ppl_cli.ops.indexing import add_at, gather, set_at


def _data(name: str, v: Variable) -> np.ndarray:
    if not isinstance(v, Constant):
        raise NotImplementedError(f"`{name}` with indices that are not data")
    return v.data


def _places(name: str, v: Variable, u: Variable) -> tuple[np.ndarray, np.ndarray]:
    """The rows and columns of the stored elements, from zero."""
    starts = _data(name, u)
    return np.repeat(np.arange(len(starts) - 1), np.diff(starts)), _data(name, v) - 1


@function("matrix csr_to_dense_matrix(int, int, vector, array[] int, array[] int)", sizes=(0, 1))
def csr_to_dense_matrix(m: Variable, n: Variable, w: Variable, v: Variable, u: Variable) -> Variable:
    return set_at(constant(np.zeros((known(m), known(n)))), w, *_places("csr_to_dense_matrix", v, u))


@function("vector csr_matrix_times_vector(int, int, vector, array[] int, array[] int, vector)", sizes=(0, 1))
def csr_matrix_times_vector(m: Variable, n: Variable, w: Variable, v: Variable, u: Variable, b: Variable) -> Variable:
    rows, columns = _places("csr_matrix_times_vector", v, u)
    return add_at(constant(np.zeros(known(m))), w * gather(b, columns), rows)


def _extract(name: str, a: Variable) -> tuple[np.ndarray, np.ndarray]:
    return np.nonzero(_data(name, a))  # type: ignore[return-value]


add("vector csr_extract_w(matrix)", lambda a: gather(a, *_extract("csr_extract_w", a)))
add("array[] int csr_extract_v(matrix)", lambda a: constant(_extract("csr_extract_v", a)[1] + 1))
add("array[] int csr_extract_u(matrix)", lambda a: constant(
    np.concatenate([[1], 1 + np.cumsum((_data("csr_extract_u", a) != 0).sum(1))])))  # fmt: skip
