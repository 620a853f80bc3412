"""What a run returns: draws by name with their dimensions, ready to be summarized or written."""
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ppl_cli.model.model import Model
from ppl_cli.storage.netcdf import Group, dimensions, write


@dataclass(frozen=True)
class Results:
    """Groups of ArviZ's schema: arrays [chain, draw, ...] by name; `observed_data` and `constant_data` have no
    draws."""

    model: Model
    groups: Mapping[str, Mapping[str, np.ndarray]]
    attributes: Mapping[str, Any] = field(default_factory=dict)
    interrupted: bool = False
    printed: tuple[str, ...] = ()  # by the program, for the draws that were kept
    failures: tuple[str, ...] = ()  # of generated quantities

    def __getitem__(self, group: str) -> Mapping[str, np.ndarray]:
        return self.groups[group]

    def write(self, target: str) -> None:
        """Write a NetCDF file (`-`: standard output)."""
        write(target, {name: self._group(name, arrays) for name, arrays in self.groups.items() if arrays})

    def _group(self, group: str, arrays: Mapping[str, np.ndarray]) -> Group:
        sizes: dict[str, int] = {}
        lead = () if group in ("observed_data", "constant_data") else ("chain", "draw")
        variables = {}
        for name, array in arrays.items():
            shape = array.shape[len(lead) :]
            variables[name] = ((*lead, *dimensions(name, shape, self.model.dims.get(name, ()), sizes)), array)
        return Group(variables, self.attributes)
