"""Calls of functions that take a user's function: differential equations, roots, integrals, sums and maps.

The user's function is traced once into a closed graph, which the solver evaluates (Functions Reference, "Higher-order
functions").
"""
from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from ppl_cli.graph.basic import Variable, root
from ppl_cli.graph.traversal import clone_replace
from ppl_cli.language import syntax as s
from ppl_cli.language.checked import ResolvedCall
from ppl_cli.language.diagnostics import ElaborationError
from ppl_cli.language.functionals import LATENT_LAWS
from ppl_cli.language.source import Span
from ppl_cli.language.types import FunctionType
from ppl_cli.model.analysis import REPORTS
from ppl_cli.model.compounds import each, leaves_of
from ppl_cli.model.environment import Slot
from ppl_cli.model.latent_normals import with_law, with_likelihood
from ppl_cli.model.values import Leaf, NeedsValue, Stretch, Value, convert, is_known, lower, shape_of
from ppl_cli.ops.control import Body, make_table
from ppl_cli.ops.indexing import gather
from ppl_cli.ops.reduction import reduce_sum
from ppl_cli.ops.scalar_math import mul
from ppl_cli.ops.shape import join, reshape
from ppl_cli.solvers import find_root, integrate, solve_differential

if TYPE_CHECKING:
    from ppl_cli.model.elaborate import Elaborator

LOOSE, TIGHT = (1e-6, 1e-6, 10**6), (1e-10, 1e-10, 10**8)  # Stan's tolerances and most steps, if none are given
ROOT_CONTROLS = (1e-10, 1e-6, 200)
INTEGRAL_TOLERANCE = float(np.sqrt(np.finfo("float64").eps))
ADAMS = 1  # the number of this method for `ode_adjoint_tol_ctl`; 2 is BDF

Traced = tuple[Body, list[Variable]]


