"""Sums over observations, separated into terms that need all of them and terms that need less.

A term such as `-beta * y` leaves the sum as `-beta * sum(y)`. A term of data with few distinct values, such as
`lgamma(y + phi)` of counts y, is computed once for each distinct combination, weighted by how often it occurs.
Before the gradient is taken: its sums are then as short.
"""
from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from weakref import WeakKeyDictionary

import numpy as np

from ppl_cli.graph.basic import Apply, Constant, Variable, constant
from ppl_cli.graph.rewriting import Rewritten, RuleSet, rewrite
from ppl_cli.graph.traversal import clone_replace
from ppl_cli.ops.elementwise import Elementwise
from ppl_cli.ops.indexing import Gather, gather
from ppl_cli.ops.reduction import Reduce, reduce_sum
from ppl_cli.ops.scalar_math import add, div, mul, neg, sub
from ppl_cli.ops.shape import broadcast_to

LONG = 64  # shorter sums are left alone
REPEATED = 4  # how often a combination must occur on average
MOST_NESTED = 50  # terms of sums nested deeper stay together
_SAMPLE = 1024
_COUNTED = 1 << 22  # up to this many codes a table of counts is faster than sorting

Shape = tuple[int, ...]


def _is_number(v: Variable) -> bool:
    return v.type.size == 1


def _is_multiple_of_data(v: Variable) -> bool:
    """Whether `v` is made of data and numbers by products only (and quotients by numbers)."""
    stack, seen = [v], {v}
    while stack:
        x = stack.pop()
        if isinstance(x, Constant) or _is_number(x):
            continue
        if x.op not in (neg.op, mul.op) and not (x.op == div.op and _is_number(x.inputs[1])):
            return False
        new = [i for i in x.inputs if i not in seen]
        seen.update(new)
        stack += new
    return True


# ------------------------------------------------------------------------------------ distinct values


@dataclass(frozen=True)
class Coded:
    """Data by their distinct values: which of them each element is, and how many there are."""

    codes: np.ndarray
    distinct: int


_coded: WeakKeyDictionary[Constant, Coded | None] = WeakKeyDictionary()


def _codes(v: Constant) -> Coded | None:
    """`v` by its distinct values, if these are few."""
    if v not in _coded:
        _coded[v] = _encode(v.data)
    return _coded[v]


