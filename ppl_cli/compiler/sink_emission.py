"""Groups of sinks to statements: open the loops, declare what sums up, store results."""
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from ppl_cli.compiler.emit import ZERO, Emitter, Frame, Index, Place, broadcast_index, kind_of
from ppl_cli.compiler.kernel import Apply, Assign, Atom, Declare, For, Let, Linear, Number, Ref, Store
from ppl_cli.compiler.opaque_emission import emit_opaque
from ppl_cli.compiler.schedule import Group
from ppl_cli.compiler.sinks import OpaqueSink, ReduceSink, ScatterSink, Sink, StoreSink, neutral_element
from ppl_cli.graph.basic import Variable
from ppl_cli.ops.scalar_math import mul

if TYPE_CHECKING:
    from ppl_cli.compiler.region import Region


def emit_groups(region: Region, groups: Sequence[Group], indices: tuple[str, ...] = ()) -> None:
    """Emit groups in order; `indices` are the loops that are open around them."""
    emitter = region.emitter
    for group in groups:
        if group.extent is None:
            _emit_leaf(region, group.sinks[0], indices)
            continue
        sums = [s for s in group.sinks if isinstance(s, ReduceSink) and s.sequential and s.kept() == len(indices)]
        for sink in sums:
            region.sums[sink] = _declare_sum(emitter, sink)
        emitter.frames.append(Frame([]))
        index = emitter.fresh("i")
        emit_groups(region, group.inner, (*indices, index))
        body = emitter.frames.pop().body
        emitter.add(For(index, Linear(0), Linear(group.extent), body))
        for sink in sums:
            _finish_sum(emitter, sink, region.sums.pop(sink), indices)


def _declare_sum(emitter: Emitter, sink: ReduceSink) -> str:
    name = emitter.fresh("s")
    kind = kind_of(sink.target)
    emitter.add(Declare(name, kind, Number(neutral_element(sink.kind, sink.target.dtype), kind)))
    return name


def _finish_sum(emitter: Emitter, sink: ReduceSink, name: str, indices: tuple[str, ...]) -> None:
    place = emitter.places[sink.target]
    if place.buffer is None:
        emitter.places[sink.target] = replace(place, name=name)
        return
    index = _result_index(sink, _domain_index(sink, indices))
    emitter.add(Store(place.buffer, emitter.address(sink.target, place, index), Ref(name, kind_of(sink.target))))


def _domain_index(sink: Sink, indices: tuple[str, ...]) -> Index:
    """For each axis of the domain the loop's index; ZERO for an axis of one element or one whose loop is closed."""
    names = dict(zip(sink.loops, indices, strict=False))
    return tuple(Linear(0, ((1, names[k]),)) if k in names else ZERO for k in range(len(sink.domain)))


def _result_index(sink: ReduceSink, index: Index) -> Index:
    return tuple(index[a] for a in sink.result_axes)


def _emit_leaf(region: Region, sink: Sink, indices: tuple[str, ...]) -> None:
    emitter = region.emitter
    index = _domain_index(sink, indices)
    match sink:
        case OpaqueSink():
            emit_opaque(region, sink)
        case StoreSink():
            _emit_store(emitter, sink, index)
        case ReduceSink():
            _emit_reduce(region, sink, index)
        case ScatterSink():
            _emit_scatter(emitter, sink, index)


def _emit_store(emitter: Emitter, sink: StoreSink, index: Index) -> None:
    assert sink.source is not None
    source, v = sink.source, sink.target
    if sink.draw:
        atom = emitter.draw(source, index)
    else:
        atom = emitter.compute(source, index) if source is v else emitter.pull(source, index)
    place = emitter.places[v]
    if place.buffer is None:
        emitter.places[v] = replace(place, name=_named(emitter, atom, v))
        return
    shifted = tuple(i + Linear(sink.offset) if k == sink.axis else i for k, i in enumerate(index))
    emitter.add(Store(place.buffer, emitter.address(v, place, shifted), atom))


def _named(emitter: Emitter, atom: Atom, v: Variable) -> str:
    """The name of a local that holds `atom`."""
    if isinstance(atom, Ref) and emitter.level(atom) == emitter.depth and atom.kind == kind_of(v):
        return atom.name
    name = emitter.fresh("v")
    emitter.add(Let(name, atom))
    return name


def _emit_reduce(region: Region, sink: ReduceSink, index: Index) -> None:
    emitter = region.emitter
    atom = _product(emitter, sink, index)
    name = region.sums.get(sink)
    if name is not None:
        emitter.add(Assign(name, atom, sink.kind))
        return
    v = sink.target
    place = emitter.places[v]
    if place.buffer is None:  # nothing to reduce: one element
        emitter.places[v] = replace(place, name=_named(emitter, atom, v))
        return
    combine = "" if sink.sequential else sink.kind
    emitter.add(Store(place.buffer, emitter.address(v, place, _result_index(sink, index)), atom, combine))


def _product(emitter: Emitter, sink: ReduceSink, index: Index) -> Atom:
    atoms = []
    for v, axes in sink.factors:
        atoms.append(emitter.pull(v, tuple(ZERO if a is None else index[a] for a in axes)))
    if len(atoms) == 1:
        return atoms[0]
    return emitter.let(Apply(mul.op.scalar, tuple(atoms), kind_of(sink.target)), atoms)


def _emit_scatter(emitter: Emitter, sink: ScatterSink, index: Index) -> None:
    assert sink.value is not None
    at = [emitter.integer(emitter.pull(i, broadcast_index(index[: sink.index_ndim], i.shape))) for i in sink.indices]
    atom = emitter.pull(sink.value, broadcast_index(index, sink.value.shape))
    v = sink.target
    place: Place = emitter.places[v]
    assert place.buffer is not None
    where = emitter.address(v, place, (*at, *index[sink.index_ndim :]))
    emitter.add(Store(place.buffer, where, atom, "sum" if sink.adds else ""))
