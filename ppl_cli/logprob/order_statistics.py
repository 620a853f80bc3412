"""The greatest and the least of independent random values: `fmax(X, Y)`, `fmin(X, Y)`, `max` and `min` of a container.

The greatest is at most y if all are: F(y) = Π F_i(y), with the density Σ p_i(y) Π_{j≠i} F_j(y); the least is above y if
all are. Masses are differences of distribution functions.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import TypeVar

from ppl_cli.graph.basic import Variable, constant
from ppl_cli.logprob import censoring
from ppl_cli.logprob.base import NotDerivable, check_independent, is_discrete, logp, random_inputs
from ppl_cli.logprob.masses import (
    Place,
    has_density,
    log_above,
    log_at_least,
    log_at_most,
    log_below,
    log_mass,
    log_step,
    place,
)
from ppl_cli.logprob.reductions import RULES, Rules
from ppl_cli.logprob.transforms import ABOVE, BELOW, DENSITIES, PLACES, check_no_copies
from ppl_cli.ops.elementwise import Elementwise
from ppl_cli.ops.reduction import Reduce, log_sum_exp, reduce_sum
from ppl_cli.ops.scalar_math import add, either, eq, gt, log1m_exp, log_add_exp, switch
from ppl_cli.ops.shape import broadcast_to, reshape

Tail = Callable[[Variable, Variable], Variable]
Result = TypeVar("Result")


@dataclass(frozen=True)
class Part:
    """A random value (no axes), or independent ones along `axes`, of which all take part."""

    rv: Variable
    axes: tuple[int, ...] = ()

    def at(self, value: Variable) -> Variable:
        """The value for each of the elements."""
        if not self.axes:
            return value
        ndim = value.ndim + len(self.axes)
        gone = {a % ndim for a in self.axes}
        sizes = iter(value.shape)
        kept = tuple(1 if k in gone else next(sizes) for k in range(ndim))
        return broadcast_to(reshape(value, kept), (*kept[: ndim - self.rv.ndim], *self.rv.shape))

    def added(self, terms: Variable, value: Variable) -> Variable:
        """The sum of what is found for the elements."""
        return reduce_sum(broadcast_to(terms, self.at(value).shape), self.axes) if self.axes else terms

    def log_added(self, terms: Variable, value: Variable) -> Variable:
        """The same for logs of what adds up."""
        terms = broadcast_to(terms, self.at(value).shape)
        for gone, axis in enumerate(sorted(self.axes, reverse=True)):
            terms = log_sum_exp(terms, axis + gone)
        return terms

    def density(self, value: Variable) -> Variable:
        if is_discrete(self.rv):
            return log_mass(self.rv, self.at(value))
        found = logp(self.rv, self.at(value))
        if found.ndim < self.at(value).ndim:
            raise NotDerivable("the extremes of elements that are not independent are not known")
        return found

    def has_mass(self, value: Variable) -> Variable | None:
        """Whether one of the elements has a mass at the value; None: never."""
        if not is_discrete(self.rv) and has_density(self.rv):
            return None
        positive = gt(log_mass(self.rv, self.at(value)), -math.inf)
        return gt(self.added(switch(positive, 1.0, 0.0), value), 0.0)

    def moved(self, value: Variable) -> Variable:
        """The value, at the mass that it is at up to rounding."""
        mass = None if self.axes else place(self.rv, value)
        return value if mass is None else switch(mass.found, mass.at, value)


@dataclass(frozen=True)
class Extreme:
    """The greatest value or the least. It is `within` y if all values are; `strictly` within: not equal to y.

    `beyond` is the complement of `within`, `outside` that of `strictly`.
    """

    within: Tail
    beyond: Tail
    strictly: Tail
    outside: Tail
    greatest: bool

    def log_cdf(self, parts: Sequence[Part], value: Variable) -> Variable:
        """log P(extreme <= y)."""
        return self._all_within(parts, value) if self.greatest else log1m_exp(self._all_strictly(parts, value))

    def log_ccdf(self, parts: Sequence[Part], value: Variable) -> Variable:
        """log P(extreme > y)."""
        return log1m_exp(self._all_within(parts, value)) if self.greatest else self._all_strictly(parts, value)

    def _all_within(self, parts: Sequence[Part], value: Variable) -> Variable:
        return _log_product(parts, value, self.within, self.beyond)

    def _all_strictly(self, parts: Sequence[Part], value: Variable) -> Variable:
        return _log_product(parts, value, self.strictly, self.outside)

    def log_density(self, parts: Sequence[Part], value: Variable) -> Variable:
        """The mass where one of the parts has a mass, the density elsewhere."""
        if all(is_discrete(part.rv) for part in parts):
            return self._mass(parts, value)
        mass, density = self.place(parts, value), self._density(parts, value)
        return density if mass is None else switch(mass.found, self._mass(parts, value), density)

    def place(self, parts: Sequence[Part], value: Variable) -> Place | None:
        """The mass of a part that is close to a value."""
        at = reduce(lambda held, part: part.moved(held), parts, value)
        found = [mass for part in parts if (mass := part.has_mass(at)) is not None]
        return Place(reduce(either, found), at) if found else None

    def _mass(self, parts: Sequence[Part], value: Variable) -> Variable:
        within, strictly = self._all_within(parts, value), self._all_strictly(parts, value)
        return log_step(strictly, within, log1m_exp(strictly), log1m_exp(within))

    def _density(self, parts: Sequence[Part], value: Variable) -> Variable:
        """log of Π F_j · Σ p_i / F_i."""
        ratios = []
        for part in parts:
            share = self.within(part.rv, part.at(value))
            never = eq(share, -math.inf)
            ratio = switch(never, -math.inf, part.density(value) - switch(never, 0.0, share))
            ratios.append(part.log_added(ratio, value))
        return self._all_within(parts, value) + reduce(log_add_exp, ratios)


def _log_product(parts: Sequence[Part], value: Variable, tail: Tail, complement: Tail) -> Variable:
    """The log of the product of probabilities; those close to 1 by their complements, which have the digits."""
    total: Variable = constant(0.0)
    for part in parts:
        at = part.at(value)
        found = tail(part.rv, at)
        close = gt(found, -math.log(2))
        precise = switch(close, log1m_exp(switch(close, complement(part.rv, at), -1.0)), found)
        total = add(total, part.added(precise, value))
    return total


GREATEST = Extreme(log_at_most, log_above, log_below, log_at_least, greatest=True)
LEAST = Extreme(log_at_least, log_below, log_above, log_at_most, greatest=False)


def _parts(op: Elementwise, inputs: Sequence[Variable]) -> list[Part]:
    check_independent(inputs, op.name)
    check_no_copies(op, inputs)
    return [Part(v) for v in inputs]


def _pair(extreme: Extreme, end: censoring.End, *names: str) -> None:
    """The rules of an elementwise maximum or minimum: of two random values, or of one and a bound."""

    def bound(inputs: Sequence[Variable]) -> tuple[Variable, Variable] | None:
        random = random_inputs(inputs)
        return (inputs[random[0]], inputs[1 - random[0]]) if len(random) == 1 else None

    def rule(ordered: Callable[..., Result], censored: Callable[..., Result]) -> Callable[..., Result]:
        def found(op: Elementwise, inputs: Sequence[Variable], value: Variable) -> Result:
            check_no_copies(op, inputs)
            one = bound(inputs)
            return ordered(_parts(op, inputs), value) if one is None else censored(*one, value)

        return found

    for name in names:
        DENSITIES[name] = rule(extreme.log_density, end.log_density)
        BELOW[name] = rule(extreme.log_cdf, end.log_cdf)
        ABOVE[name] = rule(extreme.log_ccdf, end.log_ccdf)
        PLACES[name] = rule(extreme.place, end.place)


_pair(GREATEST, censoring.LOWEST, "fmax", "max")
_pair(LEAST, censoring.HIGHEST, "fmin", "min")


def _over_axes(extreme: Extreme) -> Rules:
    """The rules of a maximum or minimum over axes."""

    def rule(function: Callable[[Sequence[Part], Variable], Result]) -> Callable[[Reduce, Variable, Variable], Result]:
        return lambda op, container, value: function([Part(container, op.axes)], value)

    return Rules(rule(extreme.log_density), rule(extreme.log_cdf), rule(extreme.log_ccdf), rule(extreme.place))


RULES["max"] = _over_axes(GREATEST)
RULES["min"] = _over_axes(LEAST)
