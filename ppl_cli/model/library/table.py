"""The table of library functions: `@function("real log_mix(real, real, real)")` adds rows that the checker and the
elaborator read."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from ppl_cli.language.signatures import Signature, name_of

Implementation = Callable[..., Any]  # makes a graph, or several for a result with parts


@dataclass(frozen=True)
class Row:
    """`typed`: the implementation takes the language types of the arguments as `types`."""

    text: str
    implementation: Implementation
    typed: bool


ROWS: dict[str, list[Row]] = {}
SIZES: dict[str, frozenset[int]] = {}


def add(text: str, implementation: Implementation, typed: bool = False) -> None:
    ROWS.setdefault(name_of(text), []).append(Row(text, implementation, typed))


def function(
    *texts: str, sizes: tuple[int, ...] = (), typed: bool = False
) -> Callable[[Implementation], Implementation]:
    """Rows for one implementation. `sizes` are the positions of arguments that must be known numbers."""

    def register(implementation: Implementation) -> Implementation:
        for text in texts:
            add(text, implementation, typed)
            if sizes:
                SIZES[name_of(text)] = frozenset(sizes)
        return implementation

    return register


class Rows:
    """The table as the checker's `Library`, with the implementations behind the signatures."""

    def __init__(self) -> None:
        self._parsed: dict[str, dict[Signature, Row]] = {}

    def _signatures(self, name: str) -> dict[Signature, Row]:
        if name not in self._parsed:
            self._parsed[name] = {Signature.parse(row.text): row for row in ROWS.get(name, ())}
        return self._parsed[name]

    def signatures(self, name: str) -> tuple[Signature, ...]:
        return tuple(self._signatures(name))

    def names(self) -> Iterator[str]:
        return iter(ROWS)

    def implementation(self, signature: Signature) -> Implementation:
        """What builds the graph: takes the arguments as variables, and their language types as `types`."""
        row = self._signatures(signature.name)[signature]
        if row.typed:
            return row.implementation
        return lambda *arguments, types=(): row.implementation(*arguments)

    def size_arguments(self, name: str) -> frozenset[int]:
        return SIZES.get(name, frozenset())


def known(v: Any) -> int:
    """The number of a size argument."""
    return int(v.data)
