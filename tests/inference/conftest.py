"""Densities for the sampler: a compiled Gaussian, and any function in plain Python."""

from __future__ import annotations

import ctypes
from collections.abc import Callable

import numpy as np
import pytest

from ppl_cli.compiler import CompiledFunction, compile_function
from ppl_cli.compiler.reports import room
from ppl_cli.graph.basic import constant, root
from ppl_cli.ops.linalg import dot, matvec
from ppl_cli.ops.scalar_math import mul, neg, sub

SIGNATURE = ctypes.CFUNCTYPE(ctypes.c_double, *[ctypes.POINTER(ctypes.c_double)] * 2, ctypes.POINTER(ctypes.c_void_p))


class PythonWorkspace:
    """Only the places of the random state and of the records are filled."""

    def __init__(self, state: np.ndarray | None) -> None:
        self.state = np.zeros(4, dtype=np.uint64) if state is None else state
        self.reports = room()
        self.table = np.array([0, 0, 0, self.state.ctypes.data, self.reports.ctypes.data], dtype=np.uint64)

    @property
    def address(self) -> int:
        return self.table.ctypes.data


class PythonFunction:
    """`value, out = python(q, random state)` with the interface of a compiled function."""

    def __init__(self, python: Callable, n_in: int, n_out: int) -> None:
        self.n_in, self.n_out, self.python = n_in, n_out, python

        def called(q, out, workspace):  # type: ignore[no-untyped-def]
            state = np.ctypeslib.as_array(ctypes.cast(workspace[3], ctypes.POINTER(ctypes.c_uint64)), (4,))
            value, result = python(np.ctypeslib.as_array(q, (n_in,)).copy(), state)
            np.ctypeslib.as_array(out, (n_out,))[:] = result
            return float(value)

        self.pointer = SIGNATURE(called)
        self.address = ctypes.cast(self.pointer, ctypes.c_void_p).value

    def workspace(self, state: np.ndarray | None = None) -> PythonWorkspace:
        return PythonWorkspace(state)

    def __call__(self, q: np.ndarray) -> tuple[float, np.ndarray]:
        value, out = self.python(q, np.zeros(4, dtype=np.uint64))
        return value, np.asarray(out)


@pytest.fixture
def python_function() -> type[PythonFunction]:
    return PythonFunction


@pytest.fixture
def gaussian() -> Callable[..., CompiledFunction]:
    """The log density of a normal law with given mean and covariance, and its gradient, compiled."""

    def make(mean: np.ndarray, covariance: np.ndarray) -> CompiledFunction:
        q = root("q", "float64", (len(mean),))
        deviation = sub(q, constant(np.asarray(mean, dtype=float)))
        gradient = neg(matvec(constant(np.linalg.inv(covariance)), deviation))
        return compile_function([q], mul(0.5, dot(deviation, gradient)), [gradient])

    return make
