"""Statements: what they need and where they may stand. Mistakes are noted in the context; nothing is returned."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

from ppl_cli.language import syntax
from ppl_cli.language.calls import (
    check_call,
    check_distribution,
    check_truncation,
    is_distribution,
    is_law,
    report_no_distribution,
)
from ppl_cli.language.context import Context
from ppl_cli.language.declarations import check_declaration
from ppl_cli.language.expressions import article, check_expression, check_value, report_value, report_void
from ppl_cli.language.operators import binary_type, element_type
from ppl_cli.language.random_values import check_random_value, fits_random
from ppl_cli.language.scopes import Kind
from ppl_cli.language.source import Span
from ppl_cli.language.syntax import Expression, Statement
from ppl_cli.language.targets import check_target
from ppl_cli.language.traversal import walk
from ppl_cli.language.types import ERROR, INT, REAL, SCALARS, VOID, FunctionType, Type, is_assignable, scalar_of


def check_statements(context: Context, statements: Iterable[Statement]) -> None:
    """Local statements, in a scope that is already open."""
    for statement in statements:
        check_statement(context, statement)


def check_statement(context: Context, statement: Statement) -> None:
    _CHECKS[type(statement)](context, statement)


def _declaration(context: Context, declaration: syntax.Declaration) -> None:
    check_declaration(context, declaration, local=True)


def _assignment(context: Context, assignment: syntax.Assignment) -> None:
    if is_law(context, assignment.value):
        hint = f"write `{assignment.target.span.text} ~ {assignment.value.span.text}`"
        context.error("a distribution stands on the right of `~`", assignment.value.span, hint)
        return
    target = check_expression(context, assignment.target)
    value = check_expression(context, assignment.value)
    if not check_target(context, assignment.target):
        return
    operator = assignment.operator.removesuffix("=")
    if operator in (".*", "./") and target in SCALARS:
        message = f"`{assignment.operator}` is for vectors and matrices; found {article(target)}"
        context.error(message, assignment.span, f"write `{operator[1:]}=`")
        return
    result = binary_type(operator, target, value) if operator else value
    if result is None:
        message = f"`{assignment.operator}` is not possible between {article(target)} and {article(value)}"
        context.error(message, assignment.span)
    elif not is_assignable(result, target):
        place = assignment.span if operator else assignment.value.span
        report_value(context, assignment.target.span.text, target, result, place, computed=bool(operator))


def _tilde(context: Context, tilde: syntax.Tilde) -> None:
    left = check_expression(context, tilde.left)
    if not context.place.may_add_to_target:
        where = "the model block and in functions ending in `_lp`"
        context.error(f"`~` can stand only in {where}", tilde.span)
    call = tilde.distribution
    if not _names_distribution(context, call):
        report_no_distribution(context, call)
        return
    if not isinstance(call, syntax.Call) or _is_random_expression(context, call):
        _random_expression(context, tilde, left)
        return
    if call.bar:
        hint = "its outcome stands on the left of `~`"
        context.error(f"the arguments of `{call.name}` are separated by commas", call.span, hint)
        return
    arguments = tuple(check_expression(context, argument) for argument in call.arguments)
    context.types[call] = left
    check_distribution(context, call, (left, *arguments))
    if tilde.truncation is not None:
        _truncation(context, call, tilde.truncation)


def _random_expression(context: Context, tilde: syntax.Tilde, left: Type) -> None:
    context.random_value = partial(check_random_value, context)
    right = check_expression(context, tilde.distribution)
    context.random_value = None
    if not fits_random(left, right):
        context.error(f"{article(left)} cannot be drawn as {article(right)}", tilde.span)
    for bound in () if tilde.truncation is None else (tilde.truncation.lower, tilde.truncation.upper):
        if bound is not None:
            check_value(context, bound, REAL, "a truncation bound")


def _names_distribution(context: Context, expression: Expression) -> bool:
    """Whether the right of `~` is a distribution, or is made of some."""
    return any(isinstance(part, syntax.Call) and is_distribution(context, part.name) for part in walk(expression))


def _is_random_expression(context: Context, call: syntax.Call) -> bool:
    """Whether a call on the right of `~` is no distribution but a function of one."""
    if is_distribution(context, call.name):
        return False
    return _names_distribution(context, call)


def _truncation(context: Context, call: syntax.Call, truncation: syntax.Truncation) -> None:
    bounds = [bound for bound in (truncation.lower, truncation.upper) if bound is not None]
    for bound in bounds:
        check_value(context, bound, REAL, "a truncation bound")
    if call in context.calls and all(is_assignable(context.types[bound], REAL) for bound in bounds):
        check_truncation(context, call, truncation, bounds)


def _target_plus(context: Context, statement: syntax.TargetPlus) -> None:
    found = check_expression(context, statement.value)
    word = "jacobian" if statement.jacobian else "target"
    if statement.jacobian:
        allowed = context.place.may_add_to_jacobian
        where = "the transformed parameters block and in functions ending in `_jacobian`"
    else:
        allowed = context.place.may_add_to_target
        where = "the model block and in functions ending in `_lp`"
    if not allowed:
        context.error(f"`{word} +=` can stand only in {where}", statement.span)
    if scalar_of(found) not in ("int", "real") and found != ERROR:
        context.error(f"`{word} +=` takes reals; found {article(found)}", statement.value.span)


def _if_else(context: Context, statement: syntax.IfElse) -> None:
    """One `else if` after the other, so that their number has no limit."""
    branch: Statement | None = statement
    while isinstance(branch, syntax.IfElse):
        check_value(context, branch.condition, INT, "the condition")
        with context.scopes.nested():
            check_statement(context, branch.then)
        branch = branch.otherwise
    if branch is not None:
        with context.scopes.nested():
            check_statement(context, branch)


def _for(context: Context, loop: syntax.For) -> None:
    check_value(context, loop.lower, INT, "the start of the loop")
    check_value(context, loop.upper, INT, "the end of the loop")
    _loop_body(context, loop.variable, INT, loop.variable_span, loop.body)


def _for_each(context: Context, loop: syntax.ForEach) -> None:
    iterable = check_expression(context, loop.iterable)
    element = element_type(iterable)
    if element is None:
        hint = f"write `1:{loop.iterable.span.text}`" if iterable == INT else None
        message = f"a loop goes over a range, an array, a vector or a matrix; found {article(iterable)}"
        context.error(message, loop.iterable.span, hint)
    _loop_body(context, loop.variable, element or ERROR, loop.variable_span, loop.body)


def _loop_body(context: Context, variable: str, type: Type, span: Span, body: Statement) -> None:
    with context.loop():
        context.declare(variable, type, Kind.LOOP, span)
        check_statement(context, body)


def _while(context: Context, loop: syntax.While) -> None:
    check_value(context, loop.condition, INT, "the condition")
    with context.loop():
        check_statement(context, loop.body)


def _block(context: Context, block: syntax.Block | syntax.Profile) -> None:
    with context.scopes.nested():
        check_statements(context, block.statements)


def _leave_loop(context: Context, statement: syntax.Break | syntax.Continue) -> None:
    if not context.place.in_loop:
        word = "break" if isinstance(statement, syntax.Break) else "continue"
        context.error(f"`{word}` can stand only in a loop", statement.span)


def _return(context: Context, statement: syntax.Return) -> None:
    found = VOID if statement.value is None else check_expression(context, statement.value)
    function = context.place.function
    if function is None:
        context.error("`return` can stand only in a function", statement.span)
    elif function.return_type == VOID and statement.value is not None:
        context.error(f"`{function.name}` returns nothing", statement.value.span)
    elif not is_assignable(found, function.return_type):
        span = statement.span if statement.value is None else statement.value.span
        found_phrase = "nothing" if statement.value is None else article(found)
        context.error(f"`{function.name}` must return {article(function.return_type)}; found {found_phrase}", span)


def _call_statement(context: Context, statement: syntax.CallStatement) -> None:
    call = statement.call
    arguments = tuple(check_expression(context, argument) for argument in call.arguments)
    found = check_call(context, call, arguments)
    context.types[call] = found
    if found not in (VOID, ERROR):
        hint = "assign it to a variable"
        context.error(f"the value of `{call.name}` ({article(found)}) is not used", statement.span, hint)


def _message(context: Context, statement: syntax.Print | syntax.Reject | syntax.FatalError) -> None:
    for argument in statement.arguments:
        check_expression(context, argument)
        if isinstance(argument, syntax.Call) and context.types[argument] == VOID:
            report_void(context, argument.span, argument.name)
        if isinstance(context.types[argument], FunctionType):
            context.error("only values and texts can be printed; found a function", argument.span)


_CHECKS: dict[type, Callable[[Context, Any], None]] = {
    syntax.Declaration: _declaration,
    syntax.Assignment: _assignment,
    syntax.Tilde: _tilde,
    syntax.TargetPlus: _target_plus,
    syntax.IfElse: _if_else,
    syntax.For: _for,
    syntax.ForEach: _for_each,
    syntax.While: _while,
    syntax.Block: _block,
    syntax.Profile: _block,
    syntax.Return: _return,
    syntax.Break: _leave_loop,
    syntax.Continue: _leave_loop,
    syntax.CallStatement: _call_statement,
    syntax.Print: _message,
    syntax.Reject: _message,
    syntax.FatalError: _message,
}
