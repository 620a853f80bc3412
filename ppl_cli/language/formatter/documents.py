"""Documents and their layout: texts with places where a line may break → lines no longer than the width, if possible.

After Wadler, "A prettier printer" (2003), with fills, alignment, and comments, which are never broken nor counted.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

WIDTH = 80
_ALIGNED_UP_TO = 48
_HANGING = 4


@dataclass(frozen=True, slots=True)
class Line:
    """A place where a line may break; `flat` stands there if it does not."""

    flat: str = " "
    hard: bool = False


@dataclass(frozen=True, slots=True)
class Group:
    """All of its own lines break, or none."""

    content: Document


@dataclass(frozen=True, slots=True)
class Nest:
    """Lines within are indented by two more."""

    content: Document


@dataclass(frozen=True, slots=True)
class Align:
    """Lines within begin where the content begins. Too far to the right, it begins on a line of its own."""

    content: Document


@dataclass(frozen=True, slots=True)
class Fill:
    """Items with a space or a line break between them, as many to a line as there is room for."""

    items: tuple[Document, ...]


@dataclass(frozen=True, slots=True)
class Leading:
    """A comment on lines of its own."""

    text: str


@dataclass(frozen=True, slots=True)
class Trailing:
    """A comment at the end of its line: what follows up to the next place for a break goes before it."""

    text: str


@dataclass(frozen=True, slots=True)
class Settle:
    """The last place for comments that find no room at the end of their line."""


Document: TypeAlias = str | tuple["Document", ...] | Line | Group | Nest | Align | Fill | Leading | Trailing | Settle

LINE = Line()
HARD = Line(hard=True)


def _width(document: Document) -> int:
    """The length of a document on one line; a comment takes more than there is."""
    match document:
        case str(text):
            return len(text)
        case tuple(parts):
            return sum(map(_width, parts))
        case Line(text):
            return len(text)
        case Group(content) | Nest(content) | Align(content):
            return _width(content)
        case Fill(items):
            return sum(map(_width, items)) + len(items)
    return WIDTH


def _widest_item(document: Document) -> int:
    return max(map(_width, document.items), default=0) if isinstance(document, Fill) else 0


def render(document: Document) -> str:
    """The text of a document, with a line end after its last line unless it is empty."""
    return _Layout().run(document)


@dataclass(frozen=True, slots=True)
class _Task:
    indent: int
    flat: bool
    document: Document
    begun: int = 0  # how many items of a fill are done


class _Layout:
    def __init__(self) -> None:
        self._lines: list[str] = []
        self._current = ""
        self._pending: list[str] = []  # comments for the end of the current line
        self._tasks: list[_Task] = []

    def run(self, document: Document) -> str:
        self._tasks = [_Task(0, False, document)]
        while self._tasks:
            self._lay_out(self._tasks.pop())
        self._break(0)
        return "\n".join(self._lines).strip("\n") + "\n" if any(self._lines) else ""

    def _lay_out(self, task: _Task) -> None:
        indent, flat = task.indent, task.flat
        match task.document:
            case str(text):
                self._current += text if self._current.strip() else text.lstrip()
            case tuple(parts):
                self._tasks += [_Task(indent, flat, part) for part in reversed(parts)]
            case Line(text, hard):
                if hard or not flat or self._pending:
                    self._break(indent)
                else:
                    self._current += text
            case Group(content):
                inner = _Task(indent, True, content)
                self._tasks.append(inner if flat or self._fits(inner) else _Task(indent, False, content))
            case Nest(content):
                self._tasks.append(_Task(indent + 2, flat, content))
            case Align(content):
                self._align(indent, flat, content)
            case Fill():
                self._fill(task, task.document)
            case Leading(text):
                if self._current.strip() or self._pending:
                    self._break(indent)
                self._write_lines(text)
                self._break(indent)
            case Trailing(text):
                self._pending.append(text)
            case Settle():
                self._write_comments(indent)

    def _align(self, indent: int, flat: bool, content: Document) -> None:
        """At the present column, or hanging below if items would be torn apart or squeezed at the right margin."""
        hanging = indent + _HANGING
        if self._pending:
            self._break(hanging)
        column = len(self._current)
        if not flat and column > hanging and not self._fits(_Task(indent, True, content)):
            widest = _widest_item(content)
            if column > _ALIGNED_UP_TO or WIDTH - column < widest < WIDTH - hanging:
                self._break(hanging)
        self._tasks.append(_Task(len(self._current), flat, content))

    def _fill(self, task: _Task, fill: Fill) -> None:
        """The next item, on this line if there is room for all of it."""
        if task.begun == len(fill.items):
            return
        item = fill.items[task.begun]
        self._tasks.append(_Task(task.indent, task.flat, fill, task.begun + 1))
        inline = _Task(task.indent, True, (LINE, item) if task.begun else item)
        if task.flat or self._fits(inline):
            self._tasks.append(inline)
        elif task.begun:
            whole = _Task(task.indent, False, (HARD, Group(item)))
            self._tasks.append(whole)
        else:
            self._tasks.append(_Task(task.indent, False, Group(item)))

    def _fits(self, task: _Task) -> bool:
        """Whether a task, and what follows it up to the next possible break, has room on the current line."""
        room = WIDTH - len(self._current)
        inner, following = [task], len(self._tasks)
        commented = bool(self._pending)
        while room >= 0:
            if not inner:
                if not following:
                    return True
                following -= 1
                inner.append(self._tasks[following])
            indent, flat, document, begun = (each := inner.pop()).indent, each.flat, each.document, each.begun
            match document:
                case str(text):
                    room -= len(text)
                case tuple(parts):
                    inner += [_Task(indent, flat, part) for part in reversed(parts)]
                case Line(text):
                    if not flat:
                        return True
                    if commented:
                        return False
                    room -= len(text)
                case Group(content):
                    inner.append(_Task(indent, True, content))
                case Nest(content) | Align(content):
                    inner.append(_Task(indent, flat, content))
                case Fill(items):
                    if begun == len(items):
                        continue
                    if begun and not flat:
                        return True
                    separated = [part for item in items for part in (LINE, item)][1:]
                    inner += [_Task(indent, flat, part) for part in reversed(separated)]
                case Leading():
                    return not flat
                case Trailing():
                    commented = True
        return False

    def _write_lines(self, text: str) -> None:
        """A text of several lines, each beginning at the column of the first."""
        first, *others = text.split("\n")
        column = len(self._current)
        self._current += first
        for line in others:
            self._lines.append(self._current.rstrip())
            self._current = " " * column + line

    def _write_comments(self, indent: int) -> None:
        """Those for which there is no room at the end of the line, after another, get lines of their own."""
        full = False
        for comment in self._pending:
            if full:
                self._end_line(indent)
            elif self._current.strip():
                self._current = self._current.rstrip() + " "
            self._write_lines(comment)
            full = full or comment.startswith("//") or "\n" in comment
        self._pending = []

    def _break(self, indent: int) -> None:
        self._write_comments(indent)
        self._end_line(indent)

    def _end_line(self, indent: int) -> None:
        self._lines.append(self._current.rstrip())
        self._current = " " * indent
