"""Canonical control flow: decided branches are inlined, loops carry and read only what they need.

What a loop carries unchanged is invariant; constants and repeated invariants are merged into the body. Which outputs
are needed is a question to the whole graph, so `drop_unused` is a pass of its own.
"""
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache

from ppl_cli.graph.basic import Apply, Constant, Op, Variable, root
from ppl_cli.graph.rewriting import Rewritten, RuleSet, rewrite
from ppl_cli.graph.traversal import clone_replace, dependents, map_graph, reapply, toposort, variables_of
from ppl_cli.ops.control import Body, If, InnerGraphOp, Loop
from ppl_cli.ops.elementwise import Elementwise
from ppl_cli.ops.indexing import Gather
from ppl_cli.ops.scalar_math import CHEAPER_THAN_MEMORY
from ppl_cli.ops.shape import BroadcastTo, Empty, Join, Reshape, Transpose


@rewrite("known-condition", If)
def known_condition(node: Apply) -> Rewritten:
    condition, *operands = node.inputs
    if not isinstance(condition, Constant):
        return None
    then, otherwise = node.op.bodies
    return (then if condition.data else otherwise)(operands)


@rewrite("same-branches", If)
def same_branches(node: Apply) -> Rewritten:
    """A result that both branches compute in the same way from the operands needs no choice."""
    op, operands = node.op, node.inputs[1:]
    then, otherwise = (body(operands) for body in op.bodies)
    chosen = [k for k, (a, b) in enumerate(zip(then, otherwise, strict=True)) if a is not b]
    if len(chosen) == len(then):
        return None
    kept = iter(_with_results(op, chosen).apply(*node.inputs).outputs if chosen else ())  # type: ignore[arg-type]
    return [a if a is b else next(kept) for a, b in zip(then, otherwise, strict=True)]


def _with_results(op: If, numbers: Sequence[int]) -> If:
    """The same choice with only the results of the given numbers."""
    return If(*(replace(b, results=tuple(b.results[k] for k in numbers)) for b in op.bodies))


@rewrite("no-iteration", Loop)
def no_iteration(node: Apply) -> Rewritten:
    start, stop, *rest = node.inputs
    if start is stop or (isinstance(start, Constant) and isinstance(stop, Constant) and start.data >= stop.data):
        return rest[: len(node.outputs)]
    return None


@rewrite("never-stops", Loop)
def never_stops(node: Apply) -> Rewritten:
    """A condition to stop that is never fulfilled is none."""
    loop: Loop = node.op  # type: ignore[assignment]
    if not loop.stops or not _is_zero(node.inputs[2]):
        return None
    if loop.body.results[0] is not loop.carried[0] and not _is_zero(loop.body.results[0]):
        return None
    return replace(loop, stops=False).apply(*node.inputs).outputs


def _is_zero(v: Variable) -> bool:
    return isinstance(v, Constant) and not v.data.any()


@rewrite("carried-unchanged", Loop)
def carried_unchanged(node: Apply) -> Rewritten:
    """A value that no iteration changes is an invariant, and stays what it was."""
    loop: Loop = node.op  # type: ignore[assignment]
    changing = [
        k for k, (v, new) in enumerate(zip(loop.carried, loop.body.results, strict=True))
        if v is not new or (loop.stops and k == 0)
    ]
    if len(changing) == loop.n_carried:
        return None
    fixed = [k for k in range(loop.n_carried) if k not in changing]
    bounds, initial, outer = node.inputs[:2], node.inputs[2 : 2 + loop.n_carried], node.inputs[2 + loop.n_carried :]
    body = Body(
        (loop.index, *(loop.carried[k] for k in (*changing, *fixed)), *loop.invariants),
        tuple(loop.body.results[k] for k in changing),
    )
    inputs = (*bounds, *(initial[k] for k in (*changing, *fixed)), *outer)
    outputs = iter(replace(loop, body=body, n_carried=len(changing)).apply(*inputs).outputs if changing else ())
    return [next(outputs) if k in changing else initial[k] for k in range(loop.n_carried)]


@rewrite("merge-operands", Loop, If)
def merge_operands(node: Apply) -> Rewritten:
    """Operands that are constant, repeated or not read are no operands."""
    op: InnerGraphOp = node.op  # type: ignore[assignment]
    first = 2 + op.n_carried if isinstance(op, Loop) else 1
    given = node.inputs[first:]
    skipped = len(op.bodies[0].parameters) - len(given)  # the loop's index and carried values
    read = set().union(*(variables_of(b.results) for b in op.bodies))
    kept: dict[Variable, int] = {}
    for k, v in enumerate(given, skipped):
        if not isinstance(v, Constant) and any(b.parameters[k] in read for b in op.bodies):
            kept.setdefault(v, k)
    if len(kept) == len(given):
        return None
    bodies = []
    for b in op.bodies:
        merged = {
            b.parameters[k]: v if isinstance(v, Constant) else b.parameters[kept[v]]
            for k, v in enumerate(given, skipped) if (isinstance(v, Constant) or v in kept) and kept.get(v) != k
        }
        parameters = (*b.parameters[:skipped], *(b.parameters[k] for k in kept.values()))
        bodies.append(Body(parameters, tuple(clone_replace(b.results, merged))))
    return op.with_bodies(bodies).apply(*node.inputs[:first], *kept).outputs


