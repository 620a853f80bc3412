"""Covariance matrices of Gaussian processes (Functions Reference, "Gaussian Process Covariance Functions")."""
from __future__ import annotations

import math
from collections.abc import Callable

from ppl_cli.distributions.formulas import valid
from ppl_cli.graph.basic import Variable
from ppl_cli.model.library.table import Section
from ppl_cli.ops.linalg import matmul
from ppl_cli.ops.reduction import reduce_sum
from ppl_cli.ops.scalar_math import both, eq, exp, ge, gt, lt, sin, sqrt, switch
from ppl_cli.ops.shape import reshape, transpose

add = Section("Covariances of Gaussian processes").add

Kernel = Callable[..., Variable]


def _squared_distances(x: Variable, y: Variable) -> Variable:
    """[n, m] squared distances of points, which are numbers or vectors."""
    first = reshape(x, (x.shape[0], 1, *x.shape[1:]))
    difference = first - reshape(y, (1, *y.shape))
    squares = difference * difference
    return reduce_sum(squares, -1) if squares.ndim == 3 else squares


def _root(distances: Variable) -> Variable:
    """The square root, with the derivative 0 rather than infinity at 0."""
    zero = eq(distances, 0.0)
    return switch(zero, 0.0, sqrt(switch(zero, 1.0, distances)))


def _positive(scale: Variable) -> Variable:
    """A scale, which must be positive and finite: NaN if it is not."""
    return valid(both(gt(scale, 0.0), lt(scale, math.inf)), scale)


def _exp_quad(squares: Variable) -> Variable:
    return exp(-0.5 * squares)


def _exponential(squares: Variable) -> Variable:
    return exp(-_root(squares))


def _matern32(squares: Variable) -> Variable:
    r = _root(squares) * math.sqrt(3.0)
    return (1.0 + r) * exp(-r)


def _matern52(squares: Variable) -> Variable:
    r = _root(squares) * math.sqrt(5.0)
    return (1.0 + r + r * r / 3.0) * exp(-r)


def _stationary(kernel: Kernel) -> Kernel:
    """sigma^2 times `kernel` of the squared distances in units of the length scale, one or one for each axis."""

    def build(*arguments: Variable) -> Variable:
        x, sigma, length = arguments[0], arguments[-2], arguments[-1]
        y = x if len(arguments) == 3 else arguments[1]
        sigma, length = _positive(sigma), _positive(length)
        if length.ndim:
            return sigma * sigma * kernel(_squared_distances(x / length, y / length))
        return sigma * sigma * kernel(_squared_distances(x, y) * (1.0 / (length * length)))

    return build


def _periodic(*arguments: Variable) -> Variable:
    x = arguments[0]
    sigma, length, period = map(_positive, arguments[-3:])
    y = x if len(arguments) == 4 else arguments[1]
    wave = sin(_root(_squared_distances(x, y)) * (math.pi / period)) / length
    return sigma * sigma * exp(-2.0 * wave * wave)


def _dot_products(*arguments: Variable) -> Variable:
    x, sigma = arguments[0], valid(both(ge(arguments[-1], 0.0), lt(arguments[-1], math.inf)), arguments[-1])
    y = x if len(arguments) == 2 else arguments[1]
    first, second = (v if v.ndim == 2 else reshape(v, (*v.shape, 1)) for v in (x, y))
    return sigma * sigma + matmul(first, transpose(second))


_SENTENCE = "Covariances of points by the {} kernel; arguments: points, sigma, length scale or scales"
STATIONARY: dict[str, tuple[Kernel, str]] = {
    "gp_exp_quad_cov": (_exp_quad, _SENTENCE.format("squared exponential")),
    "cov_exp_quad": (_exp_quad, "An older name of `gp_exp_quad_cov`"),
    "gp_exponential_cov": (_exponential, _SENTENCE.format("exponential")),
    "gp_matern32_cov": (_matern32, _SENTENCE.format("Matérn 3/2")),
    "gp_matern52_cov": (_matern52, _SENTENCE.format("Matérn 5/2")),
}

for _points in ("array[] real", "array[] vector", "array[] row_vector"):
    for _both in (_points, f"{_points}, {_points}"):
        for _name, (_kernel, _sentence) in STATIONARY.items():
            add(f"matrix {_name}({_both}, real, real)", _stationary(_kernel), _sentence)
            if _points != "array[] real":
                add(f"matrix {_name}({_both}, real, array[] real)", _stationary(_kernel))
        add(f"matrix gp_periodic_cov({_both}, real, real, real)", _periodic,
            "Covariances of points by the periodic kernel; arguments: points, sigma, length scale, period")
        add(f"matrix gp_dot_prod_cov({_both}, real)", _dot_products,
            "sigma^2 plus the products of points: covariances of linear functions")
