"""Laplace's approximation of models with latent normal variables: θ ~ normal(0, K), y ~ exp(f(θ)).

Rasmussen & Williams (2006), "Gaussian Processes for Machine Learning", section 3.4 and chapter 5.5; Margossian et al.
(2020), "Hamiltonian Monte Carlo using an adjoint-differentiated Laplace approximation". The latent variables are
written θ = K a, so that K is not inverted. W is minus the matrix of second derivatives of f.
"""
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce

import numpy as np

from ppl_cli.graph.basic import Constant, Variable, constant, root
from ppl_cli.graph.gradient import grad, vjp
from ppl_cli.graph.types import TensorType
from ppl_cli.ops.control import Body, make_if, make_loop
from ppl_cli.ops.indexing import gather
from ppl_cli.ops.linalg import (
    Cholesky,
    LogAbsDeterminant,
    dot,
    identity,
    matmul,
    matvec,
    solve_triangular,
    solve_vector,
)
from ppl_cli.ops.scalar_math import (
    absolute,
    add,
    detached,
    either,
    ge,
    gt,
    le,
    lt,
    maximum,
    sqrt,
    switch,
    to_int,
)
from ppl_cli.ops.shape import reshape, stack, transpose
from ppl_cli.solvers.base import MOST_UNROLLED_ROWS, Solver, jacobian, varies

ROUNDING = 1e-12  # relative: a step may lower the objective by so much
SMALLEST = 1e-10  # part of a step
LOOSEST = 1e-8  # a gradient that is this small is taken as 0 where rounding keeps it from the tolerance


@dataclass(frozen=True)
class Curvature:
    """W, which is 0 but for blocks along its diagonal: column k of all blocks is row k of `columns` [size, n]."""

    columns: Variable

    @staticmethod
    def of(slope: Variable, theta: Variable, size: int) -> Curvature:
        """Minus the derivatives of `slope` by `theta`, for the same column of all blocks by one product."""
        n = theta.shape[0]
        if size == n or size > MOST_UNROLLED_ROWS:
            return Curvature(-jacobian(slope, [theta]))
        seeds = (constant((np.arange(n) % size == k).astype(float)) for k in range(size))
        return Curvature(-stack([vjp([slope], [theta], [seed])[0] for seed in seeds]))

    def positive_diagonal(self) -> Curvature:
        """The diagonal of W, with 0 for what is negative."""
        size, n = self.columns.shape
        diagonal = gather(self.columns, constant(np.arange(n) % size), constant(np.arange(n)))
        return Curvature(reshape(maximum(diagonal, 0.0), (1, n)))

    def times(self, right: Variable) -> Variable:
        """W `right`, [n, m]."""
        size, n = self.columns.shape
        if size == n:
            return matmul(self.columns, right)
        first = np.arange(n) // size * size
        rows = (right if size == 1 else gather(right, constant(first + k)) for k in range(size))
        return reduce(add, (reshape(gather(self.columns, k), (n, 1)) * row for k, row in enumerate(rows)))

    def spread(self, covariance: Variable) -> Variable:
        """I + W K."""
        return identity(covariance.shape[0]) + self.times(covariance)


@dataclass(frozen=True)
class Mode(Solver):
    """Inputs (start [n], K [n, n], tolerance, most steps, most halvings, *arguments): the a [n] for which
    f(K a, *arguments) - a' K a / 2 is greatest; NaN if it is not found. The body's results are f(θ, *arguments), its
    gradient by θ, and the columns of its curvature.

    Newton's method; where its step leads downhill, one without the negative part of the diagonal of W and without what
    is outside of it. A step is halved until it does not lower the objective. The tolerance is that of the gradient by
    K a, relative to the gradient of f where that is above 1.
    """

    name = "Mode"

    def output_types(self, *inputs: TensorType) -> tuple[TensorType, ...]:
        n = inputs[0].shape
        if inputs[1].shape != n * 2:
            raise TypeError(f"a covariance matrix of shape {inputs[1].shape} for {n[0]} latent variables")
        return (TensorType("float64", n),)

    def expand(self, inputs: Sequence[Variable]) -> list[Variable]:
        start, covariance, tolerance, most, halvings, *arguments = inputs
        return [_climbed(self.body, start, covariance, (tolerance, most, halvings), arguments)]

    def grad(
        self, inputs: Sequence[Variable], outputs: Sequence[Variable], gradients: Sequence[Variable]
    ) -> Sequence[Variable | None]:
        # ∇f(K a) = a, so that da = (I + W K)⁻¹ d∇f(K a), where a on the right stays
        a, covariance, *given = (root(v.name or "", v.dtype, v.shape) for v in (outputs[0], inputs[1], *inputs[5:]))
        _, slope, columns = self.body([matvec(covariance, a), *given])
        g = root("gradient", shape=a.shape)
        adjoint = solve_vector(transpose(Curvature(columns).spread(covariance)), g)
        wrt = [covariance, *given]
        places = [k for k, v in enumerate((inputs[1], *inputs[5:])) if varies(v)]
        found = vjp([slope], [wrt[k] for k in places], [adjoint])
        values = Body((a, g, *wrt), tuple(found))([outputs[0], gradients[0], inputs[1], *inputs[5:]])
        parts: list[Variable | None] = [None] * len(inputs)
        for k, part in zip(places, values, strict=True):
            parts[k + 4 if k else 1] = part
        return parts


