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


# what is 0 (Z: any complex matrix of full rank, H: a Hermitian one, C: any square one)
COMPLEX_IDENTITIES = [
    "svd_U(Z) * diag_matrix(singular_values(Z)) * conj(svd_V(Z))' - Z",
    "svd(Z').1 * diag_matrix(svd(Z').2) * conj(svd(Z').3)' - Z'",
    "eigenvectors_sym(H) * diag_matrix(eigenvalues_sym(H)) * conj(eigenvectors_sym(H))' - H",
    "conj(eigendecompose_sym(H).1)' * eigendecompose_sym(H).1 - identity_matrix(3)",
    "eigenvectors(C) * diag_matrix(eigendecompose(C).2) / eigenvectors(C) - C",
    "complex_schur_decompose_u(C) * complex_schur_decompose_t(C) * conj(complex_schur_decompose_u(C))' - C",
    "complex_schur_decompose(x).1 * complex_schur_decompose(x).2 * conj(complex_schur_decompose(x).1)' - x",
    "complex_schur_decompose_t(C)[2, 1]",
]


def _complex_program(term: str) -> str:
    return f"""parameters {{ matrix[4, 2] a; matrix[4, 2] b; matrix[3, 3] x; matrix[3, 3] y; }}
transformed parameters {{
  complex_matrix[4, 2] Z = to_complex(a, b);
  complex_matrix[3, 3] C = to_complex(x, y);
  complex_matrix[3, 3] H = C + conj(C)';
}}
model {{ target += {term}; }}"""


COMPLEX_POINT = np.random.default_rng(2).normal(size=34)


def test_complex_factors_make_the_matrix_again() -> None:
    squares = " + ".join(f"sum(square(abs(to_vector({e}))))" for e in COMPLEX_IDENTITIES[:-1])
    value, gradient = load(_complex_program(f"{squares} + abs({COMPLEX_IDENTITIES[-1]})")).logp_grad(COMPLEX_POINT)
    assert value == pytest.approx(0, abs=1e-24)
    np.testing.assert_allclose(gradient, 0, atol=1e-12)


@pytest.mark.parametrize(
    "expression",
    [
        "sum(get_real(svd_U(Z) * [1, 2]'))", "sum(get_imag(svd_V(Z) * to_complex([1, 2]', 1)))",
        "sum(get_real(svd_U(Z') * [1, 2]')) + sum(get_imag(svd_V(Z') * [1, 2]'))", "sum(log(singular_values(Z)))",
        "sum(get_real([1, 2, 3] * eigenvectors_sym(H))) + sum(get_imag([3, -1, 2] * eigenvectors_sym(H)))",
        "sum(exp(0.1 * eigenvalues_sym(H)))", "get_real([1, 2, 3] * eigenvectors(C) * to_complex([1, 2, 4]', -1))",
        "sum(get_imag(eigenvalues(C)) .* [1, 2, 3]')", "sum(get_real([1, 2, 3] * complex_schur_decompose_t(C)))",
        "sum(get_imag([1, 2, 3] * complex_schur_decompose_u(C)))", "sum(abs(complex_schur_decompose_t(x)) * [1, 2, 3]')",
    ],
)  # fmt: skip
def test_complex_gradients(expression: str) -> None:
    model = load(_complex_program(expression))
    _, gradient = model.logp_grad(COMPLEX_POINT)
    for k in range(COMPLEX_POINT.size):
        step = 1e-6 * np.eye(COMPLEX_POINT.size)[k]
        difference = (model.logp_grad(COMPLEX_POINT + step)[0] - model.logp_grad(COMPLEX_POINT - step)[0]) / 2e-6
        assert gradient[k] == pytest.approx(difference, rel=1e-6, abs=1e-7)


@pytest.mark.parametrize("matrix", ["[[1, x], [2 * x, 1]]", "[[1, to_complex(0, x)], [to_complex(0, x), 1]]"])
def test_what_is_not_hermitian_is_rejected(matrix: str) -> None:
    program = f"complex_matrix[2, 2] m = {matrix}; target += sum(eigenvalues_sym(m));"
    assert np.isnan(load(f"parameters {{ real x; }} model {{ {program} }}").logp_grad(np.ones(1))[0])


def test_columns_that_are_upper_triangular_are_completed() -> None:
    model = load("data { matrix[3, 2] m = [[2, 1], [0, 3], [0, 0]]; } parameters { real x; } "
                 "model { target += sum(abs(to_vector(qr_Q(m) - identity_matrix(3)))) + 0 * x; }")  # fmt: skip
    assert model.logp_grad(np.zeros(1))[0] == 0


@pytest.mark.parametrize("matrix", ["[[1, x], [2 * x, 1]]", "[[1, log(-x)], [log(-x), 1]]"])
def test_what_is_not_symmetric_is_rejected(matrix: str) -> None:
    model = load(f"parameters {{ real x; }} model {{ target += sum(eigenvalues_sym({matrix})); }}")
    assert np.isnan(model.logp_grad(np.ones(1))[0])
