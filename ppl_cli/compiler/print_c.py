"""Kernel → C99."""
from __future__ import annotations

import math
from functools import singledispatchmethod

from ppl_cli.compiler.kernel import (
    Apply, Assign, Buffer, Copy, Declare, Draw, Expression, For, If, Kernel, Let, Library, Linear, Load, Number, Quotient, Ref,
    Statement, Store, expressions, walk,
)
from ppl_cli.compiler.link import slots
from ppl_cli.compiler.memory import share_memory

PRELUDE = """\
#include <stdint.h>
#define NAN __builtin_nan("")
#define INFINITY __builtin_inf()
#define isnan(x) ((x) != (x))
#define isinf(x) (__builtin_fabs(x) == INFINITY)
#define SIMD __attribute__((const, simd("notinbranch")))
#define PURE __attribute__((const))
SIMD double exp(double); SIMD double log(double); SIMD double sin(double); SIMD double cos(double); SIMD double pow(double, double);
PURE double exp2(double); PURE double expm1(double); PURE double log1p(double); PURE double log2(double); PURE double log10(double);
PURE double sqrt(double); PURE double cbrt(double); PURE double fabs(double); PURE double floor(double); PURE double ceil(double);
PURE double trunc(double); PURE double round(double); PURE double fmax(double, double); PURE double fmin(double, double);
PURE double tan(double); PURE double asin(double); PURE double acos(double); PURE double atan(double); PURE double atan2(double, double);
PURE double sinh(double); PURE double cosh(double); PURE double tanh(double); PURE double asinh(double); PURE double acosh(double);
PURE double atanh(double); PURE double erf(double); PURE double erfc(double); PURE double fma(double, double, double);
PURE double hypot(double, double);
double lgamma_r(double, int *);
static inline double lgamma_(double x) { int sign; return lgamma_r(x, &sign); }
static inline int64_t int_div(int64_t a, int64_t b) { return b ? a / b : 0; }
static inline int64_t int_mod(int64_t a, int64_t b) { return b ? a % b : 0; }
static inline double log_add_exp(double a, double b) {
  double m = a > b ? a : b;
  if (isnan(a) || isnan(b)) return a + b;
  return isinf(m) ? m : m + log1p(exp((a > b ? b : a) - m));
}
"""

# Matrix routines on row-major matrices; mirrored by `matrix_routines` for Numba.
ROUTINES = {
    "cholesky": """\
static void cholesky(int64_t n, double *a) {
  for (int64_t i = 0; i < n; ++i) {
    for (int64_t j = 0; j <= i; ++j) {
      double s = a[i * n + j];
      for (int64_t k = 0; k < j; ++k) s -= a[i * n + k] * a[j * n + k];
      a[i * n + j] = i == j ? (s > 0 ? sqrt(s) : NAN) : s / a[j * n + j];
    }
    for (int64_t j = i + 1; j < n; ++j) a[i * n + j] = 0;
  }
}
""",
    "solve_triangular": """\
static void solve_triangular(int64_t n, int64_t m, int64_t lower, int64_t transposed, const double *a, double *b) {
  int64_t forward = lower != transposed;
  for (int64_t s = 0; s < n; ++s) {
    int64_t i = forward ? s : n - 1 - s;
    for (int64_t r = 0; r < s; ++r) {
      int64_t j = forward ? r : n - 1 - r;
      double f = transposed ? a[j * n + i] : a[i * n + j];
      for (int64_t k = 0; k < m; ++k) b[i * m + k] -= f * b[j * m + k];
    }
    double d = a[i * n + i];
    for (int64_t k = 0; k < m; ++k) b[i * m + k] /= d;
  }
}
""",
    "solve": """\
static void solve(int64_t n, int64_t m, double *a, double *b) {
  for (int64_t c = 0; c < n; ++c) {
    int64_t p = c;
    for (int64_t i = c + 1; i < n; ++i) if (fabs(a[i * n + c]) > fabs(a[p * n + c])) p = i;
    if (p != c) {
      for (int64_t k = 0; k < n; ++k) { double t = a[c * n + k]; a[c * n + k] = a[p * n + k]; a[p * n + k] = t; }
      for (int64_t k = 0; k < m; ++k) { double t = b[c * m + k]; b[c * m + k] = b[p * m + k]; b[p * m + k] = t; }
    }
    for (int64_t i = c + 1; i < n; ++i) {
      double f = a[i * n + c] / a[c * n + c];
      for (int64_t k = c + 1; k < n; ++k) a[i * n + k] -= f * a[c * n + k];
      for (int64_t k = 0; k < m; ++k) b[i * m + k] -= f * b[c * m + k];
    }
  }
  for (int64_t i = n - 1; i >= 0; --i) {
    for (int64_t j = i + 1; j < n; ++j)
      for (int64_t k = 0; k < m; ++k) b[i * m + k] -= a[i * n + j] * b[j * m + k];
    for (int64_t k = 0; k < m; ++k) b[i * m + k] /= a[i * n + i];
  }
}
""",
    "log_determinant": """\
static void log_determinant(int64_t n, double *a, double *out) {
  double total = 0;
  for (int64_t c = 0; c < n; ++c) {
    int64_t p = c;
    for (int64_t i = c + 1; i < n; ++i) if (fabs(a[i * n + c]) > fabs(a[p * n + c])) p = i;
    if (p != c) for (int64_t k = 0; k < n; ++k) { double t = a[c * n + k]; a[c * n + k] = a[p * n + k]; a[p * n + k] = t; }
    for (int64_t i = c + 1; i < n; ++i) {
      double f = a[i * n + c] / a[c * n + c];
      for (int64_t k = c + 1; k < n; ++k) a[i * n + k] -= f * a[c * n + k];
    }
    total += log(fabs(a[c * n + c]));
  }
  out[0] = total;
}
""",
}

