"""One call of every signature of the library, with arguments of which the function is finite, as graphs over roots.

Arguments follow from the signature's words: several points at once where a function takes containers. Vectors are
simplices in ascending order, matrices correlations, so that most functions take them; what others need is in `SPECIAL`.
"""
from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

import ppl_cli.ops  # noqa: F401
from ppl_cli.graph.basic import Variable, constant, root
from ppl_cli.graph.gradient import grad
from ppl_cli.language.signatures import Signature
from ppl_cli.language.types import (
    COMPLEX,
    INT,
    MATRIX,
    REAL,
    ROW_VECTOR,
    VECTOR,
    Type,
    array_of,
    ndim,
    scalar_of,
    with_scalar,
)
from ppl_cli.model.compounds import Complex, leaves_of
from ppl_cli.model.library import LIBRARY
from ppl_cli.ops.reduction import reduce_sum

SIZE = 3
WEIGHTS = np.array([0.2, 0.3, 0.5])
CORRELATION = np.array([[1.0, 0.3, 0.2], [0.3, 1.0, 0.4], [0.2, 0.4, 1.0]])
FACTOR = np.linalg.cholesky(CORRELATION)
NUMBER, WHOLE = np.asarray(0.3), np.asarray(2)
HERMITIAN = CORRELATION + 0.2j * (np.triu(CORRELATION, 1) - np.tril(CORRELATION, -1))
CENTERED = WEIGHTS - WEIGHTS.mean()
STOCHASTIC = np.array([[0.2, 0.3, 0.5], [0.6, 0.3, 0.1], [0.3, 0.3, 0.4]])

WORDS: dict[str, tuple[Type, np.ndarray]] = {
    "real": (REAL, NUMBER),
    "complex": (COMPLEX, NUMBER),
    "int": (INT, WHOLE),
    "vector": (VECTOR, WEIGHTS),
    "row_vector": (ROW_VECTOR, WEIGHTS),
    "matrix": (MATRIX, CORRELATION),
    "T": (VECTOR, WEIGHTS),
    "W": (with_scalar(VECTOR, "complex"), WEIGHTS),
    "Z": (array_of(INT, 1), np.array([1, 2, 3])),
    "reals": (VECTOR, WEIGHTS),
    "ints": (array_of(INT, 1), np.array([1, 1, 1])),
    "vectors": (VECTOR, WEIGHTS),
    "A": (REAL, NUMBER),
}

# By function, or distribution, and position or word: arguments that are not those of their words. Where it is a function
# it makes one of the first argument.
SPECIAL: dict[str, dict[int | str, Any]] = {
    "acosh": {0: WEIGHTS + 1.0},
    "beta_binomial": {1: np.array([4, 5, 6])},
    "bernoulli": {0: np.array([0, 0, 0])},
    "binomial": {1: np.array([4, 5, 6])},
    "chol2inv": {0: FACTOR},
    "cholesky_factor_corr_constrain": {1: 3},
    "cholesky_factor_corr_jacobian": {1: 3},
    "cholesky_factor_corr_unconstrain": {0: FACTOR},
    "cholesky_factor_cov_unconstrain": {0: FACTOR},
    "corr_matrix_constrain": {1: 3},
    "corr_matrix_jacobian": {1: 3},
    "csr_matrix_times_vector": {3: np.array([1, 2, 1]), 4: np.array([1, 3, 4]), 5: WEIGHTS[:2]},
    "csr_to_dense_matrix": {3: np.array([1, 2, 1]), 4: np.array([1, 3, 4])},
    "discrete_range": {1: 1, 2: np.array([3, 4, 5])},
    "eigendecompose_sym": {"complex_matrix": HERMITIAN},
    "eigenvalues_sym": {"complex_matrix": HERMITIAN},
    "eigenvectors_sym": {"complex_matrix": HERMITIAN},
    "hmm_hidden_state_prob": {1: STOCHASTIC},
    "hmm_marginal": {1: STOCHASTIC},
    "hypergeometric": {0: 1, 1: 3, 2: 4, 3: 5},
    "inv_wishart": {1: 4.5},
    "inv_wishart_cholesky": {0: FACTOR, 1: 4.5, 2: FACTOR},
    "lambert_wm1": {0: -0.5 * WEIGHTS},
    "lkj_corr_cholesky": {"matrix": FACTOR},
    "lmgamma": {0: 2, 1: WEIGHTS + 2.0},
    "log1m_exp": {0: -WEIGHTS},
    "log_diff_exp": {0: WEIGHTS + 1.0},
    "log_inv_logit_diff": {0: WEIGHTS + 1.0},
    "lower_bound_unconstrain": {0: WEIGHTS + 1.0},
    "lower_upper_bound_unconstrain": {1: WEIGHTS - 1.0, 2: WEIGHTS + 1.0},
    "multi_normal_cholesky": {2: FACTOR},
    "pareto": {0: WEIGHTS + 1.0},
    "pareto_type_2": {0: WEIGHTS + 1.0},
    "std_normal_log_qf": {0: -WEIGHTS},
    "stochastic_column_unconstrain": {0: STOCHASTIC.T},
    "stochastic_row_unconstrain": {0: STOCHASTIC},
    "sum_to_zero_unconstrain": {"vector": CENTERED, "matrix": np.outer(CENTERED, CENTERED)},
    "to_matrix": {1: 1, 2: np.size},
    "uniform": {1: WEIGHTS - 1.0, 2: WEIGHTS + 1.0},
    "unit_vector_unconstrain": {0: np.array([0.6, 0.0, 0.8])},
    "unit_vectors_unconstrain": {0: np.array([0.6, 0.0, 0.8])},
    "wiener": {0: WEIGHTS + 1.0},
    "wishart": {1: 4.5},
    "wishart_cholesky": {0: FACTOR, 1: 4.5, 2: FACTOR},
}
OF_DATA = {"csr_extract", "csr_extract_u", "csr_extract_v", "csr_extract_w"}
NOT_FINITE = {"positive_infinity", "negative_infinity", "not_a_number"}
ENDINGS = ("_lpdf", "_lpmf", "_lupdf", "_lupmf", "_lcdf", "_lccdf", "_cdf", "_rng")


