"""Arguments of distributions that are not in their supports.

One that is known is an error at once. Others are checked when they are computed, but only where values are drawn or
where it is to be explained why there is no density: it is NaN there anyway, and sampling need not pay for the reason.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import reduce
from typing import TYPE_CHECKING

import numpy as np

from ppl_cli.distributions.base import Support
from ppl_cli.graph.basic import Variable
from ppl_cli.language import syntax as s
from ppl_cli.language.diagnostics import ElaborationError
from ppl_cli.language.signatures import Signature
from ppl_cli.language.syntax import NamedConstraint
from ppl_cli.model.compounds import Parts
from ppl_cli.model.constraints import NAMED, Bijection
from ppl_cli.model.library.table import Argument
from ppl_cli.model.sites import Piece, Site, shown
from ppl_cli.model.values import Stretch, Value, is_known, shape_of
from ppl_cli.ops.reduction import reduce_sum
from ppl_cli.ops.reporting import checked_int, checked_real
from ppl_cli.ops.scalar_math import add, eq, switch

if TYPE_CHECKING:
    from ppl_cli.model.elaborate import Elaborator

# The constraint that the values of each declared type satisfy; a factor may be any matrix: its lower triangle is used.
STRUCTURES = {
    "simplex": NamedConstraint.SIMPLEX,
    "ordered": NamedConstraint.ORDERED,
    "cov_matrix": NamedConstraint.COV_MATRIX,
}
LARGEST_INT = 2**62


class Supports:
    """Checks the arguments of calls for one elaborator."""

    def __init__(self, elaborator: Elaborator) -> None:
        self.el = elaborator

    def checked(
        self, signature: Signature, expressions: Sequence[s.Expression], values: Sequence[Value]
    ) -> list[Value]:
        """The values of the parameters of a distribution, the outcome left out."""
        named = self.el.library.arguments(signature)[1 if signature.bar else 0 :]
        if not named:
            return list(values)
        found: dict[str, Value] = {}
        conditions: dict[str, Variable] = {}
        for argument, e, value in zip(named, expressions, values, strict=True):
            below = found.get(argument.above)
            found[argument.name] = self._one(signature.name, argument, e, value, below, conditions)
        for name, condition in conditions.items():
            # Another parameter becomes NaN if there is one: a matrix that stays as it is need not be factored again.
            marked = next((other for other in found if other != name), name)
            found[marked] = switch(condition, self.el.lift(found[marked]), math.nan)
        return list(found.values())

    def _one(
        self, name: str, argument: Argument, e: s.Expression, value: Value, below: Value | None,
        conditions: dict[str, Variable],
    ) -> Value:
        """A value; it must be above the value `below`, if there is one. Conditions on what is no number are added."""
        if any(isinstance(v, Stretch | Parts) or 0 in shape_of(v) for v in (value, below) if v is not None):
            return value
        if below is not None and shape_of(below) not in ((), shape_of(value)):
            below = None
        if is_known(value) and (below is None or is_known(below)):
            problem = _problem(argument, np.asarray(value), None if below is None else np.asarray(below))
            if problem is None:
                return value
            if not self.el.conditional:
                raise ElaborationError(f"{name}: {problem}", e.span)
        if not (self.el.drawing or self.el.explaining):
            return value
        if argument.support.types:
            conditions |= self._structure(name, argument, e, self.el.lift(value))
            return value
        return self._number(name, argument, e, self.el.lift(value), None if below is None else self.el.lift(below))

    def _number(
        self, name: str, argument: Argument, e: s.Expression, value: Variable, below: Variable | None
    ) -> Value:
        low, high = limits(argument.support, value.dtype)
        if value.dtype == "int64" and below is None and (low, high) == (-LARGEST_INT, LARGEST_INT):
            return value
        pieces = f"{name}: {argument.role} is ", Piece((), value.dtype), f", but must be {wanted(argument)}"
        site = self.el.site(Site("support", e.span, pieces))
        if below is not None:  # that it may be equal does no harm: there is no density then
            return (checked_int if value.dtype == below.dtype == "int64" else checked_real)(value, below, high, site)
        return (checked_int if value.dtype == "int64" else checked_real)(value, low, high, site)

    def _structure(self, name: str, argument: Argument, e: s.Expression, value: Variable) -> dict[str, Variable]:
        """The condition that a simplex or a matrix is one, if that can be told."""
        constraint = _constraint(argument.support, value.shape)
        if constraint is None:
            return {}
        total = reduce(add, (reduce_sum(switch(condition, 1.0, 0.0)) for condition in constraint.broken(value)))
        message = f"{name}: {argument.role} must be {argument.support.description}"
        site = self.el.site(Site("support", e.span, (message,)))
        return {argument.name: eq(checked_real(total, 0.0, 0.0, site), 0.0)}


def limits(support: Support, dtype: str) -> tuple[float, float]:
    """The smallest and the largest number of a support."""
    strict = support.open
    if dtype == "int64":
        low = -LARGEST_INT if math.isinf(support.lower) else math.floor(support.lower) + 1 if strict else support.lower
        high = LARGEST_INT if math.isinf(support.upper) else math.ceil(support.upper) - 1 if strict else support.upper
        return int(low), int(high)

    def held(end: float, inwards: float) -> float:
        outside = not support.unbounded if math.isinf(end) else strict
        return math.nextafter(end, inwards) if outside else end

    return held(support.lower, math.inf), held(support.upper, -math.inf)


def wanted(argument: Argument) -> str:
    """What a number must be."""
    support = argument.support
    endless = math.isinf(support.lower) or math.isinf(support.upper)
    return argument.needed + (" and finite" if endless and not (argument.above or support.unbounded) else "")


def _constraint(support: Support, shape: tuple[int, ...]) -> Bijection | None:
    """What values of a support satisfy, if that can be told."""
    found = next((STRUCTURES[t] for t in STRUCTURES if t in support.types), None)
    square = len(shape) > 1 and shape[-1] == shape[-2]
    if found is None or (found is NamedConstraint.COV_MATRIX and not square):
        return None
    return NAMED[found](shape)


def _problem(argument: Argument, value: np.ndarray, below: np.ndarray | None = None) -> str | None:
    """What is wrong with a known value."""
    if argument.support.types:
        constraint = _constraint(argument.support, value.shape)
        reason = constraint.problem(value) if constraint else None
        if not reason:
            return None
        index, _, reason = reason.partition(" ") if reason.startswith("[") else ("", "", reason.lstrip())
        return f"{argument.role}{index} {reason}"
    low, high = limits(argument.support, "int64" if value.dtype.kind in "iub" else "float64")
    refused = ~((value >= low) & (value <= high))
    if below is not None:
        refused = refused | ~((value >= below) if argument.reaches else (value > below))
    if not refused.any():
        return None
    first = tuple(int(k) for k in np.argwhere(refused)[0])
    index = "".join(f"[{k + 1}]" for k in first)
    return f"{argument.role}{index} is {shown(value[first].item())}, but must be {wanted(argument)}"
