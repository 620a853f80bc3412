"""A parser's failure in plain words: what was found, what was expected there, and the mend where it is plain."""
from __future__ import annotations

import lark
from lark.lexer import PatternStr

from ppl_cli.language.diagnostics import Diagnostic, error
from ppl_cli.language.source import Source, Span

_EXPRESSION_STARTS = frozenset(("NAME", "INTEGER", "REAL"))
_STATEMENT_STARTS = frozenset(("WHILE", "FOR", "IF"))
_TYPE_STARTS = frozenset(("INT", "VECTOR"))
_NAMED_TOKENS = {
    "NAME": "a name",
    "INTEGER": "a number",
    "STRING": "a text in quotes",
    "TRANSFORMED_DATA": "`transformed data`",
    "TRANSFORMED_PARAMETERS": "`transformed parameters`",
    "GENERATED_QUANTITIES": "`generated quantities`",
}
_OPERATORS = frozenset("? || && == != < <= > >= + - * / % .* ./ \\ %/% ^ .^ ' [ .".split())
_BLOCK_WORDS = frozenset(
    ("FUNCTIONS", "DATA", "PARAMETERS", "MODEL", "TRANSFORMED_DATA", "TRANSFORMED_PARAMETERS", "GENERATED_QUANTITIES")
)
_COMPLETE = (";", "{", "}")
_NOT_SHOWN = frozenset(("ARROW", "DOT_NUMERAL", "LOWER", "UPPER", "OFFSET", "MULTIPLIER", "T"))


def describe_syntax_error(failure: lark.UnexpectedInput, source: Source, parser: lark.Lark) -> Diagnostic:
    if not isinstance(failure, lark.UnexpectedToken):
        return _unexpected_character(source, failure.pos_in_stream or 0)
    token = failure.token
    at_end = token.type == "$END"
    offset = len(source.text) if at_end else token.start_pos or 0
    if source.text.startswith("/*", offset):
        return _unexpected_character(source, offset)
    spellings = {
        terminal.name: terminal.pattern.value
        for terminal in parser.terminals
        if isinstance(terminal.pattern, PatternStr)
    }
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
    return error(f"expected {_expected(accepted, spellings)}; found {found}", place, _hint(token, accepted, spellings))


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
    names = accepted - _NOT_SHOWN
    kinds = []
    if accepted >= _STATEMENT_STARTS:
        kinds.append("a statement or a declaration")
        names &= {"RBRACE"}
    elif accepted >= _EXPRESSION_STARTS:
        kinds.append("an expression")
        names &= {"RPAR", "RSQB", "COLON", "SEMICOLON"}
    elif accepted >= _TYPE_STARTS:
        kinds.append("a declaration" if "RBRACE" in accepted else "a type")
        names &= {"RBRACE", "RPAR"}
    if "PLUS" in names:
        kinds.append("an operator")
        closes_constraint = "LESSTHAN" not in names
        names -= {name for name in names if spellings.get(name) in _OPERATORS}
        names |= {"MORETHAN"} if closes_constraint else frozenset()
    if len(names & _BLOCK_WORDS) > 1:
        kinds.append("a block such as `data { … }` or `model { … }`")
        names -= _BLOCK_WORDS
    if "$END" in names:
        kinds.append("the end of the file")
        names -= {"$END"}
    phrases = sorted(_NAMED_TOKENS.get(name) or f"`{spellings.get(name, name)}`" for name in names) + kinds
    if not phrases:
        return "something else"
    return phrases[0] if len(phrases) == 1 else f"{', '.join(phrases[:-1])} or {phrases[-1]}"


def _hint(token: lark.Token, accepted: frozenset[str], spellings: dict[str, str]) -> str | None:
    if "NAME" in accepted and not accepted >= _EXPRESSION_STARTS and spellings.get(token.type, "").isidentifier():
        return f"`{token}` is a word of the language and cannot be a name"
    if token.type in ("TRANSFORMED_DATA", "TRANSFORMED_PARAMETERS", "GENERATED_QUANTITIES") or (
        "$END" in accepted and token in ("functions", "data", "parameters", "model")
    ):
        return (
            "the order of blocks is functions, data, transformed data, parameters, transformed parameters, model, "
            "generated quantities, each at most once"
        )
    return None
