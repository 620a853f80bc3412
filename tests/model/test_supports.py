"""Parameters of distributions outside their supports: told at once where they are known, else where they are computed;
a sampler only rejects the point, and says why if it finds no start."""

from __future__ import annotations

import math

import numpy as np
import pytest

from ppl_cli import load
from ppl_cli.distributions import DISTRIBUTIONS, Distribution
from ppl_cli.distributions.base import PROPORTION, RATE, REAL, SPREAD, Support
from ppl_cli.errors import RunError
from ppl_cli.evaluation import evaluate_expression
from ppl_cli.graph.basic import constant
from ppl_cli.graph.traversal import evaluate
from ppl_cli.language.diagnostics import LanguageError
from ppl_cli.model.library import LIBRARY
from ppl_cli.model.supports import limits

EMPTY = load("parameters { real x; real s; } model { }")


def parameters_of(law: Distribution) -> list[tuple[bool, Support]]:
    """Of each parameter, whether it is an int, and its support."""
    suffix = "lpmf" if law.is_discrete else "lpdf"
    patterns = LIBRARY.signatures(f"{law.name}_{suffix}")[0].arguments[1:]
    return [(p.word == "ints", law.support_of(n)) for p, n in zip(patterns, law.parameters, strict=True)]


def valid(is_int: bool, support: Support) -> str:
    low, high = max(support.lower, 0.0), min(support.upper, 2.0)
    return "1" if is_int else repr((low + high) / 2)


def outside(support: Support) -> list[float]:
    found = [math.nan]
    if math.isfinite(support.lower):
        found += [support.lower - 1.5, support.lower] if support.open else [support.lower - 1.5]
    if math.isfinite(support.upper):
        found.append(support.upper + 0.5)
    return found


SCALAR_LAWS = [law for law in DISTRIBUTIONS.values() if law.event_ndim == 0 and not any(law.event_ndims)]
CASES = [
    pytest.param(law, k, bad, id=f"{law.name}-{law.parameters[k]}-{bad:g}")
    for law in SCALAR_LAWS
    for k, (is_int, support) in enumerate(parameters_of(law))
    for bad in outside(support)
    if not is_int
]


@pytest.mark.parametrize(("law", "which", "bad"), CASES)
def test_every_distribution_names_the_parameter_and_its_value(law: Distribution, which: int, bad: float) -> None:
    arguments = [valid(*p) for p in parameters_of(law)]
    arguments[which] = "not_a_number()" if math.isnan(bad) else repr(bad)
    name = f"{law.name}_{'lpmf' if law.is_discrete else 'lpdf'}"
    with pytest.raises(LanguageError, match=rf"{name}: .*parameter `{law.parameters[which]}` is {bad:g}, but must be"):
        evaluate_expression(EMPTY, f"{name}(1 | {', '.join(arguments)})", {})


@pytest.mark.parametrize(("law", "which", "bad"), CASES)
def test_there_is_no_density_outside_the_support(law: Distribution, which: int, bad: float) -> None:
    """So a sampler rejects the point without a check of its own."""
    arguments = [float(valid(*p)) for p in parameters_of(law)]
    arguments[which] = bad
    value = constant(1) if law.is_discrete else constant(0.7)
    (found,) = evaluate([law.log_prob(value, *map(constant, arguments))])
    assert not np.isfinite(found)


@pytest.mark.parametrize(
    ("support", "inside", "refused"),
    [
        (SPREAD, [5e-324, math.inf], [0.0, -1.0, math.nan]),
        (RATE, [0.0, math.inf], [-5e-324]),
        (REAL, [-1e308, 0.0], [math.inf, -math.inf, math.nan]),
        (PROPORTION, [0.5], [0.0, 1.0]),
    ],
)
def test_the_limits_of_a_support(support: Support, inside: list[float], refused: list[float]) -> None:
    low, high = limits(support, "float64")
    assert all(low <= v <= high for v in inside) and not any(low <= v <= high for v in refused)


@pytest.mark.parametrize(
    ("expression", "problem"),
    [
        ("normal_lpdf(1 | 0, {1, -2})", "scale parameter `sigma`[2] is -2, but must be positive"),
        ("normal_lcdf(1 | 0, s)", "normal_lcdf: scale parameter `sigma` is -3, but must be positive"),
        ("categorical_lpmf(1 | [0.5, 0.6]')", "parameter `theta` is not a simplex: it sums to 1.1"),
        ("categorical_lpmf(1 | [0.5, s]')", "parameter `theta` must be a simplex"),
        ("multi_normal_lpdf([1, 2] | [0, 0], [[1, 2], [2, 1]])", "parameter `Sigma` is not positive definite"),
        ("binomial_lpmf(1 | -1, 0.5)", "parameter `N` is -1, but must be at least 0"),
        ("poisson_log_glm_lpmf({1} | [[1]], not_a_number(), [1]')", "parameter `alpha` is nan"),
        ("normal_id_glm_lpdf([1]' | [[1]], 0, [1]', s)", "scale parameter `sigma` is -3"),
    ],
)
def test_an_expression(expression: str, problem: str) -> None:
    with pytest.raises(LanguageError) as caught:
        evaluate_expression(EMPTY, expression, {"s": -3})
    assert problem in str(caught.value)


