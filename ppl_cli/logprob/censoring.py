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
from ppl_cli.logprob.masses import Place, is_at, log_above, log_at_least, log_at_most, log_mass, place
from ppl_cli.ops.scalar_math import either, eq, ge, gt, lt, switch


@dataclass(frozen=True)
class End:
    """The lowest value that is left, or the highest.

    `log_beyond` is the log probability of the end and all beyond it, `inside` tells what is left as it was. On the
    other side of the end than that of all values, the distribution function is 0 or 1.
    """

    log_beyond: Callable[[Variable, Variable], Variable]
    inside: Callable[[Variable, Variable], Variable]
    lowest: bool

    def log_density(self, rv: Variable, end: Variable, value: Variable) -> Variable:
        law = log_mass if is_discrete(rv) else logp
        elsewhere = switch(self.inside(value, end), law(rv, value), -math.inf)
        return switch(eq(value, end), self.log_beyond(rv, end), elsewhere)

    def log_cdf(self, rv: Variable, end: Variable, value: Variable) -> Variable:
        """log P(censored X <= value)."""
        reached, found = ge(value, end), log_at_most(rv, value)
        return switch(reached, found, -math.inf) if self.lowest else switch(reached, 0.0, found)

    def log_ccdf(self, rv: Variable, end: Variable, value: Variable) -> Variable:
        """log P(censored X > value)."""
        reached, found = ge(value, end), log_above(rv, value)
        return switch(reached, found, 0.0) if self.lowest else switch(reached, -math.inf, found)

    def place(self, rv: Variable, end: Variable, value: Variable) -> Place:
        """The mass at the end, or one that X has."""
        here, inner = is_at(value, end), place(rv, value)
        if inner is None:
            return Place(here, switch(here, end, value))
        return Place(either(here, inner.found), switch(here, end, switch(inner.found, inner.at, value)))


LOWEST = End(log_at_most, gt, lowest=True)
HIGHEST = End(log_at_least, lt, lowest=False)
