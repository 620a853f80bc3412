"""Operations with loops of their own: recurrences, conditions, linear algebra, cumulative sums."""
from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from ppl_cli.compiler.emit import ZERO, Emitter, Frame, Index, Place, broadcast_index, kind_of, strides_of
from ppl_cli.compiler.kernel import (
    Assign, Atom, Copy, Declare, For, If as Branch, Let, Library, Linear, Number, Ref, Statement, Store,
)
from ppl_cli.compiler.sinks import OpaqueSink
from ppl_cli.graph.basic import Apply, Variable
from ppl_cli.graph.traversal import clone_replace
from ppl_cli.ops.control import If, Loop
from ppl_cli.ops.linalg import Cholesky, LogAbsDeterminant, Solve, SolveTriangular
from ppl_cli.ops.reduction import CumulativeSum

if TYPE_CHECKING:
    from ppl_cli.compiler.region import Region


def emit_opaque(region: Region, sink: OpaqueSink) -> None:
    node = sink.target.owner
    assert node is not None
    _EMIT[type(node.op)](region, node)


def _over(emitter: Emitter, shape: Sequence[int], inside: Callable[[Index], None]) -> None:
    """Loops over `shape` around what `inside` emits."""
    indices: list[Linear] = []
    opened: list[tuple[str, int]] = []
    for n in shape:
        if n == 1:
            indices.append(ZERO)
            continue
        emitter.frames.append(Frame([]))
        name = emitter.fresh("i")
        opened.append((name, n))
        indices.append(Linear(0, ((1, name),)))
    inside(tuple(indices))
    for name, n in reversed(opened):
        body = emitter.frames.pop().body
        emitter.add(For(name, Linear(0), Linear(n), body))


def _copy(emitter: Emitter, source: Variable, place: Place, shape: tuple[int, ...] | None = None) -> None:
    """Store `source`, broadcast to `shape`, at `place`."""
    full = source.shape if shape is None else shape
    like = Variable(source.type.with_shape(full))

    def store(index: Index) -> None:
        atom = emitter.pull(source, broadcast_index(index, source.shape))
        assert place.buffer is not None
        emitter.add(Store(place.buffer, emitter.address(like, place, index), atom))

    _over(emitter, full, store)


# --------------------------------------------------------------------------------------- cumulative sums


def _cumulative_sum(region: Region, node: Apply) -> None:
    emitter, (x,), v = region.emitter, node.inputs, node.outputs[0]
    assert isinstance(node.op, CumulativeSum)
    place, backwards = emitter.places[v], node.op.reverse
    assert place.buffer is not None

    def row(index: Index) -> None:
        kind = kind_of(v)
        total = emitter.fresh("s")
        emitter.add(Declare(total, kind, Number(0.0 if kind == "double" else 0, kind)))
        emitter.frames.append(Frame([]))
        name = emitter.fresh("i")
        at = (*index, Linear(0, ((1, name),)) if v.shape[-1] != 1 else ZERO)
        emitter.add(Assign(total, emitter.pull(x, at), "sum"))
        emitter.add(Store(place.buffer, emitter.address(v, place, at), Ref(total, kind)))  # type: ignore[arg-type]
        body = emitter.frames.pop().body
        emitter.add(For(name, Linear(0), Linear(v.shape[-1]), body, backwards))

    _over(emitter, v.shape[:-1], row)


# ---------------------------------------------------------------------------------------- linear algebra


def _matrices(
    region: Region, v: Variable, parts: Sequence[tuple[Variable, bool]], call: Callable[[list[tuple[Place, Linear]]], None]
) -> None:
    """Run `call` for each matrix of a batch, with the places of its operands.

    `parts` are operands; those marked are copied to the result's place and overwritten there, the others to scratch.
    """
    emitter = region.emitter
    batch = v.shape[:-2] if not isinstance(v.op, LogAbsDeterminant) else v.shape
    places = []
    for operand, overwritten in parts:
        full = batch + operand.shape[-2:]
        if overwritten:
            place = emitter.places[v]
        else:
            place = Place(region.memory.buffer(operand, int(np.prod(full))), level=region.level)
        _copy(emitter, operand, place, full)
        places.append((place, int(np.prod(operand.shape[-2:]))))

    def one(index: Index) -> None:
        flat = ZERO
        for i, stride in zip(index, strides_of(batch), strict=True):
            flat = flat + i * stride
        call([(p, flat * size + Linear(p.start)) for p, size in places])

    _over(emitter, batch, one)


