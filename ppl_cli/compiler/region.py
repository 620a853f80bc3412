"""A piece of straight code: variables to deliver in, statements out.

Chains of writes (`SetAt`, `AddAt`) share one buffer where nothing else needs the value in between; what only one iteration of a shared
loop needs is kept in a local or in a buffer without the loop's axis.
"""
from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from ppl_cli.compiler.emit import Emitter, Place
from ppl_cli.compiler.schedule import Dependencies, Group, common_depth, schedule
from ppl_cli.compiler.sink_rules import mutable_base, sinks_of, stored_for_readers
from ppl_cli.compiler.sink_emission import emit_groups
from ppl_cli.compiler.sinks import (
    OpaqueSink, ReduceSink, ScatterSink, Sink, StoreSink, accesses, aligned, inputs_along, is_inline, own_axes,
)
from ppl_cli.graph.basic import Apply, Constant, Variable
from ppl_cli.graph.traversal import toposort

if TYPE_CHECKING:
    from ppl_cli.compiler.lower import Memory


class Region:
    """`mutable`: stored variables (carried tensors) that the region may overwrite once all their readers have run."""

    def __init__(self, emitter: Emitter, memory: Memory, stored: set[Variable], mutable: Sequence[Variable] = ()) -> None:
        self.emitter = emitter
        self.memory = memory
        self.stored = stored
        self.mutable = set(mutable)
        self.level = emitter.depth
        self.wanted: list[Variable] = []
        self.copies: list[tuple[Variable, Place]] = []
        self.placed: dict[Variable, Place] = {}
        self.not_in_place: set[Variable] = set()
        self.sums: dict[ReduceSink, str] = {}  # the local variable of each sum whose loop is open

    def inside(self, mutable: Sequence[Variable] = ()) -> Region:
        """A region for the body that is open now."""
        return Region(self.emitter, self.memory, self.stored, mutable)

    def deliver(self, v: Variable, place: Place) -> None:
        """Have the value of `v` stored at `place`."""
        direct = v.owner is not None and v not in self.emitter.places and v not in self.placed and not self.wanted_twice(v)
        if direct and v.type.size:
            self.placed[v] = place
            self.wanted.append(v)
        elif v.type.size:
            self.copies.append((v, place))

    def wanted_twice(self, v: Variable) -> bool:
        return v in self.wanted

    def keep(self, v: Variable) -> None:
        """Have the value of `v` ready when the region is done."""
        if not isinstance(v, Constant) and v not in self.emitter.places:
            self.wanted.append(v)

    def emit(self) -> None:
        """Schedule and emit everything."""
        while True:
            sinks, shared = self._sinks()
            dependencies = Dependencies(sinks)
            clash = self._protect_readers(sinks, shared, dependencies)
            if clash is None:
                break
            self.not_in_place.add(clash)
        groups = schedule(dependencies.order(sinks), dependencies)
        self._assign_places(sinks, shared, groups)
        emit_groups(self, groups)

    # ------------------------------------------------------------------------------------------ sinks

    def _nodes(self) -> list[Apply]:
        goals = [*self.wanted, *(v for v, _ in self.copies)]
        return toposort(goals, stop=tuple(self.emitter.places))

    def _sinks(self) -> tuple[list[Sink], dict[Variable, Variable]]:
        """All sinks, and for each variable written in place the one whose buffer it takes over."""
        nodes = self._nodes()
        consumers: dict[Variable, list[Apply]] = {}
        for node in nodes:
            for v in set(node.inputs):
                consumers.setdefault(v, []).append(node)
        stored = set(self.wanted) | stored_for_readers(nodes, self.emitter.places)
        stored |= {v for v in self.stored for _ in (0,) if v not in self.emitter.places}
        shared: dict[Variable, Variable] = {}
        final = {*self.wanted, *(v for v, _ in self.copies)}
        taken: set[Variable] = set()
        for node in nodes:
            base = mutable_base(node)
            if base is None or node.outputs[0] in self.not_in_place or base in final or base in taken:
                continue
            owned = base.owner is not None and base not in self.emitter.places and not is_inline(base)
            if base in self.mutable or (owned and len(consumers[base]) == 1) or base in shared:
                shared[node.outputs[0]] = base
                taken.add(base)
        sinks: list[Sink] = []
        for node in nodes:
            sinks += sinks_of(node, stored, shared)
        for v, place in self.copies:
            copy = Variable(v.type)
            self.emitter.places[copy] = place
            sinks.append(StoreSink(copy, v.shape, [(v, own_axes(v.shape))], source=v))
        self._find_reads(sinks, stored)
        return sinks, shared

    def _find_reads(self, sinks: Sequence[Sink], stored: set[Variable]) -> None:
        """Replace what sinks read by the stored variables behind it."""
        written = {sink.target for sink in sinks} | {v for s in sinks if isinstance(s, OpaqueSink) for v in s.outputs}
        ends = written | set(self.emitter.places)
        for sink in sinks:
            found = []
            for v, axes in sink.reads:
                if v is sink.target and is_inline(v):
                    for x, inner in inputs_along(v, axes):
                        found += accesses(x, inner, ends)
                elif v is sink.target:
                    continue
                else:
                    found += accesses(v, axes, ends)
            sink.reads = found

    def _protect_readers(
        self, sinks: Sequence[Sink], shared: dict[Variable, Variable], dependencies: Dependencies
    ) -> Variable | None:
        """Let readers of a value run before it is overwritten; a variable that cannot be written in place, if there is one."""
        for sink in sinks:
            if not isinstance(sink, ScatterSink) or sink.target not in shared:
                continue
            base = shared[sink.target]
            for reader in sinks:
                if reader is sink or reader.target is sink.target or not any(v is base for v, _ in reader.reads):
                    continue
                if dependencies.reaches(reader, sink):
                    return sink.target
                dependencies.require(sink, reader, 0)
            for writer in sinks:
                if writer.target is base and writer is not sink:
                    dependencies.require(sink, writer, 0)
        return None

    # ----------------------------------------------------------------------------------------- places

    def _assign_places(self, sinks: Sequence[Sink], shared: dict[Variable, Variable], groups: Sequence[Group]) -> None:
        """Choose where every sink stores its target."""
        readers: dict[Variable, list[tuple[Sink, tuple[int | None, ...]]]] = {}
        for sink in sinks:
            for v, axes in sink.reads:
                readers.setdefault(v, []).append((sink, axes))
        writers: dict[Variable, list[Sink]] = {}
        for sink in sinks:
            writers.setdefault(sink.target, []).append(sink)
        place_of: dict[Variable, Place] = dict(self.placed)
        for v, base in reversed(shared.items()):
            if v in place_of and base not in self.emitter.places:
                place_of.setdefault(base, place_of[v])
        for sink in sinks:
            outputs = sink.outputs if isinstance(sink, OpaqueSink) else (sink.target,)
            for v in outputs:
                if v in self.emitter.places:
                    continue
                if v in place_of:
                    self.emitter.places[v] = self._at_level(place_of[v])
                elif v in shared and shared[v] in self.emitter.places:
                    self.emitter.places[v] = self._at_level(self.emitter.places[shared[v]])
                else:
                    self.emitter.places[v] = self._new_place(writers.get(v, [sink]), v, shared, readers.get(v, []), groups)

    def _at_level(self, place: Place) -> Place:
        return Place(place.buffer, place.name, place.start, place.dropped, max(place.level, self.level))

    def _new_place(
        self, writers: Sequence[Sink], v: Variable, shared: dict[Variable, Variable],
        readers: Sequence[tuple[Sink, tuple[int | None, ...]]], groups: Sequence[Group],
    ) -> Place:
        sink = writers[-1]
        private = isinstance(sink, ReduceSink | StoreSink) and v not in shared.values() and v not in self.wanted
        dropped = 0
        if private and readers:
            dropped = min(
                min(common_depth(groups, w, r), aligned(r, v, axes, w)) for r, axes in readers for w in writers
            )
        if isinstance(sink, ReduceSink) and not sink.sequential:
            dropped = min(dropped, self._fill_depth(sink, groups))
        long = [n for n in v.shape if n != 1][dropped:]
        local = not long and isinstance(sink, ReduceSink | StoreSink) and self._is_local(sink, v, shared)
        if local or (isinstance(sink, OpaqueSink) and not v.shape):
            return Place(level=self.level + dropped)  # a local, named when it is emitted
        size = max(int(np.prod(long)), 1)
        return Place(self.memory.buffer(v, size), dropped=dropped, level=self.level + dropped)

    def _is_local(self, sink: Sink, v: Variable, shared: dict[Variable, Variable]) -> bool:
        partial = isinstance(sink, StoreSink) and (sink.offset or sink.domain != v.shape)
        repeated = isinstance(sink, ReduceSink) and not sink.sequential
        return not partial and not repeated and v not in shared.values()

    def _fill_depth(self, sink: Sink, groups: Sequence[Group]) -> int:
        """Loops shared with the sink that sets the starting values."""
        return min((common_depth(groups, sink, other) for other in sink.after), default=0)
