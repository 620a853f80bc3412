"""The model: a program and its data as a graph of random variables, with names for what the user asks for."""
from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ppl_cli.conjugacy import Family
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


@dataclass(frozen=True)
class FreeParameter(Parameter):
    """A parameter that is its own value variable, for it is drawn from its conditional law: of this family, or
    multivariate normal if that is None."""

    family: Family | None = None


@dataclass(frozen=True, eq=False)
class DiscreteParameter(Discrete):
    """An int parameter."""

    declaration: Declaration
    hole: Hole | None = None

    def as_parameter(self) -> Parameter:
        """For those who only draw it: a parameter whose value is not transformed."""
        return _untransformed(self)


@dataclass(frozen=True, eq=False)
class IntegratedParameter:
    """A parameter that is integrated out: the root of its constrained value, and the family of its conditional law,
    given all the rest; None if that is multivariate normal."""

    name: str
    declaration: Declaration
    value: Variable
    family: Family | None
    hole: Hole | None = None

    def as_parameter(self) -> Parameter:
        """For those who only draw it: a parameter whose value is not transformed."""
        return _untransformed(self)


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
    """A program with its data. `discrete` are its int parameters; `integrated` what is integrated out, in that order.

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
    integrated: tuple[IntegratedParameter, ...] = ()

    def mapped(self, change: Callable[[Sequence[Variable]], list[Variable]]) -> Model:
        """The model with all its graphs changed together, but for the value variables and the bijections."""
        graphs = [
            *(v for p in self.parameters for v in (p.constrained, p.log_jacobian)),
            *(t.value for t in (*self.terms, *self.checks)), *self.transformed.values(), *self.generated.values(),
            *([] if self.reports is None else [self.reports]),
        ]  # fmt: skip
        new = iter(change(graphs))
        return replace(
            self,
            parameters=tuple(replace(p, constrained=next(new), log_jacobian=next(new)) for p in self.parameters),
            terms=tuple(replace(t, value=next(new)) for t in self.terms),
            checks=tuple(replace(t, value=next(new)) for t in self.checks),
            transformed={n: next(new) for n in self.transformed},
            generated={n: next(new) for n in self.generated},
            reports=None if self.reports is None else next(new),
        )  # fmt: skip

    @property
    def value_variables(self) -> tuple[Variable, ...]:
        return tuple(p.value for p in self.parameters)

    @property
    def size(self) -> int:
        """The length of the unconstrained vector."""
        return sum(p.value.type.size for p in self.parameters)


def _untransformed(p: DiscreteParameter | IntegratedParameter) -> Parameter:
    none, same = np.zeros(p.value.shape, int), Identity(p.value.shape)
    return Parameter(p.name, p.declaration, p.value, p.value, constant(0.0), same, none, p.hole)
