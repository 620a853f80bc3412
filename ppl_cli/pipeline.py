"""Model → functions of the flat unconstrained vector, stage by stage; every stage is a graph that can be printed.

random → (loops vectorized) → logp → gradient → optimized → kernel → C. The flat vector holds the value variables one
after another in the order of declaration.
"""
from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from operator import is_

import numpy as np

from ppl_cli.compiler import Backend, CompiledFunction, compile_function
from ppl_cli.conjugacy import integrate
from ppl_cli.errors import PplError
from ppl_cli.graph.basic import Variable, constant, root
from ppl_cli.graph.gradient import grad
from ppl_cli.graph.traversal import clone_replace
from ppl_cli.language.diagnostics import ElaborationError, NotSupported
from ppl_cli.logprob import NotDerivable, density, expand_draws
from ppl_cli.marginal import MOST_STATES, Elimination, eliminate
from ppl_cli.model.forward import Forward, forward
from ppl_cli.model.model import DiscreteParameter, Model, Parameter, Term
from ppl_cli.ops.indexing import gather, take_slice
from ppl_cli.ops.reduction import reduce_sum
from ppl_cli.ops.scalar_math import add, to_int
from ppl_cli.ops.shape import reshape
from ppl_cli.rewrites.loops import IndexOutOfRange, vectorize_loops
from ppl_cli.rewrites.passes import canonicalize, optimize, stabilize
from ppl_cli.solvers import with_sensitivities
from ppl_cli.updates.plan import Samplers

Said = tuple[int, Sequence[float]]
STAGES = ("random", "logp", "gradient", "optimized", "kernel", "c")


