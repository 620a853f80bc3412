"""Evaluate the body of a loop on all of its iterations together: one rule for each op, dispatched on the op.

In: a graph with `Loop` and `If` ops. Out: the same graph with every loop that has independent iterations replaced by
tensor operations.
"""
from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial, singledispatch

import numpy as np

from ppl_cli.graph.basic import Apply, Constant, Op, Variable, constant
from ppl_cli.graph.traversal import fold, map_graph, reapply, roots_of, toposort
from ppl_cli.ops.control import Body, If, Loop
from ppl_cli.ops.elementwise import Elementwise
from ppl_cli.ops.indexing import AddAt, Gather, SetAt
from ppl_cli.ops.linalg import MatMul
from ppl_cli.ops.random import LogProb, PrimitiveDraw, RandomVariable, StepToken, Truncated
from ppl_cli.ops.reporting import Report
from ppl_cli.ops.scalar_math import add, mul, neg, sub, switch
from ppl_cli.ops.shape import BroadcastTo, Join, Reshape, Transpose
from ppl_cli.rewrites.loops import states
from ppl_cli.rewrites.loops.context import Batched, Context, Recurrence, array, expand, make, reshaped
from ppl_cli.rewrites.loops.states import Access, Carry, State, Value, align
from ppl_cli.rewrites.loops.tables import Run, tabulate
from ppl_cli.solvers import Differential, Solver

MOST_UNROLLED = 4  # a recurrence of so few steps is written out


class IndexOutOfRange(Exception):
    """A loop reads or writes outside a tensor; `index` is the root that stands for the loop's variable."""

    def __init__(self, index: Variable | None, message: str) -> None:
        super().__init__(message)
        self.index = index
        self.message = message


def vectorize_loops(outputs: Sequence[Variable], run: Run | None = None) -> list[Variable]:
    """`outputs` without the loops whose iterations are independent.

    `run` computes variables that depend on constants only, faster than NumPy does step by step.
    """
    return map_graph(outputs, partial(_rewrite, run=run))


def _rewrite(node: Apply, inputs: Sequence[Variable], run: Run | None) -> Sequence[Variable]:
    op = node.op
    if isinstance(op, Loop):
        return _rewrite_loop(op, inputs, run)
    if isinstance(op, If) and isinstance(inputs[0], Constant):  # the other branch may be impossible
        return vectorize_loops(op.bodies[0 if inputs[0].data else 1](inputs[1:]), run)
    new = reapply(node, op.map_results(partial(vectorize_loops, run=run)), inputs)
    return fold(new) if op.foldable else new.outputs


def _rewrite_loop(loop: Loop, inputs: Sequence[Variable], run: Run | None) -> Sequence[Variable]:
    start, stop = inputs[:2]
    if isinstance(start, Constant) and isinstance(stop, Constant):
        try:
            return _whole_loop(loop, inputs)
        except Recurrence:
            pass
        table = tabulate(loop, inputs, run)
        if table is not None:
            return vectorize_loops(table, run)
        if not loop.stops and int(stop.data) - int(start.data) <= MOST_UNROLLED:
            return vectorize_loops(_unroll(loop, inputs), run)
    return loop.map_results(partial(vectorize_loops, run=run)).apply(*inputs).outputs


def _whole_loop(loop: Loop, inputs: Sequence[Variable]) -> list[Variable]:
    outside = Context()
    values = Evaluation(outside, {}).loop(loop, list(inputs))
    return [v.variable if isinstance(v, Batched) else v for v in values]  # type: ignore[misc]


def _unroll(loop: Loop, inputs: Sequence[Variable]) -> list[Variable]:
    start, stop, *rest = inputs
    carried, invariants = list(rest[: loop.n_carried]), rest[loop.n_carried :]
    steps = range(int(start.data), int(stop.data))  # type: ignore[attr-defined]
    for i in reversed(steps) if loop.backwards else steps:
        carried = loop.body([constant(i), *carried, *invariants])
    return carried


