"""Canonical shapes: elementwise operations work on the smallest inputs, broadcasting comes last, moves are merged.

A uniform array is written `BroadcastTo(number)`, so that structural zeros and repeated parameters stay small.
"""
from __future__ import annotations

from math import prod

import numpy as np

from ppl_cli.graph.basic import Apply, Constant, Variable, constant
from ppl_cli.graph.rewriting import Rewritten, RuleSet, rewrite
from ppl_cli.ops.elementwise import Elementwise
from ppl_cli.ops.shape import BroadcastTo, Join, Reshape, Transpose, broadcast_to, join, reshape, transpose

_SMALL = 16  # a broadcast constant of at most so many elements is stored


def smallest(v: Variable) -> Variable:
    """A variable of fewest elements and axes that broadcasts to `v`."""
    while isinstance(v.op, BroadcastTo):
        v = v.inputs[0]
    if isinstance(v, Constant):
        return v if v.uniform is None or not v.shape else constant(v.data.flat[0], literal=v.literal or v.data.size > 1)
    shape = v.shape
    while shape and shape[0] == 1:
        shape = shape[1:]
    if shape == v.shape:
        return v
    return reshape(v.inputs[0] if isinstance(v.op, Reshape) else v, shape)


@rewrite("broadcast-last", Elementwise)
def broadcast_last(node: Apply) -> Rewritten:
    """f(broadcast x, y) is broadcast f(x, y)."""
    shape = node.outputs[0].shape
    if not shape:
        return None
    new = [smallest(v) for v in node.inputs]
    if all(a is b for a, b in zip(new, node.inputs, strict=True)):
        return None
    return node.op(*new)


@rewrite("reshape-of", Reshape)
def reshape_of(node: Apply) -> Rewritten:
    """Reshapes in a row are one; a reshape of what is uniform, or that changes nothing, is none."""
    (x,), shape = node.inputs, node.outputs[0].shape
    if x.shape == shape:
        return x
    match x.op:
        case Reshape():
            return reshape(x.inputs[0], shape)
        case BroadcastTo():
            source = x.inputs[0]
            if source.type.size == 1:
                return broadcast_to(reshape(source, ()), shape)
        case Transpose(axes):
            moving = [a for a in axes if x.inputs[0].shape[a] != 1]
            if moving == sorted(moving):  # only axes of size 1 change places
                return reshape(x.inputs[0], shape)
        case Elementwise() if x.type.size == 1:
            return x.op(*(reshape(v, shape) for v in x.inputs))
    return None


@rewrite("transpose-of", Transpose)
def transpose_of(node: Apply) -> Rewritten:
    """Transposes in a row are one; one that moves only axes of size 1 is a reshape; one of what is uniform is none."""
    (x,), axes = node.inputs, node.op.axes  # type: ignore[attr-defined]
    if axes == tuple(range(x.ndim)):
        return x
    moving = [a for a in axes if x.shape[a] != 1]
    if moving == sorted(moving):
        return reshape(x, node.outputs[0].shape)
    match x.op:
        case Transpose(inner):
            return transpose(x.inputs[0], tuple(inner[a] for a in axes))
        case BroadcastTo() if x.inputs[0].type.size == 1:
            return broadcast_to(reshape(x.inputs[0], ()), node.outputs[0].shape)
    return None


@rewrite("broadcast-of", BroadcastTo)
def broadcast_of(node: Apply) -> Rewritten:
    """Broadcasts in a row are one, of the smallest source; small constants are stored."""
    (x,), shape = node.inputs, node.outputs[0].shape
    if x.shape == shape:
        return x
    if not prod(shape):
        return constant(np.zeros(shape, x.dtype))
    if isinstance(x, Constant) and prod(shape) <= _SMALL:
        return constant(np.broadcast_to(x.data, shape), literal=x.literal)
    source = smallest(x)
    return None if source is x else broadcast_to(source, shape)


@rewrite("join-of", Join)
def join_of(node: Apply) -> Rewritten:
    """Joins along the same axis are one, empty parts are dropped, joined copies of one number are a broadcast."""
    axis = node.op.axis  # type: ignore[attr-defined]
    parts: list[Variable] = []
    for v in node.inputs:
        parts.extend(v.inputs if v.op == node.op and v.dtype == node.outputs[0].dtype else [v])
    parts = [v for v in parts if v.shape[axis]]
    sources = {smallest(v) for v in parts}
    if len(sources) == 1 and not (source := sources.pop()).shape:
        return broadcast_to(source, node.outputs[0].shape)
    if len(parts) == len(node.inputs):
        return None
    return join(parts, axis) if parts else constant(np.zeros(node.outputs[0].shape, node.outputs[0].dtype))


SHAPES = RuleSet.of(broadcast_last, reshape_of, transpose_of, broadcast_of, join_of)
