"""Functions of the library through whole programs: values known from elsewhere, and gradients."""
from __future__ import annotations

import math

import numpy as np
import pytest
import scipy.special as sp

from ppl_cli import load
from ppl_cli.language.diagnostics import ElaborationError

V = np.array([0.2, 0.5, 1.3])

# expression in x (a parameter, 0.7) and v (data, [0.2, 0.5, 1.3]) and its value
CASES: list[tuple[str, float]] = [
    ("log_sum_exp(x * v)", float(sp.logsumexp(0.7 * np.array([0.2, 0.5, 1.3])))),
    ("log_mix(0.3, x, 2 * x)", math.log(0.3 * math.exp(0.7) + 0.7 * math.exp(1.4))),
    ("lbeta(x, 2.5)", float(sp.betaln(0.7, 2.5))),
    ("lchoose(x + 3, 2)", float(sp.gammaln(4.7) - sp.gammaln(3) - sp.gammaln(2.7))),
    ("Phi(x)", float(sp.ndtr(0.7))),
    ("inv_Phi(x)", float(sp.ndtri(0.7))),
    ("digamma(x)", float(sp.psi(0.7))),
    ("lgamma(x)", float(sp.gammaln(0.7))),
    ("log1m_exp(-x)", math.log(1 - math.exp(-0.7))),
    ("log_diff_exp(2 * x, x)", math.log(math.exp(1.4) - math.exp(0.7))),
    ("logit(x)", math.log(0.7 / 0.3)),
    ("cloglog(x)", math.log(-math.log(0.3))),
    ("sum(cumulative_sum(x * v))", 0.7 * (3 * 0.2 + 2 * 0.5 + 1.3)),
    ("sd(x * v)", 0.7 * float(np.std([0.2, 0.5, 1.3], ddof=1))),
    ("variance(x * v)", 0.49 * float(np.var([0.2, 0.5, 1.3], ddof=1))),
    ("prod(x * v)", 0.343 * 0.13),
    ("max(x * v) - min(x * v)", 0.7 * 1.1),
    ("softmax(x * v)[2]", float(sp.softmax(0.7 * np.array([0.2, 0.5, 1.3]))[1])),
    ("dot_self(x * v)", 0.49 * (0.04 + 0.25 + 1.69)),
    ("distance(x * v, v)", 0.3 * math.sqrt(0.04 + 0.25 + 1.69)),
    ("log_determinant(x * identity_matrix(3))", 3 * math.log(0.7)),
    ("sum(inverse(x * identity_matrix(2)))", 2 / 0.7),
    ("sum(x * (v * v'))", 0.7 * 4.0),
    ("sum(append_row(x, v))", 2.7),
    ("sum(head(x * v, 2)) + sum(tail(v, 1)) + sum(segment(v, 2, 2))", 0.7 * 0.7 + 1.3 + 1.8),
    ("sum(diag_pre_multiply(v, rep_matrix(x, 3, 2)))", 2 * 0.7 * 2.0),
    ("quad_form(diag_matrix(v), rep_vector(x, 3))", 0.49 * 2.0),
    ("sum(to_vector(reshape2(x)))", 4 * 0.7),
    ("x ^ 3 + pow(x, 2) + x ^ 0.5", 0.343 + 0.49 + math.sqrt(0.7)),
    ("fmax(x, 0.5) + fmin(x, 0.5) + abs(-x)", 0.7 + 0.5 + 0.7),
    ("7 %/% 2 + 7 % 4 + -7 %/% 2 + x", 3 + 3 - 3 + 0.7),
    ("normal_lcdf(x | 0, 1) + normal_lccdf(x | 0, 1)", float(sp.log_ndtr(0.7) + sp.log_ndtr(-0.7))),
    ("x > 0.5 ? x : square(x)", 0.7),
    (
        "log_mix([0.2, 0.3, 0.5], {x * v, 2 * v})",
        float(sum(sp.logsumexp(k * V, b=[0.2, 0.3, 0.5]) for k in (0.7, 2.0))),
    ),
    ("log_mix(x, 800, -800) + log_mix(x, -900, 3)", 803 + math.log(0.7) + math.log(0.3)),
    ("log_modified_bessel_first_kind(x, 1e-200)", 0.7 * math.log(0.5e-200) - float(sp.gammaln(1.7))),
    ("log_modified_bessel_first_kind(500, x)", 500 * math.log(0.35) - float(sp.gammaln(501)) + 0.35**2 / 501),
    ("log_modified_bessel_first_kind(500 * x, 40000)", math.log(sp.ive(350, 40000)) + 40000),
    ("sum(lmgamma({3, 1, 0}, x + 2))", float(sp.multigammaln(2.7, 3) + sp.gammaln(2.7))),
    ("lmgammas(x + 2)", float(sum(sp.multigammaln(2.7, k) for k in (1, 2, 3)))),
    ("falling_factorial(x, 3) + rising_factorial(x, 3)", 0.7 * 0.3 * 1.3 + 0.7 * 1.7 * 2.7),
    ("choose(40, 20) / 1e9 + sum(choose({5, 6}, {2, 3})) + x", 168.54652882),
    ("fmod(-5.5, x)", math.fmod(-5.5, 0.7)),
    ("hypergeometric_1F0(x, 0.5) + hypergeometric_2F1(x, 1, 1, 0.5)", 2 * 2**0.7),
    ("hypergeometric_3F2([x, 1, 2]', {1, 2}, 0.5) + hypergeometric_pFq({x}, [x], 0.5)", 2**0.7 + math.exp(0.5)),
    ("sum(divide(x, v)) + sum(divide(x, [v', v']))", 3 * 0.7 * float(np.sum(1 / V))),
    ("sum(to_array_1d({{{{{x, 2}}}}, {{{{3, 4}}}}})) + sum(minus({{1, 2}})[1])", 9.7 - 3),
    ("get_real(dot_product({to_complex(x, 1)}, {to_complex(2, 3)}))", 1.4 + 3),
    ("get_imag(divide(to_complex(0, 5), [to_complex(x, 0)])[1]) + get_real(plus(to_complex(x, 1)))", 5 / 0.7 + 0.7),
    ("get_imag(sum(mdivide_right([to_complex(1, x)], [[to_complex(0, 2)]])))", -0.5),
    ("logical_eq(to_complex(x, 0), x) + 2 * logical_neq(to_complex(x, 1), x) + x", 3.7),
    ("get_real(({to_complex(x, 1), 2} ^ to_complex(2, 0))[1]) + get_real((2 ^ {to_complex(x, 0)})[1])", 2**0.7 - 0.51),
]


