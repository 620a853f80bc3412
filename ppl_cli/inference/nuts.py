"""The No-U-Turn Sampler: one transition, and one chain of them in a single compiled call.

Hoffman and Gelman (2014), JMLR 15, in the multinomial form of Betancourt (2017), arXiv:1701.02434.
"""

from __future__ import annotations

import math
from typing import NamedTuple

from ppl_cli.inference.integrator import (
    POINT_ROWS,
    Hamiltonian,
    Point,
    copy,
    draw_momentum,
    kinetic_energy,
    log_density,
    point_at,
    swap,
)
from ppl_cli.inference.jit import (
    DOUBLES,
    INTEGER,
    INTEGERS,
    Doubles,
    Integers,
    Words,
    call,
    doubles,
    entry_point,
    function,
    integers,
    words,
)
from ppl_cli.inference.metric import estimate_metric, moments_at, observe
from ppl_cli.inference.random import uniform
from ppl_cli.inference.statistics import COLUMNS
from ppl_cli.inference.stepsize import averaged_step_size, guess_step_size, restart_averaging, update_averaging
from ppl_cli.inference.tree import (
    COMPLETE,
    DIVERGING,
    STOPPED,
    extend,
    is_turning,
    join,
    log_add_exp,
    reversed_time,
    set_leaf,
    subtree_at,
)
from ppl_cli.inference.warmup import CLOSE_WINDOW, NOTHING

# What a chain counts while it runs, for others to watch.
ITERATIONS, DIVERGENCES, LEAPFROGS, REFUSED_MOVES = 0, 1, 2, 3
COUNTS = 4

# How a chain ended.
FINISHED, INTERRUPTED, STEP_SIZE_TOO_SMALL, STEP_SIZE_TOO_LARGE = 0, 1, 2, 3


# What a chain is told: whole numbers. `saved_warmup` iterations of the warmup are recorded, too.
# `n_state` numbers are what updates move between transitions; the first `n_values` of them are recorded with a draw.
DIM, N_WARMUP, N_DRAWS, THIN, MAX_DEPTH, ESTIMATOR, DENSE, SAVED_WARMUP, N_STATE, N_VALUES = range(10)
SETTINGS = 10

# What a chain is told and tells: real numbers.
TARGET_ACCEPT, STEP_SIZE = 0, 1
REALS = 2

# The addresses of all that a chain reads and writes.
DENSITY, WORKSPACE = 0, 1  # compiled
DRAW, CANDIDATE, BACKWARD, FORWARD = 2, 3, 4, 5  # phase points: one of the extension, both ends of the trajectory
TRAJECTORY, EXTENSION = 6, 7  # sub-trees; those of the extension follow each other
INVERSE_METRIC, FACTOR, MOMENTS, AVERAGING = 8, 9, 10, 11
RANDOM, ACTIONS = 12, 13  # actions: [iteration of warmup]
DRAWS, STATISTICS = 14, 15  # [iteration, dim + n_values] and [iteration, column], those of the warmup first
COUNTERS, STOP = 16, 17
UPDATE, UPDATE_WORKSPACE = 18, 19  # compiled
STATE, NEXT_STATE = 20, 21
ADDRESSES = 22


class Transition(NamedTuple):
    """What is known of one transition."""

    lp: float
    acceptance: float
    depth: int
    steps: int
    outcome: int
    energy: float


@function
def transition(
    h: Hamiltonian, memory: Integers, lp: float, step_size: float, max_depth: int, random: Words, stop: Integers
) -> Transition:
    """Replace the draw by the next: double the trajectory, in random directions of time, until it turns."""
    n = h.dim
    if n == 0:
        return Transition(lp, 1.0, 0, 0, COMPLETE, -lp)
    draw, candidate = point_at(memory[DRAW], n), point_at(memory[CANDIDATE], n)
    backward, forward = point_at(memory[BACKWARD], n), point_at(memory[FORWARD], n)
    trajectory, extension = subtree_at(memory[TRAJECTORY], n), subtree_at(memory[EXTENSION], n)
    draw_momentum(h, draw, random)
    energy = initial_energy = kinetic_energy(h, draw) - lp
    copy(POINT_ROWS * n, draw.q, backward.q)
    copy(POINT_ROWS * n, draw.q, forward.q)
    set_leaf(n, trajectory, draw)
    log_weight, acceptance, steps, depth, outcome = 0.0, 0.0, 0, 0, COMPLETE
    for doubling in range(max_depth):
        ahead = uniform(random) < 0.5
        end, step = (forward, step_size) if ahead else (backward, -step_size)
        new = extend(h, end, candidate, memory[EXTENSION], doubling, step, initial_energy, random, stop)
        steps += new.steps
        acceptance += new.acceptance
        outcome = new.outcome
        if outcome != COMPLETE:
            break
        depth = doubling + 1
        # Biased progressive sampling (A.3.2) favours the new half.
        if math.log(uniform(random)) < new.log_weight - log_weight:
            lp, energy = new.lp, new.energy
            copy(n, candidate.q, draw.q)
            copy(n, candidate.gradient, draw.gradient)
        log_weight = log_add_exp(log_weight, new.log_weight)
        seen = trajectory if ahead else reversed_time(trajectory)
        turning = is_turning(n, seen, extension)
        join(n, seen, extension)
        if turning:
            break
    return Transition(lp, acceptance / max(steps, 1), depth, steps, outcome, energy)


