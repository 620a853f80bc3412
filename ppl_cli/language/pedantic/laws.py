"""What the checks ask of a library distribution: which values it has, and which its arguments may have."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol


class Support(Protocol):
    """Numbers from `lower` to `upper` (`open`: without these ends), or the values of some constrained `types`."""

    @property
    def description(self) -> str: ...
    @property
    def lower(self) -> float: ...
    @property
    def upper(self) -> float: ...
    @property
    def open(self) -> bool: ...
    @property
    def types(self) -> frozenset[str]: ...


class Law(Protocol):
    @property
    def parameters(self) -> tuple[str, ...]: ...
    @property
    def support(self) -> Support: ...
    @property
    def scale(self) -> str | None: ...
    def support_of(self, parameter: str) -> Support: ...


Laws = Mapping[str, Law]