def _library(emitter: Emitter, routine: str, sizes: tuple[int, ...], operands: Sequence[tuple[Place, Linear]]) -> None:
    buffers = []
    for place, at in operands:
        assert place.buffer is not None
        buffers.append((place.buffer, at))
    emitter.add(Library(routine, sizes, tuple(buffers)))


def _cholesky(region: Region, node: Apply) -> None:
    (a,), v = node.inputs, node.outputs[0]
    _matrices(region, v, [(a, True)], lambda at: _library(region.emitter, "cholesky", (v.shape[-1],), at))


def _solve_triangular(region: Region, node: Apply) -> None:
    (a, b), v = node.inputs, node.outputs[0]
    assert isinstance(node.op, SolveTriangular)
    sizes = (v.shape[-2], v.shape[-1], int(node.op.lower), int(node.op.transposed))
    _matrices(region, v, [(a, False), (b, True)], lambda at: _library(region.emitter, "solve_triangular", sizes, at))


def _solve(region: Region, node: Apply) -> None:
    (a, b), v = node.inputs, node.outputs[0]
    _matrices(region, v, [(a, False), (b, True)], lambda at: _library(region.emitter, "solve", v.shape[-2:], at))


def _log_determinant(region: Region, node: Apply) -> None:
    (a,), v = node.inputs, node.outputs[0]
    emitter = region.emitter
    place = emitter.places[v]
    if place.buffer is None:
        place = Place(region.memory.buffer(v, 1), level=region.level)
        emitter.places[v] = place

    def one(at: list[tuple[Place, Linear]]) -> None:
        (matrix, start) = at[0]
        size = int(np.prod(a.shape[-2:]))
        flat = Linear(start.constant - matrix.start, start.terms)
        result = Linear(place.start + flat.constant // size, tuple((f // size, n) for f, n in flat.terms))
        _library(emitter, "log_determinant", (a.shape[-1],), [(matrix, start), (place, result)])

    _matrices(region, v, [(a, False)], one)


# ------------------------------------------------------------------------------------------ control flow


def _loop(region: Region, node: Apply) -> None:
    """Carried values live at the outputs' places; the body overwrites them in place where it can."""
    emitter, loop = region.emitter, node.op
    assert isinstance(loop, Loop)
    start, stop, *rest = node.inputs
    places = [_carried_place(region, v, i) for v, i in zip(node.outputs, rest, strict=False)]
    outside = dict(emitter.places)
    bounds = [emitter.pull(b, ()) for b in (start, stop)]
    known = all(not emitter.integer(b).terms for b in bounds)
    emitter.frames.append(Frame([], closed=not known))
    level = emitter.depth
    index = emitter.fresh("n")
    emitter.places[loop.index] = Place(name=index, level=level)
    for v, place in zip(loop.carried, places, strict=True):
        emitter.places[v] = replace(place, level=level)
        if place.name:
            emitter.levels[place.name] = level
    outer = dict(zip(loop.invariants, rest[loop.n_carried :], strict=True))
    results = clone_replace(loop.body.results, outer)
    inner = region.inside([c for c in loop.carried if c.shape])
    changed = [(c, r, p) for c, r, p in zip(loop.carried, results, places, strict=True) if r is not c and r.type.size]
    for _, r, _ in changed:
        inner.keep(r)
    inner.emit()
    _assign_all(region, changed)
    body = emitter.frames.pop().body
    emitter.add(For(index, emitter.integer(bounds[0]), emitter.integer(bounds[1]), body, loop.backwards))
    _restore(emitter, outside)
    for v, place in zip(node.outputs, places, strict=True):
        emitter.places[v] = replace(place, level=region.level)
        if place.name:
            emitter.levels[place.name] = region.level


def _restore(emitter: Emitter, places: dict[Variable, Place]) -> None:
    """Forget where the variables of an inner graph were."""
    emitter.places.clear()
    emitter.places.update(places)


def _carried_place(region: Region, v: Variable, initial: Variable) -> Place:
    """The place of a carried value, holding its initial value."""
    emitter = region.emitter
    place = emitter.places[v]
    if place.buffer is None:
        name = emitter.fresh("c")
        emitter.add(Declare(name, kind_of(v), emitter.pull(initial, ())))
        return replace(place, name=name)
    _copy(emitter, initial, place)
    return place


def _assign_all(region: Region, changed: Sequence[tuple[Variable, Variable, Place]]) -> None:
    """Give the carried values their new ones, all at the same time."""
    emitter = region.emitter
    atoms: list[tuple[Place, Atom]] = []
    copies: list[tuple[Variable, Place, Variable]] = []
    for carried, result, place in changed:
        if place.buffer is None:
            atom = emitter.pull(result, ())
            if isinstance(atom, Ref):  # a copy: the carried value that it may name is about to change
                name = emitter.fresh("v")
                emitter.add(Let(name, atom))
                atom = Ref(name, atom.kind)
            atoms.append((place, atom))
        elif not _same_place(emitter.places.get(result), place):
            copies.append((carried, place, result))
    swapped = {c for c, _, _ in changed}
    staged = []
    for carried, place, result in copies:
        source = emitter.places.get(result)
        if result in swapped or source is None or source.buffer is None:
            stage = Place(region.memory.buffer(result, result.type.size), level=emitter.depth)
            _copy(emitter, result, stage)
            source = stage
        staged.append((place, source, result.type.size))
    for place, source, size in staged:
        like = Variable(changed[0][0].type.with_shape((size,)))
        proxy = Variable(like.type)
        emitter.places[proxy] = replace(source, level=emitter.depth)
        _copy(emitter, proxy, place)
    for place, atom in atoms:
        emitter.add(Assign(place.name, atom))


def _same_place(a: Place | None, b: Place) -> bool:
    return a is not None and a.buffer is b.buffer and a.start == b.start


def _if(region: Region, node: Apply) -> None:
    emitter, op = region.emitter, node.op
    assert isinstance(op, If)
    condition, *operands = node.inputs
    test = emitter.pull(condition, ())
    places = []
    for v in node.outputs:
        place = emitter.places[v]
        if place.buffer is None:
            name = emitter.fresh("c")
            kind = kind_of(v)
            emitter.add(Declare(name, kind, Number(0.0 if kind == "double" else 0, kind)))
            place = replace(place, name=name)
        places.append(place)
    bodies: list[list[Statement]] = []
    outside = dict(emitter.places)
    for branch in op.bodies:
        emitter.frames.append(Frame([], closed=True))
        results = clone_replace(branch.results, dict(zip(branch.parameters, operands, strict=True)))
        inner = region.inside()
        for r, place in zip(results, places, strict=True):
            if place.buffer is None:
                inner.keep(r)
            else:
                inner.deliver(r, place)
        inner.emit()
        for r, place in zip(results, places, strict=True):
            if place.buffer is None:
                emitter.add(Assign(place.name, emitter.pull(r, ())))
        bodies.append(emitter.frames.pop().body)
        _restore(emitter, outside)
    emitter.add(Branch(test, *bodies))
    for v, place in zip(node.outputs, places, strict=True):
        emitter.places[v] = place


_EMIT: dict[type, Callable[[Region, Apply], None]] = {
    CumulativeSum: _cumulative_sum,
    Cholesky: _cholesky,
    SolveTriangular: _solve_triangular,
    Solve: _solve,
    LogAbsDeterminant: _log_determinant,
    Loop: _loop,
    If: _if,
}

__all__ = ["Copy", "emit_opaque"]
