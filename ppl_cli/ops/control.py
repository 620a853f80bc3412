"""Control flow: `Loop` and `If`, ops that hold an inner graph.

An inner graph is closed: its roots are the loop index, the carried values and one root per outer variable read.
`make_loop` and `make_if` close a graph that was traced with free use of outer variables; what does not depend on
the index or on carried values stays outside, so loop-invariant work is hoisted when the op is made.
"""
from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ppl_cli.graph.basic import Apply, Constant, Op, Variable, as_variable, constant, root
from ppl_cli.graph.gradient import vjp
from ppl_cli.graph.traversal import clone_replace, dependents, evaluate, toposort, variables_of
from ppl_cli.graph.types import TensorType
from ppl_cli.ops.indexing import Gather, SetAt, affine, gather, set_at
from ppl_cli.ops.scalar_math import add, either, ge, minimum, ne, sub, switch
from ppl_cli.ops.shape import empty

LARGEST_HISTORY = 50_000_000  # numbers that the gradient of a loop may keep of its iterations
LARGEST_OPEN_HISTORY = 5_000_000  # the same where the number of iterations is not known: room is kept for so many


@dataclass(frozen=True, eq=False)
class Body:
    """A closed inner graph: `results` computed from the roots `parameters`."""

    parameters: tuple[Variable, ...]
    results: tuple[Variable, ...]

    def __call__(self, arguments: Sequence[Variable]) -> list[Variable]:
        """The results with `arguments` in the place of the parameters."""
        return clone_replace(self.results, dict(zip(self.parameters, arguments, strict=True)))

    def evaluate(self, arguments: Sequence[np.ndarray]) -> list[np.ndarray]:
        return evaluate(self.results, dict(zip(self.parameters, arguments, strict=True)))


class InnerGraphOp(Op):
    """An op that holds inner graphs."""

    @property
    def bodies(self) -> tuple[Body, ...]:
        raise NotImplementedError

    def with_bodies(self, bodies: Sequence[Body]) -> InnerGraphOp:
        """The same op with other inner graphs, which have the same parameters."""
        raise NotImplementedError

    def map_results(self, transform: Callable[[Sequence[Variable]], Sequence[Variable]]) -> InnerGraphOp:
        """The same op with `transform` applied to the results of each inner graph."""
        new = [replace(b, results=tuple(transform(b.results))) for b in self.bodies]
        pairs = zip(self.bodies, new, strict=True)
        unchanged = all(x is y for b, n in pairs for x, y in zip(b.results, n.results, strict=True))
        return self if unchanged else self.with_bodies(new)

    @property
    def foldable(self) -> bool:
        return False  # evaluated by NumPy step by step, a loop is slower than compiled

    @property
    def pure(self) -> bool:
        return all(node.op.pure for b in self.bodies for node in toposort(b.results))


@dataclass(frozen=True)
class Loop(InnerGraphOp):
    """`for index in start .. stop - 1`, carrying values from one iteration to the next.

    Inputs: (start, stop, *initial values, *invariants). The body's parameters are (index, *carried, *invariants), its
    results the carried values for the next iteration; the outputs are those after the last. `backwards` counts down.
    With `stops`, the first carried value is an int, and no iteration begins when it is not 0.
    """

    body: Body
    n_carried: int
    backwards: bool = False
    stops: bool = False
    name = "Loop"

    @property
    def index(self) -> Variable:
        return self.body.parameters[0]

    @property
    def carried(self) -> tuple[Variable, ...]:
        return self.body.parameters[1 : 1 + self.n_carried]

    @property
    def invariants(self) -> tuple[Variable, ...]:
        return self.body.parameters[1 + self.n_carried :]

    @property
    def bodies(self) -> tuple[Body, ...]:
        return (self.body,)

    def with_bodies(self, bodies: Sequence[Body]) -> Loop:
        return replace(self, body=bodies[0])

    def output_types(self, *inputs: TensorType) -> tuple[TensorType, ...]:
        for old, new in zip(self.carried, self.body.results, strict=True):
            if old.type != new.type:
                raise TypeError(f"a carried {old.type} becomes {new.type}")
        return tuple(v.type for v in self.body.results)

    def perform(self, *inputs: np.ndarray) -> tuple[np.ndarray, ...]:
        start, stop, *rest = inputs
        carried, invariants = rest[: self.n_carried], rest[self.n_carried :]
        steps = range(int(start), int(stop))
        for i in reversed(steps) if self.backwards else steps:
            if self.stops and carried[0]:
                break
            carried = self.body.evaluate([np.asarray(i), *carried, *invariants])
        return tuple(carried)

    def grad(
        self, inputs: Sequence[Variable], outputs: Sequence[Variable], gradients: Sequence[Variable]
    ) -> Sequence[Variable | None]:
        return _loop_gradient(self, inputs, outputs, gradients)


