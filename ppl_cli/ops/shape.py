"""Operations that move elements without changing them: reshape, transpose, broadcast, join."""
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod

import numpy as np

from ppl_cli.graph.basic import Op, Variable, as_variable
from ppl_cli.graph.types import DType, TensorType, promote


@dataclass(frozen=True)
class Empty(Op):
    """A tensor whose elements are all written before they are read: room, without the cost of filling it."""

    shape: tuple[int, ...]
    dtype: DType
    name = "Empty"

    def output_types(self, *inputs: TensorType) -> tuple[TensorType, ...]:
        return (TensorType(self.dtype, self.shape),)

    def perform(self, *inputs: np.ndarray) -> tuple[np.ndarray, ...]:
        return (np.zeros(self.shape, self.dtype),)

    @property
    def foldable(self) -> bool:
        return False

    def __str__(self) -> str:
        return f"Empty{list(self.shape)}"


def empty(shape: tuple[int, ...], dtype: DType) -> Variable:
    return Empty(shape, dtype)()


@dataclass(frozen=True)
class Reshape(Op):
    """The same elements in row-major order, in another shape."""

    shape: tuple[int, ...]
    name = "Reshape"

    def output_types(self, *inputs: TensorType) -> tuple[TensorType, ...]:
        if inputs[0].size != prod(self.shape):
            raise TypeError(f"cannot reshape {inputs[0]} to {list(self.shape)}")
        return (inputs[0].with_shape(self.shape),)

    def perform(self, *inputs: np.ndarray) -> tuple[np.ndarray, ...]:
        return (np.reshape(inputs[0], self.shape),)

    def grad(
        self, inputs: Sequence[Variable], outputs: Sequence[Variable], gradients: Sequence[Variable]
    ) -> Sequence[Variable | None]:
        return [reshape(gradients[0], inputs[0].shape)]

    def __str__(self) -> str:
        return f"Reshape{list(self.shape)}"


@dataclass(frozen=True)
class Transpose(Op):
    """Axis k of the output is axis `axes[k]` of the input."""

    axes: tuple[int, ...]
    name = "Transpose"

    def output_types(self, *inputs: TensorType) -> tuple[TensorType, ...]:
        return (inputs[0].with_shape(tuple(inputs[0].shape[a] for a in self.axes)),)

    def perform(self, *inputs: np.ndarray) -> tuple[np.ndarray, ...]:
        return (np.transpose(inputs[0], self.axes),)

    def grad(
        self, inputs: Sequence[Variable], outputs: Sequence[Variable], gradients: Sequence[Variable]
    ) -> Sequence[Variable | None]:
        return [transpose(gradients[0], tuple(int(k) for k in np.argsort(self.axes)))]

    def __str__(self) -> str:
        return f"Transpose{list(self.axes)}"


@dataclass(frozen=True)
class BroadcastTo(Op):
    """The input repeated along its axes of size 1 and along new leading axes, as NumPy broadcasts."""

    shape: tuple[int, ...]
    name = "BroadcastTo"

    def output_types(self, *inputs: TensorType) -> tuple[TensorType, ...]:
        if np.broadcast_shapes(inputs[0].shape, self.shape) != self.shape:
            raise TypeError(f"cannot broadcast {inputs[0]} to {list(self.shape)}")
        return (inputs[0].with_shape(self.shape),)

    @property
    def foldable(self) -> bool:
        return False  # copies are never worth storing

    def perform(self, *inputs: np.ndarray) -> tuple[np.ndarray, ...]:
        return (np.broadcast_to(inputs[0], self.shape),)

    def grad(
        self, inputs: Sequence[Variable], outputs: Sequence[Variable], gradients: Sequence[Variable]
    ) -> Sequence[Variable | None]:
        return [gradients[0].sum_to(inputs[0].shape)]

    def __str__(self) -> str:
        return f"BroadcastTo{list(self.shape)}"


@dataclass(frozen=True)
class Join(Op):
    """The inputs one after another along `axis` (negative: counted from the last axis)."""

    axis: int
    name = "Join"

    def output_types(self, *inputs: TensorType) -> tuple[TensorType, ...]:
        shape = list(inputs[0].shape)
        shape[self.axis] = sum(t.shape[self.axis] for t in inputs)
        return (TensorType(promote(*(t.dtype for t in inputs)), tuple(shape)),)

    def perform(self, *inputs: np.ndarray) -> tuple[np.ndarray, ...]:
        return (np.concatenate(inputs, self.axis),)

    def grad(
        self, inputs: Sequence[Variable], outputs: Sequence[Variable], gradients: Sequence[Variable]
    ) -> Sequence[Variable | None]:
        parts: list[Variable | None] = []
        start = 0
        for v in inputs:
            stop = start + v.shape[self.axis]
            parts.append(gradients[0].take_slice(start, stop, self.axis))
            start = stop
        return parts

    def __str__(self) -> str:
        return f"Join{{axis={self.axis}}}"


def reshape(v: Variable, shape: Sequence[int]) -> Variable:
    shape = tuple(shape)
    return v if v.shape == shape else Reshape(shape)(v)


def transpose(v: Variable, axes: Sequence[int] | None = None) -> Variable:
    """`v` with its axes permuted; by default the last two are exchanged."""
    if axes is None:
        axes = (*range(v.ndim - 2), v.ndim - 1, v.ndim - 2)
    axes = tuple(axes)
    return v if axes == tuple(range(v.ndim)) else Transpose(axes)(v)


def broadcast_to(v: Variable, shape: Sequence[int]) -> Variable:
    shape = tuple(shape)
    return v if v.shape == shape else BroadcastTo(shape)(v)


def join(parts: Sequence[Variable], axis: int = 0) -> Variable:
    """`parts` one after another along `axis`, which is stored counted from the last axis, so that batches may lead."""
    parts = [as_variable(v) for v in parts]
    if len(parts) == 1:
        return parts[0]
    ndim = parts[0].ndim
    return Join(axis if axis < 0 else axis - ndim)(*parts)


def stack(parts: Sequence[Variable]) -> Variable:
    """Equally shaped `parts` along a new leading axis."""
    parts = [as_variable(v) for v in parts]
    return join([reshape(v, (1, *v.shape)) for v in parts]) if parts else as_variable(np.zeros(0))
