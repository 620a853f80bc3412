"""The Python interface: `load` a model, then ask it for densities, gradients, draws. The commands use it too."""
from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from graphlib import TopologicalSorter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ppl_cli.errors import DataError, PplError
from ppl_cli.graph.basic import Variable
from ppl_cli.graph.traversal import evaluate, roots_of
from ppl_cli.language import check, parse
from ppl_cli.language.diagnostics import Diagnostic, error, render
from ppl_cli.language.syntax import Program
from ppl_cli.model.analysis import facts
from ppl_cli.model.elaborate import elaborate
from ppl_cli.model.library import LIBRARY
from ppl_cli.model.model import DiscreteParameter, FreeParameter, Model, Parameter
from ppl_cli.model.parts import spread
from ppl_cli.model.sites import Site
from ppl_cli.pipeline import DataRun, Pipeline, unpack
from ppl_cli.rewrites.passes import optimize
from ppl_cli.storage.data import read_data, unquote
from ppl_cli.updates.plan import Samplers

if TYPE_CHECKING:
    from ppl_cli.compiler import Backend, CompiledFunction
    from ppl_cli.compound import Compound
    from ppl_cli.inference.options import SampleOptions
    from ppl_cli.results import Results
    from ppl_cli.sampling import Progress

Point = Mapping[str, Any]


def load(
    path_or_text: str | Path, data: Mapping[str, Any] | str | Path | None = None, *, backend: Backend | None = None,
    name: str | None = None, include_path: Sequence[str | Path] = (), seed: int = 0,
) -> PplModel:
    """The model in a file or, if the text has a line break or a brace, in a text.

    data: values by name, or the path of a data file; without it the file's defaults hold, or `model.json` beside
    `model.ppl`. include_path: where included files are looked for, after the folder of the model.
    seed: of what is drawn in the transformed data block.
    Raises `PplError`: the message is located where it concerns the text.
    """
    text, shown, own_folder = _read(path_or_text)
    checked = check(parse(text, name or shown, (*own_folder, *map(Path, include_path))), LIBRARY)
    if data is None:
        beside = Path(shown).with_suffix(".json")
        data = beside if shown != "model.ppl" and beside.exists() else {}
    values = read_data(str(data)) if isinstance(data, str | Path) else {n: unquote(v) for n, v in data.items()}
    model = elaborate(checked, values, LIBRARY, DataRun(backend, seed))
    return PplModel(model, backend, render(checked.warnings) if checked.warnings else "", checked.program, values)


def _read(path_or_text: str | Path) -> tuple[str, str, tuple[Path, ...]]:
    """The text of a model, the name of its file and the folder, if it is in one."""
    if isinstance(path_or_text, str) and ("\n" in path_or_text or "{" in path_or_text):
        return path_or_text, "model.ppl", ()
    path = Path(path_or_text)
    try:
        return path.read_text(encoding="utf-8"), str(path), (path.parent,)
    except OSError as error:
        raise PplError(f"{path}: cannot read the model: {error.strerror}", 2) from None
    except UnicodeDecodeError:
        raise PplError(f"{path}: the model is not a UTF-8 text", 2) from None


