"""Statements: assignments, target increments, conditions, blocks. Loops are in `loops`, functions in `functions`."""
from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ppl_cli.distributions import DISTRIBUTIONS
from ppl_cli.graph.basic import Variable, constant
from ppl_cli.graph.types import DType
from ppl_cli.language import syntax as s
from ppl_cli.language.checked import ResolvedCall
from ppl_cli.language.diagnostics import ElaborationError, NotSupported
from ppl_cli.language.source import Span
from ppl_cli.model import indexing
from ppl_cli.model.analysis import REPORTS, facts, is_part, leaves, steps
from ppl_cli.model.compounds import Parts, leaves_of, rebuilt
from ppl_cli.model.environment import Group, Place, Slot
from ppl_cli.model.parts import declared
from ppl_cli.model.sites import Kind, Piece, Site, shown
from ppl_cli.model.truncation import truncated_density
from ppl_cli.model.values import (
    Leaf,
    Stretch,
    Value,
    convert,
    dtype_of,
    is_known,
    lower,
    promote,
    shape_of,
    shapes_of,
    shared,
    unset,
)
from ppl_cli.ops.control import make_if
from ppl_cli.ops.random import log_prob, random_variable, truncated
from ppl_cli.ops.reduction import reduce_sum
from ppl_cli.ops.reporting import report
from ppl_cli.ops.scalar_math import eq, ne

if TYPE_CHECKING:
    from ppl_cli.model.elaborate import Elaborator


NEXT, BREAK, RETURN = 0, 1, 2  # how control leaves a body: for the next iteration, the end of the loop, of the function


# What each statement, or call of a `_jacobian` function, adds to the target.
Terms = dict[s.Statement | s.Call, Variable]


class Leaving(Exception):
    """Control leaves a body before its end. `how` is one of the numbers above, or unknown; `value` what is returned."""

    def __init__(self, how: Value, value: Value | None, span: Any) -> None:
        super().__init__()
        self.how = how
        self.value = value
        self.span = span


@dataclass(frozen=True)
class Outcome:
    """What a branch did: terms added, values of the variables that may have changed, how it ended, what it returned."""

    terms: Terms
    values: dict[str, Value]
    how: Value = NEXT
    returned: Value | None = None


def element_of(place: Place, step: s.TupleProjection | s.Call) -> Place:
    """The element of a tuple, or the part of a complex number; a real number is its own real part."""
    if isinstance(place, Slot):
        return place
    return place.elements[step.position - 1 if isinstance(step, s.TupleProjection) else step.name == "get_imag"]


def _path(branch: s.Statement | None) -> tuple[s.Statement, ...]:
    """The statements of a branch."""
    if branch is None:
        return ()
    return branch.statements if isinstance(branch, s.Block) else (branch,)


