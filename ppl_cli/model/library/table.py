"""The table of library functions: `section.function("real log_mix(real, real, real)", sentence="...")` adds rows that
the checker, the elaborator and the reference read. A name has one sentence, given with one of its rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from ppl_cli.distributions.base import REAL, Support
from ppl_cli.language.signatures import Signature, name_of

Implementation = Callable[..., Any]  # makes a graph, or several for a result with parts


@dataclass(frozen=True)
class Argument:
    """An argument with a name of its own, and the values it may have: those of a support, `above` another argument or,
    if it `reaches` so far, equal to that."""

    name: str
    support: Support = REAL
    is_scale: bool = False
    above: str = ""
    reaches: bool = False

    @property
    def role(self) -> str:
        """What messages call it."""
        return f"scale parameter `{self.name}`" if self.is_scale else f"parameter `{self.name}`"

    @property
    def needed(self) -> str:
        """What the reference says of its values."""
        if self.above:
            return f"at least {self.above}" if self.reaches else f"greater than {self.above}"
        return self.support.description


@dataclass(frozen=True)
class Row:
    """`typed`: the implementation takes the language types of the arguments as `types`."""

    text: str
    implementation: Implementation
    typed: bool
    arguments: tuple[Argument, ...] = ()


@dataclass(frozen=True)
class Entry:
    """What the reference says of a name, and in which section."""

    section: str
    sentence: str


ROWS: dict[str, list[Row]] = {}
SIZES: dict[str, frozenset[int]] = {}
ENTRIES: dict[str, Entry] = {}
SUMMARIES: dict[str, Entry] = {}  # of distributions, whose forms are functions


@dataclass(frozen=True)
class Section:
    """A part of the library; what is added to it stands under its title in the reference."""

    title: str

    def add(
        self, text: str, implementation: Implementation, sentence: str = "", typed: bool = False,
        arguments: tuple[Argument, ...] = (),
    ) -> None:  # fmt: skip
        name = name_of(text)
        if sentence and ENTRIES.setdefault(name, Entry(self.title, sentence)).sentence != sentence:
            raise ValueError(f"two sentences for `{name}`")
        ROWS.setdefault(name, []).append(Row(text, implementation, typed, arguments))

    def describe(self, name: str, summary: str) -> None:
        """Say what a distribution is."""
        SUMMARIES[name] = Entry(self.title, summary)

    def function(
        self, *texts: str, sentence: str = "", sizes: tuple[int, ...] = (), typed: bool = False
    ) -> Callable[[Implementation], Implementation]:
        """Rows for one implementation. `sizes` are the positions of arguments that must be known numbers."""

        def register(implementation: Implementation) -> Implementation:
            for text in texts:
                self.add(text, implementation, sentence, typed)
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

    def entry(self, name: str) -> Entry:
        """What the reference says of a name."""
        return ENTRIES[name]

    def arguments(self, signature: Signature) -> tuple[Argument, ...]:
        """The named arguments; none if a function's have no names."""
        return self._signatures(signature.name)[signature].arguments

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
