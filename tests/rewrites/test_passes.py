"""What the passes make of whole expressions: the structure that is wanted, and the same values."""
from __future__ import annotations

import numpy as np
import pytest

import ppl_cli.ops  # noqa: F401
from ppl_cli.graph.basic import Constant, Variable, constant, root
from ppl_cli.graph.gradient import grad
from ppl_cli.graph.traversal import evaluate, roots_of, toposort
from ppl_cli.ops.control import If, make_if, make_loop
from ppl_cli.ops.indexing import add_at, gather, set_at
from ppl_cli.ops.reduction import LogSumExp, log_sum_exp, reduce_max, reduce_prod, reduce_sum
from ppl_cli.ops.scalar_math import eq, exp, log, lt, power, switch
from ppl_cli.ops.shape import BroadcastTo, Join, broadcast_to, join, reshape, stack, transpose
from ppl_cli.rewrites.passes import canonicalize, optimize, stabilize

a, b, s = root("a"), root("b"), root("s")
x, y = root("x", shape=(4,)), root("y", shape=(4,))
m = root("m", shape=(3, 4))
i = root("i", "int64")
data = constant(np.array([0.3, -1.2, 0.5, 2.0]))
zeros = constant(np.zeros(4))
odd, even = constant(np.array([1, 3])), constant(np.array([0, 2]))
everything, downwards = constant(np.arange(4)), constant(np.arange(4)[::-1].copy())
many = constant(np.array([0, 2, 2, 1, 0, 2, 1, 1, 0, 0]))
often = np.array([4.0, 3.0, 3.0, 0.0])  # how often `many` has each


def names_of(v: Variable) -> list[str]:
    return sorted(str(node.op) for node in toposort([v]))


SAME = {
    "b * (a / b)": (b * (a / b), a),
    "log(exp(a + b))": (log(exp(a + b)), a + b),
    "log(1 - exp(a))": (log(1 - exp(a)), "log1m_exp"),
    "log(sum(exp(x)))": (log(reduce_sum(exp(x))), LogSumExp()(x)),
    "log(sum(exp(m), 0))": (log(reduce_sum(exp(m), 0)), log_sum_exp(m, 0)),
    "a - a": (a - a, constant(0.0)),
    "0 * x + y": (zeros * x + y, y),
    "x ** 2": (power(x, 2), x * x),
    "((a * 2) * 3)": (a * 2.0 * 3.0, constant(6.0) * a),
    "reshape of reshape": (reshape(reshape(m, (12,)), (4, 3)), reshape(m, (4, 3))),
    "reshape back": (reshape(reshape(m, (12,)), (3, 4)), m),
    "transpose twice": (transpose(transpose(m)), m),
    "broadcast twice": (broadcast_to(broadcast_to(x, (1, 4)), (3, 4)), BroadcastTo((3, 4))(x)),
    "broadcast factor": (broadcast_to(s, (4,)) * x, s * x),
    "broadcasts add up": (broadcast_to(a, (4,)) + broadcast_to(b, (4,)), broadcast_to(a + b, (4,))),
    "transpose of broadcast": (transpose(broadcast_to(a, (2, 3))), broadcast_to(a, (3, 2))),
    "joined copies": (join([broadcast_to(a, (2,)), broadcast_to(a, (1,))]), broadcast_to(a, (3,))),
    "join of joins": (join([join([x, y]), x]), join([x, y, x])),
    "sum over size one": (reduce_sum(reshape(x, (4, 1)), -1), x),
    "sum of sum": (reduce_sum(reduce_sum(m, 0)), reduce_sum(m)),
    "sum of reshape": (reduce_sum(reshape(m, (12,))), reduce_sum(m)),
    "sum of transpose": (reduce_sum(transpose(m)), reduce_sum(m)),
    "sum of scaled": (reduce_sum(s * x), s * reduce_sum(x)),
    "sum of negative": (reduce_sum(-x), -reduce_sum(x)),
    "sum of quotient": (reduce_sum(x / s), reduce_sum(x) / s),
    "sum of shifted": (reduce_sum(x - s), reduce_sum(x) - constant(4) * s),
    "sum of broadcast": (reduce_sum(broadcast_to(s, (4,))), constant(4) * s),
    "sum of rows": (reduce_sum(m * x, 0), x * reduce_sum(m, 0)),
    "max of broadcast": (reduce_max(broadcast_to(s, (4,))), s),
    "product of broadcast": (reduce_prod(broadcast_to(s, (4,))), power(s, constant(4))),
    "sum of scatter": (reduce_sum(add_at(zeros, x, constant(np.array([1, 1, 2, 0])))), reduce_sum(x)),
    "read everything": (gather(x, everything), x),
    "read uniform": (gather(broadcast_to(s, (4,)), i), s),
    "read what was read": (gather(gather(m, i), i), gather(m, i, i)),
    "read slice of slice": (gather(gather(x, odd), constant(1)), gather(x, constant(3))),
    "read join": (gather(join([x, y]), constant(5)), gather(y, constant(1))),
    "read reshape": (gather(reshape(x, (2, 2)), constant(1), constant(0)), gather(x, constant(2))),
    "read transpose": (gather(transpose(m), i, constant(2)), gather(m, constant(2), i)),
    "read written": (gather(set_at(x, s, i), i), s),
    "read written row": (gather(set_at(m, x, i), i, constant(2)), gather(x, constant(2))),
    "read beside": (gather(set_at(x, s, odd), even), gather(x, even)),
    "read one of written": (gather(set_at(x, gather(y, even), odd), constant(3)), gather(y, constant(2))),
    "write everything": (set_at(x, y, everything), y),
    "write reversed": (set_at(x, y, downwards), gather(y, downwards)),
    "write again": (set_at(set_at(x, a, i), b, i), set_at(x, b, i)),
    "write what is there": (set_at(x, gather(x, i), i), x),
    "write piece by piece": (set_at(set_at(root("x2", shape=(2,)), a, 1), b, 0), stack([b, a])),
    "scatter nothing": (add_at(x, broadcast_to(constant(0.0), (2,)), odd), x),
    "scatter everything": (add_at(x, y, everything), x + y),
    "scatter into sum": (x + add_at(zeros, s, i), add_at(x, s, i)),
    "function of what is picked": (exp(gather(x, many)) * a, gather(exp(x) * a, many)),
    "functions of what is picked alike": (
        switch(lt(gather(x, many), -0.7), gather(x, many), gather(y, many)), gather(switch(lt(x, -0.7), x, y), many),
    ),
    "sum of picked rows": (reduce_sum(gather(m, many), -1), gather(reduce_sum(m, -1), many)),
    "sum of what is picked": (reduce_sum(gather(x, many)), reduce_sum(switch(often > 0, x * constant(often), 0.0))),
    "scatter into rows": (m + add_at(zeros, s, i), m + add_at(zeros, s, i)),
    "scatter a number": (add_at(zeros, s, constant(np.array([0, 0, 2]))), constant(np.array([2, 0, 1, 0])) * s),
    "switch on data": (switch(constant(np.array([True, True])), a, b), broadcast_to(a, (2,))),
    "zero through switch": (switch(lt(x, 0.0), zeros, zeros) + y, y),
    "log of product of data": (log(2.0 * a), constant(np.log(2.0)) + log(a)),
}