def _climbed(
    local: Body, start: Variable, covariance: Variable, controls: Sequence[Variable], arguments: Sequence[Variable]
) -> Variable:
    tolerance, most, halvings = controls
    leaving, index, a = root("leaving", "int64"), root("step", "int64"), root("a", shape=start.shape)

    def small(slope: Variable, rest: Variable, tolerance: Variable) -> Variable:
        return le(sqrt(dot(rest, rest)), tolerance * maximum(sqrt(dot(slope, slope)), 1.0))

    theta = matvec(covariance, a)
    value, slope, columns = local([theta, *arguments])
    objective = value - 0.5 * dot(a, theta)
    rest = slope - a
    step = _uphill(Curvature(columns), covariance, rest)
    along = matvec(covariance, step)

    def better(part: Variable) -> Variable:
        ahead = local([theta + part * along, *arguments])[0] - 0.5 * dot(a + part * step, theta + part * along)
        return ge(ahead, objective - ROUNDING * maximum(absolute(objective), 1.0))  # false for NaN

    arrived = small(slope, rest, tolerance)
    enough, halving, part = root("enough", "int64"), root("halving", "int64"), root("part")
    fits = better(part)
    found = make_loop(
        halving, [enough, part], [to_int(either(fits, lt(part, SMALLEST))), switch(fits, part, 0.5 * part)],
        0, halvings, [to_int(arrived), constant(1.0)], stops=True,
    )[1]  # fmt: skip
    leave = to_int(either(arrived, lt(found, SMALLEST)))
    last = make_loop(index, [leaving, a], [leave, a + found * step], 0, most, [constant(0), start], stops=True)[1]
    final = local([matvec(covariance, last), *arguments])[1]
    return switch(small(final, final - last, maximum(tolerance, LOOSEST)), last, np.nan)


def _uphill(curvature: Curvature, covariance: Variable, slope: Variable) -> Variable:
    """The step of a; `slope` is the gradient of the objective by K a."""

    newton = solve_vector(curvature.spread(covariance), slope)
    rises = gt(dot(slope, matvec(covariance, newton)), 0.0)
    safe = solve_vector(curvature.positive_diagonal().spread(covariance), slope)
    return make_if(rises, [newton], [safe], outer=[newton, curvature.columns, covariance, slope])[0]


@dataclass(frozen=True)
class Approximation:
    """The normal distribution that stands for that of θ given y."""

    local: Body
    covariance: Variable
    arguments: Sequence[Variable]
    a: Variable

    @staticmethod
    def of(
        body: Body, start: Variable, covariance: Variable, controls: Sequence[Variable], arguments: Sequence[Variable],
        size: int,
    ) -> Approximation:  # fmt: skip
        """The body is f(θ, *arguments), whose second derivatives are 0 outside of blocks of `size`. `start` is a guess
        of the mode; `controls` are the tolerance, the most steps, and the most halvings of a step."""
        theta, (value,) = body.parameters[0], body.results
        (slope,) = grad(value, [theta])
        local = Body(body.parameters, (value, slope, Curvature.of(slope, theta, size).columns))
        if not isinstance(start, Constant) or start.data.any():
            start = solve_vector(covariance, start)
        return Approximation(local, covariance, arguments, Mode(local)(start, covariance, *controls, *arguments))

    @property
    def mode(self) -> Variable:
        """The mean of θ, [n]."""
        return matvec(self.covariance, self.a)

    @property
    def _curvature(self) -> Curvature:
        return Curvature(self.local([self.mode, *self.arguments])[2])

    def log_marginal(self) -> Variable:
        """The log of the integral over θ: at the mode the objective does not change with it."""
        fixed = detached(self.a)
        mode = matvec(self.covariance, fixed)
        value = self.local([mode, *self.arguments])[0]
        return value - 0.5 * dot(fixed, mode) - 0.5 * LogAbsDeterminant()(self._curvature.spread(self.covariance))

    def draw(self, normals: Variable) -> Variable:
        """θ from standard normal numbers: its covariance is L inverse(I + L' W L) L', where K = L L'."""
        factor = Cholesky()(self.covariance)
        inner = identity(normals.shape[0]) + matmul(transpose(factor), self._curvature.times(factor))
        scaled = solve_triangular(Cholesky()(inner), reshape(normals, (*normals.shape, 1)), transposed=True)
        return self.mode + matvec(factor, reshape(scaled, normals.shape))
