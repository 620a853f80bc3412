"""A density and options → draws of all chains, run in threads; the same draws for any number of threads.

The main thread watches: it reports progress, and stops the chains at Ctrl-C, which keeps the draws made so far.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass

import numpy as np

from ppl_cli.errors import RunError
from ppl_cli.inference import nuts
from ppl_cli.inference.function import Function
from ppl_cli.inference.initial import Explain, Start, given_points, random_points
from ppl_cli.inference.integrator import POINT_ROWS
from ppl_cli.inference.jit import as_doubles, as_integers, start
from ppl_cli.inference.metric import ESTIMATORS, MOMENT_ROWS
from ppl_cli.inference.options import SampleOptions
from ppl_cli.inference.random import TRANSITIONS, UPDATES, new_state
from ppl_cli.inference.statistics import COLUMNS, by_name
from ppl_cli.inference.stepsize import AVERAGING_SIZE
from ppl_cli.inference.tree import SUBTREE_ROWS
from ppl_cli.inference.updates import Updates
from ppl_cli.inference.warmup import schedule

WATCH_INTERVAL = 0.05  # seconds

FAILURES = {
    nuts.STEP_SIZE_TOO_SMALL: "no step size is small enough for the sampler: the log density may not be continuous",
    nuts.STEP_SIZE_TOO_LARGE: "any step size is too small for the sampler: the posterior may be improper",
}


@dataclass(frozen=True)
class Progress:
    """How far the chains are; `divergences` are those after warmup."""

    iterations: np.ndarray  # [chain]
    total: int  # iterations of one chain
    divergences: int
    leapfrogs: int

    def __str__(self) -> str:
        done = " ".join(f"{100 * n // max(self.total, 1):3d}%" for n in self.iterations)
        return f"chains {done}  {self.leapfrogs} leapfrog steps  {self.divergences} divergences"


@dataclass(frozen=True)
class Draws:
    """What a run made. Statistics are [chain, draw] by name; warmup ones have no draws unless asked for."""

    draws: np.ndarray  # [chain, draw, dim], unconstrained; after these what updates have moved
    statistics: dict[str, np.ndarray]
    warmup_draws: np.ndarray
    warmup_statistics: dict[str, np.ndarray]
    step_sizes: np.ndarray  # [chain], after warmup
    inverse_metrics: np.ndarray  # [chain, dim] or [chain, dim, dim], after warmup
    states: np.ndarray  # [chain, state] of the updates, after the last draw
    refused_moves: int  # of the updates: there was no density, or it was not defined
    chains: tuple[int, ...]  # which chains these are: all of them, unless interrupted
    interrupted: bool
    seconds: float


class Chain:
    """The memory of one chain and its run."""

    def __init__(
        self, density: Function, options: SampleOptions, number: int, start: Start, stop: np.ndarray,
        updates: Updates | None = None,
    ) -> None:
        dim, dense = len(start.point), options.metric == "dense"
        self.options, self.density, self.stop, self.updates = options, density, stop, updates
        self.state, self.n_values = start.state.copy(), updates.values if updates is not None else 0
        self.workspace = density.workspace() if updates is None else density.workspace(given=self.state)
        self.warmup = options.warmup if dim or updates is not None else 0
        self.saved_warmup = self.warmup if options.save_warmup else 0
        rows = self.saved_warmup + options.draws
        self.draws, self.statistics = np.empty((rows, dim + self.n_values)), np.empty((rows, COLUMNS))
        self.dim, self.number = dim, number
        self.inverse_metric = np.eye(dim) if dense else np.ones(dim)
        self.counts = np.zeros(nuts.COUNTS, dtype=np.int64)
        self.reals = np.zeros(nuts.REALS)
        self.reals[nuts.TARGET_ACCEPT] = options.target_accept
        points = np.zeros((4, POINT_ROWS, dim))
        points[0, 0] = start.point
        subtrees = np.zeros((options.max_depth + 2, SUBTREE_ROWS, dim))
        self.arrays = {
            nuts.DRAW: points[0],
            nuts.CANDIDATE: points[1],
            nuts.BACKWARD: points[2],
            nuts.FORWARD: points[3],
            nuts.TRAJECTORY: subtrees[0],
            nuts.EXTENSION: subtrees[1:],
            nuts.INVERSE_METRIC: self.inverse_metric,
            nuts.FACTOR: np.eye(dim if dense else 0),
            nuts.MOMENTS: np.zeros((MOMENT_ROWS + (dim if dense else 0), dim)),
            nuts.AVERAGING: np.zeros(AVERAGING_SIZE),
            nuts.RANDOM: new_state(options.seed, number, TRANSITIONS),
            nuts.ACTIONS: schedule(self.warmup),
            nuts.DRAWS: self.draws,
            nuts.STATISTICS: self.statistics,
            nuts.COUNTERS: self.counts,
            nuts.STOP: stop,
            nuts.STATE: self.state,
            nuts.NEXT_STATE: np.zeros_like(self.state),
        }
        self.outcome = nuts.INTERRUPTED

    def run(self) -> None:
        """Run to the end, or until the stop flag is set; on failure, set it for the others."""
        memory = np.zeros(nuts.ADDRESSES, dtype=np.int64)
        memory[nuts.DENSITY], memory[nuts.WORKSPACE] = self.density.address, self.workspace.address
        if self.updates is not None:
            random = new_state(self.options.seed, self.number, UPDATES)
            moving = self.updates.function.workspace(random, self.state)
            memory[nuts.UPDATE], memory[nuts.UPDATE_WORKSPACE] = self.updates.function.address, moving.address
        for index, array in self.arrays.items():
            memory[index] = array.ctypes.data
        dense = self.options.metric == "dense"
        settings = np.zeros(nuts.SETTINGS, dtype=np.int64)
        for index, value in {
            nuts.DIM: self.dim,
            nuts.N_WARMUP: self.warmup,
            nuts.N_DRAWS: self.options.draws,
            nuts.THIN: self.options.thin,
            nuts.MAX_DEPTH: self.options.max_depth,
            nuts.ESTIMATOR: ESTIMATORS[self.options.metric],
            nuts.DENSE: dense,
            nuts.SAVED_WARMUP: self.saved_warmup,
            nuts.N_STATE: len(self.state),
            nuts.N_VALUES: self.n_values,
        }.items():
            settings[index] = value
        self.outcome = nuts.run_chain(as_integers(memory), as_integers(settings), as_doubles(self.reals))
        if self.outcome in FAILURES:
            self.stop[0] = 1

    @property
    def drawn(self) -> int:
        """The number of draws after warmup."""
        return max(0, int(self.counts[nuts.ITERATIONS]) - self.warmup) // self.options.thin


def sample(
    density: Function,
    options: SampleOptions,
    initial: np.ndarray | None = None,
    explain: Explain | None = None,
    progress: Callable[[Progress], None] | None = None,
    updates: Updates | None = None,
) -> Draws:
    """Draw from `density` by NUTS, and by `updates` what else it is given.

    initial: start points [dim] or [chain, dim]; random ones if not given.
    explain: says what is wrong at a point without density.
    progress: called in this thread, a few times a second.
    """
    start(nuts.run_chain)
    if initial is None:
        starts = random_points(density, options, explain, updates)
    else:
        starts = given_points(density, options, initial, explain, updates)
    stop = np.zeros(1, dtype=np.int64)
    chains = [Chain(density, options, number, at, stop, updates) for number, at in enumerate(starts)]
    if updates is not None:
        _ = updates.function.address
    _ = density.address, nuts.run_chain.address  # wait here, not in the threads, for what is not compiled yet
    started = time.perf_counter()
    interrupted = _run(chains, options, stop, progress)
    for number, chain in enumerate(chains):
        if chain.outcome in FAILURES:
            raise RunError(f"chain {number + 1}: {FAILURES[chain.outcome]}")
    return _collect(chains, interrupted, time.perf_counter() - started)


def available_cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _run(
    chains: list[Chain], options: SampleOptions, stop: np.ndarray, progress: Callable[[Progress], None] | None
) -> bool:
    """Run the chains in threads; whether they were interrupted."""
    interrupted = False
    with ThreadPoolExecutor(min(options.cores or available_cores(), len(chains))) as pool:
        try:
            futures = [pool.submit(chain.run) for chain in chains]
            _watch(futures, chains, options, progress)
        except KeyboardInterrupt:
            interrupted = True
        finally:
            stop[0] = 1
    for future in futures:
        future.result()
    return interrupted


def _watch(
    futures: list[Future[None]],
    chains: list[Chain],
    options: SampleOptions,
    progress: Callable[[Progress], None] | None,
) -> None:
    total = chains[0].warmup + options.draws * options.thin
    pending = set(futures)
    while pending:
        _, pending = wait(pending, WATCH_INTERVAL, FIRST_EXCEPTION)
        if progress is not None:
            counts = np.array([chain.counts for chain in chains])
            leapfrogs, divergences = int(counts[:, nuts.LEAPFROGS].sum()), int(counts[:, nuts.DIVERGENCES].sum())
            progress(Progress(counts[:, nuts.ITERATIONS], total, divergences, leapfrogs))


def _collect(chains: list[Chain], interrupted: bool, seconds: float) -> Draws:
    """The chains of a run cut to one length."""
    lengths = [chain.drawn for chain in chains]
    length = kept_length(lengths)
    if interrupted and length == 0:
        raise RunError("interrupted before the first draw after warmup: there is nothing to keep")
    kept = [k for k, drawn in enumerate(lengths) if drawn >= length]
    first = chains[0].saved_warmup
    after, before = slice(first, first + length), slice(0, first)
    return Draws(
        draws=np.array([chains[k].draws[after] for k in kept]),
        statistics=by_name(np.array([chains[k].statistics[after] for k in kept])),
        warmup_draws=np.array([chains[k].draws[before] for k in kept]),
        warmup_statistics=by_name(np.array([chains[k].statistics[before] for k in kept])),
        step_sizes=np.array([chains[k].reals[nuts.STEP_SIZE] for k in kept]),
        inverse_metrics=np.array([chains[k].inverse_metric for k in kept]),
        states=np.array([chains[k].state for k in kept]),
        refused_moves=sum(int(chain.counts[nuts.REFUSED_MOVES]) for chain in chains),
        chains=tuple(kept),
        interrupted=interrupted,
        seconds=seconds,
    )


def kept_length(lengths: list[int]) -> int:
    """The common length that keeps most draws, if chains that are shorter are dropped and longer ones cut."""
    return max(lengths, key=lambda length: (length * sum(other >= length for other in lengths), -length))
