"""What the samplers ask of a compiled function: its address, its sizes, and a workspace for each thread."""

from __future__ import annotations

from typing import Protocol

import numpy as np


class Workspace(Protocol):
    """Memory that a call needs; `address` is valid as long as the object is alive."""

    @property
    def address(self) -> int: ...

    reports: np.ndarray  # what the function writes down while it runs


class Function(Protocol):
    """`double f(const double *q, double *out, void **workspace)` with n_in doubles in and n_out doubles out."""

    @property
    def n_in(self) -> int: ...

    @property
    def n_out(self) -> int: ...

    @property
    def address(self) -> int: ...

    def workspace(self, state: np.ndarray | None = None) -> Workspace:
        """A workspace for one thread; `state` is the random state uint64[4] that the function draws from."""
        ...

    def __call__(self, q: np.ndarray) -> tuple[float, np.ndarray]:
        """The value and the outputs at `q`."""
        ...
