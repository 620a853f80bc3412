"""Canonical reductions: what does not vary along the reduced axes leaves them, so that loops over data do less.

`sum(c * x)` is `c * sum(x)`, `sum(x - log(sigma))` is `sum(x) - n * log(sigma)`; reductions of reductions and of moved
or repeated elements are merged.
"""
from __future__ import annotations

from math import prod

import numpy as np

from ppl_cli.graph.basic import Apply, Constant, Variable, constant
from ppl_cli.graph.rewriting import Rewritten, RuleSet, rewrite
from ppl_cli.ops.indexing import AddAt, Gather
from ppl_cli.ops.reduction import Reduce, reduce_sum
from ppl_cli.ops.scalar_math import add, div, mul, neg, power, sub, switch
from ppl_cli.ops.shape import BroadcastTo, Reshape, Transpose, broadcast_to, reshape


def _gone(node: Apply) -> set[int]:
    """The reduced axes, counted from the first."""
    ndim = node.inputs[0].ndim
    return {a % ndim for a in node.op.axes}  # type: ignore[attr-defined]


def _without(v: Variable, axes: set[int], ndim: int) -> Variable | None:
    """`v`, which broadcasts to `ndim` axes, without `axes`, if it does not vary along them."""
    lead = ndim - v.ndim
    if any(a >= lead and v.shape[a - lead] != 1 for a in axes):
        return None
    return reshape(v, tuple(n for k, n in enumerate(v.shape) if k + lead not in axes))


def _along(v: Variable, node: Apply) -> Variable:
    """`v` broadcast along the reduced axes only, so that it can be reduced."""
    x = node.inputs[0]
    gone = _gone(node)
    padded = (1,) * (x.ndim - v.ndim) + v.shape
    return broadcast_to(v, tuple(x.shape[k] if k in gone else n for k, n in enumerate(padded)))


def _count(node: Apply) -> int:
    return prod(node.inputs[0].shape[a] for a in _gone(node))


@rewrite("reduce-nothing", Reduce)
def reduce_nothing(node: Apply) -> Rewritten:
    """Axes of size 1 are dropped rather than reduced."""
    (x,), op = node.inputs, node.op
    gone = _gone(node)
    ones = {a for a in gone if x.shape[a] == 1}
    if not ones:
        return None
    squeezed = reshape(x, tuple(n for k, n in enumerate(x.shape) if k not in ones))
    left = [sum(1 for k in range(a, x.ndim) if k not in ones) for a in sorted(gone - ones)]
    return Reduce(op.kind, tuple(-a for a in left))(squeezed) if left else squeezed  # type: ignore[attr-defined]


@rewrite("reduce-of-gather", Reduce)
def reduce_of_gather(node: Apply) -> Rewritten:
    """Rows of a table that are picked many times over are reduced before they are picked."""
    (picked,), op = node.inputs, node.op
    if not isinstance(picked.op, Gather):
        return None
    table, *indices = picked.inputs
    first = picked.ndim - (table.ndim - len(indices))  # of the axes that no index picks from
    if table.type.size >= picked.type.size or any(a < first for a in _gone(node)):
        return None
    axes = tuple(a - picked.ndim for a in sorted(_gone(node)))
    return Gather()(Reduce(op.kind, axes)(table), *indices)  # type: ignore[attr-defined]


@rewrite("reduce-moved", Reduce)
def reduce_moved(node: Apply) -> Rewritten:
    """Over all axes the places of elements do not matter; a reduction of a reduction of the same kind is one."""
    (x,), op = node.inputs, node.op
    gone = _gone(node)
    if isinstance(x.op, Reduce) and x.op.kind == op.kind:  # type: ignore[attr-defined]
        inner = x.inputs[0]
        inner_gone = {a % inner.ndim for a in x.op.axes}
        kept = [k for k in range(inner.ndim) if k not in inner_gone]
        axes = sorted(inner_gone | {kept[a] for a in gone})
        return Reduce(op.kind, tuple(a - inner.ndim for a in axes))(inner)  # type: ignore[attr-defined]
    if len(gone) == x.ndim and isinstance(x.op, (Reshape, Transpose)):
        inner = x.inputs[0]
        inner = reshape(inner, tuple(n for n in inner.shape if n != 1))
        if inner is x:
            return None
        return Reduce(op.kind, tuple(range(-inner.ndim, 0)))(inner) if inner.ndim else inner  # type: ignore[attr-defined]
    return None


