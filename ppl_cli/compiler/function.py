"""Compiled functions of a flat vector, and the entry point that makes them."""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

import numpy as np

from ppl_cli.compiler.build import Build, CBuild, NumbaBuild, compiler
from ppl_cli.compiler.kernel import Kernel
from ppl_cli.compiler.link import addresses, slots
from ppl_cli.compiler.lower import lower
from ppl_cli.compiler.print_c import CPrinter
from ppl_cli.compiler.print_numba import NumbaPrinter
from ppl_cli.compiler.printing import Printer
from ppl_cli.compiler.reports import Record, clear, records, room
from ppl_cli.errors import OptionError
from ppl_cli.graph.basic import Variable

Backend = Literal["c", "numba"]

_SIGNATURE = ctypes.CFUNCTYPE(ctypes.c_double, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p)
_BACKENDS: dict[str, tuple[type[Printer], Callable[[str], Build]]] = {
    "c": (CPrinter, CBuild),
    "numba": (NumbaPrinter, NumbaBuild),
}


class Workspace:
    """What one thread needs to call a kernel: pointers to data, scratch memory, functions and random state.

    `given` are the inputs that stay from call to call, until they are changed in this array.
    """

    def __init__(self, function: CompiledFunction, state: np.ndarray | None, given: np.ndarray | None) -> None:
        self.given = np.zeros(function.n_given) if given is None else given
        arrays = {**function.kernel.data}
        if function.kernel.given is not None:
            arrays[function.kernel.given] = self.given
        self.data = np.array([a.ctypes.data for a in arrays.values()] or [0], dtype=np.uint64)
        self.scratch = np.zeros(function.kernel.n_scratch + 8)
        self.functions = np.array(function.functions or [0], dtype=np.uint64)
        self.state = np.zeros(4, np.uint64) if state is None else state
        self.reports = room()
        self._keep = function
        parts = (self.data, self.scratch, self.functions, self.state, self.reports)
        self.table = np.array([a.ctypes.data for a in parts], dtype=np.uint64)

    @property
    def address(self) -> int:
        return self.table.ctypes.data


@dataclass(frozen=True, eq=False)
class CompiledFunction:
    """`double f(const double *q, double *out, void **workspace)`: n_in doubles in, n_out doubles and a value out."""

    kernel: Kernel
    source: str
    backend: str
    build: Build = field(repr=False)

    @property
    def n_in(self) -> int:
        return self.kernel.n_in

    @property
    def n_out(self) -> int:
        return self.kernel.n_out

    @property
    def n_given(self) -> int:
        """The length of the inputs that the workspace holds."""
        return self.kernel.n_given

    @cached_property
    def functions(self) -> list[int]:
        """Addresses for the function table."""
        return addresses(slots(self.kernel))

    @property
    def address(self) -> int:
        """The address of the function; waits for its compilation."""
        return self.build.address

    def workspace(self, state: np.ndarray | None = None, given: np.ndarray | None = None) -> Workspace:
        """A workspace for one thread. `state` is the random state, uint64[4]; `given` is float64[n_given]."""
        return Workspace(self, state, given)

    @cached_property
    def _own(self) -> tuple[Workspace, Any]:
        return self.workspace(), _SIGNATURE(self.address)

    def __call__(
        self, q: np.ndarray, state: np.ndarray | None = None, given: np.ndarray | None = None
    ) -> tuple[float, np.ndarray]:
        """The value and the outputs at `q`. `state` is the random state to begin with, uint64[4]."""
        q = np.ascontiguousarray(q, dtype=np.float64)
        if q.shape != (self.n_in,):
            raise ValueError(f"the vector has shape {list(q.shape)}, but {self.n_in} numbers are needed")
        out = np.empty(self.n_out)
        workspace, call = self._own
        if state is not None:
            workspace.state[:] = state
        if given is not None:
            workspace.given[:] = given
        return call(q.ctypes.data, out.ctypes.data, workspace.address), out

    def records(self) -> list[Record]:
        """What calls of this object have reported."""
        return list(records(self._own[0].reports))

    def forget(self) -> None:
        """Make room for the records of calls to come."""
        clear(self._own[0].reports)


def default_backend() -> Backend:
    return "c" if compiler() else "numba"


def compile_function(
    inputs: Sequence[Variable], value: Variable | None, outputs: Sequence[Variable], *, given: Sequence[Variable] = (),
    backend: Backend | None = None,
) -> CompiledFunction:
    """Compile `value` (a float64 scalar, or None) and `outputs` as a function of `inputs`, all laid out flat by rows.

    `given` (float64) are inputs, too, that the workspace holds.

    The C compiler runs in the background until the address of the function is asked for.
    """
    backend = backend or default_backend()
    if backend == "c" and compiler() is None:
        raise OptionError("there is no C compiler here: install one, set CC, or use --backend numba")
    printer, build = _BACKENDS[backend]
    kernel = lower(inputs, value, outputs, given)
    source = printer(kernel).source()
    return CompiledFunction(kernel, source, backend, build(source))
