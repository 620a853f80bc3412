"""Which variables can be seen where, and what may be done with them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum

from ppl_cli.language.source import Span
from ppl_cli.language.syntax import FunctionDefinition, Suffix
from ppl_cli.language.types import ERROR, Type, scalar_of


class Block(Enum):
    """The blocks of a program; the value is the name as written."""

    FUNCTIONS = "functions"
    DATA = "data"
    TRANSFORMED_DATA = "transformed data"
    PARAMETERS = "parameters"
    TRANSFORMED_PARAMETERS = "transformed parameters"
    MODEL = "model"
    GENERATED_QUANTITIES = "generated quantities"


_DATA_BLOCKS = (Block.DATA, Block.TRANSFORMED_DATA, Block.GENERATED_QUANTITIES)


class Kind(Enum):
    """What a variable is; the value is its name in messages."""

    GLOBAL = "variable"
    LOCAL = "local variable"
    ARGUMENT = "function argument"
    LOOP = "loop variable"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a statement stands: its block, the function it is in, and whether a loop is around it."""

    block: Block
    function: FunctionDefinition | None = None
    in_loop: bool = False

    @property
    def suffix(self) -> Suffix | None:
        return self.function.suffix if self.function else None

    @property
    def may_add_to_target(self) -> bool:
        return self.block is Block.MODEL or self.suffix is Suffix.LP

    @property
    def may_call_lp(self) -> bool:
        return self.block in (Block.MODEL, Block.TRANSFORMED_PARAMETERS) or self.suffix is Suffix.LP

    @property
    def may_add_to_jacobian(self) -> bool:
        return self.block is Block.TRANSFORMED_PARAMETERS or self.suffix is Suffix.JACOBIAN

    @property
    def may_draw(self) -> bool:
        return self.block in (Block.TRANSFORMED_DATA, Block.GENERATED_QUANTITIES) or self.suffix is Suffix.RNG

    @property
    def may_drop_constants(self) -> bool:
        return self.block is Block.MODEL or self.suffix in (Suffix.LPDF, Suffix.LPMF)


@dataclass(frozen=True, slots=True)
class Symbol:
    """A variable as declared.

    data_only: its value does not depend on parameters. extents: the sizes of its first axes where they are literals.
    """

    name: str
    type: Type
    kind: Kind
    block: Block
    span: Span
    data_only: bool
    extents: tuple[int | None, ...] = ()

    @staticmethod
    def declared(
        name: str,
        type: Type,
        kind: Kind,
        block: Block,
        span: Span,
        data_only: bool = False,
        extents: tuple[int | None, ...] = (),
    ) -> Symbol:
        """A symbol that is known from data if it is marked so, stands in such a block, or is an int."""
        discrete = scalar_of(type) == "int" and block is not Block.PARAMETERS
        return Symbol(name, type, kind, block, span, data_only or discrete or block in _DATA_BLOCKS, extents)


class Scopes:
    """A stack of scopes. A name may be declared once in all that are open: Stan has no shadowing."""

    def __init__(self) -> None:
        self._stack: list[dict[str, Symbol]] = [{}]
        self._gone: dict[str, Symbol] = {}

    def find(self, name: str) -> Symbol | None:
        return next((scope[name] for scope in reversed(self._stack) if name in scope), None)

    def find_gone(self, name: str) -> Symbol | None:
        """The last variable of this name whose scope is closed."""
        return self._gone.get(name)

    def declare_everywhere(self, symbol: Symbol) -> None:
        """A variable of the outermost scope."""
        self._stack[0][symbol.name] = symbol

    def declare(self, symbol: Symbol) -> None:
        self._stack[-1][symbol.name] = symbol

    def names(self) -> Iterator[str]:
        """All variables that can be seen; not those that are unknown and have been reported."""
        for scope in self._stack:
            yield from (name for name, symbol in scope.items() if symbol.type != ERROR)

    @contextmanager
    def nested(self) -> Iterator[None]:
        """Names declared within are gone afterwards."""
        self._stack.append({})
        try:
            yield
        finally:
            self._gone |= self._stack.pop()
