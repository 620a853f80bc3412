"""Loops that in part compute the same become one.

The gradient of a recurrence runs it once more, to keep its states: value and states then come from one run.
"""
from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations

from ppl_cli.graph.basic import Apply, Variable, root
from ppl_cli.graph.traversal import clone_replace, dependents, replace_each, toposort
from ppl_cli.ops.control import Loop, make_loop


def merge_loops(outputs: Sequence[Variable]) -> list[Variable]:
    """`outputs` with loops merged that share carried values and do not need each other's results, inside loops and
    branches too."""
    return replace_each(outputs, _replacements)


def _replacements(outputs: Sequence[Variable]) -> Iterator[dict[Variable, Variable]]:
    """For each pair of loops that can be merged: what their results become."""
    loops = [node for node in toposort(outputs) if isinstance(node.op, Loop) and not node.op.stops and node.op.pure]
    for first, second in combinations(loops, 2):
        if first.inputs[:2] == second.inputs[:2] and first.op.backwards == second.op.backwards:  # type: ignore[attr-defined]
            shared = _shared(first, second)
            if shared and dependents(second.outputs, first.outputs).isdisjoint(second.outputs):
                yield _merged(first, second, shared)


def _open(node: Apply, index: Variable) -> tuple[list[Variable], list[Variable], list[Variable]]:
    """The carried values of a loop over `index`, as new roots, their initial values and their results as expressions of
    the variables outside. Copies of a loop have the same roots, which mean different things."""
    loop = node.op
    assert isinstance(loop, Loop)
    rest = node.inputs[2:]
    carried = [root(v.name or "", v.dtype, v.shape) for v in loop.carried]
    inner = (loop.index, *loop.carried, *loop.invariants)
    outer = dict(zip(inner, (index, *carried, *rest[loop.n_carried :]), strict=True))
    return carried, list(rest[: loop.n_carried]), clone_replace(loop.body.results, outer)


def _shared(first: Apply, second: Apply) -> dict[int, int]:
    """Which carried values of the second loop are which of the first one: they begin alike and go on alike."""
    index = root("i", "int64")
    (carried_a, starts_a, results_a), (carried_b, starts_b, results_b) = _open(first, index), _open(second, index)
    pairs: dict[int, int] = {}
    for k, start in enumerate(starts_b):
        place = next((j for j, v in enumerate(starts_a) if v is start and j not in pairs.values()), None)
        if place is not None:
            pairs[k] = place
    while True:
        results = clone_replace(results_b, {carried_b[k]: carried_a[j] for k, j in pairs.items()})
        kept = {k: j for k, j in pairs.items() if results[k] is results_a[j]}
        if kept == pairs:
            return kept
        pairs = kept


def _merged(first: Apply, second: Apply, shared: dict[int, int]) -> dict[Variable, Variable]:
    """The results of both loops from one that carries what either does."""
    a: Loop = first.op  # type: ignore[assignment]
    index = root(a.index.name or "", "int64")
    (carried_a, starts_a, results_a), (carried_b, starts_b, results_b) = _open(first, index), _open(second, index)
    own = [k for k in range(len(carried_b)) if k not in shared]
    more = clone_replace([results_b[k] for k in own], {carried_b[k]: carried_a[j] for k, j in shared.items()})
    carried, initial = [*carried_a, *(carried_b[k] for k in own)], [*starts_a, *(starts_b[k] for k in own)]
    start, stop = first.inputs[:2]
    found = make_loop(index, carried, [*results_a, *more], start, stop, initial, a.backwards)
    replacements = dict(zip(first.outputs, found, strict=False))
    replacements.update((second.outputs[k], found[a.n_carried + n]) for n, k in enumerate(own))
    replacements.update((second.outputs[k], found[j]) for k, j in shared.items())
    return replacements
