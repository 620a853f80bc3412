"""The forward reading of a model: its `~` statements as a recipe that draws parameters and data, no density needed.

A parameter is defined by the `~` statements that together cover its elements once. Its value variable is then replaced
by the random variable behind them, in the order in which they depend on each other. What cannot be read this way is
refused, by name and reason.
"""
from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ppl_cli.graph.basic import Constant, Variable, constant, root
from ppl_cli.graph.traversal import clone_replace, roots_of
from ppl_cli.language.diagnostics import LanguageError, error
from ppl_cli.language.source import Span
from ppl_cli.logprob.base import NotDerivable
from ppl_cli.logprob.narrowing import narrowed
from ppl_cli.model.constraints.bounds import Interval, LowerBound, UpperBound
from ppl_cli.model.constraints.noncentered import NonCentered
from ppl_cli.model.model import Model, Parameter, Term
from ppl_cli.model.recurrent_draws import Circular, each_time, one_by_one
from ppl_cli.ops.control import make_table
from ppl_cli.ops.elementwise import Elementwise
from ppl_cli.ops.indexing import gather, set_at
from ppl_cli.ops.random import LogProb, RandomVariable, Truncated, truncated
from ppl_cli.ops.reduction import Reduce
from ppl_cli.ops.scalar_math import add
from ppl_cli.ops.shape import BroadcastTo, Reshape, broadcast_to, reshape, transpose
from ppl_cli.rewrites.loops import vectorize_loops
from ppl_cli.rewrites.passes import canonicalize


@dataclass(frozen=True)
class Draw:
    """One `~` statement: `rv` gives the elements at `position` of a variable."""

    rv: Variable
    position: np.ndarray
    span: Span


@dataclass(frozen=True)
class Forward:
    """Graphs of draws: constrained parameters and what follows from them, and data."""

    prior: Mapping[str, Variable]
    predictive: Mapping[str, Variable]


class NotGenerative(LanguageError):
    """The model has no forward reading; `variable` is what cannot be drawn."""

    def __init__(self, variable: str, reason: str, span: Span) -> None:
        super().__init__([error(f"`{variable}` cannot be drawn from the prior: {reason}", span)])


def forward(model: Model, terms: Sequence[Term], quantities: Mapping[str, Variable]) -> Forward:
    """The forward reading. `terms` are the model's, loops vectorized; `quantities` all named ones, as graphs of value
    variables."""
    recipes = _recipes(terms)
    drawn: dict[Variable, Variable] = {}
    order: list[str] = []
    by_name = {p.name: p for p in model.parameters}
    for p in model.parameters:
        _resolve(p, by_name, recipes, drawn, order)
    values = {p.value: drawn[p.value] for p in model.parameters}
    prior = dict(zip(quantities, clone_replace(list(quantities.values()), values), strict=True))
    predictive: dict[str, Variable] = {}
    for name in model.observed:
        whole = _assemble(recipes[name], model.data[name])
        (predictive[name],) = clone_replace([whole], values)
    return Forward(prior, predictive)


def _recipes(terms: Sequence[Term]) -> dict[str, list[Draw]]:
    """The draws that the statements give, by the name of their variable."""
    found: dict[str, list[Draw]] = {}
    for term in terms:
        for node in densities_of(term):
            rv, _, position = node.inputs
            if not isinstance(position, Constant) or (position.data < 0).any():
                reason = "the left side of this statement is not a variable or a part of one"
                raise NotGenerative(term.label, reason, term.span)
            drawn = _copied(_drawable(rv, term), position.shape)
            found.setdefault(term.label, []).append(Draw(drawn, position.data, term.span))
    return found


def _drawable(rv: Variable, term: Term) -> Variable:
    """`rv` with its bounds, if it has any, moved to what is drawn."""
    if not isinstance(rv.op, Truncated) or isinstance(rv.inputs[0].op, RandomVariable):
        return rv
    try:
        return narrowed(*rv.inputs)
    except NotDerivable as error:
        raise NotGenerative(term.label, str(error), term.span) from None


def _copied(rv: Variable, shape: tuple[int, ...]) -> Variable:
    """`rv`, drawn anew along each axis of `shape` that it lacks or along which it has one element."""
    padded = (1,) * (len(shape) - rv.ndim) + rv.shape
    new = [k for k, (n, wanted) in enumerate(zip(padded, shape, strict=True)) if n != wanted]
    if not new:
        return reshape(rv, shape)
    index, copies = root("copy", "int64"), tuple(shape[k] for k in new)
    drawn = make_table(index, [each_time(rv, index)], math.prod(copies))
    (whole,) = canonicalize(vectorize_loops(drawn))
    kept = [k for k in range(len(shape)) if k not in new]
    moved = reshape(whole, (*copies, *(shape[k] for k in kept)))
    return transpose(moved, tuple(int(k) for k in np.argsort([*new, *kept])))


def densities_of(term: Term) -> list[Variable]:
    """The log density nodes that a term sums; anything else in it has no forward reading."""
    found, stack = [], [term.value]
    while stack:
        v = stack.pop()
        if isinstance(v.op, LogProb):
            found.append(v)
        elif isinstance(v.op, Reduce | Reshape | BroadcastTo) or v.op == add.op:
            stack.extend(v.inputs)
        elif not (isinstance(v, Constant) and not v.data.any()):
            reason = "this statement adds to the log density and says nothing of how to draw"
            if isinstance(v.op, Elementwise) or term.label == "target":
                raise NotGenerative(term.label, reason, term.span)
            raise NotGenerative(
                term.label, "this statement is a recurrence or a density without a way to draw", term.span
            )
    return found


