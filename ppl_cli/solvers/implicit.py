"""Radau IIA, the implicit Runge-Kutta method of order 5 for stiff and differential-algebraic systems r(t, y, y') = 0.

Hairer & Wanner (1996), "Solving Ordinary Differential Equations II", sections IV.8 (method, error estimate, size of
steps) and VI.1 (implicit systems). The unknowns are the derivatives at the three stages. The sensitivities of the
stages solve the linear system of Newton's method for other right sides, so they are exact derivatives of the step.
"""
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ppl_cli.graph.basic import Variable, constant, root
from ppl_cli.ops.control import make_loop, make_table
from ppl_cli.ops.indexing import gather, take_slice
from ppl_cli.ops.linalg import Solve, matmul
from ppl_cli.ops.reduction import reduce_max
from ppl_cli.ops.scalar_math import absolute, both, eq, le, lt, maximum, minimum, power, switch
from ppl_cli.ops.shape import broadcast_to, join, reshape, stack, transpose
from ppl_cli.solvers.system import Step, System

_R = 6.0**0.5
A = np.array([
    [(88 - 7 * _R) / 360, (296 - 169 * _R) / 1800, (-2 + 3 * _R) / 225],
    [(296 + 169 * _R) / 1800, (88 + 7 * _R) / 360, (-2 - 3 * _R) / 225],
    [(16 - _R) / 36, (16 + _R) / 36, 1 / 9],
])  # fmt: skip
C = np.array([(4 - _R) / 10, (4 + _R) / 10, 1.0])
GAMMA = 1 / (3 + 3 ** (2 / 3) - 3 ** (1 / 3))  # the real eigenvalue of A
E = np.array([-13 - 7 * _R, -13 + 7 * _R, -1.0]) / 3

MOST_ITERATIONS = 8
CLOSE_ENOUGH = 1e-3  # the last correction of Newton's method, as a part of the tolerance
SMALLEST, LARGEST, SAFETY, ORDER = 0.2, 8.0, 0.9, 4


@dataclass(frozen=True)
class Radau:
    """The stepper. Its memory is dX/dt at the stages of the step before, [3, rows, n], and the size of that step."""

    system: System
    relative: Variable
    tolerance: Variable
    interpolates = False

    def begin(self) -> tuple[Variable, Sequence[Variable]]:
        x, speed = self.system.start, self.system.start_speed
        return x, [broadcast_to(reshape(speed, (1, *x.shape)), (3, *x.shape)), constant(1.0)]

    def first_size(self, span: Variable) -> Variable:
        """Such that an Euler step changes little (Hairer, Nørsett & Wanner (1993), section II.4)."""
        x, speed = self.system.start, self.system.start_speed
        scale = self.tolerance + self.relative * absolute(x)
        state, change = reduce_max(absolute(x / scale)), reduce_max(absolute(speed / scale))
        plain = both(lt(1e-5, state), lt(1e-5, change))
        return minimum(switch(plain, 0.01 * state / change, 1e-6), span)

    def step(self, t: Variable, size: Variable, x: Variable, memory: Sequence[Variable]) -> Step:
        before, size_before = memory
        y = gather(x, 0)
        guess = _extrapolated(_column(before), size / size_before)
        speeds, converged = self._newton(t, size, y, guess)
        values, by_state, by_speed, direct = self._at_stages(t, size, y, speeds)
        stages = self._with_sensitivities(size, x, speeds, by_state, by_speed, direct)
        increments = size * _combined(constant(A), stages)
        end = x + gather(increments, 2)
        raw = size * gather(before, 2) + reshape(_combined(constant(E[None, :]), increments), x.shape)
        error = _filtered(size, raw, gather(by_state, 2), gather(by_speed, 2))
        scale = self.tolerance + self.relative * maximum(absolute(x), absolute(end))
        norm = reduce_max(absolute(error / scale))
        accepted = both(converged, le(norm, 1.0))
        factor = minimum(maximum(SAFETY * power(maximum(norm, 1e-10), -1 / ORDER), SMALLEST), LARGEST)
        return Step(
            accepted, end, [stages, size], size * switch(converged, switch(le(norm, 0.0), LARGEST, factor), 0.5),
            at=lambda theta: end, failed=constant(False),
        )

    def _at_stages(self, t: Variable, size: Variable, y: Variable, speeds: Variable) -> list[Variable]:
        """The residuals [3, n] at stages with the derivatives `speeds` [3, n], and their Jacobians."""
        n = self.system.n
        stage = root("stage", "int64")
        states = broadcast_to(reshape(y, (1, n)), (3, n)) + size * matmul(constant(A), speeds)
        parts = self.system.residual(
            t + gather(constant(C), stage) * size, gather(states, stage), gather(speeds, stage)
        )
        return make_table(stage, parts, 3)

    def _newton(self, t: Variable, size: Variable, y: Variable, guess: Variable) -> tuple[Variable, Variable]:
        """The derivatives at the stages, [3, n], and whether they were found."""
        n = self.system.n
        leaving, speeds, iteration = root("leaving", "int64"), root("speeds", shape=(3, n)), root("iteration", "int64")
        values, by_state, by_speed, _ = self._at_stages(t, size, y, speeds)
        change = reshape(Solve()(_matrix(size, by_state, by_speed), reshape(values, (3 * n, 1))), (3, n))
        scale = self.tolerance + self.relative * absolute(y)
        norm = reduce_max(absolute(size * change / scale))
        how = switch(le(norm, CLOSE_ENOUGH), 1, switch(lt(norm, 1e100), 0, 2))
        found = make_loop(
            iteration, [leaving, speeds], [how, speeds - change], 0, MOST_ITERATIONS, [constant(0), guess], stops=True)
        return found[1], eq(found[0], 1)

    def _with_sensitivities(
        self, size: Variable, x: Variable, speeds: Variable, by_state: Variable, by_speed: Variable, direct: Variable
    ) -> Variable:
        """The derivatives of all rows at the stages, [3, rows, n]."""
        n, p = self.system.n, x.shape[0] - 1
        first = reshape(speeds, (3, 1, n))
        if not p:
            return first
        below = broadcast_to(reshape(take_slice(x, 1, p + 1), (1, p, n)), (3, p, n))
        right = matmul(below, transpose(by_state, (0, 2, 1))) + direct
        columns = reshape(transpose(right, (0, 2, 1)), (3 * n, p))
        found = reshape(Solve()(_matrix(size, by_state, by_speed), -columns), (3, n, p))
        return join([first, transpose(found, (0, 2, 1))], 1)


