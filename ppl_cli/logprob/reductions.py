"""Sums and extremes over axes of random containers: they are taken apart where the container was put together.

What is left, a reduction of elements that one operation made, is answered by the family that registers its kind in
`RULES`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import reduce

from ppl_cli.graph.basic import Variable
from ppl_cli.logprob.base import NotDerivable, log_cumulative, log_survival, logccdf, logcdf, logp, logprob
from ppl_cli.logprob.masses import Place, op_place, place
from ppl_cli.ops.reduction import Kind, Reduce
from ppl_cli.ops.scalar_math import add, int_max, int_min, maximum, minimum
from ppl_cli.ops.shape import Join, Reshape, Transpose

Rule = Callable[[Reduce, Variable, Variable], Variable]  # (op, the container, value)


@dataclass(frozen=True)
class Rules:
    """What a family says of a reduction: the log density, log P(<= value), log P(> value), where there are point
    masses."""

    density: Rule
    below: Rule
    above: Rule
    place: Callable[[Reduce, Variable, Variable], Place | None]


RULES: dict[Kind, Rules] = {}

# The reduction of two numbers, of reals and of ints.
PAIRS = {"sum": (add, add), "max": (maximum, int_max), "min": (minimum, int_min)}


def taken_apart(op: Reduce, container: Variable) -> Variable | None:
    """The same by operations on the pieces of a container; None if it is in one piece."""
    made, whole = container.op, len(op.axes) == container.ndim
    if whole and isinstance(made, Reshape | Transpose):
        inner = container.inputs[0]
        return Reduce(op.kind, tuple(range(-inner.ndim, 0)))(inner) if inner.ndim else inner
    if isinstance(made, Join) and made.axis in op.axes and op.kind in PAIRS:
        pair = PAIRS[op.kind][container.dtype != "float64"]
        return reduce(pair, [op(piece) for piece in container.inputs])
    return None


def _rules(op: Reduce) -> Rules:
    if op.kind not in RULES:
        raise NotDerivable(f"the density of `{op.kind}` of random values is not known")
    return RULES[op.kind]


@logprob.register
def _density(op: Reduce, inputs: Sequence[Variable], value: Variable) -> Variable:
    same = taken_apart(op, inputs[0])
    return _rules(op).density(op, inputs[0], value) if same is None else logp(same, value)


@log_cumulative.register
def _below(op: Reduce, inputs: Sequence[Variable], value: Variable) -> Variable:
    same = taken_apart(op, inputs[0])
    return _rules(op).below(op, inputs[0], value) if same is None else logcdf(same, value)


@log_survival.register
def _above(op: Reduce, inputs: Sequence[Variable], value: Variable) -> Variable:
    same = taken_apart(op, inputs[0])
    return _rules(op).above(op, inputs[0], value) if same is None else logccdf(same, value)


@op_place.register
def _place(op: Reduce, inputs: Sequence[Variable], x: Variable) -> Place | None:
    same = taken_apart(op, inputs[0])
    return _rules(op).place(op, inputs[0], x) if same is None else place(same, x)
