"""`#include file`: the text of a model file with the files that it includes in the places of these lines.

A file is looked for in the given folders, and read only if it lies in one of them. What cannot be read is an error at
the line that includes it (reference manual, "Includes").
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from ppl_cli.language.diagnostics import LanguageError, error
from ppl_cli.language.source import Piece, Source, Span

# What an include cannot be part of is passed over as a whole: comments and texts.
_LEXICAL = re.compile(r'//[^\n]*|/\*.*?\*/|"[^"\n]*"|(?P<include>#include\b[^\r\n]*)|#[^\n]*', re.DOTALL)
_DIRECTIVE = re.compile(r'#include\s+(?:"(?P<quoted>[^"]+)"|<(?P<angled>[^>]+)>|(?P<bare>[^\s"<]\S*))\s*(?://.*)?')
_MOST_INCLUDES = 1000


def expand(source: Source, folders: Sequence[Path] = ()) -> Source:
    """The text with all that it includes; the same source if it includes nothing."""
    if not any(match["include"] for match in _LEXICAL.finditer(source.text)):
        return source
    expansion = _Expansion(folders)
    expansion.add_file(source, (Path(source.name).resolve(),))
    return Source(source.name, "".join(expansion.texts), pieces=tuple(expansion.pieces))


class _Expansion:
    """The text so far, in pieces."""

    def __init__(self, folders: Sequence[Path]) -> None:
        self.texts: list[str] = []
        self.pieces: list[Piece] = []
        self._folders = folders
        self._length = self._includes = 0

    def add_file(self, source: Source, chain: tuple[Path, ...]) -> None:
        """A file whose path ends the chain of the files that include each other."""
        end = 0
        for match in _LEXICAL.finditer(source.text):
            if match["include"] is None:
                continue
            self._add(source, end, match.start())
            span = Span(source, match.start(), match.start() + len(match["include"].rstrip()))
            path = _find(span, self._folders)
            if path in chain:
                raise LanguageError([error("a file cannot include itself", span, _cycle(chain, path))])
            self._includes += 1
            if self._includes > _MOST_INCLUDES:
                raise LanguageError([error(f"more than {_MOST_INCLUDES} files are included", span)])
            self.add_file(_read(path, span), (*chain, path))
            end = match.end()
        self._add(source, end, len(source.text))

    def _add(self, source: Source, start: int, end: int) -> None:
        self.texts.append(source.text[start:end])
        self.pieces.append(Piece(self._length, source, start))
        self._length += end - start


def _find(span: Span, folders: Sequence[Path]) -> Path:
    """The file that an include means."""
    directive = _DIRECTIVE.fullmatch(span.text)
    if directive is None:
        raise LanguageError([error("the name of one file is missing", span, "write `#include file.stan`")])
    name = directive["quoted"] or directive["angled"] or directive["bare"]
    inside = "an included file lies in the folder of the model or in one given by `--include-path`"
    if Path(name).is_absolute() or ".." in Path(name).parts:
        raise LanguageError([error(f"`{name}` leads out of the folders of included files", span, inside)])
    for folder in folders:
        path = (folder / name).resolve()
        if not path.is_file():
            continue
        if not path.is_relative_to(folder.resolve()):
            raise LanguageError([error(f"`{name}` is a link that leads out of {folder}", span, inside)])
        return path
    searched = f"it is not in {' or '.join(map(str, folders))}" if folders else "there is no folder to look in"
    raise LanguageError([error(f"there is no file `{name}`", span, f"{searched}; `--include-path` adds a folder")])


def _read(path: Path, span: Span) -> Source:
    try:
        text = path.read_bytes().decode("utf-8").removeprefix("\ufeff")
    except OSError as failure:
        raise LanguageError([error(f"cannot read {path.name}: {failure.strerror}", span)]) from None
    except UnicodeDecodeError:
        raise LanguageError([error(f"{path.name} is not a UTF-8 text", span)]) from None
    return Source(_shown(path), text if text.endswith("\n") else text + "\n", included_from=span)


def _shown(path: Path) -> str:
    """The path from the working directory, if the file lies there."""
    here = Path.cwd().resolve()
    return str(path.relative_to(here)) if path.is_relative_to(here) else str(path)


def _cycle(chain: tuple[Path, ...], path: Path) -> str | None:
    between = [each.name for each in chain[chain.index(path) + 1 :]]
    return f"it is included by way of {', '.join(between)}" if between else None
