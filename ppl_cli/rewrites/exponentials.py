"""Functions of exp(x), written with exp(-|x|): a logistic function and the logarithms beside it share one exponential.

The last step before compilation: other rules know these functions by their names.
"""
from __future__ import annotations

from collections.abc import Callable, Sequence

from ppl_cli.graph.basic import Apply, Variable
from ppl_cli.graph.traversal import map_graph, reapply
from ppl_cli.ops.elementwise import Elementwise
from ppl_cli.ops.scalar_math import absolute, add, eq, exp, ge, log1p, maximum, neg, sub, switch

Magnitudes = dict[frozenset[Variable], Variable]


def share_exponentials(outputs: Sequence[Variable]) -> list[Variable]:
    """`outputs` with inv_logit, log1p_exp and log_add_exp by what they have in common."""
    magnitudes: Magnitudes = {}

    def rebuild(node: Apply, inputs: Sequence[Variable]) -> Sequence[Variable]:
        op = node.op.map_results(share_exponentials)
        if isinstance(op, Elementwise) and op.name in EXPANSIONS:
            return [EXPANSIONS[op.name](magnitudes, *inputs)]
        return reapply(node, op, inputs).outputs

    return map_graph(outputs, rebuild)


def _decay(magnitudes: Magnitudes, x: Variable) -> Variable:
    """exp(-|x|), the same for x and -x."""
    while x.op == neg.op:
        (x,) = x.inputs
    key = frozenset(x.inputs if x.op == sub.op else (x,))
    return exp(-magnitudes.setdefault(key, absolute(x)))


def _inv_logit(magnitudes: Magnitudes, x: Variable) -> Variable:
    decay = _decay(magnitudes, x)
    larger = 1.0 / (1.0 + decay)
    return switch(ge(x, 0.0), larger, decay * larger)


def _log1p_exp(magnitudes: Magnitudes, x: Variable) -> Variable:
    return maximum(x, 0.0) + log1p(_decay(magnitudes, x))


def _log_add_exp(magnitudes: Magnitudes, a: Variable, b: Variable) -> Variable:
    return add(maximum(a, b), log1p(switch(eq(a, b), 1.0, _decay(magnitudes, a - b))))


EXPANSIONS: dict[str, Callable[..., Variable]] = {
    "inv_logit": _inv_logit, "log1p_exp": _log1p_exp, "log_add_exp": _log_add_exp,
}
