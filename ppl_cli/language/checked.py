"""What the checker hands on: the syntax tree, unchanged, with side tables keyed by its nodes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ppl_cli.language.syntax import Call, Declaration, Expression, FunctionDefinition, Parameter, Program, Suffix
from ppl_cli.language.types import Type

if TYPE_CHECKING:
    from ppl_cli.language.diagnostics import Diagnostic
    from ppl_cli.language.signatures import Signature


@dataclass(frozen=True, slots=True)
class ResolvedCall:
    """Which function a `Call` means: a user's (`definition`) or a library one (`signature`).

    For a call on the right of `~` it is the density or mass function: `base` is `normal`, `suffix` is LPDF.
    A call by an old name (`normal_log`) is resolved to the present one. `functions` are the user's functions that are
    passed to it. `random`: the call stands for a random value, of the type `result`.
    """

    base: str
    suffix: Suffix | None
    result: Type
    arguments: tuple[Type, ...]
    definition: FunctionDefinition | None = None
    signature: Signature | None = None
    functions: tuple[FunctionDefinition, ...] = ()
    random: bool = False


@dataclass(frozen=True, slots=True)
class CheckedProgram:
    program: Program
    types: Mapping[Expression, Type]
    calls: Mapping[Call, ResolvedCall]
    variables: Mapping[Declaration | Parameter, Type]
    warnings: tuple[Diagnostic, ...]

    def type_of(self, expression: Expression) -> Type:
        return self.types[expression]

    def call_of(self, call: Call) -> ResolvedCall:
        return self.calls[call]