@dataclass(frozen=True)
class Example:
    """A call: its roots with their values, and its outputs."""

    signature: Signature
    values: dict[Variable, np.ndarray]
    outputs: tuple[Variable, ...]

    @property
    def is_drawn(self) -> bool:
        return self.signature.name.endswith("_rng")

    def gradients(self) -> list[Variable]:
        """Those of the sum of the outputs that are real."""
        reals = [reduce_sum(v) for v in self.outputs if v.dtype == "float64"]
        return grad(sum(reals[1:], reals[0]), list(self.values)) if reals and self.values and not self.is_drawn else []


def _base(name: str) -> str:
    return next((name.removesuffix(e) for e in ENDINGS if name.endswith(e)), name)


def _argument(signature: Signature, position: int) -> tuple[Type, np.ndarray]:
    """The type of an argument and its value."""
    pattern = signature.arguments[position]
    plain, value = WORDS[pattern.word.removeprefix("complex_")]
    if pattern.word in ("T", "reals"):
        value = value + 0.1 * position
    special = SPECIAL.get(signature.name, SPECIAL.get(_base(signature.name), {}))
    parameter = position + signature.name.endswith("_rng")  # there is no value before the parameters
    found = special.get(parameter, special.get(pattern.word, value))
    value = np.asarray(found(_argument(signature, 0)[1]) if callable(found) else found)
    type = array_of(plain, pattern.dimensions)
    if pattern.word.startswith("complex"):
        type = with_scalar(type, "complex")
    repeated = (SIZE,) * pattern.dimensions if value.ndim <= ndim(plain) else ()
    return type, np.broadcast_to(value, repeated + value.shape)


def example(signature: Signature) -> Example:
    """The call of `signature`."""
    values: dict[Variable, np.ndarray] = {}
    arguments, types = [], []
    for k, pattern in enumerate(signature.arguments):
        type, value = _argument(signature, k)
        types.append(type)
        if value.dtype.kind == "i" or pattern.data_only or signature.name in OF_DATA:
            arguments.append(constant(value))
            continue
        parts = [root(f"x{k}", shape=value.shape) for _ in range(2 if scalar_of(type) == "complex" else 1)]
        imaginary = value.imag if np.iscomplexobj(value) else value / 2.0
        values.update(zip(parts, (value.real, imaginary), strict=False))
        arguments.append(Complex(tuple(parts)) if len(parts) == 2 else parts[0])
    result = LIBRARY.implementation(signature)(*arguments, types=tuple(types))
    return Example(signature, values, tuple(leaves_of(result)))
