"""Linear algebra (Functions Reference, "Matrix Operations")."""
from __future__ import annotations

from collections.abc import Callable
from functools import reduce
from operator import add as plus

import numpy as np

from ppl_cli.distributions.formulas import symmetric, valid
from ppl_cli.graph.basic import Variable, constant, root
from ppl_cli.language.types import Type
from ppl_cli.model.library.table import Section, known
from ppl_cli.ops.control import make_if, make_loop
from ppl_cli.ops.indexing import gather
from ppl_cli.ops.linalg import (
    Cholesky,
    Determinant,
    LogAbsDeterminant,
    Solve,
    diagonal,
    diagonal_matrix,
    identity,
    inverse,
    matmul,
    matvec,
    solve_triangular,
)
from ppl_cli.ops.reduction import reduce_max, reduce_sum
from ppl_cli.ops.scalar_math import absolute, ceil, eq, exp2, log, log2, lt, maximum, minimum, sqrt, to_int, to_real
from ppl_cli.ops.shape import reshape, transpose

section = Section("Linear algebra")
add, function = section.add, section.function

LINES = ("vector", "row_vector")
LARGEST_COFACTORS = 3


def _column(v: Variable) -> Variable:
    return reshape(v, (*v.shape, 1))


def _squares(x: Variable) -> Variable:
    return reduce_sum(x * x)


for _a in (*LINES, "array[] real"):
    add(f"real norm2({_a})", lambda x: sqrt(_squares(x)), "The Euclidean length")
    add(f"real norm1({_a})", lambda x: reduce_sum(absolute(x)), "The sum of the absolute values")
for _a in LINES:
    add(f"real dot_self({_a})", _squares, "The sum of the squares")
    for _b in LINES:
        add(f"real dot_product({_a}, {_b})", lambda x, y: reduce_sum(x * y), "The sum of the products of elements")
        add(f"real squared_distance({_a}, {_b})", lambda x, y: _squares(x - y), "The sum of the squared differences")
        add(f"real distance({_a}, {_b})", lambda x, y: sqrt(_squares(x - y)), "The Euclidean distance")
add("real dot_product(array[] real, array[] real)", lambda x, y: reduce_sum(x * y))
add("real squared_distance(real, real)", lambda x, y: _squares(x - y))
add("real distance(real, real)", lambda x, y: absolute(x - y))



def _along(axis: int) -> Callable[..., Variable]:
    """The sums of products along an axis; a vector is a matrix of one column, a row vector one of one row."""

    def product(x: Variable, y: Variable | None = None, *, types: tuple[Type, ...]) -> Variable:
        shape = {"vector": (x.type.size, 1), "row_vector": (1, x.type.size)}.get(str(types[0]), x.shape)
        return reduce_sum(reshape(x * (x if y is None else y), shape), axis)

    return product


for _type in (*LINES, "matrix"):
    for _result, _name, _axis in (("row_vector", "columns", 0), ("vector", "rows", 1)):
        add(f"{_result} {_name}_dot_product({_type}, {_type})", _along(_axis),
            f"The dot products of the {_name} of one matrix with those of another", typed=True)
        add(f"{_result} {_name}_dot_self({_type})", _along(_axis),
            f"The dot product of each of the {_name} with itself", typed=True)

add("matrix transpose(matrix)", transpose, "The transpose")
add("row_vector transpose(vector)", lambda x: x)
add("vector transpose(row_vector)", lambda x: x)
add("real trace(matrix)", lambda x: reduce_sum(diagonal(x)), "The sum of the diagonal")
add("vector diagonal(matrix)", diagonal, "The diagonal")
add("matrix diag_matrix(vector)", diagonal_matrix, "The matrix with a diagonal and zeros elsewhere")
for _v in LINES:
    add(f"matrix diag_pre_multiply({_v}, matrix)", lambda d, m: _column(d) * m, "diag_matrix(v) times a matrix")
    add(f"matrix diag_post_multiply(matrix, {_v})", lambda m, d: m * d, "A matrix times diag_matrix(v)")
    add(f"matrix quad_form_diag(matrix, {_v})", lambda m, d: _column(d) * m * d, "diag_matrix(v) A diag_matrix(v)")
    add(f"matrix add_diag(matrix, {_v})", lambda m, d: m + identity(m.shape[-1]) * d,
        "A matrix with something added to its diagonal")
