"""Which loops may run several iterations at once: only sums, and stores side by side, connect theirs."""

from __future__ import annotations

from ppl_cli.compiler.kernel import (
    Apply,
    Assign,
    Buffer,
    Declare,
    Draw,
    For,
    Let,
    Linear,
    Load,
    Store,
    expressions,
    names_in,
)

SHORT = 16  # a loop of fewer iterations gains nothing from vector instructions

# Functions with instructions or library functions for vectors.
IN_HARDWARE = frozenset({
    "add", "sub", "mul", "div", "neg", "abs", "sqrt", "fmax", "fmin", "switch", "eq", "ne", "lt", "le", "gt", "ge",
    "and", "or", "not", "to_real", "sign", "floor", "ceil", "trunc", "isnan", "isinf",
})  # fmt: skip
COSTLY = frozenset({
    "exp", "exp2", "expm1", "log", "log2", "log10", "log1p", "log1p_exp", "inv_logit", "pow", "cbrt", "erf", "erfc",
    "sin", "cos", "tan", "asin", "acos", "atan", "atan2", "sinh", "cosh", "tanh", "asinh", "acosh", "atanh",
})  # fmt: skip


def sums_of_independent_iterations(loop: For) -> list[str] | None:
    """The locals that the iterations of a loop add to, if nothing else connects them; None if something does.

    None, too, where reading at indices that are data would cost more than is gained.
    """
    if loop.backwards or loop.until or not isinstance(loop.start, Linear) or not isinstance(loop.stop, Linear):
        return None
    if loop.stop.terms == loop.start.terms and loop.stop.constant - loop.start.constant < SHORT:
        return None
    own = {s.name for s in loop.body if isinstance(s, Let | Declare)}
    sums: list[str] = []
    written: set[Buffer] = set()
    read: set[Buffer] = set()
    indirect = costly = False
    for s in loop.body:
        for e in expressions(s):
            match e:
                case Apply(scalar=scalar) if scalar.name in COSTLY:
                    costly = True
                case Apply(scalar=scalar) if scalar.name not in IN_HARDWARE:
                    return None
                case Draw():
                    return None
                case Load(buffer=buffer, index=index):
                    read.add(buffer)
                    indirect |= _names(index) & own != set()
        match s:
            case Let() | Declare():
                pass
            case Assign(name=name, combine="" | "sum" | "prod") if name in own:
                pass
            case Assign(name=name, combine="sum") if name not in sums:
                sums.append(name)
            case Store(buffer=buffer, index=index, combine="" | "sum") if buffer not in written:
                if loop.index not in _names(index) or _names(index) & own:
                    return None
                written.add(buffer)
            case _:
                return None
    running = any(name in sums for s in loop.body for name in names_in(s))
    return None if running or written & read or (indirect and not costly) else sums


def _names(index: Linear) -> set[str]:
    return {name for _, name in index.terms}
