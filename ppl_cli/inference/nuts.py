"""The No-U-Turn Sampler: one transition, and one chain of them in a single compiled call.

Hoffman and Gelman (2014), JMLR 15, in the multinomial form of Betancourt (2017), arXiv:1701.02434.
"""
from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from ppl_cli.inference.integrator import POINT_ROWS, Density, G, Q, copy_point, draw_momentum, kinetic_energy, log_density
from ppl_cli.inference.jit import entry_point, function
from ppl_cli.inference.metric import estimate_metric, identity_metric, new_moments, observe
from ppl_cli.inference.random import uniform
from ppl_cli.inference.stepsize import averaged_step_size, guess_step_size, restart_averaging, update_averaging
from ppl_cli.inference.tree import (
    COMPLETE, DIVERGING, STOPPED, SUBTREE_ROWS, extend, is_turning, join, log_add_exp, reverse, set_leaf,
)  # fmt: skip
from ppl_cli.inference.warmup import CLOSE_WINDOW, NOTHING

# The phase points of a chain: the current draw, the candidate of an extension, both ends of the trajectory.
DRAW, CANDIDATE, BACKWARD, FORWARD = 0, 1, 2, 3
POINTS = 4

# What a chain counts for others to watch.
ITERATIONS, DIVERGENCES, LEAPFROGS = 0, 1, 2
COUNTS = 3

# How a chain ended.
FINISHED, INTERRUPTED, STEP_SIZE_TOO_SMALL, STEP_SIZE_TOO_LARGE = 0, 1, 2, 3


class Memory(NamedTuple):
    """All that a chain writes to while it runs, besides its output."""

    points: np.ndarray  # [point, row, dim]
    stack: np.ndarray  # [sub-tree, row, dim]: the trajectory, then the sub-trees of its extension
    metric: np.ndarray
    moments: np.ndarray
    averaging: np.ndarray
    random: np.ndarray


class Output(NamedTuple):
    """Draws [iteration, dim] and statistics [iteration, column]; those of the warmup have no rows if they are not wanted."""

    draws: np.ndarray
    statistics: np.ndarray
    warmup_draws: np.ndarray
    warmup_statistics: np.ndarray


class Settings(NamedTuple):
    target_accept: float
    max_depth: int
    thin: int
    estimator: int


class Transition(NamedTuple):
    """What is known of one transition."""

    lp: float
    acceptance: float
    depth: int
    steps: int
    outcome: int
    energy: float


def new_memory(start: np.ndarray, max_depth: int, dense: bool, random: np.ndarray) -> Memory:
    dim = len(start)
    points = np.zeros((POINTS, POINT_ROWS, dim))
    points[DRAW, Q] = start
    stack = np.zeros((max_depth + 2, SUBTREE_ROWS, dim))
    return Memory(points, stack, identity_metric(dim, dense), new_moments(dim, dense), np.zeros(4), random)


@function
def transition(
    density: Density, memory: Memory, lp: float, step_size: float, max_depth: int, stop: np.ndarray
) -> Transition:
    """Replace the draw by the next: double the trajectory, in random directions of time, until it turns (section A.4)."""
    points, stack, metric, random = memory.points, memory.stack, memory.metric, memory.random
    draw, candidate, trajectory = points[DRAW], points[CANDIDATE], stack[0]
    draw_momentum(metric, draw, random)
    energy = initial_energy = kinetic_energy(draw) - lp
    copy_point(draw, points[BACKWARD])
    copy_point(draw, points[FORWARD])
    set_leaf(trajectory, draw)
    log_weight, acceptance, n_steps, depth, outcome = 0.0, 0.0, 0, 0, COMPLETE
    while depth < max_depth:
        forward = uniform(random) < 0.5
        end, step = (FORWARD, step_size) if forward else (BACKWARD, -step_size)
        outcome, steps, accepted, new_weight, new_lp, new_energy = extend(
            density, metric, points[end], candidate, stack[1:], depth, step, initial_energy, random, stop
        )
        n_steps += steps
        acceptance += accepted
        if outcome != COMPLETE:
            break
        depth += 1
        # Biased progressive sampling (A.3.2): the new half is favoured.
        if math.log(uniform(random)) < new_weight - log_weight:
            lp, energy = new_lp, new_energy
            for i in range(draw.shape[1]):
                draw[Q, i] = candidate[Q, i]
                draw[G, i] = candidate[G, i]
        log_weight = log_add_exp(log_weight, new_weight)
        if not forward:
            reverse(trajectory)
        turning = is_turning(trajectory, stack[1])
        join(trajectory, stack[1])
        if not forward:
            reverse(trajectory)
        if turning:
            break
    return Transition(lp, acceptance / max(n_steps, 1), depth, n_steps, outcome, energy)


