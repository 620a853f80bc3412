"""The state of one run of the checker: what is known of the program so far and what has been reported."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

from ppl_cli.language.checked import ResolvedCall
from ppl_cli.language.diagnostics import Diagnostic, Severity, error, not_supported, warning
from ppl_cli.language.scopes import Block, Kind, Place, Scopes, Symbol
from ppl_cli.language.signatures import Library
from ppl_cli.language.source import Span
from ppl_cli.language.syntax import (
    Call,
    Declaration,
    Expression,
    FunctionDefinition,
    Name,
    Parameter,
    Program,
    Suffix,
    split_suffix,
    subexpressions,
)
from ppl_cli.language.types import ERROR, Type


class Context:
    def __init__(self, program: Program, library: Library) -> None:
        self.program = program
        self.library = library
        self.functions: dict[str, list[FunctionDefinition]] = {}
        self.scopes = Scopes()
        self.place = Place(Block.FUNCTIONS)
        self.types: dict[Expression, Type] = {}
        self.calls: dict[Call, ResolvedCall] = {}
        self.variables: dict[Declaration | Parameter, Type] = {}
        self.diagnostics: list[Diagnostic] = []
        self.random_value: Callable[[Call, tuple[Type, ...]], Type | None] | None = None  # within a random expression
        self._warned: set[str] = set()

    def error(self, message: str, span: Span, hint: str | None = None) -> None:
        self.diagnostics.append(error(message, span, hint))

    def not_supported(self, what: str, span: Span) -> None:
        self.diagnostics.append(not_supported(what, span))

    def warn(self, message: str, span: Span, hint: str | None = None) -> None:
        self.diagnostics.append(warning(message, span, hint))

    def warn_once(self, kind: str, message: str, span: Span, hint: str | None = None) -> None:
        """A warning, unless one of this kind was given."""
        if kind not in self._warned:
            self._warned.add(kind)
            self.warn(message, span, hint)

    @property
    def has_errors(self) -> bool:
        return any(diagnostic.severity is Severity.ERROR for diagnostic in self.diagnostics)

    @contextmanager
    def at(self, place: Place) -> Iterator[None]:
        before, self.place = self.place, place
        try:
            yield
        finally:
            self.place = before

    @contextmanager
    def loop(self) -> Iterator[None]:
        """The body of a loop, with a scope of its own."""
        with self.at(replace(self.place, in_loop=True)), self.scopes.nested():
            yield

    def declare(
        self,
        name: str,
        type: Type,
        kind: Kind,
        span: Span,
        data_only: bool = False,
        extents: tuple[int | None, ...] = (),
    ) -> None:
        """Make a variable known; if its name cannot be used, say why (it is known all the same)."""
        self._check_name(name, span)
        earlier = self.scopes.find(name)
        if earlier is not None and earlier.type != ERROR:
            hint = f"it was declared in {earlier.span.line_from(span)}"
            self.error(f"the name `{name}` is already in use", span, hint)
        elif name in self.functions and kind is not Kind.ARGUMENT:
            self.error(f"the name `{name}` is already in use: it is a function", span)
        self.scopes.declare(Symbol.declared(name, type, kind, self.place.block, span, data_only, extents))

    def parameter_in(self, expression: Expression) -> Name | None:
        """A name in a checked expression that makes its value depend on parameters; None if data decide it."""
        rest = [expression]
        while rest:
            part = rest.pop()
            if isinstance(part, Name):
                symbol = self.scopes.find(part.name)
                if symbol is not None and not symbol.data_only:
                    return part
            elif not (isinstance(part, Call) and part.name in _SIZES):
                rest.extend(reversed(list(subexpressions(part))))
        return None

    def _check_name(self, name: str, span: Span) -> None:
        if split_suffix(name)[1] in (Suffix.LUPDF, Suffix.LUPMF):
            self.error(f"`{name}` is the name of a density and cannot be that of a variable", span)
        elif name.endswith("__"):
            self.error(f"a name cannot end in two underscores, as `{name}` does", span)
        elif name in RESERVED:
            self.error(f"`{name}` is a reserved word and cannot be a name", span)
        elif name in _LATELY_RESERVED:
            self.warn_once(name, f"`{name}` is a word of the language; newer Stan refuses it as a name", span)


_SIZES = frozenset(("size", "rows", "cols", "num_elements", "dims"))  # these depend on declarations only
RESERVED = frozenset(
    "repeat until then true false struct typedef export auto extern var static transformed generated quantities".split()
)
_LATELY_RESERVED = frozenset("lower upper offset multiplier".split())
