"""Canonical reading and writing of elements: what was written is read directly, what covers everything is no write.

Positions are compared as constants: indices along the leading axes are flattened to row-major numbers, so that one
index and several are treated alike. Where an index is not constant, only the identical variable counts as the same.
"""
from __future__ import annotations

from collections.abc import Sequence
from math import prod
from weakref import WeakKeyDictionary

import numpy as np

from ppl_cli.graph.basic import Apply, Constant, Variable, constant
from ppl_cli.graph.rewriting import Rewritten, RuleSet, rewrite
from ppl_cli.ops.elementwise import Elementwise
from ppl_cli.ops.indexing import AddAt, Gather, SetAt, add_at, gather, set_at
from ppl_cli.ops.scalar_math import add, div, mul, neg
from ppl_cli.ops.shape import BroadcastTo, Join, Reshape, Transpose, broadcast_to, join, reshape
from ppl_cli.rewrites.shapes import smallest

_MOST_COUNTED = 1 << 16  # elements for which a table of positions is worth building
_MOST_JOINED = 1 << 10  # parts that a join of single writes may have


def _index_shape(indices: Sequence[Variable]) -> tuple[int, ...]:
    return np.broadcast_shapes(*(i.shape for i in indices))


def _positions(shape: tuple[int, ...], indices: Sequence[Variable]) -> np.ndarray | None:
    """The row-major numbers, within the leading axes of `shape`, that constant `indices` stand for."""
    if not all(isinstance(i, Constant) for i in indices):
        return None
    lead = shape[: len(indices)]
    data = [i.data for i in indices]  # type: ignore[attr-defined]
    if any(d.size and (d.min() < 0 or d.max() >= n) for d, n in zip(data, lead, strict=True)):
        return None  # out of range: an error at run time
    strides = [prod(lead[k + 1 :]) for k in range(len(lead))]
    return np.asarray(sum(d * s for d, s in zip(data, strides, strict=True)))


def _is_whole(shape: tuple[int, ...], indices: Sequence[Variable]) -> bool:
    """Whether the indices run through the leading axes in order, so that x[indices] is x."""
    lead = shape[: len(indices)]
    if _index_shape(indices) != lead:
        return False
    positions = _positions(shape, indices)
    return positions is not None and bool((positions.ravel() == np.arange(prod(lead))).all())


def _all_different(shape: tuple[int, ...], indices: Sequence[Variable]) -> bool:
    """Whether no element is addressed twice."""
    if not prod(_index_shape(indices)) > 1:
        return True
    positions = _positions(shape, indices)
    return positions is not None and np.unique(positions).size == positions.size


def _same(a: Sequence[Variable], b: Sequence[Variable]) -> bool:
    return len(a) == len(b) and all(i is j for i, j in zip(a, b, strict=True))


def _stored(written: Variable) -> Variable:
    """The value of the write that `written` comes from, broadcast to the shape of what it writes."""
    x, value, *indices = written.inputs
    return broadcast_to(value, _index_shape(indices) + x.shape[len(indices) :])


@rewrite("read-everything", Gather)
def read_everything(node: Apply) -> Rewritten:
    """x[0, 1, ..., n - 1] is x; an element of a uniform tensor is the number."""
    x, *indices = node.inputs
    if _is_whole(x.shape, indices):
        return x
    source = smallest(x) if x.type.size else x
    if source is not x and source.ndim <= x.ndim - len(indices):
        return broadcast_to(source, node.outputs[0].shape)
    return None


@rewrite("read-what-was-read", Gather)
def read_read(node: Apply) -> Rewritten:
    """x[i][j] is x[i[j]]."""
    x, *outer = node.inputs
    if not isinstance(x.op, Gather):
        return None
    source, *inner = x.inputs
    shape = _index_shape(inner)
    through, rest = outer[: len(shape)], outer[len(shape) :]
    return gather(source, *(gather(broadcast_to(i, shape), *through) for i in inner), *rest)


@rewrite("function-of-picked", Elementwise)
def function_of_picked(node: Apply) -> Rewritten:
    """What is picked many times from small tables of one shape is computed before it is picked."""
    picked = [v for v in node.inputs if v.type.size != 1]
    if not picked or any(not isinstance(v.op, Gather) for v in picked) or not node.op.pure:
        return None
    (table, *indices), *others = (v.inputs for v in picked)
    if node.op.scalar.reports or 2 * table.type.size > node.outputs[0].type.size:  # type: ignore[attr-defined]
        return None
    if any(t.shape != table.shape or not _same(at, indices) for t, *at in others):
        return None
    tables = (v.inputs[0] if v.type.size != 1 else reshape(v, ()) for v in node.inputs)
    found = gather(node.op(*tables), *indices)
    return found if found.shape == node.outputs[0].shape else None


