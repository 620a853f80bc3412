"""Which discrete unknowns does each element of a tensor depend on? Found by following the graph, element by element.

The scopes of a tensor are an array [*shape, w] of the numbers of unknowns, in order, filled up with `NONE`.
"""
from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import singledispatch

import numpy as np

from ppl_cli.graph.basic import Constant, Op, Variable
from ppl_cli.graph.traversal import toposort
from ppl_cli.ops.elementwise import Elementwise
from ppl_cli.ops.indexing import AddAt, Gather, SetAt
from ppl_cli.ops.random import RandomVariable, Truncated
from ppl_cli.ops.reduction import CumulativeSum, LogSumExp, Reduce
from ppl_cli.ops.shape import BroadcastTo, Join, Reshape, Transpose

NONE = np.iinfo("int64").max
WIDEST = 12  # unknowns that one element may depend on


class TooWide(Exception):
    """A term depends on more unknowns at once than can be summed over."""


def scopes_of(outputs: Sequence[Variable], unknowns: Mapping[Variable, np.ndarray]) -> list[np.ndarray]:
    """The scopes of each output; `unknowns` gives the numbers of the elements of the discrete roots."""
    found: dict[Variable, np.ndarray] = {v: numbers[..., None] for v, numbers in unknowns.items()}

    def look(v: Variable) -> np.ndarray:
        return found[v] if v in found else np.empty((*v.shape, 0), np.int64)

    for node in toposort(outputs):
        inputs = [look(v) for v in node.inputs]
        if any(i.shape[-1] for i in inputs):
            for output in node.outputs:
                found[output] = _scopes(node.op, node.inputs, inputs, output.shape)
    return [look(v) for v in outputs]


def union(parts: Sequence[np.ndarray]) -> np.ndarray:
    """Elementwise, with broadcasting of all but the last axis."""
    lead = np.broadcast_shapes(*(p.shape[:-1] for p in parts))
    parts = [np.broadcast_to(p, (*lead, p.shape[-1])) for p in parts if p.shape[-1]]
    return tidy(np.concatenate(parts, -1)) if parts else np.empty((*lead, 0), np.int64)


def tidy(scopes: np.ndarray) -> np.ndarray:
    """In order, each number once, no wider than necessary."""
    scopes = np.sort(scopes, -1)
    repeated = np.zeros(scopes.shape, bool)
    repeated[..., 1:] = scopes[..., 1:] == scopes[..., :-1]
    scopes = np.sort(np.where(repeated, NONE, scopes), -1)
    used = int((scopes != NONE).sum(-1).max(initial=0))
    if used > WIDEST:
        raise TooWide
    return scopes[..., :used]


@singledispatch
def _scopes(op: Op, inputs: Sequence[Variable], scopes: Sequence[np.ndarray], shape: tuple[int, ...]) -> np.ndarray:
    """The scopes of an output of this shape. By default each element depends on all elements of all inputs."""
    numbers = np.unique(np.concatenate([s.ravel() for s in scopes]))
    numbers = numbers[numbers != NONE]
    if numbers.size > WIDEST:
        raise TooWide
    return np.broadcast_to(numbers, (*shape, numbers.size))


@_scopes.register(Elementwise)
@_scopes.register(Truncated)
def _elementwise(
    op: Op, inputs: Sequence[Variable], scopes: Sequence[np.ndarray], shape: tuple[int, ...]
) -> np.ndarray:
    found = union(scopes)
    return np.broadcast_to(found, (*shape, found.shape[-1]))


@_scopes.register
def _random(
    op: RandomVariable, inputs: Sequence[Variable], scopes: Sequence[np.ndarray], shape: tuple[int, ...]
) -> np.ndarray:
    """A draw depends on all elements of its own parameters."""
    parts = []
    for own, event in zip(scopes[1:], op.law.event_ndims, strict=True):
        batch = own.shape[: own.ndim - 1 - event]
        parts.append(tidy(own.reshape(*batch, -1)) if own.shape[-1] else np.empty((*batch, 0), np.int64))
    found = union(parts)
    events = len(shape) - len(op.batch)
    return np.broadcast_to(found.reshape(*found.shape[:-1], *(1,) * events, found.shape[-1]), (*shape, found.shape[-1]))


@_scopes.register(CumulativeSum)
@_scopes.register(LogSumExp)
def _along_the_last(
    op: Op, inputs: Sequence[Variable], scopes: Sequence[np.ndarray], shape: tuple[int, ...]
) -> np.ndarray:
    found = tidy(scopes[0].reshape(*scopes[0].shape[:-2], -1))
    return found if isinstance(op, LogSumExp) else np.broadcast_to(found[..., None, :], (*shape, found.shape[-1]))


