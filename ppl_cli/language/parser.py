"""Text → syntax tree. The grammar is grammar/ppl.lark; its parse tables are kept in the user's cache directory.

Building the tables takes 0.4 s, loading them 0.02 s; without a usable cache directory they are built each time.
"""

from __future__ import annotations

import hashlib
import io
import os
import pickle
import sys
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from threading import Lock
from typing import Any, cast

import lark
from platformdirs import user_cache_path

from ppl_cli.language.builder import TreeBuilder
from ppl_cli.language.diagnostics import LanguageError
from ppl_cli.language.includes import expand
from ppl_cli.language.old_spellings import ArrowSplitter
from ppl_cli.language.source import Source
from ppl_cli.language.syntax import Program
from ppl_cli.language.syntax_errors import describe_syntax_error

_BUILD_OPTIONS: dict[str, Any] = {
    "parser": "lalr",
    "lexer": "basic",
    "keep_all_tokens": True,
    "maybe_placeholders": False,
}


def parse(text: str, name: str = "model.ppl", folders: Sequence[Path] = (), include: bool = True) -> Program:
    """The syntax tree of a model file; a `LanguageError` with the place of the first mistake if there is one.

    Files that it includes are looked for in `folders`. Without `include`, a line that includes one is a comment.
    """
    source = Source(name, text.removeprefix("\ufeff"))
    return _parser().parse(expand(source, folders) if include else source)


def concrete_tree(source: Source, node: Callable[[str, list[Any]], Any]) -> Any:
    """What `node` makes of each rule and all that it matched, for those who care how a program is written.

    The text must be one that `parse` accepts; a line that includes a file is taken for a comment.
    """
    return _concrete_parser(node).parse(source.text)


class _Parser:
    """Lark with the tree builder embedded. One at a time may use it, since the builder knows the current file."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._builder = TreeBuilder()
        self._lark = _lark(transformer=self._builder, lexer_callbacks={"HASH_COMMENT": self._comment})

    def parse(self, source: Source) -> Program:
        with self._lock:
            self._builder.begin(source)
            try:
                program: Any = self._lark.parse(source.text)
                return cast(Program, program)
            except lark.UnexpectedInput as failure:
                described = describe_syntax_error(failure, source, self._lark)
                raise LanguageError([*self._builder.mistakes, described]) from None

    def _comment(self, token: lark.Token) -> lark.Token:
        self._builder.old.hash_comment(token)
        return token


@cache
def _parser() -> _Parser:
    return _Parser()


@cache
def _concrete_parser(node: Callable[[str, list[Any]], Any]) -> lark.Lark:
    return _lark(tree_class=node)


def _lark(**options: Any) -> lark.Lark:
    tables = _load_tables(_grammar_path().read_text(encoding="utf-8"))
    parser: lark.Lark = lark.Lark._load_from_dict(**tables, postlex=ArrowSplitter(), **options)
    return parser


def _grammar_path() -> Path:
    """In an installed package the grammar is inside it, in a checkout beside it."""
    package = Path(__file__).parents[1]
    installed = package / "grammar" / "ppl.lark"
    return installed if installed.exists() else package.parent / "grammar" / "ppl.lark"


def _load_tables(grammar: str) -> dict[str, Any]:
    """What `Lark.save` would write for this grammar: from the cache if it is there, else built and cached."""
    key = repr((grammar, lark.__version__, sys.version_info[:3], _BUILD_OPTIONS)).encode()
    path = user_cache_path("ppl") / f"grammar-{hashlib.sha256(key).hexdigest()[:16]}.pickle"
    try:
        content = path.read_bytes()
        return cast(dict[str, Any], pickle.loads(content))
    except Exception:  # missing, unreadable or cut off
        built = io.BytesIO()
        lark.Lark(grammar, **_BUILD_OPTIONS).save(built)
        _write_atomically(path, built.getvalue())
        return cast(dict[str, Any], pickle.loads(built.getvalue()))


def _write_atomically(path: Path, content: bytes) -> None:
    """A cache that cannot be written is no error."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_suffix(f".{os.getpid()}")
        temporary.write_bytes(content)
        temporary.replace(path)
    except OSError:
        pass