@function
def record(draws: np.ndarray, statistics: np.ndarray, row: int, draw: np.ndarray, t: Transition, step_size: float, max_depth: int) -> None:
    """Write one draw and its statistics, in the order of the table STATISTICS."""
    for i in range(draw.shape[1]):
        draws[row, i] = draw[Q, i]
    statistics[row, 0] = t.lp
    statistics[row, 1] = t.acceptance
    statistics[row, 2] = step_size
    statistics[row, 3] = t.depth
    statistics[row, 4] = t.steps
    statistics[row, 5] = t.outcome == DIVERGING
    statistics[row, 6] = t.depth == max_depth
    statistics[row, 7] = t.energy


@entry_point
def run_chain(
    address: int, workspace: int, memory: Memory, settings: Settings, actions: np.ndarray, output: Output,
    counts: np.ndarray, stop: np.ndarray,
) -> tuple[int, float]:
    """Warm up and draw from the start point in `memory` until the output is full or `stop` is set.

    `actions` has one entry for each iteration of warmup. Returns how the chain ended and the tuned step size.
    """
    density = Density(address, workspace)
    draw, trial, metric, random = memory.points[DRAW], memory.points[CANDIDATE], memory.metric, memory.random
    warmup, draws, observed = len(actions), output.draws.shape[0] * settings.thin, 0
    lp = log_density(density, draw)
    step_size = guess_step_size(density, metric, draw, lp, trial, 1.0, random)
    restart_averaging(memory.averaging, step_size)
    for iteration in range(warmup + draws):
        if step_size == 0.0 or step_size == math.inf:
            return STEP_SIZE_TOO_SMALL if step_size == 0.0 else STEP_SIZE_TOO_LARGE, step_size
        t = transition(density, memory, lp, step_size, settings.max_depth, stop)
        if t.outcome == STOPPED:
            return INTERRUPTED, step_size
        lp = t.lp
        counts[LEAPFROGS] += t.steps
        if iteration >= warmup:
            counts[DIVERGENCES] += t.outcome == DIVERGING
            kept, rest = divmod(iteration - warmup + 1, settings.thin)
            if rest == 0:
                record(output.draws, output.statistics, kept - 1, draw, t, step_size, settings.max_depth)
        else:
            if iteration < output.warmup_draws.shape[0]:
                record(output.warmup_draws, output.warmup_statistics, iteration, draw, t, step_size, settings.max_depth)
            step_size = update_averaging(memory.averaging, t.acceptance, settings.target_accept)
            if actions[iteration] != NOTHING:
                observed += 1
                observe(memory.moments, observed, draw)
            if actions[iteration] == CLOSE_WINDOW:
                estimate_metric(metric, memory.moments, observed, settings.estimator)
                memory.moments[:] = 0.0
                observed = 0
                step_size = guess_step_size(density, metric, draw, lp, trial, step_size, random)
                restart_averaging(memory.averaging, step_size)
            if iteration == warmup - 1 and memory.averaging[3] > 0:
                step_size = averaged_step_size(memory.averaging)
        counts[ITERATIONS] = iteration + 1
    return FINISHED, step_size