def _resolve(
    p: Parameter, by_name: Mapping[str, Parameter], recipes: Mapping[str, list[Draw]], drawn: dict[Variable, Variable],
    open_: list[str],
) -> None:
    """Find the draw of a parameter's value variable, after those that it depends on."""
    if p.value in drawn:
        return
    span = p.declaration.span
    if p.name in open_:
        raise NotGenerative(p.name, f"its distribution depends on itself through {' → '.join([*open_, p.name])}", span)
    value = p.bijection.unconstrain(_whole(p, recipes))
    open_.append(p.name)
    needed = set(roots_of([value]))
    for other in by_name.values():
        if other.value in needed:
            _resolve(other, by_name, recipes, drawn, open_)
    open_.pop()
    (drawn[p.value],) = clone_replace([value], {v: g for v, g in drawn.items() if v in needed})


def _whole(p: Parameter, recipes: Mapping[str, list[Draw]]) -> Variable:
    """The draw of the constrained parameter."""
    name = p.name if p.hole is None else p.hole.name
    if name not in recipes:
        reason = "it has no distribution: no `~` statement has it on the left"
        raise NotGenerative(p.name, reason, p.declaration.span)
    if p.hole is not None:
        variable = _assemble(recipes[name], np.zeros(p.hole.shape))
        return gather(reshape(variable, (variable.type.size,)), constant(p.hole.places))
    _check_cover(p, recipes[name])
    draws = [_bounded(p, d) for d in recipes[name]]
    if p.value not in roots_of([d.rv for d in draws]):
        return _assemble(draws, np.zeros(p.constrained.shape))
    itself = root(p.name, p.constrained.dtype, p.constrained.shape)
    given = clone_replace([d.rv for d in draws], {p.value: p.bijection.unconstrain(itself)})
    try:
        return one_by_one([(rv, d.position) for rv, d in zip(given, draws, strict=True)], itself)
    except Circular as reason:
        raise NotGenerative(p.name, str(reason), p.declaration.span) from None


def _check_cover(p: Parameter, draws: Sequence[Draw]) -> None:
    count = np.zeros(p.constrained.type.size, int)
    for draw in draws:
        np.add.at(count, draw.position.ravel(), 1)
        if (count > 1).any():
            raise NotGenerative(p.name, "a second `~` statement gives it another distribution", draw.span)
    if (count == 0).any():
        missing = int(np.argmin(count)) + 1
        raise NotGenerative(p.name, f"its element number {missing} has no distribution", draws[-1].span)


def _assemble(draws: Sequence[Draw], like: np.ndarray) -> Variable:
    """The whole variable from the draws of its parts; elements without one are as in `like`."""
    size = like.size
    if len(draws) == 1 and np.array_equal(draws[0].position.ravel(), np.arange(size)) and draws[0].rv.type.size == size:
        return reshape(draws[0].rv, like.shape)
    whole: Variable = constant(np.ravel(like))
    for draw in draws:
        whole = set_at(whole, broadcast_to(draw.rv, draw.position.shape), constant(draw.position))
    return reshape(whole, like.shape)


def _bounded(p: Parameter, draw: Draw) -> Draw:
    """The law truncated to the parameter's bounds; other constraints must be met by the law itself."""
    lower, upper = (_at(bound, draw.position) for bound in _bounds(p))
    if lower is None and upper is None:
        return draw
    low = constant(-np.inf) if lower is None else lower
    return replace(draw, rv=_truncate(p, draw.rv, low, constant(np.inf) if upper is None else upper))


def _at(bound: Variable | None, position: np.ndarray) -> Variable | None:
    """The bounds of the elements at `position`."""
    if bound is None or not bound.ndim:
        return bound
    return gather(reshape(bound, (bound.type.size,)), constant(position))


def _bounds(p: Parameter) -> tuple[Variable | None, Variable | None]:
    """The lower and the upper bound of a parameter, None where there is none."""
    match p.bijection.centered if isinstance(p.bijection, NonCentered) else p.bijection:
        case LowerBound(lower=lower):
            return lower, None
        case UpperBound(upper=upper):
            return None, upper
        case Interval(lower=lower, upper=upper):
            return lower, upper
    return None, None


def _truncate(p: Parameter, rv: Variable, lower: Variable, upper: Variable) -> Variable:
    if isinstance(rv.op, Truncated):
        return rv
    if not isinstance(rv.op, RandomVariable):
        if isinstance(rv.op, Reshape) and isinstance(rv.inputs[0].op, RandomVariable | Truncated):
            return reshape(_truncate(p, rv.inputs[0], reshape_like(lower, rv), reshape_like(upper, rv)), rv.shape)
        try:
            return narrowed(rv, lower, upper)
        except NotDerivable as error:
            raise NotGenerative(p.name, str(error), p.declaration.span) from None
    low, high = _known(lower), _known(upper)
    support = rv.op.law.support
    if low is not None and high is not None and low <= support.lower and support.upper <= high:
        return rv
    return truncated(rv, lower, upper)


def reshape_like(bound: Variable, rv: Variable) -> Variable:
    return reshape(bound, rv.inputs[0].shape) if bound.shape else bound


def _known(bound: Variable) -> float | None:
    return float(bound.data) if isinstance(bound, Constant) and bound.type.size == 1 else None
