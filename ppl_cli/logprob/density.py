"""`LogProb` nodes → ordinary operations: what is the log density of the law that made a variable, at a value?"""
from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from ppl_cli.graph.basic import Apply, Constant, Variable, constant
from ppl_cli.graph.traversal import map_graph
from ppl_cli.logprob.base import NotDerivable, log_cumulative, log_survival, logp, logprob
from ppl_cli.logprob.masses import log_at_least, log_at_most, log_interval
from ppl_cli.ops.control import InnerGraphOp
from ppl_cli.ops.random import LogProb, RandomVariable, Truncated
from ppl_cli.ops.reduction import reduce_sum
from ppl_cli.ops.scalar_math import both, ge, le, switch
from ppl_cli.ops.shape import broadcast_to


def density(outputs: Sequence[Variable]) -> list[Variable]:
    """`outputs` with every log density node written out, in inner graphs too."""
    return map_graph(outputs, _rewrite)


def _rewrite(node: Apply, inputs: Sequence[Variable]) -> Sequence[Variable]:
    op = node.op
    if isinstance(op, LogProb):
        rv, value, _ = inputs
        whole = np.broadcast_shapes(rv.shape, value.shape)
        if not isinstance(rv.op, RandomVariable):  # what has no law of its own takes its value apart
            value = broadcast_to(value, whole)
        found = logp(rv, value)
        out = node.outputs[0]
        if found.ndim > out.ndim:  # independent elements of one event
            found = reduce_sum(broadcast_to(found, whole[: found.ndim]), tuple(range(out.ndim - found.ndim, 0)))
        return [broadcast_to(found, out.shape)]
    if isinstance(op, InnerGraphOp):
        op = op.map_results(density)
    return op.apply(*inputs).outputs


@logprob.register
def _random_variable(op: RandomVariable, inputs: Sequence[Variable], value: Variable) -> Variable:
    return op.law.log_prob(value, *inputs[1:])


@log_cumulative.register
def _cumulative(op: RandomVariable, inputs: Sequence[Variable], value: Variable) -> Variable:
    if op.law.log_cdf is None:
        raise NotDerivable(f"the distribution function of {op.law.name} is not known")
    return op.law.log_cdf(value, *inputs[1:])


@log_survival.register
def _survival(op: RandomVariable, inputs: Sequence[Variable], value: Variable) -> Variable:
    if op.law.log_ccdf is None:
        raise NotDerivable(f"the distribution function of {op.law.name} is not known")
    return op.law.log_ccdf(value, *inputs[1:])


@logprob.register
def _truncated(op: Truncated, inputs: Sequence[Variable], value: Variable) -> Variable:
    """The base density over the probability of the interval (Reference Manual, "Truncated distributions")."""
    rv, lower, upper = inputs
    inside = _between(value, lower, upper)
    return switch(inside, logp(rv, value) - log_probability(rv, lower, upper), -math.inf)


def _unbounded(bound: Variable, infinite: float) -> bool:
    return isinstance(bound, Constant) and bool((bound.data == infinite).all())


def _between(value: Variable, lower: Variable, upper: Variable) -> Variable:
    inside: Variable = constant(True)
    if not _unbounded(lower, -math.inf):
        inside = both(inside, ge(value, lower))
    if not _unbounded(upper, math.inf):
        inside = both(inside, le(value, upper))
    return inside


def log_probability(rv: Variable, lower: Variable, upper: Variable) -> Variable:
    """log P(lower <= X <= upper), where infinite bounds are none."""
    below, above = not _unbounded(lower, -math.inf), not _unbounded(upper, math.inf)
    if below and above:
        return log_interval(rv, lower, upper)
    if below:
        return log_at_least(rv, lower)
    return log_at_most(rv, upper) if above else constant(0.0)