class HigherOrder:
    """Builds calls for one elaborator."""

    def __init__(self, elaborator: Elaborator) -> None:
        self.el = elaborator

    def __call__(self, e: s.Call, resolved: ResolvedCall, outcome: Sequence[Value] = ()) -> Value:
        """`outcome` is what is on the left of `~`, if the call is on its right."""
        assert resolved.signature is not None
        given = [a for a in e.arguments if not isinstance(self.el.checked.type_of(a), FunctionType)]
        values = [*outcome, *map(self.el.evaluate, given)]
        for value in values:
            if isinstance(value, Stretch):
                raise value.refused()
        build, controls = _BUILDERS[resolved.signature.name]
        try:
            result = build(self, e, *resolved.functions, values, *controls)
        except (TypeError, ValueError) as error:
            raise ElaborationError(str(error), e.span) from error
        except NotImplementedError as error:
            raise ElaborationError(f"not supported yet: {error}", e.span) from None
        known = all(is_known(leaf) for v in values for leaf in leaves_of(v))
        if not isinstance(result, Variable) or not known or e.suffix is s.Suffix.RNG:
            return result
        (found,) = self.el.compute([result])
        if not np.isfinite(found).all():
            raise ElaborationError(f"`{e.name}` found no solution", e.span)
        return found if found.shape else found[()]

    # ------------------------------------------------------------------------------------------- tracing

    def traced(
        self, function: s.FunctionDefinition, own: Sequence[Variable], values: Sequence[Value], span: Span
    ) -> Traced:
        """The function of its `own` first arguments and of those of the `values` that are not known, and these."""
        unknown = [leaf for v in values for leaf in leaves_of(v) if isinstance(leaf, Variable)]
        copies = {v: root(v.name or "argument", v.dtype, v.shape) for v in unknown if v not in self.el.assumptions}

        def inside(leaf: Leaf) -> Value:
            return self.el.assumptions.get(leaf, copies.get(leaf)) if isinstance(leaf, Variable) else leaf  # type: ignore[return-value]

        arguments = [each(inside, v) for v in values]
        environment = self.el.environment
        try:
            with self.el.collect_terms() as terms, self.el.trying(), environment.scope():
                if REPORTS in environment:
                    environment.declare(REPORTS, Slot(0, (), "int64"))
                result = self.el.functions.apply(function, [*own, *arguments], span)
        except NeedsValue as need:
            originals = {copy: v for v, copy in copies.items()}
            raise NeedsValue(clone_replace([need.variable], originals)[0], need.span) from None
        value = self.el.lift(convert(result, "float64"))
        for term in terms.values():  # -inf where the function rejects
            value = value + mul(reduce_sum(term), 0.0)
        return Body((*own, *copies.values()), (value,)), list(copies)

    def controls(self, values: Sequence[Value], e: s.Call, first: int) -> list[Variable]:
        """Tolerances and the most steps, which must be positive. `first` is the position of the first argument."""
        for value, argument in zip(values, e.arguments[first:], strict=False):
            if is_known(value) and not np.all(np.asarray(value) > 0):
                raise ElaborationError(f"this must be positive, but it is {value}", argument.span)
        return [self.el.lift(value) for value in values]

    # ------------------------------------------------------------------------------ differential equations

    def ode(
        self, e: s.Call, function: s.FunctionDefinition, values: Sequence[Value], method: str,
        defaults: tuple[float, float, int], given: bool = False,
    ) -> Value:
        start, t0, times, *more = values
        controls = self.controls(more[:3] if given else defaults, e, 4)
        return self.differential(e, function, method, (start, start, t0), times, controls, more[3:] if given else more)

    def dae(
        self, e: s.Call, function: s.FunctionDefinition, values: Sequence[Value], given: bool = False
    ) -> Value:
        start, speed, t0, times, *more = values
        controls = self.controls(more[:3] if given else TIGHT, e, 5)
        return self.differential(
            e, function, "dae", (start, speed, t0), times, controls, more[3:] if given else more)

    def old_ode(
        self, e: s.Call, function: s.FunctionDefinition, values: Sequence[Value], method: str,
        defaults: tuple[float, float, int],
    ) -> Value:
        start, t0, times, *arguments = values[:6]
        controls = self.controls(_whole_steps(values[6:]) or defaults, e, 7)
        return self.differential(e, function, method, (start, start, t0), times, controls, arguments)

    def adjoint(self, e: s.Call, function: s.FunctionDefinition, values: Sequence[Value]) -> Value:
        """Forward, as its forward solver; the gradient is by forward sensitivities, too."""
        start, t0, times, relative, tolerance = values[:5]
        most, solver = values[9], values[12]
        method = "adams" if is_known(solver) and int(solver) == ADAMS else "bdf"
        controls = self.controls((relative, tolerance, most), e, 4)
        return self.differential(e, function, method, (start, start, t0), times, controls, values[14:])

    def differential(
        self, e: s.Call, function: s.FunctionDefinition, method: str, start: Sequence[Value], times: Value,
        controls: Sequence[Variable], arguments: Sequence[Value],
    ) -> Value:
        if is_known(times) and is_known(start[2]):
            known = np.asarray(times, "float64")
            if known.size and known[0] <= np.asarray(start[2]):
                raise ElaborationError(
                    f"the first time, {known[0]:g}, is not after the initial time, {start[2]:g}", e.span
                )
            if (np.diff(known) < 0).any():
                raise ElaborationError("the times are not in increasing order", e.span)
        states = [self.el.lift(convert(v, "float64")) for v in start]
        own = [root("time"), root("state", shape=states[0].shape)]
        if method == "dae":
            own.append(root("speed", shape=states[1].shape))
        body, used = self.traced(function, own, arguments, e.span)
        return solve_differential(body, method, states, self.el.lift(convert(times, "float64")), controls, used)

    # --------------------------------------------------------------------------------- roots and integrals

    def root(self, e: s.Call, function: s.FunctionDefinition, values: Sequence[Value], given: bool = False) -> Value:
        guess, *more = values
        controls = self.controls(more[:3] if given else ROOT_CONTROLS, e, 2)
        return self.find_root(e, function, guess, controls, more[3:] if given else more)

    def old_root(self, e: s.Call, function: s.FunctionDefinition, values: Sequence[Value]) -> Value:
        guess, *arguments = values[:4]
        return self.find_root(
            e, function, guess, self.controls(_whole_steps(values[4:]) or ROOT_CONTROLS, e, 5), arguments
        )

    def find_root(
        self, e: s.Call, function: s.FunctionDefinition, guess: Value, controls: Sequence[Variable],
        arguments: Sequence[Value],
    ) -> Value:
        start = self.el.lift(convert(guess, "float64"))
        body, used = self.traced(function, [root("unknown", shape=start.shape)], arguments, e.span)
        return find_root(body, start, controls, used)

    def integral(self, e: s.Call, function: s.FunctionDefinition, values: Sequence[Value]) -> Value:
        low, high, *arguments = values[:5]
        (tolerance,) = self.controls(values[5:] or [INTEGRAL_TOLERANCE], e, 6)
        body, used = self.traced(function, [root("x"), root("xc")], arguments, e.span)
        ends = [self.el.lift(convert(v, "float64")) for v in (low, high)]
        return integrate(body, ends[0], ends[1], tolerance, used)

    # -------------------------------------------------------------------------------------- sums and maps

    def reduce_sum(self, e: s.Call, function: s.FunctionDefinition, values: Sequence[Value]) -> Value:
        """The whole sum in one call: what is independent in it is vectorized later."""
        elements, grain, *more = values
        self.controls([grain], e, 2)
        count = shape_of(elements)[0]
        return self.el.functions.apply(function, [elements, 1, count, *more], e.span) if count else 0.0

    def map_rect(self, e: s.Call, function: s.FunctionDefinition, values: Sequence[Value]) -> Value:
        """The results of all jobs, one after another: by one loop, or job by job where sizes differ."""
        shared, *parts = values
        counts = {shape_of(part)[0] for part in parts}
        if len(counts) > 1:
            raise ElaborationError("the arrays of the jobs' arguments have different lengths", e.span)
        (count,) = counts
        if not all(map(is_known, values)):
            try:
                return self.loop_of_jobs(e, function, shared, parts, count)
            except NeedsValue:
                pass
        jobs = [
            self.el.functions.apply(function, [shared, *(_part(v, k) for v in parts)], e.span) for k in range(count)
        ]
        if all(map(is_known, jobs)):
            return np.concatenate([np.asarray(v, "float64") for v in jobs] or [np.zeros(0)])
        return join([self.el.lift(v) for v in jobs])

    def loop_of_jobs(
        self, e: s.Call, function: s.FunctionDefinition, shared: Value, parts: Sequence[Value], count: int
    ) -> Value:
        job = root("job", "int64")
        with self.el.inside(job):
            own = [lower(gather(self.el.lift(v), job)) for v in parts]
            result = self.el.lift(self.el.functions.apply(function, [shared, *own], e.span))
        (found,) = make_table(job, [result], count)
        return reshape(found, (found.type.size,))


