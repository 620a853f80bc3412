"""Kernel → text for people: the loop language as it is, with the buffers declared on top."""

from __future__ import annotations

from ppl_cli.compiler.kernel import (
    Apply,
    Assign,
    Buffer,
    Declare,
    Draw,
    Expression,
    For,
    If,
    Kernel,
    Let,
    Library,
    Linear,
    Load,
    Quotient,
    Report,
    Statement,
    Store,
)
from ppl_cli.compiler.printing import Printer, indented, linear

_COMBINE = {"": "=", "sum": "+=", "prod": "*=", "max": "max=", "min": "min="}
_INFIX = {"add": "+", "sub": "-", "mul": "*", "div": "/"}


def dump(kernel: Kernel) -> str:
    """The kernel as text."""
    return TextPrinter(kernel).source()


class TextPrinter(Printer):
    """Prints one kernel for reading."""

    nan = "nan"
    infinity = "inf"

    def source(self) -> str:
        kernel = self.kernel
        lines = [f"input q: double[{kernel.n_in}]", f"output out: double[{kernel.n_out}]"]
        lines += [f"data {_declared(buffer)}" for buffer in kernel.data]
        lines += [f"scratch {_declared(buffer)} at {start}" for buffer, start in kernel.scratch.items()]
        lines += ["", *self.body(kernel.body)]
        if kernel.value is not None:
            lines.append(f"return {self.expression(kernel.value)}")
        return "\n".join(lines) + "\n"

    def lines(self, statement: Statement) -> list[str]:
        match statement:
            case Let(name=name, value=value):
                return [f"{name} := {self.expression(value)}"]
            case Declare(name=name, kind=kind, value=value):
                return [f"{name}: {kind} := {self.expression(value)}"]
            case Assign(name=name, value=value, combine=combine):
                return [f"{name} {_COMBINE[combine]} {self.expression(value)}"]
            case Store(buffer=buffer, index=index, value=value, combine=combine):
                return [f"{buffer.name}[{linear(index)}] {_COMBINE[combine]} {self.expression(value)}"]
            case For(index=index, start=start, stop=stop, body=body, backwards=backwards, until=until):
                order = (" backwards" if backwards else "") + (f" until {until.name}" if until else "")
                bounds = f"{self.expression(start)} .. {self.expression(stop)}"
                return [f"for {index} in {bounds}{order}", *indented(self.body(body))]
            case If(condition=condition, then=then, otherwise=otherwise):
                found = [f"if {self.expression(condition)}", *indented(self.body(then))]
                return [*found, "else", *indented(self.body(otherwise))] if otherwise else found
            case Library(routine=routine, sizes=sizes, buffers=buffers):
                places = [f"{b.name}[{linear(i)} ..]" for b, i in buffers]
                return [f"{routine}({', '.join([*map(str, sizes), *places])})"]
            case Report(site=site, fault=fault, values=values):
                return [f"report {site}{' fault' if fault else ''}: {', '.join(map(self.expression, values))}"]
        raise TypeError(statement)

    def expression(self, e: Expression) -> str:
        match e:
            case Linear():
                return linear(e)
            case Load(buffer=buffer, index=index):
                return f"{buffer.name}[{linear(index)}]"
            case Quotient(index=index, divisor=divisor, remainder=remainder):
                return f"({linear(index)}) {'mod' if remainder else 'div'} {divisor}"
            case Apply(scalar=scalar, arguments=arguments):
                parts = [self.atom(a) for a in arguments]
                if scalar.name in _INFIX:
                    return f" {_INFIX[scalar.name]} ".join(parts)
                return f"{scalar.name}({', '.join(parts)})"
            case Draw(primitive=primitive, arguments=arguments):
                return f"draw {primitive}({', '.join(self.atom(a) for a in arguments)})"
        return self.atom(e)


def _declared(buffer: Buffer) -> str:
    return f"{buffer.name}: {buffer.kind}[{buffer.size}]"
