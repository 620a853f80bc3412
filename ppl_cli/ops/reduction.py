"""Reductions over axes: sum, product, maximum, minimum, cumulative sum."""
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from ppl_cli.graph.basic import Op, Variable, as_variable
from ppl_cli.graph.types import TensorType, promote
from ppl_cli.ops.scalar_math import detached, div, eq, exp, log, switch
from ppl_cli.ops.shape import broadcast_to, reshape, transpose

Kind = Literal["sum", "prod", "max", "min"]

# NumPy's reduction and the value of an empty one (Stan: max of nothing is -inf).
KINDS: dict[Kind, tuple[np.ufunc, float]] = {
    "sum": (np.add, 0), "prod": (np.multiply, 1), "max": (np.maximum, -np.inf), "min": (np.minimum, np.inf),
}


@dataclass(frozen=True)
class Reduce(Op):
    """The reduction of `kind` over `axes` (negative, ascending: counted from the last axis), which disappear."""

    kind: Kind
    axes: tuple[int, ...]

    @property
    def name(self) -> str:  # type: ignore[override]
        return self.kind.capitalize()

    def output_types(self, *inputs: TensorType) -> tuple[TensorType, ...]:
        gone = {a % inputs[0].ndim for a in self.axes}
        shape = tuple(n for k, n in enumerate(inputs[0].shape) if k not in gone)
        return (TensorType(promote("int64", inputs[0].dtype), shape),)

    def perform(self, *inputs: np.ndarray) -> tuple[np.ndarray, ...]:
        ufunc, initial = KINDS[self.kind]
        x = inputs[0].astype("int64") if inputs[0].dtype == bool else inputs[0]
        start = {} if x.size and self.kind in ("max", "min") else {"initial": x.dtype.type(initial)}
        return (np.asarray(ufunc.reduce(x, axis=self.axes, **start)),)

    def grad(
        self, inputs: Sequence[Variable], outputs: Sequence[Variable], gradients: Sequence[Variable]
    ) -> Sequence[Variable | None]:
        x, y, g = inputs[0], self.kept(outputs[0], inputs[0]), self.kept(gradients[0], inputs[0])
        match self.kind:
            case "sum":
                return [broadcast_to(g, x.shape)]
            case "prod":
                return [_product_gradient(x, g, self.axes)]
            case _:  # to every element that attains it, as a subgradient shared among ties
                hit = eq(x, y)
                share = self.kept(reduce_sum(switch(hit, 1.0, 0.0), self.axes), x)
                return [switch(hit, g / share, 0.0)]

    def kept(self, v: Variable, like: Variable) -> Variable:
        """A result for the input `like` with the reduced axes kept with size 1, so that it broadcasts against it."""
        gone = {a % like.ndim for a in self.axes}
        return reshape(v, tuple(1 if k in gone else n for k, n in enumerate(like.shape)))

    def __str__(self) -> str:
        return f"{self.name}{{axes={','.join(map(str, self.axes))}}}"


def _product_gradient(x: Variable, g: Variable, axes: tuple[int, ...]) -> Variable:
    """g times the product of all other elements; where an element is zero this needs the others' product itself."""
    zero = eq(x, 0.0)
    safe = switch(zero, 1.0, x)
    op = Reduce("prod", axes)
    others = op.kept(op(safe), x)  # the product of what is not zero
    zeros = op.kept(reduce_sum(switch(zero, 1.0, 0.0), axes), x)
    alone = switch(eq(zeros, 1.0), others, 0.0)
    return g * switch(eq(zeros, 0.0), div(others, safe), switch(zero, alone, 0.0))


def _reduce(kind: Kind, v: Variable, axes: Sequence[int] | int | None) -> Variable:
    v = as_variable(v)
    if axes is None:
        axes = range(v.ndim)
    elif isinstance(axes, int):
        axes = (axes,)
    negative = tuple(sorted(a if a < 0 else a - v.ndim for a in axes))
    return Reduce(kind, negative)(v) if negative else v


