"""Scratch memory of one kernel: buffers in one arena; those that are never alive at the same time share their place."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from ppl_cli.compiler.data import kind_of
from ppl_cli.compiler.kernel import Buffer, Kind, Library, Load, Statement, Store, expressions, walk
from ppl_cli.graph.basic import Variable

ALIGNMENT = 8  # doubles: a cache line
SMALL = 16384  # doubles; in a smaller arena every buffer has a place of its own, and the C compiler may know it


class Memory:
    """The scratch buffers of one kernel."""

    def __init__(self) -> None:
        self.buffers: list[Buffer] = []

    def buffer(self, v: Variable, size: int) -> Buffer:
        """A new buffer for `size` elements of `v`."""
        return self.block(kind_of(v), size)

    def block(self, kind: Kind, size: int) -> Buffer:
        found = Buffer(f"w{len(self.buffers)}", kind, size, "scratch")
        self.buffers.append(found)
        return found


def arrange(body: Sequence[Statement]) -> tuple[dict[Buffer, int], int]:
    """Offsets of the scratch buffers that `body` uses, and the size of the arena.

    A buffer lives from the first to the last of the outermost statements that use it.
    """
    lives: dict[Buffer, tuple[int, int]] = {}
    for position, statement in enumerate(body):
        for buffer in _used([statement]):
            lives[buffer] = (lives.get(buffer, (position,))[0], position)
    if sum(b.size + ALIGNMENT for b in lives) <= SMALL:
        lives = dict.fromkeys(lives, (0, len(body)))
    offsets: dict[Buffer, int] = {}
    for buffer in sorted(lives, key=lambda b: (-b.size, lives[b])):
        neighbours = sorted((offsets[b], offsets[b] + b.size) for b in offsets if _overlap(lives[b], lives[buffer]))
        offsets[buffer] = _first_gap(neighbours, buffer.size)
    return offsets, max((start + b.size for b, start in offsets.items()), default=0)


def share_memory(offsets: Mapping[Buffer, int]) -> bool:
    """Whether any two of the buffers lie in the same place."""
    end = 0
    for buffer, start in sorted(offsets.items(), key=lambda item: item[1]):
        if start < end:
            return True
        end = start + buffer.size
    return False


def _used(body: list[Statement]) -> Iterable[Buffer]:
    for statement in walk(body):
        found = [e.buffer for e in expressions(statement) if isinstance(e, Load)]
        if isinstance(statement, Store):
            found.append(statement.buffer)
        elif isinstance(statement, Library):
            found += [b for b, _ in statement.buffers]
        yield from (b for b in found if b.place == "scratch")


def _overlap(a: tuple[int, int], b: tuple[int, int]) -> bool:
    return a[0] <= b[1] and b[0] <= a[1]


def _first_gap(taken: Sequence[tuple[int, int]], size: int) -> int:
    start = 0
    for low, high in taken:
        if start + size <= low:
            break
        start = max(start, -(-high // ALIGNMENT) * ALIGNMENT)
    return start
