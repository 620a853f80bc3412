"""Random graphs mean the same after every pass, and every pass comes to an end."""
from __future__ import annotations

import numpy as np
import pytest

import ppl_cli.ops  # noqa: F401
from ppl_cli.graph.basic import Variable, constant, root
from ppl_cli.graph.gradient import grad
from ppl_cli.graph.traversal import evaluate
from ppl_cli.ops.indexing import add_at, gather, set_at
from ppl_cli.ops.reduction import log_sum_exp, reduce_sum
from ppl_cli.ops.scalar_math import exp, inv_logit, log, log1p_exp, lt, power, sqrt, switch
from ppl_cli.ops.shape import broadcast_to, join, reshape
from ppl_cli.rewrites.passes import canonicalize, optimize, stabilize

N = 4
a, b = root("a"), root("b")
x, y = root("x", shape=(N,)), root("y", shape=(N,))
VALUES = {
    a: np.asarray(0.7), b: np.asarray(-0.4),
    x: np.array([0.2, -1.1, 0.6, 1.4]), y: np.array([-0.3, 0.9, 0.1, -0.8]),
}


def grow(rng: np.random.Generator, steps: int) -> Variable:
    """A random graph over scalars, vectors and constants of moderate size."""
    pool: list[Variable] = [a, b, x, y, constant(2.0), constant(0.5), constant(-1.0), constant(np.zeros(N)),
                            constant(np.array([0.5, 1.0, -2.0, 3.0])), constant(1)]

    def vector(v: Variable) -> Variable:
        return broadcast_to(v, (N,))

    def pick() -> Variable:
        return pool[rng.integers(max(0, len(pool) - 12), len(pool))]

    def index() -> Variable:
        return constant(rng.integers(0, N, rng.integers(1, N + 1)))

    for _ in range(steps):
        u, v = pick(), pick()
        at = index()
        made = [
            lambda: u + v, lambda: u - v, lambda: u * v, lambda: u / (2.5 + v * v), lambda: -u, lambda: v * (u / v),
            lambda: exp(-u * u), lambda: log(1.0 + u * u), lambda: log(exp(u) + exp(v)), lambda: 1.0 - inv_logit(u),
            lambda: log1p_exp(u), lambda: sqrt(1.0 + v * v), lambda: power(u, 2), lambda: log(inv_logit(v)),
            lambda: switch(lt(u, v), u, v), lambda: reduce_sum(vector(u)), lambda: log_sum_exp(vector(u)),
            lambda: gather(vector(u), constant(rng.integers(0, N))),
            lambda: set_at(vector(u), v if not v.shape else gather(v, at), at),
            lambda: add_at(vector(u), v if not v.shape else gather(v, at), at),
            lambda: gather(join([vector(u), vector(v)]), constant(rng.integers(0, 2 * N, N))),
            lambda: reshape(reshape(vector(u), (2, 2)), (N,)), lambda: reduce_sum(vector(u) * v + a) / N,
        ][rng.integers(23)]()
        pool.append(made)
    return reduce_sum(pool[-1] + pool[-2])


@pytest.mark.parametrize("seed", range(200))
def test_values_and_gradients_stay(seed: int) -> None:
    rng = np.random.default_rng(seed)
    cost = grow(rng, int(rng.integers(4, 25)))
    before = [cost, *grad(cost, list(VALUES))]
    expected = evaluate(before, VALUES)
    (stable,) = stabilize(canonicalize([cost]))
    after = optimize([stable, *grad(stable, list(VALUES))])
    for p, q, old, new in zip(expected, evaluate(after, VALUES), before, after, strict=True):
        assert old.type == new.type
        if np.isfinite(p).all():
            np.testing.assert_allclose(q, p, rtol=1e-8, atol=1e-9)
