"""Elements of random vectors: what is the law of x[i], x[2:5] or reverse(x)?

Of independent elements it is that of those that are taken: `selected` moves the indexing inwards, to the parameters of
what is drawn. Of a joint law all elements may be taken, in another order; of normal vectors some of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import singledispatch
from math import prod

import numpy as np

from ppl_cli.graph.basic import Op, Variable, constant
from ppl_cli.graph.traversal import toposort
from ppl_cli.logprob.base import (
    NotDerivable,
    is_random,
    known,
    log_cumulative,
    log_survival,
    logccdf,
    logcdf,
    logp,
    logprob,
    only_random,
)
from ppl_cli.logprob.linear import chosen, normal_law
from ppl_cli.logprob.mixture import cumulative_by_index, density_by_index, survival_by_index
from ppl_cli.ops.elementwise import Elementwise
from ppl_cli.ops.indexing import Gather, gather
from ppl_cli.ops.linalg import MatMul
from ppl_cli.ops.random import RandomVariable, Truncated
from ppl_cli.ops.reduction import CumulativeSum
from ppl_cli.ops.shape import BroadcastTo, Join, Reshape, Transpose, broadcast_to, join, reshape, transpose


@logprob.register
def _density(op: Gather, inputs: Sequence[Variable], value: Variable) -> Variable:
    x, *indices = inputs
    if any(map(is_random, indices)):
        return density_by_index(op, inputs, value)
    order = _permutation(x, indices)
    if order is not None:
        return _reordered(x, order, value)
    return logp(elements(x, indices), value)


@log_cumulative.register
def _cumulative(op: Gather, inputs: Sequence[Variable], value: Variable) -> Variable:
    x, *indices = inputs
    if any(map(is_random, indices)):
        return cumulative_by_index(op, inputs, value)
    return logcdf(elements(x, indices), value)


@log_survival.register
def _survival(op: Gather, inputs: Sequence[Variable], value: Variable) -> Variable:
    x, *indices = inputs
    if any(map(is_random, indices)):
        return survival_by_index(op, inputs, value)
    return logccdf(elements(x, indices), value)


def elements(x: Variable, indices: Sequence[Variable]) -> Variable:
    """x[indices] as an expression of the draws that are needed, each of them used once."""
    if not is_random(x) or x.owner is None:
        raise NotDerivable("an element that is chosen is not random, a point mass")
    shape = x.shape[: len(indices)]
    found = [known(i) for i in indices]
    for index, size in zip(found, shape, strict=True):
        if index is not None and index.size and (index.min() < 0 or index.max() >= size):
            bad = int(index.min() if index.min() < 0 else index.max()) + 1
            raise NotDerivable(f"index {bad} is out of range: the size is {size}")
    count = prod(np.broadcast_shapes(*(i.shape for i in indices)))
    if count > 1:
        if any(index is None for index in found):
            raise NotDerivable("which elements of a random vector are chosen is not known")
        flat = np.ravel_multi_index(np.broadcast_arrays(*found), shape)  # type: ignore[arg-type]
        if np.unique(flat).size < count:
            raise NotDerivable("an element of a random vector is chosen twice")
    plain = [i if index is None else constant(index) for i, index in zip(indices, found, strict=True)]
    return selected(x.owner.op, x.inputs, plain)


def _permutation(x: Variable, indices: Sequence[Variable]) -> np.ndarray | None:
    """The order in which one index takes all elements along the first axis, if it does."""
    order = known(indices[0]) if len(indices) == 1 and indices[0].ndim == 1 else None
    return order if order is not None and np.array_equal(np.sort(order, None), np.arange(x.shape[0])) else None


def _reordered(x: Variable, order: np.ndarray, value: Variable) -> Variable:
    """The density of the same elements in another order."""
    axis = value.ndim - x.ndim
    found = logp(x, _taken(value, np.argsort(order), axis))
    return _taken(found, order, axis) if found.ndim > axis else found


def _taken(v: Variable, order: np.ndarray, axis: int) -> Variable:
    """The elements of `v` in this order along an axis."""
    axes = (axis, *(k for k in range(v.ndim) if k != axis))
    return transpose(gather(transpose(v, axes), constant(order)), tuple(int(k) for k in np.argsort(axes)))


# ---------------------------------------------------------------------------------- indexing moved inwards


@singledispatch
def selected(op: Op, inputs: Sequence[Variable], indices: Sequence[Variable]) -> Variable:
    """The random expression that has the law of `op(inputs)[indices]`, without the elements that are not taken."""
    raise NotDerivable(f"the density of some elements of `{op}` of random values is not known")


@selected.register
def _of_draws(op: RandomVariable, inputs: Sequence[Variable], indices: Sequence[Variable]) -> Variable:
    """Independent draws: the parameters of those that are taken."""
    token, *parameters = inputs
    if len(indices) > len(op.batch):
        return _of_normal_vectors(op, inputs, indices)
    lead = np.broadcast_shapes(*(i.shape for i in indices))
    taken = []
    for p, event in zip(parameters, op.law.event_ndims, strict=True):
        batched = p.ndim > event
        full = broadcast_to(p, op.batch + p.shape[p.ndim - event :]) if batched else p
        taken.append(gather(full, *indices) if batched else p)
    return RandomVariable(op.law, lead + op.batch[len(indices) :], op.event)(token, *taken)


@selected.register
def _of_products(op: MatMul, inputs: Sequence[Variable], indices: Sequence[Variable]) -> Variable:
    """(A x)[i] is A[i] x."""
    a, x = inputs
    if only_random(inputs, "*") == 0:
        a, x, indices = transpose(x), transpose(a), _complete(indices, (a.shape[-2], x.shape[-1]))[::-1]
    if a.ndim != 2 or x.shape[1:] != (1,):
        raise NotDerivable("the density of some elements of a product of matrices is not known")
    shape = np.broadcast_shapes(*(i.shape for i in indices))
    rows = reshape(broadcast_to(indices[0], shape), (prod(shape),))
    return reshape(op(gather(a, rows), x), shape if len(indices) == 2 else (*shape, 1))


@selected.register(CumulativeSum)
def _of_normal_vectors(op: Op, inputs: Sequence[Variable], indices: Sequence[Variable]) -> Variable:
    """Elements that depend on each other, which is known of linear functions of normal values."""
    x = op(*inputs)
    drawn = next(node for node in toposort([x]) if isinstance(node.op, RandomVariable))
    (index, *more) = indices
    if x.ndim != 1 or more or index.ndim > 1:
        raise NotDerivable(f"the density of some elements of `{op}` of random values is not known")
    return chosen(normal_law(x), drawn.inputs[0], index)


@selected.register(Elementwise)
@selected.register(Truncated)
def _of_functions(op: Elementwise | Truncated, inputs: Sequence[Variable], indices: Sequence[Variable]) -> Variable:
    """x[i] + y[i] for (x + y)[i]; what is one number for all elements stays."""
    shape = np.broadcast_shapes(*(v.shape for v in inputs))
    return op(*(gather(broadcast_to(v, shape), *indices) if v.type.size > 1 else v for v in inputs))


@selected.register
def _of_parts(op: Join, inputs: Sequence[Variable], indices: Sequence[Variable]) -> Variable:
    """The elements of each part that are taken; where the index is a vector, parts in turn."""
    axis = op.axis + inputs[0].ndim
    if axis >= len(indices):
        return op(*(gather(v, *indices) for v in inputs))
    at = known(indices[axis])
    if at is None:
        raise NotDerivable("which part of a random vector is chosen is not known")
    starts = np.cumsum([0, *(v.shape[op.axis] for v in inputs)])
    part = np.searchsorted(starts, at, "right") - 1
    if (part == part.flat[0]).all():
        k = int(part.flat[0])
        return gather(inputs[k], *indices[:axis], constant(at - starts[k]), *indices[axis + 1 :])
    shape = np.broadcast_shapes(*(i.shape for i in indices))
    if shape != at.shape or at.ndim != 1:
        raise NotDerivable("the density of some elements of several joined parts is not known")
    pieces = []
    for run in np.split(np.arange(at.size), np.flatnonzero(np.diff(part)) + 1):
        k = int(part[run[0]])
        places = [gather(broadcast_to(i, shape), constant(run)) for i in indices]
        places[axis] = constant(at[run] - starts[k])
        pieces.append(gather(inputs[k], *places))
    return join(pieces, 0)


@selected.register(Reshape)
@selected.register(BroadcastTo)
def _of_reshaped(op: Reshape | BroadcastTo, inputs: Sequence[Variable], indices: Sequence[Variable]) -> Variable:
    """The same elements by their row-major numbers; last axes that stay as they are are not indexed."""
    (x,) = inputs
    if x.type.size != prod(op.shape):
        raise NotDerivable(f"`{op.name}` makes several elements of one random value")
    if op.shape == (1, *x.shape) and len(indices) > 1:  # a part of a stack
        return gather(x, *indices[1:])
    kept = min(len(op.shape) - len(indices), _common_end(op.shape, x.shape))
    lead, inner = op.shape[: len(op.shape) - kept], x.shape[: x.ndim - kept]
    found = [known(i) for i in _complete(indices, lead)]
    if any(index is None for index in found):
        raise NotDerivable("which elements of a random vector are chosen is not known")
    flat = np.ravel_multi_index(np.broadcast_arrays(*found), lead)  # type: ignore[arg-type]
    return gather(x, *map(constant, np.unravel_index(flat, inner))) if inner else reshape(x, flat.shape + x.shape)


def _common_end(a: Sequence[int], b: Sequence[int]) -> int:
    """The number of last elements in which two sequences agree."""
    pairs = list(zip(reversed(a), reversed(b), strict=False))
    return next((k for k, (x, y) in enumerate(pairs) if x != y), len(pairs))


@selected.register
def _of_transposed(op: Transpose, inputs: Sequence[Variable], indices: Sequence[Variable]) -> Variable:
    complete = _complete(indices, tuple(inputs[0].shape[a] for a in op.axes))
    return gather(inputs[0], *(complete[int(k)] for k in np.argsort(op.axes)))


@selected.register
def _of_elements(op: Gather, inputs: Sequence[Variable], indices: Sequence[Variable]) -> Variable:
    """x[i][j] is x[i[j]]."""
    x, *inner = inputs
    lead = np.broadcast_shapes(*(i.shape for i in inner))
    first, rest = indices[: len(lead)], indices[len(lead) :]
    if len(first) < len(lead):
        first = _complete(first, lead)
    return gather(x, *(gather(broadcast_to(i, lead), *first) for i in inner), *rest)


def _complete(indices: Sequence[Variable], shape: Sequence[int]) -> list[Variable]:
    """Indices for all axes: those that are not indexed are run through."""
    more = len(shape) - len(indices)
    given = [reshape(i, i.shape + (1,) * more) for i in indices]
    runs = [np.arange(shape[len(indices) + k]).reshape((-1,) + (1,) * (more - 1 - k)) for k in range(more)]
    return [*given, *map(constant, runs)]
