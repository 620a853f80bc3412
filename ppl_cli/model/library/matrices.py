"""Linear algebra (Functions Reference, "Matrix Operations")."""
from __future__ import annotations

import numpy as np

from ppl_cli.graph.basic import Variable, constant
from ppl_cli.model.library.table import add, function
from ppl_cli.ops.linalg import (
    Cholesky, LogAbsDeterminant, Solve, diagonal, diagonal_matrix, identity, inverse, matmul, matvec, solve_triangular,
)
from ppl_cli.ops.reduction import reduce_sum
from ppl_cli.ops.scalar_math import absolute, eq, exp, log, sqrt, switch
from ppl_cli.ops.shape import reshape, transpose

LINES = ("vector", "row_vector")


def _column(v: Variable) -> Variable:
    return reshape(v, (*v.shape, 1))


def _squares(x: Variable) -> Variable:
    return reduce_sum(x * x)


for _a in (*LINES, "array[] real"):
    add(f"real norm2({_a})", lambda x: sqrt(_squares(x)))
    add(f"real norm1({_a})", lambda x: reduce_sum(absolute(x)))
for _a in LINES:
    add(f"real dot_self({_a})", _squares)
    for _b in LINES:
        add(f"real dot_product({_a}, {_b})", lambda x, y: reduce_sum(x * y))
        add(f"real squared_distance({_a}, {_b})", lambda x, y: _squares(x - y))
        add(f"real distance({_a}, {_b})", lambda x, y: sqrt(_squares(x - y)))
add("real dot_product(array[] real, array[] real)", lambda x, y: reduce_sum(x * y))

for _type in (*LINES, "matrix"):
    add(f"row_vector columns_dot_product({_type}, {_type})" if _type == "matrix" else f"real columns_dot_product({_type}, {_type})",
        lambda x, y: reduce_sum(x * y, 0))
add("vector rows_dot_product(matrix, matrix)", lambda x, y: reduce_sum(x * y, -1))
add("row_vector columns_dot_self(matrix)", lambda x: reduce_sum(x * x, 0))
add("vector rows_dot_self(matrix)", lambda x: reduce_sum(x * x, -1))

add("matrix transpose(matrix)", transpose)
add("row_vector transpose(vector)", lambda x: x)
add("vector transpose(row_vector)", lambda x: x)
add("real trace(matrix)", lambda x: reduce_sum(diagonal(x)))
add("vector diagonal(matrix)", diagonal)
add("matrix diag_matrix(vector)", diagonal_matrix)
for _v in LINES:
    add(f"matrix diag_pre_multiply({_v}, matrix)", lambda d, m: _column(d) * m)
    add(f"matrix diag_post_multiply(matrix, {_v})", lambda m, d: m * d)
    add(f"matrix quad_form_diag(matrix, {_v})", lambda m, d: _column(d) * m * d)
    add(f"matrix add_diag(matrix, {_v})", lambda m, d: m + identity(m.shape[-1]) * d)
add("matrix add_diag(matrix, real)", lambda m, d: m + identity(m.shape[-1]) * d)
add("matrix crossprod(matrix)", lambda x: matmul(transpose(x), x))
add("matrix tcrossprod(matrix)", lambda x: matmul(x, transpose(x)))
add("matrix multiply_lower_tri_self_transpose(matrix)", lambda x: _lower_product(x))
for _name in ("quad_form", "quad_form_sym"):
    add(f"real {_name}(matrix, vector)", lambda a, b: reduce_sum(b * matvec(a, b)))
    add(f"matrix {_name}(matrix, matrix)", lambda a, b: matmul(transpose(b), matmul(a, b)))
add("real trace_quad_form(matrix, matrix)", lambda a, b: reduce_sum(b * matmul(a, b)))


def _lower_product(x: Variable) -> Variable:
    low = x * constant(np.tril(np.ones(x.shape)))
    return matmul(low, transpose(low))


