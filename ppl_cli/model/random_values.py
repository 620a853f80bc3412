"""Random expressions to graph: `y ~ exp(normal(mu, sigma))` is a log density node of the expression, whose density is
derived later."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ppl_cli.graph.basic import Variable, constant, root
from ppl_cli.language import syntax as s
from ppl_cli.language.checked import ResolvedCall
from ppl_cli.language.diagnostics import ElaborationError, NotSupported
from ppl_cli.language.traversal import walk
from ppl_cli.model.values import Value
from ppl_cli.ops.control import make_loop
from ppl_cli.ops.indexing import gather
from ppl_cli.ops.random import log_prob, random_variable, truncated
from ppl_cli.ops.reduction import reduce_sum
from ppl_cli.ops.scalar_math import add

if TYPE_CHECKING:
    from ppl_cli.model.elaborate import Elaborator


class RandomValues:
    """Works on random expressions for one elaborator."""

    def __init__(self, elaborator: Elaborator) -> None:
        self.el = elaborator

    def draw(self, e: s.Call, resolved: ResolvedCall) -> Variable:
        """The random variable that a distribution's name stands for in an expression."""
        for a in e.arguments:
            if self.among(a):
                raise NotSupported(f"a random value as a parameter of `{resolved.base}` is", a.span)
        arguments = [self.el.evaluate(a) for a in e.arguments]
        if resolved.signature is not None:
            arguments = self.el.supports.checked(resolved.signature, e.arguments, arguments)
        try:
            found = self.el.library.law(resolved.base, [self.el.lift(a) for a in arguments])
            if found is None or found[0].sized:
                raise NotSupported(f"`{resolved.base}` in a random expression is", e.span)
            return self.el.bind_draws(random_variable(found[0], *found[1]))
        except (TypeError, ValueError) as error:
            raise ElaborationError(f"the sizes do not agree: {error}", e.span) from error

    def among(self, e: s.Expression) -> bool:
        """Whether an expression draws at random."""
        return any(isinstance(part, s.Call) and self.el.checked.call_of(part).random for part in walk(e))

    def tilde(self, t: s.Tilde, left: Value) -> None:
        """`left ~ expression`. More axes on the left are independent copies."""
        value, position = self.el.lift(left), self.el.lift(self.el.execute.positions_of(t.left))
        bounds = self.el.execute.bounds(t.truncation)
        extra = value.ndim - self.el.lift(self.el.evaluate(t.distribution)).ndim
        self.el.note_observed(t.left)
        self.el.add_term(t, self._density(t, value, position, bounds, extra))

    def _density(self, t: s.Tilde, value: Variable, position: Variable, bounds: list[Variable], extra: int) -> Variable:
        expression = self.el.lift(self.el.evaluate(t.distribution))
        if extra > 0 and expression.ndim:
            return self._copies(t, value, position, bounds, extra)
        if expression.ndim and expression.shape != value.shape:
            wanted, found = list(value.shape), list(expression.shape)
            raise ElaborationError(f"the random value has size {found}, but the left side has size {wanted}", t.span)
        rv = truncated(expression, *bounds) if bounds else expression
        return log_prob(rv, value, expression.ndim, position)

    def _copies(self, t: s.Tilde, value: Variable, position: Variable, bounds: list[Variable], extra: int) -> Variable:
        """The sum over the first axis of the value."""
        index, total = root("copy", "int64"), root("total")
        with self.el.inside(index):
            place = gather(position, index) if position.ndim else position
            one = self._density(t, gather(value, index), place, bounds, extra - 1)
        return make_loop(index, [total], [add(total, reduce_sum(one))], 0, value.shape[0], [constant(np.zeros(()))])[0]
