"""Matrix functions: values that NumPy gives, arguments that Stan rejects, densities of state spaces."""
from __future__ import annotations

import math

import numpy as np
import pytest
import scipy.linalg
import scipy.stats as st

from ppl_cli import load
from ppl_cli.errors import PplError

A = np.array([[2.0, 0.3], [0.3, 1.0]])
B = np.array([[0.5, -1.0], [0.4, 0.7]])
FACTOR = np.linalg.cholesky(A)
DATA = {"A": A.tolist(), "B": B.tolist(), "L": FACTOR.tolist(), "v": [0.2, 0.5]}
HEAD = "data { matrix[2, 2] A; matrix[2, 2] B; matrix[2, 2] L; vector[2] v; } parameters { real x; }"

# expression in x = 1 and the data, and what it is
CASES: list[tuple[str, np.ndarray | float]] = [
    ("mdivide_left_spd(x * A, B)", np.linalg.solve(A, B)),
    ("mdivide_left_spd(x * A, v)", np.linalg.solve(A, [0.2, 0.5])),
    ("mdivide_right_spd(B, x * A)", B @ np.linalg.inv(A)),
    ("mdivide_right_spd(v', x * A)", np.linalg.solve(A, [0.2, 0.5])),
    ("inverse_spd(x * A)", np.linalg.inv(A)),
    ("chol2inv(x * L)", np.linalg.inv(A)),
    ("log_determinant_spd(x * A)", np.linalg.slogdet(A)[1]),
    ("quad_form_sym(x * A, B)", B.T @ A @ B),
    ("trace_dot(x * A, B)", np.trace(A @ B)),
    ("matrix_power(x * B, 3)", B @ B @ B),
    ("softmax({x * v, 2 * v})[2]", np.exp([0.4, 1.0]) / np.exp([0.4, 1.0]).sum()),
    ("log_softmax({v', x * 2 * v'})[1]", np.array([0.2, 0.5]) - np.logaddexp(0.2, 0.5)),
    ("block(x * B, 1, 2, 2, 1)", B[:, 1:]),
    ("x * csr_extract(L).1[2:]", FACTOR[1]),
    ("x * to_vector(csr_extract(L).3[2:])", np.array([2.0, 4.0])),
]


def _sum(expression: str) -> str:
    weighed = "functions { real all(real y) { return y; } real all(vector y) { return y' * [1, 2]'; }"
    weighed += " real all(row_vector y) { return all(y'); } real all(matrix y) { "
    weighed += "return to_vector(y)' * linspaced_vector(num_elements(y), 1, num_elements(y)); } }"
    return f"{weighed} {HEAD} model {{ target += all({expression}); }}"


@pytest.mark.parametrize(("expression", "expected"), CASES, ids=[e for e, _ in CASES])
def test_value_and_gradient(expression: str, expected: np.ndarray | float) -> None:
    model = load(_sum(expression), data=DATA)
    flat = np.ravel(np.transpose(expected))
    value, gradient = model.logp_grad(np.ones(1))
    assert value == pytest.approx(float(flat @ np.arange(1, flat.size + 1)), rel=1e-12)
    up, down = (model.logp_grad(np.array([1 + s]))[0] for s in (1e-6, -1e-6))
    assert gradient[0] == pytest.approx((up - down) / 2e-6, rel=1e-6, abs=1e-7)


@pytest.mark.parametrize(
    "expression",
    [
        "sum(cholesky_decompose([[1, x], [2 * x, 9]]))", "sum(inverse_spd([[1, 2 * x], [2 * x, 1]]))",
        "sum(mdivide_left_spd([[1, 2 * x], [2 * x, 1]], v))", "sum(quad_form_sym([[1, x], [0, 1]], B))",
        "sum(chol2inv([[x, x], [0, 1]]))", "mean(rep_vector(x, 0))", "sd(rep_vector(x, 0))",
        "sum(gp_exp_quad_cov({1.0, 2.0}, x, -x))", "sum(gp_periodic_cov({1.0, 2.0}, -x, 1, 1))",
        "sum(gp_dot_prod_cov({1.0, 2.0}, -x))", "dirichlet_lpdf([0.5, x]' | [1, 1]')",
        "categorical_lpmf(1 | [0.5, x]')", "ordered_logistic_lpmf(1 | 0, [x, 2 * x, x]')",
        "ordered_logistic_lpmf(2 | 0, [log(x - 1), 2 * x]')", "lkj_corr_lpdf([[2, 0], [0, x]] | 1)",
        "multi_normal_lpdf(v | v, [[1, x / 2], [0, 1]])", "hmm_marginal(B, [[x, x], [0, 1]], [0, 1]')",
    ],
)  # fmt: skip
def test_what_stan_rejects(expression: str) -> None:
    value, _ = load(f"{HEAD} model {{ target += {expression}; }}", data=DATA).logp_grad(np.ones(1))
    assert not math.isfinite(value)


OUTSIDE = ["row(A, 3)", "col(A, 0)", "block(A, 2, 1, 2, 1)", "sub_row(A, 1, 2, 2)", "segment(v, 2, 2)"]


@pytest.mark.parametrize("part", OUTSIDE)
def test_parts_outside_are_refused(part: str) -> None:
    with pytest.raises(PplError):
        load(f"{HEAD} model {{ target += x * sum({part}); }}", data=DATA)


def test_state_space() -> None:
    """The observations are jointly normal."""
    rng = np.random.default_rng(4)
    f, g, w, v = rng.normal(size=(2, 1)), rng.normal(size=(2, 2)) * 0.6, 0.5 * np.eye(2), np.array([[0.3]])
    m0, c0, y = rng.normal(size=2), np.array([[1.0, 0.2], [0.2, 0.7]]), rng.normal(size=(1, 3))
    means, joint, mean, state = [], np.zeros((3, 3)), m0, c0
    for t in range(3):
        mean, state = g @ mean, g @ state @ g.T + w
        means.append((f.T @ mean).item())
        ahead = state
        for later in range(t, 3):
            joint[t, later] = joint[later, t] = (f.T @ ahead @ f).item() + (v.item() if later == t else 0)
            ahead = g @ ahead
    expected = st.multivariate_normal(means, joint).logpdf(y[0])
    data = {"F": f.tolist(), "G": g.tolist(), "W": w.tolist(), "m0": m0.tolist(), "C0": c0.tolist(), "y": y.tolist()}
    model = load("""data { matrix[2, 1] F; matrix[2, 2] G; matrix[2, 2] W; vector[2] m0; matrix[2, 2] C0;
  matrix[1, 3] y; }
parameters { real v; } model { y ~ gaussian_dlm_obs(F, G, [v]', W, m0, C0); }""", data=data)
    assert model.logp_grad(np.array([0.3]))[0] == pytest.approx(expected, rel=1e-10)


@pytest.mark.parametrize("t", [0.001, 1.0, 30.0, 1000.0, -20.0])
def test_exponentials_of_small_and_large_matrices(t: float) -> None:
    rates = np.array([[-1.0, 0.3, 0.2], [0.5, -0.8, 0.1], [0.1, 0.4, -0.9]])
    expected = scipy.linalg.expm(t * rates)
    model = load("data { matrix[3, 3] A; } parameters { real t; } model { target += sum(matrix_exp(t * A)); }",
                 data={"A": rates.tolist()})  # fmt: skip
    value, gradient = model.logp_grad(np.array([t]))
    assert value == pytest.approx(expected.sum(), rel=1e-11)
    assert gradient[0] == pytest.approx((rates @ expected).sum(), rel=1e-11)
