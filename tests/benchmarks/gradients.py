"""Gradients that benchmarks compare: compiled here, by hand, by Stan. They are called in turns, and the least times count, so
that other work on the machine disturbs all alike."""
from __future__ import annotations

import ctypes
import json
import tempfile
import time
from collections.abc import Callable
from typing import Any

import numpy as np

Gradient = Callable[[], None]
Data = dict[str, Any]


def pointer(array: np.ndarray) -> ctypes.c_void_p:
    return ctypes.c_void_p(array.ctypes.data)


def compiled_gradient(model: Any, q: np.ndarray, out: np.ndarray) -> Gradient:
    """That of a loaded model at `q`, written to `out`."""
    function = model.pipeline.logp_grad
    workspace = function.workspace()
    call = ctypes.CFUNCTYPE(ctypes.c_double, *[ctypes.c_void_p] * 3)(function.address)
    return lambda: call(pointer(q), pointer(out), workspace.address)


class Stan:
    """A model compiled by stan_gradient.sh."""

    def __init__(self, path: str) -> None:
        self.library = ctypes.CDLL(path)
        self.library.make_model.restype = ctypes.c_void_p

    def gradient(self, data: Data, q: np.ndarray, out: np.ndarray) -> Gradient:
        with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
            json.dump({n: np.asarray(v).tolist() for n, v in data.items()}, file)
            file.flush()
            model = ctypes.c_void_p(self.library.make_model(file.name.encode()))
        return lambda: self.library.model_gradient(model, pointer(q), pointer(out))


def least_times(programs: dict[str, Gradient], turns: int) -> dict[str, float]:
    """The least time in microseconds of one call of each program."""
    least = dict.fromkeys(programs, np.inf)
    for _ in range(turns):
        for name, program in programs.items():
            start = time.perf_counter()
            program()
            least[name] = min(least[name], 1e6 * (time.perf_counter() - start))
    return least
