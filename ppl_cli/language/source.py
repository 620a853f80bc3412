"""Where a piece of a program stands in its file.

In: the text of a model file and its name. Out: spans, which every node of the syntax tree and every message carries.
The text of a program that includes files is one text in pieces, each of which knows where it was read.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lark import Token


@dataclass(frozen=True, slots=True, eq=False)
class Source:
    """A file: its name as the user knows it, its text, and the line that includes it; or a text in pieces of files."""

    name: str
    text: str
    included_from: Span | None = field(default=None, repr=False)
    pieces: tuple[Piece, ...] = field(default=(), repr=False)
    line_starts: tuple[int, ...] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        starts = [0, *(offset + 1 for offset, character in enumerate(self.text) if character == "\n")]
        object.__setattr__(self, "line_starts", tuple(starts))

    def line_number(self, offset: int) -> int:
        """The line that holds `offset`, counted from 1."""
        return bisect_right(self.line_starts, offset)

    def line(self, number: int) -> str:
        """The text of a line, counted from 1, without its end."""
        start = self.line_starts[number - 1]
        end = self.line_starts[number] if number < len(self.line_starts) else len(self.text)
        return self.text[start:end].rstrip("\r\n")

    def span_of(self, token: Token) -> Span:
        """The place of a token of this text."""
        start = token.start_pos or 0
        return Span(self, start, start + len(token))

    def origin(self, offset: int) -> tuple[Source, int]:
        """The file in which a character was read, and its place there."""
        if not self.pieces:
            return self, offset
        piece = self.pieces[bisect_right(self.pieces, offset, key=lambda piece: piece.start) - 1]
        return piece.source, piece.offset + offset - piece.start


@dataclass(frozen=True, slots=True)
class Piece:
    """From `start` on, a text is that of a file from `offset` on."""

    start: int
    source: Source
    offset: int


@dataclass(frozen=True, slots=True)
class Span:
    """The characters `start` (included) to `end` (excluded) of a source; lines and columns count from 1."""

    source: Source = field(repr=False)
    start: int
    end: int

    @property
    def file(self) -> Source:
        """The file in which it begins."""
        return self.source.origin(self.start)[0]

    @property
    def line(self) -> int:
        file, offset = self.source.origin(self.start)
        return file.line_number(offset)

    @property
    def column(self) -> int:
        file, offset = self.source.origin(self.start)
        return offset - file.line_starts[file.line_number(offset) - 1] + 1

    @property
    def whole_line(self) -> str:
        """The line in which it begins, without its end."""
        return self.file.line(self.line)

    @property
    def text(self) -> str:
        return self.source.text[self.start : self.end]

    def line_from(self, place: Span) -> str:
        """How a message at another place names its line."""
        return f"line {self.line}" if self.file is place.file else f"line {self.line} of {self.file.name}"

    def __str__(self) -> str:
        return f"{self.file.name}:{self.line}:{self.column}"
