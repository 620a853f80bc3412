"""The types of operators, as tables (functions reference, chapters on each type's operators): types in, type out."""

from __future__ import annotations

from collections.abc import Iterable

from ppl_cli.language.signatures import Signature
from ppl_cli.language.types import (
    BASIC_TYPES,
    COMPLEX,
    ERROR,
    INT,
    REAL,
    ArrayType,
    BasicType,
    Type,
    array_of,
    common_type,
    contains_error,
    is_assignable,
    scalar_of,
)

_SHAPES = ("vector", "row_vector", "matrix")
_SCALARS = {("scalar", "scalar"): "scalar"}
_SAME = {(shape, shape): shape for shape in _SHAPES}
_LEFT_SCALAR = {("scalar", shape): shape for shape in _SHAPES}
_RIGHT_SCALAR = {(shape, "scalar"): shape for shape in _SHAPES}
_PRODUCTS = {
    ("matrix", "matrix"): "matrix",
    ("matrix", "vector"): "vector",
    ("row_vector", "matrix"): "row_vector",
    ("row_vector", "vector"): "scalar",
    ("vector", "row_vector"): "matrix",
}
_QUOTIENTS = {("matrix", "matrix"): "matrix", ("row_vector", "matrix"): "row_vector"}

_SHAPE_RULES: dict[str, dict[tuple[str, str], str]] = {
    "+": _SCALARS | _SAME | _LEFT_SCALAR | _RIGHT_SCALAR,
    "-": _SCALARS | _SAME | _LEFT_SCALAR | _RIGHT_SCALAR,
    "*": _SCALARS | _LEFT_SCALAR | _RIGHT_SCALAR | _PRODUCTS,
    "/": _SCALARS | _LEFT_SCALAR | _RIGHT_SCALAR | _QUOTIENTS,
    "\\": {("matrix", "vector"): "vector", ("matrix", "matrix"): "matrix"},
    ".*": _SCALARS | _SAME | _LEFT_SCALAR | _RIGHT_SCALAR,
    "./": _SCALARS | _SAME | _LEFT_SCALAR | _RIGHT_SCALAR,
    ".^": _SCALARS | _SAME | _LEFT_SCALAR | _RIGHT_SCALAR,
    "^": _SCALARS | _SAME | _LEFT_SCALAR | _RIGHT_SCALAR,
}
_INT_ONLY = frozenset(("%", "%/%"))
_EQUALITY = frozenset(("==", "!="))
_REAL_TO_INT = frozenset(("<", "<=", ">", ">=", "&&", "||"))
_ALWAYS_REAL = frozenset(("^", ".^"))
_POWERS_OF_ARRAYS = (Signature.parse("T pow(T, T)"), Signature.parse("W pow(W, W)"))
_TRANSPOSED = {"vector": "row_vector", "row_vector": "vector", "matrix": "matrix"}


def binary_type(operator: str, left: Type, right: Type) -> Type | None:
    """The type of `left operator right`; None if there is no such operation."""
    if contains_error(left) or contains_error(right):
        return INT if operator in _EQUALITY | _REAL_TO_INT else ERROR
    if not isinstance(left, BasicType) or not isinstance(right, BasicType):
        powers = (power.match((left, right)) for power in _POWERS_OF_ARRAYS) if operator in _ALWAYS_REAL else ()
        return next((found.result for found in powers if found is not None), None)
    if operator in _INT_ONLY:
        return INT if left == right == INT else None
    if operator in _EQUALITY | _REAL_TO_INT:
        allowed = (INT, REAL, COMPLEX) if operator in _EQUALITY else (INT, REAL)
        return INT if left in allowed and right in allowed else None
    shape = _SHAPE_RULES[operator].get((_shape(left), _shape(right)))
    if shape is None:
        return None
    scalar = scalar_of(common_type(BASIC_TYPES[left.scalar], BASIC_TYPES[right.scalar]) or REAL) or "real"
    if scalar == "int" and (operator in _ALWAYS_REAL or shape != "scalar"):
        scalar = "real"
    return _build(shape, scalar)


def unary_type(operator: str, operand: Type) -> Type | None:
    """The type of `-x`, `+x` or `!x`."""
    if operator == "!":
        return INT if contains_error(operand) or operand in (INT, REAL) else None
    return operand if contains_error(operand) or scalar_of(operand) else None


def transpose_type(operand: Type) -> Type | None:
    if contains_error(operand):
        return ERROR
    if not isinstance(operand, BasicType) or operand.ndim == 0:
        return None
    return _build(_TRANSPOSED[_shape(operand)], operand.scalar)


def indexed_type(base: Type, keeps_axis: Iterable[bool]) -> Type | None:
    """The type of `base[…]`, where each index picks one position (False) or keeps its axis (True)."""
    keeps = list(keeps_axis)
    if contains_error(base):
        return ERROR
    if not keeps:
        return base
    if isinstance(base, ArrayType):
        element = indexed_type(base.element, keeps[1:])
        return element if element is None or not keeps[0] else ArrayType(element)
    if not isinstance(base, BasicType) or len(keeps) > base.ndim:
        return None
    kept = keeps + [True] * (base.ndim - len(keeps))
    if base.ndim == 1:
        return base if kept[0] else _build("scalar", base.scalar)
    shape = {(True, True): "matrix", (True, False): "vector", (False, True): "row_vector", (False, False): "scalar"}
    return _build(shape[kept[0], kept[1]], base.scalar)


def element_type(iterable: Type) -> Type | None:
    """The type of the variable of a for-each loop."""
    if contains_error(iterable):
        return ERROR
    if isinstance(iterable, ArrayType):
        return iterable.element
    if isinstance(iterable, BasicType) and iterable.ndim:
        return BASIC_TYPES[iterable.scalar]
    return None


def array_literal_type(elements: Iterable[Type]) -> Type | None:
    """The type of `{a, b, …}`; None if the elements have no common type."""
    common: Type | None = None
    for element in elements:
        common = element if common is None else common_type(common, element)
        if common is None:
            return None
    return ERROR if common is None else array_of(common, 1)


def row_vector_literal_type(elements: Iterable[Type]) -> Type | None:
    """The type of `[a, b, …]`: a row vector of scalars or a matrix of row vectors."""
    kinds = list(elements)
    if any(map(contains_error, kinds)):
        return ERROR
    scalar = "complex" if any(scalar_of(kind) == "complex" for kind in kinds) else "real"
    if all(is_assignable(kind, COMPLEX) for kind in kinds):
        return _build("row_vector", scalar)
    if all(isinstance(kind, BasicType) and _shape(kind) == "row_vector" for kind in kinds):
        return _build("matrix", scalar)
    return None


def _shape(type: BasicType) -> str:
    return type.name.removeprefix("complex_") if type.ndim else "scalar"


def _build(shape: str, scalar: str) -> BasicType:
    if shape == "scalar":
        return BASIC_TYPES[scalar]
    return BASIC_TYPES[f"complex_{shape}" if scalar == "complex" else shape]
