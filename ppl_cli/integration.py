"""Which parameters of a model are integrated out, or drawn exactly: their conditional law, given the rest, is known.

That a law is of a family is tested numerically, at random points: its weighted score must be linear, with valid
parameters. So it does not matter how the model says it.
"""
from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from functools import cached_property

import numpy as np

from ppl_cli.compound import first_ints
from ppl_cli.conjugacy import BETA, DIRICHLET, GAMMA, INV_GAMMA, NORMAL, Family
from ppl_cli.errors import OptionError
from ppl_cli.graph.basic import Constant, Variable, constant, root
from ppl_cli.graph.traversal import clone_replace, roots_of
from ppl_cli.model.constraints.bounds import Identity, Interval, LowerBound, OffsetMultiplier
from ppl_cli.model.constraints.vectors import Simplex
from ppl_cli.model.model import FreeParameter, IntegratedParameter, Model, Parameter
from ppl_cli.pipeline import Pipeline

SETTINGS = 2  # of all the rest, at which a law is tested
POINTS = 3  # of the parameter, at each of them
TRIES = 20  # to find a setting with a finite density
TOLERANCE = 1e-7  # relative to the terms of a score
MOST_JOINT = 100  # elements of a vector that depend on each other
MOST_ENTANGLED = 12  # ints that are sampled, and that an integral makes depend on each other


def integrated(pipeline: Pipeline) -> Pipeline:
    """The pipeline of the same model, with all that can be integrated out one after the other, the largest first."""
    while True:
        names = {p.name for p in pipeline.model.parameters} - set(pipeline.samplers.by_hand)
        free, candidates = _freed(pipeline, names)
        oracle = Oracle(replace(pipeline, model=free), candidates)
        candidates.sort(key=lambda c: -c.parameter.value.type.size)
        found = next(((c, law) for c in candidates if (law := oracle.law(c)) is not None), None)
        if found is None:
            return pipeline
        pipeline = replace(pipeline, model=_without(pipeline.model, *found))


def drawn_exactly(pipeline: Pipeline) -> Pipeline:
    """The pipeline of the same model, with those parameters free that the user wants drawn from their conditional
    laws."""
    names = [p.name for p in pipeline.model.parameters if pipeline.samplers.by_hand.get(p.name) == "gibbs"]
    if not names:
        return pipeline
    free, found = _freed(pipeline, names)
    oracle = Oracle(replace(pipeline, model=free), found)
    known = {c.parameter.name: law for c in found if (law := oracle.law(c)) is not None}
    for name in names:
        if name not in known:
            raise OptionError(f"--step {name}=gibbs: the conditional law of `{name}` is not known in closed form")
    parameters = []
    for p in free.parameters:
        if p.name in known:
            own = {f.name: getattr(p, f.name) for f in fields(p)}
            p = FreeParameter(**own, family=known[p.name].family)
        parameters.append(p)
    return replace(pipeline, model=replace(free, parameters=tuple(parameters)))


# ------------------------------------------------------------------------------------ free parameters


@dataclass(frozen=True, eq=False)
class Candidate:
    """A parameter that is its own value variable, and the families that have its support."""

    parameter: Parameter
    families: tuple[Family, ...]


@dataclass(frozen=True)
class Law:
    """A conditional law: of this family, elements independent, or multivariate normal if that is None."""

    family: Family | None


def _freed(pipeline: Pipeline, names: Container[str]) -> tuple[Model, list[Candidate]]:
    """The model with all of these parameters free whose support is that of a family."""
    model, entangling = pipeline.model, _terms_of_many(pipeline)
    families = {
        p.name: _families(p) for p in model.parameters
        if p.name in names and _stands_alone(p, model) and p.value not in entangling
    }  # fmt: skip
    values = {p.constrained: _value(p) for p in model.parameters if families.get(p.name)}
    while True:
        changed = _substituted(model, values)
        left = set(roots_of([t.value for t in changed.terms])).difference(values.values())
        odd = [p.constrained for p in model.parameters if p.constrained in values and p.value in left]
        if not odd:
            break
        values = {v: free for v, free in values.items() if v not in odd}
    parameters: list[Parameter] = []
    start = 0
    for p, old in zip(changed.parameters, model.parameters, strict=True):
        if old.constrained in values:
            value = values[old.constrained]
            same = Identity(value.shape)
            p = replace(p, value=value, constrained=value, log_jacobian=constant(0.0), bijection=same)
        parameters.append(replace(p, positions=np.arange(start, start + p.value.type.size).reshape(p.value.shape)))
        start += p.value.type.size
    free = replace(changed, parameters=tuple(parameters))
    return free, [Candidate(p, families[p.name]) for p in parameters if p.value in values.values()]


def _substituted(model: Model, values: Mapping[Variable, Variable]) -> Model:
    return model.mapped(lambda graphs: clone_replace(graphs, values))


def _value(p: Parameter) -> Variable:
    """The root that stands for a free parameter."""
    return p.value if p.constrained is p.value else root(p.name, "float64", p.constrained.shape)


def _stands_alone(p: Parameter, model: Model) -> bool:
    """Whether nothing but terms depends on it."""
    others = [v for q in model.parameters if q is not p for v in (q.constrained, q.log_jacobian)]
    return bool(p.value.type.size) and p.value not in roots_of([*others, *(t.value for t in model.checks)])


