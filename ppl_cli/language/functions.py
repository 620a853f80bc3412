"""Users' functions: their heads, which are all known before any body is checked, and their bodies."""

from __future__ import annotations

from collections.abc import Sequence

from ppl_cli.language import syntax
from ppl_cli.language.context import RESERVED, Context
from ppl_cli.language.expressions import article
from ppl_cli.language.functionals import takes_function
from ppl_cli.language.scopes import Block, Kind, Place
from ppl_cli.language.signatures import best_match
from ppl_cli.language.stan_names import STAN_FUNCTIONS
from ppl_cli.language.statements import check_statement
from ppl_cli.language.syntax import FunctionDefinition, Statement, Suffix
from ppl_cli.language.types import REAL, VOID, TupleType, Type, scalar_of

_RESULT_REAL = (Suffix.LPDF, Suffix.LPMF, Suffix.LCDF, Suffix.LCCDF, Suffix.CDF)


def check_functions(context: Context, definitions: Sequence[FunctionDefinition]) -> None:
    for definition in definitions:
        _check_head(context, definition)
    for definition in definitions:
        _check_body(context, definition)


def _check_head(context: Context, definition: FunctionDefinition) -> None:
    name = definition.name
    if name.endswith("__") or name in RESERVED:
        context.error(f"`{name}` cannot be the name of a function", definition.name_span)
    if definition.suffix in (Suffix.LUPDF, Suffix.LUPMF):
        present = Suffix.LPDF if definition.suffix is Suffix.LUPDF else Suffix.LPMF
        hint = f"define `{definition.base}{present.value}`: the other is derived"
        context.error(f"`{name}` cannot be defined", definition.name_span, hint)
    if definition.suffix in _RESULT_REAL and definition.return_type != REAL:
        found = article(definition.return_type)
        context.error(f"`{name}` must return a real, as its suffix says; found {found}", definition.name_span)
    _check_outcome(context, definition)
    if definition.body is not None:
        _check_library(context, definition)
    overloads = context.functions.setdefault(name, [])
    for position, earlier in enumerate(overloads):
        if _argument_types(earlier) == _argument_types(definition):
            line = earlier.name_span.line_from(definition.name_span)
            if earlier.return_type != definition.return_type:
                hint = f"{line} has {article(earlier.return_type)} of the same arguments"
                context.error(f"overloads of `{name}` must differ in their arguments", definition.name_span, hint)
            elif earlier.body is not None or definition.body is None:
                once = "defined" if definition.body is not None else "declared"
                hint = f"{line} {'defines' if earlier.body else 'declares'} it with the same arguments"
                context.error(f"the function `{name}` is {once} twice", definition.name_span, hint)
            elif [p.data_only for p in earlier.parameters] != [p.data_only for p in definition.parameters]:
                hint = f"{line} declares it with `data` before other arguments"
                context.error(f"`{name}` is declared otherwise", definition.name_span, hint)
            if earlier.body is None:
                overloads[position] = definition
            return
    overloads.append(definition)


def _check_library(context: Context, definition: FunctionDefinition) -> None:
    """A function of Stan may be overloaded, unless it takes functions; another gives way to the program's own."""
    if definition.name not in STAN_FUNCTIONS:
        return
    name, known = definition.name, context.library.signatures(definition.name)
    taken = best_match(known, _argument_types(definition))
    if any(map(takes_function, known)):
        context.error(f"the library function `{name}` cannot be overloaded", definition.name_span)
    elif taken is not None and (taken.cost == 0 or taken.signature.elementwise):
        hint = "give it another name, or other arguments"
        context.error(f"the library has a function `{name}` of the same arguments", definition.name_span, hint)


def _check_outcome(context: Context, definition: FunctionDefinition) -> None:
    """The first argument of a mass function holds ints only, that of a density something else too."""
    if definition.suffix not in (Suffix.LPDF, Suffix.LPMF):
        return
    kind, other = ("real", Suffix.LPMF) if definition.suffix is Suffix.LPDF else ("int", Suffix.LPDF)
    first = definition.parameters[0] if definition.parameters else None
    if first is None or _is_discrete(first.type) != (kind == "int"):
        found = "no argument" if first is None else article(first.type)
        hint = f"name it `{definition.base}{other.value}`" if first is not None else None
        span = definition.name_span if first is None else first.span
        context.error(f"the first argument of `{definition.name}` must be of kind {kind}; found {found}", span, hint)


def _is_discrete(type: Type) -> bool:
    return all(map(_is_discrete, type.elements)) if isinstance(type, TupleType) else scalar_of(type) == "int"


def _argument_types(definition: FunctionDefinition) -> tuple[Type, ...]:
    return tuple(parameter.type for parameter in definition.parameters)


def _check_body(context: Context, definition: FunctionDefinition) -> None:
    for parameter in definition.parameters:
        context.variables[parameter] = parameter.type
    if definition.body is None:
        if not any(other.body is not None for other in context.functions[definition.name]):
            context.error(f"the function `{definition.name}` is declared but not defined", definition.name_span)
        return
    with context.at(Place(Block.FUNCTIONS, definition)), context.scopes.nested():
        for parameter in definition.parameters:
            context.declare(parameter.name, parameter.type, Kind.ARGUMENT, parameter.name_span, parameter.data_only)
        try:
            check_statement(context, definition.body)
        except RecursionError:
            context.error(f"the body of `{definition.name}` is nested too deeply", definition.name_span)
            return
    if definition.return_type != VOID and not _returns(definition.body):
        message = f"`{definition.name}` must return {article(definition.return_type)} on every path"
        context.error(message, definition.name_span)


def _returns(statement: Statement | None) -> bool:
    """Whether a statement always ends in a return or an error (reference manual, "Return statements")."""
    match statement:
        case syntax.Return() | syntax.Reject() | syntax.FatalError():
            return True
        case syntax.Block(statements=statements) | syntax.Profile(statements=statements):
            return any(map(_returns, statements))
        case syntax.IfElse(then=then, otherwise=otherwise):
            return _returns(then) and _returns(otherwise)
        case syntax.For(body=body) | syntax.ForEach(body=body):
            return _returns(body) and not _breaks(body)
        case syntax.While(condition=condition, body=body):
            endless = isinstance(condition, syntax.IntLiteral) and condition.value != 0
            return (endless or _returns(body)) and not _breaks(body)
    return False


def _breaks(statement: Statement | None) -> bool:
    """Whether a statement may leave the loop around it by `break`."""
    match statement:
        case syntax.Break():
            return True
        case syntax.Block(statements=statements) | syntax.Profile(statements=statements):
            return any(map(_breaks, statements))
        case syntax.IfElse(then=then, otherwise=otherwise):
            return _breaks(then) or _breaks(otherwise)
    return False
