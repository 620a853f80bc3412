"""A parser's failure in plain words: what was found, what was expected there, and the mend where it is plain."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping

import lark
from lark.lexer import PatternStr

from ppl_cli.language.diagnostics import Diagnostic, error
from ppl_cli.language.mends import BLOCKS, CONSTRAINTS, Failure, mend, misspelled_type
from ppl_cli.language.source import Source, Span

_EXPRESSION_STARTS = frozenset(("NAME", "INT_NUMERAL", "REAL_NUMERAL"))
_NAMED_TOKENS = {name: f"`{block}`" for name, block in BLOCKS.items()} | {
    "NAME": "a name",
    "INT_NUMERAL": "a number",
    "STRING": "a text in quotes",
    "$END": "the end of the file",
}
_COMPLETE = (";", "{", "}")
_NOT_SHOWN = CONSTRAINTS | {"ARROW", "DOT_NUMERAL", "T"}
_OPERATORS = frozenset("? || && == != < <= >= + - * / % .* ./ \\ %/% ^ .^ ' [ .".split())
_OF_ARRAY_LITERALS = frozenset(("COMMA", "RBRACE"))  # a statement may begin with one
_ASSIGNMENTS = frozenset("= += -= *= /= .*= ./=".split())

# Where all tokens of the first set may stand, the phrases say so; of the single tokens, those of the last set are
# still worth naming.
_KINDS: tuple[tuple[frozenset[str], tuple[str, ...], frozenset[str]], ...] = (
    (frozenset(("WHILE", "FOR", "IF")), ("a statement", "a declaration"), frozenset(("RBRACE",))),
    (_EXPRESSION_STARTS, ("an expression",), frozenset(("RPAR", "RSQB", "COLON", "SEMICOLON"))),
    (frozenset(("VOID", "INT")), ("a function",), frozenset(("RBRACE",))),
    (frozenset(("INT", "VECTOR", "RBRACE")), ("a declaration",), frozenset(("RBRACE",))),
    (frozenset(("INT", "VECTOR")), ("a type",), frozenset(("RPAR",))),
    (frozenset(("MODEL", "GENERATED_QUANTITIES")), ("a block such as `data { … }` or `model { … }`",), frozenset()),
)

# Characters that stand nowhere in a program, and what they were probably meant to be.
_CHARACTERS = {
    "&": "did you mean `&&`?",
    "@": "a matrix product is written `*`",
    "$": "names are made of letters, digits and `_`",
    ".": "names are made of letters, digits and `_`; a part of a tuple is written `t.1`",
    "_": "a name begins with a letter, a number ends in a digit",
    "`": "names need no quotes; texts stand in double quotes",
} | {
    character: f"write `{meant}`"
    for characters, meant in (
        ("−–—", "-"), ("×·⋅", "*"), ("÷", "/"), ("≤", "<="), ("≥", ">="), ("≠", "!="), ("←≔", "="), ("∼", "~"),
        ("²", "^2"), ("“”„«»", '"'), ("‘’´", '"'), ("；", ";"), ("\u00a0\u2009\u202f\u3000", " "),
    )
    for character in characters
}  # fmt: skip


def describe_syntax_error(failed: lark.UnexpectedInput, source: Source, parser: lark.Lark) -> Diagnostic:
    if not isinstance(failed, lark.UnexpectedToken):
        return _unexpected_character(source, failed.pos_in_stream or 0)
    found = failed.token
    offset = len(source.text) if found.type == "$END" else found.start_pos or 0
    if source.text.startswith("/*", offset):
        return _unexpected_character(source, offset)
    if source.text.startswith("*/", offset):
        return error("this `*/` ends no comment: none is open", Span(source, offset, offset + 2))
    failure = Failure(source, _tokens_before(parser, source, offset), found, _accepted(failed), _spellings(parser))
    return _missing_end(failure) or _unknown_type(failure) or _unexpected_token(failure)


def _accepted(failed: lark.UnexpectedToken) -> frozenset[str]:
    return frozenset(failed.accepts or ())


def _spellings(parser: lark.Lark) -> dict[str, str]:
    """The text of each token that has but one."""
    terminals = parser.terminals
    return {each.name: each.pattern.value for each in terminals if isinstance(each.pattern, PatternStr)}


def _tokens_before(parser: lark.Lark, source: Source, offset: int) -> tuple[lark.Token, ...]:
    """The tokens that end before `offset`: comments and spaces do not count."""
    return tuple(parser.lex(source.text[:offset]))


def _unexpected_character(source: Source, offset: int) -> Diagnostic:
    character = source.text[offset]
    if character == '"':
        return error("this text in quotes does not end on its line", Span(source, offset, offset + 1))
    if source.text.startswith("/*", offset):
        return error("this comment is not closed by `*/`", Span(source, offset, offset + 2))
    shown = f"`{character}`"
    if character == "`" or not character.isprintable() or character.isspace():
        shown = f"U+{ord(character):04X} ({unicodedata.name(character, 'without a name').lower()})"
    letters = "names are made of the letters a-z, A-Z, digits and `_`" if character.isalpha() else None
    hint = _CHARACTERS.get(character, letters)
    return error(f"the character {shown} means nothing here", Span(source, offset, offset + 1), hint)


def _missing_end(failure: Failure) -> Diagnostic | None:
    """A forgotten `;` or `}`: what was found ends a block or begins a line."""
    before, source = failure.before, failure.source
    if before is None or not _begins_anew(failure):
        return None
    after = Span(source, before.end_pos or 0, before.end_pos or 0)
    at_statement = "WHILE" in failure.accepted
    if "SEMICOLON" in failure.accepted and not at_statement and before not in _COMPLETE:
        found = "the end of the file" if failure.at_end else f"`{failure.found}`"
        rest = after.whole_line[after.column - 1 :]
        hint = "`//` begins a comment: a quotient of ints is written `%/%`" if _is_division(rest) else None
        return error(f"expected `;` after `{before}`; found {found}", after, hint or _end_of_statement(failure))
    if failure.at_end and "RBRACE" in failure.accepted:
        return error("expected `}`; found the end of the file", after, mend(failure))
    return None


def _begins_anew(failure: Failure) -> bool:
    before, found = failure.before, failure.found
    if found.type in ("$END", "RBRACE"):
        return True
    return before is not None and "\n" in failure.source.text[before.end_pos or 0 : found.start_pos]


def _is_division(rest: str) -> bool:
    """Whether the end of a statement stands behind `//`."""
    return rest.lstrip().startswith("//") and rest.rstrip().endswith(";")


def _end_of_statement(failure: Failure) -> str | None:
    return "a block ends with `}`" if failure.before == "end" and len(failure.statement) == 1 else None


def _unknown_type(failure: Failure) -> Diagnostic | None:
    misspelled = misspelled_type(failure)
    if misspelled is None:
        return None
    word, hint = misspelled
    return error(f"unknown type `{word}`", failure.source.span_of(word), hint)


def _unexpected_token(failure: Failure) -> Diagnostic:
    source, before = failure.source, failure.before
    if not failure.at_end:
        place, found = source.span_of(failure.found), f"`{failure.found}`"
    else:
        end = len(source.text) if before is None else before.end_pos or 0
        place, found = Span(source, end, end), "the end of the file"
    return error(f"expected {_expected(failure.accepted, failure.spellings)}; found {found}", place, mend(failure))


def _expected(accepted: frozenset[str], spellings: Mapping[str, str]) -> str:
    """A phrase for the set of tokens that may stand here: single tokens first, then kinds of things."""
    if accepted <= CONSTRAINTS:
        return _either([f"`{spellings[name]}`" for name in sorted(accepted)])
    names, kinds = accepted - _NOT_SHOWN, list[str]()
    for required, phrases, kept in _KINDS:
        if accepted >= required:
            names &= kept
            kinds.extend(phrases)
            break
    if "PLUS" in names:
        names = frozenset(name for name in names if spellings.get(name) not in _OPERATORS)
        if "LESSTHAN" in accepted:
            names -= {"MORETHAN"}
        kinds.append("an operator")
    if "TILDE" in names:
        names = frozenset(name for name in names if spellings.get(name) not in _ASSIGNMENTS) - _OF_ARRAY_LITERALS
        kinds.insert(0, "an assignment")
    return _either(sorted(_NAMED_TOKENS.get(name) or f"`{spellings.get(name, name)}`" for name in names) + kinds)


def _either(phrases: list[str]) -> str:
    return f"{', '.join(phrases[:-1])} or {phrases[-1]}" if len(phrases) > 1 else "".join(phrases)
