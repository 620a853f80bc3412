"""Complex numbers: operators and functions as graphs of real and imaginary parts; gradients and printers need no more.

Branch cuts and signed zeros are those of C's <complex.h> (ISO C, annex G); inverse functions follow Kahan (1987),
"Branch Cuts for Complex Elementary Functions". An operand that is real stays so, as in C.
"""
from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache, reduce

import numpy as np

from ppl_cli.distributions.formulas import real
from ppl_cli.graph.basic import Constant, Variable, constant
from ppl_cli.language.types import MATRIX, Type, scalar_of, with_scalar
from ppl_cli.model.compounds import Complex, each
from ppl_cli.model.library.operators import PRODUCTS
from ppl_cli.model.library.operators import operator as real_operator
from ppl_cli.model.library.table import Section
from ppl_cli.ops import scalar_math as sm
from ppl_cli.ops.indexing import take_slice
from ppl_cli.ops.shape import broadcast_to, join, reshape, transpose

add = Section("Complex numbers").add

Number = Variable | Complex
Product = Callable[[Variable, Variable], Variable]

LARGEST_MULTIPLIED = 100  # whole exponents up to here are powers by multiplication, as in Python


def pair(re: Variable, im: Variable) -> Complex:
    """re + im i, broadcast to one shape."""
    shape = np.broadcast_shapes(re.shape, im.shape)
    return Complex((broadcast_to(re, shape), broadcast_to(im, shape)))


def as_complex(x: Number) -> Complex:
    return x if isinstance(x, Complex) else pair(real(x), constant(0.0))


# -------------------------------------------------------------------------------------------- arithmetic


def plus(x: Number, y: Number) -> Complex:
    if not isinstance(x, Complex):
        x, y = y, x
    assert isinstance(x, Complex)
    return pair(x.real + y.real, x.imag + y.imag) if isinstance(y, Complex) else pair(x.real + y, x.imag)


def negative(x: Complex) -> Complex:
    return each(sm.neg, x)


def minus(x: Number, y: Number) -> Complex:
    return plus(x, negative(y) if isinstance(y, Complex) else sm.neg(y))


def times(x: Number, y: Number, product: Product = sm.mul) -> Complex:
    """x y for any product of reals that is linear in both."""
    if not isinstance(x, Complex):
        return pair(*(product(real(x), part) for part in as_complex(y).elements))
    if not isinstance(y, Complex):
        return pair(*(product(part, real(y)) for part in x.elements))
    re = product(x.real, y.real) - product(x.imag, y.imag)
    return pair(re, product(x.real, y.imag) + product(x.imag, y.real))


def over(x: Number, y: Number) -> Complex:
    """x conj(y) / |y|², with y brought to the size of one first: its square neither over- nor underflows."""
    if not isinstance(y, Complex):
        assert isinstance(x, Complex)
        return each(lambda part: part / real(y), x)
    size = sm.detached(sm.maximum(sm.absolute(y.real), sm.absolute(y.imag)))
    unit = each(lambda part: part / size, y)
    quotient = times(x, conj(unit))
    return each(lambda part: part / squared_size(unit) / size, quotient)


def conj(x: Complex) -> Complex:
    return Complex((x.real, -x.imag))


def squared_size(x: Complex) -> Variable:
    return x.real * x.real + x.imag * x.imag


def equal(x: Number, y: Number) -> Variable:
    x, y = as_complex(x), as_complex(y)
    return sm.both(sm.eq(x.real, y.real), sm.eq(x.imag, y.imag))


# ------------------------------------------------------------------------------ size, exponents, powers


def _ordered(x: Complex) -> tuple[Variable, Variable]:
    """The larger of the sizes of both parts, and the ratio of the smaller to it."""
    a, b = sm.absolute(x.real), sm.absolute(x.imag)
    first = sm.ge(a, b)
    larger, smaller = sm.switch(first, a, b), sm.switch(first, b, a)
    return larger, smaller / sm.switch(sm.eq(larger, 0.0), 1.0, larger)


def size(x: Complex) -> Variable:
    larger, ratio = _ordered(x)
    return larger * sm.sqrt(1.0 + ratio * ratio)


def argument(x: Complex) -> Variable:
    return sm.atan2(x.imag, x.real)


def polar(r: Variable, theta: Variable) -> Complex:
    return pair(real(r) * sm.cos(theta), real(r) * sm.sin(theta))


def exponential(x: Complex) -> Complex:
    return polar(sm.exp(x.real), x.imag)


def logarithm(x: Complex) -> Complex:
    larger, ratio = _ordered(x)
    return pair(sm.log(larger) + 0.5 * sm.log1p(ratio * ratio), argument(x))


