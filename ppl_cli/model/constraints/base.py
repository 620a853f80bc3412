"""What a constraint is: a smooth map from an unconstrained tensor onto the constrained values, as graphs both ways.

Parameterisations are Stan's (Reference Manual, "Constraint Transforms"); array axes lead and are batches. A matrix is
unconstrained column by column, as in Stan, so its unconstrained tensor is transposed.
"""
from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from ppl_cli.graph.basic import Constant, Variable, constant
from ppl_cli.ops.reduction import reduce_sum
from ppl_cli.ops.scalar_math import eq, switch
from ppl_cli.ops.shape import broadcast_to, transpose

TOLERANCE = 1e-8  # how far data may be from a constraint that rounding blurs, as in Stan


@dataclass(frozen=True)
class Bijection:
    """`shape`: of the constrained value; `event_ndim`: how many of its last axes are one constrained value."""

    shape: tuple[int, ...]
    event_ndim: ClassVar[int] = 0
    suffix: ClassVar[str] = ""

    @property
    def batch(self) -> tuple[int, ...]:
        return self.shape[: len(self.shape) - self.event_ndim]

    @property
    def event(self) -> tuple[int, ...]:
        return self.shape[len(self.shape) - self.event_ndim :]

    @property
    def unconstrained_shape(self) -> tuple[int, ...]:
        raise NotImplementedError

    def constrain(self, y: Variable) -> Variable:
        raise NotImplementedError

    def unconstrain(self, x: Variable) -> Variable:
        """The inverse of `constrain`; NaN or infinite where x is not a constrained value."""
        raise NotImplementedError

    def log_jacobian(self, y: Variable) -> Variable:
        """log |det| of the Jacobian of `constrain` at y: a scalar."""
        raise NotImplementedError

    def problem(self, value: np.ndarray) -> str | None:
        """Why `value` (NumPy, of the constrained shape) does not satisfy the constraint; None if it does."""
        raise NotImplementedError

    def broken(self, x: Variable) -> list[Variable]:
        """The same as a graph: conditions, elementwise, one of which holds somewhere if x does not satisfy the
        constraint."""
        raise NotImplementedError


@dataclass(frozen=True)
class Elementwise(Bijection):
    """A map of each element on its own. `matrix` values are laid out column by column in the unconstrained tensor."""

    matrix: bool = False

    @property
    def unconstrained_shape(self) -> tuple[int, ...]:
        return (*self.shape[:-2], self.shape[-1], self.shape[-2]) if self.matrix else self.shape

    def _laid_out(self, v: Variable) -> Variable:
        return transpose(v) if self.matrix else v

    def constrain(self, y: Variable) -> Variable:
        return self.forward(self._laid_out(y))

    def unconstrain(self, x: Variable) -> Variable:
        return self._laid_out(broadcast_to(self.backward(x), self.shape))

    def log_jacobian(self, y: Variable) -> Variable:
        return reduce_sum(broadcast_to(self.log_derivative(self._laid_out(y)), self.shape))

    def forward(self, y: Variable) -> Variable:
        raise NotImplementedError

    def backward(self, x: Variable) -> Variable:
        raise NotImplementedError

    def log_derivative(self, y: Variable) -> Variable:
        raise NotImplementedError


def where_infinite(bound: Variable, infinite: float, then: Variable, otherwise: Variable) -> Variable:
    """`then` where the bound is `infinite`: there is none; known bounds cost nothing."""
    if isinstance(bound, Constant) and not (bound.data == infinite).any():
        return otherwise
    return switch(eq(bound, constant(infinite)), then, otherwise)


def first_bad(bad: np.ndarray, value: np.ndarray) -> tuple[str, float] | None:
    """The position, written as Stan's index, and the value of the first element marked bad."""
    if not bad.any():
        return None
    at = np.argwhere(bad)[0]
    index = f"[{', '.join(str(k + 1) for k in at)}]" if at.size else ""
    return index, value[tuple(at)].item()
