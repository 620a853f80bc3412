"""Constraints on vectors: ordered, positive_ordered, simplex, sum to zero, unit length. The last axis is one vector."""
from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from ppl_cli.graph.basic import Variable, constant
from ppl_cli.model.constraints.base import TOLERANCE, Bijection
from ppl_cli.ops.indexing import take_slice
from ppl_cli.ops.reduction import CumulativeSum, log_sum_exp, reduce_sum
from ppl_cli.ops.scalar_math import absolute, exp, ge, gt, le, log, negation, sqrt
from ppl_cli.ops.shape import join, reshape


@dataclass(frozen=True)
class VectorBijection(Bijection):
    event_ndim: ClassVar[int] = 1

    @property
    def length(self) -> int:
        return self.shape[-1]

    @property
    def unconstrained_shape(self) -> tuple[int, ...]:
        return self.shape


def _first(v: Variable) -> Variable:
    return take_slice(v, 0, min(1, v.shape[-1]), -1)


def _rest(v: Variable) -> Variable:
    return take_slice(v, 1, v.shape[-1], -1)


def _steps(x: Variable) -> Variable:
    """Differences of neighbours along the last axis."""
    return _rest(x) - take_slice(x, 0, x.shape[-1] - 1, -1)


def _descent(value: np.ndarray) -> str | None:
    bad = np.argwhere(~(np.diff(value, axis=-1) > 0))
    if not bad.size:
        return None
    *lead, k = bad[0]
    index = ", ".join(str(i + 1) for i in (*lead, k + 1))
    return f"is not ordered: element [{index}] is {value[(*lead, k + 1)]:g} after {value[(*lead, k)]:g}"


@dataclass(frozen=True)
class Ordered(VectorBijection):
    """x[1] = y[1], x[k] = x[k - 1] + exp(y[k])."""

    suffix: ClassVar[str] = "ordered"

    def constrain(self, y: Variable) -> Variable:
        return CumulativeSum()(join([_first(y), exp(_rest(y))], -1)) if self.length > 1 else y

    def unconstrain(self, x: Variable) -> Variable:
        return join([_first(x), log(_steps(x))], -1) if self.length > 1 else x

    def log_jacobian(self, y: Variable) -> Variable:
        return reduce_sum(_rest(y)) if self.length > 1 else constant(0.0)

    def problem(self, value: np.ndarray) -> str | None:
        return _descent(value)

    def broken(self, x: Variable) -> list[Variable]:
        return [negation(gt(_steps(x), 0.0))]


@dataclass(frozen=True)
class PositiveOrdered(VectorBijection):
    """x[1] = exp(y[1]), x[k] = x[k - 1] + exp(y[k])."""

    suffix: ClassVar[str] = "positive_ordered"

    def constrain(self, y: Variable) -> Variable:
        return CumulativeSum()(exp(y))

    def unconstrain(self, x: Variable) -> Variable:
        return join([log(_first(x)), log(_steps(x))], -1) if self.length > 1 else log(x)

    def log_jacobian(self, y: Variable) -> Variable:
        return reduce_sum(y)

    def problem(self, value: np.ndarray) -> str | None:
        return "has a negative element" if (value < 0).any() else _descent(value)

    def broken(self, x: Variable) -> list[Variable]:
        return [negation(ge(_first(x), 0.0)), negation(gt(_steps(x), 0.0))]


@dataclass(frozen=True)
class SumToZero(VectorBijection):
    """x = H y with the orthonormal zero-sum basis H (Reference Manual, "Sum-to-zero transforms"), by cumulative
    sums."""

    suffix: ClassVar[str] = "sum_to_zero"

    @property
    def unconstrained_shape(self) -> tuple[int, ...]:
        return (*self.batch, max(self.length - 1, 0))

    @property
    def _weights(self) -> tuple[Variable, Variable]:
        """Column k of H holds weight[k] above its element k and -k weight[k] there."""
        k = np.arange(1.0, self.length)
        return constant(1 / np.sqrt(k * (k + 1))), constant(k)

    def constrain(self, y: Variable) -> Variable:
        weight, k = self._weights
        scaled = y * weight
        zero = constant(np.zeros((*self.batch, 1)))
        return join([CumulativeSum(True)(scaled), zero], -1) - join([zero, scaled * k], -1)

    def unconstrain(self, x: Variable) -> Variable:
        weight, k = self._weights
        before = CumulativeSum()(take_slice(x, 0, self.length - 1, -1))
        return (before - _rest(x) * k) * weight

    def log_jacobian(self, y: Variable) -> Variable:
        return constant(0.0)

    def problem(self, value: np.ndarray) -> str | None:
        total = np.abs(value.sum(-1)).max(initial=0)
        return None if total <= TOLERANCE else f"does not sum to zero but to {total:g}"

    def broken(self, x: Variable) -> list[Variable]:
        return [negation(le(absolute(reduce_sum(x, -1)), TOLERANCE))]


@dataclass(frozen=True)
class Simplex(SumToZero):
    """x = softmax(H y), the isometric log-ratio (Reference Manual, "Unit simplex")."""

    suffix: ClassVar[str] = "simplex"

    def constrain(self, y: Variable) -> Variable:
        z = super().constrain(y)
        total = log_sum_exp(z)
        return exp(z - reshape(total, (*total.shape, 1)))

    def unconstrain(self, x: Variable) -> Variable:
        return super().unconstrain(log(x))  # the basis is orthogonal to the mean that the log-ratio subtracts

    def log_jacobian(self, y: Variable) -> Variable:
        count = float(np.prod(self.batch))
        norm = reduce_sum(log_sum_exp(super().constrain(y)))
        return 0.5 * count * float(np.log(self.length)) - self.length * norm

    def problem(self, value: np.ndarray) -> str | None:
        if (value < 0).any():
            return "is not a simplex: it has a negative element"
        off = np.abs(value.sum(-1) - 1)
        return (
            None
            if off.max(initial=0) <= TOLERANCE
            else f"is not a simplex: it sums to {value.sum(-1).ravel()[off.argmax()]:.10g}"
        )

    def broken(self, x: Variable) -> list[Variable]:
        return [negation(ge(x, 0.0)), negation(le(absolute(reduce_sum(x, -1) - 1.0), TOLERANCE))]


@dataclass(frozen=True)
class UnitVector(VectorBijection):
    """x = y / |y|, with a standard normal density for y's length."""

    suffix: ClassVar[str] = "unit_vector"

    def constrain(self, y: Variable) -> Variable:
        length = sqrt(reduce_sum(y * y, -1))
        return y / reshape(length, (*length.shape, 1))

    def unconstrain(self, x: Variable) -> Variable:
        return x

    def log_jacobian(self, y: Variable) -> Variable:
        return -0.5 * reduce_sum(y * y)

    def problem(self, value: np.ndarray) -> str | None:
        length = np.sqrt((value**2).sum(-1))
        off = np.abs(length - 1).max(initial=0)
        return None if off <= TOLERANCE else "is not a unit vector: its length is not 1"

    def broken(self, x: Variable) -> list[Variable]:
        return [negation(le(absolute(sqrt(reduce_sum(x * x, -1)) - 1.0), TOLERANCE))]
