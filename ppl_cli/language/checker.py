"""Syntax tree + library → checked program, or all mistakes of the file together."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from ppl_cli.language.checked import CheckedProgram
from ppl_cli.language.context import Context
from ppl_cli.language.declarations import check_declaration
from ppl_cli.language.diagnostics import LanguageError, Severity
from ppl_cli.language.functions import check_functions
from ppl_cli.language.scopes import Block, Place
from ppl_cli.language.signatures import Library
from ppl_cli.language.statements import check_statement
from ppl_cli.language.syntax import Declaration, Program, Statement

MOST_FRAMES = 3000  # of Python; the passes that follow walk the tree to the same depth
_DECLARATIONS_ONLY = (Block.DATA, Block.PARAMETERS)


def check(program: Program, library: Library) -> CheckedProgram:
    """Find the types of a program; raise a `LanguageError` with all that is wrong with it."""
    with _recursion_limit():
        return _check(program, library)


@contextmanager
def _recursion_limit() -> Iterator[None]:
    """What is accepted does not depend on the limit that others have set."""
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(MOST_FRAMES)
    try:
        yield
    finally:
        sys.setrecursionlimit(before)


def _check(program: Program, library: Library) -> CheckedProgram:
    context = Context(program, library)
    context.diagnostics.extend(program.warnings)
    check_functions(context, program.functions or ())
    for block, statements in (
        (Block.DATA, program.data),
        (Block.TRANSFORMED_DATA, program.transformed_data),
        (Block.PARAMETERS, program.parameters),
        (Block.TRANSFORMED_PARAMETERS, program.transformed_parameters),
        (Block.MODEL, program.model),
        (Block.GENERATED_QUANTITIES, program.generated_quantities),
    ):
        _check_block(context, block, statements or ())
    if context.has_errors:
        raise LanguageError(context.diagnostics)
    warnings = tuple(each for each in context.diagnostics if each.severity is Severity.WARNING)
    return CheckedProgram(program, context.types, context.calls, context.variables, warnings)


def _check_block(context: Context, block: Block, statements: Iterable[Statement]) -> None:
    """Variables of the model block are local to it; those of the others are seen by all later blocks."""
    with context.at(Place(block)):
        if block is Block.MODEL:
            with context.scopes.nested():
                for statement in statements:
                    _check_at_top(context, statement, local=True)
            return
        for statement in statements:
            if block in _DECLARATIONS_ONLY and not isinstance(statement, Declaration):
                context.error(f"the {block.value} block holds declarations only", statement.span)
            else:
                _check_at_top(context, statement, local=False)


def _check_at_top(context: Context, statement: Statement, local: bool) -> None:
    """A statement of a block; the checker's recursion ends where Python's does."""
    try:
        if isinstance(statement, Declaration):
            check_declaration(context, statement, local)
        else:
            check_statement(context, statement)
    except RecursionError:
        context.error("this is nested too deeply", statement.span)