@rewrite("read-moved", Gather)
def read_moved(node: Apply) -> Rewritten:
    """An element of a reshaped or transposed tensor is one of the tensor, when constants or all axes say which."""
    x, *indices = node.inputs
    if len(indices) != x.ndim:
        return None
    match x.op:
        case Transpose(axes):
            back = np.argsort(axes)
            return gather(x.inputs[0], *(indices[int(k)] for k in back))
        case Reshape():
            positions = _positions(x.shape, indices)
            source = x.inputs[0]
            if positions is not None and source.ndim:
                return gather(source, *(constant(k) for k in np.unravel_index(positions, source.shape)))
    return None


@rewrite("read-part-of-join", Gather)
def read_join(node: Apply) -> Rewritten:
    """Elements that all lie in one part of a join are read from that part."""
    x, first, *rest = node.inputs
    if not isinstance(x.op, Join) or x.op.axis != -x.ndim or not isinstance(first, Constant) or not first.data.size:
        return None
    low, high = int(first.data.min()), int(first.data.max())
    start = 0
    for part in x.inputs:
        stop = start + part.shape[0]
        if start <= low and high < stop:
            return gather(part, constant(first.data - start), *rest)
        start = stop
    return None


@rewrite("read-written", Gather)
def read_written(node: Apply) -> Rewritten:
    """Elements read after a write are the value written, or what was there before."""
    x, *wanted = node.inputs
    if not isinstance(x.op, (SetAt, AddAt)):
        return None
    base, _, *written = x.inputs
    k = len(written)
    overwrites = isinstance(x.op, SetAt)
    if overwrites and _same(written, wanted[:k]) and _all_different(x.shape, written):
        if len(wanted) == k or not _index_shape(written):
            return gather(_stored(x), *wanted[k:])
    if len(wanted) < k:
        return None
    at, seen = _positions(x.shape, written), _positions(x.shape, wanted[:k])
    if at is None or seen is None or max(at.size, seen.size) > _MOST_COUNTED:
        return None
    hit = np.isin(seen, at)
    if not hit.any():
        return gather(base, *wanted)
    if not overwrites or not hit.all():
        return None
    last = {int(p): i for i, p in enumerate(at.ravel())}  # of repeated writes the last one counts
    numbers = np.array([last[int(p)] for p in seen.ravel()], "int64").reshape(seen.shape)
    value = _stored(x)
    flat = reshape(value, (at.size, *value.shape[at.ndim :]))
    return gather(flat, constant(numbers), *wanted[k:])


@rewrite("write-everything", SetAt)
def write_everything(node: Apply) -> Rewritten:
    """A write that covers all elements, once each, is its value in the order of the elements."""
    x, _, *indices = node.inputs
    shape = _index_shape(indices)
    count = prod(x.shape[: len(indices)])
    if prod(shape) != count or count > _MOST_COUNTED and not _is_whole(x.shape, indices):
        return None
    value = _stored(node.outputs[0])
    if _is_whole(x.shape, indices):
        return value
    positions = _positions(x.shape, indices)
    if positions is None or np.unique(positions).size != count:
        return None
    flat = reshape(value, (count, *value.shape[len(shape) :]))
    order = np.argsort(positions.ravel())
    ordered = flat if (order == np.arange(count)).all() else gather(flat, constant(order))
    return reshape(ordered, x.shape)


_written: WeakKeyDictionary[Variable, int] = WeakKeyDictionary()


def _elements_written(v: Variable) -> int:
    """The positions on the first axis that the writes which end in `v` cover, as the bits of a number."""
    chain = []
    while v not in _written and _writes_first_axis(v):
        chain.append(v)
        v = v.inputs[0]
    bits = _written.get(v, 0)
    for w in reversed(chain):
        for p in np.unique(w.inputs[2].data):  # type: ignore[attr-defined]
            bits |= 1 << int(p)
        _written[w] = bits
    return bits


def _writes_first_axis(v: Variable) -> bool:
    return (
        isinstance(v.op, SetAt)
        and len(v.inputs) == 3
        and v.inputs[2].ndim <= 1
        and v.inputs[0].dtype == v.dtype
        and _positions(v.shape, v.inputs[2:]) is not None
    )


@rewrite("write-piece-by-piece", SetAt)
def write_pieces(node: Apply) -> Rewritten:
    """Writes to known places that together cover the first axis are a join of their values."""
    v = node.outputs[0]
    count = v.shape[0]
    if count > _MOST_JOINED or not _writes_first_axis(v) or _elements_written(v) != (1 << count) - 1:
        return None
    parts: list[Variable] = []
    places: list[int] = []
    while len(places) < count:
        at = v.inputs[2].data.ravel().tolist()  # type: ignore[attr-defined]
        if set(at).isdisjoint(places) and len(set(at)) == len(at):
            places.extend(at)
            parts.append(reshape(_stored(v), (len(at), *v.shape[1:])))
        elif not set(at) <= set(places):
            return None
        v = v.inputs[0]
    order = np.argsort(places)
    if len(parts) == count:
        return join([parts[int(k)] for k in order])
    return gather(join(parts), constant(order))