@dataclass(frozen=True)
class Pipeline:
    """The stages of one model. Each is computed when it is first asked for.

    The flat vector holds the value variables, then the int parameters that are not summed out.
    """

    model: Model
    backend: Backend | None = None
    samplers: Samplers = Samplers()

    # ----------------------------------------------------------------------------------------- graphs

    @cached_property
    def terms(self) -> tuple[Term, ...]:
        """Random stage: what each statement adds, loops vectorized where their iterations are independent."""
        return self._with_values(self.model.terms, self.vectorized([t.value for t in self.model.terms]))

    @cached_property
    def densities(self) -> tuple[Term, ...]:
        """Log-probability stage: the terms without log density nodes, with unknowns summed out, stabilized."""
        terms, _ = self._marginal
        return self._with_values(terms, stabilize(canonicalize([t.value for t in terms])))

    @cached_property
    def _marginal(self) -> tuple[tuple[Term, ...], list[Mapping[Variable, Variable]]]:
        """The terms without the unknowns that are summed or integrated out; draws of these, each given those after it
        and all the rest."""
        terms, draws = self._joint, []
        if (marginal := self.elimination.marginal) is not None:
            summed = [d for d in self.model.discrete if d in self.elimination.summed]
            names = ", ".join(d.name for d in summed)
            total = Term(names, summed[0].declaration.span, marginal.log_density)
            terms = (*self._with_values(terms, self.elimination.left), total)
            draws.append(marginal.draws)
        for p in self.model.integrated:
            integral = integrate([t.value for t in terms], p.value, p.family, self.vectorized)
            total = Term(p.name, p.declaration.span, integral.log_density)
            terms = (*self._with_values(terms, canonicalize(integral.left)), total)
            draws.append({p.value: integral.draw})
        return terms, draws

    def _with_draws(self, outputs: Sequence[Variable]) -> list[Variable]:
        """`outputs` with draws of what is summed or integrated out."""
        for drawn in self._marginal[1]:
            outputs = clone_replace(outputs, drawn)
        return self.vectorized(outputs)

    @cached_property
    def _joint(self) -> tuple[Term, ...]:
        """The terms without log density nodes, as functions of the discrete unknowns, too."""
        try:
            found = density([t.value for t in self.terms])
        except NotDerivable:
            found = [self._derived(t) for t in self.terms]  # which of them it is
        return self._with_values(self.terms, canonicalize(found))

    @cached_property
    def elimination(self) -> Elimination:
        """Which int parameters are summed out, and their sum."""
        wanted = [
            d for d in self.model.discrete
            if self.samplers.discrete != "sample" and d.name not in self.samplers.by_hand
        ]  # fmt: skip
        finite = [d for d in wanted if d.most_states <= MOST_STATES]
        found = eliminate([t.value for t in self._joint], finite, self.vectorized)
        if self.samplers.discrete == "marginalize":
            endless = {d.name: "it has no bounds, or they are far apart" for d in wanted if d not in finite}
            for name, reason in {**endless, **found.refused}.items():
                raise PplError(f"{self.model.name}: `{name}` cannot be summed out: {reason}")
        return found

    @cached_property
    def sampled(self) -> tuple[DiscreteParameter, ...]:
        """The int parameters that are not summed out."""
        return tuple(d for d in self.model.discrete if d not in self.elimination.summed)

    @property
    def size(self) -> int:
        """The length of the flat vector."""
        return self.model.size + sum(d.value.type.size for d in self.sampled)

    @staticmethod
    def _derived(term: Term) -> Variable:
        """The density of what a statement says."""
        try:
            return density([term.value])[0]
        except NotDerivable as error:
            raise NotSupported(f"this random expression (because {error}) is", term.span) from None

    @cached_property
    def checks(self) -> tuple[Term, ...]:
        """0, or -inf where a transformed parameter is outside its bounds."""
        return self._with_values(self.model.checks, self.vectorized([t.value for t in self.model.checks]))

    def parts(self, jacobian: bool = True) -> list[Variable]:
        """Graphs of the value variables whose elements add up to the joint log density, with the log Jacobians of the
        transforms."""
        found = [t.value for t in (*self.densities, *self.checks) if jacobian or not t.jacobian]
        return [*found, *(p.log_jacobian for p in self.model.parameters)] if jacobian else found

    def log_density(self, jacobian: bool = True) -> Variable:
        """The joint log density as a graph of the value variables, with the log Jacobians of their transforms."""
        total: Variable = constant(0.0)
        for part in self.parts(jacobian):
            total = add(total, reduce_sum(part))
        return stabilize(canonicalize([total]))[0]

    @cached_property
    def flat(self) -> Variable:
        """The root that stands for the flat unconstrained vector."""
        return root("q", "float64", (self.size,))

    def on_flat(self, outputs: Sequence[Variable]) -> list[Variable]:
        """`outputs` with the value variables as pieces of the flat vector."""
        pieces = {v: self._piece(positions) for v, positions in self.positions.items()}
        return clone_replace(outputs, {v: to_int(p) if v.dtype == "int64" else p for v, p in pieces.items()})

    @cached_property
    def positions(self) -> dict[Variable, np.ndarray]:
        """Where the elements of each unknown stand in the flat vector."""
        found = {p.value: p.positions for p in self.model.parameters}
        start = self.model.size
        for d in self.sampled:
            found[d.value] = np.arange(start, start + d.value.type.size).reshape(d.value.shape)
            start += d.value.type.size
        return found

    def _piece(self, positions: np.ndarray) -> Variable:
        """The elements of the flat vector at `positions`, which mostly follow one another."""
        if not positions.size:
            return constant(np.zeros(positions.shape))
        start, stop = int(positions.flat[0]), int(positions.flat[-1]) + 1
        if np.array_equal(positions.ravel(), np.arange(start, stop)):
            return reshape(take_slice(self.flat, start, stop), positions.shape)
        return gather(self.flat, constant(positions))

    def value_and_gradient(self, jacobian: bool = True) -> tuple[Variable, Variable]:
        """Gradient stage: the log density and its gradient as graphs of the flat vector."""
        (value,) = self.on_flat([self.log_density(jacobian)])
        return self.differentiated(value, self.flat)

    def differentiated(self, value: Variable, by: Variable) -> tuple[Variable, Variable]:
        """A log density and its gradient as graphs."""
        (value,) = with_sensitivities(canonicalize([value]))
        return value, self.gradient(value, by)

    def gradient(self, value: Variable, by: Variable) -> Variable:
        """The graph of the gradient of a scalar."""
        try:
            return grad(value, [by])[0]
        except NotImplementedError as reason:
            raise PplError(f"{self.model.name}: {reason} is not supported") from None

    def optimized(self, jacobian: bool = True) -> tuple[Variable, Variable]:
        value, gradient = optimize(self.value_and_gradient(jacobian))
        return value, gradient

    @cached_property
    def quantities(self) -> dict[str, Variable]:
        """Constrained parameters, transformed parameters and generated quantities, as graphs of the value variables.

        Unknowns that are summed or integrated out are drawn given the others; where they are wanted, the probabilities
        of discrete states are named `z_probability`.
        """
        marginal, found = self.elimination.marginal, dict(self._quantities_given)
        if marginal is not None and self.samplers.discrete == "probabilities":
            names = {d.value: f"{d.name}_probability" for d in self.model.discrete}
            for v, probability in marginal.probabilities().items():
                if names[v] in found:
                    raise PplError(f"{self.model.name}: there is a variable `{names[v]}`, the name of probabilities")
                found[names[v]] = probability
        return dict(zip(found, self._with_draws(list(found.values())), strict=True))

    @cached_property
    def unknowns(self) -> tuple[Parameter, ...]:
        """All parameters in the order of declaration, missing data last."""
        model = self.model
        found = [*model.parameters, *(p.as_parameter() for p in model.integrated)]
        found += [d.as_parameter() for d in model.discrete]
        return tuple(sorted(found, key=lambda p: (p.hole is not None, p.declaration.span.start)))

    @cached_property
    def _quantities_given(self) -> dict[str, Variable]:
        """The same with all unknowns as roots."""
        named: dict[str, Variable] = {p.name: p.constrained for p in self.unknowns}
        named.update(self.model.transformed)
        named.update(self.model.generated)
        found = self.vectorized(list(named.values()))
        return dict(zip(named, found, strict=True))

    # -------------------------------------------------------------------------------------- functions

    def compile(
        self, value: Variable | None, outputs: Sequence[Variable], inputs: Sequence[Variable] = ()
    ) -> CompiledFunction:
        return compile_function(list(inputs) or [self.flat], value, outputs, backend=self.backend)

    @cached_property
    def logp_grad(self) -> CompiledFunction:
        """q → (log density with Jacobian, gradient)."""
        value, gradient = self.optimized()
        return self.compile(value, [gradient])

    @cached_property
    def logp_grad_constrained(self) -> CompiledFunction:
        """q → (log density without Jacobian, its gradient by q)."""
        value, gradient = self.optimized(jacobian=False)
        return self.compile(value, [gradient])

    @cached_property
    def term_values(self) -> CompiledFunction:
        """q → what each statement adds, the checks, then the log Jacobian of each parameter."""
        parts = [reduce_sum(t.value) for t in (*self.densities, *self.checks)]
        parts += [p.log_jacobian for p in self.model.parameters]
        return self.compile(None, optimize(self.on_flat(parts)))

    @cached_property
    def hessian_product(self) -> CompiledFunction:
        """(q, v) → the Hessian of the log density with Jacobian at q times v."""
        return self._hessian_product(jacobian=True)

    @cached_property
    def hessian_product_constrained(self) -> CompiledFunction:
        """The same for the log density without Jacobian; still by q."""
        return self._hessian_product(jacobian=False)

    def _hessian_product(self, jacobian: bool) -> CompiledFunction:
        direction = root("v", "float64", self.flat.shape)
        _, gradient = self.optimized(jacobian)
        (product,) = optimize([self.gradient(reduce_sum(gradient * direction), self.flat)])
        return self.compile(None, [product], [self.flat, direction])

    def drawn(self, names: Sequence[str], reporting: bool = False) -> CompiledFunction:
        """q → the named quantities, generated ones drawn at random where they are random.

        With `reporting`, what the program prints or rejects is recorded, too.
        """
        said = [self.model.reports] if reporting and self.model.reports is not None else []
        outputs = expand_draws([*(self.quantities[n] for n in names), *density(self._with_draws(said))])
        return self.compile(None, optimize(stabilize(canonicalize(self.on_flat(outputs)))))

    @cached_property
    def forward(self) -> Forward:
        """The forward reading: graphs that draw the prior and the prior predictive distribution."""
        return forward(replace(self.model, parameters=self.unknowns), self.terms, self._quantities_given)

    def forward_draw(self) -> tuple[CompiledFunction, dict[str, Variable]]:
        """A function of nothing that draws all of the forward reading once, and the variables that it returns."""
        named = {**self.forward.prior, **self.forward.predictive}
        outputs = optimize(canonicalize(expand_draws(list(named.values()))))
        return compile_function([], None, outputs, backend=self.backend), named

    def unpack(self, names: Sequence[str], flat: np.ndarray) -> dict[str, np.ndarray]:
        """The named quantities from rows [..., n] of their concatenated values."""
        return unpack({n: self.quantities[n] for n in names}, flat)

    @staticmethod
    def _with_values(terms: Sequence[Term], values: Sequence[Variable]) -> tuple[Term, ...]:
        return tuple(replace(t, value=v) for t, v in zip(terms, values, strict=True))

    def vectorized(self, outputs: Sequence[Variable]) -> list[Variable]:
        """`outputs` with loops as tensor operations where their iterations are independent."""
        try:
            return canonicalize(vectorize_loops(outputs, lambda known: DataRun(self.backend)(known)[0]))
        except IndexOutOfRange as error:
            span = self.model.loops.get(error.index) if error.index is not None else None
            if span is None:
                raise
            raise ElaborationError(f"in this loop, {error.message}", span) from None


