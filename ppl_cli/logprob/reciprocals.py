"""Reciprocals: what is the distribution function of 1 / X, with its pole between the negative and the positive values?

For y > 0, 1 / X <= y if X < 0 or X >= 1 / y; for y < 0, if 1 / y <= X < 0. The density is the change of variables.
"""

from __future__ import annotations

from collections.abc import Sequence

from ppl_cli.graph.basic import Constant, Variable, constant
from ppl_cli.logprob.base import is_random, logccdf, logcdf
from ppl_cli.logprob.masses import log_at_least, log_below, log_step
from ppl_cli.logprob.transforms import ABOVE, BELOW, Rule, log_probability_above, log_probability_below
from ppl_cli.ops.elementwise import Elementwise
from ppl_cli.ops.scalar_math import gt, log_add_exp, switch


def _quotient(below: bool) -> Rule:
    """The distribution function of a quotient: by a random value it is a multiple of the reciprocal."""
    linear, law = (log_probability_below, logcdf) if below else (log_probability_above, logccdf)

    def rule(op: Elementwise, inputs: Sequence[Variable], y: Variable) -> Variable:
        over, rv = inputs
        if not is_random(rv):
            return linear(op, inputs, y)
        if isinstance(over, Constant) and over.uniform == 1:
            return _reciprocal(rv, y, below)
        return law(over * (1.0 / rv), y)

    return rule


def _reciprocal(rv: Variable, y: Variable, below: bool) -> Variable:
    x, zero = 1.0 / y, constant(0)
    under, negative = log_below(rv, x), log_below(rv, zero)
    not_under, not_negative = log_at_least(rv, x), log_at_least(rv, zero)
    if below:
        between = log_step(under, negative, not_under, not_negative)
        return switch(gt(y, 0.0), log_add_exp(negative, not_under), switch(gt(0.0, y), between, negative))
    between = log_step(negative, under, not_negative, not_under)
    return switch(gt(y, 0.0), between, switch(gt(0.0, y), log_add_exp(not_negative, under), not_negative))


BELOW["div"], ABOVE["div"] = _quotient(below=True), _quotient(below=False)
