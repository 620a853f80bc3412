"""Explicit Runge-Kutta methods of order 5 with error estimates of order 4.

Dormand & Prince (1980), with the interpolant of Hairer, Nørsett & Wanner (1993), "Solving Ordinary Differential
Equations I", section II.6; Cash & Karp (1990). Steps are controlled as by Boost's odeint with its default error checker
and step adjuster, so that solutions agree with Stan's far below the tolerances.
"""
from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction as F

import numpy as np

from ppl_cli.graph.basic import Variable, constant, root
from ppl_cli.ops.control import make_loop
from ppl_cli.ops.indexing import gather, set_at
from ppl_cli.ops.linalg import vecmat
from ppl_cli.ops.reduction import reduce_max
from ppl_cli.ops.scalar_math import absolute, isnan, le, lt, maximum, power, switch
from ppl_cli.ops.shape import reshape, stack
from ppl_cli.solvers.system import Step, System

FIRST_SIZE = 0.1
ORDER, ERROR_ORDER = 5, 4


@dataclass(frozen=True)
class Tableau:
    """Stage s is at t + c[s] h and x + h Σ a[s, r] k[r]; the last stage is the end of the step. h Σ e[r] k[r] is the
    error, x + h Σ b(θ)[r] k[r] the state at t + θ h, if there is a `b`."""

    a: np.ndarray
    c: np.ndarray
    e: np.ndarray
    b: Callable[[Variable], Variable] | None = None


def _tableau(
    a: Sequence[Sequence[F | int]], lower: Sequence[F | int], b: Callable[[Variable], Variable] | None = None
) -> Tableau:
    """From the rows below the first; `lower` are the weights of the solution of lower order."""
    rows = np.zeros((len(a) + 1, len(a) + 1))
    for k, row in enumerate(a, 1):
        rows[k, : len(row)] = [float(v) for v in row]
    higher = [*a[-1], *[F(0)] * (len(rows) - len(a[-1]))]
    error = np.array([float(x - y) for x, y in zip(higher, lower, strict=True)])
    return Tableau(rows, np.array([0.0, *(float(sum(map(F, row))) for row in a)]), error, b)


def _dormand_prince_between(theta: Variable) -> Variable:
    """The weights b(θ), from those at the end of the step and corrections that vanish at both ends."""
    less = theta - 1.0
    a, b = theta * theta * (3.0 - 2.0 * theta), theta * theta * less
    c, d = b * less, theta * less * less
    x1 = 5.0 * (2558722523.0 - 31403016.0 * theta) / 11282082432.0
    x3 = 100.0 * (882725551.0 - 15701508.0 * theta) / 32700410799.0
    x4 = 25.0 * (443332067.0 - 31403016.0 * theta) / 1880347072.0
    x5 = 32805.0 * (23143187.0 - 3489224.0 * theta) / 199316789632.0
    x6 = 55.0 * (29972135.0 - 7076736.0 * theta) / 822651844.0
    x7 = 10.0 * (7414447.0 - 829305.0 * theta) / 29380423.0
    return stack([
        a * (35 / 384) - c * x1 + d, constant(0.0), a * (500 / 1113) + c * x3, a * (125 / 192) - c * x4,
        a * (-2187 / 6784) + c * x5, a * (11 / 84) - c * x6, b + c * x7,
    ])  # fmt: skip


DORMAND_PRINCE = _tableau(
    [
        [F(1, 5)],
        [F(3, 40), F(9, 40)],
        [F(44, 45), F(-56, 15), F(32, 9)],
        [F(19372, 6561), F(-25360, 2187), F(64448, 6561), F(-212, 729)],
        [F(9017, 3168), F(-355, 33), F(46732, 5247), F(49, 176), F(-5103, 18656)],
        [F(35, 384), F(0), F(500, 1113), F(125, 192), F(-2187, 6784), F(11, 84)],
    ],
    [F(5179, 57600), F(0), F(7571, 16695), F(393, 640), F(-92097, 339200), F(187, 2100), F(1, 40)],
    _dormand_prince_between,
)
CASH_KARP = _tableau(
    [
        [F(1, 5)],
        [F(3, 40), F(9, 40)],
        [F(3, 10), F(-9, 10), F(6, 5)],
        [F(-11, 54), F(5, 2), F(-70, 27), F(35, 27)],
        [F(1631, 55296), F(175, 512), F(575, 13824), F(44275, 110592), F(253, 4096)],
        [F(37, 378), F(0), F(250, 621), F(125, 594), F(0), F(512, 1771)],
    ],
    [F(2825, 27648), F(0), F(18575, 48384), F(13525, 55296), F(277, 14336), F(1, 4), F(0)],
)


@dataclass(frozen=True)
class RungeKutta:
    """The stepper of a tableau. Its memory is dX/dt at the start of the step, which is the last stage of the one
    before."""

    tableau: Tableau
    system: System
    relative: Variable
    tolerance: Variable

    @property
    def interpolates(self) -> bool:
        return self.tableau.b is not None

    def begin(self) -> tuple[Variable, Sequence[Variable]]:
        return self.system.start, [self.system.start_speed]

    def first_size(self, span: Variable) -> Variable:
        return constant(FIRST_SIZE)

    def step(self, t: Variable, size: Variable, x: Variable, memory: Sequence[Variable]) -> Step:
        (speed,) = memory
        stages, end = self._stages(t, size, x, speed)
        error = size * self._weighted(constant(self.tableau.e), stages)
        scale = self.tolerance + self.relative * (absolute(x) + absolute(size * speed))
        norm = reduce_max(absolute(error / scale))

        def at(theta: Variable) -> Variable:
            return end if self.tableau.b is None else x + size * self._weighted(self.tableau.b(theta), stages)

        larger = switch(lt(norm, 0.5), 0.9 * power(maximum(norm, 5.0**-ORDER), -1 / ORDER), 1.0)
        smaller = maximum(0.9 * power(norm, -1 / (ERROR_ORDER - 1)), 0.2)
        accepted = le(norm, 1.0)
        return Step(
            accepted, end, [gather(stages, len(self.tableau.c) - 1)], size * switch(accepted, larger, smaller), at,
            failed=isnan(norm),
        )

    def _weighted(self, weights: Variable, stages: Variable) -> Variable:
        rows, n = stages.shape[1:]
        return reshape(vecmat(weights, reshape(stages, (stages.shape[0], rows * n))), (rows, n))

    def _stages(self, t: Variable, size: Variable, x: Variable, speed: Variable) -> tuple[Variable, Variable]:
        """dX/dt at all stages, and the state at the last."""
        count = len(self.tableau.c)
        stage, end = root("stage", "int64"), root("end", shape=x.shape)
        table = root("stages", shape=(count, *x.shape))
        here = x + size * self._weighted(gather(constant(self.tableau.a), stage), table)
        there = self.system.speed(t + gather(constant(self.tableau.c), stage) * size, here)
        first = set_at(constant(np.zeros(table.shape)), speed, 0)
        found = make_loop(stage, [table, end], [set_at(table, there, stage), here], 1, count, [first, x])
        return found[0], found[1]
