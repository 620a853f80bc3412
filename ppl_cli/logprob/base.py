"""What is derived from random expressions: log densities and distribution functions, by dispatch on the operation that
made a variable.

A family of operations is one module that registers its rules. Where no rule is known, `NotDerivable` names the
operation.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import singledispatch, wraps
from typing import TypeVar
from weakref import WeakKeyDictionary

import numpy as np

from ppl_cli.graph.basic import Constant, Op, Variable
from ppl_cli.graph.traversal import evaluate, roots_of, toposort
from ppl_cli.ops.random import RandomVariable, Truncated
from ppl_cli.ops.reduction import reduce_sum
from ppl_cli.ops.scalar_math import eq, ge, lt, switch
from ppl_cli.ops.shape import broadcast_to

Found = TypeVar("Found")


class NotDerivable(NotImplementedError):
    """The density of an expression cannot be derived; the message says why."""


def remembered(function: Callable[[Variable, Variable], Found]) -> Callable[[Variable, Variable], Found]:
    """A function of a random expression and a value, asked once for each pair as long as the expression is in use.

    The rules of nested operations ask for the same tails again and again.
    """
    answers: WeakKeyDictionary[Variable, WeakKeyDictionary[Variable, Found]] = WeakKeyDictionary()

    @wraps(function)
    def asked(rv: Variable, value: Variable) -> Found:
        known_of_rv = answers.setdefault(rv, WeakKeyDictionary())
        if value not in known_of_rv:
            known_of_rv[value] = function(rv, value)
        return known_of_rv[value]

    return asked


@remembered
def logp(rv: Variable, value: Variable) -> Variable:
    """The log density (mass, for what is discrete) at `value` of the random expression `rv`.

    One number for each element of the value, or for each event where elements are not independent.
    """
    if rv.owner is None or not is_random(rv):
        return switch(eq(value, _point(rv)), 0.0, -math.inf)
    return logprob(rv.owner.op, rv.inputs, value)


def logp_of_event(rv: Variable, value: Variable, event_ndim: int) -> Variable:
    """The log density at `value` with its last `event_ndim` axes as one event."""
    return summed(logp(rv, value), value, value.ndim - event_ndim)


def summed(density: Variable, value: Variable, ndim: int) -> Variable:
    """A log density at `value` for each element of its first `ndim` axes: what is independent along the others adds
    up."""
    if density.ndim < ndim:
        raise NotDerivable("elements that are not independent are taken apart")
    if density.ndim == ndim:
        return density
    whole = broadcast_to(density, value.shape[: density.ndim])
    return reduce_sum(whole, tuple(range(ndim - density.ndim, 0)))


@remembered
def logcdf(rv: Variable, value: Variable) -> Variable:
    """log P(rv <= value), for scalar random expressions, elementwise."""
    if rv.owner is None or not is_random(rv):
        return switch(ge(value, _point(rv)), 0.0, -math.inf)
    return log_cumulative(rv.owner.op, rv.inputs, value)


@remembered
def logccdf(rv: Variable, value: Variable) -> Variable:
    """log P(rv > value), for scalar random expressions, elementwise."""
    if rv.owner is None or not is_random(rv):
        return switch(lt(value, _point(rv)), 0.0, -math.inf)
    return log_survival(rv.owner.op, rv.inputs, value)


def _point(v: Variable) -> Variable:
    """A whole number that is not random, a point mass among others; other numbers have no density."""
    if v.dtype == "float64":
        raise NotDerivable("a value that is chosen or transformed is not random, a point mass")
    return v


@singledispatch
def logprob(op: Op, inputs: Sequence[Variable], value: Variable) -> Variable:
    """The log density at `value` of the variable that `op` makes of `inputs`."""
    raise NotDerivable(f"the density of `{op}` of random values is not known")


@singledispatch
def log_cumulative(op: Op, inputs: Sequence[Variable], value: Variable) -> Variable:
    raise NotDerivable(f"the distribution function of `{op}` of random values is not known")


@singledispatch
def log_survival(op: Op, inputs: Sequence[Variable], value: Variable) -> Variable:
    raise NotDerivable(f"the distribution function of `{op}` of random values is not known")


def is_random(v: Variable) -> bool:
    """Whether a variable is drawn, or computed from what is."""
    return any(isinstance(node.op, RandomVariable | Truncated) for node in toposort([v]))


# Operations that make whole numbers, and so masses, of any random values.
ROUNDINGS = frozenset({"floor", "ceil", "round", "trunc"})
CONDITIONS = frozenset({"lt", "le", "gt", "ge", "eq", "ne", "and", "or", "not"})


def is_discrete(rv: Variable) -> bool:
    """Whether a random expression has masses only: all that it is made of is discrete, or it is rounded or compared."""
    discrete: dict[Variable, bool] = {}
    for node in toposort([rv]):
        random = [v for v in node.inputs if v in discrete]
        if isinstance(node.op, RandomVariable):
            found = node.op.law.is_discrete
        elif random:
            found = node.op.name in ROUNDINGS | CONDITIONS or all(discrete[v] for v in random)
        else:
            continue
        discrete.update((v, found) for v in node.outputs)
    return discrete.get(rv, False)


def random_inputs(inputs: Sequence[Variable]) -> list[int]:
    """The positions of the inputs that are random."""
    return [k for k, v in enumerate(inputs) if not isinstance(v, Constant) and is_random(v)]


def check_independent(expressions: Sequence[Variable], what: str) -> None:
    """Refuse random expressions that are made of the same draws."""
    draws = [{node for node in toposort([v]) if isinstance(node.op, RandomVariable)} for v in expressions]
    if len(set().union(*draws)) < sum(map(len, draws)):
        raise NotDerivable(f"the random values in `{what}` are not independent")


def known(v: Variable) -> np.ndarray | None:
    """The value of what depends on constants only."""
    if isinstance(v, Constant):
        return v.data
    return None if roots_of([v]) or is_random(v) else evaluate([v])[0]


def check_parts(parts: Sequence[Variable], what: str) -> None:
    """Refuse parts that are not random, and such that are made of the same draws."""
    if len(random_inputs(parts)) < len(parts):
        raise NotDerivable(f"one of the parts of `{what}` is not random, a point mass")
    check_independent(parts, what)


def only_random(inputs: Sequence[Variable], what: str) -> int:
    """The position of the one input that is random."""
    found = random_inputs(inputs)
    if len(found) != 1:
        raise NotDerivable(f"the density of `{what}` of {len(found)} random values is not known")
    return found[0]
