"""Functions of complex vectors and matrices (Functions Reference, "Complex Matrix Operations").

Most are linear: what they do to real containers they do to real and imaginary parts, so their rows follow from those of
the real functions.
"""
from __future__ import annotations

import re
from functools import reduce

import numpy as np

from ppl_cli.graph.basic import Variable, constant
from ppl_cli.language.signatures import Signature
from ppl_cli.language.types import BASIC_TYPES, Type, scalar_of, with_scalar
from ppl_cli.model.compounds import Complex, each
from ppl_cli.model.library import containers, matrices, real  # noqa: F401  (their rows are read below)
from ppl_cli.model.library.arithmetic import RESULTS
from ppl_cli.model.library.complex_numbers import Number, as_complex, conj, squared_size, times
from ppl_cli.model.library.operators import PRODUCTS
from ppl_cli.model.library.table import ROWS, Implementation, Row, Section
from ppl_cli.ops.indexing import take_slice
from ppl_cli.ops.linalg import matmul
from ppl_cli.ops.reduction import reduce_sum
from ppl_cli.ops.shape import reshape, transpose

add = Section("Complex vectors and matrices").add

LINEAR = (
    "rows", "cols", "size", "dims", "num_elements", "rep_vector", "rep_row_vector", "rep_matrix", "row", "col", "block",
    "sub_row", "sub_col", "head", "tail", "segment", "append_row", "append_col", "reverse", "transpose", "diagonal",
    "diag_matrix", "add_diag", "symmetrize_from_lower_tri", "trace", "sum", "cumulative_sum", "to_vector",
    "to_row_vector", "to_matrix", "to_array_1d", "to_array_2d",
)  # fmt: skip
BILINEAR = ("diag_pre_multiply", "diag_post_multiply")
COMPLEX = {name: str(with_scalar(BASIC_TYPES[name], "complex")) for name in ("real", "vector", "row_vector", "matrix")}


def _complex_text(text: str) -> str | None:
    """A signature for complex arguments; None if it takes no real numbers."""
    if not COMPLEX.keys() & set(re.findall(r"\w+", text[text.index("(") :])):
        return None
    return re.sub(r"\w+", lambda word: COMPLEX.get(word[0], word[0]), text)


def _linear(row: Row) -> Implementation:
    def build(*arguments: Number, types: tuple[Type, ...]) -> Number:
        signature = Signature.parse(row.text)
        pairs = zip(arguments, signature.arguments, strict=True)
        given = [as_complex(a) if pattern.word in COMPLEX else a for a, pattern in pairs]
        plain = tuple(with_scalar(t, "real") if scalar_of(t) == "complex" else t for t in types)

        def part(k: int) -> Variable:
            leaves = (a.elements[k] if isinstance(a, Complex) else a for a in given)
            return row.implementation(*leaves, types=plain) if row.typed else row.implementation(*leaves)

        return Complex((part(0), part(1))) if signature.result.word in COMPLEX else part(0)

    return build


def _bilinear(row: Row) -> Implementation:
    return lambda x, y, types: times(x, y, row.implementation)


for _names, _derived in ((LINEAR, _linear), (BILINEAR, _bilinear)):
    for _name in _names:
        for _row in tuple(ROWS[_name]):
            if (_text := _complex_text(_row.text)) is not None:
                add(_text, _derived(_row), typed=True)


for _types, _result in RESULTS.items():
    _text = f"{COMPLEX[_result]} multiply({', '.join(COMPLEX[t] for t in _types)})"
    add(_text, lambda x, y, product=PRODUCTS[_types]: times(x, y, product))

# ------------------------------------------------------------------------------------- sums of products


def _along(axis: int, x: Number, y: Number, types: tuple[Type, ...]) -> Complex:
    """The sums of conj(x) y along an axis; a vector is a matrix of one column, a row vector one of one row."""
    x, y = as_complex(x), as_complex(y)
    n = x.real.type.size
    shape = {"vector": (n, 1), "row_vector": (1, n)}.get(str(with_scalar(types[0], "real")), x.real.shape)
    return each(lambda v: reduce_sum(reshape(v, shape), axis), times(conj(x), y))


def _dot_product(x: Number, y: Number) -> Complex:
    return each(reduce_sum, times(conj(as_complex(x)), y))


