"""A compiled function of a draw → its values at all draws, in threads; each draw has a random stream of its own."""
from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np

from ppl_cli.inference.chains import available_cores
from ppl_cli.inference.function import Function
from ppl_cli.inference.jit import call, doubles, entry_point, words
from ppl_cli.inference.random import COUNT, QUANTITIES, SEED, SPARE, STREAM, stream


@entry_point
def run_rows(
    address: int, workspace: int, rows: int, out: int, n_in: int, n_out: int, random: int, seed: int, first_stream: int,
    n_rows: int, stop: int,
) -> int:
    """Call the function on rows [n_rows, n_in], to write rows [n_rows, n_out]; row k draws from stream first_stream + k."""
    state, stopped = words(random), words(stop)
    for k in range(n_rows):
        if stopped[0] != 0:
            return k
        state[SEED] = np.uint64(seed)
        state[STREAM] = np.uint64(first_stream + k)
        state[COUNT] = state[SPARE] = np.uint64(0)
        call(address, doubles(rows + 8 * n_in * k), doubles(out + 8 * n_out * k), workspace)
    return n_rows


def generate(
    function: Function, draws: np.ndarray, seed: int, cores: int | None = None, purpose: int = QUANTITIES
) -> np.ndarray:
    """The outputs [chain, draw, n_out] of `function` at draws [chain, draw, n_in]; the same for any number of cores."""
    draws = np.ascontiguousarray(draws, dtype=np.float64)
    n_chains, n_draws, n_in = draws.shape
    out = np.empty((n_chains, n_draws, function.n_out))
    stop = np.zeros(1, dtype=np.int64)
    seed = int(np.uint64(seed).astype(np.int64))

    def run(chain: int, start: int, end: int) -> None:
        state = np.zeros(4, dtype=np.uint64)
        workspace = function.workspace(state)
        run_rows(
            function.address, workspace.address, draws[chain, start:].ctypes.data, out[chain, start:].ctypes.data, n_in,
            function.n_out, state.ctypes.data, seed, stream(chain, purpose, start), end - start, stop.ctypes.data,
        )  # fmt: skip

    cores = cores or available_cores()
    pieces = -(-cores // n_chains) if n_chains else 1
    ends = np.linspace(0, n_draws, pieces + 1).astype(int)
    with ThreadPoolExecutor(cores) as pool:
        try:
            futures = [pool.submit(run, c, *ends[k : k + 2]) for c in range(n_chains) for k in range(pieces)]
            for future in futures:
                future.result()
        finally:
            stop[0] = 1
    return out


def forward(function: Function, draws: int, seed: int, cores: int | None = None) -> np.ndarray:
    """The outputs [draw, n_out] of a function of no inputs, such as draws from the prior."""
    return generate(function, np.empty((1, draws, function.n_in)), seed, cores)[0]