def square_root(x: Complex) -> Complex:
    """The root whose real part is not negative; below the negative axis (at −0, too) its imaginary part is negative.

    On that axis the derivatives are those of the side that is meant: not those of a size.
    """
    a, b = x.elements
    right = sm.ge(a, 0.0)
    larger = sm.sqrt(0.5 * (sm.switch(right, a, -a) + size(x)))
    half = 0.5 * b / sm.switch(sm.eq(larger, 0.0), 1.0, larger)
    return pair(sm.switch(right, larger, _with_sign(half, b)), sm.switch(right, half, _with_sign(larger, b)))


def _with_sign(size: Variable, of: Variable) -> Variable:
    """copysign(size, of): a zero has a sign, too."""
    return sm.switch(sm.either(sm.lt(of, 0.0), sm.lt(1.0 / of, 0.0)), -size, size)


def power(x: Number, y: Number) -> Complex:
    """exp(y log(x)), and products for small whole y; a power of zero is 0, or 1 if y is."""
    if isinstance(y, Constant) and not y.shape and float(y.data).is_integer() and abs(y.data) <= LARGEST_MULTIPLIED:
        return _whole_power(as_complex(x), int(y.data))
    base, y = as_complex(x), as_complex(y)
    zero = sm.both(sm.eq(base.real, 0.0), sm.eq(base.imag, 0.0))
    result = exponential(times(y, logarithm(pair(sm.switch(zero, 1.0, base.real), base.imag))))
    none = sm.switch(equal(y, constant(0.0)), 1.0, 0.0)
    return pair(sm.switch(zero, none, result.real), sm.switch(zero, 0.0, result.imag))


def _whole_power(x: Complex, n: int) -> Complex:
    squares = [x]
    for _ in range(1, abs(n).bit_length()):
        squares.append(times(squares[-1], squares[-1]))
    factors = [square for k, square in enumerate(squares) if abs(n) >> k & 1]
    result = reduce(times, factors) if factors else pair(constant(np.ones(x.real.shape)), constant(0.0))
    return over(constant(1.0), result) if n < 0 else result


def projection(x: Complex) -> Complex:
    infinite = sm.either(sm.isinf(x.real), sm.isinf(x.imag))
    zero = _with_sign(constant(0.0), x.imag)
    return pair(sm.switch(infinite, np.inf, x.real), sm.switch(infinite, zero, x.imag))


# ------------------------------------------------------------------------- trigonometry; i x is turned(x)


def turned(x: Complex) -> Complex:
    return Complex((-x.imag, x.real))


def turned_back(x: Complex) -> Complex:
    return Complex((x.imag, -x.real))


def sinh(x: Complex) -> Complex:
    return pair(sm.sinh(x.real) * sm.cos(x.imag), sm.cosh(x.real) * sm.sin(x.imag))


def cosh(x: Complex) -> Complex:
    return pair(sm.cosh(x.real) * sm.cos(x.imag), sm.sinh(x.real) * sm.sin(x.imag))


def tanh(x: Complex) -> Complex:
    t, u, narrow = sm.tanh(x.real), sm.tan(x.imag), 1.0 / sm.cosh(x.real)
    below = 1.0 + t * t * u * u
    return pair(t * (1.0 + u * u) / below, u / below * narrow * narrow)


def acos(x: Complex) -> Complex:
    low, high = square_root(minus(constant(1.0), x)), square_root(plus(constant(1.0), x))
    return pair(2.0 * sm.atan2(low.real, high.real), sm.asinh(high.real * low.imag - high.imag * low.real))


def acosh(x: Complex) -> Complex:
    low, high = square_root(minus(x, constant(1.0))), square_root(plus(x, constant(1.0)))
    return pair(sm.asinh(low.real * high.real + low.imag * high.imag), 2.0 * sm.atan2(low.imag, high.real))


def asinh(x: Complex) -> Complex:
    high, low = square_root(pair(1.0 + x.imag, -x.real)), square_root(pair(1.0 - x.imag, x.real))
    re = sm.asinh(high.real * low.imag - low.real * high.imag)
    return pair(re, sm.atan2(x.imag, high.real * low.real - high.imag * low.imag))


def atanh(x: Complex) -> Complex:
    a, b = x.elements
    right = sm.ge(a, 0.0)
    a_size = sm.switch(right, a, -a)
    re = 0.25 * sm.log1p(4.0 * a_size / ((1.0 - a_size) * (1.0 - a_size) + b * b))
    im = -0.5 * sm.atan2(-2.0 * b, (1.0 - a) * (1.0 + a) - b * b)
    return pair(sm.switch(right, re, -re), im)


