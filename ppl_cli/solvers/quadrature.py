"""Integrals over an interval by double-exponential quadrature: the trapezoidal rule after a change of variable.

Takahasi & Mori (1974), "Double exponential formulas for numerical integration". An interval around zero is split there,
as Stan does. The gradient is by Leibniz's rule: another integral.
"""
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from ppl_cli.graph.basic import Variable, constant, root
from ppl_cli.graph.gradient import vjp
from ppl_cli.graph.types import TensorType
from ppl_cli.ops.control import Body, make_loop
from ppl_cli.ops.indexing import gather
from ppl_cli.ops.reduction import reduce_max, reduce_sum
from ppl_cli.ops.scalar_math import (
    absolute,
    add,
    both,
    cosh,
    either,
    eq,
    exp,
    ge,
    gt,
    isinf,
    le,
    lt,
    mul,
    negation,
    sinh,
    switch,
    to_int,
)
from ppl_cli.ops.shape import join, reshape, stack
from ppl_cli.solvers.base import Solver, varies

HALF_WIDTH = 6  # nodes are at -6 … 6; there the weights are of the order of 1e-275
TAIL = 3.0  # beyond, a value that is not finite counts as 0: its weight is below 1e-12 of the largest
FIRST_LEVEL, LAST_LEVEL = 3, 12  # the spacing of nodes is 2^-level


@dataclass(frozen=True)
class Integral(Solver):
    """Inputs (a, b, relative tolerance, *arguments): the integral from a to b, which may be infinite, of the body's
    f(x, xc, *arguments), a number or a vector; xc is the distance of x to the nearer end, negative at a, NaN if an end
    is infinite. NaN if the tolerance, relative to the integral of |f|, cannot be reached."""

    name = "Integral"

    def output_types(self, *inputs: TensorType) -> tuple[TensorType, ...]:
        return (self.body.results[0].type,)

    def expand(self, inputs: Sequence[Variable]) -> list[Variable]:
        a, b, tolerance, *arguments = inputs
        return [_integral(self.body, a, b, tolerance, arguments)]

    def grad(
        self, inputs: Sequence[Variable], outputs: Sequence[Variable], gradients: Sequence[Variable]
    ) -> Sequence[Variable | None]:
        a, b, tolerance, *arguments = inputs
        (g,) = gradients
        parts: list[Variable | None] = [None] * len(inputs)
        own = self.body.parameters
        wrt = [k for k, v in enumerate(arguments) if varies(v)]
        if wrt:
            seed = root("seed", g.dtype, g.shape)
            slopes = vjp(self.body.results, [own[2 + k] for k in wrt], [seed])
            flat = join([reshape(v, (v.type.size,)) for v in slopes])
            found = replace(self, body=Body((*own, seed), (flat,)))(a, b, tolerance, *arguments, g)
            place = 0
            for k in wrt:
                size = arguments[k].type.size
                at = constant(np.arange(place, place + size))
                parts[3 + k] = reshape(gather(found, at), arguments[k].shape)
                place += size
        for k, end, sign in ((0, a, -1.0), (1, b, 1.0)):
            if varies(end):
                inside = negation(isinf(end))
                there = self.body([switch(inside, end, 0.0), constant(0.0), *arguments])[0]
                parts[k] = switch(inside, sign * reduce_sum(g * there), 0.0)
        return parts


def integrate(body: Body, a: Variable, b: Variable, tolerance: Variable, arguments: Sequence[Variable]) -> Variable:
    """The integral of the body's f(x, xc, *arguments) over x from a to b."""
    return Integral(body)(a, b, tolerance, *arguments)


def _node(t: Variable, low: Variable, high: Variable) -> tuple[Variable, Variable, Variable]:
    """Node and weight for `t`, and the distance to the nearer end."""
    u = 0.5 * np.pi * sinh(t)
    finite = negation(either(isinf(low), isinf(high)))
    half = 0.5 * (high - low)
    gap = half * (2.0 / (1.0 + exp(2.0 * absolute(u))))
    left = lt(u, 0.0)
    inside = switch(left, low + gap, high - gap)
    outward = exp(u)
    outside = switch(isinf(high), low + outward, high - outward)
    weight = 0.5 * np.pi * cosh(t) * switch(finite, half / (cosh(u) * cosh(u)), outward)
    return switch(finite, inside, outside), weight, switch(finite, switch(left, -gap, gap), np.nan)


def _integral(body: Body, a: Variable, b: Variable, tolerance: Variable, arguments: Sequence[Variable]) -> Variable:
    """The sum over one piece, or the two on either side of zero."""
    shape = body.results[0].shape
    piece, total = root("piece", "int64"), root("total", shape=shape)
    around_zero = both(lt(a, 0.0), gt(b, 0.0))
    ends = stack([a, switch(around_zero, 0.0, b), b])
    part = _piece(body, gather(ends, piece), gather(ends, add(piece, 1)), tolerance, arguments)
    return make_loop(
        piece, [total], [total + part], 0, switch(around_zero, 2, 1), [constant(np.zeros(shape))])[0]


def _piece(body: Body, low: Variable, high: Variable, tolerance: Variable, arguments: Sequence[Variable]) -> Variable:
    """Level after level, each with the nodes in the middle between those before, until the sum changes no more."""
    shape = body.results[0].shape
    zero = constant(np.zeros(shape))
    leaving, level, count = root("leaving", "int64"), root("level", "int64"), root("count", "int64")
    total, size, before = root("total", shape=shape), root("size", shape=shape), root("before", shape=shape)
    spacing, first = root("spacing"), root("first")

    j, sum_, sum_size = root("j", "int64"), root("sum", shape=shape), root("sum_size", shape=shape)
    t = first + j * switch(eq(level, 0), spacing, 2.0 * spacing)
    x, weight, xc = _node(t, low, high)
    term = body([x, xc, *arguments])[0] * weight
    lost = both(gt(absolute(t), TAIL), negation(lt(absolute(term), np.inf)))
    term = switch(lost, 0.0, term)
    added, added_size = make_loop(
        j, [sum_, sum_size], [sum_ + term, sum_size + absolute(term)], 0, count, [total, size])

    now = spacing * added
    excess = absolute(now - before) - tolerance * (spacing * added_size)
    close = both(ge(level, FIRST_LEVEL), le(reduce_max(excess) if shape else excess, 0.0))
    outcome = make_loop(
        level, [leaving, before, total, size, spacing, count, first],
        [to_int(close), now, added, added_size, 0.5 * spacing, switch(eq(level, 0), 2 * HALF_WIDTH, mul(count, 2)),
         0.5 * spacing - float(HALF_WIDTH)],
        0, LAST_LEVEL + 1,
        [constant(0), zero, zero, zero, constant(1.0), constant(2 * HALF_WIDTH + 1), constant(-float(HALF_WIDTH))],
        stops=True,
    )  # fmt: skip
    return switch(eq(outcome[0], 1), outcome[1], np.nan)
