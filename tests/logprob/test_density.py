"""Log density nodes are written out, wherever they are; truncation renormalizes."""
from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import scipy.stats as st

import ppl_cli.ops  # noqa: F401
from ppl_cli.distributions import DISTRIBUTIONS
from ppl_cli.graph.basic import Variable, constant, root
from ppl_cli.graph.gradient import grad
from ppl_cli.graph.traversal import evaluate, roots_of, toposort
from ppl_cli.logprob import density
from ppl_cli.ops.control import make_if, make_loop
from ppl_cli.ops.random import LogProb, RandomVariable, StepToken, log_prob, random_variable, token, truncated
from ppl_cli.ops.reduction import reduce_sum
from ppl_cli.ops.scalar_math import gt


def normal_at(value: Any, mu: Any = 0.0) -> Variable:
    return log_prob(random_variable(DISTRIBUTIONS["normal"], mu, 1.0), value, 0)


def value(v: Variable, point: dict[Variable, float] | None = None) -> float:
    """The value of a graph in which tokens may be left, which nothing reads."""
    tokens = {r: 0 for r in roots_of([v]) if r.dtype == "int64"}
    return float(evaluate([v], {r: np.asarray(x) for r, x in {**tokens, **(point or {})}.items()})[0])


def has_densities(outputs: list[Variable]) -> bool:
    return any(isinstance(n.op, LogProb) or any(has_densities(list(b.results)) for b in n.op.bodies)
               for n in toposort(outputs))  # fmt: skip


def test_an_independent_batch() -> None:
    x = np.array([0.3, -1.0, 2.0])
    (total,) = density([reduce_sum(normal_at(x))])
    assert evaluate([total])[0] == pytest.approx(st.norm.logpdf(x).sum())


def test_densities_in_loops() -> None:
    index, carried = root("i", "int64"), root("total")
    rv = RandomVariable(DISTRIBUTIONS["normal"])(StepToken()(token(), index), constant(0.0), constant(1.0))
    (last,) = make_loop(index, [carried], [carried + log_prob(rv, carried, 0)], 0, 3, [constant(0.5)])
    (total,) = density([last])
    expected = 0.5
    for _ in range(3):
        expected += st.norm.logpdf(expected)
    assert not has_densities([total])
    assert value(total) == pytest.approx(expected)


def test_densities_in_branches() -> None:
    x = root("x")
    (chosen,) = make_if(gt(x, 0.0), [normal_at(x)], [normal_at(x, 3.0)], [x])
    (total,) = density([chosen])
    assert not has_densities([total])
    for point, mu in ((1.0, 0.0), (-1.0, 3.0)):
        assert value(total, {x: point}) == pytest.approx(st.norm.logpdf(point, mu))


TRUNCATED: list[tuple[str, tuple[Any, ...], Any, float | int, tuple[float, float]]] = [
    ("normal", (0.3, 1.7), st.norm(0.3, 1.7), 1.0, (-1.0, 2.0)),
    ("normal", (0.3, 1.7), st.norm(0.3, 1.7), 1.0, (-1.0, np.inf)),
    ("normal", (0.3, 1.7), st.norm(0.3, 1.7), 1.0, (-np.inf, 2.0)),
    ("normal", (0.0, 1.0), st.norm(), 9.0, (8.5, 10.0)),
    ("gamma", (2.3, 1.7), st.gamma(2.3, scale=1 / 1.7), 1.0, (0.5, 4.0)),
    ("student_t", (3.5, 0.3, 1.7), st.t(3.5, 0.3, 1.7), 1.0, (-2.0, np.inf)),
    ("beta", (2.3, 1.7), st.beta(2.3, 1.7), 0.5, (0.2, 0.9)),
]


@pytest.mark.parametrize(("name", "parameters", "law", "at", "bounds"), TRUNCATED)
def test_truncated_density(
    name: str, parameters: tuple[Any, ...], law: Any, at: float, bounds: tuple[float, float]
) -> None:
    rv = truncated(random_variable(DISTRIBUTIONS[name], *parameters), *bounds)
    (found,) = density([log_prob(rv, at, 0)])
    mass = law.sf(bounds[0]) - law.sf(bounds[1])
    assert evaluate([found])[0] == pytest.approx(law.logpdf(at) - np.log(mass), rel=1e-9)


def test_a_truncated_count_may_equal_its_lower_bound() -> None:
    rv = truncated(random_variable(DISTRIBUTIONS["poisson"], 2.7), 2, 5)
    values = constant(np.arange(8))
    (found,) = density([log_prob(rv, values, 0)])
    masses = np.exp(evaluate([found])[0])
    np.testing.assert_allclose(masses[2:6], st.poisson(2.7).pmf(range(2, 6)) / st.poisson(2.7).pmf(range(2, 6)).sum())
    assert not masses[[0, 1, 6, 7]].any()


def test_outside_the_bounds_the_density_is_zero() -> None:
    rv = truncated(random_variable(DISTRIBUTIONS["normal"], 0.0, 1.0), -1.0, 1.0)
    (found,) = density([log_prob(rv, np.array([-1.5, 0.0, 1.5]), 0)])
    assert np.isneginf(evaluate([found])[0]).tolist() == [True, False, True]


def test_truncation_at_the_edge_of_the_support_has_a_gradient() -> None:
    rate = root("rate")
    rv = truncated(random_variable(DISTRIBUTIONS["poisson"], rate), 0, 7)
    (found,) = density([log_prob(rv, 4, 0)])
    (slope,) = grad(found, [rate])
    at = np.asarray(3.2)
    up, down = (evaluate([found], {rate: at + h})[0] for h in (1e-6, -1e-6))
    assert evaluate([slope], {rate: at})[0] == pytest.approx((up - down) / 2e-6, rel=1e-6)


def test_truncation_without_a_distribution_function_names_the_law() -> None:
    rv = truncated(random_variable(DISTRIBUTIONS["poisson_log"], 0.3), 2, np.inf)
    with pytest.raises(NotImplementedError, match="poisson_log"):
        density([log_prob(rv, 4, 0)])
