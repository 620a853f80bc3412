"""Truncation of a program's own distributions: `y ~ foo(a) T[L, U]` by foo_lcdf and foo_lccdf (Reference Manual,
"Truncated distributions")."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from ppl_cli.distributions.formulas import log_diff_exp
from ppl_cli.graph.basic import Variable
from ppl_cli.language import syntax as s
from ppl_cli.language.checked import ResolvedCall
from ppl_cli.language.diagnostics import NotSupported
from ppl_cli.language.types import promotion_cost
from ppl_cli.model.values import Value
from ppl_cli.ops.scalar_math import gt, log1m_exp, log_add_exp, lt, switch

if TYPE_CHECKING:
    from ppl_cli.model.elaborate import Elaborator


def truncated_density(
    el: Elaborator, t: s.Tilde, resolved: ResolvedCall, density: Variable, outcome: Value, arguments: Sequence[Value]
) -> Variable:
    """`density`, the log density of the outcome, renormalized to within the bounds; -inf outside."""
    truncation = t.truncation
    assert truncation is not None

    def log_probability(suffix: s.Suffix, at: Value) -> Variable | None:
        definition = _definition(el, resolved, suffix)
        return None if definition is None else el.lift(el.functions.apply(definition, [at, *arguments], t.span))

    def below(at: Value) -> Variable:
        """log P(y <= at)."""
        found = log_probability(s.Suffix.LCDF, at)
        above = log_probability(s.Suffix.LCCDF, at) if found is None else None
        if found is None and above is None:
            raise NotSupported(f"truncation without `{resolved.base}_lcdf` is", truncation.span)
        return found if found is not None else log1m_exp(above)

    low = None if truncation.lower is None else el.evaluate(truncation.lower)
    high = None if truncation.upper is None else el.evaluate(truncation.upper)
    inside: Variable | None = None
    if high is not None:
        inside = below(high) if low is None else log_diff_exp(below(high), below(low))
    elif low is not None:
        inside = log_probability(s.Suffix.LCCDF, low)
        inside = log1m_exp(below(low)) if inside is None else inside
    if low is not None and resolved.suffix is s.Suffix.LPMF:  # the lower bound is inside
        mass = log_probability(s.Suffix.LPMF, low)
        assert mass is not None and inside is not None
        inside = log_add_exp(inside, mass)
    y = el.lift(outcome)
    result = density if inside is None else density - inside
    for bound, side in ((low, lt), (high, gt)):
        if bound is not None:
            result = switch(side(y, el.lift(bound)), -np.inf, result)
    return result


def _definition(el: Elaborator, resolved: ResolvedCall, suffix: s.Suffix) -> s.FunctionDefinition | None:
    """The program's function of this suffix that takes the arguments of the distribution."""
    for definition in el.checked.program.functions or ():
        types = [p.type for p in definition.parameters]
        fits = len(types) == len(resolved.arguments) and all(
            promotion_cost(given, wanted) is not None for given, wanted in zip(resolved.arguments, types, strict=True)
        )
        if definition.name == resolved.base + suffix.value and definition.body is not None and fits:
            return definition
    return None