def _additions(node: Apply, inputs: Sequence[Variable]) -> Sequence[Variable]:
    """x with x[i] = x[i] + v is x with v added at i."""
    if node.op == SetAt() and all(v.ndim == 0 for v in inputs[2:]):
        x, value, *at = inputs
        if value.op == add.op:
            for old, amount in (value.inputs, value.inputs[::-1]):
                if old.op == Gather() and all(a is b for a, b in zip(old.inputs, (x, *at), strict=True)):
                    return [AddAt()(x, amount, *at)]
    return node.op.apply(*inputs).outputs


class Evaluation:
    """Values of the variables of one inner graph in one context."""

    def __init__(self, context: Context, values: dict[Variable, Value], outer: Evaluation | None = None) -> None:
        self.context = context
        self.values = values
        self.carries: list[Carry] = outer.carries if outer else []
        self.index: Variable | None = outer.index if outer else None

    def run(self, body: Body) -> list[Value]:
        """The results of `body`, whose parameters have values already."""
        results = map_graph(body.results, _additions)
        for node in toposort(results, stop=tuple(self.values)):
            if all(v in self.values for v in node.outputs):
                continue
            inputs = [self.values.get(v, v) for v in node.inputs]
            if isinstance(node.op, Loop):
                outputs = self.loop(node.op, inputs)
            elif isinstance(node.op, If):
                outputs = self.branch(node.op, inputs)
            elif isinstance(node.op, Solver):
                outputs = self.solver(node.op, inputs)
            else:
                outputs = [self.apply(node.op, inputs)]
            self.values.update(zip(node.outputs, outputs, strict=True))
        return [self.values.get(v, v) for v in results]

    def apply(self, op: Op, inputs: Sequence[Value]) -> Value:
        try:
            return vectorized(op, self, inputs)
        except IndexError as error:
            raise IndexOutOfRange(self.index, str(error)) from None

    def solver(self, op: Solver, inputs: Sequence[Value]) -> list[Value]:
        """Differential equations are solved for a whole batch; their sensitivities are not computed again then."""
        found = [self.plain(v) for v in inputs]
        plain = [v for v in found if isinstance(v, Variable)]
        if len(plain) == len(found):
            return list(op.apply(*plain).outputs)
        times = [v.variable if isinstance(v, Batched) else v for v in found[2:4]]
        if not isinstance(op, Differential) or not all(isinstance(v, Constant) for v in times):
            raise Recurrence("a solver")
        batches = [self.batched(v).variable for v in found]
        outputs = replace(op, batch=self.context.ndim + op.batch).apply(*batches).outputs
        return [self.wrap(make(BroadcastTo(self.context.axes + v.shape[self.context.ndim :]), v)) for v in outputs]

    # ---------------------------------------------------------------------------------------- helpers

    def plain(self, value: Value) -> Variable | Batched:
        """A value without unfinished writes, in this context if it is batched."""
        if isinstance(value, State):
            return states.read_all(value, self.context)
        return value if isinstance(value, Variable) else expand(value, self.context)

    def batched(self, value: Value) -> Batched:
        """The value with axes of this context, of size 1 if it is the same in every iteration."""
        found = self.plain(value)
        if isinstance(found, Batched):
            return found
        return Batched(reshaped(found, (1,) * self.context.ndim + found.shape), self.context)

    def wrap(self, variable: Variable) -> Batched:
        return Batched(variable, self.context)

    # ------------------------------------------------------------------------------------------ loops

    def loop(self, loop: Loop, inputs: Sequence[Value]) -> list[Value]:
        """A loop inside this context: its iterations become one more axis, or a list of iterations."""
        if loop.stops:
            raise Recurrence("a loop ends on a condition")
        outer_index, self.index = self.index, loop.index
        start, stop = (self.bound(v) for v in inputs[:2])
        initial, invariants = inputs[2 : 2 + loop.n_carried], inputs[2 + loop.n_carried :]
        lengths = np.maximum(stop - start, 0)
        if lengths.size == 0 or not lengths.any():
            self.index = outer_index
            return list(initial)
        if (lengths == lengths.flat[0]).all():
            inside = self.context.grid(int(lengths.flat[0]))
            begin = start[..., None]
            length: np.ndarray = lengths.reshape(lengths.shape)[..., None]
        else:
            inside = self.context.ragged(lengths)
            begin = np.broadcast_to(start, self.context.axes).ravel()[inside.rows]
            length = np.broadcast_to(lengths, self.context.axes).ravel()[inside.rows]
        steps = inside.coordinates[-1]
        index = begin + (length - 1 - steps if loop.backwards else steps)
        carries = [
            Carry(v, c.shape, c.dtype, inside) for c, v in zip(loop.carried, initial, strict=True)
        ]
        self.carries.extend(carries)
        values: dict[Variable, Value] = {loop.index: Batched(array(index.astype("int64")), inside)}
        values.update((c, State(carry)) for c, carry in zip(loop.carried, carries, strict=True))
        values.update(zip(loop.invariants, invariants, strict=True))
        inner = Evaluation(inside, values, self)
        results = inner.run(loop.body)
        self.index = outer_index
        return [self.after(r, carry, inside, lengths) for r, carry in zip(results, carries, strict=True)]

    def bound(self, value: Value) -> np.ndarray:
        """A loop's bound as numbers, one for each iteration of this context."""
        found = self.batched(value).known
        if found is None:
            raise Recurrence("a loop's bound depends on a parameter")
        return found

    def after(self, result: Value, carry: Carry, inside: Context, lengths: np.ndarray) -> Value:
        """What a carried value is after the loop."""
        if isinstance(result, State) and result.carry is carry:
            return states.close(result, inside)
        if isinstance(result, State):
            raise Recurrence("a carried value becomes another one")
        if carry.reads and lengths.max() > 1:
            raise Recurrence("a carried value is read as it was before the iteration, and replaced")
        if not lengths.all():
            raise Recurrence("a value is overwritten by a loop that may not run")
        if isinstance(result, Variable):
            return result
        return self.last(expand(result, inside), inside, lengths)

    def last(self, value: Batched, inside: Context, lengths: np.ndarray) -> Value:
        """The value in the last iteration of the inner loop."""
        v, axis = value.variable, inside.ndim - 1
        if inside.rows is None:
            order = (axis, *(k for k in range(v.ndim) if k != axis))
            found = make(Gather(), make(Transpose(order), v), constant(v.shape[axis] - 1))
        else:
            full = np.broadcast_to(lengths, self.context.axes).ravel()
            at = array((np.cumsum(full) - 1).reshape(self.context.axes))
            found = make(Gather(), value.full, at)
        return found if self.context.ndim == 0 else self.wrap(found)

    # --------------------------------------------------------------------------------------- branches

    def branch(self, op: If, inputs: Sequence[Value]) -> list[Value]:
        """A condition on data splits the iterations; each branch is evaluated on its own."""
        condition = self.batched(inputs[0]).known
        operands = inputs[1:]
        if condition is None:
            return self.either(op, inputs[0], operands)
        mask = condition.astype(bool)
        if mask.all() or not mask.any():
            body = op.then if mask.all() else op.otherwise
            return Evaluation(self.context, dict(zip(body.parameters, operands, strict=True)), self).run(body)
        results = []
        for body, chosen in ((op.then, mask), (op.otherwise, ~mask)):
            inside = self.context.subset(chosen)
            evaluation = Evaluation(inside, dict(zip(body.parameters, operands, strict=True)), self)
            results.append((inside, evaluation.run(body)))
        (first, then), (second, otherwise) = results
        return [self.join(a, first, b, second) for a, b in zip(then, otherwise, strict=True)]

    def either(self, op: If, condition: Value, operands: Sequence[Value]) -> list[Value]:
        """Both branches, where only discrete unknowns decide: their states will be constants, and one branch
        remains."""
        chosen = self.batched(condition)
        if any(r.dtype != "int64" for r in roots_of([chosen.variable]) if not isinstance(r, Constant)):
            raise Recurrence("a condition depends on a parameter")
        results = []
        for body in op.bodies:
            results.append(Evaluation(self.context, dict(zip(body.parameters, operands, strict=True)), self).run(body))
        if any(isinstance(v, State) for result in results for v in result):
            raise Recurrence("a condition decides whether a carried value changes")
        return [self.apply(switch.op, [chosen, a, b]) for a, b in zip(*results, strict=True)]

    def join(self, a: Value, first: Context, b: Value, second: Context) -> Value:
        """One value from those of the two branches."""
        if isinstance(a, State) and isinstance(b, State) and a.carry is b.carry:
            common = 0
            while common < min(len(a.writes), len(b.writes)) and a.writes[common] is b.writes[common]:
                common += 1
            added = a.added + tuple(v for v in b.added if all(v is not w for w in a.added))
            return replace(a, writes=a.writes + b.writes[common:], added=added)
        if isinstance(a, State) or isinstance(b, State):
            raise Recurrence("a condition decides whether a carried value changes")
        parts = []
        for value, inside in ((a, first), (b, second)):
            known = expand(value, inside) if isinstance(value, Batched) else Batched(
                reshaped(value, (1,) * inside.ndim + value.shape), inside)
            parts.append(known)
        shape = self.context.axes + parts[0].event_shape
        merged = states.empty(shape, parts[0].variable.dtype)
        for part in parts:
            merged = make(SetAt(), merged, part.full, *map(array, part.context.positions()))
        return self.wrap(merged)


