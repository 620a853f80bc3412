"""Places of the program that speak while it runs, and their records as messages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from ppl_cli.graph.types import DType
from ppl_cli.language.source import Span

Kind = Literal["print", "reject", "fatal_error", "index", "arithmetic", "constraint", "support"]


@dataclass(frozen=True)
class Piece:
    """A value in a message, whose elements stand in the record."""

    shape: tuple[int, ...]
    dtype: DType


@dataclass(frozen=True)
class Site:
    """`pieces` are the texts and values that make up its message."""

    kind: Kind
    span: Span
    pieces: tuple[str | Piece, ...]

    def message(self, numbers: Sequence[float]) -> str:
        """The text of one record."""
        text, at = "", 0
        for piece in self.pieces:
            if isinstance(piece, str):
                text += piece
                continue
            size = int(np.prod(piece.shape))
            values = np.asarray(numbers[at : at + size]).astype(piece.dtype).reshape(piece.shape)
            text += shown(values if piece.shape else values[()].item())
            at += size
        return text


DIVISION_PIECES = ("integer division by zero",)
PRODUCT_PIECES = (
    "the product of the integers ", Piece((), "int64"), " and ", Piece((), "int64"), " does not fit into 64 bits",
)  # fmt: skip
CHOOSE_PIECES = ("a binomial coefficient of negative numbers, or one that does not fit into 64 bits",)
INDEX_PIECES = ("index ", Piece((), "int64"), " is out of range: the size is ", Piece((), "int64"))


def shown(value: Any) -> str:
    """A value as Stan prints it: containers in brackets."""
    if isinstance(value, str):
        return value
    if isinstance(value, np.ndarray):
        return "[" + ",".join(map(shown, value)) + "]"
    return f"{value:g}" if isinstance(value, float) else str(value)