@rewrite("reduce-repeated", Reduce)
def reduce_repeated(node: Apply) -> Rewritten:
    """A reduction over axes along which elements are repeated needs each element once."""
    (x,), op = node.inputs, node.op
    if not isinstance(x.op, BroadcastTo) or not x.type.size:
        return None
    source, gone = x.inputs[0], _gone(node)
    padded = reshape(source, (1,) * (x.ndim - source.ndim) + source.shape)
    repeated = {a for a in gone if padded.shape[a] == 1}
    if not repeated:
        return None
    count = prod(x.shape[a] for a in repeated)
    left = tuple(a - x.ndim for a in sorted(gone - repeated))
    kept = reshape(padded, tuple(n for k, n in enumerate(padded.shape) if k not in repeated))
    shape = tuple(n for k, n in enumerate(x.shape) if k not in repeated)
    reduced = broadcast_to(kept, shape)
    if left:
        remaining = [k for k in range(x.ndim) if k not in repeated]
        axes = tuple(remaining.index(a % x.ndim) - len(shape) for a in left)
        reduced = Reduce(op.kind, axes)(reduced)  # type: ignore[attr-defined]
    match op.kind:  # type: ignore[attr-defined]
        case "sum":
            return mul(constant(count), reduced)
        case "prod":
            return power(reduced, constant(count)) if x.dtype == "float64" else None
        case _:
            return reduced


@rewrite("sum-of-scaled", Reduce)
def sum_of_scaled(node: Apply) -> Rewritten:
    """Signs and factors that do not vary along the summed axes come out of the sum."""
    (x,), gone = node.inputs, _gone(node)
    if node.op.kind != "sum" or x.owner is None:  # type: ignore[attr-defined]
        return None

    def total(v: Variable) -> Variable:
        return node.op(_along(v, node))

    if x.op == neg.op:
        return -node.op(x.inputs[0])
    if x.op == mul.op:
        for factor, rest in (x.inputs, x.inputs[::-1]):
            outside = _without(factor, gone, x.ndim)
            if outside is not None:
                return outside * total(rest)
    if x.op == div.op and (outside := _without(x.inputs[1], gone, x.ndim)) is not None:
        return total(x.inputs[0]) / outside
    return None


@rewrite("sum-of-shifted", Reduce)
def sum_of_shifted(node: Apply) -> Rewritten:
    """A term that does not vary along the summed axes is counted instead of added up."""
    (x,), gone = node.inputs, _gone(node)
    if node.op.kind != "sum" or x.op not in (add.op, sub.op):  # type: ignore[attr-defined]
        return None
    left, right = (_without(v, gone, x.ndim) for v in x.inputs)
    if left is None and right is None:
        return None
    count = constant(_count(node))

    def total(v: Variable, outside: Variable | None) -> Variable:
        return node.op(_along(v, node)) if outside is None else count * outside

    return x.op(total(x.inputs[0], left), total(x.inputs[1], right))


@rewrite("sum-of-switch", Reduce)
def sum_of_switch(node: Apply) -> Rewritten:
    """A condition that does not vary, with a branch that does not, is asked once."""
    (x,), gone = node.inputs, _gone(node)
    if node.op.kind != "sum" or x.op != switch.op:  # type: ignore[attr-defined]
        return None
    condition, *branches = (_without(v, gone, x.ndim) for v in x.inputs)
    if condition is None or all(v is None for v in branches):
        return None
    return switch(condition, *(node.op(broadcast_to(v, x.shape)) for v in x.inputs[1:]))


@rewrite("sum-of-scattered", Reduce)
def sum_of_scattered(node: Apply) -> Rewritten:
    """The sum of everything that was scattered is the sum before."""
    (x,) = node.inputs
    if node.op.kind != "sum" or not isinstance(x.op, AddAt) or len(_gone(node)) != x.ndim:  # type: ignore[attr-defined]
        return None
    base, value, *indices = x.inputs
    spread = broadcast_to(value, _scattered_shape(x, indices))
    return reduce_sum(base) + reduce_sum(spread)


@rewrite("sum-of-picked", Reduce)
def sum_of_picked(node: Apply) -> Rewritten:
    """The sum of all that known indices pick from a small table is that of its elements times how often they occur."""
    (picked,) = node.inputs
    if not isinstance(picked.op, Gather) or node.op.kind != "sum" or node.outputs[0].shape:  # type: ignore[attr-defined]
        return None
    table, *indices = picked.inputs
    if len(indices) < table.ndim or table.type.size >= picked.type.size or table.dtype != "float64":
        return None
    if not all(isinstance(i, Constant) for i in indices):
        return None
    counts = np.zeros(table.shape)
    np.add.at(counts, tuple(i.data for i in indices), 1.0)  # type: ignore[attr-defined]
    return reduce_sum(switch(constant(counts > 0), mul(table, counts), 0.0))


def _scattered_shape(x: Variable, indices: list[Variable]) -> tuple[int, ...]:
    return np.broadcast_shapes(*(i.shape for i in indices)) + x.shape[len(indices) :]


REDUCTIONS = RuleSet.of(
    reduce_nothing, reduce_moved, reduce_repeated, sum_of_scaled, sum_of_shifted, sum_of_switch,
    sum_of_scattered, sum_of_picked, reduce_of_gather,
)