# ------------------------------------------------------------------------------------------ rules by op


@singledispatch
def vectorized(op: Op, on: Evaluation, inputs: Sequence[Value]) -> Value:
    """The output of `op` in every iteration. By default an op takes batches in front of its inputs' axes."""
    found = [on.plain(v) for v in inputs]
    if all(isinstance(v, Variable) for v in found):
        return make(op, *found)  # type: ignore[arg-type]
    return on.wrap(make(op, *(v.variable if isinstance(v, Batched) else v for v in found)))


@vectorized.register
def _(op: Report, on: Evaluation, inputs: Sequence[Value]) -> Value:
    raise Recurrence("reports are in order")


def _aligned(op: Op, on: Evaluation, inputs: Sequence[Value]) -> Value:
    """Ops that broadcast: event axes are aligned first."""
    found = [on.plain(v) for v in inputs]
    if all(isinstance(v, Variable) for v in found):
        return make(op, *found)  # type: ignore[arg-type]
    event = max(v.event_ndim if isinstance(v, Batched) else v.ndim for v in found)
    return on.wrap(make(op, *(align(v, event) if isinstance(v, Batched) else v for v in found)))


@vectorized.register
def _elementwise(op: Elementwise, on: Evaluation, inputs: Sequence[Value]) -> Value:
    if op in (add.op, sub.op):
        for k, (value, other) in enumerate(((inputs[0], inputs[1]), (inputs[1], inputs[0]))):
            if (
                isinstance(value, State)
                and value.carry.dtype == "float64"
                and not value.writes
                and (op is add.op or k == 0)
            ):
                amount = on.plain(other)
                amount = amount if isinstance(amount, Batched) else on.batched(amount)
                if amount.event_ndim <= len(value.carry.shape):
                    amount = on.wrap(make(neg.op, amount.variable)) if op == sub.op else amount
                    shape = np.broadcast_shapes(amount.event_shape, value.carry.shape)
                    lead = amount.variable.shape[: on.context.ndim]
                    whole = make(BroadcastTo(lead + shape), align(amount, len(shape)))
                    return states.add_to(value, on.wrap(whole))
    return _aligned(op, on, inputs)


