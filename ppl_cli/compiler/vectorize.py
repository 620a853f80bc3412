"""Which loops may run several iterations at once: only sums, and stores side by side, connect theirs."""
from __future__ import annotations

from ppl_cli.compiler.kernel import Apply, Assign, Buffer, Draw, For, Let, Linear, Load, Store, expressions

SHORT = 16  # a loop of fewer iterations gains nothing from vector instructions

# Functions with instructions or library functions for vectors.
VECTORIZED = frozenset(
    "add sub mul div neg abs sqrt exp log fmax fmin switch eq ne lt le gt ge and or not inv_logit to_real sign sin cos "
    "pow exp2 expm1 log1p log2 log10 cbrt tan asin acos atan atan2 sinh cosh tanh asinh acosh atanh erf erfc log1p_exp "
    "floor ceil trunc isnan isinf".split()
)


def sums_of_independent_iterations(loop: For) -> list[str] | None:
    """The locals that the iterations of a loop add to, if nothing else connects them; None if something does."""
    if loop.backwards or not isinstance(loop.start, Linear) or not isinstance(loop.stop, Linear):
        return None
    if loop.stop.terms == loop.start.terms and loop.stop.constant - loop.start.constant < SHORT:
        return None
    sums: list[str] = []
    written: set[Buffer] = set()
    read: set[Buffer] = set()
    for s in loop.body:
        for e in expressions(s):
            if isinstance(e, Apply) and e.scalar.name not in VECTORIZED or isinstance(e, Draw):
                return None
            if isinstance(e, Load):
                read.add(e.buffer)
        match s:
            case Let():
                pass
            case Assign(name=name, combine="sum") if name not in sums:
                sums.append(name)
            case Store(buffer=buffer, index=index, combine=combine) if combine in ("", "sum") and buffer not in written:
                if not any(name == loop.index for _, name in index.terms):
                    return None
                if any(name not in (loop.index,) and _inside(name, loop) for _, name in index.terms):
                    return None
                written.add(buffer)
            case _:
                return None
    return None if written & read else sums


def _inside(name: str, loop: For) -> bool:
    """Whether `name` is a local of the loop's body."""
    return any(isinstance(s, Let) and s.name == name for s in loop.body)
