"""Reading and writing elements by zero-based index tensors.

`Gather(x, i, j, ...)` is x[i, j, ...] with NumPy's meaning of integer index arrays on the leading axes: the indices
broadcast together and the remaining axes of x follow. A slice is a gather with an arithmetic progression, which the
compiler prints as an affine expression and never stores. Writes are functional: they return the changed tensor.
"""
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ppl_cli.graph.basic import Constant, Op, Variable, as_variable, constant
from ppl_cli.graph.types import TensorType, promote
from ppl_cli.ops.scalar_math import add, eq, sub, switch
from ppl_cli.ops.shape import BroadcastTo, Reshape, broadcast_to, transpose


def _indexed_shape(x: TensorType, indices: Sequence[TensorType]) -> tuple[int, ...]:
    if len(indices) > x.ndim:
        raise TypeError(f"{len(indices)} indices for {x}")
    return np.broadcast_shapes(*(t.shape for t in indices)) + x.shape[len(indices) :]


def _consecutive(index: np.ndarray) -> slice | None:
    """A slice that selects the same, if the index counts upwards by ones: it costs no copy of the data."""
    if index.ndim != 1 or not index.size:
        return None
    first, last = int(index[0]), int(index[-1])
    if first < 0 or last - first != index.size - 1 or not (index[1:] - index[:-1] == 1).all():
        return None
    return slice(first, last + 1)


@dataclass(frozen=True)
class Gather(Op):
    """Inputs (x, *indices): x[indices]."""

    name = "Gather"

    def output_types(self, *inputs: TensorType) -> tuple[TensorType, ...]:
        x, *indices = inputs
        return (x.with_shape(_indexed_shape(x, indices)),)

    def perform(self, *inputs: np.ndarray) -> tuple[np.ndarray, ...]:
        x, *indices = inputs
        if len(indices) == 1 and (part := _consecutive(indices[0])) is not None:
            return (x[part],)
        return (np.asarray(x[tuple(indices)]),)

    def grad(
        self, inputs: Sequence[Variable], outputs: Sequence[Variable], gradients: Sequence[Variable]
    ) -> Sequence[Variable | None]:
        x, *indices = inputs
        return [add_at(constant(np.zeros(x.shape)), gradients[0], *indices), *[None] * len(indices)]


@dataclass(frozen=True)
class SetAt(Op):
    """Inputs (x, value, *indices): x with x[indices] = value. Of repeated indices the last in row-major order wins."""

    name = "SetAt"

    def output_types(self, *inputs: TensorType) -> tuple[TensorType, ...]:
        x, value, *indices = inputs
        if np.broadcast_shapes(value.shape, shape := _indexed_shape(x, indices)) != shape:
            raise TypeError(f"cannot store {value} in {list(shape)} elements")
        return (TensorType(promote(x.dtype, value.dtype), x.shape),)

    def perform(self, *inputs: np.ndarray) -> tuple[np.ndarray, ...]:
        x, value, *indices = inputs
        result = np.array(x, dtype=np.result_type(x, value))
        result[tuple(indices)] = value
        return (result,)

    def grad(
        self, inputs: Sequence[Variable], outputs: Sequence[Variable], gradients: Sequence[Variable]
    ) -> Sequence[Variable | None]:
        _, value, *indices = inputs
        g = gradients[0]
        kept = switch(_last_writes(inputs[0], indices), gather(g, *indices), 0.0)
        return [set_at(g, constant(0.0), *indices), kept.sum_to(value.shape), *[None] * len(indices)]


def _last_writes(x: Variable, indices: Sequence[Variable]) -> Variable:
    """Which of the elements written to `x` are not overwritten by a later one, broadcasting to the written shape."""
    shape = np.broadcast_shapes(*(i.shape for i in indices))
    lead, rest = x.shape[: len(indices)], x.ndim - len(indices)
    data = [np.broadcast_to(i.data, shape) for i in indices if isinstance(i, Constant)]
    count = int(np.prod(shape))
    if count <= 1 or (len(data) == len(indices) and _are_different(data, lead)):
        return constant(True)
    numbers = constant(np.arange(count).reshape(shape))
    last = gather(set_at(constant(np.zeros(lead, "int64")), numbers, *indices), *indices)
    return Reshape((*shape, *(1,) * rest))(eq(last, numbers))


def _are_different(indices: Sequence[np.ndarray], shape: tuple[int, ...]) -> bool:
    """Whether no element of an array of this shape is meant twice."""
    flat = np.ravel_multi_index(tuple(indices), shape, mode="wrap").ravel()
    met = np.zeros(int(np.prod(shape)), bool)
    met[flat] = True
    return int(np.count_nonzero(met)) == flat.size


@dataclass(frozen=True)
class AddAt(Op):
    """Inputs (x, value, *indices): x with value added at x[indices], repeated indices adding up."""

    name = "AddAt"

    def output_types(self, *inputs: TensorType) -> tuple[TensorType, ...]:
        return SetAt().output_types(*inputs)

    def perform(self, *inputs: np.ndarray) -> tuple[np.ndarray, ...]:
        x, value, *indices = inputs
        result = np.array(x, dtype=np.result_type(x, value))
        np.add.at(result, tuple(indices), value)
        return (result,)

    def grad(
        self, inputs: Sequence[Variable], outputs: Sequence[Variable], gradients: Sequence[Variable]
    ) -> Sequence[Variable | None]:
        _, value, *indices = inputs
        g = gradients[0]
        return [g, gather(g, *indices).sum_to(value.shape), *[None] * len(indices)]


def gather(x: Variable, *indices: Any) -> Variable:
    return Gather()(x, *map(as_variable, indices)) if indices else x


def set_at(x: Variable, value: Any, *indices: Any) -> Variable:
    value = as_variable(value)
    if not indices:
        return broadcast_to(value, x.shape)
    return SetAt()(x, value, *map(as_variable, indices))


def add_at(x: Variable, value: Any, *indices: Any) -> Variable:
    return AddAt()(x, as_variable(value), *map(as_variable, indices))


def take_slice(x: Variable, start: int, stop: int, axis: int = 0) -> Variable:
    """x[start:stop] along `axis`."""
    axis %= x.ndim
    if (start, stop) == (0, x.shape[axis]):
        return x
    if axis == 0:
        return gather(x, constant(np.arange(start, stop)))
    order = (axis, *(k for k in range(x.ndim) if k != axis))
    part = gather(transpose(x, order), constant(np.arange(start, stop)))
    return transpose(part, tuple(int(k) for k in np.argsort(order)))


def affine(v: Variable) -> tuple[Variable, int]:
    """(base, offset) of an index with one value: it is base + offset. Views of a scalar count as that scalar."""
    offset = 0
    while v.owner is not None:
        op, inputs = v.op, v.inputs
        if isinstance(op, Reshape | BroadcastTo) and inputs[0].type.size == 1:
            v = inputs[0]
        elif op == add.op and isinstance(inputs[1], Constant) and inputs[1].type.size == 1:
            offset += int(inputs[1].data.item())
            v = inputs[0]
        elif op == add.op and isinstance(inputs[0], Constant) and inputs[0].type.size == 1:
            offset += int(inputs[0].data.item())
            v = inputs[1]
        elif op == sub.op and isinstance(inputs[1], Constant) and inputs[1].type.size == 1:
            offset -= int(inputs[1].data.item())
            v = inputs[0]
        else:
            break
    return v, offset
