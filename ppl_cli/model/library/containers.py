"""Functions that make, measure, cut and join containers (Functions Reference, "Array Operations" and "Matrix
Operations")."""

from __future__ import annotations

from typing import Any

import numpy as np

from ppl_cli.graph.basic import Constant, Variable, constant
from ppl_cli.language.types import Type
from ppl_cli.model.library.table import Section, known
from ppl_cli.ops.indexing import gather, take_slice
from ppl_cli.ops.reduction import CumulativeSum, log_sum_exp, reduce_sum
from ppl_cli.ops.scalar_math import add as plus
from ppl_cli.ops.scalar_math import exp, sqrt, sub, to_real
from ppl_cli.ops.shape import broadcast_to, join, reshape, transpose

section = Section("Containers")
add, function = section.add, section.function

MOST_AXES = 10  # of arrays that are flattened, as in Stan

# ------------------------------------------------------------------------------------------------ sizes

for _type in ("vector", "row_vector", "matrix"):
    add(f"int rows({_type})", (lambda x: constant(x.shape[0])) if _type != "row_vector" else (lambda x: constant(1)),
        "The number of rows")
    add(f"int cols({_type})", (lambda x: constant(x.shape[-1])) if _type != "vector" else (lambda x: constant(1)),
        "The number of columns")
for _type in ("int", "real", "vector", "row_vector", "matrix", "array[] A"):
    add(
        f"int size({_type})",
        (lambda x: constant(x.type.size)) if _type != "array[] A" else (lambda x: constant(x.shape[0])),
        "The number of elements; of an array, along its first axis",
    )
for _type in ("vector", "row_vector", "matrix", "array[] A"):
    add(f"int num_elements({_type})", lambda x: constant(x.type.size), "The number of elements along all axes")
for _type in ("int", "real", "vector", "row_vector", "matrix", "array[] A"):
    add(f"array[] int dims({_type})", lambda x: constant(np.array(x.shape, dtype="int64")), "The sizes of all axes")


# ---------------------------------------------------------------------------------------------- filling


@function("vector rep_vector(real, int)", sizes=(1,), sentence="A vector of copies of a number")
@function("row_vector rep_row_vector(real, int)", sizes=(1,), sentence="A row vector of copies of a number")
def rep_line(x: Variable, n: Variable) -> Variable:
    return broadcast_to(_real(x), (known(n),))


@function("matrix rep_matrix(real, int, int)", sizes=(1, 2))
def rep_matrix(x: Variable, rows: Variable, cols: Variable) -> Variable:
    return broadcast_to(_real(x), (known(rows), known(cols)))


add("matrix rep_matrix(vector, int)", lambda x, n: broadcast_to(reshape(x, (*x.shape, 1)), (x.shape[0], known(n))),
    "A matrix of one number, or of copies of a row or a column")
add("matrix rep_matrix(row_vector, int)", lambda x, n: broadcast_to(x, (known(n), x.shape[0])))


@function(
    "array[] A rep_array(A, int)",
    "array[,] A rep_array(A, int, int)",
    "array[,,] A rep_array(A, int, int, int)",
    sentence="An array, of up to three axes, of copies of something",
    sizes=(1, 2, 3),
)
def rep_array(x: Variable, *sizes: Variable) -> Variable:
    return broadcast_to(x, (*map(known, sizes), *x.shape))


def _sized(name: str, result: str, build: Any, sentence: str) -> None:
    """A function of a size."""
    text = f"{result} {name}(int)"
    function(text, sizes=(0,), sentence=sentence)(lambda n: constant(np.asarray(build(known(n)))))


for _word, _fill in (("ones", np.ones), ("zeros", np.zeros)):
    _sized(f"{_word}_vector", "vector", _fill, f"A vector of {_word}")
    _sized(f"{_word}_row_vector", "row_vector", _fill, f"A row vector of {_word}")
    _sized(f"{_word}_array", "array[] real", _fill, f"An array of {_word}")
    _sized(f"{_word}_int_array", "array[] int", lambda n, f=_fill: f(n).astype("int64"), f"An int array of {_word}")
