"""The trajectory of NUTS as a stack of sub-trees: no recursion, no allocation.

Multinomial NUTS with the generalized no-U-turn criterion: Betancourt (2017), arXiv:1701.02434, appendices A.3.2 and
A.4.2, with Stan's two further checks across each join (base_nuts.hpp).
"""

from __future__ import annotations

import math
from typing import NamedTuple

from ppl_cli.inference.integrator import Hamiltonian, Point, copy, kinetic_energy, leapfrog
from ppl_cli.inference.jit import Doubles, Integers, Words, doubles, function
from ppl_cli.inference.random import uniform

SUBTREE_ROWS = 5
# How an extension ended.
COMPLETE, TURNING, DIVERGING, STOPPED = 0, 1, 2, 3
MAX_ENERGY_ERROR = 1000.0


class Subtree(NamedTuple):
    """The sum of the momenta of consecutive points, and momentum and velocity of the first and of the last of them."""

    rho: Doubles
    p_first: Doubles
    v_first: Doubles
    p_last: Doubles
    v_last: Doubles


class Extension(NamedTuple):
    """What came of an extension: weights are exp(-H) relative to the start of the trajectory.

    `acceptance` is summed over the steps; `lp` and `energy` are those of the candidate drawn from the points.
    """

    outcome: int
    steps: int
    acceptance: float
    log_weight: float
    lp: float
    energy: float


@function
def subtree_at(address: int, dim: int) -> Subtree:
    """The sub-tree in an array [row, dim]."""
    row = 8 * dim
    p_first, p_last = doubles(address + row), doubles(address + 3 * row)
    return Subtree(doubles(address), p_first, doubles(address + 2 * row), p_last, doubles(address + 4 * row))


@function
def reversed_time(tree: Subtree) -> Subtree:
    """The same sub-tree seen in the other direction of time."""
    return Subtree(tree.rho, tree.p_last, tree.v_last, tree.p_first, tree.v_first)


@function
def set_leaf(n: int, tree: Subtree, point: Point) -> None:
    """The sub-tree of one point."""
    copy(n, point.p, tree.rho)
    copy(n, point.p, tree.p_first)
    copy(n, point.p, tree.p_last)
    copy(n, point.v, tree.v_first)
    copy(n, point.v, tree.v_last)


@function
def is_turning(n: int, left: Subtree, right: Subtree) -> bool:
    """Whether two adjacent sub-trees together make a U-turn: v_first . rho <= 0 or v_last . rho <= 0 (A.4.2).

    Checked for the whole, for `left` with the first point of `right`, and for `right` with the last point of `left`.
    """
    whole_first = whole_last = left_first = left_last = right_first = right_last = 0.0
    for i in range(n):
        rho = left.rho[i] + right.rho[i]
        whole_first += left.v_first[i] * rho
        whole_last += right.v_last[i] * rho
        rho = left.rho[i] + right.p_first[i]
        left_first += left.v_first[i] * rho
        left_last += right.v_first[i] * rho
        rho = right.rho[i] + left.p_last[i]
        right_first += left.v_last[i] * rho
        right_last += right.v_last[i] * rho
    ends_agree = min(whole_first, whole_last) > 0
    return not (ends_agree and min(left_first, left_last) > 0 and min(right_first, right_last) > 0)


@function
def join(n: int, left: Subtree, right: Subtree) -> None:
    """`left` becomes the sub-tree of both."""
    for i in range(n):
        left.rho[i] += right.rho[i]
        left.p_last[i] = right.p_last[i]
        left.v_last[i] = right.v_last[i]


@function
def log_add_exp(a: float, b: float) -> float:
    high = max(a, b)
    return high if high == -math.inf else high + math.log1p(math.exp(min(a, b) - high))


@function
def extend(
    h: Hamiltonian,
    point: Point,
    candidate: Point,
    stack: int,
    depth: int,
    step_size: float,
    initial_energy: float,
    random: Words,
    stop: Integers,
) -> Extension:
    """Integrate 2^depth steps from `point`, an end of the trajectory; their sub-tree becomes the first of the stack.

    The stack holds complete sub-trees of decreasing depth; two of equal depth are joined at once, so that every
    sub-tree of the binary tree is checked. One point is drawn into `candidate`, in proportion to the weights.
    """
    size = 8 * SUBTREE_ROWS * h.dim
    top, n, outcome = stack - size, 0, COMPLETE
    acceptance, log_weight, candidate_lp, candidate_energy = 0.0, -math.inf, 0.0, 0.0
    while n < 1 << depth and outcome == COMPLETE:
        n += 1
        lp = leapfrog(h, point, step_size)
        energy = kinetic_energy(h, point) - lp
        weight = initial_energy - energy if energy > -math.inf else -math.inf  # neither NaN nor lp = +inf
        acceptance += math.exp(min(weight, 0.0))
        log_weight = log_add_exp(log_weight, weight)
        if math.log(uniform(random)) < weight - log_weight:
            candidate_lp, candidate_energy = lp, energy
            copy(h.dim, point.q, candidate.q)
            copy(h.dim, point.gradient, candidate.gradient)
        if weight < -MAX_ENERGY_ERROR:
            outcome = DIVERGING
        if stop[0] != 0:
            outcome = STOPPED
        top += size
        last = subtree_at(top, h.dim)
        set_leaf(h.dim, last, point)
        rest = n
        while rest & 1 == 0 and outcome == COMPLETE:
            top -= size
            before = subtree_at(top, h.dim)
            if is_turning(h.dim, before, last):
                outcome = TURNING
            join(h.dim, before, last)
            last = before
            rest >>= 1
    return Extension(outcome, n, acceptance, log_weight, candidate_lp, candidate_energy)