class Statements:
    """Executes statements for one elaborator."""

    def __init__(self, elaborator: Elaborator) -> None:
        self.el = elaborator

    def run(self, statements: Sequence[s.Statement], rest: Sequence[s.Statement] = ()) -> None:
        """Execute in order, then `rest`, which ends the loop's or the function's body.

        What follows a statement that may leave that body is executed by it, on the paths that do not leave.
        """
        for k, statement in enumerate(statements):
            if type(statement) in _COMPOUND and leaves(statement):
                _COMPOUND[type(statement)](self, statement, (*statements[k + 1 :], *rest))
                return
            self(statement)
        if rest:
            self.run(rest)

    def __call__(self, statement: s.Statement) -> None:
        kind = type(statement)
        try:
            if kind in _COMPOUND:
                _COMPOUND[kind](self, statement, ())
            else:
                _EXECUTE[kind](self, statement)
        except RecursionError:
            raise ElaborationError("this is nested too deeply", statement.span) from None

    # ------------------------------------------------------------------------ declarations, assignments

    def declaration(self, d: s.Declaration) -> None:
        place = declared(d, self.unset)
        self.el.environment.declare(d.name, place)
        if d.value is not None:
            value = promote(self.el.evaluate(d.value), self.el.checked.variables[d])
            self.store(place, [], value, d.name, d.value.span)

    def unset(self, leaf: s.Declaration) -> Slot:
        stretch = self.el.stretches.declared(leaf)
        if stretch is not None:
            return Slot(stretch, (), "float64")
        shape = self.el.extents(leaf.type)
        kind: DType = "int64" if leaf.type.base == "int" else "float64"
        return Slot(unset(shape, kind), shape, kind)

    def store(self, place: Place, positions: Sequence[indexing.Position], value: Value, name: str, span: Span) -> None:
        """place[positions] = value, of the same structure; `name` is that of the variable."""
        if isinstance(place, Group):
            assert isinstance(value, Parts)
            for element, part in zip(place.elements, value.elements, strict=True):
                self.store(element, positions, part, name, span)
        elif any(isinstance(v, Stretch) for v in (place.value, value, *(p.value for p in positions))):
            place.value = self.el.stretches.write(place.value, positions, value, span)
        elif positions:
            place.value = indexing.write(place.value, positions, convert(value, place.dtype), span, self.el.lift)
        elif shape_of(value) != place.shape:
            found, wanted = list(shape_of(value)), list(place.shape)
            raise ElaborationError(f"the value has size {found}, but `{name}` is declared with size {wanted}", span)
        else:
            place.value = shared(convert(value, place.dtype))

    def assignment(self, a: s.Assignment) -> None:
        value = self.el.evaluate(a.value)
        if a.operator != "=":
            old = self.el.evaluate(a.target)
            value = self.combine(a, old, value)
        self.assign(a.target, value, a)

    def assign(self, target: s.Expression, value: Value, a: s.Assignment) -> None:
        """target = value, which `a` says; a tuple of targets takes the elements of a tuple."""
        if isinstance(target, s.TupleLiteral):
            assert isinstance(value, Parts)
            for element, part in zip(target.elements, value.elements, strict=True):
                self.assign(element, part, a)
            return
        place, positions = self.destination(target)
        if isinstance(place, Group):
            value = promote(value, self.el.checked.type_of(target))
        self.store(place, positions, value, target.span.text, a.span if positions else a.value.span)

    def combine(self, a: s.Assignment, old: Value, value: Value) -> Value:
        types = (self.el.checked.type_of(a.target), self.el.checked.type_of(a.value))
        return self.el.evaluate.combine(a.operator[:-1], types, (old, value), a.span, types[0])

    def destination(self, target: s.Expression) -> tuple[Place, list[indexing.Position]]:
        """Where `x[..].1[..]` is: a later index continues where single ones before it stopped."""
        base, chain = steps(target)
        place = self.el.environment[base.name]
        positions: list[indexing.Position] = []
        for part in chain:
            if not isinstance(part, s.Index):
                place = element_of(place, part)
                continue
            if any(p.multiple for p in positions):
                raise NotSupported("assignments to an index of a multi-index are", part.span)
            positions += self.el.evaluate.positions(part.indices, place.shape[len(positions) :])
        return place, positions

    # -------------------------------------------------------------------------------------- the target

    def tilde(self, t: s.Tilde) -> None:
        call, left = t.distribution, self.el.evaluate(t.left)
        resolved = self.el.checked.call_of(call) if isinstance(call, s.Call) else None
        if resolved is None or resolved.suffix not in (s.Suffix.LPDF, s.Suffix.LPMF):
            self.el.random_values.tilde(t, left)
            return
        assert isinstance(call, s.Call)
        if resolved.functions:
            self.el.note_observed(t.left)
            self.el.add_term(t, self.el.lift(self.el.higher_order(call, resolved, [left])))
            return
        arguments = [self.el.evaluate(a) for a in call.arguments]
        self.el.note_observed(t.left)
        if resolved.definition is not None:
            value = self.el.lift(self.el.functions.apply(resolved.definition, [left, *arguments], t.span))
            if t.truncation:
                value = truncated_density(self.el, t, resolved, value, left, arguments)
            self.el.add_term(t, value)
            return
        assert resolved.signature is not None
        arguments = self.el.supports.checked(resolved.signature, call.arguments, arguments)
        if any(isinstance(v, Stretch) for v in (left, *arguments)):
            self.stretched_tilde(t, call, resolved, left, arguments)
            return
        try:
            found = self.el.library.law(resolved.base, [self.el.lift(a) for a in arguments])
            if found is None:
                self.density_call(t, call, resolved, left, arguments)
                return
            law, parameters = found
            value, bounds = self.el.lift(left), self.bounds(t.truncation)
            cut = value.ndim - law.event_ndim
            rv = self.el.bind_draws(random_variable(law, *parameters, batch=value.shape[:cut], event=value.shape[cut:]))
        except (TypeError, ValueError) as error:
            raise ElaborationError(f"the sizes do not agree: {error}", t.span) from error
        if bounds:
            rv = truncated(rv, *bounds)
        self.el.add_term(t, log_prob(rv, value, law.event_ndim, self.el.lift(self.positions_of(t.left))))

    def stretched_tilde(
        self, t: s.Tilde, call: s.Call, resolved: ResolvedCall, left: Value, arguments: list[Value]
    ) -> None:
        """With vectors among the arguments whose length is not known."""
        law = DISTRIBUTIONS.get(resolved.base)
        if law is None or len(law.parameters) != len(arguments):
            self.density_call(t, call, resolved, left, arguments)
            return
        bounds = self.bounds(t.truncation)
        density = self.el.stretches.density(law, bounds, (left, self.positions_of(t.left), *arguments), t.span)
        self.el.add_term(t, density)

    def positions_of(self, left: s.Expression) -> Value:
        """Which elements of its variable the left side of `~` is; -1 for an expression that is not part of one."""
        if not is_part(left):
            return -1
        base, chain = steps(left)
        place = self.el.environment[base.name]
        for part in chain:
            if not isinstance(part, s.Index):
                place = element_of(place, part)
        shape = place.shape
        found: Leaf = np.arange(int(np.prod(shape))).reshape(shape) if shape else 0
        for part in chain:
            if isinstance(part, s.Index):
                positions = self.el.evaluate.positions(part.indices, shape_of(found))
                found = indexing.read(found, positions, part.span, self.el.lift)
        return found

    def density_call(
        self, t: s.Tilde, call: s.Call, resolved: ResolvedCall, left: Value, arguments: list[Value]
    ) -> None:
        """A form of a distribution that is only a density, such as a state space model."""
        assert resolved.signature is not None
        if t.truncation:
            raise NotSupported(f"truncation of `{resolved.base}` is", t.truncation.span)
        implementation = self.el.library.implementation(resolved.signature)
        types = tuple(self.el.checked.type_of(e) for e in (t.left, *call.arguments))
        value = self.el.evaluate.build(
            lambda *a: implementation(*a, types=types), [left, *arguments], t.span, resolved.result
        )
        self.el.add_term(t, self.el.lift(value))

    def bounds(self, truncation: s.Truncation | None) -> list[Variable]:
        """The lower and the upper bound, or none."""
        if truncation is None:
            return []
        pairs = ((truncation.lower, -np.inf), (truncation.upper, np.inf))
        return [self.el.lift(missing if bound is None else self.el.evaluate(bound)) for bound, missing in pairs]

    def target_plus(self, t: s.TargetPlus) -> None:
        value = self.el.lift(convert(self.el.evaluate(t.value), "float64"))
        self.el.add_term(t, reduce_sum(value) if value.shape else value)

    def call_statement(self, c: s.CallStatement) -> None:
        resolved = self.el.checked.call_of(c.call)
        if resolved.definition is None:
            raise NotSupported(f"`{c.call.name}` as a statement is", c.span)
        self.el.functions.call(resolved.definition, c.call)

    # -------------------------------------------------------------------------------- control and output

    def block(self, b: s.Block | s.Profile, rest: Sequence[s.Statement]) -> None:
        with self.el.environment.scope():
            self.run(b.statements, rest)

    def if_else(self, f: s.IfElse, rest: Sequence[s.Statement]) -> None:
        """One branch if the condition is known, else both; then `rest`."""
        condition = self.el.evaluate(f.condition)
        if isinstance(condition, Variable):
            condition = self.el.assumptions.get(condition, condition)
        if is_known(condition):
            with self.el.environment.scope():
                self.run(_path(f.then if condition else f.otherwise), rest)
            return
        self.branch(
            (f, *rest),
            ne(condition, 0),
            lambda: self.run(_path(f.then), rest),
            lambda: self.run(_path(f.otherwise), rest),
        )

    def branch(
        self, statements: Sequence[s.Statement], condition: Variable, *paths: Callable[[], None]
    ) -> None:
        """Both paths from the same state, joined by an `If`; `statements` are all that may be executed on them."""
        slots = self.el.environment.visible(frozenset().union(*(facts(r).assigns for r in statements)))
        before = {name: slot.value for name, slot in slots.items()}
        outer = self.el.live_variables()
        outcomes = []
        for path in paths:
            for name, slot in slots.items():
                slot.value = shared(before[name])
            how: Value = NEXT
            returned: Value | None = None
            with self.el.collect_terms() as terms, self.el.environment.scope():
                try:
                    path()
                except Leaving as jump:
                    how, returned = jump.how, jump.value
            outcomes.append(Outcome(terms, {name: slot.value for name, slot in slots.items()}, how, returned))
        self.join(statements[0].span, condition, slots, before, outcomes, outer)

    def join(
        self,
        span: Span,
        condition: Variable,
        slots: dict[str, Slot],
        before: dict[str, Value],
        outcomes: list[Outcome],
        outer: list[Variable],
    ) -> None:
        """Give the variables and the terms their values after both branches; leave as they did."""
        then, otherwise = outcomes
        changed = [n for n in slots if any(o.values[n] is not before[n] for o in outcomes)]
        labels = [*then.terms, *(t for t in otherwise.terms if t not in then.terms)]
        shapes = {t: (then.terms if t in then.terms else otherwise.terms)[t].shape for t in labels}
        returned = [o.returned for o in outcomes if o.returned is not None]
        if len(returned) == 2 and shapes_of(returned[0]) != shapes_of(returned[1]):
            raise ElaborationError("the branches return values of different sizes", span)
        results = []
        for o in outcomes:
            parts = [self.el.lift(convert(o.values[n], slots[n].dtype)) for n in changed]
            parts += [o.terms.get(t, constant(np.zeros(shapes[t]))) for t in labels]
            parts.append(self.el.lift(o.how))
            if o.returned is not None:
                parts += map(self.el.lift, leaves_of(o.returned))
            elif returned:
                parts += [constant(np.zeros(shape_of(v), dtype_of(v))) for v in leaves_of(returned[0])]
            results.append(parts)
        joined = make_if(condition, results[0], results[1], outer)
        for name, value in zip(changed, joined, strict=False):
            slots[name].value = lower(value)
        for name in slots.keys() - set(changed):
            slots[name].value = before[name]
        for statement, value in zip(labels, joined[len(changed) :], strict=False):
            self.el.collect(statement, value)
        same = is_known(then.how) and is_known(otherwise.how) and then.how == otherwise.how
        how = then.how if same else joined[len(changed) + len(labels)]
        if isinstance(how, Variable) or how != NEXT:
            ends = map(lower, joined[len(changed) + len(labels) + 1 :])
            raise Leaving(how, rebuilt(returned[0], ends) if returned else None, span)

    def loop(self, loop: s.For | s.ForEach | s.While, rest: Sequence[s.Statement]) -> None:
        """The loop, then `rest` unless the loop ended with a `return`."""
        returned = self.el.loops(loop)
        if returned is None:
            self.run(rest)
            return

        def leave() -> None:
            raise Leaving(RETURN, returned.value, returned.span)

        self.branch((loop, *rest), eq(returned.how, RETURN), leave, lambda: self.run(rest))

    def print_(self, p: s.Print) -> None:
        parts = self.parts(p)
        if not self.el.conditional and all(isinstance(v, str) or is_known(v) for v in parts):
            self.el.printed("".join(map(shown, parts)))
        else:
            self.report("print", p, parts)

    def reject(self, r: s.Reject | s.FatalError) -> None:
        parts = self.parts(r)
        if not self.el.conditional:
            text = "".join("…" if isinstance(part, Variable) else shown(part) for part in parts)
            raise ElaborationError(f"the program rejects: {text}", r.span)
        self.el.add_term(r, constant(-np.inf))
        self.report("reject" if isinstance(r, s.Reject) else "fatal_error", r, parts)

    def parts(self, statement: s.Print | s.Reject | s.FatalError) -> list[str | Leaf]:
        found: list[str | Leaf] = []
        for a in statement.arguments:
            found += [a.value] if isinstance(a, s.StringLiteral) else self.el.evaluate.pieces(a)
        return found

    def report(self, kind: Kind, statement: s.Statement, parts: Sequence[str | Leaf]) -> None:
        """Write the message down at run time."""
        values = [self.el.lift(v) for v in parts if not isinstance(v, str)]
        pieces = tuple(v if isinstance(v, str) else Piece(shape_of(v), dtype_of(v)) for v in parts)
        number = self.el.site(Site(kind, statement.span, pieces))
        slot = self.el.environment.slot(REPORTS)
        slot.value = report(number, self.el.lift(slot.value), values, fault=kind != "print")

    def return_(self, r: s.Return) -> None:
        value = None if r.value is None else self.el.evaluate(r.value)
        if value is not None and not isinstance(value, Stretch):
            value = promote(value, self.el.environment.returns)
        raise Leaving(RETURN, value, r.span)

    def leave(self, b: s.Break | s.Continue) -> None:
        raise Leaving(BREAK if isinstance(b, s.Break) else NEXT, None, b.span)


_EXECUTE: dict[type, Callable[[Statements, Any], None]] = {
    s.Declaration: Statements.declaration,
    s.Assignment: Statements.assignment,
    s.Tilde: Statements.tilde,
    s.TargetPlus: Statements.target_plus,
    s.CallStatement: Statements.call_statement,
    s.Print: Statements.print_,
    s.Reject: Statements.reject,
    s.FatalError: Statements.reject,
    s.Return: Statements.return_,
    s.Break: Statements.leave,
    s.Continue: Statements.leave,
}

# Statements that hold others: they execute what follows them in the same body, too, if they may leave it.
_COMPOUND: dict[type, Callable[[Statements, Any, Sequence[s.Statement]], None]] = {
    s.Block: Statements.block,
    s.Profile: Statements.block,
    s.IfElse: Statements.if_else,
    s.For: Statements.loop,
    s.ForEach: Statements.loop,
    s.While: Statements.loop,
}