_sized("identity_matrix", "matrix", np.eye, "The identity matrix of a size")
_sized("uniform_simplex", "vector", lambda n: np.full(n, 1.0 / n), "The simplex of n equal probabilities")
for _shape, _result in (("vector", "vector"), ("row_vector", "row_vector"), ("array", "array[] real")):
    _sentence = "n zeros, but for a one at position k"
    function(f"{_result} one_hot_{_shape}(int, int)", sizes=(0, 1), sentence=_sentence)(
        lambda n, k: constant((np.arange(known(n)) == known(k) - 1).astype(float)))
    _sentence = "n numbers from one to another in equal steps"
    function(f"{_result} linspaced_{_shape}(int, real, real)", sizes=(0,), sentence=_sentence)(
        lambda n, a, b: _real(a) + constant(np.arange(known(n)) / max(known(n) - 1, 1)) * (_real(b) - _real(a))
        if known(n) > 1 else broadcast_to(_real(b), (known(n),)))


@function("array[] int linspaced_int_array(int, int, int)", sizes=(0, 1, 2),
          sentence="n ints from one to another in equal steps")
def linspaced_int_array(n: Variable, first: Variable, last: Variable) -> Variable:
    """Equal integer steps, as many as fit; the last number alone if there is to be one."""
    count, low, high = known(n), known(first), known(last)
    return constant(np.arange(count) * ((high - low) // (count - 1)) + low if count > 1 else np.full(count, high))


function("array[] int one_hot_int_array(int, int)", sizes=(0, 1), sentence="n zeros, but for a one at position k")(
    lambda n, k: constant((np.arange(known(n)) == known(k) - 1).astype("int64")))


def _real(x: Variable) -> Variable:
    return x if x.dtype == "float64" else to_real(x)


# ------------------------------------------------------------------------------------------ conversions


@function(
    "vector to_vector(matrix)",
    "vector to_vector(vector)",
    "vector to_vector(row_vector)",
    "vector to_vector(array[] real)",
    "vector to_vector(array[] int)",
    sentence="The elements as a vector, those of a matrix column by column",
    typed=True,
)
def to_vector(x: Variable, types: tuple[Type, ...]) -> Variable:
    return _real(_column_major(x, types[0]))


@function(
    "row_vector to_row_vector(matrix)",
    "row_vector to_row_vector(vector)",
    "row_vector to_row_vector(row_vector)",
    "row_vector to_row_vector(array[] real)",
    "row_vector to_row_vector(array[] int)",
    sentence="The elements as a row vector, those of a matrix column by column",
    typed=True,
)
def to_row_vector(x: Variable, types: tuple[Type, ...]) -> Variable:
    return _real(_column_major(x, types[0]))


def _column_major(x: Variable, type: Type) -> Variable:
    flat = transpose(x) if str(type) == "matrix" else x
    return reshape(flat, (x.type.size,))


@function("matrix to_matrix(matrix)", "matrix to_matrix(array[,] real)", "matrix to_matrix(array[,] int)",
          sentence="A matrix of given elements: column by column, or row by row if the last argument is 0")
def to_matrix_same(x: Variable) -> Variable:
    return _real(x)


add("matrix to_matrix(vector)", lambda x: reshape(x, (*x.shape, 1)))
add("matrix to_matrix(row_vector)", lambda x: reshape(x, (1, *x.shape)))
add("matrix to_matrix(array[] row_vector)", lambda x: x)


@function(
    "matrix to_matrix(matrix, int, int)",
    "matrix to_matrix(vector, int, int)",
    "matrix to_matrix(row_vector, int, int)",
    "matrix to_matrix(array[] real, int, int)",
    "matrix to_matrix(array[] int, int, int)",
    sizes=(1, 2),
    typed=True,
)
def to_matrix(x: Variable, rows: Variable, cols: Variable, types: tuple[Type, ...]) -> Variable:
    """Filled column by column."""
    return transpose(reshape(_real(_column_major(x, types[0])), (known(cols), known(rows))))


@function(
    "matrix to_matrix(vector, int, int, int)",
    "matrix to_matrix(row_vector, int, int, int)",
    "matrix to_matrix(array[] real, int, int, int)",
    "matrix to_matrix(matrix, int, int, int)",
    sizes=(1, 2, 3),
    typed=True,
)
def to_matrix_by(x: Variable, rows: Variable, cols: Variable, by_column: Variable, types: tuple[Type, ...]) -> Variable:
    if known(by_column):
        return to_matrix(x, rows, cols, types=types)
    return reshape(_real(_column_major(x, types[0])), (known(rows), known(cols)))


@function(
    "array[] real to_array_1d(vector)",
    "array[] real to_array_1d(row_vector)",
    "array[] real to_array_1d(matrix)",
    *(
        f"array[] {scalar} to_array_1d(array[{',' * (axes - 1)}] {scalar})"
        for axes in range(1, MOST_AXES + 1)
        for scalar in ("real", "int")
    ),
    sentence="The elements as an array, those of a matrix column by column",
    typed=True,
)
def to_array_1d(x: Variable, types: tuple[Type, ...]) -> Variable:
    return _column_major(x, types[0])


add("array[,] real to_array_2d(matrix)", lambda x: x, "The matrix as an array of its rows")

# --------------------------------------------------------------------------------------------- cutting


@function("vector head(vector, int)", "row_vector head(row_vector, int)", "array[] A head(array[] A, int)",
          sentence="The first n elements", sizes=(1,))
def head(x: Variable, n: Variable) -> Variable:
    return _part(x, 0, known(n))


@function("vector tail(vector, int)", "row_vector tail(row_vector, int)", "array[] A tail(array[] A, int)",
          sentence="The last n elements", sizes=(1,))
def tail(x: Variable, n: Variable) -> Variable:
    return _part(x, x.shape[0] - known(n), known(n))


def _part(x: Variable, start: int, count: int) -> Variable:
    if count < 0 or start < 0 or start + count > x.shape[0]:
        raise ValueError(f"{count} elements cannot be taken from a container of size {x.shape[0]}")
    return take_slice(x, start, start + count)


@function(
    "vector segment(vector, int, int)",
    "row_vector segment(row_vector, int, int)",
    "array[] A segment(array[] A, int, int)",
    sentence="n elements from a position on",
    sizes=(2,),
)
def segment(x: Variable, start: Variable, n: Variable) -> Variable:
    if isinstance(start, Constant):
        return _part(x, known(start) - 1, known(n))
    return gather(x, _range(start, known(n), x.shape[0]))


def _position(i: Variable, size: int) -> Variable:
    """An index of one of `size` elements, from zero."""
    _check(i, 1, size)
    return sub(i, 1)


def _range(start: Variable, count: int, size: int) -> Variable:
    """The indexes, from zero, of `count` of `size` elements."""
    _check(start, count, size)
    return plus(sub(start, 1), constant(np.arange(count)))


def _check(start: Variable, count: int, size: int) -> None:
    """Indexes that are not known yet are checked where the loop around them is."""
    if count < 0:
        raise ValueError(f"a part has {count} elements")
    if count and isinstance(start, Constant) and not 1 <= known(start) <= size - count + 1:
        last = known(start) + count - 1
        raise ValueError(f"elements {known(start)} to {last} are wanted, but the size is {size}")


@function("matrix block(matrix, int, int, int, int)",
          sentence="A part of a matrix, by its first row and column and its size", sizes=(3, 4))
def block(x: Variable, i: Variable, j: Variable, rows: Variable, cols: Variable) -> Variable:
    down = reshape(_range(i, known(rows), x.shape[0]), (known(rows), 1))
    return gather(x, down, _range(j, known(cols), x.shape[1]))


@function("vector sub_col(matrix, int, int, int)", sentence="n elements of a column, from a row on", sizes=(3,))
def sub_col(x: Variable, i: Variable, j: Variable, n: Variable) -> Variable:
    return gather(x, _range(i, known(n), x.shape[0]), _position(j, x.shape[1]))


@function("row_vector sub_row(matrix, int, int, int)", sentence="n elements of a row, from a column on", sizes=(3,))
def sub_row(x: Variable, i: Variable, j: Variable, n: Variable) -> Variable:
    return gather(x, _position(i, x.shape[0]), _range(j, known(n), x.shape[1]))


add("row_vector row(matrix, int)", lambda x, i: gather(x, _position(i, x.shape[0])), "A row of a matrix")
add("vector col(matrix, int)", lambda x, j: gather(x, constant(np.arange(x.shape[0])), _position(j, x.shape[1])),
    "A column of a matrix")

# --------------------------------------------------------------------------------------------- joining


@function("vector append_row(vector, vector)", "vector append_row(real, vector)", "vector append_row(vector, real)",
          sentence="One above the other")
@function("row_vector append_col(row_vector, row_vector)", "row_vector append_col(real, row_vector)",
          "row_vector append_col(row_vector, real)", sentence="One beside the other")
def append_line(a: Variable, b: Variable) -> Variable:
    return join([_real(v) if v.ndim else reshape(_real(v), (1,)) for v in (a, b)])


@function(
    "matrix append_row(matrix, matrix)",
    "matrix append_row(matrix, row_vector)",
    "matrix append_row(row_vector, matrix)",
    "matrix append_row(row_vector, row_vector)",
)
def append_rows(a: Variable, b: Variable) -> Variable:
    return join([v if v.ndim == 2 else reshape(v, (1, *v.shape)) for v in (a, b)])


@function("matrix append_col(matrix, matrix)", "matrix append_col(matrix, vector)", "matrix append_col(vector, matrix)",
          "matrix append_col(vector, vector)")
def append_cols(a: Variable, b: Variable) -> Variable:
    return join([v if v.ndim == 2 else reshape(v, (*v.shape, 1)) for v in (a, b)], -1)


add("array[] A append_array(array[] A, array[] A)", lambda a, b: join([a, b]), "Two arrays, one after the other")

# ------------------------------------------------------------------------------- reversal, cumulation

for _type in ("vector", "row_vector", "array[] A"):
    add(f"{_type} reverse({_type})", lambda x: gather(x, constant(np.arange(x.shape[0])[::-1])),
        "The elements in reverse order")
for _type in ("vector", "row_vector", "array[] real", "array[] int"):
    add(f"{_type} cumulative_sum({_type})", lambda x: CumulativeSum()(x), "The sums of the elements up to each")

# ------------------------------------------------------------------------------------------- statistics

NOT_A_NUMBER = constant(np.nan)
for _type in ("vector", "row_vector", "array[] real", "matrix"):
    add(f"real mean({_type})", lambda x: reduce_sum(x) / float(x.type.size) if x.type.size else NOT_A_NUMBER,
        "The mean of the elements")
    add(f"real variance({_type})", lambda x: _variance(x), "The sample variance, with n - 1 in the denominator")
    add(f"real sd({_type})", lambda x: sqrt(_variance(x)) if x.type.size > 1 else _variance(x),
        "The sample standard deviation, the root of `variance`")


def _variance(x: Variable) -> Variable:
    """0 for one number, NaN for none."""
    if x.type.size < 2:
        return constant(0.0) if x.type.size else NOT_A_NUMBER
    centered = x - reduce_sum(x) / float(x.type.size)
    return reduce_sum(centered * centered) / float(x.type.size - 1)




def _log_softmax(x: Variable) -> Variable:
    total = log_sum_exp(x)
    return x - reshape(total, (*total.shape, 1))


for _type in ("vector", "row_vector", "array[] vector", "array[] row_vector"):
    add(f"{_type} softmax({_type})", lambda x: exp(_log_softmax(x)), "The simplex proportional to the exponentials")
    add(f"{_type} log_softmax({_type})", _log_softmax, "The log of `softmax`, without underflow")
