"""Generalized hypergeometric functions pFq(a; b; z) as elementwise operations of (*a, *b, z).

Their values are SciPy's where it has them, else and for the derivatives by a and b sums of the series.
"""
from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np

from ppl_cli.graph.basic import Variable
from ppl_cli.ops import scalar_routines as routines
from ppl_cli.ops.elementwise import ElementwiseFunction, elementwise
from ppl_cli.ops.scalar_math import _CYTHON, _special, log1p, lt, power, switch

Slopes = Callable[..., list[Variable]]
SCIPY = {(0, 1): "hyp0f1", (1, 1): "hyp1f1", (2, 1): "hyp2f1"}


@cache
def hypergeometric(p: int, q: int) -> ElementwiseFunction:
    """The function of p upper and q lower parameters."""
    name = f"hypergeometric_{p}F{q}"
    if (p, q) in SCIPY:
        routine = SCIPY[p, q]
        return elementwise(name, p + q + 1, _special(routine), _pullback(p, q), "", "", external=_CYTHON + routine)
    return _series(name, p, q, -1, _pullback(p, q))


@cache
def _slope(p: int, q: int, by: int) -> ElementwiseFunction:
    """The derivative by the parameter at the position `by`."""
    return _series(f"hypergeometric_{p}F{q}_by_{by}", p, q, by, _refuse)


def _refuse(*_: Variable) -> list[Variable]:
    raise NotImplementedError("second derivatives of hypergeometric functions by their parameters")


def _series(name: str, p: int, q: int, by: int, pullback: Any) -> ElementwiseFunction:
    numbers = [f"{{{k}}}" for k in range(p + q + 1)]
    c = f"hypergeometric({p}, {q}, (double[]){{{{{', '.join(numbers)}}}}}, {by})"
    numba = f"hypergeometric({p}, {q}, ({''.join(f'float({x}), ' for x in numbers)}), {by})"
    numpy = np.vectorize(lambda *x: routines.hypergeometric(p, q, x, by), otypes=[float])
    return elementwise(name, p + q + 1, numpy, pullback, c, numba)


def _pullback(p: int, q: int) -> Callable[..., list[Variable]]:
    slopes = _slopes_2f1 if (p, q) == (2, 1) else _slopes

    def pullback(g: Variable, y: Variable, *x: Variable) -> list[Variable]:
        a, b, z = x[:p], x[p:-1], x[-1]
        next_one = hypergeometric(p, q)(*(v + 1.0 for v in (*a, *b)), z)
        by_z = math.prod(a, start=next_one) / math.prod(b, start=1.0)
        return [g * slope for slope in (*slopes(y, a, b, z), by_z)]

    return pullback


def _slopes(y: Variable, a: tuple[Variable, ...], b: tuple[Variable, ...], z: Variable) -> list[Variable]:
    return [_slope(len(a), len(b), k)(*a, *b, z) for k in range(len(a) + len(b))]


def _slopes_2f1(y: Variable, a: tuple[Variable, ...], b: tuple[Variable, ...], z: Variable) -> list[Variable]:
    """For z < 0 by Pfaff's transformation to (1 - z)^-a2 2F1(b - a1, a2; b; z / (z - 1)), whose series converges."""
    negative = lt(z, 0.0)
    first = switch(negative, b[0] - a[0], a[0])
    moved = switch(negative, z / (z - 1.0), z)
    factor = switch(negative, power(1.0 - z, -a[1]), 1.0)
    by_first, by_second, by_lower = (factor * s for s in _slopes(y, (first, a[1]), b, moved))
    return [
        switch(negative, -by_first, by_first),
        by_second - switch(negative, y * log1p(-z), 0.0),
        switch(negative, by_lower + by_first, by_lower),
    ]
