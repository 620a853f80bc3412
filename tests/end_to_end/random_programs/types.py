"""Types with sizes that are names, and patterns of them, such as `array vector a b`, in which sizes are unknown."""
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

DEPTH = {"int": 0, "real": 0, "condition": 0, "void": 0, "vector": 1, "row_vector": 1, "matrix": 2}


@dataclass(frozen=True)
class Type:
    """`sizes`: first those of the `dimensions` of an array, then those of the vector or the matrix. In a pattern, small
    letters stand for any size."""

    base: str
    sizes: tuple[str, ...] = ()
    dimensions: int = 0

    @property
    def scalar(self) -> str:
        return "int" if self.base == "int" else "real"

    def declared(self, constraint: str = "") -> str:
        own = self.sizes[self.dimensions :]
        array = f"array[{', '.join(self.sizes[: self.dimensions])}] " if self.dimensions else ""
        return array + self.base + constraint + (f"[{', '.join(own)}]" if own else "")

    @property
    def unsized(self) -> str:
        """As an argument of a function."""
        return (f"array[{',' * (self.dimensions - 1)}] " if self.dimensions else "") + self.base

    def element(self, count: int) -> Type | None:
        """The type of x[i] or x[i, j]."""
        if count > len(self.sizes):
            return None
        sizes = self.sizes[count:]
        if count <= self.dimensions:
            return replace(self, sizes=sizes, dimensions=self.dimensions - count)
        own = count - self.dimensions
        return Type("row_vector", sizes) if self.base == "matrix" and own == 1 else REAL

    def bind(self, sizes: Mapping[str, str]) -> Type:
        return replace(self, sizes=tuple(sizes.get(s, s) for s in self.sizes))

    def match(self, other: Type) -> dict[str, str] | None:
        """The sizes that make this pattern the other type; None if there are none."""
        if (self.base, self.dimensions) != (other.base, other.dimensions):
            return None
        found: dict[str, str] = {}
        for mine, theirs in zip(self.sizes, other.sizes, strict=True):
            if (mine.isupper() and mine != theirs) or found.setdefault(mine, theirs) != theirs:
                return None
        return found


INT, REAL, CONDITION, SLICE, VOID = map(Type, ("int", "real", "condition", "slice", "void"))


def pattern(text: str) -> Type:
    words = text.split()
    dimensions = words.count("array")
    base, *sizes = words[dimensions:]
    assert len(sizes) == dimensions + DEPTH[base]
    return Type(base, tuple(sizes), dimensions)


def literal(t: Type, number: str) -> tuple[str, str]:
    """Stan's and Python's text of a value all of whose elements are `number`."""
    stan = number
    own = ", ".join(t.sizes[t.dimensions :])
    if own:
        stan = f"rep_{t.base}({stan}, {own})"
    if t.dimensions:
        stan = f"rep_array({stan}, {', '.join(t.sizes[: t.dimensions])})"
    return stan, f"full({number}, {', '.join(t.sizes)})" if t.sizes else number
