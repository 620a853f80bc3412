"""Model → Model with parameters non-centered: theta ~ normal(mu, tau) becomes theta = mu + tau * theta_standard__.

Which parameters can be is read from the `~` statements that define them; all that a model computes is rewritten by
substitution of their value variables, and the log Jacobian makes up for it: the posterior stays the same.
"""
from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from graphlib import TopologicalSorter
from typing import Any

import numpy as np

from ppl_cli.graph.basic import Constant, Variable, root
from ppl_cli.graph.traversal import clone_replace, roots_of
from ppl_cli.model.constraints import Bijection
from ppl_cli.model.constraints.base import Elementwise
from ppl_cli.model.constraints.bounds import Identity, LowerBound, OffsetMultiplier
from ppl_cli.model.constraints.noncentered import Affine, NonCentered, Piece
from ppl_cli.model.forward import NotGenerative, densities_of
from ppl_cli.model.model import Model, Parameter, Term
from ppl_cli.model.standard_forms import NotStandard, above, on_the_line
from ppl_cli.rewrites.passes import canonicalize

Substitute = Callable[[Variable], Variable]


@dataclass(frozen=True)
class Candidate:
    """A parameter and the forms of its elements, or the reason why it has none."""

    parameter: Parameter
    pieces: tuple[Piece, ...] = ()
    reason: str = ""

    @property
    def needs(self) -> set[Variable]:
        """The roots that its forms depend on."""
        return set(roots_of([v for piece in self.pieces for v in (piece.form.location, piece.form.scale)]))


def candidates(model: Model, terms: Sequence[Term]) -> dict[str, Candidate]:
    """What can be said of each parameter, by name. `terms` are the model's, loops vectorized.

    Those that can be non-centered can be together: none depends on itself through the others.
    """
    known = set(model.value_variables)
    laws = _Laws(terms)
    found: dict[str, Candidate] = {}
    for p in model.parameters:
        try:
            candidate = Candidate(p, laws.pieces(p))
            if not candidate.needs <= known:
                raise NotStandard("its law depends on an int parameter")
            if p.value in _needed(candidate, found.values()):
                raise NotStandard("its law depends on itself")
        except NotStandard as why:
            candidate = Candidate(p, reason=str(why))
        found[p.name] = candidate
    return found


def _needed(candidate: Candidate, others: Collection[Candidate]) -> set[Variable]:
    """The roots that the forms of a candidate depend on, when all the others are non-centered."""
    forms = {c.parameter.value: c.needs for c in others if c.pieces}
    found: set[Variable] = set()
    open_ = set(candidate.needs)
    while open_:
        v = open_.pop()
        if v not in found:
            found.add(v)
            open_ |= forms.get(v, set())
    return found


class _Laws:
    """The log density nodes of a model's statements, by the name of their variable."""

    def __init__(self, terms: Sequence[Term]) -> None:
        self.nodes: dict[str, list[Variable]] = {}
        self.unread: set[str] = set()  # variables with a statement that is not a plain log density
        for term in terms:
            try:
                self.nodes.setdefault(term.label, []).extend(densities_of(term))
            except NotGenerative:
                self.unread.add(term.label)

    def pieces(self, p: Parameter) -> tuple[Piece, ...]:
        """The forms of the elements of a parameter, on the unconstrained scale; raises `NotStandard`."""
        if p.hole is not None:
            raise NotStandard("it stands for missing data")
        if not isinstance(p.bijection, Identity | LowerBound | OffsetMultiplier):
            raise NotStandard("it is constrained otherwise than by a lower bound")
        if p.name in self.unread:
            raise NotStandard("its `~` statement is not a law that could be read")
        if p.name not in self.nodes:
            raise NotStandard("no `~` statement has it on the left")
        nodes = self.nodes[p.name]
        positions = [_position(node) for node in nodes]
        _check_cover(p, positions)
        pieces = [Piece(at, _form(node.inputs[0], p.bijection, at)) for node, at in zip(nodes, positions, strict=True)]
        dependent = tuple(piece for piece in pieces if roots_of([piece.form.location, piece.form.scale]))
        if not dependent:
            _explain(p, nodes)
        return dependent


