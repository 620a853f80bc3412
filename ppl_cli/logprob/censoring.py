"""Censoring: what is the density of `fmax(X, c)`, `fmin(X, c)` and so of `clip(X, low, high)`, for an end c that is not
random?

All that X has beyond the end is a point mass there: P(X <= c) at c for `fmax`, P(X >= c) for `fmin`. Elsewhere the law
is that of X.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from ppl_cli.graph.basic import Variable
from ppl_cli.logprob.base import is_discrete, logp
from ppl_cli.logprob.masses import atoms, log_above, log_at_least, log_at_most, log_mass
from ppl_cli.ops.scalar_math import eq, ge, gt, lt, switch


@dataclass(frozen=True)
class End:
    """The lowest value that is left, or the highest: `log_beyond` is the probability of the end and all beyond it,
    `inside` tells what is left as it was. On the side of y where the end lies the distribution function is that of X;
    on the other side no value is left: `cdf_outside`."""

    log_beyond: Callable[[Variable, Variable], Variable]
    inside: Callable[[Variable, Variable], Variable]
    lowest: bool

    def log_density(self, rv: Variable, end: Variable, value: Variable) -> Variable:
        law = log_mass if is_discrete(rv) else logp
        elsewhere = switch(self.inside(value, end), law(rv, value), -math.inf)
        return switch(eq(value, end), self.log_beyond(rv, end), elsewhere)

    def log_cdf(self, rv: Variable, end: Variable, value: Variable) -> Variable:
        """log P(censored X <= value)."""
        found = log_at_most(rv, value)
        return switch(ge(value, end), found, -math.inf) if self.lowest else switch(ge(value, end), 0.0, found)

    def log_ccdf(self, rv: Variable, end: Variable, value: Variable) -> Variable:
        """log P(censored X > value)."""
        found = log_above(rv, value)
        return switch(ge(value, end), found, 0.0) if self.lowest else switch(ge(value, end), -math.inf, found)

    def atoms(self, rv: Variable, end: Variable) -> list[Variable]:
        return [end, *atoms(rv)]


LOWEST = End(log_at_most, gt, lowest=True)
HIGHEST = End(log_at_least, lt, lowest=False)
