"""Systems of differential equations: the operation, its gradient by forward sensitivities, the march over time.

The state is a matrix: row 0 is y, the others are the derivatives of y with respect to the inputs that are `sensitive`.
The error of all rows is controlled, as in Stan's coupled systems.
"""
from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from math import prod

import numpy as np

from ppl_cli.graph.basic import Apply, Constant, Variable, constant, root
from ppl_cli.graph.traversal import map_graph
from ppl_cli.graph.types import TensorType
from ppl_cli.ops.control import Body, InnerGraphOp, make_loop, make_table
from ppl_cli.ops.indexing import gather, set_at, take_slice
from ppl_cli.ops.reduction import reduce_min, reduce_sum, sum_to
from ppl_cli.ops.scalar_math import absolute as absolute_value
from ppl_cli.ops.scalar_math import add, both, either, eq, ge, gt, int_div, le, maximum, mod, negation, switch, to_int
from ppl_cli.ops.shape import reshape
from ppl_cli.solvers.base import Solver, varies
from ppl_cli.solvers.explicit import CASH_KARP, DORMAND_PRINCE, RungeKutta
from ppl_cli.solvers.implicit import Radau
from ppl_cli.solvers.system import FIRST_ARGUMENT, Stepper, System

METHODS: dict[str, Callable[..., Stepper]] = {
    "rk45": partial(RungeKutta, DORMAND_PRINCE),
    "adams": partial(RungeKutta, DORMAND_PRINCE),
    "ckrk": partial(RungeKutta, CASH_KARP),
    "bdf": Radau,
    "dae": Radau,
}
DAE = "dae"
EPSILON = float(np.finfo("float64").eps)
SOLVED, LOST = 1, 2  # how a march ends


@dataclass(frozen=True)
class Differential(Solver):
    """Inputs (y0 [n], y0' [n], t0, times [m], relative and absolute tolerance, most steps from time to time,
    *arguments).

    The body is y' = f(t, y, *arguments), or, if `method` is "dae", the residual r(t, y, y', *arguments); y0' matters
    only then. Outputs: y at the times [m, n], and its derivatives with respect to the elements of the `sensitive`
    inputs [m, p, n]; all NaN if the solution could not be found. All inputs and outputs may have `batch` axes in front,
    of size 1 where an input is the same for all.
    """

    method: str
    sensitive: tuple[int, ...] = ()
    batch: int = 0
    name = "Differential"

    def output_types(self, *inputs: TensorType) -> tuple[TensorType, ...]:
        n, m = inputs[0].shape[-1], inputs[3].shape[-1]
        if self.body.results[0].shape != (n,):
            raise TypeError(f"the system returns {self.body.results[0].shape[0]} derivatives of {n} states")
        p = sum(prod(inputs[k].shape[self.batch :]) for k in self.sensitive)
        lead = self.lead(inputs)
        return TensorType("float64", (*lead, m, n)), TensorType("float64", (*lead, m, p, n))

    def lead(self, inputs: Sequence[TensorType] | Sequence[Variable]) -> tuple[int, ...]:
        """The sizes of the batch axes."""
        return np.broadcast_shapes(*(v.shape[: self.batch] for v in inputs))

    def expand(self, inputs: Sequence[Variable]) -> list[Variable]:
        if self.batch:
            return self._one_by_one(inputs)
        found = march(self, inputs)
        m, rows, n = found.shape
        return [reshape(_rows(found, 0, 1), (m, n)), _rows(found, 1, rows)]

    def _one_by_one(self, inputs: Sequence[Variable]) -> list[Variable]:
        """A loop over the batch."""
        lead = self.lead(inputs)
        index, left, coordinates = root("system", "int64"), prod(lead), []
        for size in lead:
            left //= max(size, 1)
            coordinates.append(mod(int_div(index, left), size))
        single = [
            gather(v, *(0 if size == 1 else c for c, size in zip(coordinates, v.shape, strict=False))) for v in inputs
        ]
        found = make_table(index, replace(self, batch=0).expand(single), prod(lead))
        return [reshape(v, (*lead, *v.shape[1:])) for v in found]

    def grad(
        self, inputs: Sequence[Variable], outputs: Sequence[Variable], gradients: Sequence[Variable]
    ) -> Sequence[Variable | None]:
        if not (isinstance(gradients[1], Constant) and not gradients[1].data.any()):
            raise NotImplementedError("second derivatives of the solution of differential equations")
        wanted = self.varying(inputs)
        if self.sensitive != wanted:
            outputs = replace(self, sensitive=wanted).apply(*inputs).outputs
        y, slopes = outputs
        g = gradients[0]
        parts: list[Variable | None] = [None] * len(inputs)
        (*lead, m, n), place = y.shape, 0
        for k in wanted:
            own = inputs[k].shape[self.batch :]
            piece = _rows(slopes, place, place + prod(own))
            by_element = reduce_sum(piece * reshape(g, (*lead, m, 1, n)), (-3, -1))
            parts[k] = sum_to(reshape(by_element, (*lead, *own)), inputs[k].shape)
            place += prod(own)
        if self.batch and (varies(inputs[2]) or varies(inputs[3])):
            raise NotImplementedError("times that depend on parameters of several systems at once")
        if varies(inputs[3]):
            parts[3] = reduce_sum(g * self.speeds(inputs, y), -1)
        if varies(inputs[2]):
            assert parts[0] is not None
            start = self.body([inputs[2], inputs[0], *inputs[FIRST_ARGUMENT:]])[0]
            parts[2] = -reduce_sum(start * parts[0])
        return [part if part is None or varies(v) else None for part, v in zip(parts, inputs, strict=True)]

    def varying(self, inputs: Sequence[Variable]) -> tuple[int, ...]:
        """The inputs with respect to which derivatives of the solution are needed."""
        starts = (0, 1) if self.method == DAE else (0,)
        found = [k for k in (*starts, *range(FIRST_ARGUMENT, len(inputs))) if varies(inputs[k])]
        return tuple(found) if 0 in found or not varies(inputs[2]) else (0, *found)

    def speeds(self, inputs: Sequence[Variable], y: Variable) -> Variable:
        """y' at the times, [m, n]."""
        if self.method == DAE:
            raise NotImplementedError("times that depend on parameters in `dae`")
        index = root("time", "int64")
        speed = self.body([gather(inputs[3], index), gather(y, index), *inputs[FIRST_ARGUMENT:]])[0]
        return make_table(index, [speed], y.shape[0])[0]