def _explain(p: Parameter, nodes: Sequence[Variable]) -> None:
    """Why laws without location and scale that depend on parameters are not enough."""
    if not any(set(roots_of(node.inputs[0].inputs[1:])) for node in nodes):
        raise NotStandard("its law does not depend on other parameters")
    if isinstance(p.bijection, OffsetMultiplier) and roots_of([p.bijection.offset, p.bijection.multiplier]):
        raise NotStandard("it is non-centered as it is declared")
    raise NotStandard("its law has no location or scale that depends on another parameter")


def _position(node: Variable) -> np.ndarray:
    position = node.inputs[2]
    if not isinstance(position, Constant) or (position.data < 0).any():
        raise NotStandard("a `~` statement has it on the left in a way that data do not tell")
    return position.data


def _check_cover(p: Parameter, positions: Sequence[np.ndarray]) -> None:
    """Each element must have one law."""
    count = np.zeros(p.constrained.type.size, int)
    for at in positions:
        np.add.at(count, at.ravel(), 1)
    for broken, reason in ((count > 1, "two laws"), (count == 0, "no law")):
        if broken.any():
            raise NotStandard(f"its element number {int(np.argmax(broken)) + 1} has {reason}")


def _form(rv: Variable, bijection: Bijection, at: np.ndarray) -> Affine:
    """The form of the unconstrained value of these elements."""
    match bijection:
        case LowerBound(lower=lower):
            if lower.shape:
                raise NotStandard("its elements have different lower bounds")
            found = above(rv, lower)
        case OffsetMultiplier(offset=offset, multiplier=multiplier):
            found = on_the_line(rv)
            if found.matrix or offset.shape or multiplier.shape:
                raise NotStandard("it is declared with an offset and a multiplier")
            found = Affine((found.location - offset) / multiplier, found.scale / multiplier)
        case _:
            found = on_the_line(rv)
    location, scale = canonicalize([found.location, found.scale])
    return replace(found, location=location, scale=scale)


# ------------------------------------------------------------------------------------------- the rewriting


def noncenter(model: Model, terms: Sequence[Term], chosen: Mapping[str, Candidate]) -> Model:
    """The model with the chosen parameters non-centered."""
    new: dict[Variable, Variable] = {}
    bijections: dict[str, NonCentered] = {}
    values: dict[str, Variable] = {}

    def substitute(v: Variable) -> Variable:
        return clone_replace([v], new)[0]

    for candidate in _in_order(chosen.values()):
        p = candidate.parameter
        pieces = tuple(replace(piece, form=piece.form.map(substitute)) for piece in candidate.pieces)
        bijection = bijections[p.name] = noncentered_bijection(_mapped(p.bijection, substitute), pieces)
        values[p.name] = root(f"{p.name}_{bijection.suffix}__", "float64", bijection.unconstrained_shape)
        new[p.value] = bijection.unstandardized(values[p.name])

    def rewritten(p: Parameter) -> Parameter:
        if p.name not in bijections:
            return replace(p, bijection=_mapped(p.bijection, substitute))
        bijection = bijections[p.name]
        jacobian = p.log_jacobian + bijection.log_determinant()
        return replace(p, value=values[p.name], log_jacobian=jacobian, bijection=bijection)

    changed = replace(model, terms=tuple(terms)).mapped(lambda graphs: clone_replace(graphs, new))
    return replace(changed, parameters=tuple(map(rewritten, changed.parameters)))


def noncentered_bijection(centered: Bijection, pieces: tuple[Piece, ...]) -> NonCentered:
    assert isinstance(centered, Elementwise)
    return NonCentered(centered.shape, centered.matrix, centered=centered, pieces=pieces)


def _in_order(chosen: Collection[Candidate]) -> list[Candidate]:
    """Each after those that its forms depend on."""
    by_value = {c.parameter.value: c for c in chosen}
    order = TopologicalSorter({v: [n for n in by_value if n in c.needs] for v, c in by_value.items()})
    return [by_value[v] for v in order.static_order()]


def _mapped(bijection: Bijection, substitute: Substitute) -> Bijection:
    """A bijection with its bounds substituted."""
    named = {f.name: getattr(bijection, f.name) for f in fields(bijection)}
    bounds: dict[str, Any] = {n: substitute(v) for n, v in named.items() if isinstance(v, Variable)}
    return replace(bijection, **bounds)
