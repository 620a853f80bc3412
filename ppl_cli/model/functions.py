"""Calls of the program's own functions: the body is elaborated in the place of the call."""
from __future__ import annotations

from typing import TYPE_CHECKING

from ppl_cli.language import syntax as s
from ppl_cli.language.diagnostics import NotSupported
from ppl_cli.language.types import INT, Type, scalar_of
from ppl_cli.model.analysis import REPORTS, TARGET
from ppl_cli.model.environment import Environment, Slot
from ppl_cli.model.statements import Leaving
from ppl_cli.model.values import Stretch, Value, convert, shape_of, shared

if TYPE_CHECKING:
    from ppl_cli.model.elaborate import Elaborator

MOST_NESTED = 200  # calls inside calls; a deeper one is a recursion that data do not end


class Functions:
    """Calls user functions for one elaborator."""

    def __init__(self, elaborator: Elaborator) -> None:
        self.el = elaborator
        self.depth = 0

    def call(self, definition: s.FunctionDefinition, call: s.Call, first: Value | None = None) -> Value:
        """The result of the call; `first` is a first argument that stands on the left of `~`."""
        values = [self.el.evaluate(a) for a in call.arguments]
        if first is not None:
            values.insert(0, first)
        definition = self.el.body_of(definition)
        if definition.body is None:
            raise NotSupported(f"the external function `{definition.name}` is", call.span)
        if self.depth >= MOST_NESTED:
            raise NotSupported(f"recursion of `{definition.name}` that data do not end is", call.span)
        outer = self.el.environment
        self.el.environment = inner = Environment()
        for name in (TARGET, REPORTS):
            if name in outer:
                inner.declare(name, outer[name])
        for parameter, value in zip(definition.parameters, values, strict=True):
            kind = "int64" if scalar_of(parameter.type) == "int" else "float64"
            slot = Slot(value, (), kind) if isinstance(value, Stretch) else Slot(shared(convert(value, kind)), shape_of(value), kind)
            inner.declare(parameter.name, slot)
        self.depth += 1
        try:
            self.el.execute(definition.body)
        except Leaving as result:
            return self.result(definition.return_type, result)
        finally:
            self.depth -= 1
            self.el.environment = outer
        return 0

    def result(self, declared: Type, returned: Leaving) -> Value:
        if returned.value is None:
            return 0
        if isinstance(returned.value, Stretch):
            return returned.value
        return convert(returned.value, "int64" if scalar_of(declared) == INT.name else "float64")