FUNCTIONS: dict[str, Callable[[Complex], Number]] = {
    "exp": exponential,
    "log": logarithm,
    "log10": lambda x: each(lambda part: part / math.log(10.0), logarithm(x)),
    "sqrt": square_root,
    "proj": projection,
    "cosh": cosh,
    "sinh": sinh,
    "tanh": tanh,
    "cos": lambda x: cosh(turned(x)),
    "sin": lambda x: turned_back(sinh(turned(x))),
    "tan": lambda x: turned_back(tanh(turned(x))),
    "acosh": acosh,
    "asinh": asinh,
    "atanh": atanh,
    "acos": acos,
    "asin": lambda x: turned_back(asinh(turned(x))),
    "atan": lambda x: turned_back(atanh(turned(x))),
}

for _name, _function in FUNCTIONS.items():
    _sentence = "The number itself, or infinity for any infinite number" if _name == "proj" else ""
    add(f"complex {_name}(complex)", lambda x, f=_function: f(as_complex(x)), _sentence)
add("real arg(complex)", lambda x: argument(as_complex(x)), "The angle of a complex number, between -pi and pi")
add("real norm(complex)", lambda x: squared_size(as_complex(x)), "The squared size of a complex number")
add("T abs(W)", lambda x: size(as_complex(x)))
add("T get_real(W)", lambda x: as_complex(x).real, "The real part")
add("T get_imag(W)", lambda x: as_complex(x).imag, "The imaginary part")
add("W conj(W)", lambda x: conj(as_complex(x)), "The complex conjugate")
add("W pow(W, W)", power)
add("complex polar(real, real)", polar, "The complex number of a size and an angle")
add("complex to_complex()", lambda: pair(constant(0.0), constant(0.0)),
    "The complex number with a real and an imaginary part, which are 0 if not given")
add("W to_complex(T)", lambda re: pair(real(re), constant(0.0)))
add("W to_complex(T, T)", lambda re, im: pair(real(re), real(im)))


# ------------------------------------------------------------------------------------------- operators


def right_divide(b: Number, a: Number) -> Complex:
    """X with X A = B: the rows [Re X, Im X] times [[Re A, Im A], [−Im A, Re A]] are [Re B, Im B]."""
    a, b = as_complex(a), as_complex(b)
    wide = join([join(a.elements, 1), join([-a.imag, a.real], 1)])
    rows = [part if part.ndim == 2 else reshape(part, (1, *part.shape)) for part in b.elements]
    found = real_operator("/", (MATRIX, MATRIX))(join(rows, 1), wide)
    halves = transpose(found)  # Re X above Im X
    n = a.real.shape[0]
    return Complex(tuple(reshape(transpose(take_slice(halves, k * n, (k + 1) * n)), b.real.shape) for k in range(2)))


def left_divide(a: Number, b: Number) -> Complex:
    """X with A X = B."""
    return each(_transposed, right_divide(each(_transposed, b), each(_transposed, a)))


def _transposed(x: Variable) -> Variable:
    return transpose(x) if x.ndim == 2 else x


ELEMENTWISE: dict[str, Callable[..., Number]] = {
    "+": plus, "-": minus, "*": times, ".*": times, "/": over, "./": over, "^": power, ".^": power, "==": equal,
    "!=": lambda x, y: sm.negation(equal(x, y)),
}  # fmt: skip


@cache
def operator(symbol: str, operands: tuple[Type, ...]) -> Callable[..., Number]:
    """What builds an operation on values of these types, of which some may be complex."""
    if all(scalar_of(t) != "complex" for t in operands):
        return real_operator(symbol, operands)
    plain = tuple(with_scalar(t, "real") for t in operands)
    if len(operands) == 1:
        return lambda x: each(real_operator(symbol, plain), x)
    names = (str(plain[0]), str(plain[1]))
    if symbol == "*" and names in PRODUCTS:
        return lambda x, y: times(x, y, PRODUCTS[names])
    if symbol == "/" and names[1] == "matrix" and names[0] in ("matrix", "row_vector"):
        return right_divide
    if symbol == "\\":
        return left_divide
    return ELEMENTWISE[symbol]


for _name, _symbol in {"add": "+", "subtract": "-", "elt_multiply": ".*", "elt_divide": "./"}.items():
    add(f"W {_name}(W, W)", ELEMENTWISE[_symbol])
for _text in ("W multiply(W, complex)", "W multiply(complex, W)"):
    add(_text, times)
add("W divide(W, complex)", over)
for _type in ("complex_vector", "complex_row_vector", "complex_matrix"):
    add(f"{_type} divide(complex, {_type})", over)
for _type in ("complex_row_vector", "complex_matrix"):
    add(f"{_type} mdivide_right({_type}, complex_matrix)", right_divide)
for _name, _symbol in {"logical_eq": "==", "logical_neq": "!="}.items():
    add(f"int {_name}(complex, complex)", ELEMENTWISE[_symbol])
add("W minus(W)", negative)
add("W plus(W)", as_complex)