LINES = ("complex_vector", "complex_row_vector")
for _type in LINES:
    add(f"complex dot_self({_type})", lambda x: as_complex(reduce_sum(squared_size(as_complex(x)))))
    for _other in LINES:
        add(f"complex dot_product({_type}, {_other})", _dot_product)
for _type in (*LINES, "complex_matrix"):
    for _result, _name, _axis in (("complex_row_vector", "columns", 0), ("complex_vector", "rows", 1)):
        _both = f"{_result} {_name}_dot_product({_type}, {_type})"
        add(_both, lambda x, y, types, k=_axis: _along(k, x, y, types), typed=True)
        add(f"{_result} {_name}_dot_self({_type})", lambda x, types, k=_axis: _along(k, x, x, types), typed=True)


add("complex dot_product(array[] complex, array[] complex)", _dot_product)


def product(x: Number) -> Complex:
    """By halves: each step multiplies the first half with the second."""
    x = as_complex(x)
    size = x.real.type.size
    flat = each(lambda v: reshape(v, (size,)), x)
    if not size:
        return as_complex(constant(1.0))
    odd: list[Complex] = []
    while size > 1:
        if size % 2:
            odd.append(each(lambda v, n=size: take_slice(v, n - 1, n), flat))
        size //= 2
        first, second = (each(lambda v, k=k, n=size: take_slice(v, k * n, (k + 1) * n), flat) for k in (0, 1))
        flat = times(first, second)
    return each(lambda v: reshape(v, ()), reduce(times, odd, flat))


for _type in (*LINES, "complex_matrix", "array[] complex"):
    add(f"complex prod({_type})", product)


# ------------------------------------------------------------------------------------ Fourier transform

LARGEST_FACTOR = 64  # up to this length the transform is a product with its matrix


def _roots(rows: int, cols: int, n: int, sign: int) -> Complex:
    """exp(sign 2 π i j k / n) for j < rows, k < cols."""
    turns = np.outer(np.arange(rows), np.arange(cols)) % n / n
    return Complex((constant(np.cos(2 * np.pi * turns)), constant(sign * np.sin(2 * np.pi * turns))))


def transform(x: Number, sign: int) -> Complex:
    """Σ_j x[m, j] exp(sign 2 π i j k / n) for each row m: Cooley and Tukey (1965), j = j₁ n₂ + j₂, k = k₁ + n₁ k₂."""
    m, n = as_complex(x).real.shape
    n1 = max((d for d in range(1, min(n, LARGEST_FACTOR) + 1) if n % d == 0), default=1)
    if n1 == 1 or n1 == n:
        return times(x, _roots(n, n, max(n, 1), sign), matmul)
    n2 = n // n1
    columns = each(lambda v: reshape(transpose(reshape(v, (m, n1, n2)), (0, 2, 1)), (m * n2, n1)), x)
    inner = each(lambda v: reshape(v, (m, n2, n1)), times(columns, _roots(n1, n1, n1, sign), matmul))
    twisted = times(inner, _roots(n2, n1, n, sign))
    rows = each(lambda v: reshape(transpose(v, (0, 2, 1)), (m * n1, n2)), twisted)
    return each(lambda v: reshape(transpose(reshape(v, (m, n1, n2)), (0, 2, 1)), (m, n)), transform(rows, sign))


def fourier(x: Number, sign: int) -> Complex:
    x = as_complex(x)
    n = x.real.shape[0]
    return each(lambda v: reshape(v, (n,)), transform(each(lambda v: reshape(v, (1, n)), x), sign))


def fourier2(x: Number, sign: int) -> Complex:
    rows = transform(as_complex(x), sign)
    return each(transpose, transform(each(transpose, rows), sign))


def _scaled(x: Complex) -> Complex:
    return each(lambda v: v / float(max(v.type.size, 1)), x)


add("complex_vector fft(complex_vector)", lambda x: fourier(x, -1), "The discrete Fourier transform")
add("complex_vector inv_fft(complex_vector)", lambda x: _scaled(fourier(x, 1)), "The inverse of `fft`")
add("complex_matrix fft2(complex_matrix)", lambda x: fourier2(x, -1), "The discrete Fourier transform along both axes")
add("complex_matrix inv_fft2(complex_matrix)", lambda x: _scaled(fourier2(x, 1)), "The inverse of `fft2`")
