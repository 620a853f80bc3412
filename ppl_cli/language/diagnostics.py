"""Messages with a place in the model file: how they are made, gathered, raised and shown.

In: facts found by the parser, the checker or, with the data known, the elaborator. Out: text such as
`model.ppl:12:5: error: …` with the source line and a caret under the exact span.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum

from ppl_cli.errors import PplError
from ppl_cli.language.source import Span


class Severity(Enum):
    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Diagnostic:
    severity: Severity
    message: str
    span: Span
    hint: str | None = None

    def render(self) -> str:
        """The message, its source line with carets under the span, and the hint."""
        line = self.span.whole_line
        before = "".join("\t" if character == "\t" else " " for character in line[: self.span.column - 1])
        width = min(self.span.end - self.span.start, len(line) - len(before))
        number = str(self.span.line)
        shown = [
            f"{self.span}: {self.severity.value}: {self.message}",
            f"  {number} | {line}",
            f"  {' ' * len(number)} | {before}{'^' * max(width, 1)}",
        ]
        if self.hint:
            shown.append(f"  hint: {self.hint}")
        return "\n".join(shown + [f"  included from {place.file.name}:{place.line}" for place in _includers(self.span)])


def _includers(span: Span) -> Iterator[Span]:
    """The lines by which the file of a place came into the program, the innermost first."""
    place = span.file.included_from
    while place is not None:
        yield place
        place = place.file.included_from


def render(diagnostics: Iterable[Diagnostic]) -> str:
    """All messages, in the order of their places."""
    ordered = sorted(diagnostics, key=lambda diagnostic: diagnostic.span.start)
    return "\n".join(diagnostic.render() for diagnostic in ordered)


class LanguageError(PplError):
    """The model file is not a valid program: one or more located errors."""

    def __init__(self, diagnostics: Sequence[Diagnostic]) -> None:
        super().__init__(render(diagnostics))
        self.diagnostics = tuple(diagnostics)


class ElaborationError(LanguageError):
    """An error in the program that shows only once the data are known."""

    def __init__(self, message: str, span: Span, hint: str | None = None) -> None:
        super().__init__([error(message, span, hint)])


class NotSupported(LanguageError):
    """A valid program that asks for what cannot be done yet."""

    def __init__(self, what: str, span: Span) -> None:
        super().__init__([not_supported(what, span)])


def error(message: str, span: Span, hint: str | None = None) -> Diagnostic:
    return Diagnostic(Severity.ERROR, message, span, hint)


def warning(message: str, span: Span, hint: str | None = None) -> Diagnostic:
    return Diagnostic(Severity.WARNING, message, span, hint)


def not_supported(what: str, span: Span) -> Diagnostic:
    """`what` is a phrase such as "tuples are" or "the function `foo` is"."""
    return error(f"{what} not supported yet", span)
