"""Calls of compiled functions by address from Numba code: `double f(const double *q, double *out, void **workspace)`."""
from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import njit, types
from numba.extending import intrinsic

# A function that only compiled code calls: no wrappers for Python, which would take longer to compile than the function itself.
inner = njit(nogil=True, error_model="numpy", no_cpython_wrapper=True, no_cfunc_wrapper=True)


@intrinsic
def call(typing: Any, address: Any, q: Any, out: Any, workspace: Any) -> Any:
    """f(q, out, workspace); all four arguments are addresses (intp)."""
    signature = types.float64(types.intp, types.intp, types.intp, types.intp)

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        pointer = ir.IntType(8).as_pointer()
        kind = ir.FunctionType(ir.DoubleType(), [pointer, pointer, pointer])
        function = builder.inttoptr(arguments[0], kind.as_pointer())
        return builder.call(function, [builder.inttoptr(a, pointer) for a in arguments[1:]])

    return signature, generate
