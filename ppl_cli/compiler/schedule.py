"""Which sinks share which loops: a tree of groups, built greedily from the outermost loop inwards."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from heapq import heapify, heappop, heappush

from ppl_cli.compiler.sinks import Sink, aligned
from ppl_cli.graph.basic import Variable


@dataclass(eq=False)
class Group:
    """Sinks inside one more common loop of `extent` iterations; a leaf has no loop and one sink."""

    extent: int | None
    sinks: list[Sink]
    inner: list[Group] = field(default_factory=list)


class Dependencies:
    """What must come before what, and how many outer loops two sinks may share all the same."""

    def __init__(self, sinks: Sequence[Sink]) -> None:
        writers: dict[Variable, list[Sink]] = {}
        for sink in sinks:
            for v in sink.outputs:
                writers.setdefault(v, []).append(sink)
        self.before: dict[Sink, dict[Sink, int]] = {sink: {} for sink in sinks}
        for sink in sinks:
            for v, axes in sink.reads:
                for writer in writers.get(v, ()):
                    if writer is not sink:
                        self.require(sink, writer, aligned(sink, v, axes, writer))
        known = set(sinks)
        for sink in sinks:
            for earlier in sink.after & known:
                self.require(sink, earlier, 0)

    def require(self, sink: Sink, earlier: Sink, shared: int) -> None:
        """`earlier` comes first; the two may share `shared` loops."""
        found = self.before[sink].get(earlier)
        self.before[sink][earlier] = shared if found is None else min(found, shared)

    def reaches(self, sink: Sink, goal: Sink) -> bool:
        """Whether `goal` must come before `sink`."""
        stack, seen = [sink], {sink}
        while stack:
            for earlier in self.before[stack.pop()]:
                if earlier is goal:
                    return True
                if earlier not in seen:
                    seen.add(earlier)
                    stack.append(earlier)
        return False

    def order(self, sinks: Sequence[Sink]) -> list[Sink]:
        """The sinks, each after all that must come before it; of those that may come next that with the shortest loop.

        So whatever a long loop needs is done before it opens, and as many sinks as possible share it.
        """
        waiting = {sink: len(self.before[sink]) for sink in sinks}
        followers: dict[Sink, list[Sink]] = {sink: [] for sink in sinks}
        for sink in sinks:
            for earlier in self.before[sink]:
                followers[earlier].append(sink)
        rank = {sink: (_outermost(sink), k) for k, sink in enumerate(sinks)}
        ready = [(rank[sink], sink) for sink in sinks if not waiting[sink]]
        heapify(ready)
        done: list[Sink] = []
        while ready:
            _, sink = heappop(ready)
            done.append(sink)
            for follower in followers[sink]:
                waiting[follower] -= 1
                if not waiting[follower]:
                    heappush(ready, (rank[follower], follower))
        if len(done) < len(sinks):
            raise RuntimeError("the operations depend on each other in a circle")
        return done


def _outermost(sink: Sink) -> int:
    """Iterations of the outermost loop."""
    return sink.domain[sink.loops[0]] if sink.fusible and sink.loops else 1


def schedule(sinks: Sequence[Sink], dependencies: Dependencies, depth: int = 0) -> list[Group]:
    """Groups in the order of execution; `sinks` are in an order that respects the dependencies."""
    groups: list[Group] = []
    position: dict[Sink, int] = {}
    for sink in sinks:
        extent = None
        if sink.fusible and depth < len(sink.loops):
            extent = sink.domain[sink.loops[depth]]
        earliest = 0
        for earlier, shared in dependencies.before[sink].items():
            if earlier in position:
                fused = extent is not None and shared > depth
                earliest = max(earliest, position[earlier] + (0 if fused else 1))
        place = None
        if extent is not None:
            place = next((k for k in range(earliest, len(groups)) if groups[k].extent == extent), None)
        if place is None:
            groups.append(Group(extent, []))
            place = len(groups) - 1
        groups[place].sinks.append(sink)
        position[sink] = place
    for group in groups:
        if group.extent is not None:
            group.inner = schedule(group.sinks, dependencies, depth + 1)
    return groups


def common_depth(groups: Sequence[Group], a: Sink, b: Sink) -> int:
    """How many loops the two sinks share."""
    for group in groups:
        if a in group.sinks:
            if b not in group.sinks or group.extent is None:
                return 0
            return 1 + common_depth(group.inner, a, b)
    return 0
