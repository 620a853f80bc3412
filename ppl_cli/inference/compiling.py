"""Entry points → object files, by Numba and LLVM: a program that `jit` runs when there is no machine code yet."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import llvmlite.binding as llvm
import numba
from llvmlite import ir
from numba import types
from numba.extending import intrinsic, overload, register_jitable

from ppl_cli.inference import jit

OPTIONS: Any = {"error_model": "numpy", "no_cpython_wrapper": True, "no_cfunc_wrapper": True}
TYPES = {
    jit.DOUBLE: types.float64,
    jit.INTEGER: types.int64,
    jit.DOUBLES: types.CPointer(types.float64),
    jit.INTEGERS: types.CPointer(types.int64),
    jit.WORDS: types.CPointer(types.uint64),
}


def compile_object(entry: jit.EntryPoint) -> bytes:
    """The object file of an entry point; its symbol is the name of the function."""
    signature = TYPES[entry.result](*(TYPES[a] for a in entry.arguments))
    compiled = numba.cfunc(signature, error_model="numpy")(entry.python)
    module = llvm.parse_assembly(compiled.inspect_llvm())
    for f in module.functions:
        if f.name == compiled.native_name:
            f.name = entry.name
        elif not f.is_declaration:
            f.linkage = "internal"
    machine = jit.target_machine()
    passes = llvm.create_pass_builder(machine, llvm.create_pipeline_tuning_options(speed_level=2))
    passes.getModulePassManager().run(module, passes)
    return machine.emit_object(module)


@intrinsic
def _call(typing_context: Any, address: Any, q: Any, out: Any, workspace: Any) -> Any:
    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        pointer = ir.IntType(8).as_pointer()
        kind = ir.FunctionType(ir.DoubleType(), [pointer] * 3)
        target, q, out, workspace = arguments
        given = [builder.bitcast(q, pointer), builder.bitcast(out, pointer), builder.inttoptr(workspace, pointer)]
        return builder.call(builder.inttoptr(target, kind.as_pointer()), given)

    return types.float64(types.int64, TYPES[jit.DOUBLES], TYPES[jit.DOUBLES], types.int64), generate


@overload(jit.call, jit_options=OPTIONS, strict=False)
def _overload_call(address: Any, q: Any, out: Any, workspace: Any) -> Any:
    return lambda address, q, out, workspace: _call(address, q, out, workspace)  # type: ignore[call-arg]


def _overload_pointer(python: Callable[..., Any], pointer: Any) -> None:
    """Say that `python` makes a pointer of this type from an address."""

    @intrinsic
    def cast(typing_context: Any, address: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            return builder.inttoptr(arguments[0], context.get_value_type(pointer))

        return pointer(types.int64), generate

    overload(python, jit_options=OPTIONS, strict=False)(lambda address: lambda address: cast(address))  # type: ignore[call-arg]


_overload_pointer(jit.doubles, TYPES[jit.DOUBLES])
_overload_pointer(jit.integers, TYPES[jit.INTEGERS])
_overload_pointer(jit.words, TYPES[jit.WORDS])


def main(targets: list[str]) -> None:
    """Each target is `module:name=path`."""
    found = []
    for target in targets:
        function, path = target.split("=", 1)
        module, name = function.split(":")
        found.append((getattr(import_module(module), name), Path(path)))
    for python in jit.FUNCTIONS:
        register_jitable(**OPTIONS)(python)
    for entry, file_path in found:
        handle, temporary = tempfile.mkstemp(dir=file_path.parent)
        with os.fdopen(handle, "wb") as file:
            file.write(compile_object(entry))
        os.replace(temporary, file_path)


if __name__ == "__main__":
    main(sys.argv[1:])
