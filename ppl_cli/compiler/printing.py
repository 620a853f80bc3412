"""Kernel → text: what the printers of all languages have in common."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from ppl_cli.compiler.kernel import Apply, Draw, Expression, Kernel, Linear, Number, Ref, Statement, reports
from ppl_cli.compiler.link import slots


def linear(e: Linear) -> str:
    """An index as a sum; the same in C and Python."""
    parts = [n if f == 1 else f"{f} * {n}" for f, n in e.terms]
    if e.constant or not parts:
        parts.append(str(e.constant))
    return " + ".join(parts).replace("+ -", "- ")


def indented(lines: Iterable[str], by: int = 2) -> list[str]:
    return [" " * by + line for line in lines]


class Printer:
    """Prints one kernel. A subclass gives the spellings."""

    nan: str
    infinity: str

    def __init__(self, kernel: Kernel) -> None:
        self.kernel = kernel
        self.slots = slots(kernel)
        self.reports, self.faults = reports(kernel)

    def source(self) -> str:
        """The whole text."""
        raise NotImplementedError

    def lines(self, statement: Statement) -> list[str]:
        raise NotImplementedError

    def body(self, statements: Sequence[Statement]) -> list[str]:
        return [line for statement in statements for line in self.lines(statement)]

    def expression(self, e: Expression) -> str:
        raise NotImplementedError

    def atom(self, e: Expression) -> str:
        """An operand of any operator."""
        match e:
            case Number():
                return self.number(e)
            case Ref(name=name):
                return name
            case Linear():
                text = linear(e)
                return f"({text})" if e.terms or e.constant < 0 else text
        raise TypeError(e)

    def number(self, e: Number) -> str:
        if e.kind == "int64":
            text = str(int(e.value))
        elif math.isnan(e.value):
            return self.nan
        elif math.isinf(e.value):
            text = self.infinity if e.value > 0 else "-" + self.infinity
        else:
            text = repr(float(e.value))
        return f"({text})" if text.startswith("-") else text

    def external(self, e: Apply | Draw) -> int:
        """The slot of the function that an expression calls."""
        return self.slots["draw:" + e.primitive if isinstance(e, Draw) else e.scalar.external]