def _whole_steps(controls: Sequence[Value]) -> list[Value]:
    """The controls of old functions, whose most steps may be written as a real."""
    return [*controls[:2], *(convert(v, "int64") for v in controls[2:])]


def _part(value: Value, k: int) -> Value:
    return lower(gather(value, k)) if isinstance(value, Variable) else np.asarray(value)[k]


_Builder = tuple[Callable[..., Value], tuple]
_BUILDERS: dict[str, _Builder] = {
    "ode_adjoint_tol_ctl": (HigherOrder.adjoint, ()),
    "dae": (HigherOrder.dae, ()),
    "dae_tol": (HigherOrder.dae, (True,)),
    "solve_newton": (HigherOrder.root, ()),
    "solve_newton_tol": (HigherOrder.root, (True,)),
    "solve_powell": (HigherOrder.root, ()),
    "solve_powell_tol": (HigherOrder.root, (True,)),
    "algebra_solver": (HigherOrder.old_root, ()),
    "algebra_solver_newton": (HigherOrder.old_root, ()),
    "integrate_1d": (HigherOrder.integral, ()),
    "reduce_sum": (HigherOrder.reduce_sum, ()),
    "reduce_sum_static": (HigherOrder.reduce_sum, ()),
    "map_rect": (HigherOrder.map_rect, ()),
}
for _tol in ("", "_tol"):
    _BUILDERS[f"laplace_marginal{_tol}"] = _BUILDERS[f"laplace_latent{_tol}_rng"] = (with_likelihood, ())
    for _law in LATENT_LAWS:
        _BUILDERS[f"laplace_marginal{_tol}_{_law}_lpmf"] = (with_law, (_law,))
        _BUILDERS[f"laplace_latent{_tol}_{_law}_rng"] = (with_law, (_law,))
for _method, _defaults in (("rk45", LOOSE), ("ckrk", LOOSE), ("adams", TIGHT), ("bdf", TIGHT)):
    _BUILDERS[f"ode_{_method}"] = (HigherOrder.ode, (_method, _defaults))
    _BUILDERS[f"ode_{_method}_tol"] = (HigherOrder.ode, (_method, _defaults, True))
    _BUILDERS[f"integrate_ode_{_method}"] = (HigherOrder.old_ode, (_method, _defaults))
