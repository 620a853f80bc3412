"""Values with parts, kept as structs of arrays: the elements of a tuple, real and imaginary parts of complex numbers.

An array of tuples is one tuple whose leaves have the axes of the array in front, a complex matrix is two real ones. So
what acts on axes (an index, a stack, a choice) acts on every leaf alike: `each` does that.
"""
from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, eq=False, slots=True)
class Parts:
    """`elements` are values of leaves or parts themselves."""

    elements: tuple[Any, ...]


class Tuple(Parts):
    __slots__ = ()


class Complex(Parts):
    """Two tensors of one shape: real and imaginary parts."""

    __slots__ = ()

    @property
    def real(self) -> Any:
        return self.elements[0]

    @property
    def imag(self) -> Any:
        return self.elements[1]


def labels(kind: type[Parts], count: int) -> tuple[str, ...]:
    """What the elements are called in the names of leaves: `z.real`, `t.2`."""
    return ("real", "imag") if kind is Complex else tuple(str(k + 1) for k in range(count))


def each(function: Callable[..., Any], first: Any, *others: Any) -> Any:
    """`function` on the leaves of values of one structure; the result has that structure."""
    if not isinstance(first, Parts):
        return function(first, *others)
    elements = zip(first.elements, *(other.elements for other in others), strict=True)
    return type(first)(tuple(each(function, *e) for e in elements))


def leaves_of(value: Any) -> list[Any]:
    if not isinstance(value, Parts):
        return [value]
    return [leaf for element in value.elements for leaf in leaves_of(element)]


def rebuilt(like: Any, leaves: Iterable[Any]) -> Any:
    """A value with the structure of `like`, whose leaves are taken from `leaves` in order."""
    supply = iter(leaves)
    return each(lambda _: next(supply), like)
