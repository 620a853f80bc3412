"""The cdfs as functions of the language, given arguments that the law does not have, and infinite values."""
from __future__ import annotations

import math

import numpy as np
import pytest
import scipy.stats as st
from distributions.test_densities import CONTINUOUS

import ppl_cli.ops  # noqa: F401
from ppl_cli import load
from ppl_cli.compiler import compile_function
from ppl_cli.distributions import DISTRIBUTIONS
from ppl_cli.distributions.base import REAL
from ppl_cli.graph.basic import constant, root
from ppl_cli.graph.gradient import grad
from ppl_cli.graph.traversal import evaluate
from ppl_cli.inference.quantities import forward
from ppl_cli.logprob.draws import expand_draws
from ppl_cli.model.library import LIBRARY
from ppl_cli.ops.random import random_variable

LAWS = [(name, parameters) for name, parameters, *_ in CONTINUOUS if f"{name}_lccdf" in set(LIBRARY.names())]


def call(function: str, *arguments: float) -> float:
    implementation = LIBRARY.implementation(LIBRARY.signatures(function)[0])
    return float(evaluate([implementation(*map(constant, map(np.asarray, arguments)))])[0])


@pytest.mark.parametrize(("name", "parameters"), LAWS)
def test_impossible_parameters(name: str, parameters: tuple[float, ...]) -> None:
    law = DISTRIBUTIONS[name]
    for k, parameter in enumerate(law.parameters):
        support = law.support_of(parameter)
        wrong = support.lower - 1.0 if math.isfinite(support.lower) else math.inf
        given = [*parameters[:k], wrong, *parameters[k + 1 :]]
        assert all(math.isnan(call(f"{name}_{suffix}", 0.3, *given)) for suffix in ("cdf", "lcdf", "lccdf"))


@pytest.mark.parametrize(("name", "parameters"), LAWS)
def test_impossible_values(name: str, parameters: tuple[float, ...]) -> None:
    lower = DISTRIBUTIONS[name].support.lower
    for value in [math.nan, *([lower - 1.0] if math.isfinite(lower) else [])]:
        assert all(math.isnan(call(f"{name}_{suffix}", value, *parameters)) for suffix in ("cdf", "lcdf", "lccdf"))


@pytest.mark.parametrize("suffix", ["cdf", "lcdf", "lccdf"])
@pytest.mark.parametrize(
    ("name", "value", "parameters"),
    [("von_mises", math.inf, (0.0, 1.0)), ("von_mises", -4.0, (0.0, 1.0)), ("pareto_type_2", -math.inf, (0.0, 1.0, 1.0))],
)
def test_values_that_depend_on_the_law(name: str, value: float, parameters: tuple[float, ...], suffix: str) -> None:
    assert math.isnan(call(f"{name}_{suffix}", value, *parameters))


def test_pareto_from_minus_infinity_on() -> None:
    assert call("pareto_type_2_cdf", 1.0, -math.inf, 1.0, 1.0) == 1.0
    assert call("pareto_type_2_lccdf", 1.0, -math.inf, 1.0, 1.0) == -math.inf


COUNTED = """parameters { real<lower=0> a; }
model {
  int n = 0;
  real left = a;
  while (left > 0) { n += 1; left -= 1; }
  target += beta_binomial_lcdf(2 | n, a, 1.5) + beta_binomial_lccdf({1, 2} | n, a, 1.5);
  target += beta_neg_binomial_lcdf(n | 2, a, 3);
}"""


def test_counts_that_are_not_data() -> None:
    def expected(a: float) -> float:
        bounded, free = st.betabinom(6, a, 1.5), st.betanbinom(2, a, 3)
        return bounded.logcdf(2) + bounded.logsf([1, 2]).sum() + free.logcdf(6) + np.log(a)

    value, slopes = load(COUNTED).logp_grad(np.log([5.5]))
    assert value == pytest.approx(expected(5.5))
    assert slopes[0] == pytest.approx(5.5 * (expected(5.5 + 1e-5) - expected(5.5 - 1e-5)) / 2e-5, rel=1e-6)


def test_hypergeometric_draws_of_drawn_numbers() -> None:
    n, a = (random_variable(DISTRIBUTIONS["binomial"], *p, batch=(4000,)) for p in ((6, 0.5), (8, 0.7)))
    drawn = random_variable(DISTRIBUTIONS["hypergeometric"], n, a, constant(7))
    n, a, x = forward(compile_function([], None, expand_draws([n, a, drawn])), 1, seed=7)[0].reshape(3, 4000)
    assert np.all((x >= 0) & (x <= np.minimum(n, a)))
    assert np.mean(x - n * a / (a + 7)) == pytest.approx(0, abs=0.1)


ENDLESS = [row for row in LAWS if DISTRIBUTIONS[row[0]].support.upper == math.inf and row[0] != "von_mises"]


@pytest.mark.parametrize(("name", "parameters"), ENDLESS)
def test_infinite_values_have_exact_results_and_no_slopes(name: str, parameters: tuple[float, ...]) -> None:
    law = DISTRIBUTIONS[name]
    roots = [root(p) for p in ("x", *law.parameters)]
    ends = [(math.inf, 1.0)] + ([(-math.inf, 0.0)] if law.support is REAL else [])
    value = LIBRARY.implementation(LIBRARY.signatures(f"{name}_cdf")[0])(*roots)
    for x, expected in ends:
        at = dict(zip(roots, map(np.asarray, (x, *parameters)), strict=True))
        found, *slopes = evaluate([value, *grad(value, roots)], at)
        assert found == expected
        assert not np.any(slopes)
