"""Random variables and their log densities as nodes; primitive draws.

A `RandomVariable` is a draw of a distribution with given parameters; `LogProb(rv, value)` is the log density of that
law at a value, which the log-probability room turns into ordinary operations. Drawing is graph too: a distribution
says its draw as an expression of a few primitive draws.
"""
from __future__ import annotations

from dataclasses import dataclass, field
from itertools import count
from typing import Any, Literal, Protocol

import numpy as np

from ppl_cli.graph.basic import Op, Variable, as_variable, constant, root
from ppl_cli.graph.types import DType, TensorType


class Law(Protocol):
    """What a random variable's op needs to know of its distribution."""

    @property
    def name(self) -> str: ...

    @property
    def dtype(self) -> DType: ...

    @property
    def event_ndims(self) -> tuple[int, ...]:
        """For each parameter: how many of its last axes make up one parameter value."""
        ...

    @property
    def sized(self) -> bool:
        """Whether the event shape has to be given with the random variable."""
        ...

    def event_shape(self, *parameters: TensorType) -> tuple[int, ...]:
        """The shape of one draw."""
        ...


_token_numbers = count()


def token() -> Variable:
    """A root that keeps one random variable distinct from every other with the same parameters."""
    return root(f"rng{next(_token_numbers)}", "int64")


@dataclass(frozen=True)
class StepToken(Op):
    """Inputs (token, *loop indices): the token of one iteration, so that a draw inside a loop is new in each."""

    name = "StepToken"

    @property
    def pure(self) -> bool:
        return False

    def output_types(self, *inputs: TensorType) -> tuple[TensorType, ...]:
        return (TensorType("int64"),)


@dataclass(frozen=True)
class RandomVariable(Op):
    """Inputs (token, *parameters): independent draws, of shape `batch` + the law's event shape.

    The batch shapes of the parameters broadcast to `batch`. `event` is given where the parameters do not tell the event
    shape.
    """

    law: Any = field(repr=False)
    batch: tuple[int, ...] = ()
    event: tuple[int, ...] | None = None

    @property
    def name(self) -> str:  # type: ignore[override]
        return f"{self.law.name}_rv"

    @property
    def pure(self) -> bool:
        return False

    @property
    def event_ndim(self) -> int:
        return self.law.event_ndim

    def output_types(self, *inputs: TensorType) -> tuple[TensorType, ...]:
        event = self.law.event_shape(*inputs[1:]) if self.event is None else self.event
        return (TensorType(self.law.dtype, self.batch + event),)

    def __str__(self) -> str:
        return f"{self.name}{list(self.batch) if self.batch else ''}"


@dataclass(frozen=True)
class LogProb(Op):
    """Inputs (random variable, value, position): the log density of its law at the value, one number per element of the
    batch.

    `event_ndim` is the number of last axes that make up one value. `position` tells which elements of the model's
    variable the value is (flat, row by row; -1 if it is not a part of one): the density does not need it, the forward
    reading does.
    """

    event_ndim: int = 0
    name = "LogProb"

    def output_types(self, *inputs: TensorType) -> tuple[TensorType, ...]:
        keep = [t.shape[: t.ndim - self.event_ndim] for t in inputs[:2]]
        return (TensorType("float64", np.broadcast_shapes(*keep)),)


@dataclass(frozen=True)
class Truncated(Op):
    """Inputs (scalar random variable, lower, upper): the same law within [lower, upper]; infinite bounds are none."""

    name = "Truncated"

    @property
    def pure(self) -> bool:
        return False

    def output_types(self, *inputs: TensorType) -> tuple[TensorType, ...]:
        return (TensorType(inputs[0].dtype, np.broadcast_shapes(*(t.shape for t in inputs))),)


PrimitiveKind = Literal["uniform", "std_normal", "std_gamma", "poisson", "binomial"]


@dataclass(frozen=True)
class PrimitiveDraw(Op):
    """Inputs (token, *parameters): one independent primitive draw for each element of `shape`.

    uniform on (0, 1); std_normal; std_gamma(shape) with rate 1; poisson(rate); binomial(n, p). Parameters broadcast to
    `shape`.
    """

    kind: PrimitiveKind
    shape: tuple[int, ...]
    name = "PrimitiveDraw"

    @property
    def pure(self) -> bool:
        return False

    def output_types(self, *inputs: TensorType) -> tuple[TensorType, ...]:
        return (TensorType("int64" if self.kind in ("poisson", "binomial") else "float64", self.shape),)

    def __str__(self) -> str:
        return f"{self.kind}{list(self.shape) if self.shape else ''}"


def batch_shape(law: Law, parameters: tuple[Variable, ...]) -> tuple[int, ...]:
    """The shape to which the parameters' batches broadcast."""
    return np.broadcast_shapes(
        *(p.shape[: p.ndim - e] for p, e in zip(parameters, law.event_ndims, strict=True))
    )


def random_variable(
    law: Law, *parameters: Any, batch: tuple[int, ...] = (), event: tuple[int, ...] | None = None
) -> Variable:
    """A new random variable of `law`, independent of all others; `batch` asks for more copies than the parameters
    give."""
    given = tuple(map(as_variable, parameters))
    shape = np.broadcast_shapes(batch, batch_shape(law, given))
    return RandomVariable(law, shape, event if law.sized else None)(token(), *given)


def log_prob(rv: Variable, value: Any, event_ndim: int, position: Any = -1) -> Variable:
    """The log density node of `rv` at `value`."""
    return LogProb(event_ndim)(rv, as_variable(value), as_variable(position))


def truncated(rv: Variable, lower: Any, upper: Any) -> Variable:
    """`rv` given that it lies in [lower, upper]."""
    return Truncated()(rv, as_variable(lower), as_variable(upper))


def primitive(kind: PrimitiveKind, *parameters: Any, shape: tuple[int, ...] = ()) -> Variable:
    """A new primitive draw of the given shape (the parameters broadcast to it)."""
    given = tuple(map(as_variable, parameters))
    shape = np.broadcast_shapes(shape, *(p.shape for p in given))
    return PrimitiveDraw(kind, shape)(token(), *given)


__all__ = ["Law", "LogProb", "PrimitiveDraw", "RandomVariable", "batch_shape", "constant", "log_prob", "primitive",
           "random_variable", "token"]