def _rows(v: Variable, start: int, stop: int) -> Variable:
    """v[..., start:stop, :]."""
    return take_slice(v, start, stop, axis=v.ndim - 2)


def solve_differential(
    body: Body, method: str, start: Sequence[Variable], times: Variable, controls: Sequence[Variable],
    arguments: Sequence[Variable],
) -> Variable:
    """y at the `times`, [m, n]. `start` is (y0, y0', t0), `controls` the tolerances (relative, absolute) and most
    steps."""
    return Differential(body, method).apply(*start, times, *controls, *arguments).outputs[0]


def with_sensitivities(outputs: Sequence[Variable]) -> list[Variable]:
    """Every solution together with the derivatives that a gradient needs, so that one march yields both."""
    return map_graph(outputs, _with_sensitivities)


def _with_sensitivities(node: Apply, inputs: Sequence[Variable]) -> Sequence[Variable]:
    op = node.op
    if isinstance(op, InnerGraphOp):
        op = op.map_results(with_sensitivities)
    if isinstance(op, Differential) and not op.sensitive and (wanted := op.varying(inputs)):
        y, _ = replace(op, sensitive=wanted).apply(*inputs).outputs
        return [y, node.outputs[1]]
    return op.apply(*inputs).outputs


# ------------------------------------------------------------------------------------------- the march


def march(op: Differential, inputs: Sequence[Variable]) -> Variable:
    """The states at the times, [m, rows, n]: steps whose size the stepper chooses, until the last time is reached.

    One iteration tries one step. Times that it passes are interpolated if the stepper can; else none is passed.
    """
    t0, times, relative, absolute, most = inputs[2:7]
    m = times.shape[0]
    system = System(op.body, op.method == DAE, op.sensitive, inputs)
    stepper = METHODS[op.method](system, relative, absolute)
    x0, memory0 = stepper.begin()
    if m == 0:
        return constant(np.zeros((0, *x0.shape)))
    leaving, done, tried = root("leaving", "int64"), root("done", "int64"), root("tried", "int64")
    t, size, x, table = root("t"), root("size"), root("x", shape=x0.shape), root("table", shape=(m, *x0.shape))
    memory = [root("memory", v.dtype, v.shape) for v in memory0]

    end = gather(times, m - 1 if stepper.interpolates else done)
    trial = switch(le(t + size - end, EPSILON), size, end - t)
    step = stepper.step(t, trial, x, memory)
    now = switch(step.accepted, t + trial, t)
    shortened = both(step.accepted, negation(stepper.interpolates))
    next_size = switch(shortened, maximum(size, step.size), step.size)
    passed, filled = _fill(table, times, done, switch(step.accepted, m, done), now, lambda time: step.at(
        (time - t) / trial))
    count = switch(gt(passed, done), 0, add(tried, 1))
    lost = either(either(step.failed, ge(count, most)), le(next_size, EPSILON * absolute_value(t)))
    how = switch(ge(passed, m), SOLVED, switch(lost, LOST, 0))
    outcome = make_loop(
        root("step", "int64"), [leaving, done, tried, t, size, x, table, *memory],
        [how, passed, count, now, next_size, switch(step.accepted, step.x, x), filled,
         *(switch(step.accepted, new, old) for new, old in zip(step.memory, memory, strict=True))],
        0, 2**62, [constant(0), constant(0), constant(0), t0, stepper.first_size(gather(times, 0) - t0), x0,
                   constant(np.zeros(table.shape)), *memory0], stops=True,
    )  # fmt: skip
    valid = both(eq(outcome[0], SOLVED), gt(gather(times, 0), t0))
    if m > 1:
        valid = both(valid, ge(reduce_min(take_slice(times, 1, m) - take_slice(times, 0, m - 1)), 0.0))
    return switch(valid, outcome[6], np.nan)


def _fill(
    table: Variable, times: Variable, done: Variable, stop: Variable, now: Variable, at: Callable[[Variable], Variable]
) -> list[Variable]:
    """The states at the times from number `done` to before `stop` that are not after `now`: how many are done, the
    table."""
    k, leaving = root("k", "int64"), root("leaving", "int64")
    passed, filled = root("passed", "int64"), root("filled", shape=table.shape)
    time = gather(times, k)
    reached = le(time - now, EPSILON)
    row = switch(reached, at(time), gather(filled, k))
    return make_loop(
        k, [leaving, passed, filled], [to_int(negation(reached)), add(passed, to_int(reached)), set_at(filled, row, k)],
        done, stop, [constant(0), done, table], stops=True,
    )[1:]  # fmt: skip