_COMBINE = {
    "": "{0} = {1};", "sum": "{0} += {1};", "prod": "{0} *= {1};",
    "max": "{{ double m = {1}; if (m > {0} || m != m) {0} = m; }}",
    "min": "{{ double m = {1}; if (m < {0} || m != m) {0} = m; }}",
}
_TYPES = {"double": "double", "int64": "int64_t"}
_SIMD_SCALARS = frozenset(
    "add sub mul div neg abs sqrt exp log fmax fmin switch eq ne lt le gt ge inv_logit to_real sign".split()
)
SHORT = 16  # a loop of fewer iterations gains nothing from vector instructions


class CPrinter:
    """Prints one kernel."""

    def __init__(self, kernel: Kernel) -> None:
        self.kernel = kernel
        self.slots = slots(kernel)

    def source(self) -> str:
        statements = list(walk(self.kernel.body))
        routines = sorted({s.routine for s in statements if isinstance(s, Library)})
        lines = [PRELUDE, *(ROUTINES[r] for r in routines), *self._functions()]
        lines.append("double kernel(const double *restrict q, double *restrict out, void **workspace) {")
        lines += ["  " + line for line in self._locals()]
        for statement in self.kernel.body:
            lines += ["  " + line for line in self.lines(statement)]
        value = "0.0" if self.kernel.value is None else self.expression(self.kernel.value)
        lines += [f"  return {value};", "}", ""]
        return "\n".join(lines)

    def _functions(self) -> list[str]:
        found = []
        for (name, arity), slot in self.slots.items():
            state = "uint64_t *, " if name.startswith("draw:") else ""
            arguments = state + ", ".join(["double"] * arity)
            found.append(f"typedef double (*function{slot})({arguments});")
        return found

    def _locals(self) -> list[str]:
        found = ["const void **data = (const void **)workspace[0];"] if self.kernel.data else []
        for buffer in self.kernel.data:
            kind = _TYPES[buffer.kind]
            found.append(f"const {kind} *restrict {buffer.name} = (const {kind} *)data[{buffer.slot}];")
        if self.kernel.scratch:
            found.append("double *restrict scratch = (double *)workspace[1];")
        restrict = "" if share_memory(self.kernel.scratch) else "restrict"
        for buffer, start in self.kernel.scratch.items():
            kind = _TYPES[buffer.kind]
            found.append(f"{kind} *{restrict} {buffer.name} = ({kind} *)(scratch + {start});")
        for (_name, _arity), slot in self.slots.items():
            found.append(f"const function{slot} f{slot} = (function{slot})((void **)workspace[2])[{slot}];")
        if any(name.startswith("draw:") for name, _ in self.slots):
            found.append("uint64_t *state = (uint64_t *)workspace[3];")
        return found

    # ------------------------------------------------------------------------------------- statements

    @singledispatchmethod
    def lines(self, statement: Statement) -> list[str]:
        raise TypeError(statement)

    @lines.register
    def _(self, s: Let) -> list[str]:
        return [f"const {_TYPES[s.value.kind]} {s.name} = {self.expression(s.value)};"]

    @lines.register
    def _(self, s: Declare) -> list[str]:
        return [f"{_TYPES[s.kind]} {s.name} = {self.expression(s.value)};"]

    @lines.register
    def _(self, s: Assign) -> list[str]:
        return [_COMBINE[s.combine].format(s.name, self.expression(s.value))]

    @lines.register
    def _(self, s: Store) -> list[str]:
        return [_COMBINE[s.combine].format(f"{s.buffer.name}[{self.expression(s.index)}]", self.expression(s.value))]

    @lines.register
    def _(self, s: For) -> list[str]:
        start, stop, i = self.expression(s.start), self.expression(s.stop), s.index
        head = f"for (int64_t {i} = {start}; {i} < {stop}; ++{i}) {{"
        if s.backwards:
            head = f"for (int64_t {i} = {stop} - 1; {i} >= {start}; --{i}) {{"
        pragma = self._pragma(s)
        inner = ["  " + line for statement in s.body for line in self.lines(statement)]
        return [*pragma, head, *inner, "}"]

    @lines.register
    def _(self, s: If) -> list[str]:
        then = ["  " + line for statement in s.then for line in self.lines(statement)]
        otherwise = ["  " + line for statement in s.otherwise for line in self.lines(statement)]
        return [f"if ({self.expression(s.condition)}) {{", *then, "} else {", *otherwise, "}"]

    @lines.register
    def _(self, s: Copy) -> list[str]:
        return [f"__builtin_memcpy({s.target.name}, {s.source.name}, {8 * s.count});"]

    @lines.register
    def _(self, s: Library) -> list[str]:
        arguments = [str(n) for n in s.sizes] + [f"{b.name} + {self.expression(at)}" for b, at in s.buffers]
        return [f"{s.routine}({', '.join(arguments)});"]

    def _pragma(self, loop: For) -> list[str]:
        """A vectorization pragma where every iteration stands alone but for sums; C may not reorder those by itself."""
        if not (isinstance(loop.start, Linear) and isinstance(loop.stop, Linear)) or loop.backwards:
            return []
        if loop.start.terms or loop.stop.terms or loop.stop.constant - loop.start.constant < SHORT:
            return []
        sums, written, read = [], set(), set()
        for s in loop.body:
            for e in expressions(s):
                if isinstance(e, Apply) and (e.scalar.name not in _SIMD_SCALARS or e.scalar.external):
                    return []
                if isinstance(e, Draw):
                    return []
                if isinstance(e, Load):
                    read.add(e.buffer)
            match s:
                case Assign(name=name, combine="sum"):
                    sums.append(name)
                case Store(buffer=buffer, index=index, combine=combine):
                    if combine not in ("", "sum") or (1, loop.index) not in index.terms or buffer in written:
                        return []
                    written.add(buffer)
                    if combine:
                        read.discard(buffer)
                case Let():
                    pass
                case _:
                    return []
        if written & read or len(set(sums)) < len(sums):
            return []
        clause = f" reduction(+:{','.join(sums)})" if sums else ""
        return [f"#pragma omp simd{clause}"]

    # ------------------------------------------------------------------------------------ expressions

    @singledispatchmethod
    def expression(self, e: Expression) -> str:
        raise TypeError(e)

    @expression.register
    def _(self, e: Number) -> str:
        return number(e)

    @expression.register
    def _(self, e: Ref) -> str:
        return e.name

    @expression.register
    def _(self, e: Linear) -> str:
        return linear(e)

    @expression.register
    def _(self, e: Load) -> str:
        return f"{e.buffer.name}[{linear(e.index)}]"

    @expression.register
    def _(self, e: Quotient) -> str:
        return f"({linear(e.index)}) {'%' if e.remainder else '/'} {e.divisor}"

    @expression.register
    def _(self, e: Apply) -> str:
        atoms = [self.atom(a) for a in e.arguments]
        if e.scalar.external:
            slot = self.slots[e.scalar.external, _arity(e)]
            template = e.scalar.c or "call(" + ", ".join(f"{{{k}}}" for k in range(len(atoms))) + ")"
            return template.format(*atoms).replace("call(", f"f{slot}(")
        return e.scalar.c.format(*atoms)

    @expression.register
    def _(self, e: Draw) -> str:
        atoms = [f"(double){self.atom(a)}" for a in e.arguments] + ["0.0"] * (2 - len(e.arguments))
        slot = self.slots["draw:" + e.primitive, 2]
        call = f"f{slot}(state, {', '.join(atoms)})"
        return f"(int64_t){call}" if e.kind == "int64" else call

    def atom(self, e: Expression) -> str:
        text = self.expression(e)
        return f"({text})" if isinstance(e, Linear) and (e.terms or e.constant < 0) else text


def number(e: Number) -> str:
    if e.kind == "int64":
        return str(int(e.value)) if e.value >= 0 else f"({int(e.value)})"
    if math.isnan(e.value):
        return "NAN"
    if math.isinf(e.value):
        return "INFINITY" if e.value > 0 else "(-INFINITY)"
    return repr(float(e.value)) if e.value >= 0 and not str(e.value).startswith("-") else f"({float(e.value)!r})"


def linear(e: Linear) -> str:
    parts = [n if f == 1 else f"{f} * {n}" for f, n in e.terms]
    if e.constant or not parts:
        parts.append(str(e.constant))
    return " + ".join(parts).replace("+ -", "- ")


def _arity(e: Apply) -> int:
    return external_arity(e)


def external_arity(e: Apply) -> int:
    """The number of doubles that an external function takes: those in its template, else the operation's."""
    template = e.scalar.c
    return template.count(",") + 1 if template else e.scalar.arity


__all__ = ["Buffer", "CPrinter", "number"]
