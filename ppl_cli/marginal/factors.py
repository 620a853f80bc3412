"""The terms of a log density as factors of discrete unknowns, tabulated and summed over.

Unknowns that share a factor get different colours. The terms are then evaluated once for each combination of the
colours' states, all elements together; from these tables each factor takes the states of its own unknowns.
"""
from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from math import prod

import numpy as np

from ppl_cli.graph.basic import Apply, Variable, constant, root
from ppl_cli.graph.gradient import grad
from ppl_cli.graph.traversal import clone_replace, dependents, map_graph
from ppl_cli.marginal.colours import colours, neighbours
from ppl_cli.marginal.elimination import Joint, Path, Piece
from ppl_cli.marginal.scopes import NONE, TooWide, scopes_of
from ppl_cli.ops.control import make_table
from ppl_cli.ops.indexing import add_at, gather, set_at
from ppl_cli.ops.reduction import Reduce, reduce_sum
from ppl_cli.ops.scalar_math import add, div, eq, log, log1p, mul, neg, sub, switch
from ppl_cli.ops.shape import Reshape, Transpose, broadcast_to, reshape

MOST_EVALUATIONS = 50_000_000  # of elements of terms, for one log density
MOST_JOINT_STATES = 1 << 15  # of a group of unknowns that no chain puts in order
FEW_JOINT_STATES = 64  # of a chain that is not worth a loop


Vectorize = Callable[[Sequence[Variable]], list[Variable]]
NO_BOUND = 1 << 53  # as far as doubles hold every integer
MOST_STATES = 1 << 20  # of an unknown that is called finite


@dataclass(frozen=True, eq=False)
class Discrete:
    """An int parameter: its root, and the least and the largest value of each element: ±NO_BOUND where there is
    none."""

    name: str
    value: Variable
    lower: np.ndarray
    upper: np.ndarray

    @property
    def most_states(self) -> int:
        """The number of values that the element with the widest range may take."""
        return int((self.upper - self.lower + 1).max(initial=1))


class TooManyStates(Exception):
    """Summing over the unknowns would cost too much; the message says how much."""


@dataclass(frozen=True)
class Marginal:
    """The log density with the unknowns summed out, without the terms that do not depend on them; a draw of each
    unknown from its conditional law, given all the rest. `evaluations` of elements of terms are what it costs."""

    log_density: Variable
    draws: Mapping[Variable, Variable]
    evaluations: int
    probabilities: Callable[[], Mapping[Variable, Variable]]  # of the states of each unknown, [*its shape, states]


def marginalize(
    totals: Sequence[Variable], unknowns: Sequence[Discrete], vectorize: Vectorize
) -> tuple[list[Variable], Marginal]:
    """What is left of each of the `totals` (whose elements add up to the log density), and the sum over the
    unknowns."""
    roots = [u.value for u in unknowns]
    factors: list[Variable] = []
    left: list[Variable] = []
    dependent = dependents(totals, roots)
    for total in totals:
        parts = summands(total, dependent)
        dependent |= dependents(parts, roots)
        factors += [p for p in parts if p in dependent]
        rest: Variable = constant(0.0)
        for p in parts:
            if p not in dependent:
                rest = add(rest, reduce_sum(p))
        left.append(rest if any(p in dependent for p in parts) else total)
    return left, _Factors(factors, unknowns).marginal(vectorize)


def summands(total: Variable, dependent: set[Variable]) -> list[Variable]:
    """Tensors whose elements together add up to the sum of all elements of `total`, divided as far as what is
    `dependent` on unknowns allows."""
    op = total.op
    if total not in dependent:
        return [total]
    if op in (add.op, sub.op):
        first, second = (broadcast_to(v, total.shape) if v.shape != total.shape else v for v in total.inputs)
        others = summands(second, dependent)
        return [*summands(first, dependent), *(others if op == add.op else map(neg, others))]
    if (isinstance(op, Reduce) and op.kind == "sum") or isinstance(op, Reshape | Transpose):
        return summands(total.inputs[0], dependent)
    if op == neg.op:
        return [neg(v) for v in summands(total.inputs[0], dependent)]
    if op == switch.op and total.inputs[0] not in dependent and total.inputs[0].type.size == 1:
        condition, *branches = total.inputs
        which, (first, second) = reshape(condition, ()), (broadcast_to(v, total.shape) for v in branches)
        then = [switch(which, v, 0.0) for v in summands(first, dependent)]
        return [*then, *(switch(which, 0.0, v) for v in summands(second, dependent))]
    if op in (mul.op, div.op):
        for number, other in (total.inputs, total.inputs[::-1])[: 2 if op == mul.op else 1]:
            number, other = (number, other) if op == mul.op else (other, number)
            if number not in dependent and number.type.size == 1 and other.shape == total.shape:
                by = reshape(number, ())
                return [mul(by, v) if op == mul.op else div(v, by) for v in summands(other, dependent)]
    return [total]


