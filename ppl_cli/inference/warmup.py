"""Warmup in windows, as in Stan: step sizes are tuned throughout, the metric in windows that double in length.

Stan Reference Manual, MCMC Sampling, "Automatic parameter tuning".
"""

from __future__ import annotations

import numpy as np

INITIAL_BUFFER, BASE_WINDOW, TERMINAL_BUFFER = 75, 25, 50
SHORTEST = 20  # below this, only the step size is tuned

# What to do after an iteration of warmup, besides tuning the step size.
NOTHING, OBSERVE, CLOSE_WINDOW = 0, 1, 2


def window_ends(warmup: int) -> tuple[int, list[int]]:
    """The first iteration whose draw counts for the metric, and the last iteration of each window."""
    if warmup < SHORTEST:
        return warmup, []
    initial, size, terminal = INITIAL_BUFFER, BASE_WINDOW, TERMINAL_BUFFER
    if initial + size + terminal > warmup:
        initial, terminal = int(0.15 * warmup), int(0.1 * warmup)
        size = warmup - initial - terminal
    last = warmup - terminal - 1
    ends = [initial + size - 1]
    while ends[-1] < last:
        size *= 2
        end = ends[-1] + size
        ends.append(last if end + 2 * size > last else end)
    return initial, ends


def schedule(warmup: int) -> np.ndarray:
    """One action for each iteration of warmup."""
    first, ends = window_ends(warmup)
    actions = np.full(warmup, NOTHING, dtype=np.int64)
    if ends:
        actions[first : ends[-1]] = OBSERVE
        actions[ends] = CLOSE_WINDOW
    return actions
