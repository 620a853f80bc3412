"""The nodes of a syntax tree, one after the other."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields
from functools import cache

from ppl_cli.language.syntax import Node


def walk(node: Node) -> Iterator[Node]:
    """The node and all nodes below it, in the order of the text. No recursion: a long sum is a deep tree."""
    stack = [node]
    while stack:
        current = stack.pop()
        yield current
        stack.extend(reversed(list(children(current))))


def children(node: Node) -> Iterator[Node]:
    """The nodes directly below a node."""
    kind: type = type(node)
    for field in _child_fields(kind):
        value = getattr(node, field)
        if isinstance(value, Node):
            yield value
        elif isinstance(value, tuple):
            yield from (part for part in value if isinstance(part, Node))


@cache
def _child_fields(kind: type) -> tuple[str, ...]:
    return tuple(field.name for field in fields(kind) if field.name not in ("span", "name_span", "variable_span"))
