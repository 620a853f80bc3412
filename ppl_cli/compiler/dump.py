"""Kernel → a text for people: the loops and what they compute, without a language's trimmings."""
from __future__ import annotations

from collections.abc import Sequence

from ppl_cli.compiler.kernel import (
    Apply, Assign, Declare, Draw, Expression, For, If, Kernel, Let, Library, Linear, Load, Quotient, Statement, Store,
)
from ppl_cli.compiler.printing import Printer, indented, linear

_COMBINE = {"": "=", "sum": "+=", "prod": "*=", "max": "max=", "min": "min="}


def dump(kernel: Kernel) -> str:
    """The kernel as text."""
    return _Dump(kernel).source()


class _Dump(Printer):
    nan = "nan"
    infinity = "inf"

    def source(self) -> str:
        kernel = self.kernel
        head = [f"kernel q[{kernel.n_in}] -> out[{kernel.n_out}]{'' if kernel.value is None else ', value'}"]
        head += [f"data {b.name}: {b.kind}[{b.size}]" for b in kernel.data]
        head += [f"scratch {b.name}: {b.kind}[{b.size}]" for b in kernel.scratch]
        tail = [] if kernel.value is None else [f"value {self.expression(kernel.value)}"]
        return "\n".join([*head, *self.body(kernel.body), *tail]) + "\n"

    def lines(self, statement: Statement) -> list[str]:
        match statement:
            case Let(name=name, value=value):
                return [f"{name} = {self.expression(value)}"]
            case Declare(name=name, kind=kind, value=value):
                return [f"var {name}: {kind} = {self.expression(value)}"]
            case Assign(name=name, value=value, combine=combine):
                return [f"{name} {_COMBINE[combine]} {self.expression(value)}"]
            case Store(buffer=buffer, index=index, value=value, combine=combine):
                return [f"{buffer.name}[{linear(index)}] {_COMBINE[combine]} {self.expression(value)}"]
            case For(index=index, start=start, stop=stop, body=body, backwards=backwards):
                order = " backwards" if backwards else ""
                return [f"for {index} in {self.expression(start)} .. {self.expression(stop)}{order}", *indented(self.body(body))]
            case If(condition=condition, then=then, otherwise=otherwise):
                return [f"if {self.expression(condition)}", *indented(self.body(then)), *self._otherwise(otherwise)]
            case Library(routine=routine, sizes=sizes, buffers=buffers):
                arguments = [*map(str, sizes), *(f"{b.name}[{linear(at)}]" for b, at in buffers)]
                return [f"{routine}({', '.join(arguments)})"]
        raise TypeError(statement)

    def _otherwise(self, statements: Sequence[Statement]) -> list[str]:
        return ["else", *indented(self.body(statements))] if statements else []

    def expression(self, e: Expression) -> str:
        match e:
            case Linear():
                return linear(e)
            case Load(buffer=buffer, index=index):
                return f"{buffer.name}[{linear(index)}]"
            case Quotient(index=index, divisor=divisor, remainder=remainder):
                return f"({linear(index)}) {'mod' if remainder else 'div'} {divisor}"
            case Apply(scalar=scalar, arguments=arguments):
                return f"{scalar.name}({', '.join(map(self.atom, arguments))})"
            case Draw(primitive=primitive, arguments=arguments):
                return f"draw {primitive}({', '.join(map(self.atom, arguments))})"
        return self.atom(e)
