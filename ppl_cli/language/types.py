"""The types of expressions and variables; `str` gives Stan's spelling.

The basic types are constants (`INT`, `VECTOR`, ...), the others are built from them. Types have no sizes and no
constraints: those belong to a declaration and are values, not types.
"""

from __future__ import annotations

from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Type:
    """The base of all types."""


@dataclass(frozen=True, slots=True)
class BasicType(Type):
    """A scalar, vector, row vector or matrix: `ndim` axes of `scalar` (int, real or complex) elements."""

    name: str
    scalar: str
    ndim: int

    def __str__(self) -> str:
        return self.name


INT = BasicType("int", "int", 0)
REAL = BasicType("real", "real", 0)
COMPLEX = BasicType("complex", "complex", 0)
VECTOR = BasicType("vector", "real", 1)
ROW_VECTOR = BasicType("row_vector", "real", 1)
MATRIX = BasicType("matrix", "real", 2)
COMPLEX_VECTOR = BasicType("complex_vector", "complex", 1)
COMPLEX_ROW_VECTOR = BasicType("complex_row_vector", "complex", 1)
COMPLEX_MATRIX = BasicType("complex_matrix", "complex", 2)

BASIC_TYPES: dict[str, BasicType] = {
    type.name: type
    for type in (
        INT, REAL, COMPLEX, VECTOR, ROW_VECTOR, MATRIX, COMPLEX_VECTOR, COMPLEX_ROW_VECTOR, COMPLEX_MATRIX,
    )
}  # fmt: skip

SCALARS = (INT, REAL, COMPLEX)


@dataclass(frozen=True, slots=True)
class ArrayType(Type):
    """An array with one axis; more axes are arrays of arrays."""

    element: Type

    @property
    def dimensions(self) -> int:
        """The number of array axes."""
        return 1 + (self.element.dimensions if isinstance(self.element, ArrayType) else 0)

    @property
    def innermost(self) -> Type:
        """What the array holds once all array axes are indexed."""
        return self.element.innermost if isinstance(self.element, ArrayType) else self.element

    def __str__(self) -> str:
        return f"array[{',' * (self.dimensions - 1)}] {self.innermost}"


@dataclass(frozen=True, slots=True)
class TupleType(Type):
    elements: tuple[Type, ...]

    def __str__(self) -> str:
        return f"tuple({', '.join(map(str, self.elements))})"


@dataclass(frozen=True, slots=True)
class FunctionType(Type):
    """The type of a user's function where its name is passed as an argument."""

    result: Type
    arguments: tuple[Type, ...]

    def __str__(self) -> str:
        return f"({', '.join(map(str, self.arguments))}) => {self.result}"


@dataclass(frozen=True, slots=True)
class VoidType(Type):
    """The result of a function that returns nothing."""

    def __str__(self) -> str:
        return "void"


@dataclass(frozen=True, slots=True)
class ErrorType(Type):
    """The type of what has already been reported: it agrees with everything, so that one mistake is one message."""

    def __str__(self) -> str:
        return "unknown"


VOID = VoidType()
ERROR = ErrorType()


def array_of(element: Type, dimensions: int) -> Type:
    """An array with so many axes; `element` itself if there are none."""
    for _ in range(dimensions):
        element = ArrayType(element)
    return element


def ndim(type: Type) -> int:
    """The number of axes of a value of this type: those of its arrays, then those of its vector or matrix."""
    if isinstance(type, ArrayType):
        return 1 + ndim(type.element)
    return type.ndim if isinstance(type, BasicType) else 0


def scalar_of(type: Type) -> str | None:
    """int, real or complex: what a container holds in the end; None for tuples, functions and void."""
    if isinstance(type, ArrayType):
        return scalar_of(type.element)
    return type.scalar if isinstance(type, BasicType) else None


def contains_error(type: Type) -> bool:
    match type:
        case ErrorType():
            return True
        case ArrayType(element):
            return contains_error(element)
        case TupleType(elements):
            return any(map(contains_error, elements))
    return False


_WIDER_BASIC: dict[BasicType, tuple[BasicType, ...]] = {
    INT: (REAL, COMPLEX),
    REAL: (COMPLEX,),
    VECTOR: (COMPLEX_VECTOR,),
    ROW_VECTOR: (COMPLEX_ROW_VECTOR,),
    MATRIX: (COMPLEX_MATRIX,),
}


def promotion_cost(source: Type, target: Type) -> int | None:
    """How many steps int → real → complex turn `source` into `target`; None if they do not (manual: Types, 5.2)."""
    if source == target or contains_error(source) or contains_error(target):
        return 0
    match source, target:
        case BasicType(), BasicType():
            wider = _WIDER_BASIC.get(source, ())
            return wider.index(target) + 1 if target in wider else None
        case ArrayType(inner), ArrayType(outer):
            return promotion_cost(inner, outer)
        case TupleType(sources), TupleType(targets) if len(sources) == len(targets):
            costs = [promotion_cost(*pair) for pair in zip(sources, targets, strict=True)]
            return None if None in costs else sum(cost for cost in costs if cost is not None)
    return None


def is_assignable(source: Type, target: Type) -> bool:
    """Whether a value of type `source` may be given to a variable of type `target`."""
    return promotion_cost(source, target) is not None


def common_type(left: Type, right: Type) -> Type | None:
    """The narrower type that both can be promoted to; None if there is none."""
    if contains_error(left) or contains_error(right):
        return ERROR
    if is_assignable(left, right):
        return right
    if is_assignable(right, left):
        return left
    match left, right:
        case ArrayType(first), ArrayType(second):
            element = common_type(first, second)
            return ArrayType(element) if element is not None else None
        case TupleType(firsts), TupleType(seconds) if len(firsts) == len(seconds):
            elements = tuple(common_type(*pair) for pair in zip(firsts, seconds, strict=True))
            return None if None in elements else TupleType(tuple(e for e in elements if e is not None))
    return None


def with_scalar(type: Type, scalar: str) -> Type:
    """The same container holding `scalar` elements, where Stan has one: a vector cannot hold ints."""
    match type:
        case ArrayType(element):
            return replace(type, element=with_scalar(element, scalar))
        case BasicType(ndim=0):
            return BASIC_TYPES[scalar]
        case BasicType(name=name) if scalar == "complex" and not name.startswith("complex"):
            return BASIC_TYPES["complex_" + name]
        case BasicType(name=name) if scalar == "real":
            return BASIC_TYPES[name.removeprefix("complex_")]
    return type