add("matrix add_diag(matrix, real)", lambda m, d: m + identity(m.shape[-1]) * d)
add("matrix crossprod(matrix)", lambda x: matmul(transpose(x), x), "A' A")
add("matrix tcrossprod(matrix)", lambda x: matmul(x, transpose(x)), "A A'")
add("matrix multiply_lower_tri_self_transpose(matrix)", lambda x: _lower_product(x),
    "L L' for the lower triangle L of a matrix")
for _name, _checked, _sentence in (
    ("quad_form", lambda a: a, "B' A B"), ("quad_form_sym", symmetric, "B' A B for a symmetric A")
):  # fmt: skip
    add(f"real {_name}(matrix, vector)", lambda a, b, given=_checked: reduce_sum(b * matvec(given(a), b)), _sentence)
    add(f"matrix {_name}(matrix, matrix)", lambda a, b, given=_checked: matmul(transpose(b), matmul(given(a), b)))
add("real trace_dot(matrix, matrix)", lambda a, b: reduce_sum(a * transpose(b)), "The trace of A B")
add("real trace_quad_form(matrix, matrix)", lambda a, b: reduce_sum(b * matmul(a, b)), "The trace of B' A B")
add("real trace_quad_form(matrix, vector)", lambda a, b: reduce_sum(b * matvec(a, b)))
for _type in ("matrix", "vector"):  # trace(D B' A B)
    add(f"real trace_gen_quad_form({_type}, matrix, matrix)",
        lambda d, a, b: reduce_sum(matmul(b, transpose(_as_diagonal(d))) * matmul(a, b)), "The trace of D B' A B")
add("matrix symmetrize_from_lower_tri(matrix)", lambda a: _symmetric_of(a),
    "The symmetric matrix whose lower triangle is that of a matrix")


def _as_diagonal(d: Variable) -> Variable:
    return diagonal_matrix(d) if d.ndim == 1 else d


def _symmetric_of(a: Variable) -> Variable:
    lower = constant(np.tril(np.ones(a.shape)))
    strict = constant(np.tril(np.ones(a.shape), -1))
    return a * lower + transpose(a * strict)


def _lower_product(x: Variable) -> Variable:
    low = x * constant(np.tril(np.ones(x.shape)))
    return matmul(low, transpose(low))


def _factor(a: Variable) -> Variable:
    """The Cholesky factor of a matrix that must be symmetric and positive definite: NaN if it is not."""
    return Cholesky()(symmetric(a))


def _solve_factored(factor: Variable, b: Variable) -> Variable:
    """The X with L L' X = B."""
    return solve_triangular(factor, solve_triangular(factor, b), transposed=True)


def _chol2inv(factor: Variable) -> Variable:
    """The inverse of L L', which must be lower triangular."""
    above = factor * constant(np.triu(np.ones(factor.shape), 1))
    lower = valid(eq(reduce_max(absolute(above)), 0.0), factor) if factor.type.size else factor
    return _solve_factored(lower, identity(factor.shape[-1]))


add("matrix cholesky_decompose(matrix)", _factor,
    "The lower triangular L with A = L L', for a symmetric, positive definite A")
add("matrix chol2inv(matrix)", _chol2inv, "The inverse of L L' for a lower triangular L")
add("matrix inverse(matrix)", inverse, "The inverse of a square matrix")
add("matrix inverse_spd(matrix)", lambda a: _solve_factored(_factor(a), identity(a.shape[-1])),
    "The inverse of a symmetric, positive definite matrix")
add("real log_determinant(matrix)", lambda a: LogAbsDeterminant()(a),
    "The log of the absolute value of the determinant")
add("real log_determinant_spd(matrix)", lambda a: 2.0 * reduce_sum(log(diagonal(_factor(a)))),
    "The log determinant of a symmetric, positive definite matrix")


BinaryFunction = Callable[[Variable, Variable], Variable]


def _left(solve: BinaryFunction) -> BinaryFunction:
    """A solver of A X = B for a matrix or a vector B."""
    return lambda a, b: reshape(solve(a, _column(b)), b.shape) if b.ndim == 1 else solve(a, b)