@dataclass(frozen=True)
class If(InnerGraphOp):
    """Inputs: (condition, *operands). The outputs of `then` or `otherwise` on the operands; only one is evaluated."""

    then: Body
    otherwise: Body
    name = "If"

    @property
    def bodies(self) -> tuple[Body, ...]:
        return (self.then, self.otherwise)

    def with_bodies(self, bodies: Sequence[Body]) -> If:
        return If(*bodies)

    def output_types(self, *inputs: TensorType) -> tuple[TensorType, ...]:
        for a, b in zip(self.then.results, self.otherwise.results, strict=True):
            if a.type != b.type:
                raise TypeError(f"branches of {a.type} and {b.type}")
        return tuple(v.type for v in self.then.results)

    def perform(self, *inputs: np.ndarray) -> tuple[np.ndarray, ...]:
        return tuple((self.then if inputs[0] else self.otherwise).evaluate(inputs[1:]))

    def grad(
        self, inputs: Sequence[Variable], outputs: Sequence[Variable], gradients: Sequence[Variable]
    ) -> Sequence[Variable | None]:
        condition, *operands = inputs
        wanted = [k for k, v in enumerate(operands) if v.dtype == "float64"]
        seeds = [root("g", v.dtype, v.shape) for v in outputs]

        def branch(body: Body) -> Body:
            wrt = [body.parameters[k] for k in wanted]
            used = [s if v.dtype == "float64" else None for v, s in zip(body.results, seeds, strict=True)]
            return Body((*body.parameters, *seeds), tuple(vjp(body.results, wrt, used)))

        parts: list[Variable | None] = [None] * len(inputs)
        node = If(branch(self.then), branch(self.otherwise)).apply(condition, *operands, *gradients)
        for k, v in zip(wanted, node.outputs, strict=True):
            parts[1 + k] = v
        return parts


def _close(inner: Iterable[Variable], results: Sequence[Variable]) -> tuple[Body, list[Variable]]:
    """The body over the roots `inner` that computes `results`, and the outer variables it reads, in order."""
    inner = tuple(inner)
    dependent = dependents(results, inner)
    free: dict[Variable, Variable] = {}

    def visit(v: Variable) -> None:
        if v not in dependent and not isinstance(v, Constant) and v not in free:
            free[v] = root(v.name or "", v.dtype, v.shape)

    for v in results:
        visit(v)
    for node in toposort(results):
        if node.outputs[0] in dependent:
            for v in node.inputs:
                visit(v)
    body = Body((*inner, *free.values()), tuple(clone_replace(results, free)))
    return body, list(free)


def make_loop(
    index: Variable,
    carried: Sequence[Variable],
    results: Sequence[Variable],
    start: Variable | int,
    stop: Variable | int,
    initial: Sequence[Variable],
    backwards: bool = False,
    stops: bool = False,
) -> list[Variable]:
    """The final values of `carried`, which begin as `initial` and become `results` in each iteration."""
    body, free = _close((index, *carried), results)
    op = Loop(body, len(carried), backwards, stops)
    return list(op.apply(as_variable(start), as_variable(stop), *initial, *free).outputs)


def make_table(index: Variable, values: Sequence[Variable], count: int) -> list[Variable]:
    """What `values` are for each `index` from 0 to before `count`, as rows [count, ...]."""
    tables = [root("table", v.dtype, (count, *v.shape)) for v in values]
    filled = [set_at(table, v, index) for table, v in zip(tables, values, strict=True)]
    return make_loop(index, tables, filled, 0, count, [constant(np.zeros(t.shape, t.dtype)) for t in tables])


