"""Addresses of the functions that a kernel calls through its function table."""
from __future__ import annotations

import ctypes
from collections.abc import Iterable
from functools import cache
from importlib import import_module

from ppl_cli.compiler.kernel import Apply, Draw, Kernel, expressions, walk

Slot = tuple[str, int]  # name and number of double arguments


def slots(kernel: Kernel) -> dict[Slot, int]:
    """The external functions of a kernel in the order of first use; draws are named "draw:" and their primitive."""
    found: dict[Slot, int] = {}
    for statement in walk(kernel.body):
        for e in expressions(statement):
            if isinstance(e, Apply) and e.scalar.external:
                template = e.scalar.c
                arity = template.count(",") + 1 if template else e.scalar.arity
                found.setdefault((e.scalar.external, arity), len(found))
            elif isinstance(e, Draw):
                found.setdefault(("draw:" + e.primitive, 2), len(found))
    return found


def addresses(names: Iterable[Slot]) -> list[int]:
    return [_address(name, arity) for name, arity in names]


@cache
def _address(name: str, arity: int) -> int:
    """The address of `name`: a primitive draw, or the version of a SciPy Cython function that takes doubles."""
    if name.startswith("draw:"):
        from ppl_cli.inference.random import primitive_address

        return primitive_address(name.removeprefix("draw:"))
    module, function = name.split(":")
    table = import_module(module).__pyx_capi__
    wanted = f"double ({', '.join(['double'] * arity)}, int __pyx_skip_dispatch)"
    for key, capsule in table.items():
        if key in (function, *(f"__pyx_fuse_{k}{function}" for k in range(8))):
            signature = _name(capsule)
            if signature == wanted:
                return _pointer(capsule, signature)
    raise RuntimeError(f"{module} has no function {function} of {arity} doubles")


def _name(capsule: object) -> str:
    get = ctypes.pythonapi.PyCapsule_GetName
    get.restype, get.argtypes = ctypes.c_char_p, [ctypes.py_object]
    return get(capsule).decode()


def _pointer(capsule: object, name: str) -> int:
    get = ctypes.pythonapi.PyCapsule_GetPointer
    get.restype, get.argtypes = ctypes.c_void_p, [ctypes.py_object, ctypes.c_char_p]
    return get(capsule, name.encode())
