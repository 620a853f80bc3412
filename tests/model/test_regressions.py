"""After `~` a generalized linear model is its law at the linear predictor: densities, draws and missing outcomes."""
from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from ppl_cli import load
from ppl_cli.language.diagnostics import ElaborationError

RNG = np.random.default_rng(4)
X = RNG.normal(size=(5, 2))
REALS, COUNTS, BINARY, CATEGORIES = RNG.normal(size=5), [1, 2, 3, 0, 1], [1, 0, 0, 1, 1], [1, 2, 3, 2, 1]
PROGRAM = """
data {{ matrix[5, 2] X; array[5] int N; {y} y; {data} }}
parameters {{ real a; vector[2] b; vector[5] A; vector<lower=0>[5] S; real<lower=0> s; {parameters} }}
model {{
  a ~ std_normal(); b ~ std_normal(); A ~ std_normal(); S ~ lognormal(0, 1); s ~ lognormal(0, 1);
  y ~ {law};
}}
"""
BY_CATEGORY = "ordered[3] c; vector[3] t; matrix[2, 3] B;"
GIVEN = {"c": [-1.0, 0.2, 0.9], "t": [0.3, -0.5, 0.1], "B": RNG.normal(size=(2, 3))}
# after `~` by both names; declaration of the outcome; the outcome
CASES: list[tuple[str, str, str, Any]] = [
    ("normal_id_glm(X, a, b, s)", "normal(a + X * b, s)", "vector[5]", REALS),
    ("normal_id_glm(X, A, b, S)", "normal(A + X * b, S)", "vector[5]", REALS),
    ("normal_id_glm(X[1], a, b, s)", "normal(a + X[1] * b, s)", "vector[5]", REALS),
    ("normal_id_glm(X, a, b, s)", "normal(a + X * b, s)", "real", 0.3),
    ("poisson_log_glm(X, a, b)", "poisson_log(a + X * b)", "array[5] int", COUNTS),
    ("neg_binomial_2_log_glm(X, a, b, s)", "neg_binomial_2_log(a + X * b, s)", "array[5] int", COUNTS),
    ("bernoulli_logit_glm(X, a, b)", "bernoulli_logit(a + X * b)", "array[5] int", BINARY),
    ("binomial_logit_glm(N, X, a, b)", "binomial_logit(N, a + X * b)", "array[5] int", BINARY),
    ("ordered_logistic_glm(X, b, c)", "ordered_logistic(X * b, c)", "array[5] int", CATEGORIES),
    ("categorical_logit_glm(X[1], t, B)", "categorical_logit(t + (X[1] * B)')", "array[5] int", CATEGORIES),
]  # fmt: skip


def _model(law: str, y: str, outcome: Any, known: bool = False) -> Any:
    data, parameters = (BY_CATEGORY, "") if known else ("", BY_CATEGORY)
    text = PROGRAM.format(y=y, law=law, data=data, parameters=parameters)
    return load(text, data={"X": X, "N": [3] * 5, "y": outcome, **(GIVEN if known else {})})


@pytest.mark.parametrize(("short", "long", "y", "outcome"), CASES)
def test_same_density(short: str, long: str, y: str, outcome: Any) -> None:
    one, other = _model(short, y, outcome), _model(long, y, outcome)
    point = RNG.normal(scale=0.5, size=one.size)
    (value, slopes), (value_too, slopes_too) = one.logp_grad(point), other.logp_grad(point)
    assert value == pytest.approx(value_too, rel=1e-12)
    np.testing.assert_allclose(slopes, slopes_too, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize(("short", "long", "y", "outcome"), [case for case in CASES if case[2] != "real"])
def test_same_draws_from_the_prior(short: str, long: str, y: str, outcome: Any) -> None:
    one, other = (_model(law, y, outcome, True).prior(draws=50, seed=2)["prior_predictive"]["y"] for law in (short, long))
    np.testing.assert_allclose(one, other, rtol=1e-12)
    assert one.shape[-1] == 5 and len(np.unique(one)) > 1


def test_missing_outcomes_are_inferred() -> None:
    model = _model("normal_id_glm(X, a, b, s)", "vector[5]", [0.1, None, 0.3, -0.2, None])
    assert model.size == _model("normal_id_glm(X, a, b, s)", "vector[5]", REALS).size + 2


def test_a_regression_in_a_random_expression() -> None:
    one, other = (
        load(f"data {{ matrix[5, 2] X; vector[5] y; }} parameters {{ vector[2] b; }} model {{ y ~ {law}; }}",
             data={"X": X, "y": np.exp(REALS)}).logp_grad(np.array([0.3, -0.2]))
        for law in ("exp(normal_id_glm(X, 0.5, b, 2))", "lognormal(0.5 + X * b, 2)")
    )  # fmt: skip
    assert one[0] == pytest.approx(other[0], rel=1e-12)
    np.testing.assert_allclose(one[1], other[1], rtol=1e-10)


def test_sizes_that_do_not_agree() -> None:
    with pytest.raises(ElaborationError, match="the sizes do not agree"):
        _model("normal_id_glm(X, a, A, s)", "vector[5]", REALS)
