"""Text of a model file → the same program in canonical form and today's words, with all its comments.

Style: two spaces for each level, one statement to a line, braces around every body, lines of 80 characters where that
is possible, single blank lines as they were, spaces around binary operators except `^`, `1:n` but `i + 1 : n`.
"""

from __future__ import annotations

from ppl_cli.errors import PplError
from ppl_cli.language.formatter.documents import render
from ppl_cli.language.formatter.modern import modernize
from ppl_cli.language.formatter.printer import document_of
from ppl_cli.language.formatter.tree import read
from ppl_cli.language.parser import parse
from ppl_cli.language.source import Source


def format_program(text: str, name: str = "model.ppl") -> str:
    """The formatted text; a `LanguageError` if the text does not parse."""
    program = parse(text, name, include=False)
    try:
        formatted = _format(program.source)
        if program.warnings:  # comments whose words went with an old spelling find their places among the new words
            formatted = _format(Source(name, formatted))
    except RecursionError:
        raise PplError(f"{name}: the program is nested too deeply to be formatted") from None
    return formatted.replace("\n", "\r\n") if "\r\n" in text else formatted


def _format(source: Source) -> str:
    return render(document_of(modernize(read(source))))
