"""Mixtures: what is the density of a random expression in which a discrete random value chooses?

With the choice given it is that of what is chosen; with the choice summed out it is log sum exp of weight plus density.
Chosen is by an index, `components[categorical(w)]`, or by a condition, `bernoulli(p) ? a : b`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import numpy as np

from ppl_cli.graph.basic import Op, Variable, constant
from ppl_cli.graph.traversal import clone_replace, dependents, toposort
from ppl_cli.logprob.base import (
    NotDerivable,
    is_discrete,
    is_random,
    known,
    logccdf,
    logcdf,
    logp,
    logp_of_event,
    logprob,
    summed,
)
from ppl_cli.logprob.masses import has_density
from ppl_cli.logprob.transforms import ABOVE, BELOW, DENSITIES
from ppl_cli.ops.elementwise import Elementwise
from ppl_cli.ops.indexing import Gather, gather
from ppl_cli.ops.random import RandomVariable
from ppl_cli.ops.reduction import log_sum_exp
from ppl_cli.ops.scalar_math import sub, switch
from ppl_cli.ops.shape import Reshape, broadcast_to, stack

Measure = Callable[[Variable, Variable], Variable]  # (rv, value) -> logp, logcdf or logccdf
MOST_SUMMED = 200  # choices that are worth a term each


# --------------------------------------------------------------------------------- the choice as a value


def _component_densities(components: Variable, value: Variable) -> Variable:
    """The log density of each component (the last axis of the batch) at `value`."""
    assert components.owner is not None
    return logprob(components.owner.op, components.inputs, value)


def _index_densities(index: Variable, count: int) -> Variable:
    """The log probability of each value 1 .. count of the index."""
    assert index.owner is not None
    return logprob(index.owner.op, index.inputs, constant(np.arange(1, count + 1)))


def mixture_joint(components: Variable, index: Variable, value: Variable, chosen: Variable) -> Variable:
    """log density of (components[index] = value, index = chosen); `chosen` counts from 1."""
    densities = _component_densities(components, value)
    weights = _index_densities(index, densities.shape[-1])
    at = sub(chosen, 1)
    return gather(densities, at) + gather(weights, at)


def mixture_marginal(components: Variable, index: Variable, value: Variable) -> Variable:
    """log density of components[index] = value, the index summed out."""
    densities = _component_densities(components, value)
    return log_sum_exp(densities + _index_densities(index, densities.shape[-1]))


# ------------------------------------------------------------------------------------ the choice summed out


def _most(n: Variable) -> int | None:
    found = known(n)
    return None if found is None else int(found.max(initial=0))


def _up_to(first: int, last: int | None) -> Iterable[int] | None:
    return None if last is None else range(first, last + 1)


def _between(lower: Variable, upper: Variable) -> Iterable[int] | None:
    low, high = known(lower), known(upper)
    return None if low is None or high is None else range(int(low.min()), int(high.max()) + 1)


# What values a law may take, given its parameters; None where that depends on parameters of the model.
SUPPORTS: dict[str, Callable[..., Iterable[int] | None]] = {
    "bernoulli": lambda p: range(2),
    "bernoulli_logit": lambda p: range(2),
    "categorical": lambda p: range(1, p.shape[-1] + 1),
    "categorical_logit": lambda p: range(1, p.shape[-1] + 1),
    "ordered_logistic": lambda eta, cutpoints: range(1, cutpoints.shape[-1] + 2),
    "ordered_probit": lambda eta, cutpoints: range(1, cutpoints.shape[-1] + 2),
    "binomial": lambda n, p: _up_to(0, _most(n)),
    "binomial_logit": lambda n, p: _up_to(0, _most(n)),
    "beta_binomial": lambda n, a, b: _up_to(0, _most(n)),
    "hypergeometric": lambda n, a, b: _up_to(0, _most(n)),
    "discrete_range": _between,
}


def _choice(of: Variable) -> tuple[Variable, list[int]]:
    """The random value that decides `of`, and the values that it may take: a discrete draw, or else a comparison."""
    nodes = toposort([of])
    for node in nodes:
        if isinstance(node.op, RandomVariable) and node.op.law.name in SUPPORTS:
            values = SUPPORTS[node.op.law.name](*node.inputs[1:])
            if values is not None and len(found := list(values)) <= MOST_SUMMED:
                return node.outputs[0], found
    for node in nodes:
        if node.outputs[0].dtype == "bool" and is_random(node.outputs[0]):
            return node.outputs[0], [0, 1]
    laws = " and ".join({node.op.law.name for node in nodes if isinstance(node.op, RandomVariable)})
    raise NotDerivable(f"what is chosen depends on a value of `{laws}`, which is not one of a few known ones")


def _check_chosen(rv: Variable, choice: Variable) -> None:
    """Each element of a vector of choices decides about the element of `rv` in its place."""
    if choice.shape != rv.shape[: choice.ndim]:
        raise NotDerivable("one choice decides about several elements, or several about one")
    if not choice.ndim:
        return
    on_the_way = dependents([rv], [choice])
    for node in toposort([rv], stop=[choice]):
        if node.outputs[0] in on_the_way:
            moved = isinstance(node.op, Gather) and node.inputs[0] in on_the_way
            if moved or not isinstance(node.op, Elementwise | Gather | Reshape):
                raise NotDerivable(f"the density of `{node.op}` of several choices is not known")


def summed_out(rv: Variable, value: Variable, by: Variable, measure: Measure) -> Variable:
    """log Σ P(choice = k) f(value | choice = k) over what the random value in `by` may be; f is the measure."""
    choice, outcomes = _choice(by)
    _check_chosen(rv, choice)
    terms, chosen = [], []
    for k in outcomes:
        outcome = constant(np.full(choice.shape, k, choice.dtype))
        (given,) = clone_replace([rv], {choice: outcome})
        chosen.append(given)
        terms.append(measure(given, value) + logp(choice, outcome))
    _check_alike(chosen)
    shape = np.broadcast_shapes(*(t.shape for t in terms))
    return log_sum_exp(stack([broadcast_to(t, shape) for t in terms]), 0)


def _check_alike(chosen: Sequence[Variable]) -> None:
    """Masses and densities do not add up."""
    random = list(filter(is_random, chosen))
    if not all(map(is_discrete, random)) and not all(map(has_density, random)):
        raise NotDerivable("the density of a mixture of point masses and continuous values is not known")


def density_by(rv: Variable, value: Variable, by: Variable) -> Variable:
    """The density of a mixture: what is chosen is chosen for all elements of an event."""
    choice, _ = _choice(by)
    return summed_out(rv, value, by, lambda given, y: logp_of_event(given, y, rv.ndim - choice.ndim))


def cumulative_by(rv: Variable, value: Variable, by: Variable, measure: Measure) -> Variable:
    """A distribution function of a mixture of scalars."""
    choice, _ = _choice(by)
    if rv.ndim != choice.ndim:
        raise NotDerivable("the distribution function of a mixture of vectors is not known")
    return summed_out(rv, value, by, measure)


def _index(inputs: Sequence[Variable]) -> Variable:
    return next(i for i in inputs[1:] if is_random(i))


def density_by_index(op: Op, inputs: Sequence[Variable], value: Variable) -> Variable:
    return density_by(op(*inputs), value, _index(inputs))


def cumulative_by_index(op: Op, inputs: Sequence[Variable], value: Variable) -> Variable:
    return cumulative_by(op(*inputs), value, _index(inputs), logcdf)


def survival_by_index(op: Op, inputs: Sequence[Variable], value: Variable) -> Variable:
    return cumulative_by(op(*inputs), value, _index(inputs), logccdf)


# ------------------------------------------------------------------------------------ choice by a condition


def _branches(op: Op, inputs: Sequence[Variable]) -> Sequence[Variable]:
    shape = op(*inputs).shape
    if any(branch.shape != shape for branch in inputs[1:]):
        raise NotDerivable("one choice decides about several elements, or several about one")
    return inputs[1:]


def _switched(measure: Measure, op: Op, inputs: Sequence[Variable], value: Variable) -> Variable:
    """The measure of the branch that a condition selects which is not random."""
    decided = known(inputs[0])
    if decided is not None and (decided.all() or not decided.any()):
        return measure(inputs[1] if decided.all() else inputs[2], value)
    a, b = (measure(branch, value) for branch in _branches(op, inputs))
    ndim = min(a.ndim, b.ndim)
    if inputs[0].type.size > 1 and ndim < value.ndim:
        raise NotDerivable("a condition chooses among elements that are not independent")
    return switch(inputs[0], summed(a, value, ndim), summed(b, value, ndim))


def _density_by_condition(op: Op, inputs: Sequence[Variable], value: Variable) -> Variable:
    if not is_random(inputs[0]):
        return _switched(logp, op, inputs, value)
    _branches(op, inputs)
    return density_by(op(*inputs), value, inputs[0])


def _cumulative_by_condition(measure: Measure, op: Op, inputs: Sequence[Variable], value: Variable) -> Variable:
    if not is_random(inputs[0]):
        return _switched(measure, op, inputs, value)
    _branches(op, inputs)
    return cumulative_by(op(*inputs), value, inputs[0], measure)


DENSITIES["switch"] = _density_by_condition
BELOW["switch"] = lambda op, inputs, value: _cumulative_by_condition(logcdf, op, inputs, value)
ABOVE["switch"] = lambda op, inputs, value: _cumulative_by_condition(logccdf, op, inputs, value)
