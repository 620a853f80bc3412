"""What Numba kernels call: pointers as typed arrays, functions by address, special functions.

`c_runtime` is the same for C.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numba
import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from ppl_cli.ops import scalar_routines

SIGNATURE = types.float64(
    types.CPointer(types.float64), types.CPointer(types.float64), types.CPointer(types.CPointer(types.float64))
)
OPTIONS: Any = {"error_model": "numpy", "nogil": True, "cache": True}
function: Callable[..., Any] = numba.njit(**OPTIONS)


# ---------------------------------------------------------------------------------------------- pointers


def _cast_to(target: types.Type) -> Callable[..., Any]:
    """An intrinsic that makes a pointer to `target` of a pointer, `offset` elements further on."""

    def cast(typing_context: Any, pointer: Any, offset: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            moved = builder.bitcast(arguments[0], context.get_value_type(types.CPointer(target)))
            return builder.gep(moved, [arguments[1]])

        return types.CPointer(target)(pointer, types.int64), generate

    return cast


@intrinsic
def doubles(typing_context: Any, pointer: Any, offset: Any) -> Any:
    return _cast_to(types.float64)(typing_context, pointer, offset)


@intrinsic
def integers(typing_context: Any, pointer: Any, offset: Any) -> Any:
    return _cast_to(types.int64)(typing_context, pointer, offset)


@intrinsic
def short_integers(typing_context: Any, pointer: Any, offset: Any) -> Any:
    return _cast_to(types.int32)(typing_context, pointer, offset)


@intrinsic
def pointers(typing_context: Any, pointer: Any, offset: Any) -> Any:
    return _cast_to(types.CPointer(types.float64))(typing_context, pointer, offset)


def _call(address: Any, *arguments: Any) -> Any:
    """The double that the C function at `address` returns, for doubles or a pointer and doubles."""

    def generate(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        pointer, *given = values
        kind = ir.FunctionType(ir.DoubleType(), [v.type for v in given])
        return builder.call(builder.bitcast(pointer, kind.as_pointer()), given)

    return types.float64(address, *arguments), generate


@intrinsic
def call_1(typing_context: Any, address: Any, a: Any) -> Any:
    return _call(address, a)


@intrinsic
def call_2(typing_context: Any, address: Any, a: Any, b: Any) -> Any:
    return _call(address, a, b)


@intrinsic
def call_3(typing_context: Any, address: Any, a: Any, b: Any, c: Any) -> Any:
    return _call(address, a, b, c)


@intrinsic
def call_4(typing_context: Any, address: Any, a: Any, b: Any, c: Any, d: Any) -> Any:
    return _call(address, a, b, c, d)


@intrinsic
def draw(typing_context: Any, address: Any, state: Any, a: Any, b: Any) -> Any:
    return _call(address, state, a, b)


@intrinsic
def lapack(typing_context: Any, address: Any, arguments: Any) -> Any:
    """The status that a LAPACK function at `address` ends with; its numbers and characters are passed by reference. One
    of BLAS has no status, and takes no notice of the room for it."""

    def generate(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        integer = ir.IntType(32)
        status = cgutils.alloca_once_value(builder, integer(0))
        given = []
        for value in cgutils.unpack_tuple(builder, values[1]):
            if isinstance(value.type, ir.IntType):
                value = builder.trunc(value, integer)
            if not isinstance(value.type, ir.PointerType):
                value = cgutils.alloca_once_value(builder, value)
            given.append(value)
        kind = ir.FunctionType(ir.VoidType(), [v.type for v in (*given, status)])
        builder.call(builder.bitcast(values[0], kind.as_pointer()), [*given, status])
        return builder.sext(builder.load(status), ir.IntType(64))

    return types.int64(address, arguments), generate


# ------------------------------------------------------------------------------------- scalar functions


floor, ceil, trunc = np.floor, np.ceil, np.trunc  # those of `math` give integers
fmod = np.fmod  # that of `math` raises


@function
def divide(a, b):
    return float(a) / float(b)


@function
def int_div(a, b):
    if b == 0:
        return 0
    quotient = abs(a) // abs(b)
    return quotient if (a < 0) == (b < 0) else -quotient


@function
def int_mod(a, b):
    if b == 0:
        return 0
    return a - b * int_div(a, b)


@function
def pow_(a, b):
    return math.pow(float(a), float(b))


@function
def fmax_(a, b):
    return float(a) if a > b or b != b else float(b)


@function
def fmin_(a, b):
    return float(a) if a < b or b != b else float(b)


@function
def round_(x):
    return math.copysign(floor(abs(x) + 0.5), x)


@function
def cbrt(x):
    return np.cbrt(x)


@function
def log_add_exp(a, b):
    if a != a or b != b:
        return float(a + b)
    high, low = (a, b) if a > b else (b, a)
    if math.isinf(high):
        return float(high)
    return high + math.log1p(math.exp(low - high))


@function
def log_mix(p, a, b):
    if not 0 <= p <= 1 or a != a or b != b:
        return np.nan
    ratio, high = math.exp(-abs(a - b)), max(a, b)
    if math.isinf(high):
        return high
    return high + math.log(p + (1 - p) * ratio if a > b else p * ratio + (1 - p))


@function
def log_ndtr(x):
    if x > 5:
        return math.log1p(-0.5 * math.erfc(x * 0.7071067811865476))
    if x > -20:
        return math.log(0.5 * math.erfc(x * -0.7071067811865476))
    term, total, square = 1.0, 1.0, x * x
    for k in range(12):
        if abs(term) > 1e-17:
            term *= -(2 * k + 1) / square
            total += term
    return -0.5 * square - math.log(-x) - 0.9189385332046727 + math.log(total)


@function
def digamma(x):
    x, reflected = float(x), 0.0
    if x <= 0:
        if x == floor(x):
            return np.nan
        reflected = -math.pi / math.tan(math.pi * (x - floor(x + 0.5)))
        x = 1 - x
    while x < 10:
        reflected -= 1 / x
        x += 1
    w = 1 / (x * x)
    series = 1 / 132 - w * (691 / 32760 - w / 12)
    series = 1 / 12 - w * (1 / 120 - w * (1 / 252 - w * (1 / 240 - w * series)))
    return reflected + math.log(x) - 0.5 / x - w * series


@function
def hurwitz_zeta(s, q):
    a = (
        12.0,
        -720.0,
        30240.0,
        -1209600.0,
        47900160.0,
        -1.8924375803183791606e9,
        7.47242496e10,
        -2.950130727918164224e12,
        1.1646782814350067249e14,
        -4.5979787224074726105e15,
        1.8152105401943546773e17,
        -7.1661652561756670113e18,
    )
    if s == 1:
        return np.inf
    if s != s or q != q or s < 1:
        return np.nan
    if q <= 0 and q == floor(q):
        return np.inf
    if q <= 0 and s != floor(s):
        return np.nan
    if q > 1e8:
        return (1 / (s - 1) + 1 / (2 * q)) * math.pow(q, 1 - s)
    total, w, b, i = math.pow(q, -s), float(q), 0.0, 0
    while i < 9 or w <= 9:
        i += 1
        w += 1
        b = math.pow(w, -s)
        total += b
        if abs(b) < 1.1e-16 * abs(total):
            return total
    total += b * w / (s - 1) - 0.5 * b
    factor = 1.0
    for k in range(12):
        factor *= s + 2 * k
        b /= w
        term = factor * b / a[k]
        total += term
        if abs(term) < 1.1e-16 * abs(total):
            return total
        factor *= s + 2 * k + 1
        b /= w
    return total


lambert_w = function(scalar_routines.lambert_w)
gamma_tail = function(scalar_routines.gamma_tail)
beta_tail = function(scalar_routines.beta_tail)
choose = function(scalar_routines.choose)
hypergeometric = function(scalar_routines.hypergeometric)


# -------------------------------------------------------------------------------------- matrix routines


# ------------------------------------------------------------------------------------------- reductions


@function
def larger(a, b):
    return b if b > a or b != b else a


@function
def smaller(a, b):
    return b if b < a or b != b else a


# ------------------------------------------------------------------------------------------ reports


@function
def report(reports, site, fault, n, values):
    at = int(reports[1])
    reports[0] += fault
    if at + n + 3 > reports[4]:
        reports[2] += 1
        return
    reports[at] = reports[3]
    reports[at + 1] = site
    reports[at + 2] = n
    for k in range(n):
        reports[at + 3 + k] = values[k]
    reports[1] = at + 3 + n


@function
def checked_index(reports, i, n, site):
    if 0 <= i < n:
        return i
    report(reports, site, 1, 2, (float(i + 1), float(n)))
    return 0


@function
def checked_real(reports, x, low, high, site):
    if low <= x <= high:
        return x
    report(reports, site, 1, 1, (float(x), 0.0))
    return math.nan


@function
def checked_int(reports, x, low, high, site):
    if low <= x <= high:
        return x
    report(reports, site, 1, 1, (float(x), 0.0))
    return low


@function
def checked_divisor(reports, b, site):
    if b != 0:
        return b
    report(reports, site, 1, 0, (0.0, 0.0))
    return 1


@function
def checked_product(reports, a, b, site):
    if abs(float(a) * float(b)) < 9223372036854775808.0:
        return a * b
    report(reports, site, 1, 2, (float(a), float(b)))
    return 0