def _column(stages: Variable) -> Variable:
    """The derivatives of y alone, [3, n]."""
    return reshape(take_slice(stages, 0, 1, axis=1), (3, stages.shape[2]))


def _combined(weights: Variable, stages: Variable) -> Variable:
    """Sums of stages [3, rows, n] with each row of the weights [k, 3]."""
    rows, n = stages.shape[1:]
    return reshape(matmul(weights, reshape(stages, (3, rows * n))), (weights.shape[0], rows, n))


def _matrix(size: Variable, by_state: Variable, by_speed: Variable) -> Variable:
    """Newton's matrix: the derivative of the residual at stage i by the speed at stage j, [3 n, 3 n]."""
    n = by_state.shape[-1]
    wide = (3, n, 3, n)
    state, speed = (broadcast_to(reshape(v, (3, n, 1, n)), wide) for v in (by_state, by_speed))
    own, others = constant(np.eye(3).reshape(3, 1, 3, 1)), constant(A.reshape(3, 1, 3, 1))
    return reshape(speed * own + size * (state * others), (3 * n, 3 * n))


def _filtered(size: Variable, raw: Variable, by_state: Variable, by_speed: Variable) -> Variable:
    """The error with the stiff components damped, (r_y' + γ h r_y)⁻¹ r_y' γ err."""
    right = matmul(by_speed, transpose(raw))
    return transpose(Solve()(by_speed + (GAMMA * size) * by_state, GAMMA * right))


def _extrapolated(speeds: Variable, ratio: Variable) -> Variable:
    """The polynomial through the derivatives at the stages of one step, at the stages of the next, `ratio` times as
    long."""
    rows = []
    for c in C:
        place = 1.0 + ratio * float(c)
        rows.append(stack([
            _product([(place - float(C[k])) / float(C[j] - C[k]) for k in range(3) if k != j]) for j in range(3)
        ]))
    return matmul(stack(rows), speeds)


def _product(factors: Sequence[Variable]) -> Variable:
    first, second = factors
    return first * second
