"""Mixtures by an index or a condition: densities with the choice given and with the choice summed out, draws."""
from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import scipy.integrate
import scipy.stats as st
from scipy.special import logsumexp

import ppl_cli.ops  # noqa: F401
from ppl_cli import load
from ppl_cli.distributions import DISTRIBUTIONS
from ppl_cli.graph.basic import Variable, constant
from ppl_cli.graph.traversal import evaluate
from ppl_cli.language.diagnostics import NotSupported
from ppl_cli.logprob import mixture_joint, mixture_marginal
from ppl_cli.ops.random import random_variable

LOCATIONS, SCALES, WEIGHTS = [-2.0, 0.0, 3.2, 2.5], [1.2, 1.0, 5.0, 2.8], [0.2, 0.3, 0.1, 0.4]


def mixture() -> tuple[Variable, Variable]:
    components = random_variable(DISTRIBUTIONS["normal"], np.array(LOCATIONS), np.array(SCALES))
    return components, random_variable(DISTRIBUTIONS["categorical"], np.array(WEIGHTS))


def value(v: Variable) -> float:
    return float(evaluate([v])[0])


def test_joint_density_with_the_index() -> None:
    joint = mixture_joint(*mixture(), constant(10.0), constant(4))
    assert value(joint) == pytest.approx(-6.452221131239579, rel=1e-14)


def test_density_with_the_index_summed_out() -> None:
    expected = logsumexp(np.log(WEIGHTS) + st.norm(LOCATIONS, SCALES).logpdf(10.0))
    assert value(mixture_marginal(*mixture(), constant(10.0))) == pytest.approx(expected, rel=1e-14)


def test_the_marginal_density_is_the_sum_of_the_joint_ones() -> None:
    components, index = mixture()
    joint = [value(mixture_joint(components, index, constant(1.3), constant(k))) for k in range(1, 5)]
    assert value(mixture_marginal(components, index, constant(1.3))) == pytest.approx(np.log(np.exp(joint).sum()))


# ------------------------------------------------------------------------------------- written in programs

FALSE_ALARM = 1e-5
Function = Callable[[np.ndarray], np.ndarray]
THREE = "{normal(-5, 1), normal(0, 1), normal(5, 1)}[categorical([0.2, 0.3, 0.5]')]"
VECTOR = "normal([-5, 0, 5]', 1)[categorical([0.2, 0.3, 0.5]')]"


def mixed(weights: list[float], *laws: st.rv_continuous) -> tuple[Function, Function]:
    """The density and the distribution function."""
    return (
        lambda y: sum(w * law.pdf(y) for w, law in zip(weights, laws, strict=True)),
        lambda y: sum(w * law.cdf(y) for w, law in zip(weights, laws, strict=True)),
    )


three, three_below = mixed([0.2, 0.3, 0.5], st.norm(-5), st.norm(0), st.norm(5))
# A random expression, its density, its distribution function.
SCALARS: list[tuple[str, Function, Function]] = [
    (THREE, three, three_below),
    (VECTOR, three, three_below),
    ("exp(0.2 * normal([-5, 0, 5]', 1)[categorical([0.2, 0.3, 0.5]')])",
     lambda y: 5 * three(5 * np.log(y)) / y, lambda y: three_below(5 * np.log(y))),
    (f"({THREE}) T[-1, 6]", lambda y: three(y) / (three_below(6) - three_below(-1)),
     lambda y: (three_below(y) - three_below(-1)) / (three_below(6) - three_below(-1))),
    ("bernoulli(0.3) ? normal(0, 0.1) : normal(0, 10)", *mixed([0.3, 0.7], st.norm(0, 0.1), st.norm(0, 10))),
    ("normal([-5, 0]', 1)[bernoulli(0.3) + 1]", *mixed([0.7, 0.3], st.norm(-5), st.norm(0))),
    ("normal([-5, 0]', 1)[2 - bernoulli_logit(0)]", *mixed([0.5, 0.5], st.norm(-5), st.norm(0))),
    ("{normal(0, 1), 6 - exponential(1), 3 + student_t(4, 0, 2)}[binomial(2, 0.5) + 1]",
     lambda y: 0.25 * st.norm.pdf(y) + 0.5 * st.expon.pdf(6 - y) + 0.25 * st.t(4, 3, 2).pdf(y),
     lambda y: 0.25 * st.norm.cdf(y) + 0.5 * st.expon.sf(6 - y) + 0.25 * st.t(4, 3, 2).cdf(y)),
    ("normal(0, 1) > 0 ? normal(1, 1) : normal(-4, 2)", *mixed([0.5, 0.5], st.norm(1), st.norm(-4, 2))),
    ("{normal(0, 1), {normal(1, 1), normal(2, 1)}[1 + bernoulli(0.5)]}[1 + bernoulli(0.4)]",
     *mixed([0.6, 0.2, 0.2], st.norm(0), st.norm(1), st.norm(2))),
]  # fmt: skip




