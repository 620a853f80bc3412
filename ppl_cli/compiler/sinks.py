"""Sinks: the operations that must be carried out, element by element, and what they read.

Elementwise operations and views are only computed where a sink needs them. A sink has a domain, whose axes become
loops, and stores one variable. Two sinks may share a loop when one reads of the other only what the same iteration has
completed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from ppl_cli.compiler.data import progression
from ppl_cli.compiler.emit import Index
from ppl_cli.graph.basic import Constant, Variable
from ppl_cli.graph.types import DType
from ppl_cli.ops.elementwise import Elementwise
from ppl_cli.ops.indexing import Gather
from ppl_cli.ops.reduction import KINDS
from ppl_cli.ops.shape import BroadcastTo, Empty, Reshape, Transpose

Combine = Literal["", "sum", "prod", "max", "min"]
Axes = tuple[int | None, ...]  # for each axis of a variable: the axis of the sink's domain that it is read along


@dataclass(eq=False)
class Sink:
    """What is stored for one variable, or for a part of it.

    target      the variable that is stored
    domain      sizes of the loops
    reads       what is read for one element: (variable, along which axes of the domain)
    """

    target: Variable
    domain: tuple[int, ...]
    reads: list[tuple[Variable, Axes]] = field(default_factory=list)
    after: set[Sink] = field(default_factory=set)

    @property
    def loops(self) -> tuple[int, ...]:
        """The axes of the domain that need a loop."""
        return tuple(k for k, n in enumerate(self.domain) if n != 1)

    @property
    def fusible(self) -> bool:
        return True

    @property
    def outputs(self) -> tuple[Variable, ...]:
        return (self.target,)

    @property
    def once(self) -> bool:
        """Whether each element of the target is stored by one statement, so that a single one may be a local."""
        return False

    def fits_local(self, v: Variable) -> bool:
        """Whether the output `v`, if it is one element, may be a local variable."""
        return self.once

    def disturbs(self, base: Variable) -> bool:
        """Whether writing in the buffer of `base` would change what the sink has still to read of it."""
        return any(v is base for v, _ in self.reads)

    def kept(self) -> int:
        """How many of the outermost loops run along the first axes of the target, in order."""
        return 0


@dataclass(eq=False, kw_only=True)
class StoreSink(Sink):
    """target = source, element by element; `offset` shifts it along `axis` (the parts of a join)."""

    source: Variable
    axis: int = 0
    offset: int = 0
    draw: bool = False

    @property
    def once(self) -> bool:
        return not self.offset and self.domain == self.target.shape

    def kept(self) -> int:
        return len(self.loops) if self.once else sum(1 for k in self.loops if k < self.axis)


@dataclass(eq=False)
class ReduceSink(Sink):
    """target[kept axes] = the reduction over the other axes of the product of one or two `factors`."""

    kind: Combine = "sum"
    factors: tuple[tuple[Variable, Axes], ...] = ()
    result_axes: tuple[int, ...] = ()

    @property
    def once(self) -> bool:
        """Whether all reduced loops are inside the kept ones, so that the sum is one local variable."""
        if not all(self.domain):
            return False
        kept = [k for k in self.loops if k in self.result_axes]
        return kept == list(self.loops[: len(kept)]) and kept == sorted(kept)

    def kept(self) -> int:
        if not self.once:
            found = 0
            long = [a for a in self.result_axes if self.domain[a] != 1]
            while found < min(len(long), len(self.loops)) and long[found] == self.loops[found]:
                found += 1
            return found
        return sum(1 for k in self.loops if k in self.result_axes)

    def result_index(self, index: Index) -> Index:
        """The part of an index into the domain that says which element of the target it is."""
        return tuple(index[a] for a in self.result_axes)


@dataclass(eq=False, kw_only=True)
class ScatterSink(Sink):
    """target[indices] = (or +=) value; the target's buffer already holds what it is based on."""

    value: Variable
    indices: tuple[Variable, ...] = ()
    adds: bool = False
    index_ndim: int = 0

    def disturbs(self, base: Variable) -> bool:
        """Not if there is one index, and each iteration reads along the other axes only where it writes."""
        several = any(n != 1 for n in self.domain[: self.index_ndim])
        own = tuple(range(self.index_ndim, len(self.domain)))
        return any(v is base and (several or axes[len(self.indices) :] != own) for v, axes in self.reads)


