"""How the functions of this room become machine code: written in Python, compiled by Numba once per machine.

The machine code of an entry point is kept in a file. Later runs load that file and do not import Numba, which takes
longer than sampling a small model. Entry points call a model's functions by address: one file serves all models.
"""

from __future__ import annotations

import ctypes
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import IO, Any, TypeAlias, TypeVar

import llvmlite
import llvmlite.binding as llvm
import numpy as np

from ppl_cli.compiler.cache import cache_directory, key
from ppl_cli.errors import RunError

F = TypeVar("F", bound=Callable[..., Any])
# Pointers: indexed like arrays, without lengths and reference counts.
Doubles: TypeAlias = np.ndarray
Integers: TypeAlias = np.ndarray
Words: TypeAlias = np.ndarray  # unsigned

# Types of entry points.
DOUBLE, INTEGER = ctypes.c_double, ctypes.c_int64
DOUBLES, INTEGERS, WORDS = (ctypes.POINTER(t) for t in (ctypes.c_double, ctypes.c_int64, ctypes.c_uint64))
DENSITY = ctypes.CFUNCTYPE(DOUBLE, DOUBLES, DOUBLES, ctypes.c_void_p)

FUNCTIONS: list[Callable[..., Any]] = []  # that entry points may call


def function(python: F) -> F:
    """Let entry points call a function. In Python it stays what it is."""
    FUNCTIONS.append(python)
    return python


def call(address: int, q: Doubles, out: Doubles, workspace: int) -> float:
    """The value of the compiled function at `address`: `double f(const double *q, double *out, void **workspace)`."""
    return DENSITY(address)(q, out, workspace)


def doubles(address: int) -> Doubles:
    return ctypes.cast(address, DOUBLES)  # type: ignore[return-value]


def integers(address: int) -> Integers:
    return ctypes.cast(address, INTEGERS)  # type: ignore[return-value]


def words(address: int) -> Words:
    return ctypes.cast(address, WORDS)  # type: ignore[return-value]


def as_doubles(array: np.ndarray) -> Doubles:
    """The pointer to an array; as long as it is used, the array must be kept."""
    return doubles(array.ctypes.data)


def as_integers(array: np.ndarray) -> Integers:
    return integers(array.ctypes.data)


class EntryPoint:
    """A function that is called from Python or from kernels, through its machine code."""

    def __init__(self, python: Callable[..., Any], result: Any, arguments: tuple[Any, ...]) -> None:
        self.python, self.result, self.arguments = python, result, arguments
        self.build: Build | None = None

    @property
    def name(self) -> str:
        return self.python.__name__

    @cached_property
    def path(self) -> Path:
        return cache_directory() / f"{self.name}-{_version()}.o"

    @cached_property
    def address(self) -> int:
        """The address of the machine code; waits for its compilation."""
        start(self)
        if self.build is not None:
            self.build.wait_for(self.path)
        return load_object(self.path.read_bytes(), self.name)

    def __call__(self, *arguments: Any) -> Any:
        """Call the machine code. Other threads run meanwhile."""
        return ctypes.CFUNCTYPE(self.result, *self.arguments)(self.address)(*arguments)


def entry_point(result: Any, *arguments: Any) -> Callable[[Callable[..., Any]], EntryPoint]:
    """Make an entry point of a function with these types."""
    return lambda python: EntryPoint(python, result, arguments)


def start(*entries: EntryPoint) -> None:
    """Start to compile those entry points that have no machine code yet, in one process of their own."""
    missing = [e for e in entries if e.build is None and not e.path.exists()]
    if missing:
        build = Build.start([f"{e.python.__module__}:{e.name}={e.path}" for e in missing])
        for e in missing:
            e.build = build


@dataclass(frozen=True)
class Build:
    """A process that writes object files."""

    process: subprocess.Popen[bytes]
    messages: IO[bytes]

    @staticmethod
    def start(targets: list[str]) -> Build:
        """Numba's own optimizer is off there: an entry point is optimized once, not each function in each caller."""
        messages = tempfile.TemporaryFile()  # noqa: SIM115
        paths = os.pathsep.join(p for p in sys.path if p)
        command = [sys.executable, "-P", "-m", "ppl_cli.inference.compiling", *targets]
        environment = {**os.environ, "NUMBA_OPT": "0", "PYTHONPATH": paths}
        return Build(subprocess.Popen(command, stdout=messages, stderr=messages, env=environment), messages)

    def wait_for(self, path: Path) -> None:
        while not path.exists():
            if self.process.poll() is not None and not path.exists():
                self.messages.seek(0)
                text = self.messages.read().decode(errors="replace")
                raise RunError(f"the sampler cannot be compiled:\n{text[-2000:]}")
            time.sleep(0.005)


@cache
def _version() -> str:
    """A name for all that machine code depends on: the sources of this room, the compiler, the processor."""
    sources = sorted(Path(__file__).parent.glob("*.py"))
    return key(llvmlite.__version__, *(p.read_text(encoding="utf-8") for p in sources))


@cache
def target_machine() -> llvm.TargetMachine:
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    target = llvm.Target.from_default_triple()
    features = llvm.get_host_cpu_features().flatten()
    return target.create_target_machine(cpu=llvm.get_host_cpu_name(), features=features, opt=2, jit=True)


def load_object(code: bytes, name: str) -> int:
    """The address of the function `name` of an object file, which stays loaded."""
    engine = llvm.create_mcjit_compiler(llvm.parse_assembly(""), target_machine())
    engine.add_object_file(llvm.ObjectFileRef.from_data(code))
    engine.finalize_object()
    _loaded.append(engine)
    return engine.get_function_address(name)


_loaded: list[llvm.ExecutionEngine] = []
