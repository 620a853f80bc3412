"""Hamiltonian dynamics of a phase point: momentum, energy and the leapfrog step, the only one in the house.

Conventions of Betancourt (2017), "A conceptual introduction to Hamiltonian Monte Carlo", arXiv:1701.02434: target
density exp(lp(q)), Hamiltonian H(q, p) = -lp(q) + p' M^-1 p / 2.
"""
from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from ppl_cli.inference.jit import call, function
from ppl_cli.inference.random import std_normal

# The rows of a phase point: position, momentum, velocity M^-1 p, gradient of the log density at q.
Q, P, V, G = 0, 1, 2, 3
POINT_ROWS = 4


class Density(NamedTuple):
    """A compiled log density and its gradient: the address of its code and of the workspace of this chain."""

    address: int
    workspace: int


@function
def log_density(density: Density, point: np.ndarray) -> float:
    """Evaluate the log density at the position; its gradient is written into the point."""
    first = point.ctypes.data
    row = 8 * point.shape[1]
    return call(density.address, first + Q * row, first + G * row, density.workspace)


@function
def set_velocity(metric: np.ndarray, point: np.ndarray) -> None:
    """V = M^-1 P. A diagonal M^-1 is one row; a dense one is `dim` rows, followed by its Cholesky factor."""
    n = point.shape[1]
    if metric.shape[0] == 1:
        for i in range(n):
            point[V, i] = metric[0, i] * point[P, i]
    else:
        for i in range(n):
            total = 0.0
            for j in range(n):
                total += metric[i, j] * point[P, j]
            point[V, i] = total


@function
def draw_momentum(metric: np.ndarray, point: np.ndarray, random: np.ndarray) -> None:
    """P ~ normal(0, M), and the velocity. With M^-1 = L L' that is P = L'^-1 z, z standard normal."""
    n = point.shape[1]
    for i in range(n):
        point[P, i] = std_normal(random)
    if metric.shape[0] == 1:
        for i in range(n):
            point[P, i] /= math.sqrt(metric[0, i])
    else:
        for i in range(n - 1, -1, -1):
            point[P, i] /= metric[n + i, i]
            for j in range(i):
                point[P, j] -= metric[n + i, j] * point[P, i]
    set_velocity(metric, point)


@function
def kinetic_energy(point: np.ndarray) -> float:
    total = 0.0
    for i in range(point.shape[1]):
        total += point[P, i] * point[V, i]
    return 0.5 * total


@function
def leapfrog(density: Density, metric: np.ndarray, point: np.ndarray, step_size: float) -> float:
    """One step of the symplectic integrator, in place; a negative step goes back in time. Returns the log density."""
    n = point.shape[1]
    for i in range(n):
        point[P, i] += 0.5 * step_size * point[G, i]
    set_velocity(metric, point)
    for i in range(n):
        point[Q, i] += step_size * point[V, i]
    lp = log_density(density, point)
    for i in range(n):
        point[P, i] += 0.5 * step_size * point[G, i]
    set_velocity(metric, point)
    return lp


@function
def copy_point(source: np.ndarray, target: np.ndarray) -> None:
    for row in range(POINT_ROWS):
        for i in range(source.shape[1]):
            target[row, i] = source[row, i]
