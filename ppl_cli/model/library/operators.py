"""Operators by the language types of their operands (Reference Manual, Expressions, "Arithmetic operators")."""
from __future__ import annotations

from collections.abc import Callable
from functools import cache

from ppl_cli.graph.basic import Variable
from ppl_cli.language.types import Type, scalar_of
from ppl_cli.ops import scalar_math as sm
from ppl_cli.ops.linalg import Solve, matmul, matvec, solve_vector, vecmat
from ppl_cli.ops.reduction import reduce_sum
from ppl_cli.ops.shape import reshape, transpose

Build = Callable[..., Variable]


def _outer(x: Variable, y: Variable) -> Variable:
    return reshape(x, (*x.shape, 1)) * y


PRODUCTS: dict[tuple[str, str], Build] = {
    ("matrix", "matrix"): matmul,
    ("matrix", "vector"): matvec,
    ("row_vector", "matrix"): vecmat,
    ("row_vector", "vector"): lambda x, y: reduce_sum(x * y),
    ("vector", "row_vector"): _outer,
}


def _left_divide(a: Variable, b: Variable) -> Variable:
    return solve_vector(a, b) if b.ndim == 1 else Solve()(a, b)


def _right_divide(b: Variable, a: Variable) -> Variable:
    return transpose(_left_divide(transpose(a), transpose(b))) if b.ndim == 2 else _left_divide(transpose(a), b)


ELEMENTWISE: dict[str, Build] = {
    "+": sm.add, "-": sm.sub, ".*": sm.mul, "./": sm.div, "*": sm.mul, "/": sm.div, ".^": sm.power, "^": sm.power,
    "%/%": sm.int_div, "%": sm.mod, "==": sm.eq, "!=": sm.ne, "<": sm.lt, "<=": sm.le, ">": sm.gt, ">=": sm.ge,
    "&&": lambda a, b: sm.both(sm.ne(a, 0), sm.ne(b, 0)), "||": lambda a, b: sm.either(sm.ne(a, 0), sm.ne(b, 0)),
    "\\": _left_divide,
}  # fmt: skip

UNARY: dict[str, Build] = {
    "-": sm.neg,
    "+": lambda x: x,
    "!": lambda x: sm.eq(x, 0),
    "'": lambda x: transpose(x) if x.ndim == 2 else x,
}


@cache
def operator(symbol: str, operands: tuple[Type, ...]) -> Build:
    """What builds `a symbol b`, or a unary operation, on values of these types."""
    if len(operands) == 1:
        return UNARY[symbol]
    names = (str(operands[0]), str(operands[1]))
    if symbol == "*" and names in PRODUCTS:
        return PRODUCTS[names]
    if symbol == "/" and names[1] == "matrix" and names[0] in ("matrix", "row_vector"):
        return _right_divide
    if symbol == "/" and all(scalar_of(t) == "int" for t in operands):
        return sm.int_div
    return ELEMENTWISE[symbol]
