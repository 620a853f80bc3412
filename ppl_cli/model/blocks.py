"""The declaring blocks: data are read and checked, parameters get their value variables and transforms."""
from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial, reduce
from typing import TYPE_CHECKING, Any

import numpy as np

from ppl_cli.errors import DataError
from ppl_cli.graph.basic import Variable, root
from ppl_cli.graph.types import DType
from ppl_cli.language import syntax as s
from ppl_cli.language.diagnostics import ElaborationError, NotSupported
from ppl_cli.marginal import NO_BOUND
from ppl_cli.model.constraints import NAMED, Bijection, OffsetMultiplier, bounded
from ppl_cli.model.data import missing, validate
from ppl_cli.model.environment import Slot
from ppl_cli.model.holes import fill_holes, sampled
from ppl_cli.model.model import DiscreteParameter, Parameter
from ppl_cli.model.parts import declared, flat_order, leaf_declarations, spread
from ppl_cli.model.values import Value, convert, is_known
from ppl_cli.ops.reduction import reduce_sum
from ppl_cli.ops.scalar_math import add, switch
from ppl_cli.ops.shape import broadcast_to

if TYPE_CHECKING:
    from ppl_cli.model.elaborate import Elaborator


def declare_data(el: Elaborator, block: Sequence[s.Statement]) -> dict[str, np.ndarray]:
    """Read the declared data, in order: a size may be an earlier variable. Values not given take their defaults."""
    values: dict[str, np.ndarray] = {}
    observed = sampled(el.checked.program)
    for d in block:
        assert isinstance(d, s.Declaration)
        leaves = tuple(leaf_declarations(d))
        given = _given(d, el.raw)
        if any(leaf.name in given for leaf in leaves):
            read = partial(_read, el, given, d.name in observed)
            el.environment.declare(d.name, declared(d, read))
        elif d.value is not None:
            el.execute.declaration(d)
        else:
            raise missing(d, el.raw)
        for leaf, slot in zip(leaves, el.environment.visible([d.name]).values(), strict=True):
            if is_known(slot.value):
                values[leaf.name] = np.asarray(slot.value)
                check(el, leaf, values[leaf.name])
            else:
                values[leaf.name] = el.partial[leaf.name]
        el.note_dims(d)
    return values


def _given(d: s.Declaration, raw: Mapping[str, Any]) -> Mapping[str, Any]:
    """The data, with a value for each leaf of a variable with parts."""
    try:
        return spread(d, raw)
    except DataError as error:
        raise DataError(f"{d.name_span}: error: in the data, {error.message}") from None


def _read(el: Elaborator, given: Mapping[str, Any], observed: bool, leaf: s.Declaration) -> Slot:
    """The slot of a data variable; elements that are missing in one that is `observed` are unknowns."""
    shape, kind = el.extents(leaf.type), _kind(leaf)
    array, absent = validate(leaf, given, shape, kind, holes=observed)
    if absent.any():
        if not absent.all():
            check(el, leaf, np.where(absent, array[~absent][0], array))
        return Slot(fill_holes(el, leaf, array, absent), shape, kind)
    array.flags.writeable = False
    return Slot(array if shape else array[()], shape, kind)


def declare_parameters(el: Elaborator, block: Sequence[s.Statement]) -> tuple[Parameter, ...]:
    """Give each parameter a value variable and the graph of its constrained value."""
    parameters: list[Parameter] = []
    start = 0
    for d in block:
        assert isinstance(d, s.Declaration)
        if d.type.base == "tuple" and any(leaf.type.base == "int" for leaf in leaf_declarations(d)):
            raise NotSupported("an int within a parameter that is a tuple is", d.span)
        leaves: list[Parameter] = []
        place = declared(d, lambda leaf, leaves=leaves: _parameter(el, leaf, leaves))  # type: ignore[misc]
        el.environment.declare(d.name, place)
        el.note_dims(d)
        if d.type.base == "int":
            continue
        positions = flat_order(d, (leaf.value.shape for leaf in leaves), start)
        parameters += [replace(leaf, positions=p) for leaf, p in zip(leaves, positions, strict=True)]
        start += sum(p.size for p in positions)
    for hole in el.holes:  # after the program's own, whose places stay the same
        size = hole.value.type.size
        parameters.append(replace(hole, positions=np.arange(start, start + size).reshape(hole.value.shape)))
        start += size
    return tuple(parameters)


