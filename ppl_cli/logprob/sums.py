"""Sums of independent random values whose law is known in closed form: normals, Cauchys, gammas of one rate, counts.

A sum is rewritten to one draw that is equal in law, scaled and shifted, from which the density follows. `FAMILIES` says
which laws belong together, `SUMS` how the parameters of a family add up.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from ppl_cli.distributions import DISTRIBUTIONS
from ppl_cli.distributions.formulas import real
from ppl_cli.graph.basic import Constant, Variable, constant
from ppl_cli.logprob.base import NotDerivable, check_independent, is_random, known, logccdf, logcdf, logp, random_inputs
from ppl_cli.logprob.inverses import composed
from ppl_cli.logprob.linear import normal_law
from ppl_cli.logprob.masses import place
from ppl_cli.logprob.reductions import RULES, Rules, taken_apart
from ppl_cli.logprob.transforms import (
    ABOVE,
    BELOW,
    DENSITIES,
    change_of_variables,
    check_no_copies,
    log_probability_above,
    log_probability_below,
)
from ppl_cli.ops.elementwise import Elementwise
from ppl_cli.ops.random import RandomVariable, random_variable
from ppl_cli.ops.reduction import Reduce, reduce_sum
from ppl_cli.ops.scalar_math import absolute, add, div, exp, mul, neg, sqrt
from ppl_cli.ops.shape import BroadcastTo, broadcast_to

Result = TypeVar("Result")
Parameters = tuple[Variable, ...]


@dataclass(frozen=True)
class Member:
    """`scale` times a draw of a family's law, plus `offset`; `shape` is that of the independent elements."""

    family: str
    parameters: Parameters
    shape: tuple[int, ...]
    scale: float = 1.0
    offset: Variable = constant(0)

    def drawn(self) -> Variable:
        """A new expression that is equal in law."""
        rv = random_variable(DISTRIBUTIONS[self.family], *self.parameters, batch=self.shape)
        scaled = rv if self.scale == 1.0 else neg(rv) if self.scale == -1.0 else mul(rv, self.scale)
        return scaled if isinstance(self.offset, Constant) and self.offset.uniform == 0 else add(scaled, self.offset)


# law → its family, and the family's parameters
FAMILIES: dict[str, tuple[str, Callable[..., Sequence[Any]]]] = {
    "normal": ("normal", lambda mu, sigma: (mu, sigma)),
    "std_normal": ("normal", lambda: (0.0, 1.0)),
    "cauchy": ("cauchy", lambda mu, sigma: (mu, sigma)),
    "gamma": ("gamma", lambda alpha, beta: (alpha, beta)),
    "exponential": ("gamma", lambda beta: (1.0, beta)),
    "chi_square": ("gamma", lambda nu: (0.5 * real(nu), 0.5)),
    "poisson": ("poisson", lambda rate: (rate,)),
    "poisson_log": ("poisson", lambda eta: (exp(eta),)),
    "binomial": ("binomial", lambda n, p: (n, p)),
    "bernoulli": ("binomial", lambda p: (1, p)),
    "neg_binomial": ("neg_binomial", lambda alpha, beta: (alpha, beta)),
    "neg_binomial_2": ("neg_binomial", lambda mu, phi: (phi, div(phi, mu))),
}

# How a parameter of a sum follows from those of what is added: the sum, the root of the sum of squares, or the common
# value.
ADDED, SQUARES, COMMON = "added", "squares", "common"
SUMS: dict[str, tuple[str, ...]] = {
    "normal": (ADDED, SQUARES),
    "cauchy": (ADDED, ADDED),
    "gamma": (ADDED, COMMON),
    "poisson": (ADDED,),
    "binomial": (ADDED, COMMON),
    "neg_binomial": (ADDED, COMMON),
}
LOCATION_SCALE = frozenset({"normal", "cauchy"})


