"""A compiled function of a draw → its values at all draws, in threads; each draw has a random stream of its own."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace

import numpy as np

from ppl_cli.compiler.reports import DROPPED, ROW, Record, records
from ppl_cli.inference.chains import available_cores
from ppl_cli.inference.function import Function
from ppl_cli.inference.jit import INTEGER, INTEGERS, Integers, as_integers, call, doubles, entry_point, integers, words
from ppl_cli.inference.random import COUNT, QUANTITIES, SEED, SPARE, STREAM, new_state

# What `run_rows` is told: addresses and numbers.
ADDRESS, WORKSPACE, INPUT, OUTPUT, RANDOM, STOP, FAILED, N_IN, N_OUT, ROWS = range(10)
REPORTS = 4  # the place of the records in a workspace


@dataclass(frozen=True)
class Generated:
    """`values` [chain, draw, n_out]; `failed` [chain, draw] tells where the function returned NaN.

    `records` are what it reported, each with its chain; `dropped` counts those that found no room.
    """

    values: np.ndarray
    failed: np.ndarray
    records: list[tuple[int, Record]] = field(default_factory=list)
    dropped: int = 0


@entry_point(INTEGER, INTEGERS)
def run_rows(settings: Integers) -> int:
    """Call a function on rows [row, n_in] to write rows [row, n_out]; each draws from a stream of its own."""
    random, stop, failed = words(settings[RANDOM]), integers(settings[STOP]), integers(settings[FAILED])
    reports = doubles(words(settings[WORKSPACE])[REPORTS])
    seed, first = random[SEED], random[STREAM]
    for k in range(settings[ROWS]):
        if stop[0] != 0:
            return k
        random[SEED], random[STREAM] = seed, first + np.uint64(k)
        random[COUNT] = random[SPARE] = np.uint64(0)
        row, out = settings[INPUT] + 8 * settings[N_IN] * k, settings[OUTPUT] + 8 * settings[N_OUT] * k
        reports[ROW] = k
        value = call(settings[ADDRESS], doubles(row), doubles(out), settings[WORKSPACE])
        failed[k] = 1 if value != value else 0
    return settings[ROWS]


def generate(
    function: Function, draws: np.ndarray, seed: int, cores: int | None = None, purpose: int = QUANTITIES
) -> Generated:
    """The outputs of `function` at draws [chain, draw, n_in]; the same for any number of cores."""
    draws = np.ascontiguousarray(draws, dtype=np.float64)
    n_chains, n_draws, n_in = draws.shape
    out = np.empty((n_chains, n_draws, function.n_out))
    failed = np.zeros((n_chains, n_draws), dtype=np.int64)
    stop = np.zeros(1, dtype=np.int64)

    def run(chain: int, start: int, end: int) -> tuple[list[tuple[int, Record]], int]:
        random = new_state(seed, chain, purpose, start)
        workspace = function.workspace(random)
        rows, results = draws[chain, start:].ctypes.data, out[chain, start:].ctypes.data
        addresses = random.ctypes.data, stop.ctypes.data, failed[chain, start:].ctypes.data
        called = function.address, workspace.address, rows, results, *addresses
        settings = np.array([*called, n_in, function.n_out, end - start], dtype=np.int64)
        run_rows(as_integers(settings))
        found = [(chain, replace(r, row=r.row + start)) for r in records(workspace.reports)]
        return found, int(workspace.reports[DROPPED])

    cores = cores or available_cores()
    pieces = -(-cores // n_chains) if n_chains else 1
    ends = np.linspace(0, n_draws, pieces + 1).astype(int)
    with ThreadPoolExecutor(cores) as pool:
        try:
            futures = [pool.submit(run, c, *ends[k : k + 2]) for c in range(n_chains) for k in range(pieces)]
            said = [future.result() for future in futures]
        finally:
            stop[0] = 1
    return Generated(out, failed != 0, [r for found, _ in said for r in found], sum(n for _, n in said))


def forward(function: Function, draws: int, seed: int, cores: int | None = None) -> np.ndarray:
    """The outputs [draw, n_out] of a function of no inputs, such as draws from the prior."""
    return generate(function, np.empty((1, draws, function.n_in)), seed, cores).values[0]
