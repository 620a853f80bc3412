"""The values that elaboration computes with.

A value is known (a Python int or float from the program's text, or a NumPy scalar or array from data) or it is a
graph `Variable`, or a `Stretch`, a vector whose length is not known; tuples and complex numbers are `Parts` made of
such leaves. Python numbers are literals of the text, NumPy's are data: that decides what is printed into the code and
what is passed in. A known array belongs to one variable while it is writeable and is shared once it is not.
"""
from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, TypeGuard

import numpy as np

from ppl_cli.graph.basic import Constant, Variable, constant
from ppl_cli.graph.traversal import evaluate
from ppl_cli.graph.types import DType
from ppl_cli.language.source import Span
from ppl_cli.language.types import ArrayType, TupleType, Type, scalar_of
from ppl_cli.model.compounds import Complex, Parts, Tuple, leaves_of
from ppl_cli.ops.scalar_math import to_int, to_real
from ppl_cli.ops.shape import broadcast_to

Known = int | float | np.generic | np.ndarray


class NeedsValue(Exception):
    """A number must be known to go on (a size, a branch), but the variable depends on a loop's index."""

    def __init__(self, variable: Variable, span: Span) -> None:
        super().__init__()
        self.variable = variable
        self.span = span


@dataclass(frozen=True, eq=False, slots=True)
class Stretch:
    """A vector of unknown `length`: element j, from 0, is `at(j)`. Only the module `stretches` can work with one."""

    length: Variable
    at: Callable[[Variable], Variable]
    span: Span

    def refused(self) -> NeedsValue:
        return NeedsValue(self.length, self.span)


Leaf = Known | Variable | Stretch
Value = Leaf | Parts


def is_known(value: Value) -> TypeGuard[Any]:
    """Whether Python and NumPy can compute with it: no part of it is graph."""
    if isinstance(value, Parts):
        return all(map(is_known, value.elements))
    return not isinstance(value, Variable | Stretch)


def shape_of(value: Value) -> tuple[int, ...]:
    """The axes of a value; of one with parts those of its first leaf: the axes that all leaves share are in front."""
    if isinstance(value, Parts):
        return shape_of(value.elements[0])
    if isinstance(value, Stretch):
        raise value.refused()
    return value.shape if isinstance(value, Variable | np.ndarray) else ()


def shapes_of(value: Value) -> list[tuple[int, ...]]:
    """The shapes of all leaves."""
    return [shape_of(leaf) for leaf in leaves_of(value)]


def dtype_of(value: Value) -> DType:
    if isinstance(value, Stretch):
        raise value.refused()
    if isinstance(value, Variable):
        return value.dtype
    kind = np.asarray(value).dtype.kind
    return "float64" if kind == "f" else "int64"


class Lifter:
    """Makes graph constants of known values: one constant for one array, so that equal expressions are one node."""

    def __init__(self) -> None:
        self._constants: dict[int, tuple[np.ndarray, Constant]] = {}

    def __call__(self, value: Value) -> Variable:
        if isinstance(value, Variable):
            return value
        if isinstance(value, Stretch):
            raise value.refused()
        assert not isinstance(value, Parts)
        if isinstance(value, bool | int | float) and not isinstance(value, np.generic):
            return constant(int(value) if isinstance(value, bool) else value)
        if not isinstance(value, np.ndarray) or value.ndim == 0:
            return constant(value, literal=False)
        found = self._constants.get(id(value))
        if found is None or found[0] is not value:
            value.flags.writeable = False
            found = self._constants[id(value)] = (value, constant(value, literal=False))
        return found[1]


def lower(variable: Variable) -> Leaf:
    """The known value of a constant, other variables as they are."""
    if not isinstance(variable, Constant):
        return variable
    if variable.shape:
        return variable.data
    scalar = variable.data[()]
    return scalar.item() if variable.literal else scalar


def known_result(result: Variable, arguments: Iterable[Leaf]) -> Leaf:
    """The value of a graph built from known arguments only."""
    literal = all(type(a) in (int, float, bool) for a in arguments)
    with np.errstate(all="ignore"):
        (array,) = evaluate([result])
    if array.ndim == 0:
        return array[()].item() if literal else array[()]
    return np.ascontiguousarray(array)


def convert(value: Value, dtype: DType) -> Leaf:
    """`value`, which has no parts, as int64 or float64 elements."""
    assert not isinstance(value, Parts)
    if isinstance(value, Stretch):
        raise value.refused()
    if isinstance(value, Variable):
        if value.dtype == dtype:
            return value
        return lower(to_real(value) if dtype == "float64" else to_int(value))
    if isinstance(value, np.ndarray | np.generic):
        return value if value.dtype.name == dtype else value.astype(dtype)
    return float(value) if dtype == "float64" else int(value)


def promote(value: Value, type: Type) -> Value:
    """`value` with the structure and the scalars of `type`: int → real → complex, in arrays and tuples too."""
    innermost = type.innermost if isinstance(type, ArrayType) else type
    if isinstance(innermost, TupleType):
        assert isinstance(value, Tuple)
        return Tuple(tuple(map(promote, value.elements, innermost.elements)))
    if isinstance(value, Parts):
        return value
    if scalar_of(innermost) != "complex":
        return convert(value, "int64" if scalar_of(innermost) == "int" else "float64")
    real = convert(value, "float64")
    if isinstance(real, Variable):
        return Complex((real, lower(broadcast_to(constant(0.0), real.shape))))
    return Complex((real, np.zeros(shape_of(real)) if shape_of(real) else 0.0))


def shared(value: Value) -> Value:
    """`value`, for a second owner: a known array becomes read-only and is copied by whoever changes it."""
    for leaf in leaves_of(value):
        if isinstance(leaf, np.ndarray):
            leaf.flags.writeable = False
    return value


def unset(shape: tuple[int, ...], dtype: DType) -> Leaf:
    """What a declared variable holds before it is assigned (Reference Manual, Types: NaN; the smallest int)."""
    filler: Any = np.nan if dtype == "float64" else np.iinfo("int64").min
    return np.full(shape, filler, dtype) if shape else np.asarray(filler, dtype)[()]
