"""What steppers know of a system of differential equations: the states with their sensitivities, and their
derivatives."""
from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np

from ppl_cli.graph.basic import Variable, constant
from ppl_cli.ops.control import Body
from ppl_cli.ops.indexing import gather, take_slice
from ppl_cli.ops.linalg import identity, matmul
from ppl_cli.ops.shape import join, reshape, transpose
from ppl_cli.solvers.base import jacobian

FIRST_ARGUMENT = 7  # of the inputs of `Differential`


@dataclass(frozen=True)
class System:
    """A state X is a matrix [1 + p, n] of rows: y, then its derivatives with respect to each of p numbers."""

    body: Body
    implicit: bool
    sensitive: tuple[int, ...]
    inputs: Sequence[Variable]

    @property
    def n(self) -> int:
        return self.inputs[0].shape[0]

    @property
    def t0(self) -> Variable:
        return self.inputs[2]

    @property
    def arguments(self) -> Sequence[Variable]:
        return self.inputs[FIRST_ARGUMENT:]

    def rows(self, first: Variable, number: int) -> Variable:
        """The matrix of `first`, above derivatives that are 1 with respect to the input of this number, else 0."""
        parts = [reshape(first, (1, self.n))]
        for k in self.sensitive:
            parts.append(identity(self.n) if k == number else constant(np.zeros((self.inputs[k].type.size, self.n))))
        return join(parts)

    @cached_property
    def start(self) -> Variable:
        """X at t0."""
        return self.rows(self.inputs[0], 0)

    @cached_property
    def start_speed(self) -> Variable:
        """dX/dt at t0; of a differential-algebraic system, what its user says."""
        return self.rows(self.inputs[1], 1) if self.implicit else self.speed(self.t0, self.start)

    @cached_property
    def _linearized(self) -> Body:
        """The body's result and its derivatives [n, ...] by its states and by its sensitive arguments, in one
        matrix."""
        (result,) = self.body.results
        own = self.body.parameters
        first = 3 if self.implicit else 2
        by = [*own[1:first], *(own[first + k - FIRST_ARGUMENT] for k in self.sensitive if k >= FIRST_ARGUMENT)]
        return Body(own, (result, jacobian(result, by)))

    def _direct(self, slopes: Variable) -> Variable:
        """How the body's result depends on each of the p numbers while the state is fixed, [p, n]."""
        parts: list[Variable] = []
        place = self.n * (2 if self.implicit else 1)
        for k in self.sensitive:
            size = self.inputs[k].type.size
            if k < FIRST_ARGUMENT:
                parts.append(constant(np.zeros((size, self.n))))
            else:
                parts.append(transpose(take_slice(slopes, place, place + size, axis=1)))
                place += size
        return join(parts)

    def speed(self, t: Variable, x: Variable) -> Variable:
        """dX/dt of an explicit system."""
        y = gather(x, 0)
        if not self.sensitive:
            return reshape(self.body([t, y, *self.arguments])[0], x.shape)
        f, slopes = self._linearized([t, y, *self.arguments])
        by_state = take_slice(slopes, 0, self.n, axis=1)
        below = matmul(take_slice(x, 1, x.shape[0]), transpose(by_state)) + self._direct(slopes)
        return join([reshape(f, (1, self.n)), below])

    def residual(self, t: Variable, y: Variable, speed: Variable) -> tuple[Variable, Variable, Variable, Variable]:
        """r(t, y, y') [n], its derivatives by y and by y' [n, n], and directly by each of the p numbers [p, n]."""
        n, states = self.n, [y, speed] if self.implicit else [y]
        value, slopes = self._linearized([t, *states, *self.arguments])
        by_state, direct = take_slice(slopes, 0, n, axis=1), self._direct(slopes) if self.sensitive else None
        none = constant(np.zeros((0, n)))
        if self.implicit:
            return value, by_state, take_slice(slopes, n, 2 * n, axis=1), none if direct is None else direct
        return speed - value, -by_state, identity(n), none if direct is None else -direct


@dataclass(frozen=True)
class Step:
    """A step tried from (t, x): whether it is accepted; the state after it; what the next step has to know; the size
    that it had better have; the states between, at parts (0 to 1) of the step; whether there is no hope."""

    accepted: Variable
    x: Variable
    memory: Sequence[Variable]
    size: Variable
    at: Callable[[Variable], Variable]
    failed: Variable


class Stepper(Protocol):
    """A method to solve a system."""

    @property
    def interpolates(self) -> bool: ...

    def begin(self) -> tuple[Variable, Sequence[Variable]]:
        """The state at t0, and what the first step has to know."""
        ...

    def first_size(self, span: Variable) -> Variable:
        """The size of the first step, where the first time to reach is `span` away."""
        ...

    def step(self, t: Variable, size: Variable, x: Variable, memory: Sequence[Variable]) -> Step: ...
