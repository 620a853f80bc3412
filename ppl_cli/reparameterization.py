"""Which parameters of a model to non-center: those that are named, or those for which a short pilot run says so.

The pilot's draws, with the gradients there, are carried over to each form of the model. A form is good for the sampler
as far as its posterior is like independent normal values, which the Fisher divergence measures.
"""
from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ppl_cli.compiler import CompiledFunction
from ppl_cli.compound import Compound
from ppl_cli.errors import OptionError, RunError
from ppl_cli.graph.basic import Variable, constant, root
from ppl_cli.graph.traversal import clone_replace
from ppl_cli.inference.chains import sample
from ppl_cli.inference.options import SampleOptions
from ppl_cli.language.diagnostics import LanguageError, error
from ppl_cli.model.constraints.noncentered import Affine, NonCentered, Piece
from ppl_cli.model.model import Model
from ppl_cli.model.reparameterize import Candidate, candidates, noncenter, noncentered_bijection
from ppl_cli.ops.indexing import gather, set_at
from ppl_cli.ops.linalg import identity
from ppl_cli.ops.scalar_math import gt, switch
from ppl_cli.pipeline import Pipeline
from ppl_cli.rewrites.passes import optimize

PILOT = SampleOptions(chains=2, warmup=200, draws=100, max_depth=5, save_warmup=True)
PILOT_SEED = 1 << 63  # the pilot's random numbers are not those of the run
DOUBT = 0.9  # a form as written must be better by this: where it is the wrong one, a sampler does not only get slow


@dataclass(frozen=True)
class Choice:
    """What was chosen for a parameter, and why."""

    name: str
    noncentered: bool
    why: str

    def __str__(self) -> str:
        return f"{self.name}: {'non-centered' if self.noncentered else 'as written'} ({self.why})"


@dataclass(frozen=True)
class Reparameterized:
    """A model, what was chosen for its parameters, and what the choice has cost."""

    model: Model
    choices: tuple[Choice, ...]
    cost: str = ""


def named(pipeline: Pipeline, names: Sequence[str]) -> Reparameterized:
    """The model with these parameters non-centered; a parameter that cannot be is a located error."""
    known = candidates(pipeline.model, pipeline.terms)
    for name in names:
        if name not in known:
            raise OptionError(f"--reparameterize {name}: the model has no parameter of this name")
    refused = [known[n] for n in names if known[n].reason]
    if refused:
        raise LanguageError([
            error(f"`{c.parameter.name}` cannot be non-centered: {c.reason}", c.parameter.declaration.name_span)
            for c in refused
        ])  # fmt: skip
    chosen = {n: known[n] for n in names}
    return Reparameterized(
        noncenter(pipeline.model, pipeline.terms, chosen), tuple(Choice(n, True, "as asked for") for n in names)
    )


def chosen_by_pilot(pipeline: Pipeline, seed: int) -> Reparameterized:
    """The model with those parameters non-centered for which the posterior is then easier to sample."""
    known = candidates(pipeline.model, pipeline.terms)
    possible = {n: c for n, c in known.items() if not c.reason}
    refused = {n: Choice(n, False, c.reason) for n, c in known.items() if c.reason}
    if not possible:
        return Reparameterized(pipeline.model, tuple(refused.values()))
    started = time.perf_counter()
    pilot = Pilot(pipeline, possible, seed)
    chosen, choices = pilot.best()
    cost = f"pilot: {pilot.gradients} gradients, {time.perf_counter() - started:.1f} s"
    model = noncenter(pipeline.model, pipeline.terms, {n: c for n, c in possible.items() if n in chosen})
    made = {**refused, **{c.name: c for c in choices}}
    return Reparameterized(model, tuple(made[n] for n in known), cost)


