"""Densities of random expressions: equal to the known ones, of total 1, and of the draws that are made forward."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
import scipy.stats as st
from logprob.expressions import CASES, Case, expression
from scipy.integrate import quad

from ppl_cli import load
from ppl_cli.compiler import compile_function
from ppl_cli.graph.basic import Variable, constant
from ppl_cli.graph.traversal import evaluate
from ppl_cli.inference.quantities import forward
from ppl_cli.language.diagnostics import NotSupported
from ppl_cli.logprob import expand_draws, logccdf, logcdf, logp
from ppl_cli.logprob.masses import log_mass

FALSE_ALARM = 1e-5
DRAWS = 1000
name = pytest.mark.parametrize("case", CASES, ids=lambda case: case.text)


@cache
def graph_of(text: str) -> Variable:
    return expression(text)


def values(v: Variable) -> np.ndarray:
    with np.errstate(all="ignore"):
        return evaluate([v])[0]


def log_density(text: str, at: np.ndarray | float) -> np.ndarray:
    at = np.asarray(at, float)
    return np.broadcast_to(values(logp(graph_of(text), constant(at))), at.shape)


def draws_of(rv: Variable, count: int) -> np.ndarray:
    return forward(compile_function([], None, expand_draws([rv])), count, seed=7)[:, 0]


def points(case: Case) -> np.ndarray:
    """Random places inside the pieces, some of the masses, and what the case asks for."""
    rng = np.random.default_rng(3)
    inside = [_between(a, b, rng) for a, b in zip(case.pieces[:-1], case.pieces[1:], strict=True)][:3]
    return np.concatenate([*inside, np.asarray(case.masses[:5], float), np.asarray(case.at, float)])


def _between(a: float, b: float, rng: np.random.Generator) -> np.ndarray:
    match np.isfinite([a, b]).tolist():
        case [True, True]:
            return rng.uniform(a, b, 8)
        case [True, False]:
            return a + rng.exponential(2.0, 8)
        case [False, True]:
            return b - rng.exponential(2.0, 8)
        case _:
            return rng.normal(0.0, 2.0, 8)


@name
def test_the_density_is_the_known_one(case: Case) -> None:
    at = points(case)
    with np.errstate(all="ignore"):
        known = case.log_density(at)
    np.testing.assert_allclose(log_density(case.text, at), known, rtol=1e-10, atol=1e-10)


@name
def test_the_total_is_one(case: Case) -> None:
    total = np.exp(log_density(case.text, np.asarray(case.masses, float))).sum()
    for a, b in zip(case.pieces[:-1], case.pieces[1:], strict=True):
        total += quad(lambda y: float(np.exp(log_density(case.text, y))), a, b, limit=200, epsabs=1e-9)[0]
    assert total == pytest.approx(1.0, abs=1e-7)


@name
def test_elsewhere_is_nothing(case: Case) -> None:
    """A little beside a mass, or outside of all pieces."""
    if case.pieces:
        outside = [y for y in (case.pieces[0] - 0.37, case.pieces[-1] + 0.37) if np.isfinite(y)]
    else:
        outside = [y + 1e-4 for y in list(case.masses)[:5]]
    assert np.isneginf(log_density(case.text, np.asarray(outside))).all()


@name
def test_draws_have_the_derived_distribution_function(case: Case) -> None:
    rv = graph_of(case.text)
    draws = draws_of(rv, DRAWS)
    has_mass = np.isclose(draws[:, None], np.asarray(case.masses, float), rtol=1e-12).any(1)
    check_draws(rv, draws, np.where(has_mass, np.exp(log_density(case.text, draws)), 0.0))


def check_draws(rv: Variable, draws: np.ndarray, jump: np.ndarray) -> None:
    """F(y) is uniform, where a mass spreads evenly over its jump."""
    at = constant(draws)
    at_most, above = (np.broadcast_to(np.exp(values(f(rv, at))), draws.shape) for f in (logcdf, logccdf))
    np.testing.assert_allclose(at_most + above, 1.0, atol=1e-9)
    spread = at_most - jump * np.random.default_rng(5).uniform(size=len(draws))
    assert st.kstest(spread, "uniform").pvalue > FALSE_ALARM


BASES = (
    "normal(0.3, 1.2)", "logistic(0, 1)", "exponential(0.8)", "gamma(2, 1.5)", "student_t(5, 0.2, 1)", "poisson(1.7)",
    "binomial(4, 0.4)", "normal(0, 1) + normal(0.5, 1)", "poisson(1) + poisson(0.7)",
)  # fmt: skip
CHANGES = (
    "-({0})", "2 * ({0}) + 1", "1 - 0.7 * ({0})", "abs({0})", "inv_logit({0})", "atan({0})", "asinh({0})", "exp(fmin({0}, 3))",
    "round({0})", "floor({0})", "ceil({0})", "trunc({0})", "clip({0}, -0.5, 1.5)", "fmax({0}, 0.3)", "fmin({0}, 2)",
    "fmax({0}, {1})", "fmin({0}, {1})", "!(({0}) < 0.5)", "({0}) <= 1", "max({{{0}, {1}, 0.4}})",
)  # fmt: skip


def composition(rng: np.random.Generator, depth: int) -> str:
    """A random expression, operations nested to a depth."""
    if depth == 0:
        return str(rng.choice(BASES))
    change = str(rng.choice(CHANGES))
    return change.format(composition(rng, depth - 1), composition(rng, rng.integers(depth)))


@pytest.mark.parametrize("seed", range(40))
def test_compositions_agree_with_their_draws(seed: int) -> None:
    rng = np.random.default_rng(seed)
    rv = expression(composition(rng, int(rng.integers(2, 5))))
    draws = draws_of(rv, DRAWS)
    jump = np.broadcast_to(np.exp(values(log_mass(rv, constant(draws)))), draws.shape)
    check_draws(rv, draws, jump)
    check_slope(rv, draws[jump == 0.0][:200])


def check_slope(rv: Variable, at: np.ndarray) -> None:
    """The density is the derivative of the distribution function."""
    step = 1e-5
    high, low = (np.exp(values(logcdf(rv, constant(at + by)))) for by in (step, -step))
    density = np.exp(values(logp(rv, constant(at))))
    close = np.abs((high - low) / (2 * step) - density) < 1e-4 * (1.0 + density)
    assert close.mean() > 0.98 if len(at) else True  # steps may pass a mass


GRADIENTS = [
    ("exp(normal(mu, s))", (0.7, 3.0)),
    ("clip(normal(mu, s), -1, 2)", (-1.0, 2.0, 0.3)),
    ("round(normal(mu, s))", (0.0, 2.0, 25.0, -25.0)),
    ("fmax(normal(mu, s), normal(0, 1))", (0.4, -12.0, 12.0)),
    ("max(normal(rep_vector(mu, 3), s))", (0.4, -12.0, 12.0)),
    ("normal(mu, s) < 0.5", (0.0, 1.0)),
    ("normal(mu, s) + normal(s, mu)", (0.4, 9.0)),
    ("gamma(mu, s) + exponential(s)", (0.4, 9.0)),
    ("poisson(mu) + poisson(s)", (0.0, 3.0)),
    ("max(poisson(mu), poisson(s))", (0.0, 3.0)),
    ("abs(clip(normal(mu, s), -1, 1))", (0.4, 1.0)),
    ("floor(exponential(mu))", (0.0, 3.0)),
]


@pytest.mark.parametrize(("text", "at"), GRADIENTS)
def test_compiled_densities_have_gradients_by_their_parameters(text: str, at: tuple[float, ...]) -> None:
    program = f"data {{ int N; array[N] real y; }} parameters {{ real mu; real s; }} model {{ y ~ {text}; }}"
    model = load(program, {"N": len(at), "y": list(at)})
    q = np.array([0.8, 1.3])
    value, slope = model.logp_grad(q)
    up_down = [[model.logp_grad(q + sign * step)[0] for sign in (1, -1)] for step in 1e-6 * np.eye(2)]
    assert np.isfinite(value)
    np.testing.assert_allclose(slope, [(up - down) / 2e-6 for up, down in up_down], rtol=1e-5, atol=1e-7)


def test_elements_of_vectors_are_censored_each_with_its_own_bounds() -> None:
    model = load("parameters { vector[3] y; } model { y ~ clip(normal([1, 2, 3]', 1), -1, [1, 2.5, 9]'); }")
    expected = st.norm.logsf(0) + st.norm.logcdf(-3) + st.norm.logpdf(1)
    assert model.logp_grad(np.array([1.0, -1.0, 4.0]))[0] == pytest.approx(expected, rel=1e-12)


def test_a_derived_law_is_truncated_by_its_distribution_function() -> None:
    model = load("parameters { real y; } model { y ~ (fmax(normal(0, 1), normal(0, 1))) T[0, 2]; }")
    mass = st.norm.cdf(2) ** 2 - st.norm.cdf(0) ** 2
    expected = np.log(2) + st.norm.logpdf(1.2) + st.norm.logcdf(1.2) - np.log(mass)
    assert model.logp_grad(np.array([1.2]))[0] == pytest.approx(expected, rel=1e-12)
    assert np.isneginf(model.logp_grad(np.array([2.2]))[0])


def test_a_program_may_have_a_clip_of_its_own() -> None:
    own = "functions { real clip(real a, real b, real c) { return a + b + c; } }"
    model = load(f"{own} parameters {{ real y; }} model {{ y ~ normal(clip(1, 2, 3), 1); }}")
    assert model.logp_grad(np.array([6.0]))[0] == pytest.approx(st.norm.logpdf(0))


REFUSED = [
    ("normal(0, 1) * normal(0, 1)", "mul"),
    ("gamma(2, 1) + gamma(2, 3)", "no closed form"),
    ("poisson(1) - poisson(2)", "no closed form"),
    ("normal(0, 1) + [1, 2]'", "several elements"),
    ("lgamma(normal(0, 1))", "lgamma"),
    ("poisson_log(1) < 2", "poisson_log"),
    ("prod(normal([1, 2]', 1))", "prod"),
    ("max(multi_normal([1, 2]', identity_matrix(2)))", "multi_normal"),
    ("fmax(normal([1, 2]', 1), normal(0, 1))", "several elements"),
]


@pytest.mark.parametrize(("text", "why"), REFUSED)
def test_what_is_not_known_is_named_with_its_place(text: str, why: str) -> None:
    kind = "vector[2]" if "several" in why else "real"
    with pytest.raises(NotSupported, match=f"(?s)model.ppl:1.*{why}.*not supported yet"):
        load(f"parameters {{ {kind} y; }} model {{ y ~ {text}; }}").logp_grad(np.ones(2 if kind != "real" else 1))