def make_if(
    condition: Variable, then: Sequence[Variable], otherwise: Sequence[Variable], outer: Iterable[Variable] = ()
) -> list[Variable]:
    """The variables `then` where the condition holds, else `otherwise`; pairs have the same types.

    `outer` are the variables that exist whatever the condition; all else that the branches compute is inside them, so
    that nothing is evaluated that the condition rules out.
    """
    stops = {v for v in outer if not isinstance(v, Constant)}
    parameters = [
        v for v in variables_of([*then, *otherwise], stop=stops)
        if v in stops or (v.owner is None and not isinstance(v, Constant))
    ]
    bodies = []
    for results in (then, otherwise):
        copies = [root(v.name or "", v.dtype, v.shape) for v in parameters]
        bodies.append(Body(tuple(copies), tuple(clone_replace(results, dict(zip(parameters, copies, strict=True))))))
    return list(If(*bodies).apply(condition, *parameters).outputs)


def _loop_gradient(
    loop: Loop, inputs: Sequence[Variable], outputs: Sequence[Variable], gradients: Sequence[Variable]
) -> list[Variable | None]:
    """The reverse loop: it carries the adjoints of the carried values and sums those of the invariants."""
    start, stop, *rest = inputs
    invariants = rest[loop.n_carried :]
    inner_c = [v for v in loop.carried if v.dtype == "float64"]
    inner_i = [v for v in loop.invariants if v.dtype == "float64"]
    adjoint = {v: root("adjoint", "float64", v.shape) for v in (*inner_c, *inner_i)}
    seeds = [adjoint.get(c) for c in loop.carried]
    by_carried_and_invariants = vjp(loop.body.results, [*inner_c, *inner_i], seeds)
    steps = [
        g if v in set(inner_c) else adjoint[v] + g
        for v, g in zip((*inner_c, *inner_i), by_carried_and_invariants, strict=True)
    ]
    needed = [c for c in loop.carried if c in variables_of(steps)]
    outer = dict(zip(loop.invariants, invariants, strict=True))
    for c, final in zip(loop.carried, outputs, strict=True):
        states = _written_once(loop, c, steps) if c in needed and c.ndim else None
        if states is not None:
            outer.update((state, final) for state in states)
            needed.remove(c)
    history = _history(loop, inputs, needed)
    position = sub(loop.index, history.first)
    outer.update((c, gather(history.values[c], position)) for c in needed)
    closed = clone_replace(steps, outer)
    begin = [g for c, g in zip(loop.carried, gradients, strict=True) if c in adjoint]
    begin += [constant(np.zeros(v.shape)) for v in inner_i]
    carried = [adjoint[v] for v in (*inner_c, *inner_i)]
    found = make_loop(
        loop.index, carried, closed, history.first, history.last, begin, backwards=not loop.backwards)
    if history.complete is not None:
        found = [switch(history.complete, v, np.nan) for v in found]
    sums = dict(zip((*inner_c, *inner_i), found, strict=True))
    return [None, None, *(sums.get(v) for v in loop.carried), *(sums.get(v) for v in loop.invariants)]


@dataclass(frozen=True)
class History:
    """The iterations of a loop: indexes from `first` to before `last`, and what carried values were at their starts.

    `complete` is false at run time if there were more iterations than could be kept, and None if that cannot be.
    """

    first: Variable
    last: Variable
    values: dict[Variable, Variable]
    complete: Variable | None = None


