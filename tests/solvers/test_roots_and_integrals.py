"""Roots against what they must fulfil, integrals against closed forms, sums and maps of functions against plain loops."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import special, stats
from solvers.gradients import check_gradient

from ppl_cli import load
from ppl_cli.language.diagnostics import LanguageError

SYSTEM = """
functions {
  vector system(vector x, vector a, array[] real r, array[] int n) {
    return [x[1]^2 + x[2]^2 - a[1], exp(x[1]) - a[2] * x[2] - r[n[1]]]';
  }
  vector direct(vector x, real a, vector b) { return [x[1]^2 + x[2]^2 - a, exp(x[1]) - b[1] * x[2] - 0.5]'; }
}
transformed data { array[2] real r = {7, 0.5}; array[1] int n = {2}; }
parameters { vector<lower=0>[2] a; }
transformed parameters { vector[2] x = CALL; }
model { x ~ normal([0.3, 2]', 1); }
"""
ROOTS = [
    "solve_powell(direct, [0.5, 1.5]', a[1], a[2:2])",
    "solve_newton(direct, [0.5, 1.5]', a[1], a[2:2])",
    "solve_powell_tol(direct, [0.5, 1.5]', 1e-12, 1e-9, 100, a[1], a[2:2])",
    "solve_newton_tol(direct, [0.5, 1.5]', 1e-12, 1e-9, 100, a[1], a[2:2])",
    "algebra_solver(system, [0.5, 1.5]', a, r, n)",
    "algebra_solver_newton(system, [0.5, 1.5]', a, r, n, 1e-12, 1e-9, 1e2)",
]


@pytest.mark.parametrize("call", ROOTS)
def test_root(call: str) -> None:
    model = load(SYSTEM.replace("CALL", call))
    a = np.array([3.1, 0.9])
    x = model.transformed_values(model.flatten({"a": a}))["x"]
    np.testing.assert_allclose([x @ x - a[0], np.exp(x[0]) - a[1] * x[1] - 0.5], 0, atol=1e-12)
    check_gradient(model, {"a": a})


@pytest.mark.parametrize(
    ("equation", "start", "root"),
    [
        ("x^3 - 2 * x - 5", 40.0, 2.0945514815423265),
        ("atan(x) - 0.1", 20.0, np.tan(0.1)),  # Newton's own steps diverge from here
        ("exp(10 * x) - 1", 3.0, 0.0),
        ("square(x) - 2", 0.0, None),  # the first Jacobian is singular
    ],
)
def test_difficult_roots(equation: str, start: float, root: float | None) -> None:
    model = load(
        f"""
        functions {{ vector f(vector v, real zero) {{ real x = v[1] + zero; return [{equation}]'; }} }}
        parameters {{ real zero; }}
        transformed parameters {{ vector[1] x = solve_powell(f, [{start}]', zero); }}
        model {{ zero ~ normal(0, 1); }}
        """
    )
    x = model.transformed_values(np.zeros(1))["x"][0]
    if root is None:
        assert np.isnan(x) or abs(x * x - 2) < 1e-10
    else:
        np.testing.assert_allclose(x, root, atol=1e-12)


def test_no_root_is_no_density() -> None:
    model = load(
        """
        functions { vector f(vector x, real a) { return square(x) + a; } }
        parameters { real a; } model { solve_newton(f, [1]', a) ~ normal(0, 1); }
        """
    )
    assert np.isfinite(model.logp_grad(np.array([-2.0]))[0])
    assert not np.isfinite(model.logp_grad(np.array([2.0]))[0])


INTEGRALS = [
    ("exp(-square(x - theta[1]) / 2)", "negative_infinity()", "positive_infinity()", lambda a, b: np.sqrt(2 * np.pi)),
    ("exp(-theta[1] * x)", "0", "positive_infinity()", lambda a, b: 1 / a),
    ("exp(theta[1] * x)", "negative_infinity()", "0.5", lambda a, b: np.exp(0.5 * a) / a),
    ("sin(theta[1] * x)", "-1", "theta[2]", lambda a, b: (np.cos(a) - np.cos(a * b)) / a),
    ("x^(theta[1] - 1) * (1 - x)^(theta[2] - 1)", "0", "1", special.beta),
    ("xc < 0 ? x^(theta[1] - 1.9) * (1 - x)^-0.8 : x^(theta[1] - 1.9) * xc^-0.8", "0", "1",
     lambda a, b: special.beta(a - 0.9, 0.2)),
    ("exp(normal_lpdf(x | theta[1], theta[2]))", "0.5", "positive_infinity()", lambda a, b: stats.norm.sf(0.5, a, b)),
]  # fmt: skip


@pytest.mark.parametrize(("integrand", "low", "high", "exact"), INTEGRALS)
def test_integral(integrand: str, low: str, high: str, exact: object) -> None:
    model = load(
        f"""
        functions {{ real f(real x, real xc, array[] real theta, array[] real r, array[] int n) {{
            return {integrand}; }} }}
        transformed data {{ array[0] real r; array[0] int n; }}
        parameters {{ array[2] real<lower=0> theta; }}
        transformed parameters {{ real total = integrate_1d(f, {low}, {high}, theta, r, n, 1e-9); }}
        model {{ total ~ normal(1, 2); }}
        """
    )
    point = {"theta": [1.4, 0.8]}
    found = model.transformed_values(model.flatten(point))["total"]
    np.testing.assert_allclose(found, exact(1.4, 0.8), rtol=1e-9)  # type: ignore[operator]
    check_gradient(model, point)


def test_infinite_ends_have_no_slope() -> None:
    model = load("""
        functions { real f(real x, real xc, array[] real theta, data array[] real r, data array[] int n) {
          return exp(-theta[1] * x) * cos(x); } }
        parameters { real low; real high; real a; }
        model { target += integrate_1d(f, low, high, {a}, {0.0}, {0}); }""")
    value, gradient = model.logp_grad(np.array([0.0, np.inf, 2.0]))
    assert value == pytest.approx(2 / 5)
    np.testing.assert_allclose(gradient, [-1, 0, -3 / 25])


def test_integral_that_diverges_is_no_density() -> None:
    model = load(
        """
        functions { real f(real x, real xc, array[] real p, array[] real r, array[] int n) { return x^p[1]; } }
        parameters { real p; } model { target += integrate_1d(f, 0, 1, {p}, {0.0}, {0}); }
        """
    )
    assert np.isfinite(model.logp_grad(np.array([-0.5]))[0])
    assert not np.isfinite(model.logp_grad(np.array([-1.5]))[0])


SUM = """
functions {
  real part_lpmf(array[] int y, int first, int last, vector x, real a, real b) {
    return bernoulli_logit_lpmf(y | a + b * x[first:last]);
  }
  vector job(vector shared, vector own, array[] real x, array[] int y) {
    return [bernoulli_logit_lpmf(y | shared[1] + own[1] * to_vector(x))]';
  }
}
data { int N; array[N] int y; vector[N] x; }
parameters { real a; real b; }
model { target += CALL; }
"""
SUMS = [
    "reduce_sum(part_lpmf, y, 1, x, a, b)",
    "reduce_sum(part_lupmf, y, 10, x, a, b)",
    "reduce_sum_static(part_lpmf, y, 2, x, a, b)",
    "sum(map_rect(job, [a]', {[b]', [b]', [b]'}, {{x[1], x[2]}, {x[3], x[4]}, {x[5], x[6]}}, "
    "{y[1:2], y[3:4], y[5:6]}))",
]


@pytest.mark.parametrize("call", SUMS)
def test_sums_and_maps(call: str) -> None:
    data = {"N": 6, "y": [0, 1, 1, 0, 1, 1], "x": [0.1, -0.4, 1.2, -2.0, 0.3, 0.9]}
    found = load(SUM.replace("CALL", call), data=data)
    plain = load(SUM.replace("CALL", "bernoulli_logit_lpmf(y | a + b * x)"), data=data)
    q = np.array([0.3, -0.8])
    np.testing.assert_allclose(found.logp_grad(q)[0], plain.logp_grad(q)[0], rtol=1e-14)
    np.testing.assert_allclose(found.logp_grad(q)[1], plain.logp_grad(q)[1], rtol=1e-13)


def test_jobs_of_several_sizes() -> None:
    model = load(
        """
        functions { vector job(vector shared, vector own, array[] real x, array[] int n) {
            return own[1] * shared[1:n[1]]; } }
        parameters { vector[3] a; array[2] vector[1] b; }
        transformed parameters { vector[4] y = map_rect(job, a, b, {{0.0}, {0.0}}, {{3}, {1}}); }
        model { y ~ normal(0, 1); }
        """
    )
    found = model.transformed_values(np.array([1.0, 2.0, 3.0, 10.0, 100.0]))["y"]
    np.testing.assert_allclose(found, [10, 20, 30, 100])


def test_grain_must_be_positive() -> None:
    data = {"N": 1, "y": [0], "x": [0.1]}
    with pytest.raises(LanguageError, match="this must be positive, but it is 0"):
        load(SUM.replace("CALL", "reduce_sum(part_lpmf, y, 0, x, a, b)"), data=data)