@function
def update(h: Hamiltonian, memory: Integers, n_state: int, draw: Point, lp: float, counts: Integers) -> float:
    """Move the state that the density is given; returns the log density after that.

    A move that is not defined is not made, and one to where there is no density (rounding may lead there) is taken
    back; they are counted.
    """
    if n_state == 0:
        return lp
    state, following = doubles(memory[STATE]), doubles(memory[NEXT_STATE])
    undefined = call(memory[UPDATE], draw.q, following, memory[UPDATE_WORKSPACE])
    if undefined == 0.0:
        swap(n_state, state, following)
        moved = log_density(h, draw)
        if -math.inf < moved < math.inf:
            return moved
        swap(n_state, state, following)
    counts[REFUSED_MOVES] += 1
    return log_density(h, draw)


@function
def record(row: Doubles, t: Transition, lp: float, step_size: float, max_depth: int) -> None:
    """Write the statistics of a draw, in the order of the table STATISTICS."""
    row[0], row[1], row[2] = lp, t.acceptance, step_size
    row[3], row[4] = t.depth, t.steps
    row[5], row[6] = t.outcome == DIVERGING, t.depth == max_depth
    row[7] = t.energy


@entry_point(INTEGER, INTEGERS, INTEGERS, DOUBLES)
def run_chain(memory: Integers, settings: Integers, reals: Doubles) -> int:
    """Warm up and draw until the output is full or the stop flag is set; returns how the chain ended."""
    inverse_metric, factor = doubles(memory[INVERSE_METRIC]), doubles(memory[FACTOR])
    dim, dense = settings[DIM], settings[DENSE] != 0
    h = Hamiltonian(memory[DENSITY], memory[WORKSPACE], dim, dense, inverse_metric, factor)
    draw, trial = point_at(memory[DRAW], h.dim), point_at(memory[CANDIDATE], h.dim)
    moments, averaging, random = moments_at(memory[MOMENTS], h.dim), doubles(memory[AVERAGING]), words(memory[RANDOM])
    actions, counts, stop = integers(memory[ACTIONS]), integers(memory[COUNTERS]), integers(memory[STOP])
    total, observed = settings[N_WARMUP] + settings[N_DRAWS] * settings[THIN], 0
    n_state, n_values = settings[N_STATE], settings[N_VALUES]
    lp = log_density(h, draw)
    step_size, guess = 1.0, h.dim > 0
    for iteration in range(total):
        warming = iteration < settings[N_WARMUP]
        if guess:
            step_size = reals[STEP_SIZE] = guess_step_size(h, draw, lp, trial, step_size, random)
            restart_averaging(averaging, step_size)
            if step_size == 0.0 or step_size == math.inf:
                return STEP_SIZE_TOO_SMALL if step_size == 0.0 else STEP_SIZE_TOO_LARGE
            guess = False
        t = transition(h, memory, lp, step_size, settings[MAX_DEPTH], random, stop)
        if t.outcome == STOPPED:
            return INTERRUPTED
        lp = update(h, memory, n_state, draw, t.lp, counts)
        drawn = iteration - settings[N_WARMUP] + 1
        row = iteration if warming else settings[SAVED_WARMUP] + drawn // settings[THIN] - 1
        if row < settings[SAVED_WARMUP] if warming else drawn % settings[THIN] == 0:
            place = memory[DRAWS] + 8 * (dim + n_values) * row
            copy(dim, draw.q, doubles(place))
            copy(n_values, doubles(memory[STATE]), doubles(place + 8 * dim))
            record(doubles(memory[STATISTICS] + 8 * COLUMNS * row), t, lp, step_size, settings[MAX_DEPTH])
        if warming:
            step_size = update_averaging(averaging, t.acceptance, reals[TARGET_ACCEPT])
            if actions[iteration] != NOTHING:
                observed += 1
                observe(h, moments, observed, draw)
            if actions[iteration] == CLOSE_WINDOW:
                estimate_metric(h, moments, observed, settings[ESTIMATOR])
                observed = 0
                guess = h.dim > 0
            if iteration == settings[N_WARMUP] - 1:
                step_size = averaged_step_size(averaging)
        reals[STEP_SIZE] = step_size
        counts[ITERATIONS] = iteration + 1
        counts[LEAPFROGS] += t.steps
        if t.outcome == DIVERGING and not warming:
            counts[DIVERGENCES] += 1
    return FINISHED
