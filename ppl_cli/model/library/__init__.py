"""The function library: signatures for the checker, graph builders for the elaborator, in one table."""
from __future__ import annotations

from ppl_cli.language.types import Type
from ppl_cli.model.library import (
    arithmetic,
    complex_containers,
    complex_decompositions,
    complex_numbers,
    containers,
    covariances,
    decompositions,
    densities,
    functionals,
    linear_models,
    markov,
    matrices,
    ordering,
    real,
    sparse,
    special,
    state_space,
    transforms,
)
from ppl_cli.model.library.complex_numbers import operator as _operator
from ppl_cli.model.library.table import Implementation, Rows


class Library(Rows):
    """All functions and operators."""

    def operator(self, symbol: str, operands: tuple[Type, ...]) -> Implementation:
        return _operator(symbol, operands)


LIBRARY = Library()

__all__ = [
    "LIBRARY", "Library", "arithmetic", "complex_containers", "complex_decompositions", "complex_numbers",
    "containers", "covariances", "decompositions", "densities", "functionals", "linear_models", "markov", "matrices",
    "ordering", "real", "sparse", "special", "state_space", "transforms",
]  # fmt: skip
