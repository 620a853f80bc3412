"""Non-centered models: the same posterior with other value variables, for every kind of law and statement."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from ppl_cli.api import PplModel, load
from ppl_cli.compiler import CompiledFunction
from ppl_cli.errors import OptionError
from ppl_cli.graph.traversal import toposort
from ppl_cli.language.diagnostics import LanguageError
from ppl_cli.model.reparameterize import candidates

HYPER = "real mu; real<lower=0> tau;"


def program(declared: str, statements: str) -> str:
    """theta, with hyperparameters, seen through data."""
    return f"""
    data {{ int J = 3; array[3] int g = {{1, 2, 2}}; vector[3] y = [0.3, -1.2, 2.0]'; }}
    parameters {{ {declared} }}
    model {{ mu ~ normal(0.5, 2); tau ~ lognormal(0, 1); {statements} }}
    """


def of_law(law: str, theta: str = "vector[J] theta;", hyper: str = HYPER) -> str:
    return program(f"{hyper} {theta}", f"theta ~ {law}; y ~ normal(theta, 1.5);")


LAWS = {
    "normal": of_law("normal(mu, tau)"),
    "a location only": of_law("normal(mu, 2)"),
    "a scale only": of_law("normal(0, tau)"),
    "student_t": of_law("student_t(4, mu, tau)"),
    "student_t with unknown degrees of freedom": of_law("student_t(nu, mu, tau)", hyper=HYPER + "real<lower=1> nu;"),
    "cauchy": of_law("cauchy(mu, tau)"),
    "double_exponential": of_law("double_exponential(mu, tau)"),
    "logistic": of_law("logistic(mu, tau)"),
    "gumbel": of_law("gumbel(mu, tau)"),
    "skew_normal": of_law("skew_normal(mu, tau, 2)"),
    "skew_double_exponential": of_law("skew_double_exponential(mu, tau, 0.3)"),
    "an expression": of_law("mu + tau * std_normal()", "real theta;"),
    "a difference": of_law("mu - tau * student_t(5, 0, 1)", "real theta;"),
    "lognormal": of_law("lognormal(mu, tau)", "vector<lower=0>[J] theta;"),
    "exponential": of_law("exponential(tau)", "vector<lower=0>[J] theta;"),
    "gamma": of_law("gamma(2, tau)", "vector<lower=0>[J] theta;"),
    "inv_gamma": of_law("inv_gamma(2, tau)", "vector<lower=0>[J] theta;"),
    "weibull": of_law("weibull(1.5, tau)", "vector<lower=0>[J] theta;"),
    "weibull with unknown shape": of_law("weibull(tau, 2)", "vector<lower=0>[J] theta;"),
    "frechet": of_law("frechet(1.5, tau)", "vector<lower=0>[J] theta;"),
    "rayleigh": of_law("rayleigh(tau)", "vector<lower=0>[J] theta;"),
    "loglogistic": of_law("loglogistic(tau, 1.5)", "vector<lower=0>[J] theta;"),
    "half-normal": of_law("normal(0, tau)", "vector<lower=0>[J] theta;"),
    "half-cauchy": of_law("cauchy(0, tau)", "vector<lower=0>[J] theta;"),
    "normal above its location": of_law("normal(mu, tau)", "vector<lower=mu>[J] theta;"),
    "multi_normal": program(
        f"{HYPER} vector[J] theta;",
        "theta ~ multi_normal(rep_vector(mu, J), add_diag(rep_matrix(0.3 * tau, J, J), tau)); y ~ normal(theta, 1);",
    ),
    "multi_normal_cholesky": program(
        f"{HYPER} cholesky_factor_corr[J] L; vector[J] theta;",
        "L ~ lkj_corr_cholesky(2); theta ~ multi_normal_cholesky(rep_vector(mu, J), diag_pre_multiply([1, tau, 2], L));"
        "y ~ normal(theta, 1);",
    ),
    "vectors with one factor": program(
        f"{HYPER} cholesky_factor_cov[2] L; array[J] vector[2] theta;",
        "theta ~ multi_normal_cholesky([mu, -mu]', L); y ~ normal(theta[1:3, 1], tau);",
    ),
    "multi_student_t": program(
        f"{HYPER} vector[J] theta;",
        "theta ~ multi_student_t(5, rep_vector(mu, J), add_diag(rep_matrix(0.3 * tau, J, J), tau));",
    ),
}
STATEMENTS = {
    "a loop": program(f"{HYPER} vector[J] theta;", "for (j in 1:J) theta[j] ~ normal(mu, tau); y ~ normal(theta, 1);"),
    "means by group": program(
        "real mu; real<lower=0> tau; vector[2] m; vector[J] theta;",
        "m ~ normal(0, 1); for (j in 1:J) theta[j] ~ normal(m[g[j]], tau * j);",
    ),
    "slices": program(
        f"{HYPER} vector[J] theta;", "theta[2:3] ~ normal(mu, tau); theta[1] ~ student_t(3, 0, tau); y ~ normal(theta, 1);"
    ),
    "an element with a fixed law": program(
        f"{HYPER} vector[J] theta;", "theta[1] ~ normal(0, 3); theta[2:3] ~ normal(mu, tau); y ~ normal(theta, 1);"
    ),
    "an array of arrays": program(
        f"{HYPER} array[2, J] real theta;", "for (k in 1:2) theta[k] ~ normal(mu, k * tau); y ~ normal(theta[1], 1);"
    ),
    "a matrix": program(
        f"{HYPER} matrix[2, J] theta;", "for (k in 1:2) theta[k] ~ normal(mu * k, tau); y ~ normal(theta[1], 1);"
    ),
    "declared first": program(f"vector[J] theta; {HYPER}", "theta ~ normal(mu, tau); y ~ normal(theta, 1);"),
    "offset and multiplier": program(
        f"{HYPER} vector<offset=1, multiplier=3>[J] theta;", "theta ~ normal(mu, tau); y ~ normal(theta, 1);"
    ),
    "a predictor": program(
        f"{HYPER} vector[J] theta;", "theta ~ normal(y * mu, exp(0.1 * tau)); target += -theta[1] ^ 2;"
    ),
    "three levels": program(
        f"{HYPER} vector[2] m; real<lower=0> s; vector[J] theta;",
        "s ~ normal(0, tau); m ~ normal(mu, tau); theta ~ normal(m[g], s); y ~ normal(theta, 1);",
    ),
    "bounds that depend on it": program(
        f"{HYPER} real theta; vector<lower=theta>[J] x;", "theta ~ normal(mu, tau); x ~ normal(theta, 2);"
    ),
}
PROGRAMS = LAWS | STATEMENTS


def both(text: str) -> tuple[PplModel, PplModel, list[str]]:
    """The model as written, with all that is possible non-centered, and the names of that."""
    model = load(text)
    names = [n for n, c in candidates(model.model, model.pipeline.terms).items() if not c.reason]
    return model, model.reparameterized(names), names


@pytest.fixture(params=PROGRAMS.values(), ids=PROGRAMS.keys(), scope="module")
def models(request: pytest.FixtureRequest) -> tuple[PplModel, PplModel, list[str]]:
    return both(request.param)


@cache
def drawn(model: PplModel) -> CompiledFunction:
    return model.pipeline.drawn([p.name for p in model.model.parameters])


def constrained(model: PplModel, q: np.ndarray) -> dict[str, np.ndarray]:
    return model.pipeline.unpack([p.name for p in model.model.parameters], drawn(model)(q)[1])


def points(model: PplModel, count: int = 4) -> np.ndarray:
    return np.random.default_rng(1).normal(scale=0.7, size=(count, model.size))


def test_theta_is_non_centered(models: tuple[PplModel, PplModel, list[str]]) -> None:
    _, other, names = models
    assert "theta" in names
    assert any("theta" in str(v.name) and "standard__" in str(v.name) for v in other.model.value_variables)


def test_the_density_of_the_parameters_is_the_same(models: tuple[PplModel, PplModel, list[str]]) -> None:
    model, other, _ = models
    for z in points(other):
        q = model.flatten(constrained(other, z))
        expected, found = model.pipeline.logp_grad_constrained(q)[0], other.pipeline.logp_grad_constrained(z)[0]
        assert found == pytest.approx(expected, rel=1e-10, abs=1e-10)


def test_values_are_standardized_and_back(models: tuple[PplModel, PplModel, list[str]]) -> None:
    _, other, _ = models
    for z in points(other):
        np.testing.assert_allclose(other.flatten(constrained(other, z)), z, rtol=1e-8, atol=1e-8)


def test_the_jacobian_is_that_of_the_change_of_variables(models: tuple[PplModel, PplModel, list[str]]) -> None:
    model, other, _ = models
    (z,) = points(other, 1)

    def declared(z: np.ndarray) -> np.ndarray:
        return model.flatten(constrained(other, z))

    h = 1e-5
    slopes = np.array([(declared(z + h * e) - declared(z - h * e)) / (2 * h) for e in np.eye(len(z))])
    found = other.logp_grad(z)[0] - model.logp_grad(declared(z))[0]
    assert found == pytest.approx(np.linalg.slogdet(slopes)[1], abs=1e-7)


def test_the_gradient_is_that_of_the_density(models: tuple[PplModel, PplModel, list[str]]) -> None:
    _, other, _ = models
    (z,) = points(other, 1)
    h = 1e-5
    slopes = [(other.logp_grad(z + h * e)[0] - other.logp_grad(z - h * e)[0]) / (2 * h) for e in np.eye(len(z))]
    np.testing.assert_allclose(other.logp_grad(z)[1], slopes, rtol=1e-5, atol=1e-5)


REASONS = {
    "its law does not depend on other parameters": "real theta; model { theta ~ normal(0, 3); }",
    "no `~` statement has it on the left": "real theta; model { target += normal_lpdf(theta | mu, tau); }",
    "it is constrained otherwise than by a lower bound": "real<upper=1> theta; model { theta ~ normal(mu, tau); }",
    "its lower bound is not the location of its law": "real<lower=0> theta; model { theta ~ normal(mu, tau); }",
    "its law is truncated": "real theta; model { theta ~ normal(mu, tau) T[-5, ]; }",
    "its law has no location or scale that depends on another parameter": "real theta; model { theta ~ exp_mod_normal(0, 1, tau); }",
    "its law depends on itself": "vector[2] theta; model { theta[1] ~ normal(0, 1); theta[2] ~ normal(theta[1], tau); }",
    "its element number 2 has no law": "vector[2] theta; model { theta[1] ~ normal(mu, tau); }",
    "its element number 1 has two laws": "vector[2] theta; model { theta ~ normal(mu, tau); theta[1] ~ normal(mu, 2); }",
    "its elements have different lower bounds": "vector<lower=[0, mu]'>[2] theta; model { theta ~ normal(mu, tau); }",
    "it is declared with an offset and a multiplier": (
        "vector<multiplier=[2, 3]'>[2] theta; model { theta ~ normal(mu, tau); }"
    ),
    "its law depends on an int parameter": (
        "int<lower=1, upper=2> k; real theta; model { k ~ categorical([0.4, 0.6]'); theta ~ normal(k, tau); }"
    ),
}


@pytest.mark.parametrize(("reason", "rest"), REASONS.items(), ids=REASONS.keys())
def test_what_cannot_be_is_a_located_error_with_the_reason(reason: str, rest: str) -> None:
    declared, statements = rest.split("model {")
    model = load(f"parameters {{ real mu; real<lower=0> tau;\n{declared} }}\nmodel {{ {statements}")
    with pytest.raises(LanguageError) as caught:
        model.reparameterized(["theta"])
    message = str(caught.value)
    assert f": error: `theta` cannot be non-centered: {reason}\n" in message
    assert message.splitlines()[2].split("|")[1] == " " * (1 + declared.index("theta")) + "^^^^^"


def test_of_laws_that_depend_on_each_other_one_is_left_as_written() -> None:
    model = load("parameters { real a; real b; } model { a ~ normal(b, 1); b ~ normal(a, 2); }")
    found = candidates(model.model, model.pipeline.terms)
    assert [c.reason for c in found.values()] == ["", "its law depends on itself"]


def test_a_declaration_with_the_law_as_offset_and_multiplier_is_non_centered_already() -> None:
    text = "parameters { real m; real<lower=0> s; vector<offset=m, multiplier=s>[2] x; } model { x ~ normal(m, s); }"
    model = load(text)
    assert candidates(model.model, model.pipeline.terms)["x"].reason == "it is non-centered as it is declared"


def test_an_unknown_name_is_refused() -> None:
    with pytest.raises(OptionError, match="no parameter of this name"):
        load(LAWS["normal"]).reparameterized(["teta"])


def test_the_standardized_prior_has_no_parameters() -> None:
    """All of mu and tau has gone from it: neither rounding nor cost remains."""
    _, other, _ = both("parameters { real mu; real<lower=0> tau; vector[9] theta; } model { theta ~ normal(mu, tau); }")
    (density,) = (t.value for t in other.pipeline.densities)
    assert not [node for node in toposort([density]) if node.op.name in ("div", "exp")]


def test_the_forward_reading_is_the_same() -> None:
    model, other, _ = both(STATEMENTS["three levels"])
    drawn = [np.quantile(m.prior(4000, seed)["prior"]["theta"], [0.25, 0.5, 0.75]) for m, seed in ((model, 1), (other, 2))]
    np.testing.assert_allclose(*drawn, atol=0.15)