@pytest.mark.parametrize(("expression", "expected"), CASES, ids=[e for e, _ in CASES])
def test_value_and_gradient(expression: str, expected: float) -> None:
    program = f"""
functions {{
  matrix reshape2(real a) {{ return rep_matrix(a, 2, 2); }}
  real lmgammas(real a) {{ real s = 0; for (k in 1:3) s += lmgamma(k, a); return s; }}
}}
data {{ vector[3] v = [0.2, 0.5, 1.3]'; }}
parameters {{ real x; }}
model {{ target += {expression}; }}
"""
    model = load(program)
    value, gradient = model.logp_grad(np.array([0.7]))
    assert value == pytest.approx(expected, rel=1e-10)
    up, down = (model.logp_grad(np.array([0.7 + s]))[0] for s in (1e-6, -1e-6))
    assert gradient[0] == pytest.approx((up - down) / 2e-6, rel=1e-6, abs=1e-7)


@pytest.mark.parametrize(
    ("expression", "x", "value", "slope"),
    [
        ("log(gamma_p(x, 1))", 50.0, -149.45797200505863, -3.92238137582136),
        ("log(gamma_q(x, 1000))", 900.0, -7.3816098587889145, 0.114507817246066),
        ("gamma_lccdf(10 | x, 0.5)", 1e-3, -13.674895640579353, 1002.33535635202),
        ("lbeta(x, 3)", 1e12, -82.199916167228699, -2.999999999997e-12),
        ("lbeta(3, x)", 1e12, -82.199916167228699, -2.999999999997e-12),
        ("lbeta(x, 0.5)", 1e15, -16.697023254530642, -5.0000000000000012e-16),
        ("lchoose(x, 3)", 1e12, 81.10130387855459, 3.000000000003e-12),
        ("lchoose(x, 5e11)", 1e12, 693147180545.90401, 0.69314718055944531),
    ],
)
def test_slopes_far_out(expression: str, x: float, value: float, slope: float) -> None:
    """The expected figures are those of mpmath in 60 digits."""
    model = load(f"parameters {{ real x; }} model {{ target += {expression}; }}")
    found, gradient = model.logp_grad(np.array([x]))
    assert (found, gradient[0]) == (pytest.approx(value, rel=1e-12), pytest.approx(slope, rel=1e-9))