@vectorized.register
def _matmul(op: MatMul, on: Evaluation, inputs: Sequence[Value]) -> Value:
    return _aligned(op, on, inputs)


@vectorized.register
def _gather(op: Gather, on: Evaluation, inputs: Sequence[Value]) -> Value:
    x, *rest = inputs
    if isinstance(x, Variable) and all(isinstance(v, Variable) for v in rest):
        _check_range(x.shape, rest)  # type: ignore[arg-type]
        return make(op, x, *rest)  # type: ignore[arg-type]
    indices = [on.batched(v) for v in rest]
    shape = x.carry.shape if isinstance(x, State) else x.shape if isinstance(x, Variable) else x.event_shape
    _check_range(shape, [i.variable for i in indices])
    return states.read(x, indices, on.context)


def _check_range(shape: Sequence[int], indices: Sequence[Variable]) -> None:
    for axis, (size, index) in enumerate(zip(shape, indices, strict=False)):
        if isinstance(index, Constant) and index.data.size:
            low, high = int(index.data.min()), int(index.data.max())
            if low < 0 or high >= size:
                bad = (low if low < 0 else high) + 1
                raise IndexError(f"index {bad} is out of range: the size of axis {axis + 1} is {size}")


@vectorized.register(SetAt)
@vectorized.register(AddAt)
def _write(op: SetAt | AddAt, on: Evaluation, inputs: Sequence[Value]) -> Value:
    x, value, *rest = inputs
    if all(isinstance(v, Variable) for v in inputs):
        return make(op, *inputs)  # type: ignore[arg-type]
    indices = [on.batched(v) for v in rest]
    if isinstance(x, State):
        _check_range(x.carry.shape, [i.variable for i in indices])
        return states.write(x, Access(tuple(indices), on.context, on.batched(value), isinstance(op, AddAt)))
    base = on.batched(x)
    stored = on.batched(value)
    _check_range(base.event_shape, [i.variable for i in indices])
    event = max(i.event_ndim for i in indices)
    axes = on.context.axes
    lead = [array(states._axis(len(axes), k, n, event)) for k, n in enumerate(axes)]
    at = [align(i, event) for i in indices]
    target = event + len(base.event_shape) - len(indices)
    return on.wrap(make(op, base.full, align(stored, target), *lead, *at))


