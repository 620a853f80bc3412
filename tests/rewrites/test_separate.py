"""Sums over observations are separated: what needs no pass over all of them, and the same values and gradients."""
from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

import ppl_cli.ops  # noqa: F401
from ppl_cli.graph.basic import Constant, Variable, constant, root
from ppl_cli.graph.gradient import grad
from ppl_cli.graph.traversal import evaluate, toposort
from ppl_cli.ops.indexing import gather
from ppl_cli.ops.reduction import reduce_sum
from ppl_cli.ops.scalar_math import exp, gt, inv_logit, lgamma, log, log1p_exp, log_add_exp, switch
from ppl_cli.rewrites.exponentials import share_exponentials
from ppl_cli.rewrites.passes import canonicalize, stabilize

N = 500
rng = np.random.default_rng(0)


def data(values: np.ndarray) -> Constant:
    return constant(values, literal=False)


x, y = data(rng.normal(size=N)), data(rng.gamma(2.0, size=N))
counts, groups, chosen = data(rng.poisson(3.0, N).astype(float)), data(rng.integers(0, 3, N)), data(rng.random(N) < 0.3)
table = data(rng.normal(size=(N, 2)))
a, b, v = root("a"), root("b"), root("v", shape=(3,))
POINT = {a: np.asarray(0.7), b: np.asarray(1.3), v: np.array([0.2, -0.5, 1.1])}

WITHOUT_A_PASS: dict[str, Variable] = {
    "multiples of data": (a - 1.0) * log(y) - b * y - lgamma(a),
    "quotients": -(y / b) + a / 3.0,
    "functions of counts": lgamma(counts + a) - counts * log(a + b),
    "a choice": switch(chosen, log(a), log(b)),
    "elements of a vector": exp(gather(v, groups) * a),
    "several data with few values": lgamma(counts + exp(gather(v, groups))) * switch(chosen, a, b),
    "a condition on a number": switch(gt(a, 0.0), b * y, -np.inf),
    "a table and a row": table * b + data(np.array([0.3, 0.9])) * a,
}
WITH_A_PASS: dict[str, Variable] = {
    "counts with a predictor": lgamma(counts + b) - lgamma(b) + counts * x - exp(a + b * x),
    "scaled": 0.5 * (lgamma(counts + b) - exp(b * x)) / a,
    "subtracted": exp(b * x) - (a * y - (lgamma(counts + a) - log1p_exp(b * x))),
}


def longest(outputs: list[Variable]) -> int:
    """The elements of the longest tensor that is computed."""
    return max(v.type.size for node in toposort(outputs) for v in node.outputs)


def assert_same(found: Variable, expected: Variable) -> None:
    for one, other in zip(
        evaluate([found, *grad(found, [a, b, v])], POINT), evaluate([expected, *grad(expected, [a, b, v])], POINT),
        strict=True,
    ):
        np.testing.assert_allclose(one, other, rtol=1e-11)


@pytest.mark.parametrize("name", WITHOUT_A_PASS)
def test_no_pass_is_left(name: str) -> None:
    expected = reduce_sum(WITHOUT_A_PASS[name])
    (found,) = stabilize(canonicalize([expected]))
    assert longest([found, *grad(found, [a, b, v])]) * 4 <= N
    assert_same(found, expected)


@pytest.mark.parametrize("name", WITH_A_PASS)
def test_functions_of_counts_leave_the_pass(name: str) -> None:
    expected = reduce_sum(WITH_A_PASS[name])
    (found,) = stabilize(canonicalize([expected]))
    assert_same(found, expected)
    costly = [node.outputs[0].type.size for node in toposort([found]) if str(node.op) == "lgamma"]
    assert costly and max(costly) <= 32


def test_data_of_many_values_are_left_alone() -> None:
    (found,) = stabilize(canonicalize([reduce_sum(lgamma(y + a))]))
    assert longest([found]) == N


def test_short_sums_are_left_alone() -> None:
    few = data(np.array([0.0, 1.0] * 10))
    (found,) = stabilize(canonicalize([reduce_sum(lgamma(few + a))]))
    assert longest([found]) == 20


def test_impossible_observations_are_not_possible_apart() -> None:
    zeros = data(np.array([0.0] * 99 + [1.0]))
    (found,) = stabilize(canonicalize([reduce_sum(switch(gt(zeros, 0.5), -np.inf, a))]))
    assert evaluate([found], POINT)[0] == -np.inf


FUNCTIONS: dict[str, Callable[..., Variable]] = {
    "inv_logit": inv_logit, "log1p_exp": log1p_exp, "log_add_exp(x, 1)": lambda x: log_add_exp(x, 1.0),
    "log_add_exp(x, x)": lambda x: log_add_exp(x, x), "both": lambda x: inv_logit(-x) + log1p_exp(x),
    "differences": lambda x: inv_logit(x - a) * log1p_exp(a - x),
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_shared_exponentials(name: str) -> None:
    points = data(np.array([-np.inf, -800.0, -40.0, -0.3, 0.0, 1e-9, 0.7, 1.0, 40.0, 800.0, np.inf, np.nan]))
    expected = FUNCTIONS[name](points + 0.0 * a)
    (found,) = share_exponentials([expected])
    assert sum(str(node.op) == "exp" for node in toposort([found])) == 1
    np.testing.assert_allclose(*(evaluate([u], POINT)[0] for u in (found, expected)), rtol=1e-14)
