"""A parser's failure in plain words: what was found, what was expected there, and the mend where it is plain."""

from __future__ import annotations

from difflib import get_close_matches

import lark
from lark.lexer import PatternStr

from ppl_cli.language.diagnostics import Diagnostic, error
from ppl_cli.language.source import Source, Span

_BLOCKS = {
    "FUNCTIONS": "functions",
    "DATA": "data",
    "TRANSFORMED_DATA": "transformed data",
    "PARAMETERS": "parameters",
    "TRANSFORMED_PARAMETERS": "transformed parameters",
    "MODEL": "model",
    "GENERATED_QUANTITIES": "generated quantities",
}
_CONSTRAINTS = frozenset(("LOWER", "UPPER", "OFFSET", "MULTIPLIER"))
_EXPRESSION_STARTS = frozenset(("NAME", "INT_NUMERAL", "REAL_NUMERAL"))
_NAMED_TOKENS = {name: f"`{block}`" for name, block in _BLOCKS.items()} | {
    "NAME": "a name",
    "INT_NUMERAL": "a number",
    "STRING": "a text in quotes",
    "$END": "the end of the file",
}
_COMPLETE = (";", "{", "}")
_NOT_SHOWN = _CONSTRAINTS | {"ARROW", "DOT_NUMERAL", "T"}
_OPERATORS = frozenset("? || && == != < <= >= + - * / % .* ./ \\ %/% ^ .^ ' [ .".split())
_ASSIGNMENTS = frozenset("= += -= *= /= .*= ./=".split())

# Where all tokens of the first set may stand, the phrase says so; of the single tokens, those of the last set are
# still worth naming.
_KINDS: tuple[tuple[frozenset[str], str, frozenset[str]], ...] = (
    (frozenset(("WHILE", "FOR", "IF")), "a statement or a declaration", frozenset(("RBRACE",))),
    (_EXPRESSION_STARTS, "an expression", frozenset(("RPAR", "RSQB", "COLON", "SEMICOLON"))),
    (frozenset(("INT", "VECTOR", "RBRACE")), "a declaration", frozenset(("RBRACE",))),
    (frozenset(("INT", "VECTOR")), "a type", frozenset(("RPAR",))),
    (frozenset(("MODEL", "GENERATED_QUANTITIES")), "a block such as `data { … }` or `model { … }`", frozenset()),
)


def describe_syntax_error(failure: lark.UnexpectedInput, source: Source, parser: lark.Lark) -> Diagnostic:
    if not isinstance(failure, lark.UnexpectedToken):
        return _unexpected_character(source, failure.pos_in_stream or 0)
    token = failure.token
    at_end = token.type == "$END"
    offset = len(source.text) if at_end else token.start_pos or 0
    if source.text.startswith("/*", offset):
        return _unexpected_character(source, offset)
    accepted = frozenset(failure.accepts or ())
    before = _token_before(parser, source, offset)
    after_before = Span(source, before.end_pos or 0, before.end_pos or 0) if before is not None else None
    found = "the end of the file" if at_end else f"`{token}`"
    if after_before is not None and _begins_anew(source, after_before, token):
        if "SEMICOLON" in accepted and before not in _COMPLETE:
            return error(f"expected `;` after `{before}`; found {found}", after_before)
        if at_end and "RBRACE" in accepted:
            return error("expected `}`; found the end of the file", after_before, "a `{` is not closed")
    place = source.span_of(token) if not at_end else after_before or Span(source, offset, offset)
    spellings = _spellings(parser)
    hint = _hint(source, before, token, accepted, spellings)
    return error(f"expected {_expected(accepted, spellings)}; found {found}", place, hint)


def _spellings(parser: lark.Lark) -> dict[str, str]:
    """The text of each token that has but one."""
    terminals = parser.terminals
    return {each.name: each.pattern.value for each in terminals if isinstance(each.pattern, PatternStr)}


def _unexpected_character(source: Source, offset: int) -> Diagnostic:
    character = source.text[offset]
    if character == '"':
        return error("this text in quotes does not end on its line", Span(source, offset, offset + 1))
    if source.text.startswith("/*", offset):
        return error("this comment is not closed by `*/`", Span(source, offset, offset + 2))
    hint = "names are made of the letters a-z, A-Z, digits and `_`" if not character.isascii() else None
    return error(f"the character `{character}` means nothing here", Span(source, offset, offset + 1), hint)


def _token_before(parser: lark.Lark, source: Source, offset: int) -> lark.Token | None:
    """The last token that ends before `offset`: comments and spaces do not count."""
    before = None
    for token in parser.lex(source.text[:offset]):
        before = token
    return before


def _begins_anew(source: Source, after_before: Span, token: lark.Token) -> bool:
    """Whether a forgotten semicolon is the likely mistake: what was found ends a block or begins a line."""
    if token.type in ("$END", "RBRACE"):
        return True
    return "\n" in source.text[after_before.end : token.start_pos]


def _expected(accepted: frozenset[str], spellings: dict[str, str]) -> str:
    """A phrase for the set of tokens that may stand here: single tokens first, then kinds of things."""
    if accepted <= _CONSTRAINTS:
        return _either([f"`{spellings[name]}`" for name in sorted(accepted)])
    names, kinds = accepted - _NOT_SHOWN, []
    for required, phrase, kept in _KINDS:
        if accepted >= required:
            names &= kept
            kinds.append(phrase)
            break
    if "PLUS" in names:
        names = frozenset(name for name in names if spellings.get(name) not in _OPERATORS)
        if "LESSTHAN" in accepted:
            names -= {"MORETHAN"}
        kinds.append("an operator")
    if "TILDE" in names:
        names = frozenset(name for name in names if spellings.get(name) not in _ASSIGNMENTS)
        kinds.insert(0, "an assignment")
    return _either(sorted(_NAMED_TOKENS.get(name) or f"`{spellings.get(name, name)}`" for name in names) + kinds)


def _either(phrases: list[str]) -> str:
    return f"{', '.join(phrases[:-1])} or {phrases[-1]}" if len(phrases) > 1 else "".join(phrases)


def _hint(
    source: Source, before: lark.Token | None, token: lark.Token, accepted: frozenset[str], spellings: dict[str, str]
) -> str | None:
    if "NAME" in accepted and not accepted >= _EXPRESSION_STARTS and spellings.get(token.type, "").isidentifier():
        return f"`{token}` is a word of the language and cannot be a name"
    if "TILDE" in accepted and before is not None and before.type == "NAME" and token.type == "NAME":
        types = [spellings[name] for name in ("INT", "REAL", "VECTOR", "ROW_VECTOR", "MATRIX", "ARRAY", "SIMPLEX")]
        return _closest(before, types) or f"`{before}` is not a type"
    if token.type in _BLOCKS and accepted & {"$END", *_BLOCKS}:
        return f"the order of blocks is {', '.join(_BLOCKS.values())}, each at most once"
    if token.type == "NAME" and accepted & _BLOCKS.keys():
        return _closest(source.text[token.start_pos :].partition("{")[0].strip(), list(_BLOCKS.values()))
    return None


def _closest(word: str, known: list[str]) -> str | None:
    close = get_close_matches(word, known, n=1, cutoff=0.7)
    return f"did you mean `{close[0]}`?" if close else None