class Pilot:
    """Draws of the posterior, from the model with all that is possible non-centered, and forms to compare by them."""

    def __init__(self, pipeline: Pipeline, possible: Mapping[str, Candidate], seed: int) -> None:
        self.names = tuple(possible)
        standard = replace(pipeline, model=noncenter(pipeline.model, pipeline.terms, possible))
        steps = Compound(standard)
        updates = steps.updates() if steps.moves else None
        run = sample(steps.density, replace(PILOT, seed=seed ^ PILOT_SEED), updates=updates)
        if run.interrupted:
            raise RunError("interrupted during the pilot run: there is nothing to keep")
        self.gradients = int(run.statistics["n_steps"].sum() + run.warmup_statistics["n_steps"].sum())
        self._draws = steps.whole(run.draws).reshape(-1, standard.size)
        self._continuous = standard.model.size
        self._function = carried_over(pipeline, standard, possible)
        self._known: dict[frozenset[str], float] = {}

    def best(self) -> tuple[frozenset[str], list[Choice]]:
        """What to non-center so that no change of a single one makes it better, and why."""
        chosen = frozenset(self.names)
        changed = True
        while changed:
            changed = False
            for name in self.names:
                other = chosen ^ {name}
                if self._badness(other) < self._badness(chosen):
                    chosen, changed = other, True
        return chosen, [self._choice(n, chosen) for n in self.names]

    def _badness(self, chosen: frozenset[str]) -> float:
        return self.divergence(chosen) * DOUBT ** len(chosen)

    def _choice(self, name: str, chosen: frozenset[str]) -> Choice:
        found, other = self.divergence(chosen), self.divergence(chosen ^ {name})
        return Choice(name, name in chosen, f"Fisher divergence {found:.3g} against {other:.3g}")

    def divergence(self, chosen: frozenset[str]) -> float:
        """How far the posterior is from independent normal values, if these are non-centered.

        For each element half the Fisher divergence from the nearest normal law, in units of its precision: with the
        score g of a value q, sd(q) sd(g) + cov(q, g), which is 0 if and only if g is a linear function of q.
        """
        if chosen not in self._known:
            self._known[chosen] = self._divergence(np.array([n in chosen for n in self.names], float))
        return self._known[chosen]

    def _divergence(self, flags: np.ndarray) -> float:
        values = np.array([self._function(np.concatenate([q, flags]))[1] for q in self._draws])
        self.gradients += len(values)
        values = values[np.isfinite(values).all(1)]
        q, g = (part[:, : self._continuous] for part in np.split(values, 2, axis=1))
        covariance = ((q - q.mean(0)) * (g - g.mean(0))).mean(0)
        return float((q.std(0) * g.std(0) + covariance).sum())


def carried_over(pipeline: Pipeline, standard: Pipeline, possible: Mapping[str, Candidate]) -> CompiledFunction:
    """(a draw of the `standard` model, where all are non-centered, for each whether it is to be) → the same
    draw and its gradient in the model with these forms."""
    flags = root("noncentered", "float64", (len(possible),))
    switched = {
        n: replace(c, pieces=tuple(_switched(piece, gt(gather(flags, k), 0.5)) for piece in c.pieces))
        for k, (n, c) in enumerate(possible.items())
    }
    model = pipeline.model
    forms = replace(pipeline, model=noncenter(model, pipeline.terms, switched))
    declared = {
        old.value: new.bijection.unstandardized(new.value) if isinstance(new.bijection, NonCentered) else new.value
        for old, new in zip(model.parameters, standard.model.parameters, strict=True)
    }
    standardized = {
        c.parameter.value: noncentered_bijection(c.parameter.bijection, c.pieces).standardized(c.parameter.value)
        for c in switched.values()
    }
    q: Variable = constant(np.zeros(pipeline.size))
    for v, positions in pipeline.positions.items():
        q = set_at(q, standardized.get(v, v), constant(positions))
    (q,) = standard.on_flat(clone_replace([q], declared))
    _, gradient = forms.value_and_gradient()
    outputs = optimize([q, *clone_replace([gradient], {forms.flat: q})])
    return standard.compile(None, outputs, [standard.flat, flags])


def _switched(piece: Piece, noncentered: Variable) -> Piece:
    form = piece.form
    one = identity(form.scale.shape[-1]) if form.matrix else Affine().scale
    location = switch(noncentered, form.location, Affine().location)
    return replace(piece, form=replace(form, location=location, scale=switch(noncentered, form.scale, one)))
