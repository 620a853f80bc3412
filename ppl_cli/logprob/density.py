"""`LogProb` nodes → ordinary operations: what is the log density of the law that made a variable, at a value?"""
from __future__ import annotations

import math
from collections.abc import Sequence
from functools import singledispatch

from ppl_cli.distributions.formulas import log_diff_exp
from ppl_cli.graph.basic import Apply, Constant, Op, Variable, constant
from ppl_cli.graph.traversal import map_graph
from ppl_cli.ops.control import InnerGraphOp
from ppl_cli.ops.random import LogProb, RandomVariable, Truncated
from ppl_cli.ops.scalar_math import both, ge, le, sub, switch
from ppl_cli.ops.shape import broadcast_to


def density(outputs: Sequence[Variable]) -> list[Variable]:
    """`outputs` with every log density node written out, in inner graphs too."""
    return map_graph(outputs, _rewrite)


def _rewrite(node: Apply, inputs: Sequence[Variable]) -> Sequence[Variable]:
    op = node.op
    if isinstance(op, LogProb):
        rv, value, _ = inputs
        if rv.owner is None:
            raise TypeError(f"{rv} is not a random variable")
        return [broadcast_to(logprob(rv.owner.op, rv.inputs, value), node.outputs[0].shape)]
    if isinstance(op, InnerGraphOp):
        op = op.map_results(density)
    return op.apply(*inputs).outputs


@singledispatch
def logprob(op: Op, inputs: Sequence[Variable], value: Variable) -> Variable:
    """The log density at `value` of the variable that `op` makes of `inputs`, elementwise over the batch."""
    raise NotImplementedError(f"the density of {op} is not known")


@logprob.register
def _random_variable(op: RandomVariable, inputs: Sequence[Variable], value: Variable) -> Variable:
    return op.law.log_prob(value, *inputs[1:])


@logprob.register
def _truncated(op: Truncated, inputs: Sequence[Variable], value: Variable) -> Variable:
    """The base density over the probability of the interval (Reference Manual, "Truncated distributions")."""
    rv, lower, upper = inputs
    assert rv.owner is not None
    base = rv.owner.op
    assert isinstance(base, RandomVariable)
    inside = _between(value, lower, upper)
    plain = logprob(base, rv.inputs, value)
    return switch(inside, plain - log_probability(base, rv.inputs[1:], lower, upper), -math.inf)


def _unbounded(bound: Variable, infinite: float) -> bool:
    return isinstance(bound, Constant) and bool((bound.data == infinite).all())


def _between(value: Variable, lower: Variable, upper: Variable) -> Variable:
    inside: Variable = constant(True)
    if not _unbounded(lower, -math.inf):
        inside = both(inside, ge(value, lower))
    if not _unbounded(upper, math.inf):
        inside = both(inside, le(value, upper))
    return inside


def log_probability(base: RandomVariable, parameters: Sequence[Variable], lower: Variable, upper: Variable) -> Variable:
    """log P(lower <= X <= upper); a discrete X may be equal to its lower bound."""
    law = base.law
    below, above = not _unbounded(lower, -math.inf), not _unbounded(upper, math.inf)
    if law.is_discrete:
        lower = sub(lower, 1) if below else lower
    if below and law.log_ccdf is None or above and law.log_cdf is None:
        raise NotImplementedError(f"truncation of {law.name}, whose distribution function is not known")
    if below and above:
        left = log_diff_exp(law.log_cdf(upper, *parameters), law.log_cdf(lower, *parameters))
        right = log_diff_exp(law.log_ccdf(lower, *parameters), law.log_ccdf(upper, *parameters))
        # in the upper tail both cdfs are close to 1 and the complements keep their digits
        return switch(ge(law.log_cdf(lower, *parameters), -math.log(2)), right, left)
    if below:
        return law.log_ccdf(lower, *parameters)
    return law.log_cdf(upper, *parameters) if above else constant(0.0)