def _terms_of_many(pipeline: Pipeline) -> set[Variable]:
    """The roots that share terms with many ints that are sampled."""
    many = {d.value for d in pipeline.sampled if d.value.type.size > MOST_ENTANGLED}
    roots = [set(roots_of([t.value])) for t in pipeline.model.terms]
    return set().union(*(r for r in roots if r & many))


def _families(p: Parameter) -> tuple[Family, ...]:
    """The families whose support is that of the parameter."""
    match p.bijection:
        case Identity() | OffsetMultiplier():
            return (NORMAL,)
        case LowerBound(lower=lower) if _is(lower, 0.0):
            return (GAMMA, INV_GAMMA)
        case Interval(lower=lower, upper=upper) if _is(lower, 0.0) and _is(upper, 1.0):
            return (BETA,)
        case Simplex():
            return (DIRICHLET,)
    return ()


def _is(bound: Variable, value: float) -> bool:
    return isinstance(bound, Constant) and bool((bound.data == value).all())


def _without(model: Model, candidate: Candidate, law: Law) -> Model:
    """The model with one parameter integrated out; the others stay as they were."""
    gone = next(p for p in model.parameters if p.name == candidate.parameter.name)
    value = candidate.parameter.value
    changed = _substituted(model, {gone.constrained: value})
    rest = [p for p in changed.parameters if p.name != gone.name]
    left = np.sort(np.concatenate([np.zeros(0, int), *(p.positions.ravel() for p in rest)]))
    out = IntegratedParameter(gone.name, gone.declaration, value, law.family, gone.hole)
    return replace(
        changed, parameters=tuple(replace(p, positions=np.searchsorted(left, p.positions)) for p in rest),
        integrated=(*model.integrated, out),
    )  # fmt: skip


# ------------------------------------------------------------------------------------------- the test


@dataclass(eq=False)
class Oracle:
    """What the gradient of the log density by free parameters tells of their laws, at random points of all the rest."""

    pipeline: Pipeline
    candidates: Sequence[Candidate]

    def __post_init__(self) -> None:
        self.generator = np.random.default_rng(0)

    def law(self, candidate: Candidate) -> Law | None:
        """The law of a parameter, None if it is not known."""
        family = self._family(candidate)
        return Law(family) if family is not None or self._is_joint_normal(candidate) else None

    @cached_property
    def settings(self) -> list[np.ndarray]:
        """Flat vectors at which the density and its gradient are finite; none if there seem to be none."""
        found: list[np.ndarray] = []
        for _ in range(TRIES):
            q = 0.5 * self.generator.standard_normal(self.pipeline.size)
            for c in self.candidates:
                q[c.parameter.positions] = c.families[0].example(self.generator, c.parameter.value.shape)
            for d in self.pipeline.sampled:
                q[self.pipeline.positions[d.value].ravel()] = first_ints(self.generator, d)
            value, gradient = self.pipeline.logp_grad(q)
            if np.isfinite(value) and np.isfinite(gradient).all():
                found.append(q)
                if len(found) == SETTINGS:
                    return found
        return []

    def _gradient(self, at: np.ndarray, p: Parameter, value: np.ndarray) -> np.ndarray:
        q = at.copy()
        q[p.positions] = value
        return self.pipeline.logp_grad(q)[1][p.positions]

    def _family(self, candidate: Candidate) -> Family | None:
        """The family, if all elements are independent of each other."""
        for family in candidate.families:
            if self.settings and all(self._is_of(family, candidate.parameter, at) for at in self.settings):
                return family
        return None

    def _is_of(self, family: Family, p: Parameter, at: np.ndarray) -> bool:
        """Whether the weighted scores are linear, each in its own element."""
        shape = p.value.shape
        probes = [np.full(shape, x) for x in family.probes(shape[-1] if shape else 1)]
        found = [self._gradient(at, p, x) * family.weight(x) for x in probes]
        slope = (found[1] - found[0]) / (probes[1] - probes[0]) if len(found) > 1 else np.zeros(shape)
        intercept = found[0] - slope * probes[0]
        coefficients = (intercept, slope) if len(found) > 1 else (intercept,)
        with np.errstate(all="ignore"):
            if not np.all(family.valid(*family.parameters(*coefficients))):
                return False
        for _ in range(POINTS):
            x = family.example(self.generator, shape)
            score = self._gradient(at, p, x) * family.weight(x)
            room = TOLERANCE * (np.abs(intercept) + np.abs(slope * x))
            if not (np.abs(score - intercept - slope * x) <= room).all():
                return False
        return True

    def _is_joint_normal(self, candidate: Candidate) -> bool:
        """Whether a vector's scores are linear in all its elements together, with a valid precision."""
        p, n = candidate.parameter, candidate.parameter.value.type.size
        if candidate.families != (NORMAL,) or p.value.ndim != 1 or n > MOST_JOINT:
            return False
        return bool(self.settings) and all(self._has_precision(p, at) for at in self.settings)

    def _has_precision(self, p: Parameter, at: np.ndarray) -> bool:
        n = p.value.type.size
        at_zero = self._gradient(at, p, np.zeros(n))
        change = np.array([self._gradient(at, p, axis) - at_zero for axis in np.eye(n)])
        if not np.isfinite(change).all() or np.linalg.eigvalsh(-(change + change.T)).min() <= 0.0:
            return False
        for _ in range(POINTS):
            x = self.generator.standard_normal(n)
            room = TOLERANCE * (np.abs(at_zero) + np.abs(x) @ np.abs(change))
            if not (np.abs(self._gradient(at, p, x) - at_zero - x @ change) <= room).all():
                return False
        return True
