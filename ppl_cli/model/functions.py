"""Calls of the program's own functions: the body is elaborated in the place of the call."""
from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from ppl_cli.language import syntax as s
from ppl_cli.language.diagnostics import NotSupported
from ppl_cli.language.source import Span
from ppl_cli.model.analysis import REPORTS, TARGET
from ppl_cli.model.environment import Environment, place_of
from ppl_cli.model.statements import Leaving
from ppl_cli.model.values import Stretch, Value, promote, shared

if TYPE_CHECKING:
    from ppl_cli.model.elaborate import Elaborator

MOST_NESTED = 1000  # calls inside calls
MOST_BRANCHES = 50  # conditions that are not known around a call; if there are more, data do not end the recursion
FRAMES = 60  # of Python that a call may take


class Functions:
    """Calls user functions for one elaborator."""

    def __init__(self, elaborator: Elaborator) -> None:
        self.el = elaborator
        self.depth = 0

    def call(self, definition: s.FunctionDefinition, call: s.Call) -> Value:
        return self.apply(definition, [self.el.evaluate(a) for a in call.arguments], call.span)

    def apply(self, definition: s.FunctionDefinition, values: Sequence[Value], span: Span) -> Value:
        """The result of the function on `values`; `span` is where it is called."""
        definition = self.el.body_of(definition)
        if definition.body is None:
            raise NotSupported(f"the external function `{definition.name}` is", span)
        if self.el.depth >= MOST_BRANCHES:
            raise NotSupported(f"recursion of `{definition.name}` that data do not end is", span)
        if self.depth >= MOST_NESTED:
            raise NotSupported(f"recursion of `{definition.name}` through more than {MOST_NESTED} calls is", span)
        outer = self.el.environment
        self.el.environment = inner = Environment(definition.return_type)
        for name in (TARGET, REPORTS):
            if name in outer:
                inner.declare(name, outer[name])
        for parameter, value in zip(definition.parameters, values, strict=True):
            taken = value if isinstance(value, Stretch) else shared(promote(value, parameter.type))
            inner.declare(parameter.name, place_of(taken))
        limit = sys.getrecursionlimit()
        sys.setrecursionlimit(max(limit, MOST_NESTED * FRAMES))
        self.depth += 1
        try:
            self.el.execute(definition.body)
        except Leaving as result:
            return 0 if result.value is None else result.value
        finally:
            self.depth -= 1
            self.el.environment = outer
            sys.setrecursionlimit(limit)
        return 0
