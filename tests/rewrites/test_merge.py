"""Loops that in part compute the same become one, and keep their values."""

from __future__ import annotations

import numpy as np
import pytest

from ppl_cli.graph.basic import Variable, constant, root
from ppl_cli.graph.gradient import grad
from ppl_cli.graph.traversal import evaluate, toposort
from ppl_cli.ops.control import Loop, make_loop
from ppl_cli.ops.indexing import gather, set_at
from ppl_cli.ops.scalar_math import tanh
from ppl_cli.rewrites.merge import merge_loops
from ppl_cli.rewrites.passes import optimize

N = 6
Y = constant(np.random.default_rng(0).normal(size=N))
A = root("a")
POINT = {A: np.asarray(0.7)}
I, F, G, S, T = root("i", "int64"), root("f"), root("g"), root("s"), root("t", shape=(N,))
ZERO = constant(0.0)


def recurrence(carried: list[Variable], more: list[Variable], initial: list[Variable]) -> list[Variable]:
    """f becomes tanh(a f + y[i]), and `carried` becomes `more`."""
    return make_loop(I, [F, *carried], [tanh(A * F + gather(Y, I)), *more], 0, N, [ZERO, *initial])


def loops(outputs: list[Variable]) -> int:
    return sum(isinstance(node.op, Loop) for node in toposort(outputs))


def test_value_and_states_come_from_one_run() -> None:
    total = recurrence([S], [S + F * F], [ZERO])
    states = recurrence([T], [set_at(T, F, I)], [constant(np.zeros(N))])
    before = [*total, *states]
    after = merge_loops(before)
    assert (loops(before), loops(after)) == (2, 1)
    for x, y in zip(evaluate(before, POINT), evaluate(after, POINT), strict=True):
        np.testing.assert_array_equal(x, y)


def test_a_gradient_runs_a_recurrence_once_forwards() -> None:
    total = recurrence([S], [S + F * F], [ZERO])[1]
    value, slope = optimize([total, grad(total, [A])[0]])
    assert loops([value, slope]) == 2
    found, derivative = evaluate([value, slope], POINT)
    above, below = (evaluate([total], {A: POINT[A] + h})[0] for h in (1e-6, -1e-6))
    assert found == pytest.approx(float(evaluate([total], POINT)[0]))
    assert derivative == pytest.approx(float(above - below) / 2e-6, rel=1e-7)


def test_loops_that_differ_or_need_each_other_stay() -> None:
    one = recurrence([], [], [])
    other = make_loop(I, [G], [tanh(A * G - gather(Y, I))], 0, N, [ZERO])
    later = make_loop(I, [F, S], [tanh(A * F + gather(Y, I)), S + one[0]], 0, N, [ZERO, ZERO])
    assert loops(merge_loops([*one, *other])) == 2
    assert loops(merge_loops([*one, *later])) == 2


def test_copies_of_a_loop_have_the_same_roots_but_not_the_same_values() -> None:
    """They begin elsewhere; only what is added up begins alike."""
    value, total = recurrence([S], [S + F * F], [constant(1.0)])
    again = value.op.apply(*value.inputs[:2], A, *value.inputs[3:]).outputs[1]
    before = [total, again]
    assert evaluate(merge_loops(before), POINT) == evaluate(before, POINT)


def test_loops_inside_a_loop() -> None:
    j, outer = root("j", "int64"), root("outer")
    f, s, t = root("f"), root("s"), root("t", shape=(N,))
    step = tanh(outer * f + gather(Y, I))
    first = make_loop(I, [f, s], [step, s + f], 0, N, [ZERO, ZERO])
    second = make_loop(I, [f, t], [step, set_at(t, f, I)], 0, N, [ZERO, constant(np.zeros(N))])
    before = make_loop(j, [outer], [outer + first[1] * gather(second[1], j)], 0, N, [A])
    after = merge_loops(before)
    (node,) = [n for n in toposort(after) if isinstance(n.op, Loop)]
    assert loops(list(node.op.body.results)) == 1
    np.testing.assert_allclose(evaluate(before, POINT), evaluate(after, POINT))
