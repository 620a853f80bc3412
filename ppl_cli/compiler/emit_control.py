"""Recurrences and conditions: real loops and branches around regions of their own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from ppl_cli.compiler.data import kind_of
from ppl_cli.compiler.emit import Place
from ppl_cli.compiler.emit_matrices import emit_copy
from ppl_cli.compiler.kernel import Assign, Atom, Declare, For, Let, Linear, Number, Ref, Statement
from ppl_cli.compiler.kernel import If as Branch
from ppl_cli.compiler.kernel import Report as Record
from ppl_cli.graph.basic import Apply, Variable
from ppl_cli.graph.traversal import clone_replace
from ppl_cli.ops.control import If, Loop
from ppl_cli.ops.reporting import Report
from ppl_cli.ops.shape import Empty

if TYPE_CHECKING:
    from ppl_cli.compiler.region import Region


def _loop(region: Region, node: Apply) -> None:
    """Carried values live at the outputs' places; the body overwrites them in place where it can."""
    emitter, loop = region.emitter, node.op
    assert isinstance(loop, Loop)
    start, stop, *rest = node.inputs
    for v, initial in zip(node.outputs, rest, strict=False):
        _begin(region, v, initial)
    first, last = (emitter.integer(emitter.pull(b, ())) for b in (start, stop))
    runs = not loop.stops and not first.terms and not last.terms and first.constant < last.constant
    emitter.open(closed=not runs)
    index = emitter.fresh("n")
    emitter.publish(loop.index, Place(name=index, level=emitter.depth))
    for v, output in zip(loop.carried, node.outputs, strict=True):
        emitter.publish(v, replace(region.places[output], level=emitter.depth))
        emitter.levels[region.places[output].name] = emitter.depth  # the name of a local; others have none
    results = clone_replace(loop.body.results, dict(zip(loop.invariants, rest[loop.n_carried :], strict=True)))
    inner = region.inside([c for c in loop.carried if c.shape])
    changed = {c: r for c, r in zip(loop.carried, results, strict=True) if r is not c and r.type.size}
    for r in changed.values():
        inner.keep(r)
    places = [emitter.place(c) for c in changed]
    inner.emit()
    _assign_all(inner, list(zip(places, changed.values(), strict=True)))
    until = Ref(region.places[node.outputs[0]].name, "int64") if loop.stops else None
    emitter.add(For(index, first, last, emitter.close(), loop.backwards, until))
    for output in node.outputs:
        emitter.levels[region.places[output].name] = region.level


def _begin(region: Region, v: Variable, initial: Variable) -> None:
    """Put the initial value of an output at its place, if it is not there already."""
    emitter, place = region.emitter, region.places[v]
    if place.buffer is None:
        name = emitter.fresh("c")
        emitter.add(Declare(name, kind_of(v), emitter.pull(initial, ())))
        region.places[v] = replace(place, name=name)
    elif not isinstance(initial.op, Empty) and not _same(emitter.place(initial), place):
        emit_copy(emitter, initial, place)


def _same(a: Place | None, b: Place) -> bool:
    return a is not None and a.buffer is b.buffer and a.start == b.start


def _assign_all(region: Region, pairs: Sequence[tuple[Place | None, Variable]]) -> None:
    """Store variables at places, all at the same time: each may be what one of the places holds now."""
    emitter = region.emitter
    atoms: list[tuple[str, Atom]] = []
    staged: list[tuple[Place, Variable]] = []
    targets = {id(place.buffer) for place, _ in pairs if place is not None and place.buffer is not None}
    for place, v in pairs:
        assert place is not None
        source = emitter.place(v)
        if place.buffer is None:
            name = emitter.fresh("v")
            emitter.add(Let(name, emitter.pull(v, ())))
            atoms.append((place.name, emitter.named(name, v)))
        elif _same(source, place):
            continue
        elif source is not None and id(source.buffer) in targets:
            stage = Place(region.memory.buffer(v, v.type.size), level=emitter.depth)
            emit_copy(emitter, v, stage)
            copy = Variable(v.type)
            emitter.publish(copy, stage)
            staged.append((place, copy))
        else:
            staged.append((place, v))
    for place, v in staged:
        emit_copy(emitter, v, place)
    for name, atom in atoms:
        emitter.add(Assign(name, atom))


def _if(region: Region, node: Apply) -> None:
    emitter, op = region.emitter, node.op
    assert isinstance(op, If)
    condition, *operands = node.inputs
    test = emitter.pull(condition, ())
    for v in node.outputs:
        if region.places[v].buffer is None:
            name, kind = emitter.fresh("c"), kind_of(v)
            emitter.add(Declare(name, kind, Number(0.0 if kind == "double" else 0, kind)))
            region.places[v] = replace(region.places[v], name=name)
    bodies: list[list[Statement]] = []
    for branch in op.bodies:
        emitter.open(closed=True)
        results = clone_replace(branch.results, dict(zip(branch.parameters, operands, strict=True)))
        inner = region.inside()
        places = [region.places[v] for v in node.outputs]
        for r, place in zip(results, places, strict=True):
            if place.buffer is None:
                inner.keep(r)
            else:
                inner.deliver(r, place)
        inner.emit()
        for r, place in zip(results, places, strict=True):
            if place.buffer is None:
                emitter.add(Assign(place.name, emitter.pull(r, ())))
        bodies.append(emitter.close())
    emitter.add(Branch(test, *bodies))


def _report(region: Region, node: Apply) -> None:
    """A record of all elements of the values; the token is no more than a number."""
    emitter, op, token = region.emitter, node.op, node.outputs[0]
    assert isinstance(op, Report)
    atoms = [
        emitter.pull(v, tuple(Linear(i) for i in index)) for v in node.inputs[1:] for index in np.ndindex(*v.shape)
    ]
    emitter.add(Record(op.site, op.fault, tuple(atoms)))
    name = emitter.fresh("c")
    emitter.add(Declare(name, "int64", Number(0, "int64")))
    region.places[token] = replace(region.places[token], name=name)


EMIT_CONTROL: dict[type, Callable[[Region, Apply], None]] = {Loop: _loop, If: _if, Report: _report}
