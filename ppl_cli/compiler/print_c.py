"""Kernel → C99."""

from __future__ import annotations

from ppl_cli.compiler.c_runtime import PRELUDE, define
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
from ppl_cli.compiler.link import LINEAR_ALGEBRA
from ppl_cli.compiler.memory import share_memory
from ppl_cli.compiler.printing import Printer, indented, linear
from ppl_cli.compiler.vectorize import sums_of_independent_iterations

_TYPES = {"double": "double", "int64": "int64_t"}
_COMBINE = {
    "": "{0} = {1};",
    "sum": "{0} += {1};",
    "prod": "{0} *= {1};",
    "max": "{{ double m = {1}; if (m > {0} || m != m) {0} = m; }}",
    "min": "{{ double m = {1}; if (m < {0} || m != m) {0} = m; }}",
}


class CPrinter(Printer):
    """Prints one kernel in C."""

    nan = "NAN"
    infinity = "INFINITY"

    def source(self) -> str:
        result = "0.0" if self.kernel.value is None else self.expression(self.kernel.value)
        if self.faults:
            result = f"reports[0] != 0 ? NAN : {result}"
        function = "\n".join([
            "double kernel(const double *restrict q, double *restrict out, void **workspace) {",
            *indented([*self._pointers(), *self.body(self.kernel.body), f"return {result};"]),
            "}", "",
        ])  # fmt: skip
        return PRELUDE + define(function) + function

    def _pointers(self) -> list[str]:
        kernel = self.kernel
        found = ["const void **data = (const void **)workspace[0];"] if kernel.data else []
        for buffer in kernel.data:
            kind = _TYPES[buffer.kind]
            found.append(f"const {kind} *restrict {buffer.name} = (const {kind} *)data[{buffer.slot}];")
        restrict = "" if share_memory(kernel.scratch) else "restrict "
        for buffer, start in kernel.scratch.items():
            kind = _TYPES[buffer.kind]
            found.append(f"{kind} *{restrict}{buffer.name} = ({kind} *)((double *)workspace[1] + {start});")
        for name, slot in self.slots.items():
            kind = "uint64_t *, double, double" if name.startswith("draw:") else ""
            matrices = name.partition(":")[0] in LINEAR_ALGEBRA
            declared = f"void *f{slot}" if matrices else f"double (*f{slot})({kind})"
            found.append(f"{declared} = ((void **)workspace[2])[{slot}];")
        if any(name.startswith("draw:") for name in self.slots):
            found.append("uint64_t *state = (uint64_t *)workspace[3];")
        if self.reports:
            found += ["double *reports = (double *)workspace[4];", "reports[0] = 0;"]
        return found

    def lines(self, statement: Statement) -> list[str]:
        match statement:
            case Let(name=name, value=value):
                return [f"const {_TYPES[value.kind]} {name} = {self.expression(value)};"]
            case Declare(name=name, kind=kind, value=value):
                return [f"{_TYPES[kind]} {name} = {self.expression(value)};"]
            case Assign(name=name, value=value, combine=combine):
                return [_COMBINE[combine].format(name, self.expression(value))]
            case Store(buffer=buffer, index=index, value=value, combine=combine):
                return [_COMBINE[combine].format(f"{buffer.name}[{linear(index)}]", self.expression(value))]
            case For():
                return self._loop(statement)
            case If(condition=condition, then=then, otherwise=otherwise):
                both = [*indented(self.body(then)), "} else {", *indented(self.body(otherwise))]
                return [f"if ({self.expression(condition)}) {{", *both, "}"]
            case Library(routine=routine, sizes=sizes, buffers=buffers, external=external):
                arguments = [f"f{self.slots[name]}" for name in external] + [str(n) for n in sizes]
                arguments += [f"{b.name} + {linear(at)}" for b, at in buffers]
                return [f"{routine}({', '.join(arguments)});"]
            case Report(site=site, fault=fault, values=values):
                numbers = ", ".join(f"(double){self.atom(v)}" for v in values) or "0"
                return [f"{{ double v[] = {{{numbers}}}; report(reports, {site}, {int(fault)}, {len(values)}, v); }}"]
        raise TypeError(statement)

    def _loop(self, loop: For) -> list[str]:
        start, stop, i = self.expression(loop.start), self.expression(loop.stop), loop.index
        unless = f" && !{loop.until.name}" if loop.until else ""
        if loop.backwards:
            head = f"for (int64_t {i} = {stop} - 1; {i} >= {start}{unless}; --{i}) {{"
        else:
            head = f"for (int64_t {i} = {start}; {i} < {stop}{unless}; ++{i}) {{"
        sums = sums_of_independent_iterations(loop)
        pragma = []
        if sums is not None:
            pragma = ["#pragma omp simd" + (f" reduction(+:{','.join(sums)})" if sums else "")]
        return [*pragma, head, *indented(self.body(loop.body)), "}"]

    def expression(self, e: Expression) -> str:
        match e:
            case Number() | Ref():
                return self.atom(e)
            case Linear():
                return linear(e)
            case Load(buffer=buffer, index=index):
                return f"{buffer.name}[{linear(index)}]"
            case Quotient(index=index, divisor=divisor, remainder=remainder):
                return f"({linear(index)}) {'%' if remainder else '/'} {divisor}"
            case Apply(scalar=scalar, arguments=arguments):
                atoms = [self.atom(a) for a in arguments]
                if scalar.external:
                    return f"f{self.external(e)}({', '.join(f'(double){a}' for a in atoms)})"
                return scalar.c.format(*atoms)
            case Draw(arguments=arguments, kind=kind):
                atoms = [self.atom(a) for a in arguments] + ["0.0"] * (2 - len(arguments))
                return f"({_TYPES[kind]})f{self.external(e)}(state, {', '.join(atoms)})"
        raise TypeError(e)
