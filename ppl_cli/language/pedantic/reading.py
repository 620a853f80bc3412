"""A checked program as the checks read it: its statements in order, the densities in them, and what depends on what.

Variables are told apart by name only: local ones of the same name are taken together. Functions are left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property

from ppl_cli.language import syntax as s
from ppl_cli.language.checked import CheckedProgram
from ppl_cli.language.pedantic.laws import Law, Laws
from ppl_cli.language.scopes import Block
from ppl_cli.language.traversal import children, walk
from ppl_cli.language.types import scalar_of

# These look at the shape of their argument, not at its values.
SHAPE_FUNCTIONS = frozenset({"size", "num_elements", "rows", "cols", "dims"})
DENSITY_SUFFIXES = (s.Suffix.LPDF, s.Suffix.LPMF, s.Suffix.LUPDF, s.Suffix.LUPMF)


@dataclass(frozen=True, eq=False)
class Visit:
    """A statement, the conditions and ranges that decide whether it is executed, and the branches it stands in."""

    statement: s.Statement
    block: Block
    conditions: tuple[s.Expression, ...] = ()
    branches: frozenset[tuple[s.Statement, bool]] = frozenset()

    def excludes(self, other: Visit) -> bool:
        """Whether the two stand in different branches of one `if`."""
        return any((statement, not taken) in other.branches for statement, taken in self.branches)


@dataclass(frozen=True, eq=False)
class Density:
    """A density or mass at a variate: a `~` statement or a call such as `normal_lpdf(x | 0, 1)`."""

    name: str
    law: Law | None
    variate: s.Expression
    call: s.Call
    arguments: tuple[s.Expression, ...]
    visit: Visit
    truncation: s.Truncation | None = None


@dataclass(frozen=True, eq=False)
class Term:
    """A summand of the target. `jacobian`: one that adjusts for a change of variables."""

    expressions: tuple[s.Expression, ...]
    visit: Visit
    is_density: bool
    jacobian: bool = False


@dataclass(frozen=True, eq=False)
class Reading:
    checked: CheckedProgram
    laws: Laws
    _reached: dict[str, frozenset[str]] = field(default_factory=dict)

    @property
    def program(self) -> s.Program:
        return self.checked.program

    @cached_property
    def parameters(self) -> dict[str, s.Declaration]:
        return declarations(self.program.parameters)

    @cached_property
    def real_data(self) -> frozenset[str]:
        """Data that are not ints, as read or as transformed: what is observed is among them."""
        known = declarations(self.program.data) | declarations(self.program.transformed_data)
        return frozenset(name for name, each in known.items() if scalar_of(self.checked.variables[each]) != "int")

    @cached_property
    def observed(self) -> frozenset[str]:
        """Data that are the variate of some density."""
        data = declarations(self.program.data) | declarations(self.program.transformed_data)
        return frozenset(data) & self.reach(name for each in self.densities for name in value_names(each.variate))

    @cached_property
    def visits(self) -> tuple[Visit, ...]:
        """All statements after the data, those within others included."""
        program = self.program
        blocks = (
            (Block.TRANSFORMED_DATA, program.transformed_data),
            (Block.TRANSFORMED_PARAMETERS, program.transformed_parameters),
            (Block.MODEL, program.model),
            (Block.GENERATED_QUANTITIES, program.generated_quantities),
        )
        return tuple(visit for block, part in blocks for each in part or () for visit in _visit(Visit(each, block)))

    @cached_property
    def in_density(self) -> tuple[Visit, ...]:
        """The statements that may take part in the target."""
        return tuple(visit for visit in self.visits if visit.block in (Block.TRANSFORMED_PARAMETERS, Block.MODEL))

    @cached_property
    def densities(self) -> tuple[Density, ...]:
        return tuple(density for visit in self.in_density for density in self._densities_of(visit))

    @cached_property
    def terms(self) -> tuple[Term, ...]:
        return tuple(term for visit in self.in_density for term in _terms(visit))

    @cached_property
    def definitions(self) -> dict[str, list[tuple[s.Expression, Visit]]]:
        """All that is assigned to each variable before the generated quantities; an index and a loop's range count as
        parts of the value."""
        found: dict[str, list[tuple[s.Expression, Visit]]] = {}
        for visit in self.visits:
            if visit.block is Block.GENERATED_QUANTITIES:
                break
            match visit.statement:
                case s.Declaration(name=name, value=s.Expression() as value):
                    found.setdefault(name, []).append((value, visit))
                case s.Assignment(target=target, value=value):
                    for name, index in assigned(target):
                        found.setdefault(name, []).extend((each, visit) for each in (value, *index))
                case s.For(variable=name, lower=lower, upper=upper):
                    found.setdefault(name, []).extend(((lower, visit), (upper, visit)))
                case s.ForEach(variable=name, iterable=iterable):
                    found.setdefault(name, []).append((iterable, visit))
        return found

    def reach(self, names: Iterable[str]) -> frozenset[str]:
        """The names, and all that their values depend on."""
        found: set[str] = set()
        waiting = list(names)
        while waiting:
            name = waiting.pop()
            if name not in found:
                found.add(name)
                waiting.extend(self._depends(name))
        return frozenset(found)

    def parameters_in(self, *expressions: s.Expression) -> frozenset[str]:
        """The parameters that the values of expressions depend on."""
        return self.reach(name for each in expressions for name in value_names(each)) & self.parameters.keys()

    def depends_on_data(self, expression: s.Expression) -> bool:
        return not self.real_data.isdisjoint(self.reach(value_names(expression)))

    def _depends(self, name: str) -> frozenset[str]:
        if name not in self._reached:
            parts = (part for value, visit in self.definitions.get(name, ()) for part in (value, *visit.conditions))
            self._reached[name] = frozenset(each for part in parts for each in value_names(part))
        return self._reached[name]

    def _densities_of(self, visit: Visit) -> Iterator[Density]:
        match visit.statement:
            case s.Tilde(left=left, distribution=s.Call() as call, truncation=truncation):
                yield Density(call.name, self._law(call), left, call, call.arguments, visit, truncation)
        for call in calls(visit.statement):
            if call.suffix in DENSITY_SUFFIXES and call.arguments:
                yield Density(call.base, self._law(call), call.arguments[0], call, call.arguments[1:], visit)

    def _law(self, call: s.Call) -> Law | None:
        """The library distribution that a call means, if it is one of one variate and these arguments."""
        resolved = self.checked.calls.get(call)
        law = self.laws.get(resolved.base) if resolved is not None and resolved.definition is None else None
        return law if resolved and law and len(law.parameters) == len(resolved.arguments) - 1 else None


def declarations(block: Iterable[s.Statement] | None) -> dict[str, s.Declaration]:
    return {each.name: each for each in block or () if isinstance(each, s.Declaration)}


def assigned(target: s.Expression) -> Iterator[tuple[str, tuple[s.Expression, ...]]]:
    """The variables that an assignment changes, with the expressions in their indices."""
    if isinstance(target, s.TupleLiteral):
        for element in target.elements:
            yield from assigned(element)
        return
    index: list[s.Expression] = []
    while isinstance(target, s.Index | s.TupleProjection):
        if isinstance(target, s.Index):
            index += [part for item in target.indices for part in s.subexpressions(item)]
        target = target.base
    if isinstance(target, s.Name):
        yield target.name, tuple(index)


def value_names(expression: s.Expression) -> Iterator[str]:
    """The names whose values an expression reads, also in indices; those read for their shape only are left out."""
    stack: list[s.Node] = [expression]
    while stack:
        node = stack.pop()
        if isinstance(node, s.Name):
            yield node.name
        elif not (isinstance(node, s.Call) and node.name in SHAPE_FUNCTIONS):
            stack.extend(children(node))


def expressions_of(statement: s.Statement) -> Iterator[s.Expression]:
    """The expressions of a statement itself, without those of statements within it."""
    stack: list[s.Node] = list(children(statement))
    for node in stack:
        if isinstance(node, s.Expression):
            yield node
        elif not isinstance(node, s.Statement):
            stack.extend(children(node))


def calls(statement: s.Statement) -> Iterator[s.Call]:
    """The calls in the expressions of a statement itself."""
    for expression in expressions_of(statement):
        yield from (node for node in walk(expression) if isinstance(node, s.Call))


def _visit(visit: Visit) -> Iterator[Visit]:
    """A visit and those of the statements within."""
    yield visit
    statement, conditions = visit.statement, visit.conditions
    inner: list[tuple[s.Statement, tuple[s.Expression, ...], frozenset[tuple[s.Statement, bool]]]] = []
    match statement:
        case s.Block(statements=parts) | s.Profile(statements=parts):
            inner = [(part, (), frozenset()) for part in parts]
        case s.IfElse(condition=condition, then=then, otherwise=otherwise):
            inner = [(then, (condition,), frozenset({(statement, True)}))]
            if otherwise is not None:
                inner.append((otherwise, (condition,), frozenset({(statement, False)})))
        case s.For(lower=lower, upper=upper, body=body):
            inner = [(body, (lower, upper), frozenset())]
        case s.ForEach(body=body):
            inner = [(body, (), frozenset())]
        case s.While(condition=condition, body=body):
            inner = [(body, (condition,), frozenset())]
    for part, more, branch in inner:
        yield from _visit(Visit(part, visit.block, conditions + more, visit.branches | branch))


def _terms(visit: Visit) -> Iterator[Term]:
    match visit.statement:
        case s.Tilde(left=left, distribution=distribution):
            arguments = distribution.arguments if isinstance(distribution, s.Call) else (distribution,)
            yield Term((left, *arguments), visit, is_density=True)
        case s.TargetPlus(value=value, jacobian=jacobian):
            for part in summands(value):
                is_density = isinstance(part, s.Call) and part.suffix in DENSITY_SUFFIXES
                yield Term((part,), visit, is_density, jacobian)
        case _:
            for call in calls(visit.statement):
                if call.suffix in (s.Suffix.LP, s.Suffix.JACOBIAN):
                    yield Term((call,), visit, is_density=False, jacobian=call.suffix is s.Suffix.JACOBIAN)


def summands(expression: s.Expression) -> Iterator[s.Expression]:
    """The parts of a sum."""
    while isinstance(expression, s.Binary) and expression.operator == "+":
        yield expression.right
        expression = expression.left
    yield expression