def _history(loop: Loop, inputs: Sequence[Variable], needed: Sequence[Variable]) -> History:
    """Run `loop` again and keep the values that are `needed` of each iteration."""
    start, stop, *rest = inputs
    if not needed and not loop.stops:
        return History(start, stop, {})
    known = isinstance(start, Constant) and isinstance(stop, Constant)
    room = LARGEST_HISTORY if known and not loop.stops else LARGEST_OPEN_HISTORY
    size = max(sum(c.type.size for c in needed), 1)
    n, end = room // size, stop
    if known:
        n = min(n, max(int(stop.data) - int(start.data), 0))  # type: ignore[attr-defined]
    if loop.stops and loop.backwards:
        raise NotImplementedError("second derivatives of a loop that ends on a condition")
    if not known or loop.stops:
        end = minimum(stop, add(start, n))
    elif n < int(stop.data) - int(start.data):  # type: ignore[attr-defined]
        raise NotImplementedError("the gradient of a loop that would have to keep too many values")
    tapes = [root("history", c.dtype, (n, *c.shape)) for c in needed]
    count = root("count", "int64")
    outer = dict(zip(loop.invariants, rest[loop.n_carried :], strict=True))
    results = clone_replace(loop.body.results, outer)
    results += [set_at(tape, c, sub(loop.index, start)) for tape, c in zip(tapes, needed, strict=True)]
    blank: list[Variable] = [empty(t.shape, t.dtype) for t in tapes]
    if not loop.stops:
        final = make_loop(loop.index, (*loop.carried, *tapes), results, start, end,
                          (*rest[: loop.n_carried], *blank), loop.backwards)
        values = dict(zip(needed, final[loop.n_carried :], strict=True))
        return History(start, end, values, None if known else ge(end, stop))
    final = make_loop(loop.index, (*loop.carried, *tapes, count), [*results, add(count, 1)], start, end,
                      (*rest[: loop.n_carried], *blank, constant(0)), stops=True)
    last = add(start, final[-1])
    values = dict(zip(needed, final[loop.n_carried : -1], strict=True))
    return History(start, last, values, either(ne(final[0], 0), ge(last, stop)))


def _written_once(loop: Loop, carried: Variable, uses: Sequence[Variable]) -> list[Variable] | None:
    """The states of a carried tensor in one iteration, if every element that `uses` read of them is final by then.

    Then the tensor after the loop stands for all of them and no history is needed: `a[t] = f(a[t - 1])` is the usual.
    """
    result = dict(zip(loop.carried, loop.body.results, strict=True))[carried]
    states = [result]
    while states[-1].op == SetAt():
        states.append(states[-1].inputs[0])
    if states.pop() is not carried:
        return None
    chain = [carried, *reversed(states)]
    for node in toposort(uses):
        if not any(v in chain for v in node.inputs) or (node.op == SetAt() and node.outputs[0] in chain):
            continue
        found = _positions_read(loop, node, chain)
        if found is None:
            return None
        for read, positions in found:
            done = chain.index(read)
            for k, state in enumerate(chain[1:], 1):
                if not _final(loop, positions, state.inputs[2:], k <= done):
                    return None
    return None if any(v in chain for v in uses) else chain


Affine = tuple[Variable | None, int]  # a variable plus a number


def _positions_read(loop: Loop, node: Apply, chain: Sequence[Variable]) -> list[tuple[Variable, list[Affine]]] | None:
    """Which of `chain` a node reads and where: at most so far along each axis, or at least if `loop` runs backwards."""
    if node.op == Gather():
        positions: list[Affine] = [*map(affine, node.inputs[1:])]
        return None if any(v in chain for v in node.inputs[1:]) else [(node.inputs[0], positions)]
    inner = node.op
    if not isinstance(inner, Loop) or any(v in chain for v in node.inputs[: 2 + inner.n_carried]):
        return None
    outer = dict(zip(inner.invariants, node.inputs[2 + inner.n_carried :], strict=True))
    tensors = {p for p, v in outer.items() if v in chain}
    found: list[tuple[Variable, list[Affine]]] = []
    for part in toposort(inner.body.results):
        if not any(v in tensors for v in part.inputs):
            continue
        if part.op != Gather() or any(v in tensors for v in part.inputs[1:]):
            return None
        positions = []
        for r in part.inputs[1:]:
            base: Variable | None
            base, offset = affine(r)
            if base is inner.index:
                base, more = affine(node.inputs[0 if loop.backwards else 1])
                offset += more if loop.backwards else more - 1
            elif base is not None:
                base, more = affine(outer[base]) if base in outer else (None, 0)
                offset += more
            positions.append((base, offset))
        found.append((outer[part.inputs[0]], positions))
    return None if any(r in tensors for r in inner.body.results) else found


def _final(loop: Loop, read: Sequence[Affine], written: Sequence[Variable], already: bool) -> bool:
    """Whether no later iteration writes what is read (nor this one, unless it has `already`)."""
    for (base_r, offset_r), w in zip(read, written, strict=False):
        base_w, offset_w = affine(w)
        if base_r is loop.index and base_w is loop.index:
            ahead = offset_r - offset_w if not loop.backwards else offset_w - offset_r
            if ahead < 0 or (already and ahead == 0):
                return True
    return False