def member(v: Variable) -> Member:
    """The closed form of a random expression: a draw of a family, or built of such."""
    op, inputs = v.op, v.inputs
    if isinstance(op, RandomVariable):
        if op.law.name not in FAMILIES:
            raise NotDerivable(f"sums of `{op.law.name}` values have no closed form here")
        family, parameters = FAMILIES[op.law.name]
        return Member(family, tuple(_variables(parameters(*inputs[1:]))), v.shape)
    if isinstance(op, Elementwise) and op.name in LINEAR:
        check_no_copies(op, inputs)
        return LINEAR[op.name](op, inputs)
    if isinstance(op, Reduce) and op.kind == "sum":
        same = taken_apart(op, inputs[0])
        if same is not None:
            return member(same)
        return _reduced(member(inputs[0]), op.axes) if _independent(inputs[0]) else _of_a_vector(op, inputs[0])
    raise NotDerivable(f"sums with `{op}` of random values have no closed form here")


def _independent(container: Variable) -> bool:
    """Whether a container is of independent draws, moved and scaled element by element."""
    op, inputs = container.op, container.inputs
    if isinstance(op, Elementwise) and op.name in LINEAR:
        return all(_independent(inputs[k]) for k in random_inputs(inputs))
    return isinstance(op, Reduce) or (isinstance(op, RandomVariable) and not op.event_ndim)


def _of_a_vector(op: Reduce, container: Variable) -> Member:
    """The sum of the elements of a normal vector."""
    if op.axes != (-1,):
        raise NotDerivable("sums of elements that are not independent have no closed form here")
    law = normal_law(container)
    return Member("normal", (op(law.mean), sqrt(reduce_sum(law.covariance, (-2, -1)))), container.shape[:-1])


def _variables(values: Sequence[Any]) -> list[Variable]:
    return [v if isinstance(v, Variable) else constant(v) for v in values]


# ------------------------------------------------------------------------------------------- one random value


def _shifted(one: Member, by: Variable) -> Member:
    if one.family in LOCATION_SCALE:
        location, *rest = one.parameters
        return replace(one, parameters=(location + by, *rest))
    return replace(one, offset=add(one.offset, by))


def _scaled(one: Member, by: Variable) -> Member:
    """By a number; gammas take its size as a rate, counts keep it beside them."""
    if one.family in LOCATION_SCALE:
        location, spread = one.parameters
        return replace(one, parameters=(location * by, spread * absolute(by)))
    number = getattr(_single(by), "uniform", None)
    if not number:
        raise NotDerivable("a factor that is not one known number, not 0, has no closed form here")
    offset = mul(one.offset, by)
    if one.family == "gamma":
        alpha, beta = one.parameters
        sign = 1.0 if number > 0 else -1.0
        return replace(one, parameters=(alpha, beta / abs(number)), scale=one.scale * sign, offset=offset)
    return replace(one, scale=one.scale * number, offset=offset)


# ----------------------------------------------------------------------------------------------- several


def _common(values: Sequence[Variable]) -> Variable:
    """What all are equal to."""
    bare = [_single(v) for v in values]
    if any(v is not bare[0] for v in bare):
        raise NotDerivable("random values that differ in more than what adds up have no closed form for their sum here")
    return bare[0]


def _single(v: Variable) -> Variable:
    """The one number that all elements are, where this can be seen."""
    if isinstance(v.op, BroadcastTo):
        return _single(v.inputs[0])
    values = known(v)
    return (
        v if values is None or not values.size or (values != values.flat[0]).any() else constant(float(values.flat[0]))
    )


def _together(one: Member, other: Member) -> Member:
    if one.family != other.family or one.scale != other.scale:
        raise NotDerivable(f"the sum of {_said(one)} and {_said(other)} values has no closed form here")
    rules: dict[str, Callable[[Variable, Variable], Variable]] = {
        ADDED: add, COMMON: lambda a, b: _common((a, b)), SQUARES: lambda a, b: sqrt(real(a) * a + real(b) * b),
    }  # fmt: skip
    pairs = zip(SUMS[one.family], one.parameters, other.parameters, strict=True)
    parameters = tuple(rules[rule](a, b) for rule, a, b in pairs)
    return replace(one, parameters=parameters, offset=add(one.offset, other.offset))


