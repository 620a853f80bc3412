"""Elementwise operations: one scalar function applied over NumPy-broadcast inputs.

Adding one is one declaration, `elementwise(...)`: its NumPy meaning, its gradient as a graph expression and its
spelling in C and Numba. Everything else (folding, vectorization, printing, tests) reads that declaration from
`SCALARS`.
"""
from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

from ppl_cli.graph.basic import Op, Variable, as_variable
from ppl_cli.graph.types import DType, TensorType, promote

Result = Literal["float64", "int64", "bool", "promote", "branches"]
Pullback = Callable[..., Sequence[Variable | None]]


@dataclass(frozen=True, eq=False)
class Scalar:
    """A scalar function.

    numpy     its meaning on arrays
    pullback  (g, y, *x) -> the gradients by each x, given that by y; None where there is none
    c, numba  spelling with {0}, {1}, ... for the arguments, which are names or literals
    external  "module:function" of a SciPy Cython function called instead (its C pointer; one signature of doubles)
    result    dtype of the result; "promote": that of the arguments; "branches": that of all but the first argument
    commutative  whether its two arguments may be exchanged
    reports   whether it may write a fault down: the text has `reports`, and its last argument is the number of a site
    """

    name: str
    arity: int
    numpy: Callable[..., Any]
    pullback: Pullback | None
    c: str
    numba: str
    result: Result = "float64"
    external: str = ""
    commutative: bool = False
    reports: bool = False


SCALARS: dict[str, Scalar] = {}


def _broadcast(shapes: Sequence[tuple[int, ...]]) -> tuple[int, ...]:
    """The common shape; most often they agree or are scalar, and NumPy need not be asked."""
    largest = max(shapes, key=len)
    return largest if all(s == largest or not s for s in shapes) else np.broadcast_shapes(*shapes)


@dataclass(frozen=True)
class Elementwise(Op):
    """`scalar` applied over its broadcast inputs."""

    scalar: Scalar = field(repr=False)

    @property
    def name(self) -> str:  # type: ignore[override]
        return self.scalar.name

    @property
    def commutative(self) -> bool:
        return self.scalar.commutative

    @property
    def foldable(self) -> bool:
        return not self.scalar.reports

    def output_types(self, *inputs: TensorType) -> tuple[TensorType, ...]:
        if len(inputs) != self.scalar.arity:
            raise TypeError(f"{self.name} takes {self.scalar.arity} arguments, not {len(inputs)}")
        return (TensorType(self._dtype(inputs), _broadcast([t.shape for t in inputs])),)

    def _dtype(self, inputs: Sequence[TensorType]) -> DType:
        match self.scalar.result:
            case "promote":
                return promote("int64", *(t.dtype for t in inputs))
            case "branches":
                return promote(*(t.dtype for t in inputs[1:]))
            case dtype:
                return dtype

    def perform(self, *inputs: np.ndarray) -> tuple[np.ndarray, ...]:
        with np.errstate(all="ignore"):
            return (np.asarray(self.scalar.numpy(*inputs)),)

    def grad(
        self, inputs: Sequence[Variable], outputs: Sequence[Variable], gradients: Sequence[Variable]
    ) -> Sequence[Variable | None]:
        if self.scalar.pullback is None:
            return [None] * len(inputs)
        parts = self.scalar.pullback(gradients[0], outputs[0], *inputs)
        return [None if g is None else as_variable(g).sum_to(v.shape) for g, v in zip(parts, inputs, strict=True)]


class ElementwiseFunction:
    """The graph function of a scalar: broadcasts its arguments, which may be plain numbers or arrays."""

    def __init__(self, scalar: Scalar) -> None:
        self.op = Elementwise(scalar)
        self.__name__ = scalar.name

    def __call__(self, *arguments: Any) -> Variable:
        return self.op(*map(as_variable, arguments))

    def __repr__(self) -> str:
        return f"<elementwise {self.__name__}>"


def elementwise(
    name: str,
    arity: int,
    numpy: Callable[..., Any],
    pullback: Pullback | None,
    c: str,
    numba: str,
    *,
    result: Result = "float64",
    external: str = "",
    commutative: bool = False,
    reports: bool = False,
) -> ElementwiseFunction:
    """Declare an elementwise operation and return the function that builds it."""
    scalar = SCALARS[name] = Scalar(name, arity, numpy, pullback, c, numba, result, external, commutative, reports)
    return ElementwiseFunction(scalar)