@pytest.mark.parametrize("case", SAME, ids=str)
def test_becomes(case: str) -> None:
    before, after = SAME[case]
    (result,) = stabilize([before])
    if isinstance(after, str):
        assert names_of(result) == [after]
        return
    assert result is stabilize([after])[0], f"{names_of(result)} instead of {names_of(after)}"


@pytest.mark.parametrize("case", SAME, ids=str)
@pytest.mark.parametrize("run", [canonicalize, stabilize, optimize])
def test_values_stay(case: str, run) -> None:
    before, _ = SAME[case]
    (after,) = run([before])
    rng = np.random.default_rng(1)
    values = {v: np.asarray(2) if v is i else -rng.uniform(0.2, 1.5, v.shape) for v in roots_of([before])}
    left, right = evaluate([before, after], values)
    assert after.type == before.type
    np.testing.assert_allclose(right[np.isfinite(left)], left[np.isfinite(left)], rtol=1e-12)


def test_one_exp() -> None:
    assert names_of(canonicalize([exp(a) + exp(a)])[0]).count("exp") == 1


def test_sums_in_either_order_are_one_node() -> None:
    left, right = canonicalize([exp(a + b), log(exp(b + a))])
    assert left.inputs[0] is right


def test_log_sigma_leaves_the_sum() -> None:
    sigma = exp(s)
    z = (data - a) / sigma
    (lp,) = stabilize([reduce_sum(-0.5 * z * z - log(sigma))])
    inside = {v for node in toposort([lp]) for v in node.outputs if v.shape}
    assert all(node.op.name in ("add", "sub", "mul") for v in inside for node in [v.owner])
    assert "log" not in names_of(lp)


def test_structural_zeros_of_gradients_vanish() -> None:
    lp = reduce_sum(gather(x, odd) * a) + gather(x, constant(0))
    (g,) = canonicalize(grad(lp, [x]))
    values = {x: np.ones(4), a: np.asarray(3.0)}
    assert evaluate([g], values)[0].tolist() == [1.0, 3.0, 0.0, 3.0]


def test_the_gradient_by_a_flat_vector_is_a_join() -> None:
    q = root("q", shape=(6,))
    level, effects, scale = gather(q, constant(0)), gather(q, constant(np.arange(1, 5))), gather(q, constant(5))
    group = constant(np.array([0, 3, 2, 2, 1, 1]))
    lp = reduce_sum(level * scale * gather(effects, group) - exp(scale)) + reduce_sum(effects * effects)
    (before,) = grad(lp, [q])
    (after,) = optimize([before])
    assert isinstance(after.op, Join) and [v.shape for v in after.inputs] == [(1,), (4,), (1,)]
    values = {q: np.linspace(-1.0, 1.0, 6)}
    np.testing.assert_allclose(*evaluate([before, after], values))


