"""Loops of the program: run one by one over data, or traced once into a `Loop` over a symbolic index.

A body is traced a single time whatever the number of iterations. Only where a size or a bound inside depends on the
index are the iterations sorted into groups that agree on it, each traced once; where that would change the meaning,
they are unrolled in order.
"""
from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from time import perf_counter
from typing import TYPE_CHECKING

import numpy as np

from ppl_cli.graph.basic import Constant, Variable, as_variable, constant, root
from ppl_cli.graph.traversal import clone_replace, dependents, roots_of
from ppl_cli.language import syntax as s
from ppl_cli.language.diagnostics import NotSupported
from ppl_cli.model.analysis import REPORTS, facts
from ppl_cli.model.compounds import Parts, each, leaves_of, rebuilt
from ppl_cli.model.environment import Slot, place_of
from ppl_cli.model.expressions import evaluate_over
from ppl_cli.model.statements import BREAK, NEXT, RETURN, Leaving, Terms
from ppl_cli.model.values import NeedsValue, Value, convert, is_known, lower, shape_of
from ppl_cli.ops.control import make_loop
from ppl_cli.ops.indexing import gather
from ppl_cli.ops.scalar_math import add, eq, mul, ne, switch, to_int

if TYPE_CHECKING:
    from ppl_cli.model.elaborate import Elaborator

MOST_UNROLLED = 20_000  # iterations of a loop whose body has to be traced for each


Elements = Variable | Parts  # what a for-each loop visits
MOST_GROUPS = 16  # sizes that iterations are grouped by before vectors of unknown length are tried
FOREVER = 2**62  # iterations of a loop that ends on a condition only


@dataclass(frozen=True)
class Trace:
    """One iteration: roots for the variables at its start, their values at its end, terms added, how control left
    it."""

    carried: list[Variable]
    results: list[Variable]
    terms: Terms
    how: Value
    returned: Value | None


class Patience:
    """When a loop of so many iterations (-1: nobody knows) over data has become too slow to be run one by one."""

    def __init__(self, iterations: int = -1) -> None:
        self.iterations = iterations
        self.done = 0
        self.begin = perf_counter()

    def is_over(self) -> bool:
        """Asked before each iteration. Compiling takes some tenths of a second; it is tried once."""
        self.done += 1
        if self.done % 64 or self.done < 0:
            return False
        elapsed = perf_counter() - self.begin
        left = elapsed if self.iterations < 0 else elapsed / self.done * (self.iterations - self.done)
        if elapsed < 0.1 or left < 0.4:
            return False
        self.done = -(2**62)
        return True


def element(elements: Elements, k: Variable | int) -> Value:
    """What a for-each loop visits at position k, from 0."""

    def visited(leaf: Variable) -> Value:
        return leaf.data[k] if isinstance(leaf, Constant) and isinstance(k, int) else gather(leaf, k)

    return each(visited, elements)