class _Factors:
    """The factors, with elements numbered along one axis each, and what they depend on."""

    def __init__(self, factors: Sequence[Variable], unknowns: Sequence[Discrete]) -> None:
        self.factors = [reshape(f, (f.type.size,)) for f in factors]
        self.unknowns = unknowns
        self.numbers: dict[Variable, np.ndarray] = {}
        count = 0
        for u in unknowns:
            size = u.value.type.size
            self.numbers[u.value] = np.arange(count, count + size).reshape(u.value.shape)
            count += size
        self.count = count
        self.lower = np.concatenate([u.lower.ravel() for u in unknowns])
        self.states = np.concatenate([(u.upper - u.lower + 1).ravel() for u in unknowns])
        try:
            self.scopes = scopes_of(self.factors, self.numbers)
        except TooWide:
            raise TooManyStates("a term depends on many of them at once") from None
        self.neighbours = neighbours(self.count, self.scopes)
        self.colours = colours(self.neighbours)
        largest = [int(self.states[self.colours == c].max()) for c in range(int(self.colours.max(initial=0)) + 1)]
        self.combinations = prod(largest)
        self.strides = np.array([prod(largest[:c]) for c in range(len(largest))])[self.colours]
        self.evaluations = self.combinations * sum(f.type.size for f in self.factors)
        if self.evaluations > MOST_EVALUATIONS or self.combinations * self.count > MOST_EVALUATIONS:
            raise TooManyStates(f"it would take {self.evaluations:.2g} evaluations of terms")
        self.largest = largest

    def marginal(self, vectorize: Vectorize) -> Marginal:
        tables = self._tables(vectorize)
        total: Variable = constant(0.0)
        states: Variable = constant(np.zeros(self.count, np.int64))
        for scopes, table in zip(self.scopes, tables, strict=True):  # elements that depend on no unknown after all
            free = np.flatnonzero((scopes != NONE).sum(-1) == 0)
            if free.size:
                total = add(total, reduce_sum(gather(table, np.zeros(free.size, np.int64), free)))
        for piece in self._pieces(tables, constant(np.zeros((self.count, max(self.largest, default=1))))):
            total = add(total, piece.log_total())
            states = set_at(states, piece.draw(), constant(piece.numbers))
        values = add(states, constant(self.lower))
        draws = {
            v: reshape(gather(values, constant(numbers.ravel())), v.shape) for v, numbers in self.numbers.items()
        }
        return Marginal(total, draws, self.evaluations, lambda: self._probabilities(tables))

    def _probabilities(self, tables: Sequence[Variable]) -> dict[Variable, Variable]:
        """They are the derivatives of the log sum by numbers that are added to the log factors of single states."""
        added = root("added", shape=(self.count, max(self.largest, default=1)))
        total = reduce(add, (piece.log_total() for piece in self._pieces(tables, added)))
        (at_zero,) = clone_replace(grad(total, [added]), {added: constant(np.zeros(added.shape))})
        return {v: gather(at_zero, constant(numbers)) for v, numbers in self.numbers.items()}

    def _tables(self, vectorize: Vectorize) -> list[Variable]:
        """Each factor for each combination of the colours' states, [combinations, elements]."""
        q = root("combination", "int64")
        digits = np.arange(self.combinations)[:, None] // self.strides % np.array(self.largest)[self.colours]
        values = self.lower + np.minimum(digits, self.states - 1)
        given = {
            v: reshape(gather(constant(values[:, numbers.ravel()]), q), v.shape) for v, numbers in self.numbers.items()
        }
        inner = clone_replace(_guarded(self.factors, list(self.numbers)), given)
        return vectorize(make_table(q, inner, self.combinations))

    # ------------------------------------------------------------------------------------- the pieces

    def _pieces(self, tables: Sequence[Variable], added: Variable) -> list[Piece]:
        """Groups of unknowns that share no factors, those of one structure together.

        `added` [unknowns, states] is added to the log factors where an unknown has a state.
        """
        joint: dict[tuple[int, ...], list[list[int]]] = {}
        paths: dict[int, list[list[int]]] = {}
        narrow = all(scopes.shape[-1] <= 2 for scopes in self.scopes)
        for members in self._components():
            cost = prod(int(self.states[n]) for n in members)
            order = self._in_a_row(members) if narrow and cost > FEW_JOINT_STATES else None
            if order is not None:
                paths.setdefault(len(order), []).append(order)
            elif cost <= MOST_JOINT_STATES:
                joint.setdefault(tuple(int(self.states[n]) for n in members), []).append(members)
            else:
                raise TooManyStates(f"{len(members)} of them depend on each other: {cost:.2g} joint states")
        pieces: list[Piece] = [
            Joint(np.array(groups), states, self._joint_table(np.array(groups), states, tables, added))
            for states, groups in joint.items()
        ]
        pieces += [self._path(np.array(groups), tables, added) for groups in paths.values()]
        return pieces

    def _components(self) -> list[list[int]]:
        seen = np.zeros(self.count, bool)
        found = []
        for start in range(self.count):
            if seen[start]:
                continue
            seen[start] = True
            members, stack = [], [start]
            while stack:
                n = stack.pop()
                members.append(n)
                for m in self.neighbours[n]:
                    if not seen[m]:
                        seen[m] = True
                        stack.append(m)
            found.append(sorted(members))
        return found

    def _in_a_row(self, members: Sequence[int]) -> list[int] | None:
        """The members along a chain, None if they form none."""
        ends = [n for n in members if len(self.neighbours[n]) == 1]
        if len(ends) != 2 or any(len(self.neighbours[n]) > 2 for n in members):
            return None
        order = [min(ends)]
        while len(order) < len(members):
            order.append(next(m for m in self.neighbours[order[-1]] if len(order) < 2 or m != order[-2]))
        return order

    def _joint_table(
        self, groups: np.ndarray, states: tuple[int, ...], tables: Sequence[Variable], added: Variable
    ) -> Variable:
        """The sum of the factors of each group [B] for each joint state [J] of its unknowns [B, m]."""
        digits = np.stack(np.unravel_index(np.arange(prod(states)), states), -1)  # [J, m]
        group_of, place_of = np.full(self.count, -1), np.zeros(self.count, int)
        group_of[groups] = np.arange(len(groups))[:, None]
        place_of[groups] = np.arange(groups.shape[1])
        result = reduce_sum(gather(added, constant(groups[:, None, :]), constant(digits)), -1)
        for scopes, table in zip(self.scopes, tables, strict=True):
            if not scopes.shape[-1]:
                continue
            rows = np.flatnonzero((scopes[:, 0] != NONE) & (group_of[np.minimum(scopes[:, 0], self.count - 1)] >= 0))
            if rows.size:
                members = scopes[rows]
                real = members != NONE
                safe = np.where(real, members, 0)
                steps = np.where(real, self.strides[safe], 0)  # [R, w]
                q = (steps[:, None, :] * digits.T[place_of[safe]].transpose(0, 2, 1)).sum(-1)  # [R, J]
                found = gather(table, constant(q), constant(rows[:, None]))
                result = _added(result, found, group_of[safe[:, 0]])
        return result

    def _path(self, paths: np.ndarray, tables: Sequence[Variable], added: Variable) -> Path:
        """The tables of chains of one length: of each unknown alone [L, B, K], of neighbours [L - 1, B, K (next),
        K]."""
        chains, length = paths.shape
        most = int(self.states[paths].max())
        place = np.full(self.count, -1)
        place[paths] = np.arange(length) * chains + np.arange(chains)[:, None]
        outside = np.arange(most) >= self.states[paths.T][..., None]
        each = gather(added, constant(paths.T.reshape(length * chains, 1)), constant(np.arange(most)))
        alone = add(each, np.where(outside, -np.inf, 0.0).reshape(length * chains, most))
        pairs: Variable = constant(np.zeros(((length - 1) * chains, most * most)))
        j, i = (k.ravel() for k in np.indices((most, most)))  # the state after, the state before
        for scopes, table in zip(self.scopes, tables, strict=True):
            sizes = (scopes != NONE).sum(-1)
            first = place[np.where(sizes > 0, scopes[:, 0], 0)] if scopes.shape[-1] else np.full(len(scopes), -1)
            rows = np.flatnonzero((sizes == 1) & (first >= 0))
            if rows.size:
                members = scopes[rows, 0]
                q = self.strides[members][:, None] * np.minimum(np.arange(most), self.states[members][:, None] - 1)
                alone = _added(alone, gather(table, constant(q), constant(rows[:, None])), first[rows])
            rows = np.flatnonzero((sizes == 2) & (first >= 0))
            if rows.size:
                a, b = scopes[rows, 0], scopes[rows, 1]
                before, after = np.where(place[a] < place[b], a, b), np.where(place[a] < place[b], b, a)
                state_before = np.minimum(i, self.states[before][:, None] - 1)
                state_after = np.minimum(j, self.states[after][:, None] - 1)
                q = self.strides[before][:, None] * state_before + self.strides[after][:, None] * state_after
                pairs = _added(pairs, gather(table, constant(q), constant(rows[:, None])), place[before])
        return Path(
            paths, reshape(alone, (length, chains, most)), reshape(pairs, (length - 1, chains, most, most))
        )


def _guarded(factors: Sequence[Variable], roots: Sequence[Variable]) -> list[Variable]:
    """The same factors, whose gradient is 0 and not NaN where a state is impossible: there log(0) is not
    differentiated."""
    dependent = dependents(factors, roots)

    def rebuild(node: Apply, inputs: Sequence[Variable]) -> Sequence[Variable]:
        if node.op in (log.op, log1p.op) and node.outputs[0] in dependent:
            impossible = eq(inputs[0], 0.0 if node.op == log.op else -1.0)
            return [switch(impossible, -np.inf, node.op(switch(impossible, 0.5, inputs[0])))]
        return node.op.apply(*inputs).outputs

    return map_graph(factors, rebuild)


def _added(total: Variable, rows: Variable, at: np.ndarray) -> Variable:
    """`total` [n, k] with rows [r, k] added at `at`; simply added where each row has one, in order."""
    if np.array_equal(at, np.arange(total.shape[0])):
        return add(total, rows)
    return add_at(total, rows, constant(at))