def _encode(data: np.ndarray) -> Coded | None:
    sample = data.ravel()[:: max(data.size // _SAMPLE, 1)]
    values = np.unique(sample)
    if values.size * 2 > sample.size and data.size > LONG:
        return None
    missed = data[values[np.minimum(np.searchsorted(values, data), values.size - 1)] != data]
    if missed.size:
        values = np.union1d(values, missed)
    return Coded(np.searchsorted(values, data), values.size)


def _together(coded: list[Coded], shape: Shape) -> Coded:
    """Combinations of several data, broadcast to `shape`, by their distinct ones."""
    whole = Coded(np.zeros(shape, np.int64).ravel(), 1)
    for part in coded:
        joint = whole.codes * part.distinct + np.broadcast_to(part.codes, shape).ravel()
        if whole.distinct * part.distinct <= _COUNTED:
            present = np.bincount(joint, minlength=1) > 0
            whole = Coded((np.cumsum(present) - 1)[joint], int(present.sum()))
        else:
            values, inverse = np.unique(joint, return_inverse=True)
            whole = Coded(inverse, values.size)
    return whole


def _is_pick(v: Variable) -> bool:
    """Whether `v` is elements of a vector at indices that are data."""
    return isinstance(v.op, Gather) and v.inputs[0].ndim == 1 and isinstance(v.inputs[1], Constant)


def _data_of(leaf: Variable) -> Constant:
    found = leaf.inputs[1] if _is_pick(leaf) else leaf
    assert isinstance(found, Constant)
    return found


def _leaves(v: Variable) -> list[Variable] | None:
    """The data in an elementwise expression of numbers and data with few distinct values; None if it is no such."""
    found: list[Variable] = []
    stack, seen = [v], {v}
    while stack:
        x = stack.pop()
        if isinstance(x, Constant) or _is_pick(x):
            if _codes(_data_of(x)) is None:
                return None
            found.append(x)
        elif isinstance(x.op, Elementwise) and x.op.foldable:
            new = [i for i in dict.fromkeys(x.inputs) if i not in seen and not _is_number(i)]
            seen.update(new)
            stack += new
        else:
            return None
    return found


def _sum_of_distinct(v: Variable, shape: Shape) -> Variable | None:
    """The sum of `v`, broadcast to `shape`, as a weighted sum over its distinct elements; None if these are many.

    Their number is made a power of two, by repeated ones that share the weight, so that other data of the same shape
    mostly need no other code.
    """
    leaves = _leaves(v)
    if not leaves:
        return None
    coded = [_codes(_data_of(leaf)) for leaf in leaves]
    whole = _together([c for c in coded if c is not None], shape)
    size = 1 << (whole.distinct - 1).bit_length()
    if size * REPEATED > whole.codes.size:
        return None
    counts = np.bincount(whole.codes).astype(float)
    counts[-1] /= size - whole.distinct + 1
    rows = np.minimum(np.arange(size), whole.distinct - 1)
    first = np.zeros(whole.distinct, np.int64)
    first[whole.codes[::-1]] = np.arange(whole.codes.size)[::-1]

    def distinct(leaf: Variable) -> Variable:
        data = _data_of(leaf).data
        column = constant(np.broadcast_to(data, shape).ravel()[first[rows]], literal=False)
        return gather(leaf.inputs[0], column) if _is_pick(leaf) else column

    (values,) = clone_replace([v], {leaf: distinct(leaf) for leaf in leaves})
    return reduce_sum(constant(counts[rows], literal=False) * values)


# ----------------------------------------------------------------------------------------- separation


@dataclass(frozen=True)
class Separated:
    """The terms of a sum: totals of those that need no pass over all of it, and the other terms."""

    totals: tuple[Variable, ...] = ()
    rest: Variable | None = None

    def map(self, function: Callable[[Variable], Variable]) -> Separated:
        return Separated(tuple(map(function, self.totals)), None if self.rest is None else function(self.rest))

    def __add__(self, other: Separated) -> Separated:
        rest = other.rest if self.rest is None else self.rest
        if self.rest is not None and other.rest is not None:
            rest = self.rest + other.rest
        return Separated((*self.totals, *other.totals), rest)


def _separate(v: Variable, shape: Shape, depth: int = 0) -> Separated:
    """The terms of `v`, broadcast to `shape`."""

    def inner(x: Variable) -> Separated:
        return _separate(x, shape, depth + 1)

    if depth > MOST_NESTED:
        return Separated(rest=v)
    if _is_multiple_of_data(v):
        return Separated((reduce_sum(broadcast_to(v, shape)),))
    total = _sum_of_distinct(v, shape)
    if total is not None:
        return Separated((total,))
    if v.op == neg.op:
        return inner(v.inputs[0]).map(lambda x: -x)
    if v.op == mul.op:
        number, other = sorted(v.inputs, key=lambda x: x.type.size)
        if _is_number(number):
            return inner(other).map(lambda x: number * x)
    if v.op == div.op and _is_number(v.inputs[1]):
        return inner(v.inputs[0]).map(lambda x: x / v.inputs[1])
    if v.op == add.op or v.op == sub.op:
        left, right = map(inner, v.inputs)
        if left.totals or right.totals:
            return left + (right if v.op == add.op else right.map(lambda x: -x))
    return Separated(rest=v)


@rewrite("sum-separated", Reduce)
def separate_sum(node: Apply) -> Rewritten:
    (x,), op = node.inputs, node.op
    if op.kind != "sum" or x.dtype != "float64" or len(op.axes) != x.ndim or x.type.size < LONG:  # type: ignore[attr-defined]
        return None
    if not isinstance(x.op, Elementwise) or _is_multiple_of_data(x):
        return None
    found = _separate(x, x.shape)
    if not found.totals:
        return None
    result = found.totals[0]
    for total in found.totals[1:]:
        result = result + total
    return result if found.rest is None else result + reduce_sum(broadcast_to(found.rest, x.shape))


SEPARATE = RuleSet.of(separate_sum)
