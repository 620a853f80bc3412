"""From operations to sinks: one rule for each operation that stores its result."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Mapping

import numpy as np

from ppl_cli.compiler.sinks import (
    Axes,
    OpaqueSink,
    ReduceSink,
    ScatterSink,
    Sink,
    StoreSink,
    is_inline,
    neutral_element,
    own_axes,
)
from ppl_cli.compiler.transposes import LARGE, is_view
from ppl_cli.graph.basic import Apply, Constant, Variable, constant
from ppl_cli.ops.complex_decompositions import ComplexEigen, ComplexSingularValues, HermitianEigen, Schur
from ppl_cli.ops.control import If, Loop
from ppl_cli.ops.decompositions import Eigen, Orthogonal, SingularValues, SymmetricEigen
from ppl_cli.ops.elementwise import Elementwise
from ppl_cli.ops.indexing import AddAt, Gather, SetAt
from ppl_cli.ops.linalg import Cholesky, Determinant, LogAbsDeterminant, MatMul, Solve, SolveTriangular
from ppl_cli.ops.random import PrimitiveDraw
from ppl_cli.ops.reduction import CumulativeSum, Reduce
from ppl_cli.ops.reporting import Report
from ppl_cli.ops.shape import BroadcastTo, Join

Rule = Callable[[Apply, Mapping[Variable, Variable]], list[Sink]]

LARGE_WORK = 32**3  # multiplications from which BLAS, which takes a fifth of a second to import, is worth it
LEAST_SIDE = 8  # of matrices whose product BLAS is faster at


def is_large(node: Apply) -> bool:
    """Whether a matrix operation is left to BLAS and LAPACK."""
    match node.op:
        case MatMul():
            (m, k), n = node.inputs[0].shape[-2:], node.inputs[1].shape[-1]
            return m * k * n >= LARGE_WORK and min(m, k, n) >= LEAST_SIDE
        case SolveTriangular():
            n, m = node.inputs[1].shape[-2:]
            return n * n * m >= LARGE_WORK
        case Cholesky() | Solve() | LogAbsDeterminant() | Determinant():
            return node.inputs[0].shape[-1] ** 3 >= LARGE_WORK
    return False


def sinks_of(node: Apply, stored: Container[Variable], bases: Mapping[Variable, Variable]) -> list[Sink]:
    """The sinks of one node; none for what is computed where it is read."""
    v = node.outputs[0]
    if is_inline(v):
        return [StoreSink(v, v.shape, [(v, own_axes(v.shape))], source=v)] if v in stored else []
    rule = _RULES.get(type(node.op))
    if rule is None:
        raise NotImplementedError(f"the compiler has no rule for {node.op}")
    return rule(node, bases)


def overwritten(node: Apply) -> list[tuple[Variable, Variable]]:
    """The results that may take over the buffer of a variable, each with that variable."""
    match node.op:
        case SetAt() | AddAt():
            return [(node.outputs[0], node.inputs[0])]
        case Loop(n_carried=n):
            pairs = list(zip(node.outputs, node.inputs[2 : 2 + n], strict=True))
            return [(v, x) for v, x in pairs if v.shape and node.inputs.count(x) == 1]
    return []


def stored_for_readers(nodes: Iterable[Apply], places: Container[Variable]) -> set[Variable]:
    """Inline variables that are better stored: they would be computed again and again where they are read."""
    found: set[Variable] = set()
    for node in nodes:
        v = node.outputs[0]
        if isinstance(node.op, Gather):
            x = node.inputs[0]
            once = all(isinstance(i, Constant) for i in node.inputs[1:]) and v.type.size <= x.type.size
            if _has_work(x) and not once:
                found.add(x)
        elif isinstance(node.op, Elementwise | BroadcastTo):
            found.update(x for x in node.inputs if _has_work(x) and not _is_prefix(x.shape, v.shape))
        elif isinstance(node.op, MatMul) and not is_large(node):
            found.update(x for x in node.inputs if _has_work(x) and v.type.size != 1)
        elif isinstance(node.op, Loop | If | Report):
            found.update(x for x in node.inputs if _has_work(x))
    return {v for v in found if v not in places}


def _has_work(v: Variable) -> bool:
    """Whether elements of an inline variable take arithmetic (not only loads)."""
    if v.type.size <= 1 or not is_inline(v):
        return False
    stack = [v]
    while stack:
        x = stack.pop()
        if isinstance(x.op, Elementwise):
            return True
        if is_inline(x):
            stack.extend(x.inputs[:1])
    return False


def _is_prefix(shape: tuple[int, ...], outer: tuple[int, ...]) -> bool:
    """Whether the longer axes of `shape`, broadcast to `outer`, are the outermost ones there."""
    padded = (1,) * (len(outer) - len(shape)) + shape
    pairs = [n != 1 for n, m in zip(padded, outer, strict=True) if m != 1]
    return pairs == sorted(pairs, reverse=True)


# ----------------------------------------------------------------------------------------------- rules


def _reduce(node: Apply, bases: Mapping[Variable, Variable]) -> list[Sink]:
    op, (x,), v = node.op, node.inputs, node.outputs[0]
    assert isinstance(op, Reduce)
    gone = {a % x.ndim for a in op.axes}
    kept = tuple(k for k in range(x.ndim) if k not in gone)
    axes = own_axes(x.shape)
    sink = ReduceSink(v, x.shape, [(x, axes)], kind=op.kind, factors=((x, axes),), result_axes=kept)
    return _with_start(sink)


def _with_start(sink: ReduceSink) -> list[Sink]:
    """The reduction, and before it what sets a result of several elements to its starting value."""
    if sink.once:
        return [sink]
    v = sink.target
    fill = StoreSink(v, v.shape, [], source=constant(neutral_element(sink.kind, v.dtype)))
    sink.after.add(fill)
    return [fill, sink]


def _matmul(node: Apply, bases: Mapping[Variable, Variable]) -> list[Sink]:
    """Loops over the batch, then rows, inner axis and columns; for a vector the longer of the first two outside, but
    always inside that along which neighbours of a large matrix of data are neighbours in memory."""
    if is_large(node):
        return _opaque(node, bases)
    (a, b), v = node.inputs, node.outputs[0]
    batch = v.shape[:-2]
    m, k, n = a.shape[-2], a.shape[-1], b.shape[-1]
    r = len(batch)
    inner_first = (n == 1 and k > 4 * m) or (m == 1 and k > n)
    if n == 1 and (is_view(a) or (isinstance(a, Constant) and a.type.size >= LARGE)):
        inner_first = is_view(a)
    order = {"k": r, "m": r + 1, "n": r + 2} if inner_first else {"m": r, "k": r + 1, "n": r + 2}
    if m == 1 and is_view(b):
        order = {"m": r, "n": r + 1, "k": r + 2}
    sizes = {"m": m, "k": k, "n": n}
    domain = (*batch, *(sizes[name] for name in sorted(order, key=order.__getitem__)))
    axes_a: Axes = (*_batch_axes(a, batch), order["m"], order["k"])
    axes_b: Axes = (*_batch_axes(b, batch), order["k"], order["n"])
    result = (*range(r), order["m"], order["n"])
    sink = ReduceSink(v, domain, [(a, axes_a), (b, axes_b)], factors=((a, axes_a), (b, axes_b)), result_axes=result)
    return _with_start(sink)


def _batch_axes(x: Variable, batch: tuple[int, ...]) -> Axes:
    own = x.shape[:-2]
    first = len(batch) - len(own)
    return tuple(None if size == 1 else first + j for j, size in enumerate(own))


def _scatter(node: Apply, bases: Mapping[Variable, Variable]) -> list[Sink]:
    x, value, *indices = node.inputs
    v = node.outputs[0]
    index_shape = np.broadcast_shapes(*(i.shape for i in indices))
    domain = index_shape + v.shape[len(indices) :]
    reads: list[tuple[Variable, Axes]] = [(value, _along(value.shape, domain))]
    reads += [(i, _along(i.shape, index_shape)) for i in indices]
    sink = ScatterSink(
        v,
        domain,
        reads,
        value=value,
        indices=tuple(indices),
        adds=isinstance(node.op, AddAt),
        index_ndim=len(index_shape),
    )
    if v in bases:
        return [sink]
    start = StoreSink(v, v.shape, [(x, own_axes(v.shape))], source=x)
    sink.after.add(start)
    return [start, sink]


def _along(shape: tuple[int, ...], domain: tuple[int, ...]) -> Axes:
    first = len(domain) - len(shape)
    return tuple(None if n == 1 else first + k for k, n in enumerate(shape))


def _join(node: Apply, bases: Mapping[Variable, Variable]) -> list[Sink]:
    assert isinstance(node.op, Join)
    v = node.outputs[0]
    axis = node.op.axis % v.ndim
    sinks: list[Sink] = []
    offset = 0
    for part in node.inputs:
        if part.type.size:
            sinks.append(
                StoreSink(v, part.shape, [(part, own_axes(part.shape))], source=part, axis=axis, offset=offset)
            )
        offset += part.shape[axis]
    return sinks


def _draw(node: Apply, bases: Mapping[Variable, Variable]) -> list[Sink]:
    v = node.outputs[0]
    return [StoreSink(v, v.shape, [(p, _along(p.shape, v.shape)) for p in node.inputs[1:]], source=v, draw=True)]


def _opaque(node: Apply, bases: Mapping[Variable, Variable]) -> list[Sink]:
    reads: list[tuple[Variable, Axes]] = [(x, (None,) * x.ndim) for x in node.inputs if not isinstance(x, Constant)]
    return [OpaqueSink(node.outputs[0], (), reads)]


_RULES: dict[type, Rule] = {
    Reduce: _reduce,
    MatMul: _matmul,
    SetAt: _scatter,
    AddAt: _scatter,
    Join: _join,
    PrimitiveDraw: _draw,
    **dict.fromkeys((CumulativeSum, Cholesky, SolveTriangular, Solve, LogAbsDeterminant, Loop, If, Report), _opaque),
    **dict.fromkeys((Determinant, SymmetricEigen, Eigen, SingularValues, Orthogonal), _opaque),
    **dict.fromkeys((ComplexEigen, HermitianEigen, ComplexSingularValues, Schur), _opaque),
}
