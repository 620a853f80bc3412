"""How the functions of this room are compiled: by Numba, once per installation, kept on disk, called without the GIL.

The entry points know no model: they call its functions by address, so their machine code outlives every model.
"""
from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, TypeAlias, TypeVar

import numba
import numpy as np
import platformdirs
from llvmlite import ir
from numba import types
from numba.extending import intrinsic

F = TypeVar("F", bound=Callable[..., Any])
# Pointers, as the compiled functions see them; unlike arrays they carry no lengths and no reference counts.
Doubles: TypeAlias = np.ndarray
Words: TypeAlias = np.ndarray
OPTIONS = {"nogil": True, "error_model": "numpy"}
DOUBLES, WORDS = types.CPointer(types.float64), types.CPointer(types.uint64)


def function(python: F) -> F:
    """Compile a function that only compiled functions call; it becomes part of the entry points that use it."""
    return numba.njit(python, no_cpython_wrapper=True, no_cfunc_wrapper=True, **OPTIONS)


def entry_point(python: F) -> F:
    """Compile a function that Python calls, at its first call; machine code is taken from the cache."""
    return _cached(lambda kept: numba.njit(python, cache=kept, **OPTIONS))


def callback(signature: types.Type, python: Callable[..., Any]) -> Any:
    """Compile a function that kernels call, now; its machine code is taken from the cache."""
    return _cached(lambda kept: numba.cfunc(signature, cache=kept, **OPTIONS)(python))


def _cached(decorate: Callable[[bool], F]) -> F:
    """Decorate while Numba's cache directory is ours; without a cache if it cannot be written."""
    directory = cache_directory()
    if directory is None:
        return decorate(False)
    before = numba.config.CACHE_DIR
    numba.config.CACHE_DIR = str(directory)
    try:
        return decorate(True)
    finally:
        numba.config.CACHE_DIR = before


@cache
def cache_directory() -> Path | None:
    """Where machine code is kept, named after the sources of this room; None if it cannot be written.

    Numba renews an entry when the file of its entry point changes; the name covers the files that it calls.
    """
    sources = sorted(Path(__file__).parent.glob("*.py"))
    key = hashlib.sha256(b"".join(p.read_bytes() for p in sources)).hexdigest()[:16]
    given = os.environ.get("NUMBA_CACHE_DIR")
    directory = (Path(given) if given else Path(platformdirs.user_cache_dir("ppl")) / "numba") / key
    try:
        directory.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=directory):
            return directory
    except OSError:
        return None


@intrinsic
def call(typing_context: Any, address: Any, q: Any, out: Any, workspace: Any) -> Any:
    """The value of the compiled function at `address`: `double f(const double *q, double *out, void **workspace)`."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        pointer = ir.IntType(8).as_pointer()
        kind = ir.FunctionType(ir.DoubleType(), [pointer] * 3)
        target, q, out, workspace = arguments
        given = [builder.bitcast(q, pointer), builder.bitcast(out, pointer), builder.inttoptr(workspace, pointer)]
        return builder.call(builder.inttoptr(target, kind.as_pointer()), given)

    return types.float64(types.int64, DOUBLES, DOUBLES, types.int64), generate


def _from_address(pointer: types.CPointer) -> Callable[..., Any]:
    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.inttoptr(arguments[0], context.get_value_type(pointer))

    return lambda typing_context, address: (pointer(types.int64), generate)


doubles = intrinsic(_from_address(DOUBLES))
words = intrinsic(_from_address(WORDS))
