"""Stan's indexing on values: every form of index becomes zero-based index tensors for one gather or one write.

A multi-index (a slice or an array of ints) keeps its axis, a single index drops it; several multi-indexes select their
outer product (Reference Manual, Expressions, "Multi-indexing").
"""
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ppl_cli.graph.basic import Constant, Variable, constant
from ppl_cli.language.diagnostics import ElaborationError
from ppl_cli.language.source import Span
from ppl_cli.model.values import Leaf, Lifter, Value, is_known, lower, shape_of
from ppl_cli.ops.indexing import gather, set_at
from ppl_cli.ops.scalar_math import both, ge, lt, sub, switch
from ppl_cli.ops.shape import reshape


@dataclass(frozen=True, slots=True)
class Position:
    """One evaluated index: zero-based; `value` is a scalar, a vector of positions, or None for a whole axis.

    `loose`: for some states of a discrete unknown it is out of range; there what is read, or written, is not a number.
    """

    value: Value | None
    span: Span
    loose: bool = False

    @property
    def multiple(self) -> bool:
        return self.value is None or bool(shape_of(self.value))


def zero_based(value: Value) -> Value:
    return value - 1 if is_known(value) else lower(sub(value, 1))


def check_range(positions: Sequence[Position], shape: tuple[int, ...], span: Span) -> None:
    """Known positions must lie inside the axes that they index."""
    if len(positions) > len(shape):
        raise ElaborationError(f"{len(positions)} indexes for a value with {len(shape)} axes", span)
    for axis, (position, size) in enumerate(zip(positions, shape, strict=False)):
        value = position.value.data if isinstance(position.value, Constant) else position.value
        if value is None or not is_known(value):
            continue
        flat = np.ravel(np.asarray(value))
        bad = flat[(flat < 0) | (flat >= size)]
        if bad.size:
            which = f" of axis {axis + 1}" if len(shape) > 1 else ""
            raise ElaborationError(f"index {int(bad[0]) + 1} is out of range: the size{which} is {size}", position.span)


def _tensors(positions: Sequence[Position], shape: tuple[int, ...]) -> tuple[Any, ...]:
    """Index tensors that broadcast against each other, one axis for each multi-index; whole last axes need none."""
    used = list(positions)
    while used and used[-1].value is None:
        used.pop()
    total = sum(p.multiple for p in used)
    tensors = []
    axis = 0
    for k, position in enumerate(used):
        value: Value = np.arange(shape[k]) if position.value is None else position.value
        if position.multiple:
            axis += 1
            sizes = (shape_of(value)[0],) + (1,) * (total - axis)
            value = reshape(value, sizes) if isinstance(value, Variable) else np.reshape(np.asarray(value), sizes)
        tensors.append(value)
    return tuple(tensors)


def _within(
    positions: Sequence[Position], tensors: Sequence[Any], shape: tuple[int, ...]
) -> tuple[tuple[Any, ...], Variable | None]:
    """Index tensors that are in range, and where they are what was asked for; None if that is everywhere."""
    found, valid = list(tensors), None
    for axis, (position, tensor, size) in enumerate(zip(positions, tensors, shape, strict=False)):
        if position.loose:
            inside = both(ge(tensor, 0), lt(tensor, size))
            valid = inside if valid is None else both(valid, inside)
            found[axis] = switch(inside, tensor, 0)
    return tuple(found), valid


def _where(valid: Variable, value: Variable, batch_ndim: int) -> Variable:
    """`value` where the index was valid, along its first axes; else not a number."""
    lead = (1,) * (batch_ndim - valid.ndim) + valid.shape
    unset = np.nan if value.dtype == "float64" else np.iinfo("int64").min
    return switch(reshape(valid, lead + (1,) * (value.ndim - batch_ndim)), value, unset)


def read(x: Leaf, positions: Sequence[Position], span: Span, lift: Lifter) -> Leaf:
    """x[positions]."""
    check_range(positions, shape_of(x), span)
    tensors, valid = _within(positions, _tensors(positions, shape_of(x)), shape_of(x))
    if not tensors:
        return x
    if is_known(x) and all(map(is_known, tensors)):
        part = x[tensors]
        return np.array(part) if isinstance(part, np.ndarray) else part
    found = gather(lift(x), *(_index(t) for t in tensors))
    return found if valid is None else _where(valid, found, found.ndim - len(shape_of(x)) + len(tensors))


def write(x: Value, positions: Sequence[Position], value: Value, span: Span, lift: Lifter) -> Value:
    """x with x[positions] = value; a known x that is writeable is changed in place."""
    check_range(positions, shape_of(x), span)
    tensors, valid = _within(positions, _tensors(positions, shape_of(x)), shape_of(x))
    target = tuple(np.broadcast_shapes(*(shape_of(t) for t in tensors))) + shape_of(x)[len(tensors) :]
    if shape_of(value) != target:
        raise ElaborationError(f"cannot assign {_sizes(shape_of(value))} to {_sizes(target)}", span)
    if not tensors:
        return value
    if is_known(x) and is_known(value) and all(map(is_known, tensors)):
        changed = x if isinstance(x, np.ndarray) and x.flags.writeable else np.array(x)
        changed[tensors] = value
        return changed
    written = lift(value)
    if valid is not None:
        written = _where(valid, written, written.ndim - len(shape_of(x)) + len(tensors))
    return set_at(lift(x), written, *(_index(t) for t in tensors))


def _index(tensor: Value) -> Variable:
    return tensor if isinstance(tensor, Variable) else constant(np.asarray(tensor))


def _sizes(shape: tuple[int, ...]) -> str:
    return f"a value of size [{', '.join(map(str, shape))}]" if shape else "a scalar"
