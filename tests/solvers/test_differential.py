"""Differential equations: exact solutions, SciPy's, gradients by finite differences, both compilers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.integrate import solve_ivp
from solvers.gradients import check_gradient

from ppl_cli import load
from ppl_cli.language.diagnostics import LanguageError

DECAY = """
functions {
  vector oscillate(real t, vector y, real w, vector more) {
    return [y[2], -w^2 * y[1] - more[1] * y[2]]';
  }
}
data { int T; array[T] real ts; }
parameters { real<lower=0> w; vector[2] y0; vector[1] damping; }
transformed parameters { array[T] vector[2] y = SOLVE; }
model { for (t in 1:T) y[t] ~ normal(t, 1.5); }
"""
TIMES = [0.2, 0.25, 1.0, 2.5, 2.5, 7.0]
CALLS = {
    "ode_rk45": "ode_rk45_tol(oscillate, y0, 0, ts, 1e-10, 1e-10, 100000, w, damping)",
    "ode_ckrk": "ode_ckrk_tol(oscillate, y0, 0.0, ts, 1e-10, 1e-10, 100000, w, damping)",
    "ode_adams": "ode_adams(oscillate, y0, 0.0, ts, w, damping)",
    "ode_bdf": "ode_bdf(oscillate, y0, 0.0, ts, w, damping)",
    "ode_adjoint": "ode_adjoint_tol_ctl(oscillate, y0, 0.0, ts, 1e-9, [1e-9, 1e-9]', 1e-6, [1e-6, 1e-6]', 1e-6, 1e-6, "
    "100000, 100, 1, 2, 2, w, damping)",
}
POINT = {"w": 1.3, "y0": [1.0, -0.4], "damping": [0.3]}


def oscillator(w: float, y0: Any, damping: Any) -> np.ndarray:
    """The exact solution, by the exponential of the matrix of the system."""
    values, vectors = np.linalg.eig(np.array([[0, 1], [-(w**2), -damping[0]]]))
    start = np.linalg.solve(vectors, np.asarray(y0))
    return np.array([(vectors @ (np.exp(values * t) * start)).real for t in TIMES])


@pytest.mark.parametrize("method", CALLS)
def test_oscillator(method: str) -> None:
    model = load(DECAY.replace("SOLVE", CALLS[method]), data={"T": len(TIMES), "ts": TIMES})
    found = model.transformed_values(model.flatten(POINT))["y"]
    np.testing.assert_allclose(found, oscillator(**POINT), rtol=1e-7, atol=1e-7)
    check_gradient(model, POINT)


@pytest.mark.parametrize("method", ["ode_rk45", "ode_bdf"])
def test_compilers_agree(method: str) -> None:
    both = [
        load(DECAY.replace("SOLVE", CALLS[method]), data={"T": len(TIMES), "ts": TIMES}, backend=backend)
        for backend in ("c", "numba")
    ]
    results = [model.pipeline.logp_grad(model.flatten(POINT)) for model in both]
    np.testing.assert_allclose(results[0][0], results[1][0], rtol=1e-10)
    np.testing.assert_allclose(results[0][1], results[1][1], rtol=1e-8)


def test_stiff_chemistry_of_robertson() -> None:
    rates = np.array([0.04, 1e4, 3e7])
    model = load(
        """
        functions {
          vector react(real t, vector y, vector k) {
            real a = k[1] * y[1]; real b = k[2] * y[2] * y[3]; real c = k[3] * y[2]^2;
            return [b - a, a - b - c, c]';
          }
        }
        data { array[4] real ts; }
        parameters { vector<lower=0>[3] k; }
        transformed parameters { array[4] vector[3] y = ode_bdf(react, [1, 0, 0]', 0, ts, k); }
        model { y[4] ~ normal(0, 1); y[1][2] ~ normal(0, 1e-5); }
        """,
        data={"ts": [0.4, 40.0, 4e3, 4e6]},
    )
    found = model.transformed_values(model.flatten({"k": rates}))["y"]

    def react(t: float, y: np.ndarray) -> list[float]:
        a, b, c = rates[0] * y[0], rates[1] * y[1] * y[2], rates[2] * y[1] ** 2
        return [b - a, a - b - c, c]

    exact = solve_ivp(react, (0, 4e6), [1, 0, 0], "Radau", t_eval=[0.4, 40.0, 4e3, 4e6], rtol=1e-12, atol=1e-14).y.T
    np.testing.assert_allclose(found, exact, rtol=1e-6, atol=1e-10)
    check_gradient(model, {"k": rates}, rtol=1e-4)


def test_times_that_are_parameters() -> None:
    model = load(
        """
        functions { vector grow(real t, vector y, real r) { return r * y + t; } }
        parameters { real t0; real<lower=t0 + 0.1> t1; real<lower=t1 + 0.1> t2; real r; real<lower=0> y0; }
        model { array[2] vector[1] y = ode_rk45_tol(grow, [y0]', t0, {t1, t2}, 1e-10, 1e-10, 10000, r);
                target += -0.5 * square(y[1][1] - 2) - 0.3 * square(y[2][1] - 3); }
        """
    )
    check_gradient(model, {"t0": 0.1, "t1": 0.7, "t2": 1.9, "r": 0.4, "y0": 1.2})


def test_loop_over_subjects_with_sizes_from_data() -> None:
    model = load(
        """
        functions { array[] real decay(real t, array[] real y, array[] real k, array[] real x, array[] int n) {
          array[n[1]] real d; for (i in 1:n[1]) d[i] = -k[1] * y[i] + x[i]; return d; } }
        data { int S; array[S, 3] real ts; array[S] real k0; }
        transformed data { array[2] real x = {0.1, 0}; array[1] int n = {2}; }
        parameters { real<lower=0> k; }
        model { for (s in 1:S) { array[3, 2] real y = integrate_ode_rk45(decay, {k0[s], 1.0}, 0.0, ts[s], {k}, x, n);
                for (j in 1:3) y[j] ~ normal(0.5, 1); } }
        """,
        data={"S": 3, "ts": [[0.1, 1, 2], [1, 2, 3], [0.5, 1, 4]], "k0": [1, 2, 3]},
    )
    check_gradient(model, {"k": 0.7}, rtol=1e-4)


def test_differential_algebraic_system() -> None:
    """The pendulum-like index-1 system y1' = -k y1 + y2, 0 = y1 + y2 - c, whose solution is known."""
    model = load(
        """
        functions { vector residual(real t, vector y, vector d, real k, real c) {
          return [d[1] + k * y[1] - y[2], y[1] + y[2] - c]'; } }
        data { array[3] real ts; }
        parameters { real<lower=0> k; real c; }
        transformed parameters {
          array[3] vector[2] y = dae(residual, [0.5, c - 0.5]', [c - 0.5 - 0.5 * k, 0.5 * k - c + 0.5]', 0.0, ts, k, c); }
        model { for (j in 1:3) y[j] ~ normal(1, 2); }
        """,
        data={"ts": [0.3, 1.0, 5.0]},
    )
    k, c, t = 1.7, 0.9, np.array([0.3, 1.0, 5.0])
    y1 = c / (k + 1) + (0.5 - c / (k + 1)) * np.exp(-(k + 1) * t)
    found = model.transformed_values(model.flatten({"k": k, "c": c}))["y"]
    np.testing.assert_allclose(found, np.stack([y1, c - y1], 1), rtol=1e-8)
    check_gradient(model, {"k": k, "c": c})


def test_solution_from_data_alone_is_computed_at_once() -> None:
    model = load(
        """
        functions { vector decay(real t, vector y) { return -y; } }
        transformed data { array[1] vector[1] y = ode_rk45(decay, [1]', 0, {1.0}); real e = y[1][1]; }
        parameters { real x; } transformed parameters { real z = e; } model { x ~ normal(0, 1); }
        """
    )
    np.testing.assert_allclose(model.transformed_values(np.zeros(1))["z"], np.exp(-1), rtol=1e-6)


def test_what_cannot_be_solved_has_no_density() -> None:
    model = load(
        """
        functions { vector explode(real t, vector y) { return square(y); } }
        parameters { real<lower=0> y0; }
        model { vector[1] y = ode_rk45(explode, [y0]', 0, {1.0})[1]; y ~ normal(0, 1); }
        """
    )
    assert np.isfinite(model.pipeline.logp_grad(model.flatten({"y0": 0.5}))[0])
    assert not np.isfinite(model.pipeline.logp_grad(model.flatten({"y0": 1.5}))[0])


@pytest.mark.parametrize(
    ("call", "message"),
    [
        ("ode_rk45(f, [1]', 0, {0.0}, k)", "the first time, 0, is not after the initial time, 0"),
        ("ode_rk45(f, [1]', 0, {2.0, 1.0}, k)", "the times are not in increasing order"),
        ("ode_rk45_tol(f, [1]', 0, {1.0}, -1, 1e-3, 10, k)", "this must be positive, but it is -1"),
        ("ode_rk45(f, [1, 2]', 0, {1.0}, k)", "the system returns 1 derivatives of 2 states"),
        ("ode_rk45(f, [1]', 0, {1.0}, [k]')", "`ode_rk45` needs a function `vector f(real, vector, vector)`"),
        ("ode_rk45(g, [1]', 0, {1.0}, k)", "`ode_rk45` needs a function `vector g(real, vector, real)`"),
    ],
)
def test_mistakes_are_located(call: str, message: str) -> None:
    program = """
        functions { vector f(real t, vector y, real k) { return [-k * y[1]]'; } real g(real t) { return t; } }
        parameters { real k; } model { target += CALL[1][1]; }
        """
    with pytest.raises(LanguageError, match="error: ") as raised:
        load(program.replace("CALL", call))
    assert message in str(raised.value)
