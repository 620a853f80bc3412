"""Hamiltonian dynamics of a phase point: momentum, energy and the leapfrog step, the only one in the house.

Conventions of Betancourt (2017), "A conceptual introduction to Hamiltonian Monte Carlo", arXiv:1701.02434: target
density exp(lp(q)), Hamiltonian H(q, p) = -lp(q) + p' M^-1 p / 2.
"""

from __future__ import annotations

import math
from typing import NamedTuple

from ppl_cli.inference.jit import Doubles, Words, call, doubles, function
from ppl_cli.inference.random import std_normal

POINT_ROWS = 4


class Point(NamedTuple):
    """A phase point: position, momentum, velocity M^-1 p, gradient of the log density at the position."""

    q: Doubles
    p: Doubles
    v: Doubles
    gradient: Doubles


class Hamiltonian(NamedTuple):
    """The compiled log density (its address, and that of this chain's workspace) and the metric.

    M^-1 is the diagonal `inverse_metric`, or, if `dense`, that matrix, whose lower Cholesky factor is `factor`.
    """

    density: int
    workspace: int
    dim: int
    dense: bool
    inverse_metric: Doubles
    factor: Doubles


@function
def point_at(address: int, dim: int) -> Point:
    """The phase point in an array [row, dim]."""
    row = 8 * dim
    return Point(doubles(address), doubles(address + row), doubles(address + 2 * row), doubles(address + 3 * row))


@function
def copy(n: int, source: Doubles, target: Doubles) -> None:
    for i in range(n):
        target[i] = source[i]


@function
def swap(n: int, a: Doubles, b: Doubles) -> None:
    for i in range(n):
        a[i], b[i] = b[i], a[i]


@function
def log_density(h: Hamiltonian, point: Point) -> float:
    """Evaluate the log density at the position; its gradient is written into the point."""
    return call(h.density, point.q, point.gradient, h.workspace)


@function
def set_velocity(h: Hamiltonian, point: Point) -> None:
    """v = M^-1 p."""
    if h.dense:
        for i in range(h.dim):
            total = 0.0
            for j in range(h.dim):
                total += h.inverse_metric[i * h.dim + j] * point.p[j]
            point.v[i] = total
    else:
        for i in range(h.dim):
            point.v[i] = h.inverse_metric[i] * point.p[i]


@function
def draw_momentum(h: Hamiltonian, point: Point, random: Words) -> None:
    """p ~ normal(0, M), and its velocity. With M^-1 = L L' that is p = L'^-1 z, z standard normal."""
    n = h.dim
    for i in range(n):
        point.p[i] = std_normal(random)
    if h.dense:
        for i in range(n - 1, -1, -1):
            point.p[i] /= h.factor[i * n + i]
            for j in range(i):
                point.p[j] -= h.factor[i * n + j] * point.p[i]
    else:
        for i in range(n):
            point.p[i] /= math.sqrt(h.inverse_metric[i])
    set_velocity(h, point)


@function
def kinetic_energy(h: Hamiltonian, point: Point) -> float:
    total = 0.0
    for i in range(h.dim):
        total += point.p[i] * point.v[i]
    return 0.5 * total


@function
def leapfrog(h: Hamiltonian, point: Point, step_size: float) -> float:
    """One step of the symplectic integrator, in place; a negative step goes back in time. Returns the log density."""
    for i in range(h.dim):
        point.p[i] += 0.5 * step_size * point.gradient[i]
    set_velocity(h, point)
    for i in range(h.dim):
        point.q[i] += step_size * point.v[i]
    lp = log_density(h, point)
    for i in range(h.dim):
        point.p[i] += 0.5 * step_size * point.gradient[i]
    set_velocity(h, point)
    return lp