@pytest.mark.parametrize(("n", "finite"), [(6.5, True), (60.5, True), (69.5, False), (-1.0, False)])
@pytest.mark.parametrize("backend", ["c", "numba"])
def test_choose_of_what_is_computed(n: float, finite: bool, backend: str) -> None:
    model = load("""parameters { real x; }
    model { int n = 0; real left = x; if (x < 0) n = -5; while (left > 0) { n += 1; left -= 1; }
            target += choose(n, n %/% 2); }""", backend=backend)
    value, _ = model.logp_grad(np.array([n]))
    expected = float(math.comb(math.ceil(n), math.ceil(n) // 2)) if finite else math.nan
    np.testing.assert_equal(value, expected)


def test_choose_of_data_in_a_loop() -> None:
    model = load("data { array[3] int n; } parameters { real x; } "
                 "model { for (i in 1:3) target += choose(n[i], 2) * x; }", data={"n": [3, 4, -1]})  # fmt: skip
    assert math.isnan(model.logp_grad(np.ones(1))[0])


@pytest.mark.parametrize("call", ["multi_normal_rng(mu, S)", "multi_student_t_cholesky_rng(5, mu, S)"])
def test_draws_of_several_row_vectors(call: str) -> None:
    load(f"""parameters {{ real x; }} model {{ x ~ normal(0, 1); }} generated quantities {{
        array[2] row_vector[2] mu = {{[1, 2], [3, 4]}}; matrix[2, 2] S = [[1, 0], [0.2, 1]];
        array[2] vector[2] y = {call}; }}""")


REFUSED = ["divide(1, n)", "elt_divide(1, n)", "modulus(1, n)", "choose(n - 1, 2)", "choose(70, 35 + n)"]


@pytest.mark.parametrize("expression", REFUSED)
def test_integers_that_have_no_result_are_refused(expression: str) -> None:
    with pytest.raises(ElaborationError):
        load(f"data {{ int n; }} parameters {{ real x; }} model {{ target += {expression} * x; }}", data={"n": 0})


SPARSE = {
    "2, 3, w, {1, 3}, {1, 2}": "the starts of 2 rows and the end of the last are 3 numbers, not 2",
    "2, 3, w, {1, 3}, {1, 2, 4}": "the starts of rows must ascend from 1 to 3, one after the 2 values",
    "2, 3, w, {1, 3, 2}, {1, 2, 3}": "there are 2 values in 3 columns",
    "2, 3, w, {0, 3}, {1, 2, 3}": "column 0 of 3",
    "2, 3, w, {1, 4}, {1, 2, 3}": "column 4 of 3",
}


@pytest.mark.parametrize("matrix", SPARSE)
def test_indices_that_are_no_sparse_matrix_are_refused(matrix: str) -> None:
    for call in (f"csr_to_dense_matrix({matrix})", f"csr_matrix_times_vector({matrix}, rep_vector(1, 3))"):
        with pytest.raises(ElaborationError, match=SPARSE[matrix]):
            load(f"parameters {{ vector[2] w; }} model {{ target += sum({call}); }}")


def test_a_sparse_matrix_times_a_vector_of_another_size() -> None:
    with pytest.raises(ElaborationError, match="a matrix of 3 columns times a vector of size 2"):
        load("parameters { vector[2] w; } model { "
             "target += sum(csr_matrix_times_vector(2, 3, w, {1, 3}, {1, 2, 3}, w)); }")  # fmt: skip
