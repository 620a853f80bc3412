"""The trajectory of NUTS as a stack of sub-trees: no recursion, no allocation.

Multinomial NUTS with the generalized no-U-turn criterion: Betancourt (2017), arXiv:1701.02434, appendices A.3.2 and A.4.2, with
Stan's two further checks across each join (Stan Reference Manual, MCMC Sampling).
"""
from __future__ import annotations

import math

import numpy as np

from ppl_cli.inference.integrator import Density, G, P, Q, V, kinetic_energy, leapfrog
from ppl_cli.inference.jit import function
from ppl_cli.inference.random import uniform

# The rows of a sub-tree: sum of its momenta; momentum and velocity at its first and at its last point.
RHO, P_FIRST, V_FIRST, P_LAST, V_LAST = 0, 1, 2, 3, 4
SUBTREE_ROWS = 5

# How an extension ended.
COMPLETE, TURNING, DIVERGING, STOPPED = 0, 1, 2, 3
MAX_ENERGY_ERROR = 1000.0


@function
def set_leaf(tree: np.ndarray, point: np.ndarray) -> None:
    """The sub-tree of one point."""
    for i in range(point.shape[1]):
        tree[RHO, i] = tree[P_FIRST, i] = tree[P_LAST, i] = point[P, i]
        tree[V_FIRST, i] = tree[V_LAST, i] = point[V, i]


@function
def reverse(tree: np.ndarray) -> None:
    """The same sub-tree seen in the other direction of time."""
    for i in range(tree.shape[1]):
        tree[P_FIRST, i], tree[P_LAST, i] = tree[P_LAST, i], tree[P_FIRST, i]
        tree[V_FIRST, i], tree[V_LAST, i] = tree[V_LAST, i], tree[V_FIRST, i]


@function
def is_turning(left: np.ndarray, right: np.ndarray) -> bool:
    """Whether the join of two adjacent sub-trees makes a U-turn: p#_first . rho <= 0 or p#_last . rho <= 0.

    Checked for the whole, for `left` with the first point of `right`, and for `right` with the last point of `left`.
    """
    first = last = left_first = left_last = right_first = right_last = 0.0
    for i in range(left.shape[1]):
        rho = left[RHO, i] + right[RHO, i]
        first += left[V_FIRST, i] * rho
        last += right[V_LAST, i] * rho
        rho = left[RHO, i] + right[P_FIRST, i]
        left_first += left[V_FIRST, i] * rho
        left_last += right[V_FIRST, i] * rho
        rho = right[RHO, i] + left[P_LAST, i]
        right_first += left[V_LAST, i] * rho
        right_last += right[V_LAST, i] * rho
    return not (first > 0 and last > 0 and left_first > 0 and left_last > 0 and right_first > 0 and right_last > 0)


@function
def join(left: np.ndarray, right: np.ndarray) -> None:
    """`left` becomes the sub-tree of both."""
    for i in range(left.shape[1]):
        left[RHO, i] += right[RHO, i]
        left[P_LAST, i] = right[P_LAST, i]
        left[V_LAST, i] = right[V_LAST, i]


@function
def log_add_exp(a: float, b: float) -> float:
    high = max(a, b)
    return high if high == -math.inf else high + math.log1p(math.exp(min(a, b) - high))


@function
def extend(
    density: Density, metric: np.ndarray, point: np.ndarray, candidate: np.ndarray, stack: np.ndarray, depth: int,
    step_size: float, initial_energy: float, random: np.ndarray, stop: np.ndarray,
) -> tuple[int, int, float, float, float, float]:
    """Integrate 2^depth steps from `point`, the end of the trajectory, into the sub-tree stack[0].

    The stack holds complete sub-trees of decreasing depth; two of equal depth are joined at once, so every sub-tree of the
    binary tree is checked. One of the points is drawn into `candidate` with probability proportional to exp(-H).
    Returns (outcome, steps, sum of acceptance probabilities, log weight, log density and energy of the candidate).
    """
    top, steps, acceptance = -1, 0, 0.0
    log_weight, candidate_lp, candidate_energy = -math.inf, 0.0, 0.0
    for steps in range(1, (1 << depth) + 1):
        if stop[0] != 0:
            return STOPPED, steps, acceptance, log_weight, candidate_lp, candidate_energy
        lp = leapfrog(density, metric, point, step_size)
        energy = kinetic_energy(point) - lp
        if math.isnan(energy):
            energy = math.inf
        weight = initial_energy - energy
        acceptance += 1.0 if weight > 0 else math.exp(weight)
        if -weight > MAX_ENERGY_ERROR:
            return DIVERGING, steps, acceptance, log_weight, candidate_lp, candidate_energy
        log_weight = log_add_exp(log_weight, weight)
        if math.log(uniform(random)) < weight - log_weight:
            candidate_lp, candidate_energy = lp, energy
            for i in range(point.shape[1]):
                candidate[Q, i] = point[Q, i]
                candidate[G, i] = point[G, i]
        top += 1
        set_leaf(stack[top], point)
        remaining = steps
        while remaining & 1 == 0:
            if is_turning(stack[top - 1], stack[top]):
                return TURNING, steps, acceptance, log_weight, candidate_lp, candidate_energy
            join(stack[top - 1], stack[top])
            top -= 1
            remaining >>= 1
    return COMPLETE, steps, acceptance, log_weight, candidate_lp, candidate_energy
