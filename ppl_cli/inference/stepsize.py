"""The step size: a first guess, and dual averaging towards a target acceptance probability.

Hoffman and Gelman (2014), "The No-U-Turn Sampler", JMLR 15: algorithm 4 for the guess, section 3.2 for the averaging.
"""

from __future__ import annotations

import math

from ppl_cli.inference.integrator import Hamiltonian, Point, copy, draw_momentum, kinetic_energy, leapfrog
from ppl_cli.inference.jit import Doubles, Words, function

# The state of dual averaging: where log step sizes shrink to, mean error, averaged log step size, number of updates.
MU, H_BAR, LOG_AVERAGE, UPDATES = 0, 1, 2, 3
AVERAGING_SIZE = 4
GAMMA, T0, KAPPA = 0.05, 10.0, 0.75  # equation 6, with the values recommended there
GUESS_ACCEPTANCE = 0.8  # as in Stan; the paper has 0.5
LARGEST_STEP_SIZE = 1e7


@function
def restart_averaging(averaging: Doubles, step_size: float) -> None:
    """Forget the past; log step sizes shrink to that of ten times the current one."""
    averaging[MU] = math.log(10.0 * step_size)
    averaging[H_BAR] = averaging[LOG_AVERAGE] = averaging[UPDATES] = 0.0


@function
def update_averaging(averaging: Doubles, acceptance: float, target: float) -> float:
    """One step of dual averaging (equation 6): the next step size."""
    averaging[UPDATES] += 1.0
    t = averaging[UPDATES]
    eta = 1.0 / (t + T0)
    averaging[H_BAR] = (1.0 - eta) * averaging[H_BAR] + eta * (target - acceptance)
    log_step = averaging[MU] - averaging[H_BAR] * math.sqrt(t) / GAMMA
    weight = t**-KAPPA
    averaging[LOG_AVERAGE] = weight * log_step + (1.0 - weight) * averaging[LOG_AVERAGE]
    return math.exp(log_step)


@function
def averaged_step_size(averaging: Doubles) -> float:
    return math.exp(averaging[LOG_AVERAGE])


@function
def guess_step_size(h: Hamiltonian, start: Point, lp: float, trial: Point, step_size: float, random: Words) -> float:
    """Double or halve the step size until the acceptance probability of one step crosses 0.8 (algorithm 4).

    Returns 0 or infinity if there is no such step size.
    """
    direction = 0
    while 0.0 < step_size < LARGEST_STEP_SIZE:
        copy(h.dim, start.q, trial.q)
        copy(h.dim, start.gradient, trial.gradient)
        draw_momentum(h, trial, random)
        initial_energy = kinetic_energy(h, trial) - lp
        new_lp = leapfrog(h, trial, step_size)
        accepted = initial_energy - (kinetic_energy(h, trial) - new_lp) > math.log(GUESS_ACCEPTANCE)
        if direction == 0:
            direction = 1 if accepted else -1
        elif accepted != (direction == 1):
            return step_size
        step_size *= 2.0 if accepted else 0.5
    return 0.0 if step_size == 0.0 else math.inf
