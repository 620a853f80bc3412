"""The log density as a function of one variable, given all else: what each of its elements contributes.

Elements that share no factor form a class and move together (chromatic Gibbs sampling: Gonzalez, Low, Gretton and
Guestrin (2011), "Parallel Gibbs sampling"); one class moves after the other.
"""
from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from ppl_cli.graph.basic import Variable, constant, root
from ppl_cli.graph.traversal import clone_replace, dependents
from ppl_cli.marginal.colours import colours, neighbours
from ppl_cli.marginal.factors import summands
from ppl_cli.marginal.scopes import NONE, TooWide, scopes_of
from ppl_cli.ops.control import make_loop
from ppl_cli.ops.indexing import add_at, gather, take_slice
from ppl_cli.ops.reduction import reduce_sum
from ppl_cli.ops.shape import join, reshape

MOST_OWNERS = 20_000_000  # numbers in the tables of which element owns what in which class
FEW_CLASSES = 4  # that need no loop


class TooEntangled(Exception):
    """So many elements share factors that moving one after the other costs too much; the message says how much."""


@dataclass(frozen=True, eq=False)
class Share:
    """Which elements of a factor, all if `rows` is None, belong to which element of the unknown."""

    rows: np.ndarray | None
    owners: Variable


@dataclass(frozen=True, eq=False)
class Class:
    """Elements that move together: their numbers, and their shares of each factor; None where there is one member, who
    owns all. The number of elements stands for none."""

    members: Variable
    shares: Sequence[Share | None]


class Conditional:
    """The part of a log density, the total of all `parts`, that depends on `unknown`."""

    def __init__(self, unknown: Variable, parts: Sequence[Variable]) -> None:
        self.unknown, self.size = unknown, unknown.type.size
        dependent = dependents(parts, [unknown])
        found = [p for part in parts for p in summands(part, dependent)]
        dependent |= dependents(found, [unknown])
        self.factors = [reshape(f, (f.type.size,)) for f in found if f in dependent]
        numbers = {unknown: np.arange(self.size).reshape(unknown.shape)}
        self.scopes = [_scopes(f, numbers) for f in self.factors]
        wide = any(s is None for s in self.scopes)
        known = [s for s in self.scopes if s is not None]
        self.colours = np.arange(self.size) if wide else colours(neighbours(self.size, known))
        self.count = int(self.colours.max(initial=-1)) + 1
        if self.count > FEW_CLASSES and self.count * sum(f.type.size for f in self.factors) > MOST_OWNERS:
            raise TooEntangled(f"{self.count} elements share terms and must move one after the other")

    # ------------------------------------------------------------------------------------- the classes

    def each_class(
        self, step: Callable[[Class, Sequence[Variable]], list[Variable]], carried: Sequence[Variable]
    ) -> list[Variable]:
        """`step` for one class after the other; what it returns is carried to the next."""
        members = [np.flatnonzero(self.colours == c) for c in range(self.count)]
        if self.count <= FEW_CLASSES:
            now = list(carried)
            for c, of in enumerate(members):
                shares = [None if o is None else _share(o, self.size) for o in self._owners(c)]
                now = step(Class(constant(of), shares), now)
            return now
        most = max(map(len, members))
        padded = np.array([np.pad(m, (0, most - len(m)), constant_values=self.size) for m in members])
        index = root("class", "int64")
        columns = zip(*map(self._owners, range(self.count)), strict=True)
        tables = [
            None if column[0] is None else Share(None, gather(constant(np.array(column)), index)) for column in columns
        ]
        inner = [root(f"carried{k}", v.dtype, v.shape) for k, v in enumerate(carried)]
        results = step(Class(gather(constant(padded), index), tables), inner)
        return make_loop(index, inner, results, 0, self.count, carried)

    def _owners(self, c: int) -> list[np.ndarray | None]:
        """For each factor, to whom of class `c` its elements belong; None if all to its one member."""
        found: list[np.ndarray | None] = []
        for scopes in self.scopes:
            if scopes is None:
                found.append(None)
                continue
            mine = (scopes != NONE) & (self.colours[np.minimum(scopes, self.size - 1)] == c)
            found.append(np.where(mine, scopes, self.size).min(-1, initial=self.size))
        return found

    # ---------------------------------------------------------------------------------- contributions

    def contributions(self, of: Class, value: Variable) -> Variable:
        """What each member of a class contributes if the unknown has this `value`, [members]."""
        total: Variable = constant(np.zeros(self.size + 1))
        for factor, share in zip(clone_replace(self.factors, {self.unknown: value}), of.shares, strict=True):
            if share is None:
                total = add_at(total, reduce_sum(factor), of.members)
            else:
                rows = factor if share.rows is None else gather(factor, constant(share.rows))
                total = add_at(total, rows, share.owners)
        return gather(total, of.members)

    def padded(self, value: Variable) -> Variable:
        """The elements of `value` in a row, and one more that stands for none."""
        return join([reshape(value, (self.size,)), constant(np.zeros(1, value.dtype))])

    def unpadded(self, padded: Variable) -> Variable:
        """The value of the unknown that was padded."""
        return reshape(take_slice(padded, 0, self.size), self.unknown.shape)


def _share(owners: np.ndarray, none: int) -> Share:
    owned = np.flatnonzero(owners < none)
    return Share(None if len(owned) == len(owners) else owned, constant(owners[owned]))


def _scopes(factor: Variable, numbers: dict[Variable, np.ndarray]) -> np.ndarray | None:
    """The scopes of a factor; None if an element of it depends on many elements of the unknown."""
    try:
        return scopes_of([factor], numbers)[0]
    except TooWide:
        return None
