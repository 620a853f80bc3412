"""The options of a sampling run, checked when they are made."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import Literal, get_args

from ppl_cli.errors import OptionError

Metric = Literal["diag", "fisher", "dense"]
MAX_CHAINS = 2**16  # what a random stream's number has room for
MAX_COUNT = 2**31
RANGES = {
    "chains": (1, MAX_CHAINS),
    "warmup": (0, MAX_COUNT),
    "draws": (0, MAX_COUNT),
    "thin": (1, MAX_COUNT),
    "seed": (0, 2**64 - 1),
    "max_depth": (1, 30),
    "init": (0.0, sys.float_info.max),
}


@dataclass(frozen=True)
class SampleOptions:
    """How to sample; `cores` None means as many as there are. `draws` are kept per chain, after thinning."""

    chains: int = 4
    warmup: int = 1000
    draws: int = 1000
    thin: int = 1
    seed: int = 0
    cores: int | None = None
    target_accept: float = 0.8
    max_depth: int = 10
    metric: Metric = "diag"
    init: float = 2.0
    save_warmup: bool = False

    def __post_init__(self) -> None:
        for name, (low, high) in RANGES.items():
            value = getattr(self, name)
            if not low <= value <= high:
                raise OptionError(f"`{name}` is {value}, but it must lie between {low} and {high}")
        if not 0.0 < self.target_accept < 1.0:
            raise OptionError(f"`target_accept` is {self.target_accept}, but it must lie between 0 and 1")
        if self.cores is not None and self.cores < 1:
            raise OptionError(f"`cores` is {self.cores}, but it must be at least 1")
        if self.metric not in get_args(Metric):
            raise OptionError(f"`metric` is {self.metric!r}, but it must be one of {', '.join(get_args(Metric))}")
