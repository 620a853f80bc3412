"""A model whose unknowns are moved by several steps: NUTS moves some of the flat vector, moves of the others follow it.

The density is compiled as a function of what NUTS moves, given a state: the values of the other unknowns, the numbers
that tune their moves, how many iterations are done, and how many of them are warmup.
"""
from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np

from ppl_cli.compiler import CompiledFunction, compile_function
from ppl_cli.conjugacy import Family
from ppl_cli.errors import OptionError
from ppl_cli.graph.basic import Variable, constant, root
from ppl_cli.graph.traversal import clone_replace
from ppl_cli.inference.updates import Updates
from ppl_cli.logprob import expand_draws
from ppl_cli.marginal import Discrete
from ppl_cli.model.model import FreeParameter, Parameter
from ppl_cli.ops.indexing import gather, take_slice
from ppl_cli.ops.scalar_math import add, lt, power, switch, to_int, to_real
from ppl_cli.ops.shape import reshape
from ppl_cli.pipeline import Pipeline
from ppl_cli.rewrites.passes import canonicalize, optimize, stabilize
from ppl_cli.solvers import with_sensitivities
from ppl_cli.updates import Conditional, Exact, Gibbs, Metropolis, Move, TooEntangled, Tuning
from ppl_cli.updates.plan import Assignment

MOST_GIBBS_STATES = 100  # of one unknown; with more of them steps to neighbouring values cost less
MOST_UNIFORM_STATES = 100  # of an unknown that starts anywhere between its bounds
FIRST_RANGE = 10  # of others, from the bound that they have
SLOWING = 0.6  # the power by which the tuning slows down


