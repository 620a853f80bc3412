"""Declarations: the type that is declared, sizes, constraints and the value given with it."""

from __future__ import annotations

from ppl_cli.language import syntax
from ppl_cli.language.calls import is_law
from ppl_cli.language.context import Context
from ppl_cli.language.expressions import article, check_expression, literal_int, report_value
from ppl_cli.language.scopes import Block, Kind
from ppl_cli.language.syntax import Declaration, Expression, NamedConstraint, TypeSyntax
from ppl_cli.language.traversal import walk
from ppl_cli.language.types import (
    BASIC_TYPES,
    INT,
    REAL,
    ArrayType,
    BasicType,
    TupleType,
    Type,
    array_of,
    contains_error,
    is_assignable,
)

_SIZES_OF_CONSTRAINT = {
    NamedConstraint.CHOLESKY_FACTOR_COV: (1, 2),
    NamedConstraint.SUM_TO_ZERO_MATRIX: (2,),
    NamedConstraint.COLUMN_STOCHASTIC_MATRIX: (2,),
    NamedConstraint.ROW_STOCHASTIC_MATRIX: (2,),
}


def check_declaration(context: Context, declaration: Declaration, local: bool) -> None:
    """A variable of a block, or a local one; from here on it is known."""
    type = _check_type(context, declaration.type, local)
    kind = Kind.LOCAL if local else Kind.GLOBAL
    extents = tuple(literal_int(size) for size in declaration.type.extents)
    context.declare(declaration.name, type, kind, declaration.name_span, extents=extents)
    context.variables[declaration] = type
    if declaration.value is not None:
        _check_first_value(context, declaration, declaration.value, type)


def _check_first_value(context: Context, declaration: Declaration, value: Expression, type: Type) -> None:
    if context.place.block is Block.PARAMETERS:
        hint = f"write `{declaration.name} ~ {value.span.text}` in the model block" if is_law(context, value) else None
        context.error("a parameter cannot be given a value", value.span, hint)
        return
    if any(isinstance(node, syntax.Name) and node.name == declaration.name for node in walk(value)):
        message, given = f"`{declaration.name}` has no value yet", context.place.block is Block.DATA
        (context.error if given else context.warn)(message, value.span)
    found = check_expression(context, value)
    if not is_assignable(found, type):
        report_value(context, declaration.name, type, found, value.span)


def _check_type(context: Context, declared: TypeSyntax, local: bool) -> Type:
    for size in declared.dimensions:
        _check_size(context, size, local)
    if declared.base == "tuple":
        element: Type = TupleType(tuple(_check_type(context, part, local) for part in declared.elements))
    else:
        element = BASIC_TYPES[declared.base]
        _check_sizes(context, declared, element, local)
    type = array_of(element, len(declared.dimensions))
    _check_constraint(context, declared, type, local)
    if element == INT and context.place.block is Block.TRANSFORMED_PARAMETERS and not local:
        hint = "declare it in transformed data, in generated quantities, or in a local block"
        context.error("a transformed parameter cannot be an int", declared.span, hint)
    return type


def _check_sizes(context: Context, declared: TypeSyntax, element: BasicType, local: bool) -> None:
    for size in declared.sizes:
        _check_size(context, size, local)
    name = declared.base
    allowed: tuple[int, ...] = (element.ndim,)
    if isinstance(declared.constraint, NamedConstraint):
        name = declared.constraint.value
        allowed = _SIZES_OF_CONSTRAINT.get(declared.constraint, (1,))
    found = len(declared.sizes)
    if found in allowed:
        return
    if allowed == (0,):
        message, hint = f"{article(element)} has no size", f"an array is declared as `array[N] {element}`"
    else:
        expected = " or ".join(map(str, allowed))
        message = f"`{name}` takes {expected} {'size' if allowed == (1,) else 'sizes'}; found {found}"
        hint = f"`{name}[{', '.join('MN'[: allowed[-1]])}]`"
    context.error(message, declared.span, hint)


def _check_size(context: Context, size: Expression, local: bool) -> None:
    found = check_expression(context, size)
    if not is_assignable(found, INT):
        context.error(f"a size must be an int; found {article(found)}", size.span)
        return
    if (literal_int(size) or 0) < 0:
        context.error("a size cannot be negative", size.span)
    name = None if local or contains_error(found) else context.parameter_in(size)
    if name is not None:
        context.error("a size must be known from data", size.span, f"`{name.name}` depends on parameters")


def _check_constraint(context: Context, declared: TypeSyntax, type: Type, local: bool) -> None:
    constraint = declared.constraint
    if constraint is None:
        return
    if local:
        span = declared.span if isinstance(constraint, NamedConstraint) else constraint.span
        context.error("a local variable cannot have a constraint", span)
    match constraint:
        case syntax.Bounds(lower=lower, upper=upper):
            if declared.base.startswith("complex"):
                context.error(f"{article(BASIC_TYPES[declared.base])} cannot have bounds", constraint.span)
            _check_limit(context, lower, type, "lower")
            _check_limit(context, upper, type, "upper")
        case syntax.Affine(offset=offset, multiplier=multiplier):
            if declared.base == "int" or declared.base.startswith("complex"):
                what = article(BASIC_TYPES[declared.base])
                context.error(f"{what} cannot have an offset or a multiplier", constraint.span)
            _check_limit(context, offset, type, "offset")
            _check_limit(context, multiplier, type, "multiplier")


def _check_limit(context: Context, limit: Expression | None, type: Type, word: str) -> None:
    """A bound is a scalar, or of the shape of the variable or of one element of its array."""
    if limit is None:
        return
    found = check_expression(context, limit)
    innermost = type.innermost if isinstance(type, ArrayType) else type
    scalar = INT if innermost == INT else REAL
    if not any(is_assignable(found, wanted) for wanted in (scalar, type, innermost)):
        wanted = article(scalar) if type == scalar else f"{article(scalar)} or {article(type)}"
        context.error(f"`{word}` must be {wanted}; found {article(found)}", limit.span)