def test_functions_of_numbers_are_nan() -> None:
    assert all(math.isnan(evaluate_expression(EMPTY, e, {})) for e in ("sqrt(-1)", "log(-1)", "lgamma(not_a_number())"))


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("s > 0 ? normal_lpdf(1 | 0, s) : 7.0", 7),
        ("s > 0 ? normal_lpdf(1 | 0, -1) : 7.0", 7),
        ("s > 0 && normal_lpdf(1 | 0, s) > 0", 0),
        ("s < 0 || normal_lpdf(1 | 0, -1) > 0", 1),
    ],
)
def test_what_is_not_reached_is_not_refused(expression: str, value: float) -> None:
    assert evaluate_expression(EMPTY, expression, {"s": -3}) == value


@pytest.mark.parametrize("backend", ["c", "numba"])
@pytest.mark.parametrize(
    "block",
    [
        "real t = normal_lpdf(1 | 0, s);",
        "real t = normal_rng(0, s);",
        "array[3] real t; for (i in 1:3) t[i] = normal_rng(0, s + i);",
        "vector[3] u = [1, s, 3]'; real t = normal_rng(u[3], 1) + normal_lpdf(1 | 0, u[2]);",
    ],
)
def test_transformed_data(backend: str, block: str) -> None:
    program = f"data {{ real s; }} transformed data {{ {block} }} parameters {{ real x; }} model {{ x ~ normal(0, 1); }}"
    with pytest.raises(LanguageError, match="scale parameter `sigma` is -[12], but must be positive"):
        load(program, data={"s": -2}, backend=backend)
    load(program, data={"s": 2}, backend=backend)


@pytest.mark.parametrize("backend", ["c", "numba"])
def test_generated_quantities_fail_only_where_a_parameter_is_outside(backend: str) -> None:
    program = """
    parameters { real x; }
    model { x ~ normal(0, 1); }
    generated quantities {
      real a = x > 0 ? normal_lpdf(1 | 0, x) : 0;
      array[3] real b;
      for (i in 1:3) b[i] = normal_rng(0, x + i);
      int k = poisson_rng(x + 1);
    }
    """
    results = load(program, backend=backend).sample(seed=1, chains=1, draws=200, warmup=200)
    x, a, b = (results["posterior"][n][0] for n in ("x", "a", "b"))
    failed = x <= -1
    assert failed.any() and not failed.all()
    np.testing.assert_array_equal(np.isnan(a), failed)
    np.testing.assert_array_equal(np.isnan(b).any(-1), failed)
    text = "\n".join(results.failures)
    assert "normal_rng: scale parameter `sigma` is -" in text and "poisson_rng: parameter `lambda` is -" in text
    assert f"in {failed.sum()} of 200 draws" in text


def test_a_model_that_is_refused_everywhere_says_why() -> None:
    model = load("parameters { real x; real s; } model { x ~ normal(0, s - 100); target += -abs(s); }")
    with pytest.raises(RunError) as caught:
        model.sample(seed=1, chains=1, draws=10, warmup=10)
    text = str(caught.value)
    assert "1:54: error: normal_lpdf: scale parameter `sigma` is -" in text and ", but must be positive" in text


def test_known_parameters_of_the_model_block() -> None:
    program = "data { real s; } parameters { real x; } model { x ~ normal(0, s); }"
    with pytest.raises(LanguageError, match="scale parameter `sigma` is 0, but must be positive"):
        load(program, data={"s": 0})


def test_a_sampler_only_rejects() -> None:
    program = "parameters { real x; real s; } model { x ~ normal(0, 1); if (x > -9) 1 ~ normal(0, s); s ~ normal(1, 1); }"
    model = load(program)
    assert not np.isfinite(model.logp_grad(np.array([0.0, -1.0]))[0])
    results = model.sample(seed=1, chains=1, draws=200, warmup=200)
    assert (results["posterior"]["s"] > 0).all()


def test_refusals_at_a_point() -> None:
    program = """
    functions { real shifted_lpdf(real y, real s) { return normal_lpdf(y | 0, s); } }
    parameters { vector[3] b; }
    transformed parameters { vector[3] rate = b - 1; }
    model {
      for (i in 1:5) i ~ poisson(rate[1 + i % 3]);
      target += shifted_lpdf(b[1] | rate[1]);
      if (b[1] > 100) b ~ normal(0, rate[2]);
    }
    """
    refused = load(program).refusals(np.array([0.0, 2.0, 2.0]))
    assert [(d.span.line, d.message.split(",")[0]) for d in refused] == [
        (2, "normal_lpdf: scale parameter `sigma` is -1"),
        (6, "poisson_lpmf: parameter `lambda` is -1"),
    ]
    assert load(program).refusals(np.array([2.0, 2.0, 2.0])) == []


@pytest.mark.parametrize(
    ("expression", "problem"),
    [
        ("uniform_lpdf(0.5 | 1, 1)", "parameter `beta` is 1, but must be greater than alpha"),
        ("uniform_lpdf(0.5 | 1, s)", "parameter `beta` is -3, but must be greater than alpha"),
        ("uniform_cdf(0.5 | s, {1, -4})", "parameter `beta` is -4, but must be greater than alpha"),
        ("discrete_range_lpmf(3 | 5, 4)", "parameter `upper` is 4, but must be at least lower"),
    ],
)
def test_the_ends_of_an_interval_are_in_order(expression: str, problem: str) -> None:
    with pytest.raises(LanguageError) as caught:
        evaluate_expression(EMPTY, expression, {"s": -3})
    assert problem in str(caught.value)
    assert evaluate_expression(EMPTY, "discrete_range_lpmf(3 | 3, 3)", {}) == 0
