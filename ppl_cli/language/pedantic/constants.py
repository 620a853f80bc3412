"""Numbers that are known from the text alone: `-1`, `2 * 0.5`."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator

from ppl_cli.language import syntax as s

_OPERATORS: dict[str, Callable[[float, float], float]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
}


def constant(expression: s.Expression | None) -> float | None:
    """The value of an expression made of numbers; None if it is not."""
    match expression:
        case s.IntLiteral(value=value) | s.RealLiteral(value=value):
            return float(value)
        case s.Unary(operator="-", operand=operand):
            inner = constant(operand)
            return None if inner is None else -inner
        case s.Binary(operator=symbol, left=left, right=right) if symbol in _OPERATORS:
            first, second = constant(left), constant(right)
            if first is None or second is None or (symbol == "/" and second == 0):
                return None
            return _OPERATORS[symbol](first, second)
    return None


def elements(expression: s.Expression) -> Iterator[s.Expression]:
    """The expressions that give an argument its values: those in braces, brackets or `rep_vector`, or itself."""
    match expression:
        case s.ArrayLiteral(elements=parts) | s.RowVectorLiteral(elements=parts):
            for part in parts:
                yield from elements(part)
        case s.Transpose(operand=operand):
            yield from elements(operand)
        case s.Call(name="rep_vector" | "rep_row_vector" | "rep_array" | "rep_matrix", arguments=(first, *_)):
            yield from elements(first)
        case _:
            yield expression


def variable(expression: s.Expression) -> s.Name | None:
    """The variable that an expression names, whole or indexed."""
    while isinstance(expression, s.Index):
        expression = expression.base
    return expression if isinstance(expression, s.Name) else None