def _parameter(el: Elaborator, leaf: s.Declaration, leaves: list[Parameter]) -> Slot:
    """The slot of a parameter, or of a leaf of one, which joins `leaves`; its positions are found later."""
    shape = el.extents(leaf.type)
    if leaf.type.base == "int":
        el.discrete.append(_discrete(el, leaf, shape))
        return Slot(el.discrete[-1].value, shape, "int64")
    transform = bijection_of(el, leaf, shape)
    name = f"{leaf.name}_{transform.suffix}__" if transform.suffix else leaf.name
    value = root(name, "float64", transform.unconstrained_shape)
    constrained = transform.constrain(value)
    jacobian = transform.log_jacobian(value)
    leaves.append(Parameter(leaf.name, leaf, value, constrained, jacobian, transform, np.zeros(value.shape, int)))
    return Slot(constrained, shape, "float64")


def _discrete(el: Elaborator, leaf: s.Declaration, shape: tuple[int, ...]) -> DiscreteParameter:
    """An int parameter, whose bounds must be known."""
    bounds = leaf.type.constraint
    sides = (bounds.lower, bounds.upper) if isinstance(bounds, s.Bounds) else (None, None)
    defaults = (-NO_BOUND, NO_BOUND)
    values: list[Value] = [
        default if side is None else el.evaluate(side) for side, default in zip(sides, defaults, strict=True)
    ]
    if not all(map(is_known, values)):
        raise NotSupported("an int parameter with a bound that data do not decide is", leaf.span)
    lower, upper = (np.broadcast_to(np.asarray(v, np.int64), shape) for v in values)
    if (lower > upper).any():
        raise ElaborationError(f"no value of `{leaf.name}` is within its bounds", leaf.span)
    return DiscreteParameter(leaf.name, root(leaf.name, "int64", shape), lower, upper, leaf)


def check(el: Elaborator, d: s.Declaration, value: np.ndarray) -> None:
    """Data must satisfy the constraint of their declaration."""
    problem = violation(el, d, value)
    if problem:
        raise DataError(f"{d.name_span}: error: in the data, {problem}")


def violation(el: Elaborator, d: s.Declaration, value: np.ndarray) -> str | None:
    """How a known value does not satisfy the constraint of its declaration, if it does not."""
    problem = bijection_of(el, d, value.shape).problem(value)
    if not problem:
        return None
    index, _, reason = problem.partition(" ") if problem.startswith("[") else ("", "", problem.lstrip())
    return f"`{d.name}{index}` {reason}"


def constraint_checks(el: Elaborator, block: Sequence[s.Statement]) -> list[tuple[s.Declaration, Variable]]:
    """The declarations with constraints, each with how many conditions its value breaks."""
    found = []
    leaves = [leaf for d in block if isinstance(d, s.Declaration) for leaf in leaf_declarations(d)]
    slots = el.environment.visible(d.name for d in block if isinstance(d, s.Declaration))
    for d in leaves:
        value = el.lift(slots[d.name].value)
        conditions = bijection_of(el, d, value.shape).broken(value) if value.type.size else []
        if conditions:
            found.append((d, reduce(add, (reduce_sum(switch(v, 1.0, 0.0)) for v in conditions))))
    return found


def bijection_of(el: Elaborator, d: s.Declaration, shape: tuple[int, ...]) -> Bijection:
    """The constraint of a declaration, its bounds evaluated."""
    constraint = d.type.constraint
    matrix = d.type.base == "matrix"
    if isinstance(constraint, s.NamedConstraint):
        if constraint not in NAMED:
            raise NotSupported(f"the type `{constraint.value}` is", d.type.span)
        return NAMED[constraint](shape)
    if isinstance(constraint, s.Affine):
        offset = _bound(el, constraint.offset, 0.0, shape)
        multiplier = _bound(el, constraint.multiplier, 1.0, shape)
        return OffsetMultiplier(shape, matrix, offset, multiplier)
    if isinstance(constraint, s.Bounds):
        lower = None if constraint.lower is None else _bound(el, constraint.lower, 0.0, shape)
        upper = None if constraint.upper is None else _bound(el, constraint.upper, 0.0, shape)
        return bounded(shape, lower, upper, matrix)
    return bounded(shape, None, None, matrix)


def _bound(el: Elaborator, expression: s.Expression | None, default: float, shape: tuple[int, ...]) -> Variable:
    value: Value = default if expression is None else el.evaluate(expression)
    bound = el.lift(convert(value, "float64"))
    return broadcast_to(bound, shape) if bound.ndim and bound.shape != shape else bound


def _kind(d: s.Declaration) -> DType:
    return "int64" if d.type.base == "int" else "float64"
