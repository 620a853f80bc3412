"""A piece of straight code: variables to deliver in, statements out.

Chains of writes (`SetAt`, `AddAt`, loops that carry a tensor) share one buffer where nothing else needs the value in
between; what only one iteration of a shared loop needs is kept in a local or in a buffer without the loop's axis.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import prod

from ppl_cli.compiler.emit import Emitter, Place
from ppl_cli.compiler.emit_sinks import emit_groups
from ppl_cli.compiler.memory import Memory
from ppl_cli.compiler.schedule import Dependencies, Group, common_depth, schedule
from ppl_cli.compiler.sink_rules import overwritten, sinks_of, stored_for_readers
from ppl_cli.compiler.sinks import (
    Axes,
    OpaqueSink,
    ReduceSink,
    ScatterSink,
    Sink,
    StoreSink,
    accesses,
    aligned,
    inputs_along,
    is_inline,
    own_axes,
)
from ppl_cli.graph.basic import Apply, Constant, Variable
from ppl_cli.graph.traversal import toposort


@dataclass(frozen=True)
class Plan:
    """What a region carries out: its sinks, and for each variable written in place whose buffer it takes over."""

    sinks: Sequence[Sink]
    bases: Mapping[Variable, Variable]

    def writers(self) -> dict[Variable, list[Sink]]:
        found: dict[Variable, list[Sink]] = {}
        for sink in self.sinks:
            for v in sink.outputs:
                found.setdefault(v, []).append(sink)
        return found

    def readers(self) -> dict[Variable, list[tuple[Sink, Axes]]]:
        found: dict[Variable, list[tuple[Sink, Axes]]] = {}
        for sink in self.sinks:
            for v, axes in sink.reads:
                found.setdefault(v, []).append((sink, axes))
        return found


class Region:
    """`stored`: variables that shall be stored although they could be computed where they are read.

    `mutable`: stored variables (carried tensors) that the region may overwrite once all their readers have run.
    """

    def __init__(
        self, emitter: Emitter, memory: Memory, stored: set[Variable], mutable: Sequence[Variable] = ()
    ) -> None:
        self.emitter = emitter
        self.memory = memory
        self.stored = stored
        self.mutable = set(mutable)
        self.level = emitter.depth
        self.before = emitter.placed()
        self.wanted: list[Variable] = []
        self.copies: dict[Variable, Variable] = {}  # what is stored once more, and the stand-in for its copy
        self.fixed: dict[Variable, Place] = {}  # places given by the caller
        self.places: dict[Variable, Place] = {}  # where variables will be, once their sinks have run
        self.bases: dict[Variable, Variable] = {}  # for variables written in place: whose buffer they take over
        self.pending: Counter[Variable] = Counter()  # how many sinks have still to write each variable
        self.sums: dict[ReduceSink, str] = {}  # the local variable of each sum whose loop is open

    def inside(self, mutable: Sequence[Variable] = ()) -> Region:
        """A region for the body that is open now."""
        return Region(self.emitter, self.memory, self.stored, mutable)

    def deliver(self, v: Variable, place: Place) -> None:
        """Have the value of `v` stored at `place`."""
        if not v.type.size:
            return
        if v.owner is not None and v not in self.before and v not in self.wanted:
            self.fixed[v] = place
            self.wanted.append(v)
        else:
            copy = Variable(v.type)
            self.copies[copy] = v
            self.fixed[copy] = place

    def keep(self, v: Variable) -> None:
        """Have the value of `v` ready when the region is done."""
        if v in self.before:
            self.mutable.discard(v)
        elif not isinstance(v, Constant):
            self.wanted.append(v)

    def emit(self) -> None:
        """Schedule and emit everything."""
        refused: set[Variable] = set()
        staged: set[Variable] = set()
        while True:
            plan = self._plan(refused, staged)
            dependencies = Dependencies(plan.sinks)
            clash = _protect_readers(plan, dependencies)
            if clash is None:
                break
            value = clash.staged_value()
            if value is None or value in staged:
                refused.add(clash.written)
            else:
                staged.add(value)
        groups = schedule(dependencies.order(plan.sinks), dependencies)
        self._assign_places(plan, groups)
        self.bases = dict(plan.bases)
        self.pending = Counter(v for sink in plan.sinks for v in sink.outputs)
        emit_groups(self, groups)

    def publish(self, v: Variable, place: Place | None = None) -> None:
        """A sink has written `v` at `place`, or where it was meant to be; what it was written over is lost."""
        self.pending[v] -= 1
        if v in self.bases:
            self.emitter.forget(self.bases[v])
        if not self.pending[v]:
            self.emitter.publish(v, place or self.places[v])

    # ------------------------------------------------------------------------------------------- plan

    def _plan(self, refused: set[Variable], staged: set[Variable]) -> Plan:
        nodes = toposort([*self.wanted, *self.copies.values()], stop=self.before)
        stored = {*staged, *self.wanted, *stored_for_readers(nodes, self.before), *(self.stored - self.before)}
        bases = self._bases(nodes, refused)
        sinks: list[Sink] = []
        for node in nodes:
            sinks += sinks_of(node, stored, bases)
        for copy, v in self.copies.items():
            sinks.append(StoreSink(copy, v.shape, [(v, own_axes(v.shape))], source=v))
        plan = Plan(sinks, bases)
        self._find_reads(plan)
        return plan

    def _bases(self, nodes: Sequence[Apply], refused: set[Variable]) -> dict[Variable, Variable]:
        """Which results take over the buffer of what they are based on."""
        readers: dict[Variable, int] = {}
        for node in nodes:
            for v in set(node.inputs):
                readers[v] = readers.get(v, 0) + 1
        final = {*self.wanted, *self.copies.values()}
        bases: dict[Variable, Variable] = {}
        taken: set[Variable] = set()
        for node in nodes:
            for v, base in overwritten(node):
                owned = (
                    base.owner is not None and base not in self.before and not is_inline(base) and readers[base] == 1
                )
                free = v.dtype == base.dtype and (owned or base in self.mutable or base in bases)
                if free and v not in refused and base not in final and base not in taken:
                    bases[v] = base
                    taken.add(base)
        return bases

    def _find_reads(self, plan: Plan) -> None:
        """Replace what sinks read by the stored variables behind it."""
        ends = {*plan.writers(), *self.before}
        for sink in plan.sinks:
            found: list[tuple[Variable, Axes]] = []
            for v, axes in sink.reads:
                if v not in sink.outputs:
                    found += accesses(v, axes, ends)
                elif is_inline(v):
                    for x, inner in inputs_along(v, axes):
                        found += accesses(x, inner, ends)
            sink.reads = found

    # ----------------------------------------------------------------------------------------- places

    def _assign_places(self, plan: Plan, groups: Sequence[Group]) -> None:
        """Choose where every sink will store its targets."""
        writers, readers = plan.writers(), plan.readers()
        self.places = {v: self._at_level(place) for v, place in self.fixed.items()}
        for v, taken in reversed(list(plan.bases.items())):
            if v in self.places and taken not in self.before:
                self.places.setdefault(taken, self.places[v])
        kept = {*self.wanted, *plan.bases.values()}
        for sink in plan.sinks:
            for v in sink.outputs:
                if v in self.places:
                    continue
                base = plan.bases.get(v)
                if base is not None:
                    found = self.places.get(base) or self.emitter.place(base)
                    assert found is not None
                    self.places[v] = self._at_level(found)
                else:
                    dropped = 0 if v in kept else _dropped_axes(v, writers[v], readers.get(v, ()), groups)
                    self.places[v] = self._new_place(v, writers[v], dropped, v in plan.bases.values())

    def _at_level(self, place: Place) -> Place:
        return replace(place, level=max(place.level, self.level))

    def _new_place(self, v: Variable, writers: Sequence[Sink], dropped: int, is_base: bool) -> Place:
        long = [n for n in v.shape if n != 1][dropped:]
        level = self.level + dropped
        if not long and not is_base and len(writers) == 1 and writers[0].fits_local(v):
            return Place(level=level)  # a local, named when it is emitted
        return Place(self.memory.buffer(v, max(prod(long), 1)), dropped=dropped, level=level)


def _dropped_axes(
    v: Variable, writers: Sequence[Sink], readers: Sequence[tuple[Sink, Axes]], groups: Sequence[Group]
) -> int:
    """How many of the first axes need not be stored, because writers and readers share the loops over them."""
    if not readers or any(isinstance(w, OpaqueSink) for w in writers):
        return 0
    shared = [min(common_depth(groups, w, r), aligned(r, v, axes, w)) for r, axes in readers for w in writers]
    shared += [common_depth(groups, writers[0], w) for w in writers[1:]]
    return min(shared)


@dataclass(frozen=True)
class Clash:
    """`written` cannot be written in place: `reader`, if it is one, needs what was there and must run later."""

    written: Variable
    reader: Sink | None = None

    def staged_value(self) -> Variable | None:
        """What can be computed before anything is overwritten, so that the reader need not run before: one number."""
        reader = self.reader
        if isinstance(reader, ScatterSink) and is_inline(reader.value) and reader.value.type.size == 1:
            return reader.value
        return None


def _protect_readers(plan: Plan, dependencies: Dependencies) -> Clash | None:
    """Let readers of a value run before it is overwritten; if one cannot, which and why."""
    writers, readers = plan.writers(), plan.readers()
    for v, base in plan.bases.items():
        for writer in writers[v]:
            if writer.disturbs(base):
                return Clash(v)
            for earlier in writers.get(base, ()):
                dependencies.require(writer, earlier, 0)
    for v, base in plan.bases.items():
        for writer in writers[v]:
            for reader, _ in readers.get(base, ()):
                if reader is writer or v in reader.outputs:
                    continue
                if dependencies.reaches(reader, writer):
                    return Clash(v, reader)
                dependencies.require(writer, reader, 0)
    return None
