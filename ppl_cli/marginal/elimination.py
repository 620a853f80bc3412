"""Sums over the states of discrete unknowns from tables of log factors, and exact draws of the states.

Small groups by enumeration; chains by the forward algorithm, with draws by backward sampling (Rabiner (1989), "A
tutorial on hidden Markov models"; Frühwirth-Schnatter (1994), "Data augmentation and dynamic linear models").
"""
from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np

from ppl_cli.graph.basic import Variable, constant, root
from ppl_cli.ops.control import make_loop
from ppl_cli.ops.indexing import gather, set_at
from ppl_cli.ops.random import primitive
from ppl_cli.ops.reduction import CumulativeSum, log_sum_exp, reduce_sum
from ppl_cli.ops.scalar_math import add, exp, gt, int_min, switch, to_int
from ppl_cli.ops.shape import reshape


class Piece(Protocol):
    """Groups of unknowns that depend on nothing else. `numbers` are the unknowns, in the shape of their `draw`."""

    @property
    def numbers(self) -> np.ndarray: ...

    def log_total(self) -> Variable:
        """The log of the sum over all states of all groups."""
        ...

    def draw(self) -> Variable:
        """States, counted from 0."""
        ...


@dataclass(frozen=True, eq=False)
class Joint:
    """Groups [B, m] whose joint states are enumerated in `table` [B, J]; `states` is how many each unknown has."""

    numbers: np.ndarray
    states: tuple[int, ...]
    table: Variable

    def log_total(self) -> Variable:
        return reduce_sum(log_sum_exp(self.table))

    def draw(self) -> Variable:
        digits = np.stack(np.unravel_index(np.arange(self.table.shape[1]), self.states), -1)
        return gather(constant(digits), pick(self.table, primitive("uniform", shape=(len(self.numbers), 1))))


@dataclass(frozen=True, eq=False)
class Path:
    """Chains [B, L]: `alone` [L, B, K] are the log factors of one unknown, `pairs` [L - 1, B, K (after), K
    (before)]."""

    chains: np.ndarray
    alone: Variable
    pairs: Variable

    @property
    def numbers(self) -> np.ndarray:
        return self.chains.T

    @cached_property
    def _forward(self) -> tuple[Variable, Variable]:
        """The log sums over all unknowns before, [B, K], at the last one and at all [L, B, K]."""
        t, carried = root("t", "int64"), root("forward", shape=self.alone.shape[1:])
        table = root("forwards", shape=self.alone.shape)
        chains, states = carried.shape
        over = reshape(carried, (chains, 1, states)) + gather(self.pairs, add(t, -1))
        step = log_sum_exp(over) + gather(self.alone, t)
        first = gather(self.alone, 0)
        start = set_at(constant(np.zeros(table.shape)), first, 0)
        last, every = make_loop(
            t, [carried, table], [step, set_at(table, step, t)], 1, self.alone.shape[0], [first, start])
        return last, every

    def log_total(self) -> Variable:
        return reduce_sum(log_sum_exp(self._forward[0]))

    def draw(self) -> Variable:
        length, chains, _ = self.alone.shape
        last, every = self._forward
        uniform = primitive("uniform", shape=(length, chains, 1))
        t, after = root("t", "int64"), root("after", "int64", (chains,))
        drawn = root("drawn", "int64", (length, chains))
        conditional = gather(gather(self.pairs, t), constant(np.arange(chains)), after)
        state = pick(gather(every, t) + conditional, gather(uniform, t))
        end = pick(last, gather(uniform, length - 1))
        start = set_at(constant(np.zeros(drawn.shape, np.int64)), end, length - 1)
        return make_loop(
            t, [after, drawn], [state, set_at(drawn, state, t)], 0, length - 1, [end, start], backwards=True)[1]


def pick(logs: Variable, uniform: Variable) -> Variable:
    """The state that is drawn with probabilities proportional to exp(logs) [..., K], by inversion; `uniform` is [...,
    1]."""
    total = log_sum_exp(logs)
    below = CumulativeSum()(exp(logs - reshape(total, (*total.shape, 1))))
    passed = to_int(reduce_sum(switch(gt(uniform, below), 1.0, 0.0), -1))
    return int_min(passed, logs.shape[-1] - 1)
