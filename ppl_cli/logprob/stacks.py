"""Random values put together and moved about: joined, stacked, reshaped, transposed.

What is the density of parts with laws of their own? The product over the parts, which must be random and share no draw.
Moving elements changes no volume. Independent elements keep a number each; joint laws are summed over the whole.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from ppl_cli.graph.basic import Op, Variable
from ppl_cli.logprob.base import (
    NotDerivable,
    check_parts,
    log_cumulative,
    log_survival,
    logccdf,
    logcdf,
    logp,
    logprob,
    summed,
)
from ppl_cli.ops.indexing import take_slice
from ppl_cli.ops.shape import BroadcastTo, Join, Reshape, Transpose, broadcast_to, join, reshape, transpose

Measure = Callable[[Variable, Variable], Variable]  # (rv, value) -> logp, logcdf or logccdf


def _joined(measure: Measure, op: Join, inputs: Sequence[Variable], value: Variable) -> Variable:
    check_parts(inputs, op.name)
    pieces, start = [], 0
    for part in inputs:
        stop = start + part.shape[op.axis]
        pieces.append(take_slice(value, start, stop, op.axis))
        start = stop
    found = [measure(part, piece) for part, piece in zip(inputs, pieces, strict=True)]
    if all(f.ndim == value.ndim for f in found):
        return join([broadcast_to(f, p.shape) for f, p in zip(found, pieces, strict=True)], op.axis)
    ndim = min(value.ndim + op.axis, *(f.ndim for f in found))
    first, *rest = (summed(f, p, ndim) for f, p in zip(found, pieces, strict=True))
    return sum(rest, start=first)


def _reshaped(measure: Measure, op: Reshape, inputs: Sequence[Variable], value: Variable) -> Variable:
    (rv,) = inputs
    copies = value.shape[: value.ndim - len(op.shape)]
    inner = reshape(value, copies + rv.shape)
    found = measure(rv, inner)
    if found.ndim == inner.ndim:
        return reshape(broadcast_to(found, inner.shape), value.shape)
    same = len(copies) + _common(rv.shape, op.shape)
    return summed(found, inner, min(found.ndim, same))


def _common(a: Sequence[int], b: Sequence[int]) -> int:
    """The number of leading elements in which two sequences agree."""
    return next((k for k, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b)))


def _transposed(measure: Measure, op: Transpose, inputs: Sequence[Variable], value: Variable) -> Variable:
    copies = value.ndim - len(op.axes)
    axes = (*range(copies), *(copies + a for a in op.axes))
    inner = transpose(value, tuple(int(k) for k in np.argsort(axes)))
    found = measure(inputs[0], inner)
    if found.ndim == inner.ndim:
        return transpose(broadcast_to(found, inner.shape), axes)
    return summed(found, inner, min(found.ndim, _common(axes, range(len(axes)))))


def _repeated(measure: Measure, op: BroadcastTo, inputs: Sequence[Variable], value: Variable) -> Variable:
    if inputs[0].type.size != int(np.prod(op.shape)):
        raise NotDerivable(f"`{op.name}` makes several elements of one random value")
    return _reshaped(measure, Reshape(op.shape), inputs, value)


def _register(kind: type[Op], rule: Callable[[Measure, Op, Sequence[Variable], Variable], Variable]) -> None:
    """The same rule moves densities and distribution functions, which may be asked for at one bound for all."""

    def elementwise(measure: Measure) -> Callable[[Op, Sequence[Variable], Variable], Variable]:
        def at(op: Op, inputs: Sequence[Variable], value: Variable) -> Variable:
            shape = op.output_types(*(v.type for v in inputs))[0].shape
            return rule(measure, op, inputs, broadcast_to(value, np.broadcast_shapes(shape, value.shape)))

        return at

    logprob.register(kind, lambda op, inputs, value: rule(logp, op, inputs, value))
    log_cumulative.register(kind, elementwise(logcdf))
    log_survival.register(kind, elementwise(logccdf))


_register(Join, _joined)  # type: ignore[arg-type]
_register(Reshape, _reshaped)  # type: ignore[arg-type]
_register(Transpose, _transposed)  # type: ignore[arg-type]
_register(BroadcastTo, _repeated)  # type: ignore[arg-type]
