"""Walks over graphs: ancestors in topological order, substitution, evaluation. None of them changes its input."""
from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

import numpy as np

from ppl_cli.graph.basic import Apply, Constant, Op, Variable, constant


def toposort(outputs: Iterable[Variable], stop: Iterable[Variable] = ()) -> list[Apply]:
    """Every node that `outputs` need, inputs before their users; the walk does not go above `stop`."""
    stops = set(stop)
    order: list[Apply] = []
    seen: set[Apply] = set()
    stack: list[tuple[Apply, bool]] = [(v.owner, False) for v in outputs if v.owner and v not in stops][::-1]
    while stack:
        node, done = stack.pop()
        if done:
            order.append(node)
        elif node not in seen:
            seen.add(node)
            stack.append((node, True))
            stack.extend(
                (v.owner, False) for v in reversed(node.inputs) if v.owner and v.owner not in seen and v not in stops
            )
    return order


def variables_of(outputs: Iterable[Variable], stop: Iterable[Variable] = ()) -> set[Variable]:
    """Every variable that `outputs` are computed from, themselves and `stop` included."""
    outputs = tuple(outputs)
    found = set(outputs)
    for node in toposort(outputs, stop):
        found.update(node.inputs)
        found.update(node.outputs)
    return found


def roots_of(outputs: Iterable[Variable]) -> list[Variable]:
    """The roots that are not constants, in the order in which they are met."""
    outputs = tuple(outputs)
    met: dict[Variable, None] = {v: None for v in outputs if v.owner is None}
    for node in toposort(outputs):
        met.update((v, None) for v in node.inputs if v.owner is None)
    return [v for v in met if not isinstance(v, Constant)]


def dependents(outputs: Iterable[Variable], on: Iterable[Variable]) -> set[Variable]:
    """The variables among those of `outputs` that depend on one of `on` (which are included)."""
    found = set(on)
    for node in toposort(outputs):
        if any(v in found for v in node.inputs):
            found.update(node.outputs)
    return found


def clone_replace(outputs: Sequence[Variable], replacements: Mapping[Variable, Variable]) -> list[Variable]:
    """`outputs` with each key of `replacements` replaced by its value; what does not change is shared."""
    done: dict[Variable, Variable] = dict(replacements)

    def rebuild(node: Apply, inputs: Sequence[Variable]) -> Sequence[Variable]:
        return reapply(node, node.op, inputs).outputs

    return map_graph(outputs, rebuild, done)


def map_graph(
    outputs: Sequence[Variable],
    rebuild: Callable[[Apply, Sequence[Variable]], Sequence[Variable]],
    done: dict[Variable, Variable] | None = None,
) -> list[Variable]:
    """Rebuild a graph bottom up: `rebuild(node, new inputs)` gives the new outputs of each node.

    `done` holds what is mapped already and is filled on the way; the walk does not go above its keys.
    """
    done = {} if done is None else done
    for node in toposort(outputs, stop=tuple(done)):
        if node.outputs[0] in done and all(v in done for v in node.outputs):
            continue
        new = rebuild(node, [done.get(v, v) for v in node.inputs])
        for old, replaced in zip(node.outputs, new, strict=True):
            done.setdefault(old, replaced)
    return [done.get(v, v) for v in outputs]


def reapply(node: Apply, op: Op, inputs: Sequence[Variable]) -> Apply:
    """The node of `op` on `inputs`: `node` itself if nothing has changed."""
    same = op is node.op and all(a is b for a, b in zip(inputs, node.inputs, strict=True))
    return node if same else op.apply(*inputs)


def replace_each(
    outputs: Sequence[Variable], find: Callable[[Sequence[Variable]], Iterator[Mapping[Variable, Variable]]]
) -> list[Variable]:
    """`outputs` with the first replacements that `find` yields, again and again until there are none; inner graphs
    first."""

    def rebuild(node: Apply, inputs: Sequence[Variable]) -> Sequence[Variable]:
        return reapply(node, node.op.map_results(lambda results: replace_each(results, find)), inputs).outputs

    found = map_graph(outputs, rebuild)
    while (replacements := next(find(found), None)) is not None:
        found = clone_replace(found, replacements)
    return found


def evaluate(outputs: Sequence[Variable], given: Mapping[Variable, np.ndarray] | None = None) -> list[np.ndarray]:
    """The values of `outputs` by NumPy, each op's `perform` in turn: the reference for compiled code."""
    values: dict[Variable, np.ndarray] = dict(given or {})

    def value(v: Variable) -> np.ndarray:
        if v not in values and isinstance(v, Constant):
            return v.data
        return values[v]

    for node in toposort(outputs, stop=tuple(values)):
        for v, array in zip(node.outputs, node.op.perform(*map(value, node.inputs)), strict=True):
            values.setdefault(v, np.asarray(array, dtype=v.dtype))
    return [value(v) for v in outputs]


def fold(node: Apply) -> Sequence[Variable]:
    """The outputs of a node as constants if all its inputs are constants, else as they are."""
    if not all(isinstance(v, Constant) for v in node.inputs) or not node.op.pure:
        return node.outputs
    literal = all(v.literal for v in node.inputs)  # type: ignore[attr-defined]
    with np.errstate(all="ignore"):
        values = node.op.perform(*(v.data for v in node.inputs))  # type: ignore[attr-defined]
    return [constant(np.asarray(a, dtype=v.dtype), literal=literal) for a, v in zip(values, node.outputs, strict=True)]
