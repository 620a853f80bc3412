"""Short loops inside long ones are written out, and what a loop adds to fixed elements is summed in locals.

Then the long loop is straight code, whose iterations a processor can run several at a time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from ppl_cli.compiler.kernel import (
    Apply,
    Assign,
    Atom,
    Buffer,
    Declare,
    Draw,
    Expression,
    For,
    If,
    Let,
    Library,
    Linear,
    Load,
    Number,
    Quotient,
    Ref,
    Report,
    Statement,
    Store,
    expressions,
    walk,
)

LONG = 32  # iterations of a loop that is worth being straight code
MOST_STATEMENTS = 300


def straighten(body: Sequence[Statement]) -> list[Statement]:
    """`body` with the loops inside long loops written out where they are short, and with local sums."""
    result: list[Statement] = []
    for statement in body:
        match statement:
            case For():
                inner = straighten(statement.body)
                if (trips(statement) or LONG) >= LONG:
                    inner = _unrolled(inner)
                result += _with_local_sums(replace(statement, body=inner))
            case If(condition=condition, then=then, otherwise=otherwise):
                result.append(If(condition, straighten(then), straighten(otherwise)))
            case _:
                result.append(statement)
    return result


def trips(loop: For) -> int | None:
    """The number of iterations, if it is known."""
    if (
        loop.until
        or not isinstance(loop.start, Linear)
        or not isinstance(loop.stop, Linear)
        or loop.start.terms != loop.stop.terms
    ):
        return None
    return loop.stop.constant - loop.start.constant


# ----------------------------------------------------------------------------------------------- unroll


def _unrolled(body: list[Statement]) -> list[Statement]:
    result: list[Statement] = []
    for s in body:
        result += _copies(s) if isinstance(s, For) else [s]
    return result if len(result) <= MOST_STATEMENTS else body


def _copies(loop: For) -> list[Statement]:
    """The body of a loop once for each iteration, or the loop itself if it is long or has loops inside."""
    count = trips(loop)
    if count is None or count * len(loop.body) > MOST_STATEMENTS:
        return [loop]
    if (
        loop.backwards
        or loop.until
        or not isinstance(loop.start, Linear)
        or any(isinstance(s, For | If | Library | Report) for s in loop.body)
    ):
        return [loop]
    result: list[Statement] = []
    local = [s.name for s in loop.body if isinstance(s, Let | Declare)]
    for k in range(count):
        renamed = {name: f"{name}_{k}" for name in local}
        substitute = Substitution(renamed, {loop.index: loop.start + Linear(k)})
        result += [substitute.statement(s) for s in loop.body]
    return result


class Substitution:
    """Other names for locals, and values for loop indices."""

    def __init__(self, names: dict[str, str], values: dict[str, Linear]) -> None:
        self.names = names
        self.values = values

    def linear(self, e: Linear) -> Linear:
        total = Linear(e.constant)
        for factor, name in e.terms:
            total = total + self.values.get(name, Linear(0, ((1, self.names.get(name, name)),))) * factor
        return total

    def atom(self, e: Atom) -> Atom:
        match e:
            case Linear():
                return self.linear(e)
            case Ref(name=name, kind=kind):
                return self.values[name] if name in self.values else Ref(self.names.get(name, name), kind)
        return e

    def expression(self, e: Expression) -> Expression:
        match e:
            case Apply() | Draw():
                return replace(e, arguments=tuple(map(self.atom, e.arguments)))
            case Load(buffer=buffer, index=index):
                return Load(buffer, self.linear(index))
            case Quotient():
                return replace(e, index=self.linear(e.index))
        return self.atom(e)

    def statement(self, s: Statement) -> Statement:
        match s:
            case Let(name=name, value=value) | Declare(name=name, value=value) | Assign(name=name, value=value):
                return replace(s, name=self.names.get(name, name), value=self.expression(value))
            case Store(index=index, value=value):
                return replace(s, index=self.linear(index), value=self.expression(value))
        raise TypeError(s)


# ------------------------------------------------------------------------------------------ local sums


def _with_local_sums(loop: For) -> list[Statement]:
    """The loop with sums in locals that are added to their elements after it, where nothing else uses their buffers."""
    inside = {loop.index, *_names(loop.body)}
    fixed: dict[Buffer, list[Linear]] = {}
    excluded = set(_buffers(loop.body, lambda s: not (isinstance(s, Store) and s.combine == "sum")))
    for s in loop.body:
        if isinstance(s, Store) and s.combine == "sum":
            fixed.setdefault(s.buffer, []).append(s.index)
            if any(name in inside for _, name in s.index.terms):
                excluded.add(s.buffer)
    excluded |= {b for b, at in fixed.items() if len(set(at)) > 1 and any(i.terms for i in at)}
    excluded |= set(_buffers([t for s in loop.body if isinstance(s, For | If) for t in _within(s)], lambda s: True))
    if all(b in excluded for b in fixed):
        return [loop]
    names = {
        (b, i): f"{b.name}_{loop.index}_{k}"
        for b in fixed if b not in excluded for k, i in enumerate(dict.fromkeys(fixed[b]))
    }  # fmt: skip
    body: list[Statement] = []
    for s in loop.body:
        key: Any = (s.buffer, s.index) if isinstance(s, Store) else None
        body.append(Assign(names[key], s.value, "sum") if isinstance(s, Store) and key in names else s)
    before = [Declare(name, b.kind, Number(0.0 if b.kind == "double" else 0, b.kind)) for (b, _), name in names.items()]
    after = [Store(b, i, Ref(name, b.kind), "sum") for (b, i), name in names.items()]
    return [*before, replace(loop, body=body), *after]


def _within(s: For | If) -> list[Statement]:
    return s.body if isinstance(s, For) else [*s.then, *s.otherwise]


def _names(body: list[Statement]) -> Iterator[str]:
    for s in walk(body):
        if isinstance(s, Let | Declare):
            yield s.name
        elif isinstance(s, For):
            yield s.index


def _buffers(body: list[Statement], counts: Callable[[Statement], bool]) -> Iterator[Buffer]:
    """The buffers that are read, and those that statements that count write to."""
    for s in walk(body):
        for e in expressions(s):
            if isinstance(e, Load):
                yield e.buffer
        if isinstance(s, Store) and counts(s):
            yield s.buffer
        elif isinstance(s, Library):
            yield from (b for b, _ in s.buffers)
