"""What `ppl fmt` promises of every program: it means the same, keeps its comments, and is formatted once for all."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import fields
from enum import Enum
from pathlib import Path
from typing import Any

import pytest

from ppl_cli.language import check, parse, syntax
from ppl_cli.language.checked import CheckedProgram
from ppl_cli.language.formatter import format_program
from ppl_cli.language.signatures import Library, SignatureTable
from ppl_cli.language.source import Span
from ppl_cli.language.types import Type
from ppl_cli.model.library import LIBRARY

FOLDER = Path(__file__).parent
MODELS = sorted((FOLDER.parents[1] / "models").glob("*.ppl"))
GOOD = sorted((FOLDER / "good").rglob("*.ppl"))
OLD = [path for path in GOOD if path.parent.name == "old" and path.stem != "lately_reserved_names"]

_LEXICAL = re.compile(r'"[^"\n]*"|(?P<comment>//[^\n]*|#[^\n]*|/\*.*?\*/)', re.DOTALL)
_OLD_ENDING = re.compile(r"(_c?cdf)?_log$|_(l?c?cdf|lpdf|lpmf)$")

every_program = pytest.mark.parametrize("path", MODELS + GOOD, ids=lambda path: f"{path.parent.name}/{path.stem}")


def comments(text: str) -> Counter[str]:
    """The comments of a text, however they are indented and begun."""
    found = (match["comment"] for match in _LEXICAL.finditer(text) if match["comment"])
    return Counter(" ".join(re.sub(r"^#(?!include)", "//", comment).split()) for comment in found)


def meaning(checked: CheckedProgram) -> Any:
    """The syntax tree without places, braces around single statements and old names."""

    def of(part: Any) -> Any:
        match part:
            case syntax.Call() if part in checked.calls:
                resolved = checked.calls[part]
                suffix = resolved.suffix if resolved.definition is None else None
                return "call", _OLD_ENDING.sub("", resolved.base), suffix, of(part.arguments)
            case syntax.Block(statements=(statement,)):
                return of(statement)
            case syntax.FunctionDefinition():
                name = _OLD_ENDING.sub("", part.name)
                return "function", name, part.return_type, of(part.parameters), of(part.body)
            case syntax.Node() | syntax.Program():
                kept = [field.name for field in fields(part) if field.name not in ("source", "warnings")]
                return type(part).__name__, *(of(getattr(part, name)) for name in kept)
            case Span():
                return None
            case tuple():
                return tuple(map(of, part))
            case Type() | Enum() | str() | int() | float() | None:
                return part
        raise TypeError(part)

    return of(checked.program)


def library_of(path: Path, library: SignatureTable) -> Library:
    return LIBRARY if path in MODELS else library


@every_program
def test_formatting_twice_is_formatting_once(path: Path) -> None:
    once = format_program(path.read_text(encoding="utf-8"), path.name)
    assert format_program(once, path.name) == once


@every_program
def test_every_comment_survives(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert comments(format_program(text, path.name)) == comments(text)


@every_program
def test_the_meaning_is_the_same(path: Path, library: SignatureTable) -> None:
    text = path.read_text(encoding="utf-8")
    before, after = (
        check(parse(each, path.name, (path.parent,)), library_of(path, library))
        for each in (text, format_program(text, path.name))
    )
    assert meaning(after) == meaning(before)


@every_program
def test_no_line_ends_in_spaces(path: Path) -> None:
    formatted = format_program(path.read_text(encoding="utf-8"), path.name)
    assert not re.search(r"[ \t]$|\n\n\n", formatted, re.MULTILINE)
    assert formatted == "" or formatted.endswith("\n")


@pytest.mark.parametrize("path", OLD, ids=lambda path: path.stem)
def test_old_spellings_become_new_ones(path: Path, library: SignatureTable) -> None:
    text = path.read_text(encoding="utf-8")
    formatted = format_program(text, path.name)
    assert check(parse(formatted, path.name), library).warnings == ()
