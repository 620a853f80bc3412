"""Formulas that lose digits, and the functions that do not: log(1 - exp(x)) is log1m_exp(x).

The patterns are written over canonical forms: exp(x) - 1 arrives here as -1 + exp(x).
"""
from __future__ import annotations

import math
from collections.abc import Callable

from ppl_cli.graph.basic import Apply, Constant, Variable, constant
from ppl_cli.graph.rewriting import Rewritten, RuleSet, rewrite, rule, wild
from ppl_cli.ops.reduction import LogSumExp, Reduce
from ppl_cli.ops.scalar_math import (
    erf,
    erfc,
    exp,
    expm1,
    ge,
    inv_logit,
    log,
    log1m_exp,
    log1p,
    log1p_exp,
    log_add_exp,
    log_ndtr,
    mul,
    power,
    sqrt,
    switch,
)
from ppl_cli.ops.shape import transpose
from ppl_cli.rewrites.arithmetic import is_nonnegative

x, y, p = wild("x"), wild("y"), wild("p")
c, condition = wild("c", constant=True), wild("condition", dtype="bool")
positive = wild("positive", where=is_nonnegative)
factor = wild("factor", where=lambda v: isinstance(v, Constant) and (v.uniform or 0) > 0)

LOGARITHMS = RuleSet.of(
    rule("log1mexp", log(1 - exp(x)), log1m_exp(x)),
    rule("log1mexp-expm1", log(-expm1(x)), log1m_exp(x)),
    rule("log1pexp", log(1 + exp(x)), log1p_exp(x)),
    rule("log1p-exp", log1p(exp(x)), log1p_exp(x)),
    rule("log1p-exp-ratio", log1p(exp(x) / exp(y)), log1p_exp(x - y)),
    rule("log-switch-exp", log(switch(condition, c, exp(x))), switch(condition, log(c), x)),
    rule("log1p-neg-exp", log1p(-exp(x)), log1m_exp(x)),
    rule("log-expm1", log(expm1(x)), x + log1m_exp(-x)),
    rule("log1p", log(1 + x), log1p(x)),
    rule("log1m", log(1 - x), log1p(-x)),
    rule("log-add-exp", log(exp(x) + exp(y)), log_add_exp(x, y)),
    rule("log-exp-times", log(exp(x) * y), x + log(y)),
    rule("log-exp-over", log(exp(x) / y), x - log(y)),
    rule("log-over-exp", log(y / exp(x)), log(y) - x),
    rule("log-of-scaled", log(factor * x), log(factor) + log(x)),
    rule("expm1", -1 + exp(x), expm1(x)),
    rule("one-minus-exp", 1 - exp(x), -expm1(x)),
    rule("exp-of-log", exp(log(positive)), positive),
    rule("exp-of-log1p", exp(log1p(x)), switch(ge(x, -1.0), 1 + x, math.nan)),
    rule("exp-switch-log1p", exp(switch(condition, log1p(x), c)), switch(condition, exp(log1p(x)), exp(c))),
)

LOGISTIC = RuleSet.of(
    rule("one-minus-inv-logit", 1 - inv_logit(x), inv_logit(-x)),
    rule("log-inv-logit", log(inv_logit(x)), -log1p_exp(-x)),
    rule("log1p-neg-inv-logit", log1p(-inv_logit(x)), -log1p_exp(x)),
    rule("logistic-of-exp", 1 / (1 + exp(-x)), inv_logit(x)),
    rule("logistic-of-exp-ratio", exp(x) / (1 + exp(x)), inv_logit(x)),
    rule("logit-of-inv-logit", log(inv_logit(x) / inv_logit(-x)), x),
    rule("inv-logit-of-logit", inv_logit(log(p / (1 - p))), p),
    rule("inv-logit-of-log-odds", inv_logit(log(p) - log1p(-p)), p),
)

ERROR_FUNCTIONS = RuleSet.of(
    rule("one-minus-erf", 1 - erf(x), erfc(x)),
    rule("one-minus-erfc", 1 - erfc(x), erf(x)),
    rule("one-plus-erf", 1 + erf(x), erfc(-x)),
    rule("log-erfc", log(erfc(x)), 0.6931471805599453 + log_ndtr(-1.4142135623730951 * x)),
)

POWERS = RuleSet.of(
    rule("log-of-power", log(power(positive, y)), y * log(positive)),
    rule("power-of-exp", power(exp(x), y), exp(x * y)),
    rule("sqrt-of-exp", sqrt(exp(x)), exp(0.5 * x)),
)

_POWERS: dict[float, Callable[[Variable], Variable]] = {
    -2: lambda v: 1.0 / (v * v),
    -1: lambda v: 1.0 / v,
    -0.5: lambda v: 1.0 / sqrt(v),
    0: lambda v: constant(1.0),
    0.5: sqrt,
    1: lambda v: v,
    2: lambda v: v * v,
    3: lambda v: v * v * v,
    4: lambda v: (v * v) * (v * v),
}


@rewrite("power-of-number", power)
def power_of_number(node: Apply) -> Rewritten:
    """Small powers are products: exact, cheap, and with a gradient that is defined at 0."""
    base, exponent = node.inputs
    expand = _POWERS.get(exponent.uniform) if isinstance(exponent, Constant) else None  # type: ignore[arg-type]
    return expand(base) if expand else None


@rewrite("log-sum-exp", log)
def log_of_sum_of_exps(node: Apply) -> Rewritten:
    """log(sum(exp(x))) over one axis is LogSumExp; a factor inside exp's sum goes in as its logarithm."""
    (total,) = node.inputs
    if not isinstance(total.op, Reduce) or total.op.kind != "sum" or len(total.op.axes) != 1:
        return None
    terms = total.inputs[0]
    exponent = _logarithm(terms)
    if exponent is None:
        return None
    axis = total.op.axes[0] % terms.ndim
    order = (*(k for k in range(terms.ndim) if k != axis), axis)
    return LogSumExp()(transpose(exponent.as_type(terms.type), order))


def _logarithm(v: Variable) -> Variable | None:
    """x, if `v` is exp(x) or exp(x) times something not negative."""
    if v.op == exp.op:
        return v.inputs[0]
    if v.op == mul.op:
        for a, b in (v.inputs, v.inputs[::-1]):
            if a.op == exp.op and is_nonnegative(b):
                return a.inputs[0] + log(b)
    return None


STABLE = LOGARITHMS + LOGISTIC + ERROR_FUNCTIONS + POWERS + RuleSet.of(power_of_number, log_of_sum_of_exps)

