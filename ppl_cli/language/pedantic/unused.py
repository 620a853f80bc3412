"""What is declared and never read. Parameters have a check of their own; transformed parameters and generated
quantities are results."""

from __future__ import annotations

from collections.abc import Iterator

from ppl_cli.language import syntax as s
from ppl_cli.language.diagnostics import Diagnostic, warning
from ppl_cli.language.pedantic.reading import Reading, assigned
from ppl_cli.language.traversal import children


def unused_variables(reading: Reading) -> Iterator[Diagnostic]:
    program = reading.program
    read = set(_reads(program))
    outputs = (program.parameters, program.transformed_parameters, program.generated_quantities)
    results = {id(each) for block in outputs for each in block or ()}
    kinds = {id(each): "data" for each in program.data or ()}
    for declaration in reading.checked.variables:
        if isinstance(declaration, s.Declaration) and declaration.name not in read and id(declaration) not in results:
            what = kinds.get(id(declaration), "variable")
            yield warning(f"the {what} `{declaration.name}` {_ARE[what]} never used", declaration.name_span)


_ARE = {"data": "are", "variable": "is"}


def unused_functions(reading: Reading) -> Iterator[Diagnostic]:
    program = reading.program
    used = {id(resolved.definition) for resolved in reading.checked.calls.values() if resolved.definition is not None}
    named = set(_reads(program))
    for definition in program.functions or ():
        if definition.body is not None and id(definition) not in used and definition.name not in named:
            yield warning(f"the function `{definition.name}` is never called", definition.name_span)


def _reads(program: s.Program) -> Iterator[str]:
    """The names that are read anywhere; what an assignment changes is not read by it."""
    blocks = (
        program.functions, program.data, program.transformed_data, program.parameters, program.transformed_parameters,
        program.model, program.generated_quantities,
    )  # fmt: skip
    stack: list[s.Node] = [node for block in blocks for node in block or ()]
    while stack:
        node = stack.pop()
        if isinstance(node, s.Name):
            yield node.name
        elif isinstance(node, s.Assignment):
            stack.append(node.value)
            stack.extend(part for _, index in assigned(node.target) for part in index)
        else:
            stack.extend(children(node))
