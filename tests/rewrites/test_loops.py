"""Loops keep their values when they are vectorized, and only true recurrences stay loops."""
from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

import ppl_cli.ops  # noqa: F401
from ppl_cli.graph.basic import Variable, constant, root
from ppl_cli.graph.gradient import grad
from ppl_cli.graph.traversal import evaluate, toposort
from ppl_cli.ops.control import Loop, make_if, make_loop
from ppl_cli.ops.indexing import gather, set_at
from ppl_cli.ops.reduction import log_sum_exp, reduce_sum
from ppl_cli.ops.scalar_math import add, exp, gt, mod, sub
from ppl_cli.ops.shape import join, reshape
from ppl_cli.rewrites.loops import IndexOutOfRange, vectorize_loops

N = 7
RNG = np.random.default_rng(0)
LAST = constant(np.array([1, 2, 3, 2, 1, 3, 2]))
PICK = constant(np.array([0, 1, 3, 2, 1, 2, 0]))
GROUP = constant(RNG.integers(0, 4, N))
Y = constant(RNG.normal(size=N))
X = root("x", shape=(4,))
Z = root("z", shape=(N, 4))
S = root("s", shape=())
POINT = {X: RNG.normal(size=4), Z: RNG.normal(size=(N, 4)), S: np.asarray(0.3)}
I, J, K, T = root("i", "int64"), root("j", "int64"), root("k", "int64"), root("t")
TOTAL = root("total")
ZERO = constant(0.0)

Case = tuple[Callable[[], list[Variable]], int]


def accumulator_with_scratch() -> list[Variable]:
    a, b = root("a", shape=(N,)), root("b", shape=(N,))
    at = sub(I, 1)
    first = set_at(a, gather(X, gather(GROUP, at)) * 2.0, at)
    second = set_at(b, gather(first, at) + gather(Y, at), at)
    unset = constant(np.full(N, np.nan))
    return make_loop(I, [T, b, a], [T + exp(gather(second, at)), second, first], 1, N + 1, [ZERO, unset, unset])


def recurrence() -> list[Variable]:
    a = root("a", shape=(N,))
    step = set_at(a, gather(a, sub(I, 1)) * S + gather(Y, I), I)
    return make_loop(I, [a], [step], 1, N, [constant(np.ones(N))])


def recurrence_of_a_whole_vector() -> list[Variable]:
    """Every iteration reads elements of the vector and replaces all of it."""
    a, j = root("a", shape=(2,)), gather(Y, I)
    step = join([reshape(v, (1,)) for v in (gather(a, 0) + j * S, gather(a, 1) - j)])
    return make_loop(I, [a], [step], 0, N, [constant(np.ones(2))])


def recurrence_over_data() -> list[Variable]:
    a = root("a", shape=(N,))
    step = set_at(a, gather(a, sub(I, 1)) * 0.5 + gather(Y, I), I)
    return make_loop(I, [a], [step], 1, N, [constant(np.ones(N))])


def nested() -> list[Variable]:
    a = root("a")
    inner = make_loop(J, [a], [a + gather(Z, I, J) * gather(X, J)], 0, 4, [ZERO])
    return make_loop(I, [T], [T + exp(inner[0])], 0, N, [ZERO])


def ragged() -> list[Variable]:
    a = root("a")
    start = constant(np.array([0, 2, 3, 3, N]))
    row = gather(Z, constant(np.arange(N)), constant(0))
    inner = make_loop(J, [a], [a + gather(row, J)], gather(start, I), gather(start, add(I, 1)), [gather(X, I)])
    return make_loop(I, [T], [T + exp(inner[0])], 0, 4, [ZERO])


def scratch_vector() -> list[Variable]:
    a, before = root("a", shape=(4,)), root("before", shape=(4,))
    inner = make_loop(J, [a], [set_at(a, gather(Z, I, J) + gather(X, J), J)], 0, 4, [before])
    return make_loop(I, [T, before], [T + log_sum_exp(inner[0]), inner[0]], 0, N, [ZERO, constant(np.zeros(4))])


def matrix_fill() -> list[Variable]:
    m, outer = root("m", shape=(N, 4)), root("outer", shape=(N, 4))
    inner = make_loop(J, [m], [set_at(m, gather(X, J) * gather(Y, I) + gather(Z, I, sub(J, 1)), I, J)], 1, 4, [outer])
    return make_loop(I, [outer], [inner[0]], 0, N, [constant(np.zeros((N, 4)))])


def condition_on_data() -> list[Variable]:
    a = root("a", shape=(N,))
    value = gather(X, gather(GROUP, I))
    then, otherwise = [T + value, set_at(a, gather(Y, I), I)], [T + exp(value), a]
    step = make_if(gt(gather(Y, I), 0.0), then, otherwise, [T, a, I, X])
    return make_loop(I, [T, a], step, 0, N, [ZERO, constant(np.zeros(N))])


def condition_on_parameter() -> list[Variable]:
    step = make_if(gt(gather(X, gather(GROUP, I)), T), [T + 1.0], [T * S], [T, I, X, S])
    return make_loop(I, [T], step, 0, N, [ZERO])


def forward_algorithm() -> list[Variable]:
    gamma, mid = root("gamma", shape=(N, 3)), root("mid", shape=(N, 3))
    a, b, c = (root(n, shape=(3,)) for n in "abc")
    term = gather(mid, sub(I, 1), J) + gather(Z, J, K) + gather(Y, I)
    inner = make_loop(J, [a], [set_at(a, term, J)], 0, 3, [b])
    states = make_loop(K, [mid, b], [set_at(mid, log_sum_exp(inner[0]), I, K), inner[0]], 0, 3, [gamma, c])
    return make_loop(I, [gamma, c], states, 1, N, [constant(np.zeros((N, 3))), constant(np.zeros(3))])


