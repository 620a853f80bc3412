"""The type of a graph variable: a dtype and a concrete shape."""
from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import Literal

DType = Literal["float64", "int64", "bool"]

_RANK: dict[str, int] = {"bool": 0, "int64": 1, "float64": 2}


@dataclass(frozen=True, slots=True)
class TensorType:
    """A tensor of `dtype` with the sizes `shape`; a scalar has the shape ()."""

    dtype: DType
    shape: tuple[int, ...] = ()

    @property
    def ndim(self) -> int:
        return len(self.shape)

    @property
    def size(self) -> int:
        return prod(self.shape)

    def with_shape(self, shape: tuple[int, ...]) -> TensorType:
        return TensorType(self.dtype, shape)

    def __str__(self) -> str:
        return f"{self.dtype}{list(self.shape)}" if self.shape else self.dtype


def promote(*dtypes: DType) -> DType:
    """The smallest dtype that holds all of `dtypes`: bool < int64 < float64."""
    return max(dtypes, key=_RANK.__getitem__)
