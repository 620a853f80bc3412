"""Every function that takes a function gives the same, compiled by C and by Numba."""
from __future__ import annotations

import numpy as np
import pytest

from ppl_cli import load
from ppl_cli.language.functionals import FUNCTIONALS
from ppl_cli.language.signatures import name_of

PROGRAM = """
functions {
  vector flow(real t, vector y, real a) { return [y[2], -a * y[1] - 0.1 * y[2]]'; }
  array[] real old_flow(real t, array[] real y, array[] real a, data array[] real r, data array[] int n) {
    return {y[2], -a[1] * y[1] - r[1] * y[2]};
  }
  vector residual(real t, vector y, vector slope, real a) { return [slope[1] + a * y[1], y[1] + y[2] - 2]'; }
  vector system(vector x, real a) { return [x[1]^2 + x[2]^2 - a, exp(x[1]) - a * x[2] - 0.5]'; }
  vector old_system(vector x, vector a, data array[] real r, data array[] int n) {
    return [x[1]^2 + x[2]^2 - a[1], exp(x[1]) - a[1] * x[2] - r[1]]';
  }
  real integrand(real x, real rest, array[] real a, data array[] real r, data array[] int n) { return exp(-a[1] * x^2); }
  real part(array[] real piece, int first, int last, real a) { return sum(piece) * a + first; }
  real likelihood(vector theta, real a) { return poisson_log_lpmf({3, 0, 2} | theta + a); }
  matrix covariance(real a) { return gp_exponential_cov({0.0, 0.4, 1.3}, 1.2, a); }
  vector job(vector shared, vector own, data array[] real r, data array[] int n) { return shared * own[1] + r[1]; }
}
transformed data {
  array[3] real ts = {0.4, 1.1, 2.0};
  array[1] real r = {0.1};
  array[1] int n = {1};
  array[2, 1] real rs = {{0.1}, {0.3}};
  array[2, 1] int ns = {{1}, {2}};
}
parameters { real<lower=0> a; }
model { target += total(CALL); }
"""
START, OLD = "[1, -0.4]', 0.0, ts", "{1, -0.4}, 0.0, ts, {a}, r, n"
DAE = "residual, [1, 1]', [-a, a]', 0.0, ts"
ODES = {f"ode_{m}": f"(flow, {START}, a)" for m in ("rk45", "ckrk", "adams", "bdf")}
ROOTS = {"newton": "algebra_solver_newton", "powell": "algebra_solver"}
OPTIONS = "([0.2, 0.1, -0.1]', 1e-8, 100, 1, 50, 1)"
LATENT = {f"{law}_lpmf": f"({{1, 0, 1}} | {{1, 3, 3}}, {more}[a, 0, 1]', 1, covariance, (a, )" for law, more in
          (("poisson_log", ""), ("neg_binomial_2_log", "a, "), ("bernoulli_logit", ""))}  # fmt: skip
ARGUMENTS: dict[str, list[str]] = {
    "laplace_marginal": [f"(likelihood, (a, ), {size}, covariance, (a, ))" for size in (1, 3)],
    "laplace_marginal_tol": [f"(likelihood, (a, ), 1, covariance, (a, ), {OPTIONS})"],
    **{f"laplace_marginal_{law}": [f"{call})"] for law, call in LATENT.items()},
    **{f"laplace_marginal_tol_{law}": [f"{call}, {OPTIONS})"] for law, call in LATENT.items()},
    **{name: [call] for name, call in ODES.items()},
    **{f"{name}_tol": [f"(flow, {START}, 1e-9, 1e-9, 10000, a)"] for name in ODES},
    **{f"integrate_ode_{m}": [f"(old_flow, {OLD})", f"(old_flow, {OLD}, 1e-9, 1e-9, 1e4)"]
       for m in ("rk45", "adams", "bdf")},
    "ode_adjoint_tol_ctl": [
        f"(flow, {START}, 1e-9, [1e-9, 1e-9]', 1e-8, [1e-8, 1e-8]', 1e-8, 1e-8, 100000, 100, 1, 2, 2, a)"],
    "dae": [f"({DAE}, a)"],
    "dae_tol": [f"({DAE}, 1e-8, 1e-8, 10000, a)"],
    **{f"solve_{m}": ["(system, [0.5, 1.5]', a)"] for m in ROOTS},
    **{f"solve_{m}_tol": ["(system, [0.5, 1.5]', 1e-12, 1e-9, 100, a)"] for m in ROOTS},
    **{old: ["(old_system, [0.5, 1.5]', [a]', r, n)", "(old_system, [0.5, 1.5]', [a]', r, n, 1e-12, 1e-9, 1e2)"]
       for old in ROOTS.values()},
    "integrate_1d": ["(integrand, 0, 1, {a}, r, n)", "(integrand, 0, positive_infinity(), {a}, r, n, 1e-8)"],
    "reduce_sum": ["(part, {a, 2 * a, 0.3}, 1, a)"],
    "reduce_sum_static": ["(part, {a, 2 * a, 0.3}, 2, a)"],
    "map_rect": ["(job, [a, 2]', {[a]', [0.3]'}, rs, ns)"],
}  # fmt: skip


def program(name: str, arguments: str) -> str:
    result = next(text.split(f" {name}(")[0] for text in FUNCTIONALS if f" {name}(" in text)
    call = f"{name}{arguments}"
    match result:
        case "real":
            total = call
        case "vector":
            total = f"sum({call})"
        case "array[] vector":
            total = f"sum({call}[2]) + {call}[3][1]"
        case _:
            total = f"sum(to_array_1d({call}))"
    return PROGRAM.replace("total(CALL)", total)


def test_every_function_that_takes_a_function_is_here() -> None:
    named = (name for name in map(name_of, FUNCTIONALS) if not name.endswith("_rng"))
    assert set(named) == set(ARGUMENTS)


@pytest.mark.slow
@pytest.mark.parametrize(("name", "arguments"), [(n, a) for n, calls in ARGUMENTS.items() for a in calls])
def test_compilers_agree(name: str, arguments: str) -> None:
    c, numba = (load(program(name, arguments), backend=b).pipeline.logp_grad(np.array([0.3])) for b in ("c", "numba"))
    assert np.isfinite(c[0]) and np.isfinite(c[1]).all()
    np.testing.assert_allclose(c[0], numba[0], rtol=1e-9)
    np.testing.assert_allclose(c[1], numba[1], rtol=1e-8)