def unpack(like: Mapping[str, Variable], flat: np.ndarray) -> dict[str, np.ndarray]:
    """Rows [..., n] of concatenated values, cut up and shaped like the variables; ints become int64 again."""
    found: dict[str, np.ndarray] = {}
    start = 0
    for name, v in like.items():
        piece = flat[..., start : start + v.type.size].reshape(flat.shape[:-1] + v.shape)
        with np.errstate(invalid="ignore"):  # ints that could not be computed
            found[name] = piece if v.dtype == "float64" else piece.astype("int64")
        start += v.type.size
    return found


@dataclass
class DataRun:
    """Computes variables that depend on constants only, at random where they are random; every call draws anew."""

    backend: Backend | None = None
    seed: int = 0
    calls: int = 0

    def __call__(self, variables: Sequence[Variable]) -> tuple[list[np.ndarray], list[Said]]:
        """The values, and what was said: the numbers of sites, each with the numbers of its message."""
        drawn = expand_draws(variables)
        function = compile_function([], None, optimize(canonicalize(drawn)), backend=self.backend)
        _, flat = function(np.zeros(0), None if all(map(is_, drawn, variables)) else self._state())
        said: list[Said] = [(r.site, r.numbers) for r in function.records()]
        return list(unpack({str(k): v for k, v in enumerate(variables)}, flat).values()), said

    def _state(self) -> np.ndarray:
        from ppl_cli.inference.random import TRANSFORMED_DATA, new_state

        self.calls += 1
        return new_state(self.seed, 0, TRANSFORMED_DATA, self.calls)


def names_of(model: Model) -> dict[Variable, str]:
    """Names for printing: of value variables, transformed parameters and generated quantities."""
    names = {v: name for name, v in {**model.transformed, **model.generated}.items()}
    names.update((p.constrained, p.name) for p in model.parameters)
    return names
