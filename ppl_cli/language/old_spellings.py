"""What older Stan spelled otherwise (reference manual, "Removed Features"): one warning for each kind in a file.

The names of removed functions that need the types of arguments (`normal_log`) are resolved by the checker.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from lark import Token

from ppl_cli.language.diagnostics import Diagnostic, warning
from ppl_cli.language.source import Source, Span
from ppl_cli.language.syntax import Call, Expression, Suffix, TargetCall, Ternary

# What the ending of a removed function's name stands for.
OLD_ENDINGS = {"_ccdf_log": (Suffix.LCCDF,), "_cdf_log": (Suffix.LCDF,), "_log": (Suffix.LPDF, Suffix.LPMF)}


class OldSpellings:
    """Collects the warnings of one file."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.warnings: list[Diagnostic] = []
        self._seen: set[str] = set()

    def _warn(self, message: str, span: Span, hint: str) -> None:
        if message not in self._seen:
            self._seen.add(message)
            self.warnings.append(warning(message, span, hint))

    def postfix_array(self, span: Span) -> None:
        self._warn("sizes of an array after its name or type are an old spelling", span, "write `array[N] real x`")

    def arrow(self, span: Span) -> None:
        self._warn("`<-` is an old spelling of `=`", span, "write `=`")

    def increment_log_prob(self, span: Span) -> None:
        self._warn("`increment_log_prob` is an old spelling", span, "write `target += …`")

    def hash_comment(self, token: Token) -> None:
        self._warn("`#` is an old spelling of `//` before a comment", self.source.span_of(token), "write `//`")

    def present_form(self, call: Call) -> Expression:
        """A call of a removed function in today's words; any other call as it is."""
        match call.name, call.arguments:
            case "get_lp", ():
                self._warn("`get_lp()` is an old spelling", call.span, "write `target()`")
                return TargetCall(call.span)
            case "if_else", (condition, if_true, if_false):
                self._warn("`if_else` is an old spelling", call.name_span, "write `condition ? a : b`")
                return Ternary(call.span, condition, if_true, if_false)
            case "integrate_ode", _:
                self._warn("`integrate_ode` is an old name", call.name_span, "write `integrate_ode_rk45`")
                return replace(call, name="integrate_ode_rk45", base="integrate_ode_rk45")
        return call


class ArrowSplitter:
    """Tells the two readings of `<-` apart: `x <- 1;` assigns, `x = a<-1;` compares with -1.

    An arrow assigns only where no parenthesis is open and its statement has no other assignment, `~` or `return`.
    """

    always_accept = ()
    _OPENING = frozenset("([")
    _CLOSING = frozenset(")]")
    _ASSIGNING = frozenset(("=", "+=", "-=", "*=", "/=", ".*=", "./=", "~", "return", "<-"))

    def process(self, stream: Iterator[Token]) -> Iterator[Token]:
        depth, assigned = 0, False
        for token in stream:
            if token == "<-" and (assigned or depth):
                yield from _split(token)
                continue
            yield token
            if token in self._OPENING or (assigned and token == "{"):
                depth += 1
            elif token in self._CLOSING or (depth and token == "}"):
                depth -= 1
            elif token in ";{}":
                depth, assigned = 0, False
            elif token in self._ASSIGNING and not depth:
                assigned = True


def _split(arrow: Token) -> Iterator[Token]:
    for name, text, offset in (("LESSTHAN", "<", 0), ("MINUS", "-", 1)):
        start = (arrow.start_pos or 0) + offset
        yield Token(name, text, start, arrow.line, (arrow.column or 0) + offset, arrow.line, None, start + 1)
