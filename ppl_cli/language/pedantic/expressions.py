"""Operators and conditions that may do something else than it seems: `1 / 2`, `x == y`, `if (theta > 0)`."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain

from ppl_cli.language import syntax as s
from ppl_cli.language.checked import CheckedProgram
from ppl_cli.language.diagnostics import Diagnostic, warning
from ppl_cli.language.pedantic.constants import constant
from ppl_cli.language.pedantic.reading import Reading
from ppl_cli.language.traversal import children, walk
from ppl_cli.language.types import INT, scalar_of


def integer_divisions(reading: Reading) -> Iterator[Diagnostic]:
    """Quotients of ints that are used as reals."""
    checked = reading.checked
    for root, parent, node in _parents(reading.program):
        if not isinstance(node, s.Expression) or checked.types.get(node) != INT:
            continue
        result = root.return_type if isinstance(root, s.FunctionDefinition) and isinstance(parent, s.Return) else None
        if _wants_real(checked, parent, node) or (result is not None and scalar_of(result) == "real"):
            for division in _int_divisions(checked, node):
                left, right = division.left.span.text, division.right.span.text
                real = f"{left}.0 / {right}" if isinstance(division.left, s.IntLiteral) else f"1.0 * {left} / {right}"
                message = f"`{division.span.text}` is a quotient of ints: it is rounded towards zero"
                yield warning(message, division.span, f"write `{real}`, or `{left} %/% {right}` if that is meant")


def equal_reals(reading: Reading) -> Iterator[Diagnostic]:
    """Reals compared by `==` or `!=`; whether data are a whole number may be asked."""
    for _, _, node in _parents(reading.program):
        if not (isinstance(node, s.Binary) and node.operator in ("==", "!=")):
            continue
        sides = (node.left, node.right)
        real = any(scalar_of(reading.checked.types[side]) == "real" for side in sides)
        flag = any((constant(side) or 0.0).is_integer() and constant(side) is not None for side in sides)
        if real and not (flag and not reading.parameters_in(node)):
            left, right = node.left.span.text, node.right.span.text
            hint = f"write `abs({left} - {right}) < 1e-9`, or compare ints"
            yield warning(f"reals are seldom exactly equal, so that `{node.operator}` is fragile", node.span, hint)


def control_flow(reading: Reading) -> Iterator[Diagnostic]:
    """Conditions that depend on parameters, where the density is computed; those that are ints are summed out."""
    for visit in reading.in_density:
        match visit.statement:
            case s.IfElse(condition=condition) | s.While(condition=condition):
                conditions = [condition]
            case s.For(lower=lower, upper=upper):
                conditions = [lower, upper]
            case _:
                conditions = []
        ternaries = (part.condition for part in _own_nodes(visit.statement) if isinstance(part, s.Ternary))
        for each in chain(conditions, ternaries):
            names = [name for name in reading.parameters_in(each) if reading.parameters[name].type.base != "int"]
            if names:
                what = ", ".join(f"`{name}`" for name in sorted(names))
                hint = "the gradient sees no jump: let the density be continuous there"
                yield warning(f"which way is taken here depends on {what}", each.span, hint)


def _own_nodes(statement: s.Statement) -> Iterator[s.Node]:
    """The nodes of a statement, without those of statements within it."""
    for child in children(statement):
        if not isinstance(child, s.Statement):
            yield from walk(child)


def _parents(program: s.Program) -> Iterator[tuple[s.Node, s.Node, s.Node]]:
    """Each node below a statement of a block or a function: that, what the node stands in, and the node."""
    blocks = (
        program.functions, program.data, program.transformed_data, program.parameters, program.transformed_parameters,
        program.model, program.generated_quantities,
    )  # fmt: skip
    for root in chain.from_iterable(block or () for block in blocks):
        for node in walk(root):
            yield from ((root, node, child) for child in children(node))


def _int_divisions(checked: CheckedProgram, node: s.Expression) -> Iterator[s.Binary]:
    """The quotients that the value of an int expression is made of."""
    if isinstance(node, s.Binary) and checked.types.get(node.left) == checked.types.get(node.right) == INT:
        if node.operator == "/":
            yield node
        elif node.operator in ("+", "-", "*"):
            yield from _int_divisions(checked, node.left)
            yield from _int_divisions(checked, node.right)
    elif isinstance(node, s.Unary):
        yield from _int_divisions(checked, node.operand)


def _wants_real(checked: CheckedProgram, parent: s.Node, node: s.Expression) -> bool:
    """Whether an int that stands in `parent` is turned into a real."""
    match parent:
        case s.Declaration(value=value) if value is node:
            return scalar_of(checked.variables[parent]) == "real"
        case s.Assignment(target=target, value=value) if value is node:
            return scalar_of(checked.types[target]) == "real"
        case s.TargetPlus() | s.Tilde():
            return True
        case s.Call(arguments=arguments):
            return _argument_type(checked, parent, arguments.index(node)) == "real"
        case s.Binary() | s.Unary() | s.ArrayLiteral() | s.RowVectorLiteral() | s.Ternary():
            return scalar_of(checked.types.get(parent, INT)) == "real"
    return False


def _argument_type(checked: CheckedProgram, call: s.Call, position: int) -> str | None:
    """What kind of number a function takes."""
    resolved = checked.calls.get(call)
    if resolved is None:
        return None
    position += len(resolved.arguments) - len(call.arguments)
    if resolved.definition is not None:
        return scalar_of(resolved.definition.parameters[position].type)
    if resolved.signature is None or position >= len(resolved.signature.arguments):
        return None
    return _REAL_PATTERNS.get(resolved.signature.arguments[position].word)


_REAL_PATTERNS = {"real": "real", "reals": "real", "T": "real", "complex": "real", "vectors": "real"}