@vectorized.register
def _reshape(op: Reshape, on: Evaluation, inputs: Sequence[Value]) -> Value:
    found = on.plain(inputs[0])
    if isinstance(found, Variable):
        return make(op, found)
    return on.wrap(reshaped(found.variable, found.variable.shape[: on.context.ndim] + op.shape))


@vectorized.register
def _broadcast(op: BroadcastTo, on: Evaluation, inputs: Sequence[Value]) -> Value:
    found = on.plain(inputs[0])
    if isinstance(found, Variable):
        return make(op, found)
    lead = found.variable.shape[: on.context.ndim]
    return on.wrap(make(BroadcastTo(lead + op.shape), align(found, len(op.shape))))


@vectorized.register
def _transpose(op: Transpose, on: Evaluation, inputs: Sequence[Value]) -> Value:
    found = on.plain(inputs[0])
    if isinstance(found, Variable):
        return make(op, found)
    n = on.context.ndim
    return on.wrap(make(Transpose((*range(n), *(a + n for a in op.axes))), found.variable))


@vectorized.register
def _join(op: Join, on: Evaluation, inputs: Sequence[Value]) -> Value:
    found = [on.plain(v) for v in inputs]
    if all(isinstance(v, Variable) for v in found):
        return make(op, *found)  # type: ignore[arg-type]
    parts = [on.batched(v) for v in found]
    lead = np.broadcast_shapes(*(p.variable.shape[: on.context.ndim] for p in parts))
    return on.wrap(make(op, *(make(BroadcastTo(lead + p.event_shape), p.variable) for p in parts)))


@vectorized.register
def _step_token(op: StepToken, on: Evaluation, inputs: Sequence[Value]) -> Value:
    return make(op, *(v for v in inputs if isinstance(v, Variable)))


@vectorized.register
def _random_variable(op: RandomVariable, on: Evaluation, inputs: Sequence[Value]) -> Value:
    token, *parameters = inputs
    found = []
    for p, event in zip(parameters, op.law.event_ndims, strict=True):
        plain = on.plain(p)
        found.append(align(plain, len(op.batch) + event) if isinstance(plain, Batched) else plain)
    return on.wrap(make(replace(op, batch=on.context.axes + op.batch), token, *found))  # type: ignore[arg-type]


@vectorized.register
def _primitive(op: PrimitiveDraw, on: Evaluation, inputs: Sequence[Value]) -> Value:
    token, *parameters = inputs
    found = []
    for p in parameters:
        plain = on.plain(p)
        found.append(align(plain, len(op.shape)) if isinstance(plain, Batched) else plain)
    return on.wrap(make(replace(op, shape=on.context.axes + op.shape), token, *found))  # type: ignore[arg-type]


@vectorized.register
def _truncated(op: Truncated, on: Evaluation, inputs: Sequence[Value]) -> Value:
    return _aligned(op, on, inputs)


@vectorized.register
def _log_prob(op: LogProb, on: Evaluation, inputs: Sequence[Value]) -> Value:
    return _aligned(op, on, inputs)


Rule = Callable[[Op, Evaluation, Sequence[Value]], Value]
__all__ = ["Evaluation", "IndexOutOfRange", "Rule", "mul", "vectorize_loops"]