add("matrix cholesky_decompose(matrix)", lambda a: Cholesky()(a))
add("matrix chol2inv(matrix)", lambda factor: inverse(matmul(factor, transpose(factor))))
add("matrix inverse(matrix)", inverse)
add("matrix inverse_spd(matrix)", inverse)
add("real log_determinant(matrix)", lambda a: LogAbsDeterminant()(a))
add("real log_determinant_spd(matrix)", lambda a: 2.0 * reduce_sum(log(diagonal(Cholesky()(a)))))


def _left(solve):  # type: ignore[no-untyped-def]
    """A solver of A X = B for a matrix or a vector B."""
    return lambda a, b: reshape(solve(a, _column(b)), b.shape) if b.ndim == 1 else solve(a, b)


def _right(solve):  # type: ignore[no-untyped-def]
    """A solver of X A = B for a matrix or a row vector B."""
    return lambda b, a: (
        reshape(solve(a, _column(b)), b.shape) if b.ndim == 1 else transpose(solve(a, transpose(b)))
    )


for _type in ("vector", "matrix"):
    add(f"{_type} mdivide_left(matrix, {_type})", _left(lambda a, b: Solve()(a, b)))
    add(f"{_type} mdivide_left_spd(matrix, {_type})", _left(lambda a, b: Solve()(a, b)))
    add(f"{_type} mdivide_left_tri_low(matrix, {_type})", _left(solve_triangular))
for _type in ("row_vector", "matrix"):
    add(f"{_type} mdivide_right({_type}, matrix)", _right(lambda a, b: Solve()(transpose(a), b)))
    add(f"{_type} mdivide_right_spd({_type}, matrix)", _right(lambda a, b: Solve()(transpose(a), b)))
    add(f"{_type} mdivide_right_tri_low({_type}, matrix)", _right(lambda a, b: solve_triangular(a, b, transposed=True)))


@function("real determinant(matrix)")
def determinant(a: Variable) -> Variable:
    raise NotImplementedError("`determinant` is not supported yet; `log_determinant` is")


# ---------------------------------------------------------------------------------- covariance functions


def _squared_distances(x: Variable, y: Variable) -> Variable:
    """[n, m] squared distances of points, which are numbers or vectors."""
    first = reshape(x, (x.shape[0], 1, *x.shape[1:]))
    difference = first - reshape(y, (1, *y.shape))
    squares = difference * difference
    return reduce_sum(squares, -1) if squares.ndim == 3 else squares


def _root(distances: Variable) -> Variable:
    """The square root, with the derivative 0 rather than infinity at 0."""
    zero = eq(distances, 0.0)
    return switch(zero, 0.0, sqrt(switch(zero, 1.0, distances)))


def _exp_quad(distances: Variable, sigma: Variable, length: Variable) -> Variable:
    return sigma * sigma * exp(distances * (-0.5 / (length * length)))


def _matern(order: int, distances: Variable, sigma: Variable, length: Variable) -> Variable:
    """Matérn 3/2 or 5/2."""
    r = _root(distances) * (float(np.sqrt(order)) / length)
    polynomial = 1.0 + r + (r * r / 3.0 if order == 5 else 0.0)
    return sigma * sigma * polynomial * exp(-r)


for _x in ("array[] real", "array[] vector", "array[] row_vector"):
    for _name in ("gp_exp_quad_cov", "cov_exp_quad"):
        add(f"matrix {_name}({_x}, real, real)", lambda x, s, length: _exp_quad(_squared_distances(x, x), s, length))
        add(f"matrix {_name}({_x}, {_x}, real, real)",
            lambda x, y, s, length: _exp_quad(_squared_distances(x, y), s, length))
    for _order, _name in ((3, "gp_matern32_cov"), (5, "gp_matern52_cov")):
        add(f"matrix {_name}({_x}, real, real)",
            lambda x, s, length, o=_order: _matern(o, _squared_distances(x, x), s, length))
        add(f"matrix {_name}({_x}, {_x}, real, real)",
            lambda x, y, s, length, o=_order: _matern(o, _squared_distances(x, y), s, length))
    add(f"matrix gp_exponential_cov({_x}, real, real)",
        lambda x, s, length: s * s * exp(-_root(_squared_distances(x, x)) / length))
