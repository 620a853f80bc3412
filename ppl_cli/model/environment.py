"""The variables of a program while it is elaborated: scopes of slots that hold values."""
from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from ppl_cli.graph.types import DType
from ppl_cli.language.types import VOID, Type
from ppl_cli.model.compounds import Parts, labels
from ppl_cli.model.values import Stretch, Value, dtype_of, shape_of


@dataclass(slots=True)
class Slot:
    """A declared variable, or a leaf of one: its shape, dtype and present value."""

    value: Value
    shape: tuple[int, ...]
    dtype: DType


@dataclass(frozen=True, eq=False)
class Group:
    """A variable with parts: a place for each of them."""

    kind: type[Parts]
    elements: tuple[Place, ...]

    @property
    def value(self) -> Parts:
        return self.kind(tuple(e.value for e in self.elements))

    @property
    def shape(self) -> tuple[int, ...]:
        """That of the first leaf: the axes that all leaves share are in front."""
        return self.elements[0].shape


Place = Slot | Group


def place_of(value: Value) -> Place:
    """A place that holds `value`."""
    if isinstance(value, Parts):
        return Group(type(value), tuple(map(place_of, value.elements)))
    return Slot(value, (), "float64") if isinstance(value, Stretch) else Slot(value, shape_of(value), dtype_of(value))


def slots_of(name: str, place: Place) -> Iterator[tuple[str, Slot]]:
    """The slots of the leaves, with their names: `t.1`, `t.2.real`."""
    if isinstance(place, Slot):
        yield name, place
        return
    for label, element in zip(labels(place.kind, len(place.elements)), place.elements, strict=True):
        yield from slots_of(f"{name}.{label}", element)


class Environment:
    """Nested scopes, the innermost last; `returns` is what the function whose body this is returns."""

    def __init__(self, returns: Type = VOID) -> None:
        self.scopes: list[dict[str, Place]] = [{}]
        self.returns = returns

    def __getitem__(self, name: str) -> Place:
        for scope in reversed(self.scopes):
            if name in scope:
                return scope[name]
        raise KeyError(name)

    def __contains__(self, name: str) -> bool:
        return any(name in scope for scope in self.scopes)

    def declare(self, name: str, place: Place) -> None:
        self.scopes[-1][name] = place

    @contextmanager
    def scope(self) -> Iterator[None]:
        depth = len(self.scopes)
        self.scopes.append({})
        try:
            yield
        finally:
            del self.scopes[depth:]

    def slot(self, name: str) -> Slot:
        """The slot of a variable without parts."""
        found = self[name]
        assert isinstance(found, Slot)
        return found

    def visible(self, names: Iterable[str]) -> dict[str, Slot]:
        """The slots of those of `names` that are declared now, in a fixed order."""
        return {leaf: slot for name in sorted(names) if name in self for leaf, slot in slots_of(name, self[name])}

    def slots(self) -> Iterator[Slot]:
        """Those of all variables, hidden ones included."""
        for scope in self.scopes:
            for name, place in scope.items():
                yield from (slot for _, slot in slots_of(name, place))
