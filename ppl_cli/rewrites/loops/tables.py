"""Carried values of a loop that depend on data only: tables of them take their place, so that the rest may be
independent."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from ppl_cli.graph.basic import Constant, Variable, constant, root
from ppl_cli.graph.traversal import clone_replace, roots_of, toposort
from ppl_cli.ops.control import Body, Loop, make_loop
from ppl_cli.ops.indexing import gather, set_at
from ppl_cli.ops.scalar_math import add, sub
from ppl_cli.ops.shape import empty
from ppl_cli.rewrites.loops.context import array

Run = Callable[[Sequence[Variable]], Sequence[np.ndarray]]

MOST_INTERPRETED = 2000  # steps that are not worth compiling


def tabulate(loop: Loop, inputs: Sequence[Variable], run: Run | None) -> list[Variable] | None:
    """The loop with carried values that depend on data only replaced by tables of their values; None if there are
    none."""
    start, stop, *rest = inputs
    known = {c: v for c, v in zip(loop.carried, rest, strict=False) if isinstance(v, Constant)}
    result = dict(zip(loop.carried, loop.body.results, strict=True))
    while True:
        allowed = {loop.index, *known}
        bad = [c for c in known if not set(roots_of([result[c]])) <= allowed or _has_draws(result[c])]
        if not bad:
            break
        for c in bad:
            del known[c]
    if not known or (loop.stops and loop.carried[0] not in known):
        return None
    part = _Tabulated(loop, list(known), [result[c] for c in known], [v.data for v in known.values()])
    steps = int(stop.data) - int(start.data)  # type: ignore[attr-defined]
    if run is not None and steps > MOST_INTERPRETED and not loop.stops:
        tables, values = part.compiled(int(start.data), int(stop.data), run)  # type: ignore[attr-defined]
    else:
        tables, values, stop = part.interpreted(int(start.data), int(stop.data))  # type: ignore[attr-defined]
    position = sub(stop, add(loop.index, 1)) if loop.backwards else sub(loop.index, start)
    look_up = {c: gather(array(t), position) for c, t in zip(known, tables, strict=True) if len(t)}
    final: dict[Variable, Variable] = {}
    final.update((c, constant(np.asarray(v), literal=False)) for c, v in zip(known, values, strict=True))
    others = [c for c in loop.carried if c not in known]
    outer = dict(zip(loop.invariants, rest[loop.n_carried :], strict=True))
    results = clone_replace([result[c] for c in others], {**outer, **look_up})
    initial = [v for c, v in zip(loop.carried, rest, strict=False) if c not in known]
    new = make_loop(loop.index, others, results, start, stop, initial, loop.backwards) if others else []
    final.update(zip(others, new, strict=True))
    return [final[c] for c in loop.carried]


@dataclass(frozen=True)
class _Tabulated:
    """The part of a loop whose carried values depend on data only. Its tables hold their values before each
    iteration."""

    loop: Loop
    carried: Sequence[Variable]
    results: Sequence[Variable]
    initial: Sequence[np.ndarray]

    def interpreted(self, start: int, stop: int) -> tuple[list[np.ndarray], Sequence[np.ndarray], Variable]:
        """The tables, the values after the loop, and where it stopped."""
        body = Body((self.loop.index, *self.carried), tuple(self.results))
        values = self.initial
        tables: list[list[np.ndarray]] = [[] for _ in self.carried]
        steps = range(start, stop)
        for i in reversed(steps) if self.loop.backwards else steps:
            if self.loop.stops and values[self.carried.index(self.loop.carried[0])]:
                stop = i
                break
            for t, v in zip(tables, values, strict=True):
                t.append(v)
            values = body.evaluate([np.asarray(i), *values])
        return [np.array(t) for t in tables], values, constant(stop)

    def compiled(self, start: int, stop: int, run: Run) -> tuple[Sequence[np.ndarray], Sequence[np.ndarray]]:
        """The same for a loop that does not stop, by one run of a loop that fills the tables."""
        index = self.loop.index
        tables = [root("table", v.dtype, (stop - start, *v.shape)) for v in self.carried]
        position = sub(stop - 1, index) if self.loop.backwards else sub(index, start)
        filled = [set_at(t, v, position) for t, v in zip(tables, self.carried, strict=True)]
        blank: list[Variable] = [empty(t.shape, t.dtype) for t in tables]
        outputs = make_loop(
            index, [*self.carried, *tables], [*self.results, *filled], start, stop,
            [*map(constant, self.initial), *blank], self.loop.backwards,
        )  # fmt: skip
        found = run(outputs)
        return found[len(self.carried) :], found[: len(self.carried)]


def _has_draws(v: Variable) -> bool:
    return any(not node.op.pure for node in toposort([v]))