@rewrite("write-again", SetAt)
def write_again(node: Apply) -> Rewritten:
    """A write over a write to the same elements; a write of what is there."""
    x, value, *indices = node.inputs
    if isinstance(x.op, (SetAt, AddAt)) and _same(x.inputs[2:], indices) and x.inputs[0].dtype == x.dtype:
        return set_at(x.inputs[0], value, *indices)
    if isinstance(value.op, Gather) and value.inputs[0] is x and _same(value.inputs[1:], indices):
        return x
    if x.type.size and (source := smallest(x)) is smallest(value) and not source.shape:
        return x
    return None


@rewrite("scatter-nothing", AddAt)
def scatter_nothing(node: Apply) -> Rewritten:
    """Zeros add nothing."""
    x, value, *_ = node.inputs
    return x if not node.outputs[0].type.size or _is_zero(value) or not _stored(node.outputs[0]).type.size else None


def _is_zero(v: Variable) -> bool:
    while isinstance(v.op, BroadcastTo):
        v = v.inputs[0]
    return isinstance(v, Constant) and v.uniform == 0


@rewrite("scatter-everything", AddAt)
def scatter_everything(node: Apply) -> Rewritten:
    """Adding at all elements in order is adding."""
    x, _, *indices = node.inputs
    return add(x, _stored(node.outputs[0])) if _is_whole(x.shape, indices) else None


@rewrite("scatter-again", AddAt)
def scatter_again(node: Apply) -> Rewritten:
    """Two additions to the same elements are one of the sum."""
    x, value, *indices = node.inputs
    if isinstance(x.op, AddAt) and _same(x.inputs[2:], indices):
        return add_at(x.inputs[0], add(x.inputs[1], value), *indices)
    return None


@rewrite("scatter-number", AddAt)
def scatter_number(node: Apply) -> Rewritten:
    """Adding one and the same number at known places is adding a multiple of it: how often each place occurs."""
    x, value, *indices = node.inputs
    source = smallest(value)
    if source.shape or len(indices) != x.ndim:
        return None
    positions = _positions(x.shape, indices)
    if positions is None or positions.size <= 1:
        return None
    counts = np.bincount(positions.ravel(), minlength=x.type.size).reshape(x.shape)
    return add(x, mul(constant(counts), source))


@rewrite("scatter-piece-by-piece", AddAt)
def scatter_pieces(node: Apply) -> Rewritten:
    """Additions into zeros that cover the first axis in separate intervals are a join: a gradient by a flat vector."""
    v = node.outputs[0]
    count, added = v.shape[0], []
    while isinstance(v.op, AddAt) and len(v.inputs) == 3:
        at = v.inputs[2]
        if _positions(v.shape, (at,)) is None or not at.type.size:
            return None
        added.append((int(at.data.min()), int(at.data.max()) + 1, v))  # type: ignore[attr-defined]
        v = v.inputs[0]
    if not _is_zero(v) or len(added) < 2:
        return None
    intervals = _merged([(low, high) for low, high, _ in added])
    if len(intervals) < 2 or sum(high - low for low, high in intervals) != count:
        return None
    parts = []
    for low, high in intervals:
        part: Variable = constant(np.zeros((high - low, *v.shape[1:]), v.dtype))
        for start, _, w in reversed(added):
            if low <= start < high:
                part = add_at(part, w.inputs[1], constant(w.inputs[2].data - low))  # type: ignore[attr-defined]
        parts.append(part)
    return join(parts)


def _merged(intervals: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Half-open intervals in order, those that overlap made one."""
    merged: list[tuple[int, int]] = []
    for low, high in sorted(intervals):
        if merged and low < merged[-1][1]:
            merged[-1] = (merged[-1][0], max(high, merged[-1][1]))
        else:
            merged.append((low, high))
    return merged


@rewrite("scatter-into-sum", add)
def scatter_into_sum(node: Apply) -> Rewritten:
    """x + (zeros with v added at i) is x with v added at i."""
    shape = node.outputs[0].shape
    for scattered, other in (node.inputs, node.inputs[::-1]):
        whole = isinstance(scattered.op, AddAt) and scattered.shape == shape
        if whole and _is_zero(scattered.inputs[0]) and not _is_zero(other):
            return add_at(broadcast_to(other, shape), *scattered.inputs[1:])
    return None


@rewrite("scale-after-scatter", AddAt)
def scale_after_scatter(node: Apply) -> Rewritten:
    """Signs and scalar factors of what is scattered into zeros are applied afterwards."""
    x, value, *indices = node.inputs
    if not _is_zero(x) or not isinstance(value.op, Elementwise) or not value.shape:
        return None
    if value.op == neg.op:
        return neg(add_at(x, value.inputs[0], *indices))
    if value.op == mul.op:
        for factor, rest in (value.inputs, value.inputs[::-1]):
            if not factor.shape:
                return mul(factor, add_at(x, rest, *indices))
    if value.op == div.op and not value.inputs[1].shape:
        return div(add_at(x, value.inputs[0], *indices), value.inputs[1])
    return None


INDEXING = RuleSet.of(
    read_everything, read_read, function_of_picked, read_moved, read_join, read_written,
    write_everything, write_pieces, write_again,
    scatter_nothing, scatter_everything, scatter_again, scatter_number, scatter_pieces, scatter_into_sum,
    scale_after_scatter,
)
