"""The types of expressions: each is found from its parts, noted in the context, and returned.

A mistake is reported once: its type is then ERROR, which agrees with everything.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import zip_longest
from typing import Any

from ppl_cli.language import syntax
from ppl_cli.language.calls import check_call
from ppl_cli.language.context import Context
from ppl_cli.language.functionals import function_type
from ppl_cli.language.operators import (
    array_literal_type,
    binary_type,
    indexed_type,
    row_vector_literal_type,
    transpose_type,
    unary_type,
)
from ppl_cli.language.scopes import Block, Kind, Symbol
from ppl_cli.language.source import Span
from ppl_cli.language.spelling import VALUES_ELSEWHERE, did_you_mean
from ppl_cli.language.syntax import Expression
from ppl_cli.language.types import (
    COMPLEX,
    ERROR,
    INT,
    MATRIX,
    REAL,
    ROW_VECTOR,
    SCALARS,
    VECTOR,
    VOID,
    ArrayType,
    FunctionType,
    TupleType,
    Type,
    common_type,
    contains_error,
    is_assignable,
    ndim,
    scalar_of,
)

_LARGEST_INT = 2**31 - 1


def check_expression(context: Context, expression: Expression) -> Type:
    """The type of an expression."""
    found = _CHECKS[type(expression)](context, expression)
    context.types[expression] = found
    return found


def check_value(context: Context, expression: Expression, wanted: Type, what: str) -> None:
    """An expression that must be of type `wanted`, or promote to it; `what` names its role."""
    found = check_expression(context, expression)
    if not is_assignable(found, wanted):
        hint = "compare it, as in `x != 0`" if wanted == INT and found == REAL and "condition" in what else None
        context.error(f"{what} must be {article(wanted)}; found {article(found)}", expression.span, hint)


def article(type: Type) -> str:
    """The type in a sentence: an int, a real."""
    if isinstance(type, FunctionType):
        return f"a function {type}"
    return f"{'an' if str(type)[0] in 'aeiou' else 'a'} {type}"


def literal_int(expression: Expression | None) -> int | None:
    """The value of an integer that is written out."""
    match expression:
        case syntax.IntLiteral(value=value):
            return value
        case syntax.Unary(operator="-", operand=syntax.IntLiteral(value=value)):
            return -value
    return None


def report_value(context: Context, name: str, type: Type, found: Type, span: Span, computed: bool = False) -> None:
    """A variable, or a part of one, cannot be given a value of type `found`; if `computed`, that was not written."""
    hint = f"the result is {article(found)}" if computed else _conversion(found, type)
    context.error(f"`{name}` is {article(type)} and cannot be given {article(found)}", span, hint)


def _conversion(found: Type, wanted: Type) -> str | None:
    """How a value of one type is made one of another."""
    if transpose_type(found) == wanted != found:
        return "transpose it: `…'`"
    if found == REAL and wanted == INT:
        return "`to_int` makes an int of data"
    functions = {VECTOR: "to_vector", ROW_VECTOR: "to_row_vector", MATRIX: "to_matrix", ArrayType(REAL): "to_array_1d"}
    if wanted in functions and ndim(found) == ndim(wanted) and scalar_of(found) in ("int", "real"):
        return f"convert it: `{functions[wanted]}(…)`"
    return None


def _int_literal(context: Context, literal: syntax.IntLiteral) -> Type:
    if literal.value > _LARGEST_INT:
        context.error(f"this integer is too large: at most {_LARGEST_INT}", literal.span, "write it as a real: `1e10`")
    return INT


def _name(context: Context, name: syntax.Name) -> Type:
    symbol = context.scopes.find(name.name)
    if symbol is not None:
        return symbol.type
    function = function_type(context, name.name)
    if function is not None:
        return function
    context.error(f"unknown variable `{name.name}`", name.span, _name_hint(context, name))
    unknown = Symbol(name.name, ERROR, Kind.LOCAL, context.place.block, name.span, data_only=True)
    context.scopes.declare_everywhere(unknown)
    return ERROR


def _name_hint(context: Context, name: syntax.Name) -> str | None:
    later = _declared_later(context.program, name)
    in_function = context.place.block is Block.FUNCTIONS
    gone = None if in_function else context.scopes.find_gone(name.name)
    if later is not None and in_function:
        return "a function sees only its arguments"
    if later is not None:
        before = later.name_span.start < name.span.start
        return "it has no value yet" if before else f"it is declared further down, in {later.span.line_from(name.span)}"
    if gone is not None and gone.block in (context.place.block, Block.MODEL):
        return f"the one of {gone.span.line_from(name.span)} is known only where it is declared"
    if context.library.signatures(name.name):
        return f"the function is called as `{name.name}(…)`"
    return VALUES_ELSEWHERE.get(name.name) or did_you_mean(name.name, (*context.scopes.names(), "target"))


def _declared_later(program: syntax.Program, name: syntax.Name) -> syntax.Declaration | None:
    """The declaration of a variable that is used too early."""
    blocks = (
        program.data, program.transformed_data, program.parameters, program.transformed_parameters, program.model,
        program.generated_quantities,
    )  # fmt: skip
    for statement in (statement for block in blocks for statement in block or ()):
        match statement:
            case syntax.Declaration(name=name.name) if statement.span.end > name.span.end:
                return statement
    return None


def _unary(context: Context, expression: syntax.Unary) -> Type:
    operand = check_expression(context, expression.operand)
    found = unary_type(expression.operator, operand)
    if found is None:
        context.error(f"`{expression.operator}` cannot be applied to {article(operand)}", expression.span)
    return found or ERROR


def _transpose(context: Context, expression: syntax.Transpose) -> Type:
    operand = check_expression(context, expression.operand)
    found = transpose_type(operand)
    if found is None:
        context.error(f"{article(operand)} cannot be transposed", expression.span)
    return found or ERROR


def _binary(context: Context, expression: syntax.Binary) -> Type:
    """A long sum leans to the left: it is walked in a loop, so that its length has no limit."""
    chain = [expression]
    while isinstance(chain[-1].left, syntax.Binary):
        chain.append(chain[-1].left)
    found = check_expression(context, chain[-1].left)
    for each in reversed(chain):
        found = context.types[each] = _binary_type(context, each, found, check_expression(context, each.right))
    return found


def _binary_type(context: Context, expression: syntax.Binary, left: Type, right: Type) -> Type:
    found = binary_type(expression.operator, left, right)
    if found is None:
        message = f"`{expression.operator}` is not possible between {article(left)} and {article(right)}"
        context.error(message, expression.span, _operator_hint(expression.operator, left, right))
    elif expression.operator == "^" and left == MATRIX and right in SCALARS:
        hint = "write `matrix_power` for a product of matrices, else `.^`"
        context.warn("`^` raises each element of a matrix to the power", expression.span, hint)
    return found or ERROR


def _operator_hint(operator: str, left: Type, right: Type) -> str | None:
    if any(isinstance(side, ArrayType) for side in (left, right)):
        return "arrays have no arithmetic: declare a vector, or convert with `to_vector`"
    if operator in ("*", "/") and binary_type("./", left, right) is not None:
        return f"did you mean the elementwise `.{operator}`?" if operator == "/" or left == right else None
    if operator == ".*" and binary_type("*", left, right) is not None:
        return "did you mean `*`?"
    return None


def _ternary(context: Context, expression: syntax.Ternary) -> Type:
    """A chain of conditions leans to the right: it is walked in a loop, so that its length has no limit."""
    chain = [expression]
    while isinstance(chain[-1].if_false, syntax.Ternary):
        chain.append(chain[-1].if_false)
    values = []
    for each in chain:
        check_value(context, each.condition, INT, "the condition")
        values.append(check_expression(context, each.if_true))
    found = check_expression(context, chain[-1].if_false)
    for each, value in zip(reversed(chain), reversed(values), strict=True):
        found = context.types[each] = _ternary_type(context, each, value, found)
    return found


def _ternary_type(context: Context, expression: syntax.Ternary, if_true: Type, if_false: Type) -> Type:
    found = common_type(if_true, if_false)
    if isinstance(found, FunctionType):
        context.error("a condition chooses between values; found functions", expression.span)
        return ERROR
    if found is None:
        context.error(f"the two values differ in type: {if_true} and {if_false}", expression.span)
    return found or ERROR


def _index(context: Context, expression: syntax.Index) -> Type:
    base = check_expression(context, expression.base)
    keeps = [_keeps_axis(context, item) for item in expression.indices]
    if any(keep is None for keep in keeps):
        return ERROR
    _check_literal_indices(context, expression)
    found = indexed_type(base, (bool(keep) for keep in keeps))
    if found is None:
        count = f"{len(keeps)} {'index' if len(keeps) == 1 else 'indices'}"
        context.error(f"too many indices: {article(base)} cannot take {count}", expression.span)
    return found or ERROR


def _check_literal_indices(context: Context, expression: syntax.Index) -> None:
    """Indices that are written out, against sizes that are."""
    base = expression.base
    symbol = context.scopes.find(base.name) if isinstance(base, syntax.Name) else None
    extents = symbol.extents if symbol is not None else ()
    for item, size in zip_longest(expression.indices, extents[: len(expression.indices)]):
        value = literal_int(item.expression) if isinstance(item, syntax.Single) else None
        if value is not None and (value < 1 or (size is not None and value > size)):
            reason = "indices begin at 1" if value < 1 else f"the size is {size}"
            context.warn(f"index {value} is out of range: {reason}", item.span)


def _keeps_axis(context: Context, item: syntax.IndexItem) -> bool | None:
    """Whether an index keeps its axis; None if it was wrong."""
    match item:
        case syntax.Single(expression=expression):
            found = check_expression(context, expression)
            if contains_error(found):
                return None
            if found not in (INT, ArrayType(INT)):
                context.error(f"an index must be an int or an array of ints; found {article(found)}", expression.span)
                return None
            return found != INT
        case syntax.From(lower=lower):
            check_value(context, lower, INT, "the start of a slice")
        case syntax.To(upper=upper):
            check_value(context, upper, INT, "the end of a slice")
        case syntax.Between(lower=lower, upper=upper):
            check_value(context, lower, INT, "the start of a slice")
            check_value(context, upper, INT, "the end of a slice")
    return True


def _array_literal(context: Context, literal: syntax.ArrayLiteral) -> Type:
    elements = [check_expression(context, element) for element in literal.elements]
    found = array_literal_type(elements)
    if found is None:
        _report_odd_element(context, literal.elements, elements, "an array")
    return found or ERROR


def _row_vector_literal(context: Context, literal: syntax.RowVectorLiteral) -> Type:
    elements = [check_expression(context, element) for element in literal.elements]
    found = row_vector_literal_type(elements)
    if found is None:
        context.error(
            "a row vector is made of scalars, a matrix of row vectors; found " + ", ".join(map(str, elements)),
            literal.span, "write an array with braces: `{…}`",
        )  # fmt: skip
    return found or ERROR


def _report_odd_element(context: Context, elements: tuple[Expression, ...], types: list[Type], container: str) -> None:
    for element, found in zip(elements, types, strict=True):
        if common_type(types[0], found) is None:
            message = f"the elements of {container} must be of one type; found {types[0]} and {found}"
            context.error(message, element.span)
            return


def _tuple_literal(context: Context, literal: syntax.TupleLiteral) -> Type:
    return TupleType(tuple(check_expression(context, element) for element in literal.elements))


def _projection(context: Context, expression: syntax.TupleProjection) -> Type:
    base = check_expression(context, expression.base)
    if contains_error(base):
        return ERROR
    if not isinstance(base, TupleType):
        context.error(f"only a tuple has parts; found {article(base)}", expression.span)
        return ERROR
    if not 1 <= expression.position <= len(base.elements):
        context.error(f"this tuple has {len(base.elements)} parts, not {expression.position}", expression.span)
        return ERROR
    return base.elements[expression.position - 1]


def _target_call(context: Context, call: syntax.TargetCall) -> Type:
    if not context.place.may_call_lp:
        where = "the model block, in transformed parameters and in functions ending in `_lp`"
        context.error(f"`target()` can be read only in {where}", call.span)
    return REAL


def _call(context: Context, call: syntax.Call) -> Type:
    arguments = tuple(check_expression(context, argument) for argument in call.arguments)
    found = check_call(context, call, arguments)
    if found == VOID:
        report_void(context, call.span, call.name)
        return ERROR
    return found


def report_void(context: Context, span: Span, name: str) -> None:
    context.error(f"`{name}` returns nothing and cannot stand in an expression", span)


_CHECKS: dict[type, Callable[[Context, Any], Type]] = {
    syntax.IntLiteral: _int_literal,
    syntax.RealLiteral: lambda context, literal: REAL,
    syntax.ImaginaryLiteral: lambda context, literal: COMPLEX,
    syntax.StringLiteral: lambda context, literal: VOID,
    syntax.Name: _name,
    syntax.Unary: _unary,
    syntax.Transpose: _transpose,
    syntax.Binary: _binary,
    syntax.Ternary: _ternary,
    syntax.Index: _index,
    syntax.ArrayLiteral: _array_literal,
    syntax.RowVectorLiteral: _row_vector_literal,
    syntax.TupleLiteral: _tuple_literal,
    syntax.TupleProjection: _projection,
    syntax.TargetCall: _target_call,
    syntax.Call: _call,
}
