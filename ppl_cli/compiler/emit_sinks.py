"""Groups of sinks to statements: open the loops, declare what sums up, store results."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import singledispatch
from typing import TYPE_CHECKING

from ppl_cli.compiler.data import kind_of
from ppl_cli.compiler.emit import ZERO, Emitter, Index, broadcast_index
from ppl_cli.compiler.emit_control import EMIT_CONTROL
from ppl_cli.compiler.emit_matrices import EMIT_MATRICES
from ppl_cli.compiler.kernel import Apply, Assign, Atom, Declare, For, Let, Linear, Number, Ref, Store
from ppl_cli.compiler.schedule import Group
from ppl_cli.compiler.sinks import OpaqueSink, ReduceSink, ScatterSink, Sink, StoreSink, neutral_element
from ppl_cli.graph.basic import Variable
from ppl_cli.ops.scalar_math import mul

if TYPE_CHECKING:
    from ppl_cli.compiler.region import Region

EMIT_OPAQUE = {**EMIT_CONTROL, **EMIT_MATRICES}


def emit_groups(region: Region, groups: Sequence[Group], indices: tuple[str, ...] = ()) -> None:
    """Emit groups in order; `indices` are the loops that are open around them."""
    emitter = region.emitter
    for group in groups:
        if group.extent is None:
            (sink,) = group.sinks
            emit(sink, region, _domain_index(sink, indices))
            continue
        sums = [s for s in group.sinks if isinstance(s, ReduceSink) and s.once and s.kept() == len(indices)]
        for reduction in sums:
            region.sums[reduction] = _declare_sum(emitter, reduction)
        emitter.open()
        index = emitter.fresh("i")
        emit_groups(region, group.inner, (*indices, index))
        emitter.add(For(index, Linear(0), Linear(group.extent), emitter.close()))
        for reduction in sums:
            _finish_sum(region, reduction, indices)


def _domain_index(sink: Sink, indices: tuple[str, ...]) -> Index:
    """For each axis of the domain the loop's index; ZERO for an axis of one element or one whose loop is closed."""
    names = dict(zip(sink.loops, indices, strict=False))
    return tuple(Linear(0, ((1, names[k]),)) if k in names else ZERO for k in range(len(sink.domain)))


@singledispatch
def emit(sink: Sink, region: Region, index: Index) -> None:
    """Emit the statements of a sink at one point of its domain."""
    raise TypeError(sink)


@emit.register(OpaqueSink)
def _opaque(sink: OpaqueSink, region: Region, index: Index) -> None:
    node = sink.target.owner
    assert node is not None
    EMIT_OPAQUE[type(node.op)](region, node)
    for v in sink.outputs:
        region.publish(v)


@emit.register(StoreSink)
def _store(sink: StoreSink, region: Region, index: Index) -> None:
    emitter, v = region.emitter, sink.target
    atom = emitter.draw(sink.source, index) if sink.draw else emitter.pull(sink.source, index)
    shifted = tuple(i + Linear(sink.offset) if k == sink.axis else i for k, i in enumerate(index))
    _put(region, v, shifted, atom)


def _put(region: Region, v: Variable, index: Index, atom: Atom) -> None:
    """Store an element of `v`, or all of it in a local if that is its place."""
    emitter, place = region.emitter, region.places[v]
    if place.buffer is None:
        place = replace(place, name=_named(emitter, atom, v))
    else:
        emitter.add(Store(place.buffer, emitter.address(v, place, index), atom))
    region.publish(v, place)


def _named(emitter: Emitter, atom: Atom, v: Variable) -> str:
    """The name of a local that holds `atom`."""
    if isinstance(atom, Ref) and emitter.level(atom) == emitter.depth and atom.kind == kind_of(v):
        return atom.name
    name = emitter.fresh("v")
    emitter.add(Let(name, atom))
    return name


def _declare_sum(emitter: Emitter, sink: ReduceSink) -> str:
    name = emitter.fresh("s")
    kind = kind_of(sink.target)
    emitter.add(Declare(name, kind, Number(neutral_element(sink.kind, sink.target.dtype), kind)))
    return name


def _finish_sum(region: Region, sink: ReduceSink, indices: tuple[str, ...]) -> None:
    total = Ref(region.sums.pop(sink), kind_of(sink.target))
    _put(region, sink.target, sink.result_index(_domain_index(sink, indices)), total)


@emit.register(ReduceSink)
def _reduce(sink: ReduceSink, region: Region, index: Index) -> None:
    emitter, v = region.emitter, sink.target
    atom = _product(emitter, sink, index)
    if sink in region.sums:
        emitter.add(Assign(region.sums[sink], atom, sink.kind))
    elif sink.once:  # nothing to reduce: one element
        _put(region, v, sink.result_index(index), atom)
    else:
        place = region.places[v]
        assert place.buffer is not None
        emitter.add(Store(place.buffer, emitter.address(v, place, sink.result_index(index)), atom, sink.kind))
        region.publish(v)


def _product(emitter: Emitter, sink: ReduceSink, index: Index) -> Atom:
    atoms = [emitter.pull(v, tuple(ZERO if a is None else index[a] for a in axes)) for v, axes in sink.factors]
    if len(atoms) == 1:
        return atoms[0]
    return emitter.let(Apply(mul.op.scalar, tuple(atoms), kind_of(sink.target)), atoms)


@emit.register(ScatterSink)
def _scatter(sink: ScatterSink, region: Region, index: Index) -> None:
    emitter, v = region.emitter, sink.target
    at = [emitter.integer(emitter.pull(i, broadcast_index(index[: sink.index_ndim], i.shape))) for i in sink.indices]
    atom = emitter.pull(sink.value, broadcast_index(index, sink.value.shape))
    place = region.places[v]
    assert place.buffer is not None
    where = emitter.address(v, place, (*at, *index[sink.index_ndim :]))
    emitter.add(Store(place.buffer, where, atom, "sum" if sink.adds else ""))
    region.publish(v)