@_scopes.register
def _reshape(
    op: Reshape, inputs: Sequence[Variable], scopes: Sequence[np.ndarray], shape: tuple[int, ...]
) -> np.ndarray:
    return scopes[0].reshape(*shape, scopes[0].shape[-1])


@_scopes.register
def _transpose(
    op: Transpose, inputs: Sequence[Variable], scopes: Sequence[np.ndarray], shape: tuple[int, ...]
) -> np.ndarray:
    return scopes[0].transpose(*op.axes, scopes[0].ndim - 1)


@_scopes.register
def _broadcast(
    op: BroadcastTo, inputs: Sequence[Variable], scopes: Sequence[np.ndarray], shape: tuple[int, ...]
) -> np.ndarray:
    return np.broadcast_to(scopes[0], (*shape, scopes[0].shape[-1]))


@_scopes.register
def _join(op: Join, inputs: Sequence[Variable], scopes: Sequence[np.ndarray], shape: tuple[int, ...]) -> np.ndarray:
    width = max(s.shape[-1] for s in scopes)
    return np.concatenate([_wide(s, width) for s in scopes], op.axis % len(shape))


@_scopes.register
def _gather(op: Gather, inputs: Sequence[Variable], scopes: Sequence[np.ndarray], shape: tuple[int, ...]) -> np.ndarray:
    (x, *at), (own, *others) = inputs, scopes
    rest = x.ndim - len(at)
    by_index = union(others)
    by_index = by_index.reshape(*by_index.shape[:-1], *(1,) * rest, by_index.shape[-1])
    if not own.shape[-1]:
        return np.broadcast_to(by_index, (*shape, by_index.shape[-1]))
    # along an axis whose index is not known it may be any element
    unknown = [k for k, i in enumerate(at) if not isinstance(i, Constant)]
    kept = [k for k in range(x.ndim) if k not in unknown]
    own = own.transpose(*kept, *unknown, x.ndim)
    own = tidy(own.reshape(*(x.shape[k] for k in kept), -1))
    places = np.broadcast_arrays(*(i.data for i in at if isinstance(i, Constant)), np.empty(shape[: len(shape) - rest]))
    return union([own[tuple(places[:-1])] if len(places) > 1 else own, by_index])


@_scopes.register(SetAt)
@_scopes.register(AddAt)
def _write(op: Op, inputs: Sequence[Variable], scopes: Sequence[np.ndarray], shape: tuple[int, ...]) -> np.ndarray:
    (_, _, *at), (own, new, *_) = inputs, scopes
    if not all(isinstance(i, Constant) for i in at):
        return _scopes.dispatch(Op)(op, inputs, scopes, shape)
    places = tuple(i.data for i in at)  # type: ignore[attr-defined]
    if isinstance(op, SetAt):
        width = max(own.shape[-1], new.shape[-1])
        result = np.array(_wide(np.broadcast_to(own, (*shape, own.shape[-1])), width))
        result[places] = _wide(new, width)
        return result
    numbers = np.arange(int(np.prod(shape))).reshape(shape)[places]
    added = np.broadcast_to(new, (*numbers.shape, new.shape[-1])).reshape(-1, new.shape[-1])
    return union([own, _grouped(numbers.ravel(), added, int(np.prod(shape))).reshape(*shape, -1)])


@_scopes.register
def _reduce(op: Reduce, inputs: Sequence[Variable], scopes: Sequence[np.ndarray], shape: tuple[int, ...]) -> np.ndarray:
    ndim = inputs[0].ndim
    axes = [a % ndim for a in op.axes]
    kept = [a for a in range(ndim) if a not in axes]
    moved = scopes[0].transpose(*kept, *axes, ndim)
    found = tidy(moved.reshape(*(scopes[0].shape[a] for a in kept), -1))
    return found.reshape(*shape, found.shape[-1])


def _grouped(numbers: np.ndarray, scopes: np.ndarray, count: int) -> np.ndarray:
    """The union of the scopes [m, w] that go to each of `count` elements."""
    pairs = np.stack([np.repeat(numbers, scopes.shape[1]), scopes.ravel()], 1)
    pairs = np.unique(pairs[pairs[:, 1] != NONE], axis=0)
    place = np.arange(len(pairs)) - np.searchsorted(pairs[:, 0], pairs[:, 0])
    if place.max(initial=-1) >= WIDEST:
        raise TooWide
    result = np.full((count, int(place.max(initial=-1)) + 1), NONE)
    result[pairs[:, 0], place] = pairs[:, 1]
    return result


def _wide(scopes: np.ndarray, width: int) -> np.ndarray:
    missing = width - scopes.shape[-1]
    return np.concatenate([scopes, np.full((*scopes.shape[:-1], missing), NONE)], -1) if missing else scopes
