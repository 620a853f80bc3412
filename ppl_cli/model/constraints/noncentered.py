"""Non-centering: the unconstrained value of a parameter as an affine function of a standardized one.

Where location and scale are those of the parameter's law, its prior no longer depends on other parameters, and what
they say of each other goes into the likelihood.
"""
from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np

from ppl_cli.graph.basic import Variable, constant
from ppl_cli.model.constraints.base import Elementwise
from ppl_cli.ops.indexing import gather, set_at
from ppl_cli.ops.linalg import log_determinant_of_factor, matmul, solve_triangular
from ppl_cli.ops.reduction import reduce_sum
from ppl_cli.ops.scalar_math import absolute, log
from ppl_cli.ops.shape import broadcast_to, reshape, transpose


@dataclass(frozen=True)
class Affine:
    """x = location + scale z for each element; of a `matrix`, for vectors along the last axis: scale is a lower
    triangular factor."""

    location: Variable = constant(0.0)
    scale: Variable = constant(1.0)
    matrix: bool = False

    def __call__(self, z: Variable) -> Variable:
        return self.location + (self._columns(matmul, z) if self.matrix else self.scale * z)

    def inverse(self, x: Variable) -> Variable:
        centered = x - self.location
        return self._columns(solve_triangular, centered) if self.matrix else centered / self.scale

    def _columns(self, operation: Callable[[Variable, Variable], Variable], x: Variable) -> Variable:
        """`operation` of the factor and vectors; with one factor for all of them they are columns of one matrix, as
        they are in the densities."""
        k = self.scale.shape[-1]
        if self.scale.ndim > 2:
            return reshape(operation(self.scale, reshape(x, (*x.shape, 1))), x.shape)
        columns = transpose(reshape(x, (math.prod(x.shape[:-1]), k)))
        return reshape(transpose(operation(self.scale, columns)), x.shape)

    def log_determinant(self, shape: tuple[int, ...]) -> Variable:
        """log |dx/dz| for z of this shape."""
        if self.matrix:
            return reduce_sum(broadcast_to(log_determinant_of_factor(self.scale), shape[:-1]))
        return reduce_sum(broadcast_to(log(absolute(self.scale)), shape))

    def map(self, change: Callable[[Variable], Variable]) -> Affine:
        return replace(self, location=change(self.location), scale=change(self.scale))


@dataclass(frozen=True)
class Piece:
    """The elements at flat `positions` of a variable, in this shape, have this form."""

    positions: np.ndarray
    form: Affine


@dataclass(frozen=True)
class NonCentered(Elementwise):
    """`centered`, the bijection as declared, after the pieces' forms; elements in no piece are left as they are."""

    centered: Elementwise = field(kw_only=True)
    pieces: tuple[Piece, ...] = field(kw_only=True)

    @property
    def suffix(self) -> str:  # type: ignore[override]
        return f"{self.centered.suffix}_standard".lstrip("_")

    def unstandardized(self, z: Variable) -> Variable:
        """The unconstrained value as declared."""
        return self._laid_out(self._each_piece(Affine.__call__, self._laid_out(z)))

    def standardized(self, value: Variable) -> Variable:
        """The inverse of that."""
        return self._laid_out(self._each_piece(Affine.inverse, self._laid_out(value)))

    def forward(self, y: Variable) -> Variable:
        return self.centered.forward(self._each_piece(Affine.__call__, y))

    def backward(self, x: Variable) -> Variable:
        return self._each_piece(Affine.inverse, self.centered.backward(x))

    def log_jacobian(self, y: Variable) -> Variable:
        return self.centered.log_jacobian(self.unstandardized(y)) + self.log_determinant()

    def log_determinant(self) -> Variable:
        total: Variable = constant(0.0)
        for piece in self.pieces:
            total = total + piece.form.log_determinant(piece.positions.shape)
        return total

    def _each_piece(self, change: Callable[[Affine, Variable], Variable], v: Variable) -> Variable:
        flat = reshape(v, (v.type.size,))
        for piece in self.pieces:
            at = piece.positions
            if np.array_equal(at.ravel(), np.arange(v.type.size)):
                return reshape(change(piece.form, reshape(v, at.shape)), v.shape)
            flat = set_at(flat, change(piece.form, gather(flat, constant(at))), constant(at))
        return reshape(flat, v.shape)

    def problem(self, value: np.ndarray) -> str | None:
        return self.centered.problem(value)

    def broken(self, x: Variable) -> list[Variable]:
        return self.centered.broken(x)
