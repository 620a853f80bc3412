"""Smooth transforms of one random value: the change of variables, branch by branch where a function is not monotone.

For y = g(x): p(y) = Σ p(x) |dx/dy| over the x with g(x) = y. Discrete values keep their masses.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import reduce

from ppl_cli.graph.basic import Constant, Op, Variable, constant
from ppl_cli.logprob.base import (
    NotDerivable,
    is_discrete,
    is_random,
    log_cumulative,
    log_survival,
    logccdf,
    logcdf,
    logp,
    logprob,
    only_random,
    random_inputs,
)
from ppl_cli.logprob.masses import (
    Place,
    log_above,
    log_at_least,
    log_at_most,
    log_below,
    log_interval,
    log_mass,
    log_step,
    op_place,
    place,
)
from ppl_cli.ops import scalar_math as sm
from ppl_cli.ops.elementwise import Elementwise
from ppl_cli.ops.reduction import reduce_sum
from ppl_cli.ops.scalar_math import absolute, both, either, eq, gt, log, log_add_exp, lt, neg, switch
from ppl_cli.ops.shape import broadcast_to

Inside = Callable[[Variable], Variable]


@dataclass(frozen=True)
class Branch:
    """One of the x with g(x) = y: `x`, the log of |dx/dy|, whether g increases there (a number or a condition)."""

    x: Variable
    log_slope: Variable
    increasing: bool | Variable = True


@dataclass(frozen=True)
class Preimage:
    """All branches, and the condition under which y has any; None: always. `below`: log P(g(X) <= y) where there is
    none is 0 (y is above all values) if this holds, else -inf."""

    branches: Sequence[Branch]
    valid: Variable | None = None
    above: Variable | None = None


# name → (the fixed arguments with None in the place of x, y) → Preimage
Inverse = Callable[[Sequence[Variable | None], Variable], Preimage]
INVERSES: dict[str, Inverse] = {}


def inverse(name: str) -> Callable[[Inverse], Inverse]:
    def register(function: Inverse) -> Inverse:
        INVERSES[name] = function
        return function

    return register


def _monotone(
    name: str, x: Callable[[Variable], Variable], log_slope: Callable[[Variable, Variable], Variable],
    valid: Inside | None = None, above: Inside | None = None, increasing: bool = True,
) -> None:
    """A function of one argument; the slope is given (x, y). `above`: where y is greater than all values."""

    def preimage(arguments: Sequence[Variable | None], y: Variable) -> Preimage:
        found = x(y)
        branch = Branch(found, log_slope(found, y), increasing)
        return Preimage([branch], None if valid is None else valid(y), None if above is None else above(y))

    INVERSES[name] = preimage


def _positive(y: Variable) -> Variable:
    return gt(y, 0.0)


def _log_cosh(y: Variable) -> Variable:
    size = absolute(y)
    return size + sm.log1p(sm.exp(-2.0 * size)) - math.log(2)


_ZERO = constant(0.0)
_LOG_PI = math.log(math.pi)

_monotone("neg", neg, lambda x, y: _ZERO, increasing=False)
_monotone("exp", log, lambda x, y: -x, _positive)
_monotone("exp2", sm.log2, lambda x, y: -log(y * math.log(2)), _positive)
_monotone("expm1", sm.log1p, lambda x, y: -x, lambda y: gt(y, -1.0))
_monotone("log", sm.exp, lambda x, y: y)
_monotone("log2", sm.exp2, lambda x, y: y * math.log(2) + math.log(math.log(2)))
_monotone("log10", lambda y: sm.exp(y * math.log(10)), lambda x, y: y * math.log(10) + math.log(math.log(10)))
_monotone("log1p", sm.expm1, lambda x, y: y)
_monotone("sqrt", lambda y: y * y, lambda x, y: log(2.0 * y), lambda y: sm.ge(y, 0.0))
_monotone("cbrt", lambda y: y * y * y, lambda x, y: math.log(3) + 2.0 * log(absolute(y)))
_monotone(
    "inv_logit", lambda y: log(y) - sm.log1p(-y), lambda x, y: -log(y) - sm.log1p(-y),
    lambda y: both(gt(y, 0.0), lt(y, 1.0)), lambda y: sm.ge(y, 1.0),
)  # fmt: skip
_monotone(
    "log1p_exp", lambda y: y + sm.log1m_exp(-y), lambda x, y: -sm.log1m_exp(-y), _positive
)
_monotone("tanh", sm.atanh, lambda x, y: -sm.log1p(-y * y), lambda y: lt(absolute(y), 1.0), lambda y: sm.ge(y, 1.0))
_monotone("sinh", sm.asinh, lambda x, y: -0.5 * sm.log1p(y * y))
_monotone("asinh", sm.sinh, lambda x, y: _log_cosh(y))
_monotone("atanh", sm.tanh, lambda x, y: -2.0 * _log_cosh(y))
_monotone("logit", sm.inv_logit, lambda x, y: -y - 2.0 * sm.log1p_exp(-y))
_monotone(
    "atan", sm.tan, lambda x, y: sm.log1p(x * x), lambda y: lt(absolute(y), 0.5 * math.pi),
    lambda y: sm.ge(y, 0.5 * math.pi),
)  # fmt: skip
_monotone(
    "inv_Phi", lambda y: 0.5 * sm.erfc(-y * math.sqrt(0.5)), lambda x, y: -0.5 * y * y - 0.5 * math.log(2 * math.pi)
)
_monotone(
    "erf", lambda y: sm.ndtri(0.5 * (y + 1.0)) * math.sqrt(0.5), lambda x, y: x * x + 0.5 * _LOG_PI - math.log(2),
    lambda y: lt(absolute(y), 1.0), lambda y: sm.ge(y, 1.0),
)  # fmt: skip
_monotone(
    "erfc", lambda y: -sm.ndtri(0.5 * y) * math.sqrt(0.5), lambda x, y: x * x + 0.5 * _LOG_PI - math.log(2),
    lambda y: both(gt(y, 0.0), lt(y, 2.0)), lambda y: sm.ge(y, 2.0), increasing=False,
)  # fmt: skip


@inverse("add")
def _add(arguments: Sequence[Variable | None], y: Variable) -> Preimage:
    (c,) = (a for a in arguments if a is not None)
    return Preimage([Branch(y - c, _ZERO)])


@inverse("sub")
def _sub(arguments: Sequence[Variable | None], y: Variable) -> Preimage:
    first, second = arguments
    if second is not None:
        return Preimage([Branch(y + second, _ZERO)])
    assert first is not None
    return Preimage([Branch(first - y, _ZERO, False)])


@inverse("mul")
def _mul(arguments: Sequence[Variable | None], y: Variable) -> Preimage:
    (c,) = (a for a in arguments if a is not None)
    return Preimage([Branch(y / c, -log(absolute(c)), gt(c, 0.0))])


@inverse("checked_product")
def _product(arguments: Sequence[Variable | None], y: Variable) -> Preimage:
    return _mul(arguments[:2], y)


@inverse("div")
def _div(arguments: Sequence[Variable | None], y: Variable) -> Preimage:
    first, second = arguments
    if second is not None:
        return Preimage([Branch(y * second, log(absolute(second)), gt(second, 0.0))])
    assert first is not None  # a hyperbola: y > 0 means that x has the sign of c; the cdf has three pieces
    return Preimage([Branch(first / y, log(absolute(first)) - 2.0 * log(absolute(y)), constant(math.nan))])


@inverse("abs")
@inverse("int_abs")
def _abs(arguments: Sequence[Variable | None], y: Variable) -> Preimage:
    return Preimage([Branch(y, _ZERO), Branch(-y, _ZERO, False)], sm.ge(y, 0.0))


@inverse("cosh")
def _cosh(arguments: Sequence[Variable | None], y: Variable) -> Preimage:
    x = sm.acosh(y)
    slope = -0.5 * log(y * y - 1.0)
    return Preimage([Branch(x, slope), Branch(-x, slope, False)], gt(y, 1.0))


@inverse("pow")
def _pow(arguments: Sequence[Variable | None], y: Variable) -> Preimage:
    base, exponent = arguments
    if base is not None:  # c ** x
        return Preimage([Branch(log(y) / log(base), -log(y) - log(absolute(log(base))), gt(base, 1.0))], _positive(y))
    assert exponent is not None
    size = sm.power(absolute(y), 1.0 / exponent)
    slope = (1.0 / exponent - 1.0) * log(absolute(y)) - log(absolute(exponent))
    up = Branch(size, slope, gt(exponent, 0.0))
    whole = exponent.uniform if isinstance(exponent, Constant) else None
    if whole is None or not float(whole).is_integer():
        return Preimage([up], _positive(y))
    if whole % 2:
        return Preimage([Branch(size * sm.sign(y), slope, True if whole > 0 else constant(math.nan))])
    even = [Branch(size, slope, whole > 0), Branch(-size, slope, whole < 0)]
    return Preimage(even, sm.ge(y, 0.0) if whole > 0 else _positive(y))


@inverse("square")
def _square(arguments: Sequence[Variable | None], y: Variable) -> Preimage:
    x = sm.sqrt(y)
    slope = -log(2.0 * x)
    return Preimage([Branch(x, slope), Branch(-x, slope, False)], sm.ge(y, 0.0))


def composed(op: Elementwise, inputs: Sequence[Variable]) -> str | None:
    """The name of a function of one random value that is written with two uses of it: x * x, log(x) - log1p(-x)."""
    first, second = inputs if len(inputs) == 2 else (None, None)
    if op.name == "mul" and first is second:
        return "square"
    if (
        op.name == "sub"
        and first.op == log.op
        and second.op == sm.log1p.op
        and second.inputs[0] is neg(first.inputs[0])
    ):
        return "logit"
    return None


def check_no_copies(op: Elementwise, inputs: Sequence[Variable]) -> None:
    """Refuse one random value that becomes many elements, which then depend on each other."""
    shape = op.output_types(*(v.type for v in inputs))[0].shape
    if any(inputs[k].shape != shape for k in random_inputs(inputs)):
        raise NotDerivable(f"`{op.name}` uses one random value for many elements")


def inverse_image(op: Elementwise, inputs: Sequence[Variable], y: Variable) -> tuple[Variable, Preimage]:
    """The random input and where it must be."""
    if name := composed(op, inputs):
        rv = inputs[0] if name == "square" else inputs[0].inputs[0]
        return rv, INVERSES[name]([None], y)
    at = only_random(inputs, op.name)
    if op.name not in INVERSES:
        raise NotDerivable(f"the density of `{op.name}` of a random value is not known")
    if inputs[at].shape != op.output_types(*(v.type for v in inputs))[0].shape:
        raise NotDerivable(f"`{op.name}` makes several elements of one random value")
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


def _reciprocal(below: bool) -> Rule:
    """The distribution function of 1 / X: the negative values of X are those of 1 / X."""

    def side(op: Elementwise, inputs: Sequence[Variable], y: Variable) -> Variable:
        over, rv = inputs
        if not is_random(rv):
            return (log_probability_below if below else log_probability_above)(op, inputs, y)
        if not isinstance(over, Constant) or over.uniform != 1:
            return (logcdf if below else logccdf)(over * (1.0 / rv), y)
        x, zero = 1.0 / y, constant(0)
        under, not_under = (log_below(rv, x), log_below(rv, zero)), (log_at_least(rv, x), log_at_least(rv, zero))
        negative, positive = gt(0.0, y), gt(y, 0.0)
        if below:  # X < 0, and for y > 0 X >= 1 / y too, or for y < 0 only 1 / y <= X
            between = log_step(under[0], under[1], not_under[0], not_under[1])
            return switch(positive, log_add_exp(under[1], not_under[0]), switch(negative, between, under[1]))
        between = log_step(under[1], under[0], not_under[1], not_under[0])
        return switch(positive, between, switch(negative, log_add_exp(not_under[1], under[0]), not_under[1]))

    return side


BELOW["div"], ABOVE["div"] = _reciprocal(below=True), _reciprocal(below=False)