def reduce_sum(v: Variable, axes: Sequence[int] | int | None = None) -> Variable:
    return _reduce("sum", v, axes)


def reduce_prod(v: Variable, axes: Sequence[int] | int | None = None) -> Variable:
    return _reduce("prod", v, axes)


def reduce_max(v: Variable, axes: Sequence[int] | int | None = None) -> Variable:
    return _reduce("max", v, axes)


def reduce_min(v: Variable, axes: Sequence[int] | int | None = None) -> Variable:
    return _reduce("min", v, axes)


def sum_to(v: Variable, shape: tuple[int, ...]) -> Variable:
    """`v` summed over the axes along which `shape` was broadcast to its shape; broadcast first if `v` is smaller."""
    if v.shape == shape:
        return v
    full = np.broadcast_shapes(v.shape, shape)
    v = broadcast_to(v, full)
    padded = (1,) * (len(full) - len(shape)) + shape
    axes = tuple(k for k, (n, m) in enumerate(zip(padded, full, strict=True)) if n == 1 and m != 1)
    return reshape(reduce_sum(v, axes) if axes else v, shape)


@dataclass(frozen=True)
class LogSumExp(Op):
    """log(sum(exp(x))) over the last axis, without overflow; -inf for no elements."""

    name = "LogSumExp"

    def output_types(self, *inputs: TensorType) -> tuple[TensorType, ...]:
        return (TensorType("float64", inputs[0].shape[:-1]),)

    def perform(self, *inputs: np.ndarray) -> tuple[np.ndarray, ...]:
        return (np.logaddexp.reduce(np.asarray(inputs[0], "float64"), axis=-1, initial=-np.inf),)

    def grad(
        self, inputs: Sequence[Variable], outputs: Sequence[Variable], gradients: Sequence[Variable]
    ) -> Sequence[Variable | None]:
        _, terms = _shifted(inputs[0])
        total = reduce_sum(terms, -1)
        share = switch(eq(total, 0.0), 0.0, gradients[0] / total)
        return [reshape(share, (*share.shape, 1)) * terms]


def log_sum_exp(v: Variable, axis: int = -1) -> Variable:
    """log(sum(exp(v))) over `axis`."""
    axis %= v.ndim
    return LogSumExp()(transpose(v, (*(k for k in range(v.ndim) if k != axis), axis)))


def expand_log_sum_exp(v: Variable) -> Variable:
    """The definition of `LogSumExp` by ops that every backend has."""
    shift, terms = _shifted(v)
    return shift + log(reduce_sum(terms, -1))


def _shifted(v: Variable) -> tuple[Variable, Variable]:
    """The maximum over the last axis where that is finite, else 0, and exp(v - it): the value of `LogSumExp` and its
    gradient are made of the same terms. What is shifted by does not matter to the derivatives of either."""
    top = reduce_max(v, -1)
    shift = detached(switch(eq(top, -np.inf), 0.0, switch(eq(top, np.inf), 0.0, top)))
    return shift, exp(v - reshape(shift, (*shift.shape, 1)))


@dataclass(frozen=True)
class CumulativeSum(Op):
    """Partial sums along the last axis, from the first element or (reverse) from the last."""

    reverse: bool = False
    name = "CumulativeSum"

    def output_types(self, *inputs: TensorType) -> tuple[TensorType, ...]:
        return (TensorType(promote("int64", inputs[0].dtype), inputs[0].shape),)

    def perform(self, *inputs: np.ndarray) -> tuple[np.ndarray, ...]:
        x = inputs[0]
        return (np.cumsum(x[..., ::-1], -1)[..., ::-1] if self.reverse else np.cumsum(x, -1),)

    def grad(
        self, inputs: Sequence[Variable], outputs: Sequence[Variable], gradients: Sequence[Variable]
    ) -> Sequence[Variable | None]:
        return [CumulativeSum(not self.reverse)(gradients[0])]

    def __str__(self) -> str:
        return "CumulativeSum{reverse}" if self.reverse else "CumulativeSum"
