"""Decompositions: the factors are what they should be, and their derivatives agree with differences."""
from __future__ import annotations

import numpy as np
import pytest

from ppl_cli import load

TALL = np.array([[0.5, -1.2], [2.0, 0.3], [0.7, 1.1], [-0.4, 0.9]])
SYMMETRIC = np.array([[2.0, 0.3, -0.5], [0.3, 1.0, 0.4], [-0.5, 0.4, 3.0]])

# what is 0 (tall: any matrix of full rank, S: a symmetric one, G: any square one)
IDENTITIES = [
    "eigenvectors_sym(S) * diag_matrix(eigenvalues_sym(S)) * eigenvectors_sym(S)' - S",
    "eigendecompose_sym(S).1 - eigenvectors_sym(S)",
    "crossprod(eigenvectors_sym(S)) - identity_matrix(3)",
    "get_real(eigenvectors(G) * diag_matrix(eigenvalues(G)) / eigenvectors(G)) - G",
    "get_imag(eigendecompose(G).1 * diag_matrix(eigendecompose(G).2) / eigenvectors(G))",
    "svd_U(tall) * diag_matrix(singular_values(tall)) * svd_V(tall)' - tall",
    "svd_U(tall') * diag_matrix(svd(tall').2) * svd_V(tall')' - tall'",
    "qr_thin_Q(tall) * qr_thin_R(tall) - tall",
    "qr_thin(tall').1 * qr_thin(tall').2 - tall'",
    "qr_Q(tall) * qr_R(tall) - tall",
    "qr_Q(tall') * qr_R(tall') - tall'",
    "crossprod(qr(tall).1) - identity_matrix(4)",
    "tall * generalized_inverse(tall) * tall - tall",
]


def _program(term: str) -> str:
    return f"""parameters {{ matrix[4, 2] tall; vector[6] s; }}
transformed parameters {{
  matrix[3, 3] G = [[s[1], s[2], s[4]], [-9 * s[2], s[3], s[5]], [s[4], -2 * s[5], s[6]]];
  matrix[3, 3] S = [[s[1], s[2], s[4]], [s[2], s[3], s[5]], [s[4], s[5], s[6]]];
}}
model {{ target += {term}; }}"""


POINT = np.concatenate([TALL.T.ravel(), SYMMETRIC[np.tril_indices(3)]])


def test_factors_make_the_matrix_again() -> None:
    squares = " + ".join(f"sum(square(to_vector({e})))" for e in IDENTITIES)
    value, gradient = load(_program(squares)).logp_grad(POINT)
    assert value == pytest.approx(0, abs=1e-24)
    np.testing.assert_allclose(gradient, 0, atol=1e-12)


@pytest.mark.parametrize(
    "expression",
    [
        "sum(square(eigenvectors_sym(S) * [1, 2, 3]'))", "sum(exp(eigenvalues_sym(S)))",
        "sum(square([1, 2, 3, 4] * svd_U(tall)))", "sum(square(svd_V(tall) * [1, 2]'))",
        "sum(log(singular_values(tall)))",
        "sum(square(abs(eigenvectors(G))) * [1, 2, 3]')", "sum(abs(get_imag(eigenvalues(G)) .* [1, 2, 3]'))",
        "sum([1, 2, 3, 4] * qr_Q(tall))", "sum(qr_R(tall) * [1, 2]')", "sum(qr_thin_R(tall') * [1, 2, 3, 4]')",
        "sum([1, 2, 3, 4] * qr_thin_Q(tall))",
    ],
)  # fmt: skip
def test_gradients(expression: str) -> None:
    model = load(_program(expression))
    _, gradient = model.logp_grad(POINT)
    for k in range(POINT.size):
        step = 1e-6 * np.eye(POINT.size)[k]
        difference = (model.logp_grad(POINT + step)[0] - model.logp_grad(POINT - step)[0]) / 2e-6
        assert gradient[k] == pytest.approx(difference, rel=1e-6, abs=1e-8)


def test_columns_that_are_upper_triangular_are_completed() -> None:
    model = load("data { matrix[3, 2] m = [[2, 1], [0, 3], [0, 0]]; } parameters { real x; } "
                 "model { target += sum(abs(to_vector(qr_Q(m) - identity_matrix(3)))) + 0 * x; }")  # fmt: skip
    assert model.logp_grad(np.zeros(1))[0] == 0


@pytest.mark.parametrize("matrix", ["[[1, x], [2 * x, 1]]", "[[1, log(-x)], [log(-x), 1]]"])
def test_what_is_not_symmetric_is_rejected(matrix: str) -> None:
    model = load(f"parameters {{ real x; }} model {{ target += sum(eigenvalues_sym({matrix})); }}")
    assert np.isnan(model.logp_grad(np.ones(1))[0])