def counter() -> list[Variable]:
    c = root("c", "int64")
    return make_loop(I, [c, T], [add(c, gather(GROUP, I)), T + gather(X, mod(c, 4))], 0, N, [constant(1), ZERO])


def sums_by_group() -> list[Variable]:
    a = root("a", shape=(4,))
    at = gather(GROUP, I)
    return make_loop(
        I, [a], [set_at(a, gather(a, at) + gather(Y, I) * gather(X, at), at)], 0, N, [constant(np.zeros(4))]
    )


def last_value() -> list[Variable]:
    return make_loop(I, [T], [gather(X, gather(GROUP, I))], 0, N, [ZERO])


def two_writes_in_opposite_order() -> list[Variable]:
    a = root("a", shape=(N,))
    step = set_at(set_at(a, gather(Y, I), I), S, sub(N - 1, I))
    return make_loop(I, [a], [step], 0, N, [constant(np.zeros(N))])


def read_from_several_writes() -> list[Variable]:
    """Ends and middle of a row are written apart, and one element of the row is read, which one is data."""
    m, a = root("m", shape=(N, 4)), root("a", shape=(N, 4))
    middle = make_loop(J, [m], [set_at(m, gather(Z, I, J) - gather(Z, I, sub(J, 1)), I, J)], 1, gather(LAST, I), [a])
    whole = set_at(set_at(middle[0], gather(Y, I), I, gather(LAST, I)), gather(X, 0) + gather(Y, I), I, constant(0))
    total = T + exp(gather(whole, I, gather(PICK, I)))
    return make_loop(I, [T, a], [total, whole], 0, N, [ZERO, constant(np.zeros((N, 4)))])


CASES: dict[Callable[[], list[Variable]], int] = {
    accumulator_with_scratch: 0, recurrence: 1, recurrence_of_a_whole_vector: 1, recurrence_over_data: 0, nested: 0, ragged: 0, scratch_vector: 0,
    matrix_fill: 0, condition_on_data: 0, condition_on_parameter: 1, forward_algorithm: 1, counter: 0,
    sums_by_group: 0, last_value: 0, read_from_several_writes: 0, two_writes_in_opposite_order: 1,
}  # fmt: skip


@pytest.mark.parametrize(("build", "loops"), CASES.items(), ids=lambda v: getattr(v, "__name__", None))
def test_values_are_kept_and_only_recurrences_stay(build: Callable[[], list[Variable]], loops: int) -> None:
    before = build()
    after = vectorize_loops(before)
    for a, b in zip(evaluate(before, POINT), evaluate(after, POINT), strict=True):
        np.testing.assert_allclose(b, a, rtol=1e-12)
    assert sum(isinstance(node.op, Loop) for node in toposort(after)) == loops


@pytest.mark.parametrize(
    "build", [recurrence, nested, scratch_vector, condition_on_data, forward_algorithm, sums_by_group]
)
def test_gradients_agree_with_finite_differences(build: Callable[[], list[Variable]]) -> None:
    after = vectorize_loops(build())
    cost = reduce_sum(after[0])
    for v in (X, Z, S):
        (g,) = evaluate(grad(cost, [v]), POINT)
        for at in np.ndindex(v.shape):
            step = np.zeros(v.shape)
            step[at] = 1e-6
            up, down = (evaluate([cost], {**POINT, v: POINT[v] + sign * step})[0] for sign in (1, -1))
            assert g[at] == pytest.approx((up - down) / 2e-6, rel=1e-6, abs=1e-7)


def test_the_gradient_of_a_recurrence_keeps_no_history_of_the_whole_array() -> None:
    """a[t] = f(a[t - 1]) is differentiated from the final array: work and memory stay linear in the steps."""
    (g,) = grad(reduce_sum(recurrence()[0]), [S])
    sizes = [v.type.size for node in toposort([g]) if isinstance(node.op, Loop) for v in node.outputs]
    assert max(sizes) <= N


def test_the_gradient_of_a_recurrence_whose_length_an_outer_loop_decides() -> None:
    inner = make_loop(J, [T], [T * T + gather(X, 0)], I, N, [TOTAL])
    (total,) = make_loop(I, [TOTAL], inner, N - 3, N, [S])
    (g,) = grad(total, [S])
    step = 1e-6
    up, down = (evaluate([total], {**POINT, S: np.asarray(0.3 + sign * step)})[0] for sign in (1, -1))
    assert evaluate([g], POINT)[0] == pytest.approx((up - down) / (2 * step), rel=1e-6)


def test_a_read_that_a_condition_rules_out_is_left_out() -> None:
    """The recurrence is written out; in its first iteration there is no element before."""
    inner = make_loop(J, [T], make_if(gt(I, 0), [gather(X, sub(I, 1)) + T * S], [T], [T, I, X, S]), 0, 2, [TOTAL])
    before = make_loop(I, [TOTAL], inner, 0, 3, [S])
    np.testing.assert_allclose(evaluate(vectorize_loops(before), POINT), evaluate(before, POINT))


def test_an_index_out_of_range_names_the_loop() -> None:
    with pytest.raises(IndexOutOfRange, match="index 5 is out of range") as caught:
        vectorize_loops(make_loop(I, [T], [T + gather(X, I)], 0, 5, [ZERO]))
    assert caught.value.index is I