def test_uniform_arrays_are_not_stored() -> None:
    big = constant(np.zeros(100_000)) + 1.0
    (v,) = canonicalize([big * 2.0])
    assert isinstance(v.op, BroadcastTo) and isinstance(v.inputs[0], Constant) and v.inputs[0].data == 2.0


def test_division_by_a_scalar_is_one_division() -> None:
    (v,) = optimize([x / s])
    assert names_of(v) == ["div", "mul"] and not next(n for n in toposort([v]) if n.op.name == "div").outputs[0].shape


def test_division_by_data_is_none() -> None:
    assert names_of(optimize([x / data])[0]) == ["mul"]


def test_few_divisions_stay_few() -> None:
    few = reshape(exp(x), (4, 1))
    (v,) = optimize([data / few])
    assert [node.outputs[0].shape for node in toposort([v]) if str(node.op) == "div"] == [(4, 1)]


def test_a_canonical_graph_stays() -> None:
    outputs = [case[0] for case in SAME.values()]
    once = canonicalize(outputs)
    assert all(p is q for p, q in zip(canonicalize(once), once, strict=True))


def test_repeated_index_is_not_read_back() -> None:
    twice = constant(np.array([1, 1]))
    v = root("v", shape=(2,))
    (read,) = canonicalize([gather(set_at(x, v, twice), twice)])
    assert evaluate([read], {x: np.zeros(4), v: np.array([5.0, 7.0])})[0].tolist() == [7.0, 7.0]


def test_reciprocal_of_zero_is_not_folded_into_a_factor() -> None:
    (v,) = optimize([x / constant(np.array([0.0, 1.0, 2.0, 4.0]))])
    assert evaluate([v], {x: np.zeros(4)})[0][1:].tolist() == [0.0, 0.0, 0.0]


class TestControl:
    @staticmethod
    def loop(results, carried, initial, stop=5, index=None):
        return make_loop(index or root("k", "int64"), carried, results, 0, stop, initial)

    def test_no_iterations(self) -> None:
        c = root("c")
        (v,) = self.loop([c + a], [c], [b], stop=0)
        assert canonicalize([v])[0] is b

    def test_unchanged_value_is_what_it_was(self) -> None:
        c, d = root("c"), root("d")
        first, second = self.loop([c * d, d], [c, d], [a, b])
        new_first, new_second = canonicalize([first, second])
        assert new_second is b and new_first.op.n_carried == 1
        values = {a: np.asarray(2.0), b: np.asarray(3.0)}
        assert evaluate([new_first], values) == evaluate([first], values)

    def test_unused_value_is_not_carried(self) -> None:
        c, d, e = root("c"), root("d"), root("e")
        _, second, _ = self.loop([c + a, d * e, e + 1.0], [c, d, e], [a, b, s])
        (v,) = canonicalize([second])
        assert v.op.n_carried == 2 and a not in v.inputs
        values = {a: np.asarray(2.0), b: np.asarray(3.0), s: np.asarray(0.5)}
        np.testing.assert_allclose(*evaluate([v, second], values))

    def test_constants_move_in(self) -> None:
        c = root("c")
        (v,) = self.loop([c * (a / a + a / a)], [c], [b])
        (new,) = canonicalize([v])
        assert new.op.invariants == () and names_of(new.op.body.results[0]) == ["mul"]

    def test_bodies_are_rewritten(self) -> None:
        c = root("c")
        (v,) = self.loop([log(exp(c + a))], [c], [b])
        assert names_of(canonicalize([v])[0].op.body.results[0]) == ["add"]

    def test_known_condition(self) -> None:
        (v,) = make_if(eq(constant(1), constant(1)), [a + b], [a - b])
        assert canonicalize([v])[0] is a + b

    def test_same_branches(self) -> None:
        first, second = make_if(lt(a, 0.0), [a + b, b], [a - b, b])
        new_first, new_second = canonicalize([first, second])
        assert new_second is b and len(new_first.owner.outputs) == 1

    def test_unused_branch_results(self) -> None:
        first, _ = make_if(lt(a, 0.0), [a + b, s * b], [a - b, b])
        (v,) = canonicalize([first])
        assert isinstance(v.op, If) and len(v.owner.outputs) == 1 and s not in v.inputs

    def test_the_gradient_of_same_branches(self) -> None:
        """Both branches read the seeds of the gradient; what they make of them is the same."""
        (v,) = make_if(lt(a, 0.0), [join([broadcast_to(b, (2,)), x])], [join([broadcast_to(b, (2,)), y])], [a, b, x, y])
        found = canonicalize(grad(reduce_sum(gather(v, everything)), [b]))
        assert evaluate(found, {}) == [2.0]
