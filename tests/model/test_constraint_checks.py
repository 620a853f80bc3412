"""Values that do not satisfy the constraints they are declared with: in data, transformed or not, and at run time."""

from __future__ import annotations

import numpy as np
import pytest

from ppl_cli import load
from ppl_cli.language.diagnostics import ElaborationError

DECLARATIONS = {
    "lower": ("real<lower=0> v = b;", 1.0, -1.0),
    "upper": ("vector<upper=2>[2] v = [0, b]';", 1.0, 3.0),
    "both": ("array[2] real<lower=-1, upper=1> v = {0, b};", 1.0, 1.1),
    "int": ("int<lower=0, upper=1> v = b > 1.5 ? 2 : 1;", 1.0, 2.0),
    "moving": ("real<lower=b - 1> v = 0.5 * b;", 1.0, 3.0),
    "ordered": ("ordered[3] v = [0, 1, b]';", 1.5, 0.5),
    "positive_ordered": ("positive_ordered[2] v = [b, 2]';", 0.5, -0.5),
    "simplex": ("simplex[2] v = [b, 1 - b]';", 0.5, 1.5),
    "simplex_sum": ("array[2] simplex[2] v = {[0.5, 0.5]', [0.5, b]'};", 0.5, 0.6),
    "sum_to_zero": ("sum_to_zero_vector[2] v = [b, -1]';", 1.0, 2.0),
    "unit_vector": ("unit_vector[2] v = [0.6, b]';", 0.8, 0.9),
    "cov_matrix": ("cov_matrix[2] v = [[1, b], [b, 1]];", 0.5, 1.5),
    "cov_symmetric": ("cov_matrix[2] v = [[1, b], [0.5, 1]];", 0.5, 0.6),
    "corr_matrix": ("corr_matrix[2] v = [[1, 0.5], [0.5, b]];", 1.0, 2.0),
    "cholesky_factor_cov": ("cholesky_factor_cov[2] v = [[1, 0], [0.5, b]];", 0.5, -0.5),
    "cholesky_factor_corr": ("cholesky_factor_corr[2] v = [[1, 0], [0.6, b]];", 0.8, 0.7),
    "triangle": ("cholesky_factor_cov[2] v = [[1, b], [0.5, 1]];", 0.0, 0.1),
    "tuple": ("tuple(real<lower=0>, real) v = (b, b);", 1.0, -1.0),
}
MODEL = "parameters { real b; } TRANSFORMED model { b ~ normal(0, 1); } "


@pytest.mark.parametrize("name", DECLARATIONS)
def test_transformed_parameter_rejects_the_point(name: str) -> None:
    text, good, bad = DECLARATIONS[name]
    model = load(MODEL.replace("TRANSFORMED", "transformed parameters { " + text.replace("int<", "real<") + " }"))
    assert np.isfinite(model.logp_grad(np.array([good]))[0])
    assert not np.isfinite(model.logp_grad(np.array([bad]))[0])


@pytest.mark.parametrize("name", DECLARATIONS)
def test_generated_quantity_fails_alone(name: str) -> None:
    text, good, bad = DECLARATIONS[name]
    program = "parameters { real u; } model { u ~ normal(0, 1); } generated quantities { "
    program += f"real b = u > 0 ? {good} : {bad}; " + text + " }"
    results = load(program).sample(seed=1, chains=1, draws=50, warmup=50)
    posterior = results["posterior"]
    np.testing.assert_array_equal(np.isnan(posterior["b"][0]), posterior["u"][0] <= 0)
    assert "does not satisfy its constraint" in "".join(results.failures)


@pytest.mark.parametrize("name", DECLARATIONS)
def test_transformed_data_are_refused(name: str) -> None:
    text, good, bad = DECLARATIONS[name]
    program = "data { real b; } transformed data { " + text + " } parameters { real x; } model { x ~ normal(0, 1); }"
    load(program, data={"b": good})
    with pytest.raises(ElaborationError, match="`v"):
        load(program, data={"b": bad})