def _right(solve: BinaryFunction) -> BinaryFunction:
    """A solver of X A = B for a matrix or a row vector B."""
    return lambda b, a: (
        reshape(solve(a, _column(b)), b.shape) if b.ndim == 1 else transpose(solve(a, transpose(b)))
    )


for _type in ("vector", "matrix"):
    add(f"{_type} mdivide_left(matrix, {_type})", _left(lambda a, b: Solve()(a, b)), "inverse(A) B, by a solver")
    add(f"{_type} mdivide_left_spd(matrix, {_type})", _left(lambda a, b: _solve_factored(_factor(a), b)),
        "inverse(A) B for a symmetric, positive definite A")
    add(f"{_type} mdivide_left_tri_low(matrix, {_type})", _left(solve_triangular),
        "inverse(A) B for the lower triangle A of a matrix")
for _type in ("row_vector", "matrix"):
    add(f"{_type} mdivide_right({_type}, matrix)", _right(lambda a, b: Solve()(transpose(a), b)),
        "B inverse(A), by a solver")
    add(f"{_type} mdivide_right_spd({_type}, matrix)", _right(lambda a, b: _solve_factored(_factor(a), b)),
        "B inverse(A) for a symmetric, positive definite A")
    add(f"{_type} mdivide_right_tri_low({_type}, matrix)", _right(lambda a, b: solve_triangular(a, b, transposed=True)),
        "B inverse(A) for the lower triangle A of a matrix")


@function("real determinant(matrix)", sentence="The determinant of a square matrix")
def determinant(a: Variable) -> Variable:
    """By cofactors of the first row if the matrix is small: its derivatives then exist where it is singular, too."""
    n = a.shape[-1]
    if n > LARGEST_COFACTORS:
        return Determinant()(a)
    if n == 0:
        return constant(1.0)
    first = [gather(a, 0, k) for k in range(n)]
    if n == 1:
        return first[0]
    rest = constant(np.arange(1, n).reshape(-1, 1))
    minors = [gather(a, rest, constant(np.delete(np.arange(n), k))) for k in range(n)]
    return reduce(plus, (f * determinant(m) * (-1.0) ** k for k, (f, m) in enumerate(zip(first, minors, strict=True))))


# ---------------------------------------------------------------------------------- powers, exponentials


@function("matrix matrix_power(matrix, int)", sizes=(1,),
          sentence="A square matrix to the power of a whole number that is not negative")
def matrix_power(a: Variable, n: Variable) -> Variable:
    """By repeated squaring."""
    count = known(n)
    if count < 0:
        raise ValueError(f"the power of a matrix is {count}, but must not be negative")
    result: Variable | None = None
    while count:
        if count % 2:
            result = a if result is None else matmul(result, a)
        count //= 2
        a = matmul(a, a) if count else a
    return identity(a.shape[-1]) if result is None else result


MOST_SQUARINGS = 40
TERMS = 16


def _matrix_exp(a: Variable) -> Variable:
    """The Taylor series of a part of the matrix, squared as its norm asks (Moler and Van Loan 2003, method 3)."""
    if not a.type.size:
        return a
    norm = reduce_max(reduce_sum(absolute(a), -1))
    halvings = to_int(maximum(minimum(ceil(log2(norm)) + 1.0, float(MOST_SQUARINGS)), 0.0))
    part = a * exp2(-to_real(halvings))
    series = term = identity(a.shape[-1])
    for k in range(1, TERMS + 1):
        term = matmul(term, part) * (1.0 / k)
        series = series + term
    index, power = root("k", "int64"), root("power", shape=a.shape)
    squared = make_if(lt(index, halvings), [matmul(power, power)], [power])
    (result,) = make_loop(index, [power], squared, 0, MOST_SQUARINGS, [series])
    return result


add("matrix matrix_exp(matrix)", _matrix_exp, "The exponential of a square matrix")
add("matrix matrix_exp_multiply(matrix, matrix)", lambda a, b: matmul(_matrix_exp(a), b), "matrix_exp(A) B")
add("matrix scale_matrix_exp_multiply(real, matrix, matrix)", lambda t, a, b: matmul(_matrix_exp(t * a), b),
    "matrix_exp(t A) B")