def density_of(expression: str) -> Function:
    model = load(f"parameters {{ real y; }} model {{ y ~ {expression}; }}")
    return np.vectorize(lambda y: np.exp(model.logp_grad(np.array([y]))[0]))


@pytest.mark.parametrize(("expression", "density", "below"), SCALARS, ids=[e for e, *_ in SCALARS])
def test_density_of_a_mixture(expression: str, density: Function, below: Function) -> None:
    y = np.array([0.4, 0.9, 1.3, 3.1, 5.2])
    np.testing.assert_allclose(density_of(expression)(y), density(y), rtol=1e-10)


@pytest.mark.parametrize(("expression", "density", "below"), SCALARS[:5], ids=[e for e, *_ in SCALARS[:5]])
def test_a_mixture_integrates_to_its_probabilities(expression: str, density: Function, below: Function) -> None:
    found, _ = scipy.integrate.quad(density_of(expression), 0.5, 5.5, epsabs=1e-10)
    assert found == pytest.approx(below(np.array(5.5)) - below(np.array(0.5)), rel=1e-8)


DRAWN = [row for row in SCALARS if " T[" not in row[0]]


@pytest.mark.parametrize(("expression", "density", "below"), DRAWN, ids=[e for e, *_ in DRAWN])
def test_draws_of_a_mixture(expression: str, density: Function, below: Function) -> None:
    model = load(f"parameters {{ real y; }} model {{ y ~ {expression}; }}")
    draws = model.prior(draws=3000, seed=4)["prior"]["y"][0]
    assert st.kstest(draws, below).pvalue > FALSE_ALARM


DATA = {"N": 6, "y": [0.3, -1.2, 2.1, 0.4, 1.9, -0.6], "x": [0.1, 0.5, -1.0, 2.0, 0.3, -0.2]}
DECLARATIONS = (
    "data { int N; vector[N] y; vector[N] x; } "
    "parameters { simplex[3] w; vector[3] mu; real<lower=0> s; real<lower=0, upper=1> p; } "
)
BY_HAND = (
    "for (n in 1:N) { vector[3] l; for (k in 1:3) l[k] = log(w[k]) + normal_lpdf(y[n] | mu[k] * x[n], s); "
    "target += log_sum_exp(l); }"
)
# A random expression in a program, and the same density spelled out.
PROGRAMS = [
    ("for (n in 1:N) y[n] ~ normal(mu * x[n], s)[categorical(w)];", BY_HAND),
    ("for (n in 1:N) "
     "y[n] ~ {normal(mu[1] * x[n], s), normal(mu[2] * x[n], s), normal(mu[3] * x[n], s)}[categorical(w)];", BY_HAND),
    ("for (n in 1:N) y[n] ~ x[n] * (normal(mu, s / abs(x[n]))[categorical_logit(log(w))]);", BY_HAND),
    ("y ~ normal(mu, s)[categorical(w)];", BY_HAND.replace(" * x[n]", "")),
    ("for (n in 1:N) y[n] ~ bernoulli(p) ? normal(mu[1] * x[n], s) : normal(x[n], 10);",
     "for (n in 1:N) target += log_mix(p, normal_lpdf(y[n] | mu[1] * x[n], s), normal_lpdf(y[n] | x[n], 10));"),
    ("for (n in 2:N) y[n] ~ y[n - 1] + (bernoulli(p) ? normal(mu[1], s) : normal(mu[2], s));",
     "for (n in 2:N) target += "
     "log_mix(p, normal_lpdf(y[n] | y[n - 1] + mu[1], s), normal_lpdf(y[n] | y[n - 1] + mu[2], s));"),
    ("for (n in 1:N) y[n] ~ x[n] > 0 ? normal(mu[1] * x[n], s) : normal(x[n], 10);",
     "for (n in 1:N) { if (x[n] > 0) y[n] ~ normal(mu[1] * x[n], s); else y[n] ~ normal(x[n], 10); }"),
    ("{y[1:2], y[3:4]} ~ {multi_normal(mu[1:2], [[1, 0.5], [0.5, 2]]), normal(mu[2:3], s)}[1 + bernoulli(p)];",
     "for (k in 0:1) { vector[2] z = y[(2 * k + 1):(2 * k + 2)]; target += "
     "log_mix(p, normal_lpdf(z | mu[2:3], s), multi_normal_lpdf(z | mu[1:2], [[1, 0.5], [0.5, 2]])); }"),
    ("for (n in 1:3) y[n] ~ append_row(normal(mu, s), student_t(4, mu, s))[n + 2];",
     "y[1] ~ normal(mu[3], s); y[2] ~ student_t(4, mu[1], s); y[3] ~ student_t(4, mu[2], s);"),
    ("y[1:2] ~ [[1, 2, 0], [0, p, 1]] * normal(mu, s);",
     "y[1:2] ~ multi_normal([[1, 2, 0], [0, p, 1]] * mu, s^2 * tcrossprod([[1, 2, 0], [0, p, 1]]));"),
    ("{y[1:3], y[4:6]} ~ cumulative_sum(normal(mu, s));",
     "{y[1:3], y[4:6]} ~ multi_normal(cumulative_sum(mu), s^2 * [[1, 1, 1], [1, 2, 2], [1, 2, 3]]);"),
]  # fmt: skip


