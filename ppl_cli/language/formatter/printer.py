"""Concrete tree → document: a row for each rule of the grammar whose words are not simply put one after the other."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from ppl_cli.language.formatter.documents import (
    HARD,
    LINE,
    Align,
    Document,
    Fill,
    Group,
    Leading,
    Nest,
    Settle,
    Trailing,
)
from ppl_cli.language.formatter.tree import Comment, Part, Phrase, Word, comments_of, is_word, take_comments, words

_Parts = tuple[Part, ...]
_NOTHING = Phrase("single_index", ())


def document_of(part: Part) -> Document:
    if isinstance(part, Word):
        return _word(part)
    return _LAYOUTS.get(part.rule, _joined)(part.parts)


def _word(word: Word) -> Document:
    before = [comment.text + " " if comment.inline else Leading(comment.text) for comment in word.before]
    after = [" " + comment.text if comment.inline else Trailing(comment.text) for comment in word.after]
    return (*before, word.text, *after) if before or after else word.text


def _joined(parts: _Parts) -> Document:
    return tuple(map(document_of, parts))


def _spaced(parts: _Parts) -> Document:
    """The parts with spaces between them, but none before a comma or a semicolon."""
    documents: list[Document] = []
    for part in parts:
        if documents and not is_word(part, ",", ";"):
            documents.append(" ")
        documents.append(document_of(part))
    return tuple(documents)


def _list(parts: _Parts) -> Document:
    """Items between brackets, which are the first and the last part; commas and a bar stand between them."""
    items: list[Document] = []
    item: Document | None = None
    for part in parts[1:-1]:
        if is_word(part, ",", "|"):
            items.append((item or "", " " if is_word(part, "|") else "", document_of(part)))
            item = None
        else:
            item = document_of(part)
    if item is not None:
        items.append(item)
    return document_of(parts[0]), Align(Fill(tuple(items))), document_of(parts[-1])


def _head_and_list(parts: _Parts) -> Document:
    return document_of(parts[0]), _list(parts[1:])


def _message(parts: _Parts) -> Document:
    """`print(…);` and the like."""
    return document_of(parts[0]), _list(parts[1:-1]), document_of(parts[-1])


def _declaration(parts: _Parts) -> Document:
    """Several declarators are filled like a list."""
    declared, *declarators, semicolon = parts
    items = tuple(_joined(tuple(declarators[i : i + 2])) for i in range(0, len(declarators), 2))
    names = items[0] if len(items) == 1 else Align(Fill(items))
    return document_of(declared), " ", names, document_of(semicolon)


def _definition(parts: _Parts) -> Document:
    return " ", _spaced(parts)


def _truncation(parts: _Parts) -> Document:
    """`T[a, ]`: what is left out is nothing between brackets and comma."""
    word, *inner = parts
    comma = next(i for i, part in enumerate(inner) if is_word(part, ","))
    lower = inner[1:comma] or [_NOTHING]
    upper = inner[comma + 1 : -1] or [_NOTHING]
    return document_of(word), _list((inner[0], *lower, inner[comma], *upper, inner[-1]))


def _binary(parts: _Parts) -> Document:
    """A chain of operators of one level; lines break before an operator."""
    if is_word(parts[1], "^"):
        return _joined(parts)
    pairs = zip(parts[1::2], parts[2::2], strict=True)
    return Align(Fill((document_of(parts[0]), *((document_of(a), " ", document_of(b)) for a, b in pairs))))


def _ternary(parts: _Parts) -> Document:
    """A chain `a ? b : c ? d : e` is laid out as one."""
    lines: list[Document] = [document_of(parts[0])]
    while True:
        _, question, if_true, colon, if_false = parts
        lines += [LINE, document_of(question), " ", document_of(if_true), LINE, document_of(colon), " "]
        if not (isinstance(if_false, Phrase) and if_false.rule == "ternary"):
            return Align(Group((*lines, document_of(if_false))))
        parts = if_false.parts
        lines.append(document_of(parts[0]))


def _range(parts: _Parts) -> Document:
    """`1:n`, but `i + 1 : n`: the colon binds no tighter than what is around it."""
    wide = any(isinstance(part, Phrase) and part.rule in ("binary", "ternary") for part in parts)
    return _spaced(parts) if wide and len(parts) == 3 else _joined(parts)


def _parentheses(parts: _Parts) -> Document:
    opening, inner, closing = map(document_of, parts)
    return opening, Align(inner), closing


def _block(parts: _Parts) -> Document:
    """What stands before the brace, and the statements within, one to a line."""
    brace = next(i for i, part in enumerate(parts) if is_word(part, "{"))
    head = _joined(parts[:brace])
    comments, closing = take_comments(parts[-1])
    entries = (*_entries(parts[brace + 1 : -1]), *comments)
    body = Nest((document_of(parts[brace]), *_lines(entries, begun=True), Settle()))
    return head, " " if brace else "", body, HARD, document_of(closing)


def _program(parts: _Parts) -> Document:
    """The blocks; the last word is the end of the file."""
    return tuple(_lines((*_entries(parts[:-1]), *comments_of(parts[-1])), begun=False))


def _entries(parts: Iterable[Part]) -> Iterator[Part | Comment]:
    """Statements, and the comments between them on lines of their own; an empty statement leaves only its comments."""
    for part in parts:
        if isinstance(part, Phrase) and part.rule == "statements":
            yield from _entries(part.parts)
        elif isinstance(part, Phrase) and part.rule == "empty_statement":
            yield from comments_of(part)
        else:
            comments, rest = take_comments(part)
            yield from comments
            yield rest


def _lines(entries: Iterable[Part | Comment], begun: bool) -> Iterator[Document]:
    """Each entry on a line; of the blank lines between them one is kept."""
    first = True
    for entry in entries:
        if begun:
            yield HARD
        blank = entry.blank_before if isinstance(entry, Comment) else next(words(entry)).blank_before
        if blank and not first:
            yield HARD
        yield Trailing(entry.text) if isinstance(entry, Comment) else document_of(entry)
        begun, first = True, False


def _function(parts: _Parts) -> Document:
    result, name, *parameters, body = parts
    space = "" if isinstance(body, Phrase) and body.rule == "empty_statement" else " "
    return document_of(result), " ", document_of(name), _list(tuple(parameters)), space, document_of(body)


def _if_else(parts: _Parts) -> Document:
    """A branch, or a `while` loop, which looks like one without `else`."""
    word, opening, condition, closing, body, *otherwise = parts
    documents = [document_of(word), " ", _parentheses((opening, condition, closing)), " ", document_of(body)]
    if otherwise:
        documents += [Group((LINE, document_of(otherwise[0]))), " ", document_of(otherwise[1])]
    return tuple(documents)


def _for_range(parts: _Parts) -> Document:
    word, opening, variable, inside, lower, colon, upper, closing, body = parts
    return _for((word, opening, variable, inside, Phrase("range_index", (lower, colon, upper)), closing, body))


def _for(parts: _Parts) -> Document:
    word, opening, variable, inside, values, closing, body = map(document_of, parts)
    return word, " ", opening, variable, " ", inside, " ", values, closing, " ", body


_LAYOUTS: dict[str, Callable[[_Parts], Document]] = {
    "start": _program,
    "functions": _block,
    "data": _block,
    "transformed_data": _block,
    "parameters": _block,
    "transformed_parameters": _block,
    "model": _block,
    "generated_quantities": _block,
    "block": _block,
    "profile": _block,
    "function": _function,
    "parameter": _spaced,
    "unsized_tuple": _head_and_list,
    "unsized_array": lambda parts: (_joined(parts[:2]), " ", document_of(parts[2])),
    "array_type": lambda parts: (_joined(parts[:2]), " ", document_of(parts[2])),
    "tuple_type": _head_and_list,
    "sizes": _list,
    "constraint": _list,
    "declaration": _declaration,
    "definition": _definition,
    "assignment": _spaced,
    "tilde": _spaced,
    "truncation": _truncation,
    "target_plus": _spaced,
    "jacobian_plus": _spaced,
    "return_statement": _spaced,
    "print_statement": _message,
    "reject_statement": _message,
    "fatal_error_statement": _message,
    "if_else": _if_else,
    "while_loop": _if_else,
    "for_range": _for_range,
    "for_each": _for,
    "binary": _binary,
    "ternary": _ternary,
    "range_index": _range,
    "index": _head_and_list,
    "call": _head_and_list,
    "array_literal": _list,
    "row_vector_literal": _list,
    "tuple_literal": _list,
    "parentheses": _parentheses,
}
