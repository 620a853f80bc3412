"""The variables of a program while it is elaborated: scopes of slots that hold values."""
from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from ppl_cli.graph.types import DType
from ppl_cli.model.values import Value


@dataclass(slots=True)
class Slot:
    """A declared variable: its shape, dtype and present value."""

    value: Value
    shape: tuple[int, ...]
    dtype: DType


class Environment:
    """Nested scopes, the innermost last."""

    def __init__(self) -> None:
        self.scopes: list[dict[str, Slot]] = [{}]

    def __getitem__(self, name: str) -> Slot:
        for scope in reversed(self.scopes):
            if name in scope:
                return scope[name]
        raise KeyError(name)

    def __contains__(self, name: str) -> bool:
        return any(name in scope for scope in self.scopes)

    def declare(self, name: str, slot: Slot) -> None:
        self.scopes[-1][name] = slot

    @contextmanager
    def scope(self) -> Iterator[None]:
        depth = len(self.scopes)
        self.scopes.append({})
        try:
            yield
        finally:
            del self.scopes[depth:]

    def visible(self, names: Iterable[str]) -> dict[str, Slot]:
        """Those of `names` that are declared now, with their slots, in a fixed order."""
        return {name: self[name] for name in sorted(names) if name in self}
