"""Constraints on single elements: bounds, offset and multiplier, none."""
from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from ppl_cli.graph.basic import Constant, Variable, constant
from ppl_cli.model.constraints.base import Elementwise, first_bad, where_infinite
from ppl_cli.ops.scalar_math import absolute, exp, ge, inv_logit, le, log, log1p_exp, negation

ZERO = constant(0.0)


@dataclass(frozen=True)
class Identity(Elementwise):
    """No constraint."""

    def forward(self, y: Variable) -> Variable:
        return y

    def backward(self, x: Variable) -> Variable:
        return x

    def log_jacobian(self, y: Variable) -> Variable:
        return ZERO

    def problem(self, value: np.ndarray) -> str | None:
        return None

    def broken(self, x: Variable) -> list[Variable]:
        return []


def _numbers(bound: Variable) -> np.ndarray | None:
    return bound.data if isinstance(bound, Constant) else None


def _below(value: np.ndarray, lower: Variable) -> str | None:
    limit = _numbers(lower)
    if limit is None:
        return None
    bad = first_bad(~(value >= limit), value)
    if bad is None:
        return None
    at = np.broadcast_to(limit, value.shape)[~(value >= limit)].ravel()[0] if value.shape else limit
    return f"{bad[0]} is {bad[1]:g}, but must be greater than or equal to {float(at):g}"


def _above(value: np.ndarray, upper: Variable) -> str | None:
    limit = _numbers(upper)
    if limit is None:
        return None
    bad = first_bad(~(value <= limit), value)
    if bad is None:
        return None
    at = np.broadcast_to(limit, value.shape)[~(value <= limit)].ravel()[0] if value.shape else limit
    return f"{bad[0]} is {bad[1]:g}, but must be less than or equal to {float(at):g}"


@dataclass(frozen=True)
class LowerBound(Elementwise):
    """x = exp(y) + lower."""

    lower: Variable = ZERO

    @property
    def suffix(self) -> str:  # type: ignore[override]
        limit = _numbers(self.lower)
        return "log" if limit is not None and not limit.any() else "lowerbound"

    def forward(self, y: Variable) -> Variable:
        return where_infinite(self.lower, -np.inf, y, exp(y) + self.lower)

    def backward(self, x: Variable) -> Variable:
        return where_infinite(self.lower, -np.inf, x, log(x - self.lower))

    def log_derivative(self, y: Variable) -> Variable:
        return where_infinite(self.lower, -np.inf, ZERO, y)

    def problem(self, value: np.ndarray) -> str | None:
        return _below(value, self.lower)

    def broken(self, x: Variable) -> list[Variable]:
        return [negation(ge(x, self.lower))]


@dataclass(frozen=True)
class UpperBound(Elementwise):
    """x = upper - exp(y)."""

    upper: Variable = ZERO
    suffix: ClassVar[str] = "upperbound"

    def forward(self, y: Variable) -> Variable:
        return where_infinite(self.upper, np.inf, y, self.upper - exp(y))

    def backward(self, x: Variable) -> Variable:
        return where_infinite(self.upper, np.inf, x, log(self.upper - x))

    def log_derivative(self, y: Variable) -> Variable:
        return where_infinite(self.upper, np.inf, ZERO, y)

    def problem(self, value: np.ndarray) -> str | None:
        return _above(value, self.upper)

    def broken(self, x: Variable) -> list[Variable]:
        return [negation(le(x, self.upper))]


@dataclass(frozen=True)
class Interval(Elementwise):
    """x = lower + (upper - lower) * inv_logit(y); an infinite side is no bound."""

    lower: Variable = ZERO
    upper: Variable = ZERO
    suffix: ClassVar[str] = "interval"

    def _cases(self, both: Variable, only_lower: Variable, only_upper: Variable, neither: Variable) -> Variable:
        without_lower = where_infinite(self.upper, np.inf, neither, only_upper)
        with_lower = where_infinite(self.upper, np.inf, only_lower, both)
        return where_infinite(self.lower, -np.inf, without_lower, with_lower)

    @property
    def _ends(self) -> tuple[Variable, Variable]:
        """The bounds, numbers in place of infinite ones, which would spoil the derivatives of the cases that are not
        taken."""
        lower = where_infinite(self.lower, -np.inf, ZERO, self.lower)
        return lower, where_infinite(self.upper, np.inf, lower + 1.0, self.upper)

    def forward(self, y: Variable) -> Variable:
        lower, upper = self._ends
        return self._cases(lower + (upper - lower) * inv_logit(y), exp(y) + lower, upper - exp(y), y)

    def backward(self, x: Variable) -> Variable:
        lower, upper = self._ends
        return self._cases(log(x - lower) - log(upper - x), log(x - lower), log(upper - x), x)

    def log_derivative(self, y: Variable) -> Variable:
        lower, upper = self._ends
        away = absolute(y)
        return self._cases(log(upper - lower) - away - 2.0 * log1p_exp(-away), y, y, ZERO)

    def problem(self, value: np.ndarray) -> str | None:
        return _below(value, self.lower) or _above(value, self.upper)

    def broken(self, x: Variable) -> list[Variable]:
        return [negation(ge(x, self.lower)), negation(le(x, self.upper))]


@dataclass(frozen=True)
class OffsetMultiplier(Elementwise):
    """x = offset + multiplier * y."""

    offset: Variable = ZERO
    multiplier: Variable = constant(1.0)
    suffix: ClassVar[str] = "affine"

    def forward(self, y: Variable) -> Variable:
        return self.offset + self.multiplier * y

    def backward(self, x: Variable) -> Variable:
        return (x - self.offset) / self.multiplier

    def log_derivative(self, y: Variable) -> Variable:
        return log(self.multiplier)

    def problem(self, value: np.ndarray) -> str | None:
        return None

    def broken(self, x: Variable) -> list[Variable]:
        return []
