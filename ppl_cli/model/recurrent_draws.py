"""Draws of a variable whose elements depend on each other, as in a random walk: one step of it after the other.

Elements that depend on no other are drawn first, then those that depend on these only, and so on.
"""
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import prod

import numpy as np

from ppl_cli.graph.basic import Apply, Variable, constant, root
from ppl_cli.graph.traversal import clone_replace, map_graph
from ppl_cli.logprob.base import is_random
from ppl_cli.marginal.scopes import NONE, TooWide, scopes_of
from ppl_cli.ops.control import make_loop
from ppl_cli.ops.elementwise import Elementwise
from ppl_cli.ops.indexing import gather, set_at, take_slice
from ppl_cli.ops.random import RandomVariable, StepToken, Truncated
from ppl_cli.ops.shape import Reshape, broadcast_to, reshape


class Circular(Exception):
    """The elements cannot be drawn one after the other; the message says why."""


def each_time(rv: Variable, index: Variable) -> Variable:
    """`rv` with draws that are new in each iteration of the loop over `index`."""

    def rebuild(node: Apply, inputs: Sequence[Variable]) -> Sequence[Variable]:
        if isinstance(node.op, RandomVariable):
            inputs = [StepToken()(inputs[0], index), *inputs[1:]]
        return node.op.apply(*inputs).outputs

    return map_graph([rv], rebuild)[0]


def one_by_one(draws: Sequence[tuple[Variable, np.ndarray]], variable: Variable) -> Variable:
    """`variable`, of which each draw gives the elements at some flat positions and may depend on it."""
    size, step = variable.type.size, root("step", "int64")
    levels = _levels(draws, variable)
    padded = root("drawn", variable.dtype, (size + 1,))  # the last element takes what is not wanted
    now = reshape(take_slice(padded, 0, size), variable.shape)
    result: Variable = padded
    for rv, position in draws:
        places = position.reshape(_count(rv), -1)
        rows, wanted = _rows(levels[places].max(-1, initial=0), int(levels.max(initial=0)) + 1)
        at = gather(constant(rows), step)
        targets = np.where(wanted[..., None], places[rows], size)
        (own,) = clone_replace([rv], {variable: now})
        values = each_time(_chosen(own, at), step)
        target = gather(constant(targets), step)
        result = set_at(result, reshape(values, target.shape), target)
    start = constant(np.zeros(size + 1, variable.dtype))
    (found,) = make_loop(step, [padded], [result], 0, int(levels.max(initial=0)) + 1, [start])
    return reshape(take_slice(found, 0, size), variable.shape)


def _levels(draws: Sequence[tuple[Variable, np.ndarray]], variable: Variable) -> np.ndarray:
    """For each element how many draws must be made before it, one after the other."""
    size = variable.type.size
    numbers = np.arange(size).reshape(variable.shape)
    needs = np.full((size, 1), NONE)
    for rv, position in draws:
        try:
            (scopes,) = scopes_of([broadcast_to(rv, position.shape)], {variable: numbers})
        except TooWide:
            raise Circular("its elements depend on many others of them") from None
        wide = max(needs.shape[1], scopes.shape[-1])
        needs = np.pad(needs, ((0, 0), (0, wide - needs.shape[1])), constant_values=NONE)
        needs[position.ravel(), : scopes.shape[-1]] = scopes.reshape(position.size, -1)
    found = np.zeros(size, int)
    for _ in range(size + 1):
        deeper = np.where(needs == NONE, 0, found[np.minimum(needs, size - 1)] + 1).max(-1, initial=0)
        if np.array_equal(deeper, found):
            return found
        found = deeper
    raise Circular("its elements depend on each other")


def _rows(levels: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
    """The draws of each level, filled up to the same number, and which of them are wanted."""
    members = [np.flatnonzero(levels == k) for k in range(count)]
    most = max(map(len, members))
    rows = np.array([np.pad(m, (0, most - len(m))) for m in members])
    return rows, np.arange(most) < np.array([[len(m)] for m in members])


def _count(rv: Variable) -> int:
    """How many draws it is made of, each on its own."""
    return prod(rv.op.batch) if isinstance(rv.op, RandomVariable) else rv.type.size


def _chosen(rv: Variable, at: Variable) -> Variable:
    """The draws numbered `at`; only these are made where that can be told from the graph."""
    op, inputs = rv.op, rv.inputs
    if isinstance(op, RandomVariable):
        few = [
            _rows_of(broadcast_to(p, op.batch + p.shape[p.ndim - event :]), event, at)
            for p, event in zip(inputs[1:], op.law.event_ndims, strict=True)
        ]
        return replace(op, batch=at.shape)(inputs[0], *few)
    if isinstance(op, Truncated):
        bounds = (_rows_of(broadcast_to(b, rv.shape), 0, at) for b in inputs[1:])
        return Truncated()(_chosen(inputs[0], at), *bounds)
    if isinstance(op, Reshape) and _count(inputs[0]) == rv.type.size:
        return _chosen(inputs[0], at)
    if isinstance(op, Elementwise) and all(v.shape == rv.shape for v in inputs if is_random(v)):
        return op(*(_chosen(v, at) if is_random(v) else _rows_of(broadcast_to(v, rv.shape), 0, at) for v in inputs))
    return _rows_of(rv, 0, at)


def _rows_of(v: Variable, event: int, at: Variable) -> Variable:
    """The values numbered `at` of a batch of values with `event` axes each."""
    shape = v.shape[v.ndim - event :]
    return gather(reshape(v, (prod(v.shape[: v.ndim - event]), *shape)), at)
