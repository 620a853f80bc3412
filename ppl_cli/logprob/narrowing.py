"""Random expressions within bounds, for drawing: what has to be truncated inside of exp(X) for it to be below 2?

Bounds that all values satisfy change nothing. Others move inwards through monotone functions to what is drawn.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import singledispatch

import numpy as np

from ppl_cli.graph.basic import Op, Variable, as_variable, constant
from ppl_cli.graph.traversal import evaluate
from ppl_cli.logprob.base import NotDerivable, is_random, known
from ppl_cli.logprob.transforms import INVERSES, inverse_image
from ppl_cli.ops.elementwise import Elementwise
from ppl_cli.ops.indexing import Gather
from ppl_cli.ops.random import RandomVariable, Truncated, truncated
from ppl_cli.ops.scalar_math import eq, maximum, minimum, switch
from ppl_cli.ops.shape import BroadcastTo, Join, Reshape, Transpose

Range = tuple[float, float]
ANYWHERE: Range = (-math.inf, math.inf)
VALLEYS = frozenset({"abs", "cosh", "square"})  # functions that decrease to 0, then increase


def narrowed(rv: Variable, lower: Variable, upper: Variable) -> Variable:
    """`rv` given that it lies within the bounds, as an expression of truncated draws."""
    low, high = known(lower), known(upper)
    least, most = range_of(rv)
    if low is not None and high is not None and (low <= least).all() and (most <= high).all():
        return rv
    assert rv.owner is not None
    return narrow(rv.owner.op, rv.inputs, lower, upper)


@singledispatch
def narrow(op: Op, inputs: Sequence[Variable], lower: Variable, upper: Variable) -> Variable:
    """`op(inputs)` given that it lies within the bounds, which it does not always."""
    raise NotDerivable(f"how to draw `{op}` within bounds is not known")


@narrow.register
def _draw(op: RandomVariable, inputs: Sequence[Variable], lower: Variable, upper: Variable) -> Variable:
    return truncated(op(*inputs), lower, upper)


@narrow.register
def _truncated(op: Truncated, inputs: Sequence[Variable], lower: Variable, upper: Variable) -> Variable:
    rv, below, above = inputs
    return narrowed(rv, maximum(below, lower), minimum(above, upper))


@narrow.register
def _function(op: Elementwise, inputs: Sequence[Variable], lower: Variable, upper: Variable) -> Variable:
    """Of a monotone function, x lies between those that reach the bounds."""
    if op.name not in INVERSES:
        raise NotDerivable(f"how to draw `{op.name}` within bounds is not known")
    rv, rises, first = _end(op, inputs, lower, -math.inf)
    _, _, last = _end(op, inputs, upper, math.inf)
    inner = narrowed(rv, switch(rises, first, last), switch(rises, last, first))
    return op(*(inner if v is rv else v for v in inputs))


def _end(
    op: Elementwise, inputs: Sequence[Variable], bound: Variable, none: float
) -> tuple[Variable, Variable, Variable]:
    """The random x, whether the function increases there, and the x that reaches the bound: infinite if none does."""
    rv, image = inverse_image(op, inputs, bound)
    rises = as_variable(image.branches[0].increasing)
    if len(image.branches) > 1 or rises.dtype != "bool":
        raise NotDerivable(f"how to draw `{op.name}` within bounds is not known")
    value = known(bound)
    if value is not None and (value == none).all():
        return rv, rises, switch(rises, none, -none)
    if image.valid is None:
        return rv, rises, image.branches[0].x
    above = constant(False) if image.above is None else image.above
    return rv, rises, switch(image.valid, image.branches[0].x, switch(eq(above, rises), math.inf, -math.inf))


@narrow.register(Join)
@narrow.register(Reshape)
@narrow.register(Transpose)
@narrow.register(BroadcastTo)
def _moved(op: Op, inputs: Sequence[Variable], lower: Variable, upper: Variable) -> Variable:
    """Elements with the same bounds."""
    if lower.type.size > 1 or upper.type.size > 1:
        raise NotDerivable(f"how to draw `{op}` within bounds that differ is not known")
    return op(*(narrowed(v, lower, upper) if is_random(v) else v for v in inputs))


# ------------------------------------------------------------------------------------ where all values are


def range_of(rv: Variable) -> Range:
    """Numbers between which all values of an expression lie, as far as that is known whatever the parameters are."""
    value = known(rv)
    if value is not None:
        return float(value.min(initial=math.inf)), float(value.max(initial=-math.inf))
    return ANYWHERE if rv.owner is None or not is_random(rv) else range_by(rv.owner.op, rv.inputs)


@singledispatch
def range_by(op: Op, inputs: Sequence[Variable]) -> Range:
    return ANYWHERE


@range_by.register
def _range_of_draws(op: RandomVariable, inputs: Sequence[Variable]) -> Range:
    return op.law.support.lower, op.law.support.upper


@range_by.register
def _range_within(op: Truncated, inputs: Sequence[Variable]) -> Range:
    (least, most), (low, _), (_, high) = map(range_of, inputs)
    return max(least, low), min(most, high)


@range_by.register(Join)
@range_by.register(Reshape)
@range_by.register(Transpose)
@range_by.register(BroadcastTo)
def _range_of_all(op: Op, inputs: Sequence[Variable]) -> Range:
    ends = [range_of(v) for v in inputs]
    return min(low for low, _ in ends), max(high for _, high in ends)


@range_by.register
def _range_of_elements(op: Gather, inputs: Sequence[Variable]) -> Range:
    return range_of(inputs[0])


@range_by.register
def _range_of_values(op: Elementwise, inputs: Sequence[Variable]) -> Range:
    """The values at the ends, of monotone functions and of those that turn at 0."""
    if op.name == "switch":
        return _range_of_all(op, inputs[1:])
    square = op.name == "mul" and inputs[0] is inputs[1]
    random = inputs[:1] if square else [v for v in inputs if is_random(v)]
    fixed = [known(v) for v in inputs if not is_random(v)]
    if len(random) != 1 or any(v is None or v.size > 1 for v in fixed) or not (square or op.name in INVERSES):
        return ANYWHERE
    low, high = range_of(random[0])
    if low < 0 < high and _breaks_at_zero(op, inputs):
        return ANYWHERE
    turns = [0.0] if low < 0 < high and (square or op.name in (*VALLEYS, "pow")) else []
    at = evaluate([op(*(constant(x) if v is random[0] else v for v in inputs)) for x in (low, high, *turns)])
    return ANYWHERE if np.isnan(at).any() else (float(min(at)), float(max(at)))


def _breaks_at_zero(op: Elementwise, inputs: Sequence[Variable]) -> bool:
    """Whether this is c / x or x to a negative power."""
    if op.name not in ("div", "pow"):
        return False
    second = known(inputs[1])
    return second is None or (op.name == "pow" and bool((second < 0).all()))
