"""Missing data: elements of an observed variable that are null or NaN are unknowns, inferred like parameters.

Those of `y` are the parameter `y_missing`, a vector in the order of the elements, with the bounds that `y` is declared
with.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ppl_cli.graph.basic import Variable, constant, root
from ppl_cli.language import syntax as s
from ppl_cli.language.diagnostics import NotSupported
from ppl_cli.language.traversal import walk
from ppl_cli.marginal import NO_BOUND
from ppl_cli.model.analysis import is_part, steps
from ppl_cli.model.constraints import bounded
from ppl_cli.model.model import DiscreteParameter, Hole, Parameter
from ppl_cli.model.values import is_known
from ppl_cli.ops.indexing import set_at
from ppl_cli.ops.shape import reshape

if TYPE_CHECKING:
    from ppl_cli.model.elaborate import Elaborator


def sampled(program: s.Program) -> frozenset[str]:
    """The variables that stand, whole or in part, on the left of `~` in the model block."""
    statements = (node for part in program.model or () for node in walk(part) if isinstance(node, s.Tilde))
    return frozenset(steps(t.left)[0].name for t in statements if is_part(t.left))


def fill_holes(el: Elaborator, leaf: s.Declaration, array: np.ndarray, absent: np.ndarray) -> Variable:
    """The variable with unknowns in the place of what is absent; `array` holds the rest."""
    if leaf.type.constraint is not None and not isinstance(leaf.type.constraint, s.Bounds):
        raise NotSupported("missing data in a variable with this constraint are", leaf.span)
    hole = Hole(leaf.name, array.shape, np.flatnonzero(absent))
    lower, upper = (_side(el, side, array.shape, hole.places) for side in _bounds(leaf))
    unset = np.iinfo("int64").min if array.dtype.kind == "i" else np.nan
    el.partial[leaf.name] = np.where(absent, unset, array)
    el.dims[f"{leaf.name}_missing"] = (None,)
    if array.dtype.kind == "i":
        low, high = (
            np.full(hole.places.shape, default) if side is None else side.astype(np.int64)
            for side, default in ((lower, -NO_BOUND), (upper, NO_BOUND))
        )
        unknown = _discrete(el, leaf, hole, low, high)
    else:
        unknown = _real(el, leaf, hole, lower, upper)
    return reshape(set_at(constant(array.ravel()), unknown, constant(hole.places)), array.shape)


def _discrete(el: Elaborator, leaf: s.Declaration, hole: Hole, lower: np.ndarray, upper: np.ndarray) -> Variable:
    name = f"{leaf.name}_missing"
    value = root(name, "int64", hole.places.shape)
    el.discrete.append(DiscreteParameter(name, value, lower, upper, leaf, hole))
    return value


def _real(
    el: Elaborator, leaf: s.Declaration, hole: Hole, lower: np.ndarray | None, upper: np.ndarray | None
) -> Variable:
    shape, name = hole.places.shape, f"{leaf.name}_missing"
    low, high = (None if side is None else constant(side.astype(float)) for side in (lower, upper))
    bijection = bounded(shape, low, high, False)
    value = root(f"{name}_{bijection.suffix}__" if bijection.suffix else name, "float64", shape)
    unknown, jacobian = bijection.constrain(value), bijection.log_jacobian(value)
    el.holes.append(Parameter(name, leaf, value, unknown, jacobian, bijection, np.zeros(shape, int), hole))
    return unknown


def _bounds(leaf: s.Declaration) -> tuple[s.Expression | None, s.Expression | None]:
    bounds = leaf.type.constraint
    return (bounds.lower, bounds.upper) if isinstance(bounds, s.Bounds) else (None, None)


def _side(
    el: Elaborator, side: s.Expression | None, shape: tuple[int, ...], places: np.ndarray
) -> np.ndarray | None:
    """A bound at the places that are missing."""
    if side is None:
        return None
    value = el.evaluate(side)
    if not is_known(value):
        raise NotSupported("a bound that is missing itself is", side.span)
    return np.broadcast_to(np.asarray(value), shape).ravel()[places]