@rewrite("invariant-outside", Loop)
def invariant_outside(node: Apply) -> Rewritten:
    """What is costly and the same in every iteration is computed once, before the loop."""
    loop: Loop = node.op  # type: ignore[assignment]
    changing = dependents(loop.body.results, (loop.index, *loop.carried))
    fixed: dict[Variable, Variable] = {}
    for inner in toposort(loop.body.results):
        if inner.outputs[0] in changing:
            for v in inner.inputs:
                if v not in changing and v not in fixed and _is_costly(v):
                    fixed[v] = root("fixed", v.dtype, v.shape)
    if not fixed:
        return None
    outer = dict(zip(loop.invariants, node.inputs[2 + loop.n_carried :], strict=True))
    results = clone_replace(loop.body.results, fixed)
    body = Body((*loop.body.parameters, *fixed.values()), tuple(results))
    return replace(loop, body=body).apply(*node.inputs, *clone_replace(list(fixed), outer)).outputs


def _is_costly(v: Variable) -> bool:
    """Whether a variable takes more than cheap arithmetic and views, and nothing that is seen from outside."""
    nodes = toposort([v])
    if not all(node.op.pure and not (isinstance(node.op, Elementwise) and node.op.scalar.reports) for node in nodes):
        return False
    costly = (node.op for node in nodes if not isinstance(node.op, VIEWS))
    return any(not isinstance(op, Elementwise) or op.scalar.name not in CHEAPER_THAN_MEMORY for op in costly)


VIEWS = (Gather, Reshape, BroadcastTo, Transpose, Join, Empty)
CONTROL = RuleSet.of(
    known_condition, same_branches, no_iteration, never_stops, carried_unchanged, merge_operands, invariant_outside,
)


def drop_unused(outputs: Sequence[Variable]) -> list[Variable]:
    """`outputs` with loops and choices that compute nothing but what is needed."""
    nodes = toposort(outputs)
    if not any(isinstance(n.op, InnerGraphOp) for n in nodes):
        return list(outputs)
    used = set(outputs).union(*(n.inputs for n in nodes))

    def rebuild(node: Apply, inputs: Sequence[Variable]) -> Sequence[Variable]:
        op = node.op.map_results(drop_unused)
        outputs = reapply(node, op, inputs).outputs
        wanted = [k for k, v in enumerate(node.outputs) if v in used]
        if len(wanted) == len(outputs) or not wanted or not isinstance(op, InnerGraphOp):
            return outputs
        return _only(op, inputs, outputs, wanted)

    return map_graph(outputs, rebuild)


def _only(
    op: InnerGraphOp, inputs: Sequence[Variable], outputs: Sequence[Variable], wanted: list[int]
) -> Sequence[Variable]:
    """`outputs` of `op` on `inputs` where only those numbered `wanted` need be what they say."""
    new = list(outputs)
    if isinstance(op, If):
        made = _with_results(op, wanted).apply(*inputs).outputs
    elif isinstance(op, Loop):
        wanted = _needed(op, wanted)
        if len(wanted) == op.n_carried:
            return outputs
        body = Body(
            (op.index, *(op.carried[k] for k in wanted), *op.invariants), tuple(op.body.results[k] for k in wanted)
        )
        initial, outer = inputs[2 : 2 + op.n_carried], inputs[2 + op.n_carried :]
        made = replace(op, body=body, n_carried=len(wanted)).apply(
            *inputs[:2], *(initial[k] for k in wanted), *outer
        ).outputs
    else:
        return outputs
    for k, v in zip(wanted, made, strict=True):
        new[k] = v
    return new


def _needed(loop: Loop, wanted: Sequence[int]) -> list[int]:
    """The numbers of the carried values on which those numbered `wanted` depend."""
    needed: set[int] = set()
    pending = [*wanted, 0] if loop.stops else list(wanted)
    while pending:
        k = pending.pop()
        if k not in needed:
            needed.add(k)
            read = _read([loop.body.results[k]])
            pending.extend(j for j, v in enumerate(loop.carried) if v in read)
    return sorted(needed)


def _read(outputs: Sequence[Variable]) -> set[Variable]:
    """The variables that `outputs` are computed from; of what a loop or a choice reads, only what they need."""
    found: set[Variable] = set()
    pending = list(outputs)
    while pending:
        v = pending.pop()
        if v not in found:
            found.add(v)
            if v.owner is not None:
                pending.extend(v.inputs[k] for k in _inputs_read(v.op, v.owner.outputs.index(v), len(v.inputs)))
    return found


@lru_cache(maxsize=4096)
def _inputs_read(op: Op, output: int, n_inputs: int) -> tuple[int, ...]:
    """The numbers of the inputs that one output of `op` needs."""
    if isinstance(op, If):
        read = set().union(*(_read([b.results[output]]) for b in op.bodies))
        return (0, *(k for k in range(1, n_inputs) if any(b.parameters[k - 1] in read for b in op.bodies)))
    if isinstance(op, Loop):
        carried = _needed(op, [output])
        read = _read([op.body.results[k] for k in carried])
        outer = (2 + op.n_carried + k for k, v in enumerate(op.invariants) if v in read)
        return (0, 1, *(2 + k for k in carried), *outer)
    return tuple(range(n_inputs))
