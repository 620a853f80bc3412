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

    @property
    def n_given(self) -> int:
        """How many more doubles in the workspace holds."""
        ...

    def workspace(self, state: np.ndarray | None = None, given: np.ndarray | None = None) -> Workspace:
        """A workspace for one thread; `state` is the random state uint64[4] that the function draws from, `given` are
        the inputs that stay from call to call."""
        ...

    def __call__(
        self, q: np.ndarray, state: np.ndarray | None = None, given: np.ndarray | None = None
    ) -> tuple[float, np.ndarray]:
        """The value and the outputs at `q`."""
        ...
