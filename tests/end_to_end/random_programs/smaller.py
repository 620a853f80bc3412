"""A program that goes wrong → a smaller one that still does: statements left out, expressions replaced by their parts."""
from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from end_to_end.random_programs.tree import Expression, Program, Statement
from end_to_end.random_programs.types import INT, REAL

BLOCKS = ("model", "transformed", "transformed_data")


def smaller(program: Program, wrong: Callable[[Program], bool]) -> Program:
    """`wrong` is False of programs that mean nothing."""
    while (found := next((p for p in candidates(program) if wrong(p)), None)) is not None:
        program = found
    return program


def candidates(program: Program) -> Iterator[Program]:
    for k in range(len(program.functions)):
        yield replace(program, functions=program.functions[:k] + program.functions[k + 1 :])
    for block in BLOCKS:
        for statements in shorter(getattr(program, block)):
            yield _checked(replace(program, **{block: statements}))
    for k, f in enumerate(program.functions):
        for statements in shorter(f.body):
            changed = replace(f, body=statements)
            yield replace(program, functions=(*program.functions[:k], changed, *program.functions[k + 1 :]))
    for k in range(len(program.parameters)):
        yield replace(program, parameters=program.parameters[:k] + program.parameters[k + 1 :])


def _checked(program: Program) -> Program:
    """With the transformed parameters that are left."""
    declared = {s.python.split(" = ")[0] for s in program.transformed}
    return replace(program, names=tuple(n for n in program.names if n in declared))


def shorter(statements: Sequence[Statement]) -> Iterator[tuple[Statement, ...]]:
    """Statements with one left out, or made smaller."""
    for k in range(len(statements)):
        yield (*statements[:k], *statements[k + 1 :])
    for k, s in enumerate(statements):
        for found in _simpler(s):
            yield (*statements[:k], *found, *statements[k + 1 :])


def _simpler(s: Statement) -> Iterator[tuple[Statement, ...]]:
    if s.body is not None:
        yield s.body
        yield s.otherwise
        if s.otherwise:
            yield (replace(s, otherwise=()),)
        for body in shorter(s.body):
            yield (replace(s, body=body),)
        for otherwise in shorter(s.otherwise):
            yield (replace(s, otherwise=otherwise),)
    for arguments in _parts(s.arguments):
        yield (replace(s, arguments=arguments),)


def _parts(arguments: Sequence[Expression]) -> Iterator[tuple[Expression, ...]]:
    for k, e in enumerate(arguments):
        for found in _simpler_expression(e):
            yield (*arguments[:k], found, *arguments[k + 1 :])


def _simpler_expression(e: Expression) -> Iterator[Expression]:
    if e.arguments or "[" in e.stan:
        yield from (Expression(t, text, text) for t, text in ((REAL, "0.5"), (INT, "1")) if t == e.type)
    yield from (a for a in e.arguments if a.type == e.type)
    for arguments in _parts(e.arguments):
        yield replace(e, arguments=arguments)