@pytest.mark.parametrize(("program", "spelled_out"), PROGRAMS, ids=[a for a, _ in PROGRAMS])
def test_a_program_has_the_density_and_the_gradient_of_what_is_spelled_out(program: str, spelled_out: str) -> None:
    derived, written = (load(f"{DECLARATIONS} model {{ {text} }}", DATA) for text in (program, spelled_out))
    q = np.random.default_rng(5).normal(size=derived.size)
    (found, gradient), (expected, slopes) = derived.logp_grad(q), written.logp_grad(q)
    assert found == pytest.approx(expected, rel=1e-10)
    np.testing.assert_allclose(gradient, slopes, rtol=1e-8, atol=1e-10)


COUNTS: list[tuple[str, Function]] = [
    ("bernoulli(0.3) ? 0 : poisson(2)", lambda y: 0.3 * (y == 0) + 0.7 * st.poisson(2).pmf(y)),
    ("{1, 3, 3}[categorical([0.2, 0.3, 0.5]')]", lambda y: 0.2 * (y == 1) + 0.8 * (y == 3)),
    ("{poisson(2), 1 + poisson(3)}[1 + bernoulli(0.4)]",
     lambda y: 0.6 * st.poisson(2).pmf(y) + 0.4 * st.poisson(3).pmf(y - 1)),
]  # fmt: skip


@pytest.mark.parametrize(("expression", "mass"), COUNTS, ids=[e for e, _ in COUNTS])
def test_a_mixture_of_counts(expression: str, mass: Function) -> None:
    text = f"data {{ int y; }} parameters {{ real z; }} model {{ y ~ {expression}; }}"
    found = [np.exp(load(text, {"y": k}).logp_grad(np.zeros(1))[0]) for k in range(5)]
    np.testing.assert_allclose(found, mass(np.arange(5)), rtol=1e-10, atol=1e-15)


REFUSED = [
    ("bernoulli(0.5) ? 0.0 : normal(0, 1)", "not random, a point mass"),
    ("normal([1, 2]', 1)[bernoulli(0.5)]", "index 0 is out of range"),
    ("normal([1, 2]', 1)[poisson(0.5)]", "poisson"),
    ("sin(normal([1, 2]', 1)[1 + bernoulli(0.5)])", "sin"),
]


@pytest.mark.parametrize(("expression", "message"), REFUSED, ids=[e for e, _ in REFUSED])
def test_what_cannot_be_derived_is_named(expression: str, message: str) -> None:
    with pytest.raises(NotSupported, match=message):
        density_of(expression)(np.array([0.0]))
