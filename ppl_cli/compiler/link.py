"""Addresses of the functions that a kernel calls through its function table."""

from __future__ import annotations

import ctypes
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import cache
from importlib import import_module

from ppl_cli.compiler.kernel import Apply, Draw, Kernel, Library, expressions, walk

LINEAR_ALGEBRA = {"blas": "scipy.linalg.cython_blas", "lapack": "scipy.linalg.cython_lapack"}

THREADS = "OPENBLAS_NUM_THREADS"


def slots(kernel: Kernel) -> dict[str, int]:
    """The external functions of a kernel in the order of first use: "module:function", "draw:" for primitive draws,
    "blas:" and "lapack:"."""
    found: dict[str, int] = {}
    for statement in walk(kernel.body):
        if isinstance(statement, Library):
            for name in statement.external:
                found.setdefault(name, len(found))
        for e in expressions(statement):
            if isinstance(e, Apply) and e.scalar.external:
                found.setdefault(e.scalar.external, len(found))
            elif isinstance(e, Draw):
                found.setdefault("draw:" + e.primitive, len(found))
    return found


def addresses(names: Iterable[str]) -> list[int]:
    return [_address(name) for name in names]


@cache
def _address(name: str) -> int:
    """The address of `name`: a primitive draw, a function of BLAS or LAPACK, or SciPy's Cython function for doubles."""
    module, function = name.split(":")
    if module == "draw":
        from ppl_cli.inference.random import primitive_address

        return primitive_address(function)
    if module in LINEAR_ALGEBRA:
        with _single_threaded():
            table = import_module(LINEAR_ALGEBRA[module]).__pyx_capi__
        return _pointer(table[function], _name(table[function]))
    table = import_module(module).__pyx_capi__
    for key in (function, *(f"__pyx_fuse_{k}{function}" for k in range(8))):
        signature = _name(table[key]) if key in table else ""
        if signature.startswith("double (double"):
            return _pointer(table[key], signature)
    raise RuntimeError(f"{module} has no function {function} of doubles")


@contextmanager
def _single_threaded() -> Iterator[None]:
    """SciPy's BLAS, if it is loaded inside, gets one thread: it is chains that run side by side."""
    before = os.environ.get(THREADS)
    os.environ.setdefault(THREADS, "1")
    try:
        yield
    finally:
        if before is None:
            del os.environ[THREADS]


def _name(capsule: object) -> str:
    get = ctypes.pythonapi.PyCapsule_GetName
    get.restype, get.argtypes = ctypes.c_char_p, [ctypes.py_object]
    return get(capsule).decode()


def _pointer(capsule: object, name: str) -> int:
    get = ctypes.pythonapi.PyCapsule_GetPointer
    get.restype, get.argtypes = ctypes.c_void_p, [ctypes.py_object, ctypes.c_char_p]
    return get(capsule, name.encode())
