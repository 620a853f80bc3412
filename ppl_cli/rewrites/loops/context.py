"""The set of iterations that a piece of a loop's body stands for, and values that have one element for each of them.

A context has axes: one for each enclosing loop whose number of iterations is the same throughout (a grid), or a single
one that lists the iterations (ragged loops, and the iterations that a condition selects).
"""
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import prod

import numpy as np

from ppl_cli.graph.basic import Constant, Op, Variable, constant
from ppl_cli.graph.traversal import fold
from ppl_cli.ops.indexing import AddAt, Gather
from ppl_cli.ops.reduction import Reduce
from ppl_cli.ops.reporting import Fault
from ppl_cli.ops.scalar_math import mul
from ppl_cli.ops.shape import BroadcastTo, Reshape


class Recurrence(Exception):
    """An iteration needs what another one computed, in a way that no rule knows."""


@dataclass(frozen=True, eq=False)
class Context:
    """axes    sizes of the leading axes of a batched value, outermost loop first
    coordinates    for each enclosing loop, outermost first: the number of its iteration, broadcastable to `axes`
    rows           None for a grid; else for each element of the one axis its flat position among the parent's elements
    """

    axes: tuple[int, ...] = ()
    coordinates: tuple[np.ndarray, ...] = ()
    parent: Context | None = None
    rows: np.ndarray | None = None

    @property
    def ndim(self) -> int:
        return len(self.axes)

    @property
    def size(self) -> int:
        return prod(self.axes)

    @property
    def level(self) -> int:
        """The number of enclosing loops."""
        return len(self.coordinates)

    def grid(self, length: int) -> Context:
        """Inside a loop that runs `length` times in every iteration of this context."""
        steps = np.arange(length).reshape((1,) * self.ndim + (length,))
        outer = tuple(c[..., None] for c in self.coordinates)
        return Context((*self.axes, length), (*outer, steps), self)

    def ragged(self, lengths: np.ndarray) -> Context:
        """Inside a loop that runs `lengths` times, one number for each iteration of this context."""
        flat = np.broadcast_to(lengths, self.axes).ravel()
        rows = np.repeat(np.arange(self.size), flat)
        steps = np.arange(rows.size) - np.repeat(np.cumsum(flat) - flat, flat)
        return Context((rows.size,), (*self._selected(rows), steps), self, rows)

    def subset(self, mask: np.ndarray) -> Context:
        """The iterations of this context for which `mask` holds."""
        rows = np.flatnonzero(np.broadcast_to(mask, self.axes))
        return Context((rows.size,), self._selected(rows), self, rows)

    def _selected(self, rows: np.ndarray) -> tuple[np.ndarray, ...]:
        return tuple(np.broadcast_to(c, self.axes).ravel()[rows] for c in self.coordinates)

    def positions(self) -> tuple[np.ndarray, ...]:
        """For a list of iterations: along each axis of the parent, the position of each element's row."""
        assert self.parent is not None and self.rows is not None
        return np.unravel_index(self.rows, self.parent.axes) if self.parent.axes else ()

    def inside(self, other: Context) -> bool:
        """Whether `other` is this context or encloses it."""
        context: Context | None = self
        while context is not None:
            if context is other:
                return True
            context = context.parent
        return False


@dataclass(frozen=True, eq=False)
class Batched:
    """A value with one element for each iteration: `variable` has the context's axes first, where 1 stands for any
    size."""

    variable: Variable
    context: Context
    event_shape: tuple[int, ...] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "event_shape", self.variable.shape[self.context.ndim :])

    @property
    def event_ndim(self) -> int:
        return len(self.event_shape)

    @property
    def known(self) -> np.ndarray | None:
        """The value if it depends on data only."""
        return self.variable.data if isinstance(self.variable, Constant) else None

    @property
    def full(self) -> Variable:
        """The variable with the context's whole axes."""
        return make(BroadcastTo(self.context.axes + self.event_shape), self.variable)

    def flat(self) -> Variable:
        """All elements along one axis, in the order of the iterations."""
        return reshaped(self.full, (self.context.size, *self.event_shape))


def make(op: Op, *inputs: Variable) -> Variable:
    """op(*inputs), computed at once if the inputs are constants without a fault; views that change nothing are left
    out."""
    if isinstance(op, BroadcastTo | Reshape) and inputs[0].shape == op.shape:
        return inputs[0]
    node = op.apply(*inputs)
    try:
        (output,) = fold(node)
    except Fault:
        (output,) = node.outputs
    return output


def reshaped(v: Variable, shape: Sequence[int]) -> Variable:
    return make(Reshape(tuple(shape)), v)


def array(values: np.ndarray) -> Variable:
    return constant(np.ascontiguousarray(values))


def expand(value: Batched, context: Context) -> Batched:
    """`value` of an enclosing context as seen from `context`."""
    if value.context is context:
        return value
    if context.parent is None:
        raise Recurrence("a value of an inner loop is used outside")
    outer = expand(value, context.parent)
    v, parent = outer.variable, context.parent
    batch = v.shape[: parent.ndim]
    if context.rows is None:
        return Batched(reshaped(v, (*batch, 1, *outer.event_shape)), context)
    if prod(batch) == 1:
        return Batched(reshaped(v, (1, *outer.event_shape)), context)
    at = [array(np.where(n == 1, 0, p)) for n, p in zip(batch, context.positions(), strict=True)]
    return Batched(make(Gather(), v, *at), context)


def sum_out(value: Batched, parent: Context) -> Variable:
    """The sum of `value` over the iterations inside each iteration of `parent`; it has the parent's axes, or 1."""
    if value.context is parent:
        return value.variable
    context, v = value.context, value.variable
    assert context.parent is not None
    if parent.ndim == 0:
        missing = prod(n for n, m in zip(context.axes, v.shape, strict=False) if m == 1)
        axes = tuple(range(-v.ndim, -value.event_ndim)) if value.event_ndim else tuple(range(-v.ndim, 0))
        total = make(Reduce("sum", axes), v) if axes else v
        return total if missing == 1 else make(mul.op, total, constant(float(missing)))
    if context.rows is None:
        axis = context.ndim - 1
        full = make(BroadcastTo((*v.shape[:axis], context.axes[axis], *v.shape[axis + 1 :])), v)
        summed = make(Reduce("sum", (axis - v.ndim,)), full)
    else:
        zeros = constant(np.zeros(context.parent.axes + value.event_shape))
        summed = make(AddAt(), zeros, value.full, *map(array, context.positions()))
    return sum_out(Batched(summed, context.parent), parent)
