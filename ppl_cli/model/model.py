"""The model: a program and its data as a graph of random variables, with names for what the user asks for."""
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ppl_cli.graph.basic import Variable, constant
from ppl_cli.language.source import Span
from ppl_cli.language.syntax import Declaration
from ppl_cli.marginal import Discrete
from ppl_cli.model.constraints import Bijection
from ppl_cli.model.constraints.bounds import Identity
from ppl_cli.model.sites import Site

Dims = tuple[str | None, ...]


@dataclass(frozen=True)
class Hole:
    """Elements of a data variable of this shape that are missing, at flat `places`."""

    name: str
    shape: tuple[int, ...]
    places: np.ndarray


@dataclass(frozen=True)
class Parameter:
    """A parameter, or a leaf of one with parts, and its value variable on the unconstrained scale.

    `constrained` and `log_jacobian` (a scalar) are graphs of `value` and of the values of earlier parameters in its
    bounds. `positions`, of the shape of `value`, tell where its elements stand in the flat unconstrained vector.
    `hole`: it stands for missing data.
    """

    name: str
    declaration: Declaration
    value: Variable
    constrained: Variable
    log_jacobian: Variable
    bijection: Bijection
    positions: np.ndarray
    hole: Hole | None = None


@dataclass(frozen=True, eq=False)
class DiscreteParameter(Discrete):
    """An int parameter."""

    declaration: Declaration
    hole: Hole | None = None

    def as_parameter(self) -> Parameter:
        """For those who only draw it: a parameter whose value is not transformed."""
        none = np.zeros(self.value.shape, int)
        same, free = Identity(self.value.shape), constant(0.0)
        return Parameter(self.name, self.declaration, self.value, self.value, free, same, none, self.hole)


@dataclass(frozen=True)
class Term:
    """What one statement adds to the log density; elementwise for `~`, before it is summed.

    `jacobian` terms belong to the transforms of parameters: they are left out where those are.
    """

    label: str
    span: Span
    value: Variable
    jacobian: bool = False


@dataclass(frozen=True)
class Model:
    """A program with its data. `discrete` are its int parameters.

    `terms` add up to the log density over the constrained parameters; `checks` are 0, or -inf where a transformed
    parameter is outside its bounds; all graphs are in terms of the parameters' value variables.
    `reports` is computed when what the program prints or rejects at run time is wanted: the records of `sites`.
    `dims` names the axes of a variable after the size expressions of its declaration. `observed` are the data that
    stand on the left of `~`.
    """

    name: str
    source: str
    data: Mapping[str, np.ndarray]
    parameters: tuple[Parameter, ...]
    transformed: Mapping[str, Variable]
    generated: Mapping[str, Variable]
    terms: tuple[Term, ...]
    checks: tuple[Term, ...]
    dims: Mapping[str, Dims]
    observed: tuple[str, ...]
    loops: Mapping[Variable, Span]
    discrete: tuple[DiscreteParameter, ...] = ()
    reports: Variable | None = None
    sites: tuple[Site, ...] = ()

    @property
    def value_variables(self) -> tuple[Variable, ...]:
        return tuple(p.value for p in self.parameters)

    @property
    def size(self) -> int:
        """The length of the unconstrained vector."""
        return sum(p.value.type.size for p in self.parameters)
