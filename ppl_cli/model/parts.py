"""Variables with parts: their declarations → those of their leaves; values as JSON writes them → leaves → texts.

In JSON a complex number is `[re, im]` and a tuple `{"1": ..., "2": ...}`, as CmdStan has them; in an array there is one
such item for each element.
"""
from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from ppl_cli.errors import DataError
from ppl_cli.language import syntax as s
from ppl_cli.language.operators import indexed_type
from ppl_cli.language.types import REAL, ArrayType, TupleType, Type, ndim
from ppl_cli.model.compounds import Complex, Parts, Tuple, each, labels
from ppl_cli.model.environment import Group, Place, Slot
from ppl_cli.model.values import Leaf, Value, shape_of


def declared(d: s.Declaration, make: Callable[[s.Declaration], Slot]) -> Place:
    """The place of a declared variable; `make` gives the slot of each leaf, which is declared like a variable `t.1`."""
    kind = kind_of(d.type)
    if kind is None:
        return make(d)
    return Group(kind, tuple(declared(e, make) for e in _elements(d, kind)))


def leaf_declarations(d: s.Declaration) -> Iterator[s.Declaration]:
    """What `make` is given above."""
    kind = kind_of(d.type)
    if kind is None:
        yield d
        return
    for element in _elements(d, kind):
        yield from leaf_declarations(element)


def kind_of(declared_type: s.TypeSyntax) -> type[Parts] | None:
    if declared_type.base == "tuple":
        return Tuple
    return Complex if declared_type.base.startswith("complex") else None


def _elements(d: s.Declaration, kind: type[Parts]) -> list[s.Declaration]:
    if kind is Complex:
        real = replace(d.type, base=d.type.base.removeprefix("complex_") if d.type.sizes else "real")
        types = [real, real]
    else:
        types = [replace(e, dimensions=d.type.dimensions + e.dimensions) for e in d.type.elements]
    names = [f"{d.name}.{label}" for label in labels(kind, len(types))]
    return [replace(d, name=name, type=t, value=None) for name, t in zip(names, types, strict=True)]


def flat_order(d: s.Declaration, shapes: Iterable[tuple[int, ...]], start: int) -> list[np.ndarray]:
    """Where the unconstrained elements of the leaves, of these `shapes`, stand in the flat vector, from `start`.

    The parts of one element of an array stand together, as in Stan.
    """
    wanted = list(shapes)
    ends = np.cumsum([0, *(math.prod(shape) for shape in wanted)])
    numbers = [np.arange(ends[k], ends[k + 1]).reshape(shape) for k, shape in enumerate(wanted)]
    order = _together(d, iter(numbers), 0).ravel()
    positions = np.empty_like(order)
    positions[order] = start + np.arange(order.size)
    return [positions[leaf] for leaf in numbers]


def _together(d: s.Declaration, numbers: Iterator[np.ndarray], axes: int) -> np.ndarray:
    """The numbers of the leaves, those of one element of the first `axes` side by side in the last axis."""
    kind = kind_of(d.type)
    if kind is None:
        found = next(numbers)
    elif kind is Complex:
        found = np.stack([next(numbers), next(numbers)], -1)
    else:
        shared = len(d.type.dimensions)
        found = np.concatenate([_together(e, numbers, shared) for e in _elements(d, kind)], -1)
    return found.reshape(*found.shape[:axes], math.prod(found.shape[axes:]))


def spelled(value: Value, type: Type, element: Callable[[Leaf, int], Leaf]) -> list[str | Leaf]:
    """Texts and leaves that make up a value in print: `(re,im)`, `(a,b)`, `[(a,b),(a,b)]`; `element` indexes a leaf."""
    if not isinstance(value, Parts):
        return [value]
    if ndim(type):
        inner = indexed_type(type, [False]) or type
        items = [(each(lambda v, k=k: element(v, k), value), inner) for k in range(shape_of(value)[0])]
    else:
        items = list(zip(value.elements, type.elements if isinstance(type, TupleType) else (REAL, REAL), strict=True))
    found: list[str | Leaf] = []
    for item, its_type in items:
        found += [",", *spelled(item, its_type, element)]
    first, last = "[]" if ndim(type) else "()"
    return [first, *found[1:], last]


def written(value: Any, type: Type) -> Any:
    """NumPy leaves → the value as JSON writes it."""
    if isinstance(value, Complex):
        return np.stack(value.elements, -1).tolist()
    if not isinstance(value, Tuple):
        return np.asarray(value).tolist()
    if isinstance(type, ArrayType):
        return [written(each(lambda v, k=k: v[k], value), type.element) for k in range(shape_of(value)[0])]
    assert isinstance(type, TupleType)
    return {str(k): written(*pair) for k, pair in enumerate(zip(value.elements, type.elements, strict=True), 1)}


def spread(d: s.Declaration, given: Mapping[str, Any]) -> Mapping[str, Any]:
    """`given` with a value for each leaf of a variable with parts, if it has one for the variable."""
    kind = kind_of(d.type)
    if kind is None or d.name not in given:
        return given
    found = dict(given)
    value = found.pop(d.name)
    depth = len(d.type.dimensions if kind is Tuple else d.type.extents)
    for k, element in enumerate(_elements(d, kind)):
        found[element.name] = _picked(value, depth, kind, k, d.name)
        found = dict(spread(element, found))
    return found


def _picked(value: Any, depth: int, kind: type[Parts], k: int, name: str) -> Any:
    """The k-th element of each of the tuples or complex numbers `depth` lists down."""
    if isinstance(value, np.ndarray) and kind is Complex:
        return (value.imag if k else value.real) if value.dtype.kind == "c" else value[..., k]
    if depth:
        if not isinstance(value, list | tuple | np.ndarray):
            raise DataError(f"`{name}` is not a list of {_KINDS[kind]}")
        return [_picked(item, depth - 1, kind, k, f"{name}[{at}]") for at, item in enumerate(value, 1)]
    if isinstance(value, complex) and kind is Complex:
        return value.imag if k else value.real
    if kind is Complex and isinstance(value, list | tuple) and len(value) == 2:
        return value[k]
    if kind is Tuple and isinstance(value, Mapping) and str(k + 1) in value:
        return value[str(k + 1)]
    raise DataError(f"`{name}` must be {_FORMS[kind]}")


_KINDS: dict[type[Parts], str] = {Complex: "complex numbers", Tuple: "tuples"}
_FORMS: dict[type[Parts], str] = {
    Complex: "a complex number, written `[re, im]`",
    Tuple: 'a tuple, written `{"1": ..., "2": ...}` with all its elements',
}
