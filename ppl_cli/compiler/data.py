"""How constants appear in code: as numbers, as arithmetic progressions, or as arrays that are passed in by pointer.

The text must not depend on data more than it has to, so that new data of the same shapes need no new compilation.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import isnan, prod
from weakref import WeakKeyDictionary

import numpy as np

from ppl_cli.compiler.kernel import Buffer, Kind, Linear, Number
from ppl_cli.graph.basic import Constant, Variable

# Tall tables of few columns are stored by columns, so that neighbouring rows are neighbours in memory.
TALL, NARROW = 64, 32


@dataclass(frozen=True)
class Progression:
    """start + sum of steps[k] * (index along axis k)."""

    start: int
    steps: tuple[int, ...]

    def at(self, index: tuple[Linear, ...]) -> Linear:
        total = Linear(self.start)
        for i, step in zip(index, self.steps, strict=True):
            total = total + i * step
        return total


@dataclass(frozen=True)
class Stored:
    """An array behind the data table."""

    buffer: Buffer
    places: Progression


class DataTable:
    """The arrays that a kernel is passed, and how each constant appears."""

    def __init__(self) -> None:
        self.arrays: dict[Buffer, np.ndarray] = {}
        self.found: dict[Constant, Number | Progression | Stored] = {}
        self.reserved: Buffer | None = None

    def reserve(self, size: int) -> Buffer:
        """The first buffer, for an array of doubles that changes between calls."""
        self.reserved = Buffer("given", "double", size, "data", 0)
        self.arrays[self.reserved] = np.zeros(size)
        return self.reserved

    def look(self, v: Constant) -> Number | Progression | Stored:
        """How `v` appears."""
        if v not in self.found:
            self.found[v] = self._uniform(v) or progression(v) or self._stored(v)
        return self.found[v]

    def _uniform(self, v: Constant) -> Number | Progression | None:
        value = v.uniform
        if v.type.size == 0:
            value = 0
        elif value is None and isnan(v.data.flat[0]) and np.isnan(v.data).all():
            value = np.nan
        if value is None or (v.type.size == 1 and not v.literal and v.dtype == "float64"):
            return None
        return Number(float(value), "double") if v.dtype == "float64" else Progression(int(value), (0,) * v.ndim)

    def _stored(self, v: Constant) -> Stored:
        rows, columns = v.shape[0] if v.ndim else 1, prod(v.shape[1:])
        if v.ndim > 1 and rows >= TALL and columns <= NARROW:
            moved = np.ascontiguousarray(np.moveaxis(v.data, 0, -1))
            return Stored(
                self._buffer(moved, kind_of(v)), Progression(0, (1, *(rows * s for s in strides_of(v.shape[1:]))))
            )
        return Stored(self._buffer(v.data, kind_of(v)), Progression(0, tuple(strides_of(v.shape))))

    def _buffer(self, array: np.ndarray, kind: Kind) -> Buffer:
        """The buffer with the elements of `array`; equal arrays share one."""
        array = np.ascontiguousarray(array, "float64" if kind == "double" else "int64").ravel()
        for buffer, known in self.arrays.items():
            if buffer is self.reserved:
                continue
            if known.size == array.size and known.dtype == array.dtype and np.array_equal(known, array):
                return buffer
        slot = len(self.arrays)
        buffer = Buffer(f"d{slot}", kind, array.size, "data", slot)
        self.arrays[buffer] = array
        return buffer


def kind_of(v: Variable) -> Kind:
    return "double" if v.dtype == "float64" else "int64"


def strides_of(shape: tuple[int, ...]) -> list[int]:
    strides = [1] * len(shape)
    for k in range(len(shape) - 2, -1, -1):
        strides[k] = strides[k + 1] * shape[k + 1]
    return strides


def progression(v: Constant) -> Progression | None:
    """The arithmetic progression that the integers of `v` are, None if they are none."""
    if v not in _progressions:
        _progressions[v] = _progression(v.data)
    return _progressions[v]


LARGEST_TERM = 2**40  # sums of terms so small do not overflow
_progressions: WeakKeyDictionary[Constant, Progression | None] = WeakKeyDictionary()


def _progression(data: np.ndarray) -> Progression | None:
    if data.dtype.kind not in "ib" or not data.size:
        return None
    first = int(data.flat[0])
    steps = []
    for axis, size in enumerate(data.shape):
        second = tuple(int(k == axis) for k in range(data.ndim))
        steps.append(int(data[second]) - first if size > 1 else 0)
    if max(map(abs, (first, *steps))) > LARGEST_TERM:  # such as the value of an int that is not set
        return None
    model = np.full(data.shape, first)
    for axis, (step, size) in enumerate(zip(steps, data.shape, strict=True)):
        model = model + (step * np.arange(size)).reshape([-1 if k == axis else 1 for k in range(data.ndim)])
    return Progression(first, tuple(steps)) if np.array_equal(model, data) else None
