"""Smooth transforms of one random value: the change of variables, branch by branch where a function is not monotone.

For y = g(x): p(y) = Σ p(x) |dx/dy| over the x with g(x) = y. Discrete values keep their masses.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import reduce

from ppl_cli.graph.basic import Constant, Op, Variable, constant
from ppl_cli.logprob.base import (
    NotDerivable,
    is_discrete,
    log_cumulative,
    log_survival,
    logp,
    logprob,
    only_random,
    random_inputs,
)
from ppl_cli.logprob.inverses import INVERSES, Preimage, composed
from ppl_cli.logprob.masses import (
    Place,
    log_above,
    log_at_least,
    log_at_most,
    log_below,
    log_interval,
    log_mass,
    op_place,
    place,
)
from ppl_cli.ops.elementwise import Elementwise
from ppl_cli.ops.reduction import reduce_sum
from ppl_cli.ops.scalar_math import both, either, eq, log_add_exp, switch
from ppl_cli.ops.shape import broadcast_to


def check_no_copies(op: Elementwise, inputs: Sequence[Variable]) -> None:
    """Refuse one random value that becomes many elements, which then depend on each other."""
    shape = op.output_types(*(v.type for v in inputs))[0].shape
    if any(inputs[k].shape != shape for k in random_inputs(inputs)):
        raise NotDerivable(f"`{op.name}` makes several elements of one random value")


def inverse_image(op: Elementwise, inputs: Sequence[Variable], y: Variable) -> tuple[Variable, Preimage]:
    """The random input and where it must be."""
    if pair := composed(op, inputs):
        name, rv = pair
        return rv, INVERSES[name]([None], y)
    at = only_random(inputs, op.name)
    if op.name not in INVERSES:
        raise NotDerivable(f"the density of `{op.name}` of a random value is not known")
    check_no_copies(op, inputs)
    return inputs[at], INVERSES[op.name]([None if k == at else v for k, v in enumerate(inputs)], y)


def change_of_variables(op: Elementwise, inputs: Sequence[Variable], value: Variable) -> Variable:
    """The log density of a smooth function at `value`, or the log mass if there is one."""
    rv, preimage = inverse_image(op, inputs, value)
    if is_discrete(rv):
        return _log_mass(rv, preimage)
    mass, density = _place(rv, preimage, value), _log_density(op, rv, preimage)
    return density if mass is None else switch(mass.found, _log_mass(rv, preimage), density)


def _log_density(op: Elementwise, rv: Variable, preimage: Preimage) -> Variable:
    densities = [logp(rv, branch.x) for branch in preimage.branches]
    if densities[0].ndim < preimage.branches[0].x.ndim:
        return _of_an_event(op, preimage, densities)
    parts = [found + branch.log_slope for found, branch in zip(densities, preimage.branches, strict=True)]
    return _where(preimage.valid, reduce(log_add_exp, parts))


def _log_mass(rv: Variable, preimage: Preimage) -> Variable:
    """The sum over the branches, which meet at 0 for even functions."""
    first, *others = preimage.branches
    masses = [switch(eq(first.x, branch.x), -math.inf, log_mass(rv, branch.x)) for branch in others]
    return _where(preimage.valid, reduce(log_add_exp, masses, log_mass(rv, first.x)))


def _place(rv: Variable, preimage: Preimage, value: Variable) -> Place | None:
    """Whether one of the x is at a mass."""
    found = [mass.found for branch in preimage.branches if (mass := place(rv, branch.x)) is not None]
    if not found:
        return None
    somewhere = reduce(either, found)
    return Place(somewhere if preimage.valid is None else both(preimage.valid, somewhere), value)


def _where(valid: Variable | None, found: Variable) -> Variable:
    return found if valid is None else switch(valid, found, -math.inf)


def _of_an_event(op: Elementwise, preimage: Preimage, densities: Sequence[Variable]) -> Variable:
    """Elements that depend on each other have one density, and one Jacobian determinant."""
    if len(densities) != 1:
        raise NotDerivable(f"the density of `{op.name}` of a random vector is not known")
    (branch,), (found,) = preimage.branches, densities
    axes = range(found.ndim - branch.x.ndim, 0)
    total = found + reduce_sum(broadcast_to(branch.log_slope, branch.x.shape), axes)
    if preimage.valid is None:
        return total
    return switch(eq(reduce_sum(switch(preimage.valid, 0.0, 1.0), axes), 0.0), total, -math.inf)


def log_probability_below(op: Elementwise, inputs: Sequence[Variable], value: Variable) -> Variable:
    """log P(g(X) <= value)."""
    rv, preimage = inverse_image(op, inputs, value)
    return _outside(preimage, _side(op, rv, preimage, below=True), below=True)


def log_probability_above(op: Elementwise, inputs: Sequence[Variable], value: Variable) -> Variable:
    """log P(g(X) > value)."""
    rv, preimage = inverse_image(op, inputs, value)
    return _outside(preimage, _side(op, rv, preimage, below=False), below=False)


def _outside(preimage: Preimage, inside: Variable, below: bool) -> Variable:
    """Where no x makes the value, it is below all values or above them."""
    if preimage.valid is None:
        return inside
    low = constant(-math.inf if below else 0.0)
    high = constant(0.0 if below else -math.inf)
    elsewhere = low if preimage.above is None else switch(preimage.above, high, low)
    return switch(preimage.valid, inside, elsewhere)


def _side(op: Elementwise, rv: Variable, preimage: Preimage, below: bool) -> Variable:
    if len(preimage.branches) == 2:  # even functions that decrease, then increase: between the branches or outside
        up, down = preimage.branches
        if up.increasing is not True or down.increasing is not False:
            raise NotDerivable(f"the distribution function of `{op.name}` of a random value is not known")
        if below:
            return log_interval(rv, down.x, up.x)
        return log_add_exp(log_above(rv, up.x), log_below(rv, down.x))
    (branch,) = preimage.branches
    increasing, x = branch.increasing, branch.x
    if isinstance(increasing, Constant) and increasing.dtype == "float64":
        raise NotDerivable(f"the distribution function of `{op.name}` of a random value is not known")
    rising, falling = (log_at_most, log_at_least) if below else (log_above, log_below)
    if isinstance(increasing, bool):
        return (rising if increasing else falling)(rv, x)
    return switch(increasing, rising(rv, x), falling(rv, x))


# What other families say of elementwise operations: name → rule. The smooth ones are the rest.
Rule = Callable[[Elementwise, Sequence[Variable], Variable], Variable]
DENSITIES: dict[str, Rule] = {}
BELOW: dict[str, Rule] = {}
ABOVE: dict[str, Rule] = {}
PLACES: dict[str, Callable[[Elementwise, Sequence[Variable], Variable], Place | None]] = {}


@logprob.register
def _elementwise(op: Elementwise, inputs: Sequence[Variable], value: Variable) -> Variable:
    return DENSITIES.get(op.name, change_of_variables)(op, inputs, value)


@log_cumulative.register
def _elementwise_below(op: Elementwise, inputs: Sequence[Variable], value: Variable) -> Variable:
    return BELOW.get(op.name, log_probability_below)(op, inputs, value)


@log_survival.register
def _elementwise_above(op: Elementwise, inputs: Sequence[Variable], value: Variable) -> Variable:
    return ABOVE.get(op.name, log_probability_above)(op, inputs, value)


@op_place.register
def _elementwise_place(op: Elementwise, inputs: Sequence[Variable], x: Variable) -> Place | None:
    if op.name in PLACES:
        return PLACES[op.name](op, inputs, x)
    if composed(op, inputs) or (op.name in INVERSES and len(random_inputs(inputs)) == 1):
        rv, preimage = inverse_image(op, inputs, x)
        return _place(rv, preimage, x)
    return op_place.dispatch(Op)(op, inputs, x)


DENSITIES["to_real"] = lambda op, inputs, value: log_mass(inputs[0], value)
BELOW["to_real"] = lambda op, inputs, value: log_at_most(inputs[0], value)
ABOVE["to_real"] = lambda op, inputs, value: log_above(inputs[0], value)
