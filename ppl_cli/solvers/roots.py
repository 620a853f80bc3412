"""The root of a system of equations: Newton's method made safe by Powell's dogleg, its gradient by the implicit
function theorem.

Powell (1970), "A hybrid method for nonlinear equations"; Nocedal & Wright (2006), "Numerical Optimization", algorithm
11.5.
"""
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ppl_cli.graph.basic import Constant, Variable, constant, root
from ppl_cli.graph.gradient import vjp
from ppl_cli.graph.types import TensorType
from ppl_cli.ops.control import Body, make_loop
from ppl_cli.ops.linalg import dot, matvec, solve_vector, vecmat
from ppl_cli.ops.reduction import reduce_max
from ppl_cli.ops.scalar_math import (
    absolute,
    both,
    either,
    gt,
    isnan,
    le,
    lt,
    maximum,
    negation,
    sqrt,
    switch,
    to_int,
)
from ppl_cli.ops.shape import transpose
from ppl_cli.solvers.base import Solver, jacobian, varies

FIRST_RADIUS = 100.0  # of the trusted region, relative to the guess
SMALLEST_STEP = float(np.finfo("float64").eps)


@dataclass(frozen=True)
class Root(Solver):
    """Inputs (guess [n], relative tolerance of a step, tolerance of the function, most steps, *arguments): an x [n]
    near the guess where the body's f(x, *arguments) [n] is 0; NaN if none is found."""

    name = "Root"

    def output_types(self, *inputs: TensorType) -> tuple[TensorType, ...]:
        n = inputs[0].shape
        if self.body.results[0].shape != n:
            raise TypeError(f"a system of {self.body.results[0].shape[0]} equations for {n[0]} unknowns")
        return (TensorType("float64", n),)

    def expand(self, inputs: Sequence[Variable]) -> list[Variable]:
        guess, step_tolerance, tolerance, most, *arguments = inputs
        return [_dogleg(self.body, guess, step_tolerance, tolerance, most, arguments)]

    def grad(
        self, inputs: Sequence[Variable], outputs: Sequence[Variable], gradients: Sequence[Variable]
    ) -> Sequence[Variable | None]:
        # f(x(a), a) = 0, so that dx/da = -J⁻¹ ∂f/∂a
        arguments = inputs[4:]
        unknown, *own = self.body.parameters
        x = root("x", shape=unknown.shape)
        copies = [root(v.name or "argument", v.dtype, v.shape) for v in own]
        (value,) = self.body([x, *copies])
        slopes = jacobian(value, [x])
        adjoint = solve_vector(transpose(slopes), gradients[0])
        wrt = [k for k, v in enumerate(arguments) if varies(v)]
        found = vjp([value], [copies[k] for k in wrt], [-adjoint])
        closed = Body((x, *copies), tuple(found))([outputs[0], *arguments])
        parts: list[Variable | None] = [None] * len(inputs)
        for k, g in zip(wrt, closed, strict=True):
            parts[4 + k] = g
        return parts


def find_root(body: Body, guess: Variable, controls: Sequence[Variable], arguments: Sequence[Variable]) -> Variable:
    """The root near `guess`; `controls` are the relative tolerance, that of the function, and the most steps."""
    if isinstance(guess, Constant) and not guess.shape[0]:
        return guess
    return Root(body)(guess, *controls, *arguments)


def _norm(v: Variable) -> Variable:
    return sqrt(dot(v, v))


def _step(f: Variable, slopes: Variable, radius: Variable) -> Variable:
    """The dogleg: Newton's step if it is short enough, else along the gradient and towards Newton's step."""
    newton = -solve_vector(slopes, f)
    uphill = vecmat(f, slopes)
    along = matvec(slopes, uphill)
    steepest = -uphill * (dot(uphill, uphill) / dot(along, along))
    singular = isnan(_norm(newton))
    short = steepest * switch(le(_norm(steepest), radius), 1.0, radius / _norm(steepest))
    bend = newton - steepest
    a, b, c = dot(bend, bend), dot(steepest, bend), dot(steepest, steepest) - radius * radius
    part = -c / (b + sqrt(maximum(b * b - a * c, 0.0)))  # the larger root of a s² + 2 b s + c
    bent = steepest + bend * part
    inside = switch(lt(_norm(steepest), radius), bent, short)
    return switch(singular, short, switch(le(_norm(newton), radius), newton, inside))


def _dogleg(
    body: Body,
    guess: Variable,
    step_tolerance: Variable,
    tolerance: Variable,
    most: Variable,
    arguments: Sequence[Variable],
) -> Variable:
    x, radius = root("x", shape=guess.shape), root("radius")
    leaving, index = root("leaving", "int64"), root("step", "int64")
    (f,) = body([x, *arguments])
    slopes = jacobian(f, [x])
    step = _step(f, slopes, radius)
    (ahead,) = body([x + step, *arguments])
    slope = f + matvec(slopes, step)
    before, after = dot(f, f), dot(ahead, ahead)
    gained = (before - after) / maximum(before - dot(slope, slope), 1e-300)
    better = lt(after, before)  # false for NaN
    length = _norm(step)
    wider = switch(gt(gained, 0.75), maximum(radius, 2.0 * length), radius)
    next_radius = switch(gt(gained, 0.25), wider, 0.25 * length)
    arrived = either(le(length, step_tolerance * _norm(x)), le(before, 0.0))
    stuck = both(negation(better), le(length, SMALLEST_STEP * maximum(_norm(x), SMALLEST_STEP)))
    widest = FIRST_RADIUS * maximum(_norm(guess), 1.0)
    found = make_loop(
        index, [leaving, x, radius],
        [to_int(either(arrived, stuck)), switch(better, x + step, x), next_radius],
        0, most, [constant(0), guess, widest], stops=True,
    )[1]  # fmt: skip
    (left,) = body([found, *arguments])
    return switch(le(reduce_max(absolute(left)), tolerance), found, np.nan)
