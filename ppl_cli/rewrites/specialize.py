"""Cheaper forms of the same values, chosen when the gradient has been taken: products for divisions and powers."""
from __future__ import annotations

import numpy as np

from ppl_cli.graph.basic import Apply, Constant, Variable, constant
from ppl_cli.graph.rewriting import Rewritten, RuleSet, rewrite, rule, wild
from ppl_cli.ops.scalar_math import div, exp, log, power, sqrt

x, y = wild("x"), wild("y")


def _is_positive(v: Variable) -> bool:
    return isinstance(v, Constant) and (v.uniform or 0) > 0


base = wild("base", where=_is_positive)

POWERS = RuleSet.of(
    rule("power-of-number-base", power(base, x), exp(log(base) * x)),
    rule("power-three-halves", power(x, 1.5), x * sqrt(x)),
    rule("power-minus-three-halves", power(x, -1.5), 1.0 / (x * sqrt(x))),
)


@rewrite("division-by-constant", div)
def division_by_constant(node: Apply) -> Rewritten:
    """Dividing by known numbers is multiplying by their reciprocals, which are computed once."""
    numerator, denominator = node.inputs
    if isinstance(numerator, Constant) or not isinstance(denominator, Constant) or not denominator.data.all():
        return None
    return numerator * constant(1.0 / np.asarray(denominator.data), literal=denominator.literal)


@rewrite("division-by-smaller", div)
def division_by_smaller(node: Apply) -> Rewritten:
    """Dividing a tensor by something of fewer elements: fewer divisions if the reciprocals are computed first."""
    numerator, denominator = node.inputs
    if denominator.type.size < node.outputs[0].type.size and numerator.type.size > 1:
        return numerator * (1.0 / denominator)
    return None


SPECIAL = POWERS + RuleSet.of(division_by_constant, division_by_smaller)
