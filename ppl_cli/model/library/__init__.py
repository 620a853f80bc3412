"""The function library: signatures for the checker, graph builders for the elaborator, in one table."""
from __future__ import annotations

from collections.abc import Sequence

from ppl_cli.distributions import DISTRIBUTIONS, Distribution
from ppl_cli.graph.basic import Variable
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

    def law(self, name: str, arguments: Sequence[Variable]) -> tuple[Distribution, Sequence[Variable]] | None:
        """The distribution of this name, with its parameters; None if what the name stands for is only a density."""
        if name in linear_models.REGRESSIONS:
            regression = linear_models.REGRESSIONS[name]
            return regression.law, regression.parameters(*arguments)
        law = DISTRIBUTIONS.get(name)
        return (law, arguments) if law is not None and len(law.parameters) == len(arguments) else None


LIBRARY = Library()

__all__ = [
    "LIBRARY", "Library", "arithmetic", "complex_containers", "complex_decompositions", "complex_numbers",
    "containers", "covariances", "decompositions", "densities", "functionals", "linear_models", "markov", "matrices",
    "ordering", "real", "sparse", "special", "state_space", "transforms",
]  # fmt: skip
