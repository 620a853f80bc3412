"""Decompositions of matrices (Functions Reference, "Linear Algebra Functions and Solvers"): the thin QR decomposition is a
graph over Cholesky's; those that iterate are computed for data only."""
from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ppl_cli.graph.basic import Constant, Variable, constant
from ppl_cli.model.library.table import add
from ppl_cli.ops.linalg import Cholesky, Solve, matmul, solve_triangular
from ppl_cli.ops.shape import transpose


def _thin_r(a: Variable) -> Variable:
    """R of A = Q R with a positive diagonal: R' R = A' A."""
    if a.shape[0] < a.shape[1]:
        raise ValueError("a thin QR decomposition needs at least as many rows as columns")
    if isinstance(a, Constant):
        return constant(_signed_qr(a.data, "reduced")[1])
    return transpose(Cholesky()(matmul(transpose(a), a)))


def _thin_q(a: Variable) -> Variable:
    if isinstance(a, Constant) and a.shape[0] >= a.shape[1]:
        return constant(_signed_qr(a.data, "reduced")[0])
    return transpose(solve_triangular(transpose(_thin_r(a)), transpose(a)))


def _signed_qr(a: np.ndarray, mode: Any) -> tuple[np.ndarray, np.ndarray]:
    """NumPy's decomposition with the signs that make the diagonal of R positive."""
    q, r = np.linalg.qr(a, mode)
    n = min(a.shape)
    signs = np.ones(q.shape[1])
    signs[:n] = np.where(np.diagonal(r)[:n] < 0, -1.0, 1.0)
    return q * signs, signs[:, None] * r


def _generalized_inverse(a: Variable) -> Variable:
    """That of a matrix of full rank."""
    across = transpose(a)
    if a.shape[0] >= a.shape[1]:
        return Solve()(matmul(across, a), across)
    return transpose(Solve()(matmul(a, across), a))


def _of_data(name: str, compute: Callable[[np.ndarray], np.ndarray]) -> Callable[[Variable], Variable]:
    def build(a: Variable) -> Variable:
        if not isinstance(a, Constant):
            raise NotImplementedError(f"`{name}` of what depends on parameters")
        return constant(compute(a.data))

    return build


DATA_ONLY: dict[str, tuple[str, Callable[[np.ndarray], Any]]] = {
    "eigenvalues_sym": ("vector", lambda a: np.linalg.eigvalsh(a)),
    "eigenvectors_sym": ("matrix", lambda a: np.linalg.eigh(a)[1]),
    "singular_values": ("vector", lambda a: np.linalg.svd(a, compute_uv=False)),
    "svd_U": ("matrix", lambda a: np.linalg.svd(a, full_matrices=False)[0]),
    "svd_V": ("matrix", lambda a: np.linalg.svd(a, full_matrices=False)[2].T),
    "qr_Q": ("matrix", lambda a: _signed_qr(a, "complete")[0]),
    "qr_R": ("matrix", lambda a: _signed_qr(a, "complete")[1]),
}

for _name, (_result, _compute) in DATA_ONLY.items():
    add(f"{_result} {_name}(matrix)", _of_data(_name, _compute))
add("matrix qr_thin_Q(matrix)", _thin_q)
add("matrix qr_thin_R(matrix)", _thin_r)
add("matrix generalized_inverse(matrix)", _generalized_inverse)
