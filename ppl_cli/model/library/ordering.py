"""Order: sorting, ranks, quantiles (Functions Reference, "Sorting functions"). The position of an element in order is
the number of elements before it, ties counting by position; so an order is a graph like any other."""
from __future__ import annotations

import numpy as np

from ppl_cli.distributions.formulas import valid
from ppl_cli.graph.basic import Constant, Variable, constant
from ppl_cli.model.library.containers import MOST_AXES
from ppl_cli.model.library.table import Section
from ppl_cli.ops.indexing import gather, set_at
from ppl_cli.ops.reduction import reduce_sum
from ppl_cli.ops.scalar_math import add as plus
from ppl_cli.ops.scalar_math import (
    both,
    either,
    eq,
    floor,
    ge,
    int_min,
    le,
    lt,
    neg,
    sub,
    switch,
    to_int,
    to_real,
)
from ppl_cli.ops.shape import reshape

add = Section("Sorting, ranks and quantiles").add


def ascending(x: Variable) -> Variable:
    """The positions of the elements of `x`, the smallest first."""
    if isinstance(x, Constant):
        return constant(np.argsort(x.data, kind="stable"))
    n = x.shape[0]
    here, other = reshape(x, (n, 1)), reshape(x, (1, n))
    earlier = constant(np.tril(np.ones((n, n), dtype=bool), -1))
    before = either(lt(other, here), both(eq(other, here), earlier))
    place = reduce_sum(switch(before, 1, 0), -1)
    return set_at(constant(np.zeros(n, dtype="int64")), constant(np.arange(n)), place)


def descending(x: Variable) -> Variable:
    return ascending(constant(-x.data) if isinstance(x, Constant) else neg(x))


def _rank(x: Variable, i: Variable) -> Variable:
    """How many elements are less than element i."""
    return reduce_sum(switch(lt(x, gather(x, sub(i, 1))), 1, 0))


def _quantile(x: Variable, p: Variable) -> Variable:
    """Linear between order statistics (Hyndman and Fan 1996, type 7); NaN unless p is a probability."""
    if not x.type.size:
        raise ValueError("`quantile` of no numbers")
    x, last = gather(x, ascending(x)), x.type.size - 1
    proper = both(ge(p, 0.0), le(p, 1.0))
    place = switch(proper, p, 0.0) * float(last)
    below = to_int(floor(place))
    low, high = gather(x, below), gather(x, int_min(plus(below, 1), last))
    return valid(proper, low + (place - to_real(below)) * (high - low))


for _type in ("vector", "row_vector", "array[] real", "array[] int"):
    add(f"{_type} sort_asc({_type})", lambda x: gather(x, ascending(x)), "The elements, the smallest first")
    add(f"{_type} sort_desc({_type})", lambda x: gather(x, descending(x)), "The elements, the largest first")
    add(f"array[] int sort_indices_asc({_type})", lambda x: plus(ascending(x), 1),
        "The positions of the elements, that of the smallest first")
    add(f"array[] int sort_indices_desc({_type})", lambda x: plus(descending(x), 1),
        "The positions of the elements, that of the largest first")
    add(f"int rank({_type}, int)", _rank, "How many elements are smaller than the one at a position")
for _type in ("vector", "row_vector", "array[] real"):
    add(f"real quantile({_type}, real)", _quantile, "The quantile of a probability, linear between elements in order")
    add(f"array[] real quantile({_type}, array[] real)", _quantile)
for _axes in ("", *(f"array[{',' * k}] " for k in range(MOST_AXES))):
    add(f"{_axes}int to_int(data {_axes}real)", to_int, "The integer part of data, towards 0")