class Loops:
    """Executes loops for one elaborator."""

    def __init__(self, elaborator: Elaborator) -> None:
        self.el = elaborator

    def __call__(self, loop: s.For | s.ForEach | s.While) -> Leaving | None:
        """Execute the loop. If it may have ended with a `return`, how it ended: RETURN or not, and with what value."""
        try:
            match loop:
                case s.While():
                    return self.while_(loop)
                case s.For():
                    return self.for_(loop)
                case s.ForEach():
                    return self.for_each(loop)
        except Leaving as jump:
            if is_known(jump.how):
                raise
            return jump

    def while_(self, loop: s.While) -> Leaving | None:
        if not self.is_data(loop):
            state = self.el.save(facts(loop).assigns)
            try:
                return self.trace(loop, root("step", "int64"), 0, FOREVER)
            except NeedsValue as need:
                self.el.restore(state)
                self.while_in_order(loop, need)
                return None
        self.while_in_order(loop)
        return None

    def while_in_order(self, loop: s.While, need: NeedsValue | None = None) -> None:
        """One iteration after the other; `need` is why they cannot be traced at once."""
        patience = Patience()
        while True:
            if patience.is_over() and self.compiled(loop, 0, FOREVER):
                return
            condition = self.el.evaluate(loop.condition)
            if not is_known(condition):
                if need is not None and self.el.indexes:
                    raise need  # it may be known when the loop around is run in order
                raise NotSupported(
                    "a `while` whose condition depends on parameters and whose sizes change is", loop.condition.span
                )
            if not condition or self.once(loop, lambda: self.while_in_order(loop, need)):
                return

    def for_(self, loop: s.For) -> Leaving | None:
        bounds = [self.el.evaluate(loop.lower), self.el.evaluate(loop.upper)]
        low, high = (self.el.assumptions.get(b, b) if isinstance(b, Variable) else b for b in bounds)
        if is_known(low) and is_known(high):
            first, last = int(low), int(high)
            if last - first < 1 or self.is_data(loop):
                self.in_order(loop, range(first, last + 1), Patience(last - first))
                return None
        return self.trace_or_unroll(loop, low, high)

    def for_each(self, loop: s.ForEach) -> Leaving | None:
        values = self.el.evaluate(loop.iterable)
        if str(self.el.checked.type_of(loop.iterable)) in ("matrix", "complex_matrix"):  # visited row by row
            rows, columns = np.unravel_index(np.arange(np.prod(shape_of(values))), shape_of(values))
            values = each(lambda v: lower(gather(self.el.lift(v), rows, columns)), values)
        n = shape_of(values)[0]
        if is_known(values) and self.is_data(loop):
            self.in_order(loop, [each(lambda v, k=k: v[k], values) for k in range(n)], Patience(n))
            return None
        return self.trace_or_unroll(loop, 1, n, each(self.el.lift, values))

    # ------------------------------------------------------------------------------------- in order

    def in_order(
        self, loop: s.For | s.ForEach, values: range | Sequence[Value], patience: Patience | None = None
    ) -> None:
        """One iteration after the other; over data, the rest is compiled when that takes long."""
        for k, value in enumerate(values):
            if patience and patience.is_over():
                if isinstance(values, range):
                    done = self.compiled(loop, values[k], values[-1])
                else:
                    rest = each(lambda *leaves: constant(np.asarray(leaves)), *values[k:])
                    done = self.compiled(loop, 1, len(values) - k, rest)
                if done:
                    return
            if self.once(loop, lambda k=k: self.in_order(loop, values[k + 1 :]), loop.variable, value):  # type: ignore[misc]
                return

    def once(
        self,
        loop: s.For | s.ForEach | s.While,
        others: Callable[[], None],
        variable: str | None = None,
        value: Value = 0,
    ) -> bool:
        """One iteration; whether no other is left to be executed. `others` executes all that follow."""
        jump = Leaving(NEXT, None, loop.span)
        with self.el.environment.scope():
            if variable is not None:
                self.declare_index(variable, value)
            try:
                self.el.execute(loop.body)
            except Leaving as leaving:
                jump = leaving
        if is_known(jump.how):
            if jump.how == RETURN:
                raise jump
            return bool(jump.how == BREAK)

        def leave() -> None:  # after a `break` the function goes on
            if facts(loop).returns:
                raise Leaving(lower(mul(to_int(eq(jump.how, RETURN)), RETURN)), jump.value, jump.span)

        self.el.execute.branch((loop,), ne(jump.how, NEXT), leave, others)
        return True

    def compiled(
        self, loop: s.For | s.ForEach | s.While, low: int, high: int, elements: Elements | None = None
    ) -> bool:
        """Compile the loop over low..high, all of whose variables are known, and run it; False if that cannot be
        done."""
        names = facts(loop).assigns
        state = self.el.save(names)
        try:
            jump = self.trace(loop, root("step", "int64"), low, high, elements)
            slots = self.el.environment.visible(names)
            if REPORTS in slots and not is_known(slots[REPORTS].value):
                raise NotImplementedError("printing in order")
            wanted = {name: v.value for name, v in slots.items() if isinstance(v.value, Variable)}
            ends = [self.el.lift(v) for v in (jump.how, *leaves_of(jump.value)) if v is not None] if jump else []
            found = self.el.compute([*wanted.values(), *ends])
        except (NeedsValue, NotSupported, NotImplementedError):
            self.el.restore(state)
            return False
        for name, array in zip(wanted, found, strict=False):
            slots[name].value = array if array.shape else array[()]
        if jump and int(found[len(wanted)]) == RETURN:
            value = None if jump.value is None else rebuilt(jump.value, found[len(wanted) + 1 :])
            raise Leaving(RETURN, value, jump.span)
        return True

    def declare_index(self, name: str, value: Value) -> None:
        self.el.environment.declare(name, place_of(value))

    def is_data(self, loop: s.For | s.ForEach | s.While) -> bool:
        """Whether the body reads and does nothing that is unknown, so that it can simply be run."""
        found = facts(loop)
        if found.density or found.random:
            return False
        slots = self.el.environment.visible(found.reads | found.assigns).values()
        return all(is_known(slot.value) for slot in slots)

    # --------------------------------------------------------------------------------------- tracing

    def trace_or_unroll(
        self, loop: s.For | s.ForEach, low: Value, high: Value, elements: Elements | None = None
    ) -> Leaving | None:
        """Trace the loop over low..high; `elements` are what a for-each loop visits."""
        index = root(loop.variable, "int64")
        state = self.el.save(facts(loop).assigns)
        try:
            return self.trace(loop, index, low, high, elements)
        except NeedsValue as first:
            need = first
        self.el.restore(state)
        dependent = need.variable in dependents([need.variable], [index])
        if not (dependent or self.carries(need.variable)):
            raise need
        if not (is_known(low) and is_known(high)):  # they may be when the loop around is run in order
            raise NeedsValue(next(v for v in (low, high) if isinstance(v, Variable)), need.span)
        bounds = int(low), int(high)
        attempts: list[Callable[[], Leaving | None]] = [
            lambda: self.by_groups(loop, index, *bounds, elements, need, MOST_GROUPS),
            lambda: self.by_stretches(loop, index, *bounds, elements),
            lambda: self.by_groups(loop, index, *bounds, elements, need),
            lambda: self.unrolled(loop, *bounds, elements, need),
        ]
        for attempt in attempts:
            try:
                return attempt()
            except NeedsValue as other:
                self.el.restore(state)
                last = other
        raise last  # what is needed even when this loop is run in order

    def unrolled(
        self, loop: s.For | s.ForEach, low: int, high: int, elements: Elements | None, need: NeedsValue
    ) -> None:
        if high - low >= MOST_UNROLLED:
            raise NotSupported("a size that changes from one to the next of so many iterations is", need.span)
        values = range(low, high + 1)
        self.in_order(loop, values if elements is None else [element(elements, k - 1) for k in values])

    def by_stretches(
        self, loop: s.For | s.ForEach, index: Variable, low: int, high: int, elements: Elements | None
    ) -> Leaving | None:
        """One trace in which vectors may have a length that is not known."""
        outer, self.el.stretching = self.el.stretching, True
        try:
            return self.trace(loop, index, low, high, elements)
        finally:
            self.el.stretching = outer

    def carries(self, variable: Variable) -> bool:
        """Whether `variable` depends on a value that this loop carried while it was traced."""
        return variable in dependents([variable], self.el.retired_roots)

    def trace(
        self,
        loop: s.For | s.ForEach | s.While,
        index: Variable,
        low: Value,
        high: Value,
        elements: Elements | None = None,
    ) -> Leaving | None:
        slots = self.el.environment.visible(facts(loop).assigns)
        trace = self.body(loop, index, slots, elements)
        return self.close(loop, index, slots, trace, low, high)

    def body(
        self, loop: s.For | s.ForEach | s.While, index: Variable, slots: dict[str, Slot], elements: Elements | None
    ) -> Trace:
        """One trace of an iteration."""
        carried = [root(name, slot.dtype, slot.shape) for name, slot in slots.items()]
        self.el.retired_roots.update(carried)
        before = {name: slot.value for name, slot in slots.items()}
        for slot, start in zip(slots.values(), carried, strict=True):
            slot.value = start
        jump = Leaving(NEXT, None, loop.span)
        try:
            with self.el.inside(index), self.el.collect_terms() as terms, self.el.environment.scope():
                if not isinstance(loop, s.While):
                    value = index if elements is None else element(elements, add(index, -1))
                    self.declare_index(loop.variable, value)
                try:
                    self.el.execute(loop.body)
                except Leaving as leaving:
                    jump = leaving
            how = jump.how
            if isinstance(loop, s.While):
                with self.el.inside(index):
                    how = lower(switch(ne(how, NEXT), how, self.finished(loop)))
            results = [self.el.lift(convert(slot.value, slot.dtype)) for slot in slots.values()]
        finally:
            for name, slot in slots.items():
                slot.value = before[name]
        return Trace(carried, results, terms, how, jump.value)

    def finished(self, loop: s.While) -> Value:
        """BREAK if the condition of the loop does not hold now, else NEXT."""
        return switch(ne(self.el.lift(self.el.evaluate(loop.condition)), 0), NEXT, BREAK)

    def close(
        self,
        loop: s.For | s.ForEach | s.While,
        index: Variable,
        slots: dict[str, Slot],
        trace: Trace,
        low: Value,
        high: Value,
    ) -> Leaving | None:
        """Make the `Loop` and give the variables their values after it."""
        sums = [root("target", "float64", v.shape) for v in trace.terms.values()]
        totals = [add(total, v) for total, v in zip(sums, trace.terms.values(), strict=True)]
        carried, results = [*trace.carried, *sums], [*trace.results, *totals]
        initial = [self.el.lift(slot.value) for slot in slots.values()]
        initial += [constant(np.zeros(v.shape)) for v in trace.terms.values()]
        stops = isinstance(trace.how, Variable) or trace.how != NEXT
        if stops:  # how control left is carried first, what is returned last
            first = self.finished(loop) if isinstance(loop, s.While) else constant(NEXT)
            carried, initial = [root("leaving", "int64"), *carried], [as_variable(first), *initial]
            results = [self.el.lift(trace.how), *results]
            if trace.returned is not None:
                for value in map(self.el.lift, leaves_of(trace.returned)):
                    carried.append(root("returned", value.dtype, value.shape))
                    initial.append(constant(np.zeros(value.shape, value.dtype)))
                    results.append(value)
        stop = lower(add(self.el.lift(high), 1)) if not is_known(high) else int(high) + 1
        start = int(low) if is_known(low) else low
        self.el.loop_spans[index] = loop.span
        outputs = make_loop(index, carried, results, as_variable(start), as_variable(stop), initial, stops=stops)
        how, *outputs = outputs if stops else [constant(NEXT), *outputs]
        for slot, value in zip(slots.values(), outputs, strict=False):
            slot.value = lower(value)
        for statement, value in zip(trace.terms, outputs[len(slots) :], strict=False):
            self.el.collect(statement, value)
        if stops and facts(loop).returns:
            ends = outputs[len(slots) + len(trace.terms) :]
            return Leaving(how, None if trace.returned is None else rebuilt(trace.returned, ends), loop.span)
        return None

    # --------------------------------------------------------------------------------------- grouping

    def by_groups(
        self,
        loop: s.For | s.ForEach,
        index: Variable,
        low: int,
        high: int,
        elements: Elements | None,
        need: NeedsValue,
        most: int = MOST_UNROLLED,
    ) -> None:
        """Trace the loop once for each of at most so many values that `need` takes, if the order of iterations is
        free."""
        if roots_of([need.variable]) != [index]:
            raise need
        if self.el.environment.visible(facts(loop).assigns):  # their values would depend on the order of the groups
            raise need
        if len(np.unique(evaluate_over(need.variable, index, np.arange(low, high + 1)))) > most:
            raise need
        for values in self.groups(need, index, np.arange(low, high + 1)):
            trace = self.grouped_body(loop, index, elements, values)
            if trace.how != NEXT:
                raise need
            step = root(loop.variable, "int64")
            closed = clone_replace(list(trace.terms.values()), {index: gather(constant(values), step)})
            trace = replace(trace, terms=dict(zip(trace.terms, closed, strict=True)))
            self.close(loop, step, {}, trace, 0, len(values) - 1)

    def groups(self, need: NeedsValue, index: Variable, values: np.ndarray) -> Iterator[np.ndarray]:
        """The index values sorted by what `need` takes there, each group with that assumption in force."""
        taken = evaluate_over(need.variable, index, values)
        for value in np.unique(taken):
            self.el.assumptions[need.variable] = int(value)
            try:
                yield values[taken == value]
            finally:
                del self.el.assumptions[need.variable]

    def grouped_body(
        self, loop: s.For | s.ForEach, index: Variable, elements: Elements | None, values: np.ndarray
    ) -> Trace:
        """A trace that takes further sizes as assumed if the whole group agrees on them."""
        added: list[Variable] = []
        try:
            while True:
                try:
                    return self.body(loop, index, {}, elements)
                except NeedsValue as need:
                    if roots_of([need.variable]) != [index]:
                        raise
                    taken = np.unique(evaluate_over(need.variable, index, values))
                    if len(taken) > 1:
                        raise
                    self.el.assumptions[need.variable] = int(taken[0])
                    added.append(need.variable)
        finally:
            for variable in added:
                del self.el.assumptions[variable]
