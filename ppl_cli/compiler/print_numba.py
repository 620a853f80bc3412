"""Kernel → a Python module that Numba compiles."""

from __future__ import annotations

from ppl_cli.compiler.kernel import (
    Apply,
    Assign,
    Declare,
    Draw,
    Expression,
    For,
    If,
    Let,
    Library,
    Linear,
    Load,
    Number,
    Quotient,
    Ref,
    Report,
    Statement,
    Store,
)
from ppl_cli.compiler.printing import Printer, indented, linear

HEADER = """\
from math import *

from numba import cfunc

from ppl_cli.compiler.numba_matrices import *
from ppl_cli.compiler.numba_runtime import *


@cfunc(SIGNATURE, **OPTIONS)
def kernel(q, out, workspace):
"""

_VIEWS = {"double": "doubles", "int64": "integers"}
_COMBINE = {
    "": "{0} = {1}",
    "sum": "{0} += {1}",
    "prod": "{0} *= {1}",
    "max": "{0} = larger({0}, {1})",
    "min": "{0} = smaller({0}, {1})",
}


class NumbaPrinter(Printer):
    """Prints one kernel in Python."""

    nan = "nan"
    infinity = "inf"

    def source(self) -> str:
        result = "0.0" if self.kernel.value is None else f"float({self.expression(self.kernel.value)})"
        if self.faults:
            result = f"nan if reports[0] != 0 else {result}"
        lines = [*self._pointers(), *self.body(self.kernel.body), f"return {result}"]
        return HEADER + "\n".join(indented(lines, 4)) + "\n"

    def _pointers(self) -> list[str]:
        kernel = self.kernel
        found = ["data = pointers(workspace[0], 0)"] if kernel.data else []
        for buffer in kernel.data:
            found.append(f"{buffer.name} = {_VIEWS[buffer.kind]}(data[{buffer.slot}], 0)")
        for buffer, start in kernel.scratch.items():
            found.append(f"{buffer.name} = {_VIEWS[buffer.kind]}(workspace[1], {start})")
        for slot in self.slots.values():
            found.append(f"f{slot} = pointers(workspace[2], 0)[{slot}]")
        if any(name.startswith("draw:") for name in self.slots):
            found.append("state = integers(workspace[3], 0)")
        if self.reports:
            found += ["reports = doubles(workspace[4], 0)", "reports[0] = 0.0"]
        return found

    def lines(self, statement: Statement) -> list[str]:
        match statement:
            case Let(name=name, value=value):
                return [f"{name} = {self.expression(value)}"]
            case Declare(name=name, kind=kind, value=value):
                return [f"{name} = {'float' if kind == 'double' else 'int'}({self.expression(value)})"]
            case Assign(name=name, value=value, combine=combine):
                return [_COMBINE[combine].format(name, self.expression(value))]
            case Store(buffer=buffer, index=index, value=value, combine=combine):
                return [_COMBINE[combine].format(f"{buffer.name}[{linear(index)}]", self.expression(value))]
            case For(index=i, start=start, stop=stop, body=body, backwards=backwards, until=until):
                bounds = f"{self.expression(start)}, {self.expression(stop)}"
                if backwards:
                    bounds = f"{self.expression(stop)} - 1, {self.atom(start)} - 1, -1"
                leave = [f"    if {until.name}:", "        break"] if until else []
                return [f"for {i} in range({bounds}):", *leave, *self._block(body)]
            case If(condition=condition, then=then, otherwise=otherwise):
                return [f"if {self.expression(condition)}:", *self._block(then), "else:", *self._block(otherwise)]
            case Library(routine=routine, sizes=sizes, buffers=buffers, external=external):
                arguments = [f"f{self.slots[name]}" for name in external] + [str(n) for n in sizes]
                arguments += [f"doubles({b.name}, {linear(at)})" for b, at in buffers]
                return [f"{routine}({', '.join(arguments)})"]
            case Report(site=site, fault=fault, values=values):
                numbers = "".join(f"float({self.atom(v)}), " for v in values) or "0.0,"
                return [f"report(reports, {site}, {int(fault)}, {len(values)}, ({numbers}))"]
        raise TypeError(statement)

    def _block(self, statements: list[Statement]) -> list[str]:
        return indented(self.body(statements) or ["pass"], 4)

    def expression(self, e: Expression) -> str:
        match e:
            case Number() | Ref():
                return self.atom(e)
            case Linear():
                return linear(e)
            case Load(buffer=buffer, index=index):
                return f"{buffer.name}[{linear(index)}]"
            case Quotient(index=index, divisor=divisor, remainder=remainder):
                return f"({linear(index)}) {'%' if remainder else '//'} {divisor}"
            case Apply(scalar=scalar, arguments=arguments):
                atoms = [self.atom(a) for a in arguments]
                if scalar.external:
                    return f"call_{len(atoms)}(f{self.external(e)}, {', '.join(f'float({a})' for a in atoms)})"
                text = scalar.numba.format(*atoms)
                return f"int({text})" if scalar.result == "bool" else text
            case Draw(arguments=arguments, kind=kind):
                atoms = [f"float({self.atom(a)})" for a in arguments] + ["0.0"] * (2 - len(arguments))
                call = f"draw(f{self.external(e)}, state, {', '.join(atoms)})"
                return f"int({call})" if kind == "int64" else call
        raise TypeError(e)