def _said(one: Member) -> str:
    return f"`{one.family}`" if one.scale == 1.0 else f"{one.scale:g} times `{one.family}`"


def _reduced(one: Member, axes: tuple[int, ...]) -> Member:
    """The sum over axes."""

    def added(v: Variable) -> Variable:
        return reduce_sum(broadcast_to(v, one.shape), axes)

    def common(v: Variable) -> Variable:
        single = _single(v)
        if single.ndim:
            raise NotDerivable(
                "random values that differ in more than what adds up have no closed form for their sum here"
            )
        return single

    rules = {ADDED: added, COMMON: common, SQUARES: lambda v: sqrt(added(real(v) * v))}
    parameters = tuple(rules[rule](v) for rule, v in zip(SUMS[one.family], one.parameters, strict=True))
    gone = {a % len(one.shape) for a in axes}
    shape = tuple(n for k, n in enumerate(one.shape) if k not in gone)
    return replace(one, parameters=parameters, shape=shape, offset=added(one.offset))


# -------------------------------------------------------------------------------------- linear operations


def _sum(op: Elementwise, inputs: Sequence[Variable]) -> Member:
    a, b = inputs
    if not is_random(b):
        return _shifted(member(a), neg(b) if op.name == "sub" else b)
    if not is_random(a):
        return _shifted(_scaled(member(b), constant(-1)) if op.name == "sub" else member(b), a)
    check_independent(inputs, op.name)
    return _together(member(a), _scaled(member(b), constant(-1)) if op.name == "sub" else member(b))


def _product(op: Elementwise, inputs: Sequence[Variable]) -> Member:
    random = random_inputs(inputs[:2])
    if len(random) != 1:
        raise NotDerivable("products of random values have no closed form here")
    return _scaled(member(inputs[random[0]]), inputs[1 - random[0]])


def _quotient(op: Elementwise, inputs: Sequence[Variable]) -> Member:
    if is_random(inputs[1]):
        raise NotDerivable("sums of quotients by random values have no closed form here")
    divisor = inputs[1]
    by = constant(1.0 / divisor.data) if isinstance(divisor, Constant) and divisor.data.all() else 1.0 / real(divisor)
    return _scaled(member(inputs[0]), by)


LINEAR: dict[str, Callable[[Elementwise, Sequence[Variable]], Member]] = {
    "add": _sum,
    "sub": _sum,
    "mul": _product,
    "checked_product": _product,
    "div": _quotient,
    "neg": lambda op, inputs: _scaled(member(inputs[0]), constant(-1)),
    "to_real": lambda op, inputs: member(inputs[0]),
}

# ----------------------------------------------------------------------------------------------- densities

Rule = Callable[[Elementwise, Sequence[Variable], Variable], Variable]


def _of_two(law: Callable[[Variable, Variable], Variable], of_one: Rule) -> Rule:
    """The rule of a sum of two random values; of one and a number it is a shift."""

    def rule(op: Elementwise, inputs: Sequence[Variable], value: Variable) -> Variable:
        if len(random_inputs(inputs)) < 2 or composed(op, inputs):
            return of_one(op, inputs, value)
        return law(LINEAR[op.name](op, inputs).drawn(), value)

    return rule


def _over_axes(law: Callable[[Variable, Variable], Result]) -> Callable[[Reduce, Variable, Variable], Result]:
    return lambda op, container, value: law(member(op(container)).drawn(), value)


for _name in ("add", "sub"):
    DENSITIES[_name] = _of_two(logp, change_of_variables)
    BELOW[_name] = _of_two(logcdf, log_probability_below)
    ABOVE[_name] = _of_two(logccdf, log_probability_above)

RULES["sum"] = Rules(_over_axes(logp), _over_axes(logcdf), _over_axes(logccdf), _over_axes(place))
