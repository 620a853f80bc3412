"""Program + data → Model: one walk over the checked program with values that are known or symbolic.

What depends on data only is computed on the way; parameters are symbolic, so statements about them become graph: random
variables, log density nodes and loops.
"""
from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from ppl_cli.graph.basic import Constant, Variable
from ppl_cli.graph.traversal import roots_of
from ppl_cli.language import syntax as s
from ppl_cli.language.checked import CheckedProgram
from ppl_cli.language.diagnostics import ElaborationError
from ppl_cli.language.source import Span
from ppl_cli.model.analysis import REPORTS, TARGET, contains, facts, is_part, leaf_name, steps
from ppl_cli.model.blocks import constraint_checks, declare_data, declare_parameters, violation
from ppl_cli.model.compounds import leaves_of, rebuilt
from ppl_cli.model.environment import Environment, Slot
from ppl_cli.model.expressions import Expressions, tie_draws
from ppl_cli.model.functions import Functions
from ppl_cli.model.higher_order import HigherOrder
from ppl_cli.model.library import Library
from ppl_cli.model.loops import Loops
from ppl_cli.model.model import Dims, DiscreteParameter, Model, Parameter, Term
from ppl_cli.model.parts import leaf_declarations
from ppl_cli.model.random_values import RandomValues
from ppl_cli.model.sites import Site
from ppl_cli.model.statements import Statements, Terms
from ppl_cli.model.stretches import Stretches
from ppl_cli.model.supports import Supports
from ppl_cli.model.values import Lifter, NeedsValue, Value, is_known, lower, promote, shapes_of
from ppl_cli.ops.control import make_if
from ppl_cli.ops.reduction import reduce_sum
from ppl_cli.ops.reporting import report
from ppl_cli.ops.scalar_math import add, gt, ne, switch


def elaborate(
    checked: CheckedProgram, data: Mapping[str, Any], library: Library, run: Run, explaining: bool = False
) -> Model:
    """The model of a checked program on `data`, raw values by name as they were read. `run` compiles and calls. In a
    model that is there for `explaining`, parameters of distributions are checked whenever they are computed.

    Raises `ElaborationError` and `NotSupported`, located, and `DataError` for what is wrong with the data.
    """
    sys.setrecursionlimit(max(sys.getrecursionlimit(), MOST_FRAMES))  # for all that walks the graphs, too
    return Elaborator(checked, data, library, run, explaining).model()


MOST_FRAMES = 12_000  # of Python; half of them take C's stack, too, of which there are 8 MB


# Computes variables that depend on constants only: their values, and what was said, numbers of sites with those they
# say.
Run = Callable[[Sequence[Variable]], tuple[list[np.ndarray], list[tuple[int, Sequence[float]]]]]


