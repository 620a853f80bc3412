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
_NOT_SHOWN = frozenset(("ARROW", "DOT_NUMERAL", "LOWER", "UPPER", "OFFSET", "MULTIPLIER", "T"))


def describe_syntax_error(failure: lark.UnexpectedInput, source: Source, parser: lark.Lark) -> Diagnostic:
    if isinstance(failure, lark.UnexpectedCharacters):
        return _unexpected_character(source, failure.pos_in_stream)
    assert isinstance(failure, lark.UnexpectedToken)
    token = failure.token
    if source.text.startswith("/*", token.start_pos or 0) and token.type != "$END":
        return _unexpected_character(source, token.start_pos or 0)
    spellings = {
        terminal.name: terminal.pattern.value
        for terminal in parser.terminals
        if isinstance(terminal.pattern, PatternStr)
    }
    at_end = token.type == "$END"
    place = Span(source, len(source.text), len(source.text)) if at_end else _span(source, token)
    found = "the end of the file" if at_end else f"`{token}`"
    accepted = frozenset(failure.accepts or ()) if failure.interactive_parser else frozenset()
    before = _token_before(parser, source, place.start)
    if at_end and before is not None:
        place = _after(source, before)
    if "SEMICOLON" in accepted and before is not None and _ends_statement(source, before, token, at_end):
        return error(f"expected `;` after `{before}`; found {found}", _after(source, before))
    expected = _expected(accepted, spellings)
    hint = _hint(token, accepted, spellings)
    return error(f"expected {expected}; found {found}", place, hint)


def _unexpected_character(source: Source, offset: int) -> Diagnostic:
    character = source.text[offset]
    if character == '"':
        return error("this text in quotes does not end on its line", Span(source, offset, offset + 1))
    if source.text.startswith("/*", offset):
        return error("this comment is not closed by `*/`", Span(source, offset, offset + 2))
    hint = "names are made of the letters a-z, A-Z, digits and `_`" if not character.isascii() else None
    return error(f"the character `{character}` means nothing here", Span(source, offset, offset + 1), hint)


def _span(source: Source, token: lark.Token) -> Span:
    return Span(source, token.start_pos or 0, token.end_pos or 0)


def _after(source: Source, token: lark.Token) -> Span:
    end = token.end_pos or 0
    return Span(source, end, end)


def _token_before(parser: lark.Lark, source: Source, offset: int) -> lark.Token | None:
    """The last token that ends before `offset`: comments and spaces do not count."""
    before = None
    for token in parser.lex(source.text[:offset]):
        before = token
    return before


def _ends_statement(source: Source, before: lark.Token, token: lark.Token, at_end: bool) -> bool:
    """Whether a forgotten semicolon is the likely mistake: what follows begins a line, or begins a statement."""
    if at_end or token == "}":
        return True
    return "\n" in source.text[before.end_pos : token.start_pos]


def _expected(accepted: frozenset[str], spellings: dict[str, str]) -> str:
    """A phrase for the set of tokens that may stand here."""
    names = set(accepted) - _NOT_SHOWN
    phrases = []
    if accepted >= _STATEMENT_STARTS:
        phrases.append("a statement or a declaration")
        names = names & {"RBRACE"}
    elif accepted >= _EXPRESSION_STARTS:
        phrases.append("an expression")
        names = names & {"RPAR", "RSQB", "COLON", "SEMICOLON"}
    elif accepted >= _TYPE_STARTS:
        phrases.append("a type" if "RBRACE" not in accepted else "a declaration")
        names = names & {"RBRACE", "RPAR"}
    if "PLUS" in names:
        ends_constraint = "LESSTHAN" not in names
        names -= {name for name in names if spellings.get(name) in _OPERATORS and not (spellings[name] == ">" and ends_constraint)}
        phrases.append("an operator")
    if len(names & _BLOCK_WORDS) > 1:
        names -= _BLOCK_WORDS
        phrases.append("a block such as `data { … }` or `model { … }`")
    phrases = sorted(_NAMED_TOKENS.get(name) or f"`{spellings.get(name, name)}`" for name in names) + phrases
    if "`$END`" in phrases:
        phrases = [phrase for phrase in phrases if phrase != "`$END`"] + ["the end of the file"]
    if not phrases:
        return "something else"
    return phrases[0] if len(phrases) == 1 else f"{', '.join(phrases[:-1])} or {phrases[-1]}"


def _hint(token: lark.Token, accepted: frozenset[str], spellings: dict[str, str]) -> str | None:
    if "NAME" in accepted and len(accepted) < 8 and spellings.get(token.type, "").isidentifier():
        return f"`{token}` is a word of the language and cannot be a name"
    if token.type in ("TRANSFORMED_DATA", "TRANSFORMED_PARAMETERS", "GENERATED_QUANTITIES") or (
        "$END" in accepted and token in ("functions", "data", "parameters", "model")
    ):
        return (
            "the order of blocks is functions, data, transformed data, parameters, transformed parameters, model, "
            "generated quantities, each at most once"
        )
    return None