@dataclass(frozen=True)
class Compound:
    """The steps of a model, and the functions that a run of them calls."""

    pipeline: Pipeline

    # ------------------------------------------------------------------------------------- who moves what

    @cached_property
    def assignments(self) -> tuple[Assignment, ...]:
        """The step of each parameter, in the order of declaration."""
        chosen = self.pipeline.samplers.by_hand
        model, found = self.pipeline.model, []
        known = {p.name for p in self.pipeline.unknowns}
        for name in chosen:
            if name not in known:
                raise OptionError(f"--step {name}={chosen[name]}: the model has no parameter `{name}`")
        for p in model.parameters:
            if isinstance(p, FreeParameter):
                found.append(Assignment(p.name, "gibbs", f"given all the rest its law is {_name(p.family)}"))
            elif chosen.get(p.name) == "metropolis":
                found.append(Assignment(p.name, "metropolis", "you asked for it"))
            else:
                found.append(Assignment(p.name, "nuts", "the log density can be differentiated by it"))
        for gone in model.integrated:
            found.append(Assignment(gone.name, "integral", f"given all the rest its law is {_name(gone.family)}"))
        return (*found, *map(self._of_discrete, model.discrete))

    def _of_discrete(self, d: Discrete) -> Assignment:
        elimination, chosen = self.pipeline.elimination, self.pipeline.samplers.by_hand.get(d.name)
        if d in elimination.summed:
            assert elimination.marginal is not None
            cost = f"{elimination.marginal.evaluations:,}".replace(",", " ")
            return Assignment(d.name, "sum", f"it has few states: {cost} evaluations of terms for each log density")
        if chosen == "nuts":
            raise OptionError(f"--step {d.name}=nuts: NUTS cannot move `{d.name}`, which is an int")
        asked = "you asked for it" if chosen else None
        few = d.most_states <= MOST_GIBBS_STATES
        if chosen == "gibbs" and not few:
            raise OptionError(f"--step {d.name}=gibbs: `{d.name}` has too many states, or no bounds: use metropolis")
        refused = elimination.refused.get(d.name)
        why = f" and cannot be summed out: {refused}" if refused else ""
        if few and chosen != "metropolis":
            return Assignment(d.name, "gibbs", asked or f"it has {d.most_states} states{why}")
        return Assignment(d.name, "metropolis", asked or f"it has no bounds, or many states{why}")

    @cached_property
    def moves(self) -> tuple[Move, ...]:
        """The moves other than NUTS, in order."""
        steps = {a.name: a.step for a in self.assignments}
        found: list[Move] = []
        for p in self.pipeline.model.parameters:
            if isinstance(p, FreeParameter):
                found.append(Exact(p.value, self._parts, p.family))
            elif steps[p.name] == "metropolis":
                found.append(Metropolis(self._conditional(p.name, p.value)))
        for d in self.pipeline.sampled:
            conditional = self._conditional(d.name, d.value)
            if steps[d.name] == "gibbs":
                found.append(Gibbs(conditional, d))
            else:
                found.append(Metropolis(conditional, d.lower.ravel(), d.upper.ravel()))
        return tuple(found)

    @cached_property
    def _parts(self) -> list[Variable]:
        return canonicalize(self.pipeline.parts())

    def _conditional(self, name: str, unknown: Variable) -> Conditional:
        try:
            return Conditional(unknown, self._parts)
        except TooEntangled as error:
            raise OptionError(f"`{name}` cannot be moved: {error}") from None

    # ------------------------------------------------------------------------------------------- layout

    @cached_property
    def _moved(self) -> tuple[Variable, ...]:
        return tuple(m.unknown for m in self.moves)

    @cached_property
    def _by_nuts(self) -> tuple[Parameter, ...]:
        return tuple(p for p in self.pipeline.model.parameters if p.value not in self._moved)

    @property
    def n_values(self) -> int:
        """How many numbers of the state are values of unknowns: its first."""
        return sum(v.type.size for v in self._moved)

    @cached_property
    def _tunings(self) -> list[np.ndarray]:
        return [m.first_tuning for m in self.moves]

    @property
    def n_state(self) -> int:
        return self.n_values + sum(map(len, self._tunings)) + 2

    @cached_property
    def state(self) -> Variable:
        """The root that stands for the state."""
        return root("state", "float64", (self.n_state,))

    @cached_property
    def flat(self) -> Variable:
        """The root that stands for what NUTS moves."""
        return root("q", "float64", (sum(p.value.type.size for p in self._by_nuts),))

    @cached_property
    def _pieces(self) -> Mapping[Variable, Variable]:
        """The unknowns as pieces of what NUTS moves and of the state."""
        found = {}
        for whole, unknowns in ((self.flat, [p.value for p in self._by_nuts]), (self.state, self._moved)):
            start = 0
            for v in unknowns:
                piece = reshape(take_slice(whole, start, start + v.type.size), v.shape)
                found[v] = to_int(piece) if v.dtype == "int64" else piece
                start += v.type.size
        return found

    @cached_property
    def _order(self) -> np.ndarray:
        """Where in the pipeline's flat vector stands what NUTS moves, then the values."""
        positions = self.pipeline.positions
        unknowns = (*(p.value for p in self._by_nuts), *self._moved)
        return np.concatenate([np.zeros(0, int), *(positions[v].ravel() for v in unknowns)])

    def whole(self, draws: np.ndarray) -> np.ndarray:
        """Rows [..., what NUTS moves, then values] as rows of the pipeline's flat vector."""
        found = np.empty(draws.shape)
        found[..., self._order] = draws
        return found

    def point(self, flat: np.ndarray) -> np.ndarray:
        """What NUTS moves of the pipeline's flat vector."""
        return flat[self._order[: self.flat.type.size]]

    def _values(self, flat: np.ndarray) -> np.ndarray:
        return flat[self._order[self.flat.type.size :]]

    # ---------------------------------------------------------------------------------------- functions

    @cached_property
    def density(self) -> CompiledFunction:
        """(what NUTS moves; the state) → log density with Jacobian, gradient."""
        if not self.moves:
            return self.pipeline.logp_grad
        (value,) = clone_replace([self.pipeline.log_density()], self._pieces)
        value, gradient = optimize(self.pipeline.differentiated(value, self.flat))
        return self._compile(value, [gradient])

    def updates(self, start: np.ndarray | None = None) -> Updates:
        """The moves; `start` is a flat vector of the pipeline to start from."""

        def first(generator: np.random.Generator, warmup: int) -> np.ndarray:
            values = self._first(generator) if start is None else self._values(start)
            return np.concatenate([values, *self._tunings, [0.0, warmup]])

        return Updates(self._update, self.n_values, first)

    @cached_property
    def _update(self) -> CompiledFunction:
        """(what NUTS moves; the state) → how many conditional densities are not numbers, the next state."""
        iteration, warmup = gather(self.state, self.n_state - 2), gather(self.state, self.n_state - 1)
        gain = switch(lt(iteration, warmup), power(add(iteration, 1.0), -SLOWING), 0.0)
        new: dict[Variable, Variable] = {}
        tunings: list[Variable] = []
        undefined: Variable = constant(0.0)
        ends = np.cumsum([self.n_values, *map(len, self._tunings)])
        for move, (start, stop) in zip(self.moves, pairwise(map(int, ends)), strict=True):
            moved = move.next(Tuning(take_slice(self.state, start, stop), gain), self.pipeline.vectorized)
            parts = clone_replace([moved.value, moved.tuning, moved.undefined], new)  # it follows the moves before
            new[move.unknown] = parts[0]
            tunings.append(parts[1])
            undefined = add(undefined, parts[2])
        outputs = [to_real(v) if v.dtype == "int64" else v for v in new.values()]
        outputs = clone_replace([undefined, *outputs, *tunings], self._pieces)
        outputs += [add(iteration, 1.0), warmup]
        value, *outputs = optimize(stabilize(canonicalize(with_sensitivities(expand_draws(outputs)))))
        return self._compile(value, outputs)

    def _compile(self, value: Variable | None, outputs: Sequence[Variable]) -> CompiledFunction:
        return compile_function([self.flat], value, outputs, given=[self.state], backend=self.pipeline.backend)

    def _first(self, generator: np.random.Generator) -> np.ndarray:
        """Values to start from: ints near a bound, or anywhere between two; reals near 0, or where they may be."""
        ints = {d.value: d for d in self.pipeline.sampled}
        free = {m.unknown: m.family for m in self.moves if isinstance(m, Exact) and m.family is not None}

        def of(v: Variable) -> np.ndarray:
            if v in ints:
                return first_ints(generator, ints[v])
            return free[v].example(generator, v.shape).ravel() if v in free else generator.uniform(-1, 1, v.type.size)

        return np.concatenate([np.zeros(0), *map(of, self._moved)])


def _name(family: Family | None) -> str:
    return family.name if family is not None else "multivariate normal"


def first_ints(generator: np.random.Generator, d: Discrete) -> np.ndarray:
    """Values to start from, flat: anywhere between two bounds, or else near one, or near 0."""
    lower, upper = d.lower.ravel(), d.upper.ravel()
    middle = np.clip(0, lower, upper)
    few = upper - lower < MOST_UNIFORM_STATES
    low = np.where(few, lower, np.maximum(lower, middle - FIRST_RANGE))
    high = np.where(few, upper, np.minimum(upper, middle + FIRST_RANGE))
    return generator.integers(low, high, endpoint=True).astype(float)
