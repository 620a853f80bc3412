"""Random variables → their draws, written with primitive draws; the forward reading of a graph."""
from __future__ import annotations

from collections.abc import Mapping, Sequence

from ppl_cli.graph.basic import Apply, Variable
from ppl_cli.graph.traversal import map_graph
from ppl_cli.logprob.density import _unbounded
from ppl_cli.ops.control import InnerGraphOp
from ppl_cli.ops.random import RandomVariable, Truncated, primitive
from ppl_cli.ops.scalar_math import exp
from ppl_cli.ops.shape import broadcast_to


def expand_draws(outputs: Sequence[Variable]) -> list[Variable]:
    """`outputs` with random variables replaced by expressions of primitive draws, in inner graphs too."""
    drawn: dict[Variable, Variable] = {}
    return map_graph(outputs, lambda node, inputs: _rewrite(node, inputs, drawn), drawn)


def _rewrite(node: Apply, inputs: Sequence[Variable], drawn: Mapping[Variable, Variable]) -> Sequence[Variable]:
    """`drawn` are the expressions of what comes earlier, such as parameters of what is truncated."""
    op, v = node.op, node.outputs[0]
    if isinstance(op, RandomVariable):
        return [broadcast_to(_draw(op, inputs[1:]), v.shape)]
    if isinstance(op, Truncated):
        base = node.inputs[0]
        if not isinstance(base.op, RandomVariable):
            raise NotImplementedError(f"drawing from a truncated `{base.op}`")
        parameters = [drawn.get(p, p) for p in base.inputs[1:]]
        return [broadcast_to(_truncated(base.op, parameters, inputs[1], inputs[2], v.shape), v.shape)]
    if isinstance(op, InnerGraphOp):
        op = op.map_results(expand_draws)
    return op.apply(*inputs).outputs


def _draw(op: RandomVariable, parameters: Sequence[Variable]) -> Variable:
    if op.law.draw is None:
        raise NotImplementedError(f"drawing from {op.law.name}")
    more = {"event": op.event} if op.law.sized else {}
    return op.law.draw(op.batch, *parameters, **more)


def _truncated(
    base: RandomVariable, parameters: Sequence[Variable], lower: Variable, upper: Variable, shape: tuple[int, ...]
) -> Variable:
    """By inversion: the quantile of a uniform draw between the bounds' probabilities."""
    law = base.law
    if law.quantile is None or law.is_discrete:
        raise NotImplementedError(f"drawing from a truncated {law.name}")
    u = primitive("uniform", shape=shape)
    p_low = 0.0 if _unbounded(lower, -float("inf")) else exp(law.log_cdf(lower, *parameters))
    p_high = 1.0 if _unbounded(upper, float("inf")) else exp(law.log_cdf(upper, *parameters))
    return law.quantile(p_low + (p_high - p_low) * u, *parameters)
