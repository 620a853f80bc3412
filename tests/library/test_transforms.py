"""Transforms as functions: the density with `*_jacobian` is that of the declared type, `*_unconstrain` goes back."""
from __future__ import annotations

import math

import numpy as np
import pytest

from ppl_cli import load
from ppl_cli.errors import PplError

# declaration of x, declaration of its free value y, other arguments of the functions, name
CASES: list[tuple[str, str, str, str]] = [
    ("real<lower=-1> x;", "real y;", ", -1", "lower_bound"),
    ("vector<upper=2>[3] x;", "vector[3] y;", ", 2", "upper_bound"),
    ("array[2] real<lower=-1, upper=2> x;", "array[2] real y;", ", -1, 2", "lower_upper_bound"),
    ("matrix<lower=0, upper=3>[2, 3] x;", "matrix[2, 3] y;", ", 0, 3", "lower_upper_bound"),
    ("vector<offset=1, multiplier=3>[3] x;", "vector[3] y;", ", rep_vector(1, 3), 3", "offset_multiplier"),
    ("ordered[3] x;", "vector[3] y;", "", "ordered"),
    ("array[2] ordered[3] x;", "array[2] vector[3] y;", "", "ordered"),
    ("array[2, 1, 2] simplex[3] x;", "array[2, 1, 2] vector[2] y;", "", "simplex"),
    ("positive_ordered[3] x;", "vector[3] y;", "", "positive_ordered"),
    ("simplex[4] x;", "vector[3] y;", "", "simplex"),
    ("sum_to_zero_vector[4] x;", "vector[3] y;", "", "sum_to_zero"),
    ("cholesky_factor_corr[3] x;", "vector[3] y;", ", 3", "cholesky_factor_corr"),
    ("cholesky_factor_cov[3, 2] x;", "vector[5] y;", ", 3, 2", "cholesky_factor_cov"),
    ("corr_matrix[3] x;", "vector[3] y;", ", 3", "corr_matrix"),
    ("array[2] cov_matrix[2] x;", "array[2] vector[3] y;", ", 2", "cov_matrix"),
    ("column_stochastic_matrix[3, 4] x;", "matrix[2, 4] y;", "", "stochastic_column"),
    ("row_stochastic_matrix[3, 4] x;", "matrix[3, 3] y;", "", "stochastic_row"),
    ("sum_to_zero_matrix[3, 4] x;", "matrix[2, 3] y;", "", "sum_to_zero"),
]
IDS = [d for d, *_ in CASES]
WEIGHED = """functions {
  real weighed(real x) { return 0.3 * x; }
  real weighed(vector x) { return 0.3 * dot_product(x, linspaced_vector(size(x), 1, 2)); }
  real weighed(matrix x) { return weighed(to_vector(x)); }
  real weighed(array[] real x) { return weighed(to_vector(x)); }
  real weighed(array[] vector x) { return weighed(to_vector(x[1] - 2 * x[2])); }
  real weighed(array[,,] vector x) { return weighed(x[1, 1]) - 3 * weighed(x[2, 1]); }
  real weighed(array[] matrix x) { return weighed(to_vector(x[1] - 2 * x[2])); }
}
"""


def _free_size(y: str) -> int:
    return math.prod(int(n) for n in "".join(c if c.isdigit() else " " for c in y).split())


@pytest.mark.parametrize(("x", "y", "others", "name"), CASES, ids=IDS)
def test_jacobian_function_makes_the_declared_type(x: str, y: str, others: str, name: str) -> None:
    declared = load(f"{WEIGHED} parameters {{ {x} }} model {{ target += weighed(x); }}")
    transformed = f"{x.removesuffix(';')} = {name}_jacobian(y{others});"
    model = "model { target += weighed(x); }"
    called = load(f"{WEIGHED} parameters {{ {y} }} transformed parameters {{ {transformed} }} {model}")
    q = np.random.default_rng(1).normal(size=_free_size(y))
    expected, gradient = declared.logp_grad(q)
    value, found = called.logp_grad(q)
    assert value == pytest.approx(expected, rel=1e-12)
    np.testing.assert_allclose(found, gradient, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize(("x", "y", "others", "name"), CASES, ids=IDS)
def test_unconstrain_is_the_inverse_of_constrain(x: str, y: str, others: str, name: str) -> None:
    sizes = others if "bound" in name or "offset" in name else ""
    model = load(f"{WEIGHED} parameters {{ {y} }} "
                 f"model {{ target += weighed({name}_unconstrain({name}_constrain(y{others}){sizes})) - weighed(y); }}")
    value, gradient = model.logp_grad(np.random.default_rng(2).normal(size=_free_size(y)))
    assert value == pytest.approx(0, abs=1e-7)
    np.testing.assert_allclose(gradient, 0, atol=1e-6)


@pytest.mark.parametrize(
    "expression",
    [
        "lower_bound_unconstrain(x, 1)", "lower_upper_bound_constrain(x, 2, x)",
        "offset_multiplier_constrain(1, 0, -x)",
        "sum(ordered_unconstrain([x, x]'))", "sum(simplex_unconstrain([x, x]'))",
        "sum(cholesky_factor_corr_unconstrain([[1, 0], [x, x]]))", "sum(cov_matrix_unconstrain([[1, x], [x, 0]]))",
        "sum(to_vector(stochastic_row_unconstrain([[x, x]])))",
    ],
)  # fmt: skip
def test_what_breaks_the_constraint_is_rejected(expression: str) -> None:
    value, _ = load(f"parameters {{ real x; }} model {{ target += {expression}; }}").logp_grad(np.array([0.3]))
    assert not math.isfinite(value)


def test_sizes_must_fit() -> None:
    with pytest.raises(PplError, match="a free value of size 3 is needed"):
        load("parameters { vector[4] y; } model { target += sum(to_vector(corr_matrix_constrain(y, 3))); }")


def test_jacobians_in_loops_and_functions_add_up() -> None:
    model = load("""functions { real positive_jacobian(real y) { return lower_bound_jacobian(y, 0); } }
parameters { array[4] real y; }
transformed parameters { vector[4] x; for (n in 1:4) { if (n > 1) x[n] = positive_jacobian(y[n]); else x[n] = y[n]; } }
model { target += sum(x); }""")
    value, gradient = model.logp_grad(np.array([0.1, 0.2, 0.3, 0.4]))
    assert value == pytest.approx(0.1 + sum(math.exp(v) + v for v in (0.2, 0.3, 0.4)))
    np.testing.assert_allclose(gradient, [1, *(math.exp(v) + 1 for v in (0.2, 0.3, 0.4))])


@pytest.mark.parametrize("call", ["lower_bound_jacobian({}, 0)", "ordered_jacobian({})"])
def test_jacobians_of_parts_of_any_length(call: str) -> None:
    program = """data { int N; array[N] int start; array[N] int length; } parameters { vector[7] y; }
transformed parameters { real s = 0; for (n in 1:N) s += sum(PART); } model { target += s; }"""
    part = call.format("segment(y, start[n], length[n])")
    ragged = load(program.replace("PART", part), data={"N": 2, "start": [1, 3], "length": [2, 5]})
    whole = load(program.replace("for (n in 1:N) s += sum(PART)", " ".join(
        f"s += sum({call.format(f'segment(y, {a}, {n})')});" for a, n in ((1, 2), (3, 5)))),
        data={"N": 0, "start": [], "length": []})  # fmt: skip
    q = np.random.default_rng(3).normal(size=7)
    for found, expected in zip(ragged.logp_grad(q), whole.logp_grad(q), strict=True):
        np.testing.assert_allclose(found, expected)