class PplModel:
    """A model with its data. A point is a dictionary of the value variables (`sigma_log__`), or of constrained
    parameters. `choices` tells how it was reparameterized, a line each; `samplers` which steps the user wants."""

    def __init__(
        self, model: Model, backend: Backend | None, warnings: str, program: Program, data: Mapping[str, Any],
        choices: Sequence[str] = (), samplers: Samplers | None = None,
    ) -> None:
        self.model = model
        self.choices = tuple(choices)
        self.pipeline = Pipeline(model, backend, samplers or Samplers())
        self.warnings = warnings
        self.program = program
        self.data = data

    # ----------------------------------------------------------------------------------------- points

    @property
    def size(self) -> int:
        """The length of the unconstrained vector, the int parameters that are not summed out included."""
        return self.pipeline.size

    def initial_point(self) -> dict[str, np.ndarray]:
        """The origin of the unconstrained scale."""
        return {str(v.name): np.zeros(v.shape) for v in self.model.value_variables}

    def flatten(self, point: Point) -> np.ndarray:
        """The flat unconstrained vector of a point of value variables; constrained parameters are transformed."""
        values = self.value_variables(point)
        flat = np.zeros(self.size)
        for p in self.model.parameters:
            flat[p.positions] = values[p.value]
        for d in self.pipeline.sampled:
            flat[self.pipeline.positions[d.value]] = self._given(point, d)
        return flat

    @staticmethod
    def _given(point: Point, d: DiscreteParameter) -> np.ndarray:
        if d.name not in point:
            raise DataError(f"the parameter `{d.name}` is missing")
        array = _as_array(d.name, point[d.name], d.value.shape)
        if not (np.equal(array, np.round(array)) & (array >= d.lower) & (array <= d.upper)).all():
            raise DataError(f"the value of the parameter `{d.name}` is no int within its bounds")
        return array

    def value_variables(self, point: Point) -> dict[Variable, np.ndarray]:
        """The value of each value variable; the bounds of a parameter may depend on earlier ones."""
        values: dict[Variable, np.ndarray] = {}
        for d in self.program.parameters or ():
            point = spread(d, point)  # type: ignore[arg-type]
        for p in _in_order(self.model.parameters):
            name = str(p.value.name)
            if name in point and name != p.name:
                array = _as_array(name, point[name], p.value.shape)
            elif p.name in point:
                constrained = _as_array(p.name, point[p.name], p.constrained.shape)
                known = Variable(p.constrained.type)
                (array,) = evaluate([p.bijection.unconstrain(known)], {**values, known: constrained})
                if not np.isfinite(array).all():
                    raise DataError(f"the value of the parameter `{p.name}` does not satisfy its constraint")
            else:
                raise DataError(f"the parameter `{p.name}` is missing")
            values[p.value] = array
        return values

    def assigned(self, samplers: Samplers) -> PplModel:
        """The same model, whose parameters are moved by these steps."""
        model = self.model
        if samplers.continuous == "auto":
            from ppl_cli.integration import integrated

            model = integrated(Pipeline(model, self.pipeline.backend, samplers)).model
        if "gibbs" in samplers.by_hand.values():
            from ppl_cli.integration import drawn_exactly

            model = drawn_exactly(Pipeline(model, self.pipeline.backend, samplers)).model
        return PplModel(model, self.pipeline.backend, self.warnings, self.program, self.data, self.choices, samplers)

    @cached_property
    def compound(self) -> Compound:
        """The steps that move the parameters, which step moves which and why, and the functions that a run calls."""
        from ppl_cli.compound import Compound

        return Compound(self.pipeline)

    def reparameterized(self, which: str | Sequence[str] = "auto", seed: int = 0) -> PplModel:
        """The same posterior with these parameters non-centered, or with those for which a short pilot run says so.

        which: names, also as `a,b`, or `auto`. Raises `LanguageError` for a parameter that cannot be.
        """
        from ppl_cli.reparameterization import chosen_by_pilot, named

        names = [n.strip() for n in which.split(",")] if isinstance(which, str) else which
        found = chosen_by_pilot(self.pipeline, seed) if which == "auto" else named(self.pipeline, names)
        choices = [*map(str, found.choices), *([found.cost] if found.cost else [])]
        return PplModel(
            found.model, self.pipeline.backend, self.warnings, self.program, self.data, choices, self.pipeline.samplers
        )

    # -------------------------------------------------------------------------------------- densities

    def logp(self, point: Point) -> float:
        """The log density at a point, with the log Jacobian of the transforms."""
        return self.logp_grad(self.flatten(point))[0]

    def dlogp(self, point: Point) -> np.ndarray:
        """The gradient on the unconstrained scale, flat, in the order of declaration."""
        return self.logp_grad(self.flatten(point))[1]

    def d2logp(self, point: Point) -> np.ndarray:
        """The Hessian on the unconstrained scale."""
        return self.hessian(self.flatten(point))

    def logp_grad(self, q: np.ndarray) -> tuple[float, np.ndarray]:
        """The log density and its gradient at a flat unconstrained vector."""
        return self.pipeline.logp_grad(q)

    def hessian(self, q: np.ndarray, jacobian: bool = True) -> np.ndarray:
        """The Hessian at a flat unconstrained vector, a column at a time."""
        product = self.pipeline.hessian_product if jacobian else self.pipeline.hessian_product_constrained
        rows = [product(np.concatenate([q, e]))[1] for e in np.eye(self.size)]
        return np.array(rows).reshape(self.size, self.size)

    def point_logps(self, point: Point) -> dict[str, float]:
        """What each statement contributes; the log Jacobian of a parameter is added to its first statement."""
        _, values = self.pipeline.term_values(self.flatten(point))
        found: dict[str, float] = {}
        labels = [t.label for t in self.pipeline.densities]
        jacobians = values[len(values) - len(self.model.parameters) :]
        for label, value in [
            *zip(labels, values, strict=False),
            *zip([p.name for p in self.model.parameters], jacobians, strict=True),
        ]:
            found[label] = found.get(label, 0.0) + float(value)
        return found

    def refusals(self, q: np.ndarray) -> list[Diagnostic]:
        """What is the matter where there is no density at `q`: parameters of distributions outside their supports,
        indices out of range."""
        if any(facts(statement).random for statement in self.program.transformed_data or ()):
            return []  # the values drawn there are not known any more
        if self.model.integrated:
            return []  # they have no values
        explained = self._explained
        rewritten = self.choices or any(isinstance(p, FreeParameter) for p in self.model.parameters)
        try:
            point = explained.flatten(self.constrained(q)) if rewritten else q
            function, sites = explained.pipeline.term_values, explained.model.sites
        except PplError:
            return []  # a value on a boundary, or a density that cannot be derived through the checks
        function.forget()
        function(point)
        first: dict[Site, str] = {}
        for record in function.records():
            site = sites[record.site]
            if site.kind != "print":
                first.setdefault(site, site.message(record.numbers))
        return sorted((error(m, site.span) for site, m in first.items()), key=lambda d: d.span.start)

    @cached_property
    def _explained(self) -> PplModel:
        """The model as it is written, with all parameters of distributions checked."""
        backend, checked = self.pipeline.backend, check(self.program, LIBRARY)
        model = elaborate(checked, self.data, LIBRARY, DataRun(backend), explaining=True)
        return PplModel(model, backend, "", self.program, self.data, (), self.pipeline.samplers)

    def constrained(self, q: np.ndarray) -> dict[str, np.ndarray]:
        """The values of the parameters at a flat unconstrained vector."""
        named = {p.name: p.constrained for p in self.model.parameters}
        _, flat = self.pipeline.compile(None, optimize(self.pipeline.on_flat(list(named.values()))))(q)
        sampled = {d.name: d.value for d in self.pipeline.sampled}
        return unpack(named, flat) | unpack(sampled, q[self.model.size :])

    def worst_term(self, q: np.ndarray) -> str:
        """What makes the density zero or undefined at `q`: what is refused there, or at least which statement."""
        if refused := self.refusals(q):
            return render(refused)
        _, values = self.pipeline.term_values(q)
        for term, value in zip((*self.pipeline.densities, *self.pipeline.checks), values, strict=False):
            if not np.isfinite(value):
                line = term.span.whole_line.strip()
                return f"{term.span}: the log density of this statement is {value:g}\n  {line}"
        return "the gradient of the log density is not finite"

    # ----------------------------------------------------------------------------------- quantities

    @cached_property
    def _transformed(self) -> CompiledFunction:
        return self.pipeline.drawn(tuple(self.model.transformed))

    def transformed_values(self, q: np.ndarray) -> dict[str, np.ndarray]:
        """The transformed parameters at a flat unconstrained vector."""
        names = tuple(self.model.transformed)
        return self.pipeline.unpack(names, self._transformed(q)[1]) if names else {}

    # ------------------------------------------------------------------------------------------- draws

    def sample(
        self, options: SampleOptions | None = None, *, initial: Point | None = None, progress: Progress | None = None,
        **more: Any,
    ) -> Results:
        """Draw from the posterior, by NUTS where nothing else is asked for; `more` are fields of SampleOptions.
        `initial` gives the start of all chains."""
        from ppl_cli.sampling import sample_posterior

        return sample_posterior(self, options, initial, progress, more)

    def prior(self, draws: int = 1000, seed: int = 0) -> Results:
        """Draw from the prior and the prior predictive distribution; raises `NotGenerative` if the model cannot be
        drawn from."""
        from ppl_cli.sampling import sample_prior

        return sample_prior(self, draws, seed)


def _in_order(parameters: Sequence[Parameter]) -> list[Parameter]:
    """Each after those that its transform depends on."""
    by_value = {p.value: p for p in parameters}
    needs = {p.value: [v for v in roots_of([p.constrained]) if v in by_value and v is not p.value] for p in parameters}
    return [by_value[v] for v in TopologicalSorter(needs).static_order()]


def _as_array(name: str, given: Any, shape: Sequence[int]) -> np.ndarray:
    try:
        array = np.asarray(given, dtype=float)
    except (TypeError, ValueError):
        raise DataError(f"the value of the parameter `{name}` is not a number or an array of numbers") from None
    if array.size == 0 and 0 in shape:
        array = array.reshape(tuple(shape))
    if array.shape != tuple(shape):
        raise DataError(f"the value of the parameter `{name}` has size {list(array.shape)}, but it needs {list(shape)}")
    return array


__all__ = ["PplModel", "load"]