class Elaborator:
    """The state of one elaboration: the environment, the terms of the target so far, the loops being traced."""

    def __init__(
        self, checked: CheckedProgram, data: Mapping[str, Any], library: Library, run: Run, explaining: bool = False
    ) -> None:
        self.checked = checked
        self.raw = data
        self.library = library
        self.run = run
        self.lift = Lifter()
        self.environment = Environment()
        self.assumptions: dict[Variable, int] = {}
        self.indexes: list[Variable] = []
        self.depth = 0  # of loops and branches being traced: what is added there is conditional
        self.drawing = False
        self.explaining = explaining
        self.stretching = False  # whether vectors may have a length that is not known
        self.terms: Terms = {}
        self.loop_spans: dict[Variable, Span] = {}
        self.retired_roots: set[Variable] = set()
        self.observed: dict[str, None] = {}
        self.discrete: list[DiscreteParameter] = []
        self.holes: list[Parameter] = []  # missing data
        self.partial: dict[str, np.ndarray] = {}  # data of which some are missing
        self.sites: dict[Site, int] = {}
        self.dims: dict[str, Dims] = {}
        self.evaluate = Expressions(self)
        self.execute = Statements(self)
        self.loops = Loops(self)
        self.functions = Functions(self)
        self.higher_order = HigherOrder(self)
        self.random_values = RandomValues(self)
        self.stretches = Stretches(self)
        self.supports = Supports(self)

    # ------------------------------------------------------------------------------------- the program

    def model(self) -> Model:
        """All blocks in order."""
        program = self.checked.program
        if contains(program, s.TargetCall):
            self.environment.declare(TARGET, Slot(0.0, (), "float64"))
        if contains(program, s.Print, s.Reject, s.FatalError):
            self.environment.declare(REPORTS, Slot(0, (), "int64"))
        try:
            data = declare_data(self, program.data or ())
            self.transformed_data(program.transformed_data or ())
            parameters = declare_parameters(self, program.parameters or ())
            transformed = self.block(program.transformed_parameters or ())
            checks = tuple(
                Term(d.name, d.span, switch(gt(broken, 0.0), -np.inf, 0.0))
                for d, broken in constraint_checks(self, program.transformed_parameters or ())
            )
            with self.environment.scope():
                self.execute.run(program.model or ())
            terms = tuple(Term(_label(t), t.span, v, _is_jacobian(t)) for t, v in self.terms.items())
            self.drawing = True
            with self.collect_terms():
                generated = self.block(program.generated_quantities or ())
                self.report_broken(program.generated_quantities or ())
        except NeedsValue as need:
            message = "this must be known when the model is built, but it depends on a parameter"
            raise ElaborationError(message, need.span) from None
        return Model(
            name=program.source.name, source=program.source.text, data=data, parameters=parameters,
            discrete=tuple(self.discrete),
            transformed=transformed, generated=generated, terms=terms, checks=checks, dims=self.dims,
            observed=tuple(self.observed), loops=self.loop_spans, reports=self.last_report(), sites=tuple(self.sites),
        )  # fmt: skip

    def transformed_data(self, statements: Sequence[s.Statement]) -> None:
        """What is drawn at random here is computed at the end of the block, or before a statement that must know it."""
        self.drawing = True
        for statement in statements:
            state = self.save(facts(statement).assigns)
            try:
                self.execute.run((statement,))
            except NeedsValue:
                self.restore(state)
                self.settle_draws()
                self.execute.run((statement,))
        self.settle_draws()
        for statement in statements:
            if isinstance(statement, s.Declaration):
                self.check_known(statement)
        self.terms.clear()  # of what was rejected
        self.drawing = False

    def report_broken(self, statements: Sequence[s.Statement]) -> None:
        """Values of generated quantities that do not satisfy their constraints are faults."""
        for d, broken in constraint_checks(self, statements):
            if REPORTS not in self.environment:
                self.environment.declare(REPORTS, Slot(0, (), "int64"))
            slot = self.environment[REPORTS]
            assert isinstance(slot, Slot)
            token = self.lift(slot.value)
            site = self.site(Site("constraint", d.name_span, (f"`{d.name}` does not satisfy its constraint",)))
            (slot.value,) = make_if(
                gt(broken, 0.0), [report(site, token, [], fault=True)], [token], self.live_variables()
            )

    def settle_draws(self) -> None:
        """Variables that are not known, only drawn from what is, get their values."""
        missing = {*(p.value for p in self.holes), *(d.value for d in self.discrete)}
        unknown = [(slot, slot.value) for slot in self.environment.slots() if isinstance(slot.value, Variable)]
        drawn = [(slot, value) for slot, value in unknown if not missing.intersection(roots_of([value]))]
        if drawn:
            slots, values = zip(*drawn, strict=True)
            for slot, found in zip(slots, self.compute(values), strict=True):
                slot.value = found if found.shape else found[()]

    def check_known(self, d: s.Declaration) -> None:
        """Transformed data must satisfy their constraints."""
        for leaf, slot in zip(leaf_declarations(d), self.environment.visible([d.name]).values(), strict=True):
            problem = violation(self, leaf, np.asarray(slot.value)) if is_known(slot.value) else None
            if problem:
                raise ElaborationError(problem, d.name_span)

    def block(self, statements: Sequence[s.Statement]) -> dict[str, Variable]:
        """Run a block of named quantities; their values."""
        self.execute.run(statements)
        found: dict[str, Variable] = {}
        for d in statements:
            if isinstance(d, s.Declaration):
                for name, slot in self.environment.visible([d.name]).items():
                    found[name] = self.lift(slot.value)
                self.note_dims(d)
        return found

    # ----------------------------------------------------------------------------------- declarations

    def extents(self, declared: s.TypeSyntax) -> tuple[int, ...]:
        """The sizes of a declared type, which must be known."""
        sizes = []
        for extent in declared.extents:
            size = self.evaluate.known_int(extent)
            if size < 0:
                raise ElaborationError(f"a size cannot be negative, but this is {size}", extent.span)
            sizes.append(size)
        return tuple(sizes)

    def note_dims(self, d: s.Declaration) -> None:
        """Axes are named after the variables that give their sizes."""
        for leaf in leaf_declarations(d):
            names = [e.name if isinstance(e, s.Name) else None for e in leaf.type.extents]
            self.dims[leaf.name] = tuple(n if names.count(n) == 1 else None for n in names)

    def body_of(self, definition: s.FunctionDefinition) -> s.FunctionDefinition:
        """The definition with a body that a forward declaration stands for."""
        if definition.body is not None:
            return definition
        wanted = [p.type for p in definition.parameters]
        for other in self.checked.program.functions or ():
            if other.name == definition.name and other.body and [p.type for p in other.parameters] == wanted:
                return other
        return definition

    # ------------------------------------------------------------------------------------- the target

    @property
    def conditional(self) -> bool:
        """Whether what is traced now need not happen exactly once."""
        return self.depth > 0

    def add_term(self, statement: s.Statement | s.Call, value: Variable) -> None:
        """`statement`, or the call of a `_jacobian` function, adds `value`: elementwise if it acts just once."""
        if TARGET in self.environment:
            slot = self.environment.slot(TARGET)
            slot.value = add(slot.value, reduce_sum(value))
        self.collect(statement, value)

    def collect(self, statement: s.Statement | s.Call, value: Variable) -> None:
        """Add to the terms so far what `statement` adds to the target."""
        if self.conditional or statement in self.terms:
            value = reduce_sum(value)
        if statement in self.terms:
            value = add(reduce_sum(self.terms[statement]), value)
        self.terms[statement] = value

    @contextmanager
    def perhaps(self) -> Iterator[None]:
        """What is traced inside need not happen."""
        self.depth += 1
        try:
            yield
        finally:
            self.depth -= 1

    @contextmanager
    def collect_terms(self) -> Iterator[Terms]:
        """Terms added inside go to the dictionary, not to the target; they are conditional."""
        outer, self.terms = self.terms, {}
        try:
            with self.perhaps():
                yield self.terms
        finally:
            self.terms = outer

    @contextmanager
    def trying(self) -> Iterator[None]:
        """What is traced inside is evaluated where a solver happens to look: what is refused there is NaN, no fault."""
        outer, self.drawing, self.explaining = (self.drawing, self.explaining), False, False
        try:
            yield
        finally:
            self.drawing, self.explaining = outer

    def note_observed(self, left: s.Expression) -> None:
        name = steps(left)[0].name if is_part(left) else None
        if name in self.data_names and leaf_name(left) in self.environment.visible([name]):
            self.observed[leaf_name(left)] = None

    @property
    def data_names(self) -> set[str]:
        return {d.name for d in self.checked.program.data or () if isinstance(d, s.Declaration)}

    # -------------------------------------------------------------------------------------- tracing

    @contextmanager
    def inside(self, index: Variable) -> Iterator[None]:
        """The trace of the body of a loop over `index`."""
        self.indexes.append(index)
        try:
            yield
        finally:
            self.indexes.pop()

    def bind_draws(self, variable: Variable) -> Variable:
        """Draws inside loops are new in each iteration."""
        return tie_draws(variable, self.indexes) if self.indexes else variable

    def live_variables(self) -> list[Variable]:
        """The unknown values of all variables in sight, and the indexes of the loops being traced."""
        found = [slot.value for slot in self.environment.slots()]
        return [*self.indexes, *(v for v in found if isinstance(v, Variable) and not isinstance(v, Constant))]

    def save(self, names: frozenset[str]) -> tuple[dict[str, tuple[Slot, Value]], Terms]:
        slots = self.environment.visible(names)
        values = {}
        for name, slot in slots.items():
            if isinstance(slot.value, np.ndarray):
                slot.value.flags.writeable = False
            values[name] = (slot, slot.value)
        return values, dict(self.terms)

    def restore(self, state: tuple[dict[str, tuple[Slot, Value]], Terms]) -> None:
        values, terms = state
        for slot, value in values.values():
            slot.value = value
        self.terms.clear()
        self.terms.update(terms)

    def choose(self, e: s.Ternary) -> Value:
        """`condition ? a : b`: one of them if the condition is known, else an `If`."""
        condition = self.evaluate(e.condition)
        if isinstance(condition, Variable):
            condition = self.assumptions.get(condition, condition)
        if is_known(condition):
            return self.evaluate(e.if_true if condition else e.if_false)
        with self.perhaps():
            a, b = (promote(self.evaluate(v), self.checked.type_of(e)) for v in (e.if_true, e.if_false))
        if shapes_of(a) != shapes_of(b):
            raise ElaborationError("the two values have different sizes", e.span)
        then, otherwise = ([self.lift(leaf) for leaf in leaves_of(v)] for v in (a, b))
        if self.random_values.among(e):
            return rebuilt(a, [switch(ne(condition, 0), x, y) for x, y in zip(then, otherwise, strict=True)])
        return rebuilt(a, map(lower, make_if(ne(condition, 0), then, otherwise, self.live_variables())))

    def printed(self, text: str) -> None:
        """What the program prints while it is elaborated goes to standard error."""
        if not self.explaining:  # it has been printed before
            sys.stderr.write(text + "\n")

    def compute(self, variables: Sequence[Variable]) -> list[np.ndarray]:
        """The values of variables that depend on data only, by compiled code; prints, and raises what the program
        rejects."""
        found, said = self.run(variables)
        sites = list(self.sites)
        for number, values in said:
            site = sites[number]
            if site.kind != "print":
                raise ElaborationError(site.message(values), site.span)
            self.printed(site.message(values))
        return found

    def site(self, site: Site) -> int:
        """The number of a place that speaks at run time."""
        self.sites.setdefault(site, len(self.sites))
        return self.sites[site]

    def last_report(self) -> Variable | None:
        found = self.environment.slot(REPORTS).value if REPORTS in self.environment else 0
        return found if isinstance(found, Variable) else None


def _label(source: s.Statement | s.Call) -> str:
    match source:
        case s.Tilde(left=left):
            return leaf_name(left) if is_part(left) else "~"
        case s.TargetPlus():
            return "target"
        case s.Call(name=name):
            return name
        case _:
            return "reject"


def _is_jacobian(source: s.Statement | s.Call) -> bool:
    return isinstance(source, s.Call) or (isinstance(source, s.TargetPlus) and source.jacobian)


__all__ = ["Elaborator", "Parameter", "elaborate"]