@dataclass(eq=False)
class OpaqueSink(Sink):
    """An operation with loops of its own: a loop, a condition, linear algebra, a cumulative sum."""

    @property
    def outputs(self) -> tuple[Variable, ...]:
        assert self.target.owner is not None
        return self.target.owner.outputs

    @property
    def fusible(self) -> bool:
        return False

    def fits_local(self, v: Variable) -> bool:
        return not v.shape

    def disturbs(self, base: Variable) -> bool:
        """Not if it is read only as the initial value that is to be overwritten."""
        return sum(v is base for v, _ in self.reads) > 1


def neutral_element(kind: Combine, dtype: DType) -> float | int:
    """What a reduction starts from."""
    value = KINDS[kind][1]  # type: ignore[index]
    if dtype == "float64":
        return float(value)
    return int(value) if np.isfinite(value) else INT_MAX if value > 0 else -INT_MAX


INT_MAX = 2**63 - 1

TRIVIAL = (Gather, Reshape, Transpose, BroadcastTo, Empty)


def is_inline(v: Variable) -> bool:
    """Whether elements of `v` can be computed where they are used."""
    return isinstance(v.op, (Elementwise, *TRIVIAL))


def accesses(v: Variable, axes: Axes, stored: set[Variable]) -> Iterator[tuple[Variable, Axes]]:
    """The stored variables read for the element of `v` along `axes`, each with the axes that it is read along."""
    seen: set[tuple[Variable, Axes]] = set()
    stack = [(v, axes)]
    while stack:
        item = stack.pop()
        if item in seen:
            continue
        seen.add(item)
        v, axes = item
        if v in stored:
            yield v, axes
        elif v.owner is not None:
            stack.extend(inputs_along(v, axes))


def inputs_along(v: Variable, axes: Axes) -> list[tuple[Variable, Axes]]:
    """For an inline operation: its inputs, with the axes along which they are read."""
    op = v.op
    if isinstance(op, Elementwise | BroadcastTo | Empty):
        return [(x, _broadcast(axes, x.shape)) for x in v.inputs]
    if isinstance(op, Transpose):
        inner: list[int | None] = [None] * len(axes)
        for k, axis in enumerate(op.axes):
            inner[axis] = axes[k]
        return [(v.inputs[0], tuple(inner))]
    if isinstance(op, Reshape):
        return [(v.inputs[0], _reshape(axes, v.shape, v.inputs[0].shape))]
    if isinstance(op, Gather):
        x, *indices = v.inputs
        n = v.ndim - (x.ndim - len(indices))
        found: list[tuple[Variable, Axes]] = [(i, _broadcast(axes[:n], i.shape)) for i in indices]
        lead = tuple(_identity(i, axes[:n]) for i in indices)
        return [*found, (x, lead + axes[n:])]
    raise TypeError(f"{op} is not an inline operation")


def _broadcast(axes: Axes, shape: tuple[int, ...]) -> Axes:
    used = axes[len(axes) - len(shape) :]
    return tuple(None if n == 1 else a for a, n in zip(used, shape, strict=True))


def _reshape(axes: Axes, outer: tuple[int, ...], inner: tuple[int, ...]) -> Axes:
    long = [(a, n) for a, n in zip(axes, outer, strict=True) if n != 1]
    if [n for _, n in long] != [n for n in inner if n != 1]:
        return (None,) * len(inner)
    given = iter(a for a, _ in long)
    return tuple(next(given) if n != 1 else None for n in inner)


def _identity(index: Variable, axes: Axes) -> int | None:
    """The axis along which an index simply counts, if it does."""
    if not isinstance(index, Constant):
        return None
    steps = progression(index)
    if steps is None or steps.start or [step for step in steps.steps if step] != [1]:
        return None
    return axes[steps.steps.index(1)]


def aligned(reader: Sink, variable: Variable, axes: Axes, writer: Sink) -> int:
    """How many outer loops the two may share: along them the reader reads just what the iteration wrote."""
    long = [a for a, n in zip(axes, variable.shape, strict=True) if n != 1]
    found = 0
    loops, limit = reader.loops, writer.kept()
    while found < min(limit, len(long), len(loops)) and long[found] == loops[found]:
        if reader.domain[loops[found]] != writer.domain[writer.loops[found]]:
            break
        found += 1
    return found


def own_axes(shape: Sequence[int]) -> Axes:
    return tuple(range(len(shape)))
