"""Long loops that both compute costly functions and read or write at indices that are data, cut into blocks.

For each block: first what is read at such indices, then straight arithmetic, of which a processor does several
iterations at a time, then what is written at such indices.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from ppl_cli.compiler.kernel import (
    Apply,
    Assign,
    Buffer,
    Declare,
    For,
    If,
    Kind,
    Let,
    Linear,
    Load,
    Ref,
    Statement,
    Store,
    expressions,
    names_in,
)
from ppl_cli.compiler.memory import Memory
from ppl_cli.compiler.unroll import trips
from ppl_cli.compiler.vectorize import COSTLY, sums_of_independent_iterations
from ppl_cli.ops.scalar_math import int_min

BLOCK = 256


def cut_into_blocks(body: Sequence[Statement], memory: Memory) -> list[Statement]:
    """`body` with each loop that gains by it cut into blocks."""
    result: list[Statement] = []
    for s in body:
        match s:
            case For():
                phases = _phases(s)
                inner = (
                    [replace(s, body=cut_into_blocks(s.body, memory))] if phases is None else phases.blocks(s, memory)
                )
                result += inner
            case If(condition=condition, then=then, otherwise=otherwise):
                result.append(If(condition, cut_into_blocks(then, memory), cut_into_blocks(otherwise, memory)))
            case _:
                result.append(s)
    return result


@dataclass(frozen=True)
class Phases:
    """The statements of a loop body in three parts, each of which is a loop of its own; `free` ones may be repeated."""

    parts: tuple[list[Statement], list[Statement], list[Statement]]
    free: dict[str, Let]
    kinds: dict[str, Kind]

    def blocks(self, loop: For, memory: Memory) -> list[Statement]:
        assert isinstance(loop.start, Linear) and isinstance(loop.stop, Linear)
        outer, last = f"{loop.index}_block", f"{loop.index}_last"
        count = -(-(loop.stop.constant - loop.start.constant) // BLOCK)
        first = loop.start + Linear(0, ((BLOCK, outer),))
        end = Let(last, Apply(int_min.op.scalar, (first + Linear(BLOCK), loop.stop), "int64"))
        stop = Linear(0, ((1, last),))
        at = Linear(0, ((1, loop.index),)) + first * -1
        loops = [For(loop.index, first, stop, part) for part in self._connected(at, memory) if part]
        return [For(outer, Linear(0), Linear(count), [end, *loops])]

    def _connected(self, at: Linear, memory: Memory) -> list[list[Statement]]:
        """The parts, with what one computes for a later one passed on in arrays of a block."""
        passed: dict[str, Buffer] = {}
        result: list[list[Statement]] = []
        for k, part in enumerate(self.parts):
            own = {s.name for s in part if isinstance(s, Let | Declare)}
            wanted = dict.fromkeys(n for s in part for n in names_in(s) if n not in own and n in self.kinds)
            begin: list[Statement] = []
            for name in wanted:
                begin.append(self.free[name] if name in self.free else Let(name, Load(passed[name], at)))
            later = {n for p in self.parts[k + 1 :] for s in p for n in names_in(s)}
            stores: list[Statement] = []
            for name in own & later - self.free.keys():
                passed[name] = memory.block(self.kinds[name], BLOCK)
                stores.append(Store(passed[name], at, Ref(name, self.kinds[name])))
            result.append([*begin, *part, *sorted(stores, key=lambda s: s.buffer.name)])  # type: ignore[union-attr]
        return result


def _phases(loop: For) -> Phases | None:
    """How to cut a loop, None if it gains nothing by it or must stay whole."""
    count = trips(loop)
    costly = any(isinstance(e, Apply) and e.scalar.name in COSTLY for s in loop.body for e in expressions(s))
    if count is None or count < BLOCK or loop.backwards or loop.until or not costly or loop.start.terms:  # type: ignore[union-attr]
        return None
    if not all(isinstance(s, Let | Declare | Assign | Store) for s in loop.body):
        return None
    written = {s.buffer for s in loop.body if isinstance(s, Store)}
    if any(isinstance(e, Load) and e.buffer in written for s in loop.body for e in expressions(s)):
        return None
    own: dict[str, Kind] = {}
    free: dict[str, Let] = {}
    early: set[str] = set()
    parts: tuple[list[Statement], list[Statement], list[Statement]] = ([], [], [])
    for s in loop.body:
        match s:
            case Let(name=name, value=Load(index=index)):
                indices = {n for _, n in index.terms} & own.keys()
                own[name] = s.value.kind
                if not indices:
                    free[name] = s
                    continue
                if not indices <= free.keys() | early:
                    return None
                early.add(name)
                parts[0].append(s)
            case Let(name=name, value=value):
                own[name] = value.kind
                simple = value.kind == "int64" and set(names_in(s)) & own.keys() - {name} <= free.keys() | early
                if simple:
                    early.add(name)
                parts[0 if simple else 1].append(s)
            case Store(index=index) if {n for _, n in index.terms} & own.keys():
                parts[2].append(s)
            case Declare(name=name, kind=kind):
                own[name] = kind
                parts[1].append(s)
            case _:
                parts[1].append(s)
    if not parts[0] and not parts[2]:
        return None
    middle = [*free.values(), *parts[1]]
    if sums_of_independent_iterations(replace(loop, body=middle)) is None:
        return None
    return Phases(parts, free, own)
