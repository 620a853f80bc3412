"""Text → concrete tree: every word of a model file in its grammatical place, with the comments around it.

The syntax tree of the language forgets how a program is written; the formatter must not.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import lark

from ppl_cli.language.parser import concrete_tree
from ppl_cli.language.source import Source

_COMMENT = re.compile(r"//[^\n]*|#[^\n]*|/\*.*?\*/", re.DOTALL)
_CLOSING = frozenset(",;)]}|")
_LEVELS = {
    operator: level
    for level, operators in enumerate(("||", "&&", "== !=", "< <= > >=", "+ -", "* / % .* ./", "\\ %/%"))
    for operator in operators.split()
}


@dataclass(frozen=True, slots=True)
class Comment:
    """A comment, or a line that includes a file. `inline` if words follow it on its last line."""

    text: str
    inline: bool
    blank_before: bool


@dataclass(frozen=True, slots=True)
class Word:
    """A token, with the comments that stand before it and those that follow on its line."""

    text: str
    before: tuple[Comment, ...] = ()
    after: tuple[Comment, ...] = ()
    blank_before: bool = False


@dataclass(frozen=True, slots=True)
class Phrase:
    """What a rule of the grammar matched. A chain of operators of one level is one `binary` phrase."""

    rule: str
    parts: tuple[Part, ...]


Part: TypeAlias = Word | Phrase


def read(source: Source) -> Phrase:
    """The concrete tree of a model file. Its last word is empty and holds the comments at the end of the file."""
    tree = concrete_tree(source, _phrase)
    words = _words(source.text, _tokens(tree))
    program = _with_words(tree, words)
    assert isinstance(program, Phrase)
    return replace(program, parts=(*program.parts, *words))


def words(part: Part) -> Iterator[Word]:
    """The words of a part from left to right."""
    if isinstance(part, Word):
        yield part
    else:
        for each in part.parts:
            yield from words(each)


def is_word(part: Part, *texts: str) -> bool:
    return isinstance(part, Word) and part.text in texts


def text_of(part: Part) -> str:
    return " ".join(word.text for word in words(part))


def take_comments(part: Part) -> tuple[tuple[Comment, ...], Part]:
    """The comments on lines of their own before a part, and the part without them."""
    if isinstance(part, Phrase):
        if not part.parts:
            return (), part
        comments, first = take_comments(part.parts[0])
        return comments, replace(part, parts=(first, *part.parts[1:])) if comments else part
    last = max((i for i, comment in enumerate(part.before, 1) if not comment.inline), default=0)
    return part.before[:last], replace(part, before=part.before[last:])


def comments_of(part: Part) -> tuple[Comment, ...]:
    """All comments of a part that is left out."""
    return tuple(comment for word in words(part) for comment in (*word.before, *word.after))


def _phrase(rule: str, children: list[Any]) -> Any:
    """The parser's node for a rule; the children of a rule with an underscore become children of the rule around it."""
    if rule.startswith("_"):
        return lark.Tree(rule, children)
    if rule == "binary":
        left, operator, _ = children
        if isinstance(left, Phrase) and left.rule == "binary" and _LEVELS.get(operator) == _level(left):
            children = [*left.parts, *children[1:]]
    return Phrase(str(rule), tuple(children))


def _level(binary: Any) -> int | None:
    return _LEVELS.get(binary.parts[1])


def _tokens(tree: Any) -> Iterator[lark.Token]:
    for each in tree.parts:
        if isinstance(each, lark.Token):
            yield each
        else:
            yield from _tokens(each)


def _with_words(tree: Any, words: Iterator[Word]) -> Part:
    """The tree with its tokens replaced by words."""
    if isinstance(tree, lark.Token):
        return next(words)
    return Phrase(tree.rule, tuple(_with_words(each, words) for each in tree.parts))


def _words(text: str, tokens: Iterable[lark.Token]) -> Iterator[Word]:
    """A word for each token, and one for the end of the text."""
    word, end = None, 0
    for token in (*tokens, None):
        start = len(text) if token is None else token.start_pos or 0
        content = "" if token is None else " ".join(token.split()) if not token.startswith('"') else str(token)
        gap = _Gap(text, end, start, closing=content if content in _CLOSING else "")
        if word is not None:
            yield replace(word, after=tuple(gap.after))
        word = Word(content, tuple(gap.before), blank_before=gap.ends_blank)
        end = start + len(token or "")
    assert word is not None
    yield word


class _Gap:
    """The comments between two words: those that go with the word `before` which they stand, and those `after` one."""

    def __init__(self, text: str, start: int, end: int, closing: str) -> None:
        self.before: list[Comment] = []
        self.after: list[Comment] = []
        at_end = end == len(text)
        place = start
        for match in _COMMENT.finditer(text, start, end):
            content = _dedented(match[0], match.start() - (text.rfind("\n", 0, match.start()) + 1))
            include = content.startswith("#include")
            if content.startswith("#") and not include:
                content = "//" + content[1:]
            on_first_line = start > 0 and "\n" not in text[start : match.start()] and not include
            on_last_line = "\n" not in text[match.start() : end] and not at_end and not include
            crowded = closing == "}" or any(not comment.inline for comment in self.before + self.after)
            inline = on_last_line and (on_first_line or not closing or not crowded)
            follows = bool(closing) if inline else on_first_line
            comment = Comment(content, inline, text.count("\n", place, match.start()) > 1)
            (self.after if follows else self.before).append(comment)
            place = match.end()
        self.ends_blank = text.count("\n", place, end) > 1


def _dedented(comment: str, column: int) -> str:
    """A comment with its further lines indented relative to its first character."""
    first, *others = (line.expandtabs(8).rstrip() for line in comment.split("\n"))
    indents = [len(line) - len(line.lstrip()) for line in others]
    return "\n".join(
        [first, *(" " * max(indent - column, 0) + line.lstrip() for line, indent in zip(others, indents, strict=True))]
    )
