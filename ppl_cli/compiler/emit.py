"""Scalar code for tensor elements: `pull` computes one element of a variable at given indices.

Views, elementwise operations and gathers are never stored unless the schedule says so; they are computed where they are
used, once per loop body, and hoisted to the outermost loop in which all of their indices are known.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass, field
from itertools import count

from ppl_cli.compiler.data import DataTable, Progression, Stored, kind_of, strides_of
from ppl_cli.compiler.kernel import (
    Apply,
    Atom,
    Buffer,
    Draw,
    Expression,
    Let,
    Linear,
    Load,
    Number,
    Quotient,
    Ref,
    Statement,
)
from ppl_cli.graph.basic import Constant, Variable
from ppl_cli.ops.elementwise import Elementwise
from ppl_cli.ops.indexing import Gather
from ppl_cli.ops.random import PrimitiveDraw
from ppl_cli.ops.scalar_math import to_int
from ppl_cli.ops.shape import BroadcastTo, Empty, Reshape, Transpose

Index = tuple[Linear, ...]
Element = tuple[Variable, Index]
Computation = Generator[Element, Atom, Atom]  # asks for elements, is sent their atoms, and returns its own

ZERO = Linear()


@dataclass(frozen=True)
class Place:
    """Where a stored variable is: a local (`name`), or a buffer from `start` on without the first `dropped` long axes.

    `level` is that of the body that writes it: code that reads it must not be moved further out.
    """

    buffer: Buffer | None = None
    name: str = ""
    start: int = 0
    dropped: int = 0
    level: int = 0


@dataclass
class Frame:
    """An open body of statements: what it has computed so far, and where the variables are that it has stored.

    What is computed in a `closed` one must stay there: it may not run at all.
    """

    closed: bool = False
    body: list[Statement] = field(default_factory=list)
    known: dict[Element, Atom] = field(default_factory=dict)
    places: dict[Variable, Place] = field(default_factory=dict)


class Emitter:
    """The open bodies, and the data that the code reads."""

    def __init__(self) -> None:
        self.frames: list[Frame] = [Frame()]
        self.levels: dict[str, int] = {}
        self.names = count()
        self.data = DataTable()
        self.computed: Counter[Variable] = Counter()

    # ------------------------------------------------------------------------------------------ bodies

    @property
    def depth(self) -> int:
        return len(self.frames) - 1

    def open(self, closed: bool = False) -> None:
        self.frames.append(Frame(closed))

    def close(self) -> list[Statement]:
        """The statements of the innermost body, which is left with all that it knew."""
        return self.frames.pop().body

    def place(self, v: Variable) -> Place | None:
        """Where `v` is stored, None if it is not."""
        return next((f.places[v] for f in reversed(self.frames) if v in f.places), None)

    def publish(self, v: Variable, place: Place) -> None:
        """From now on `v` is stored at `place`, until the body of its level is closed."""
        self.frames[place.level].places[v] = place

    def forget(self, v: Variable) -> None:
        """`v` is stored no longer: its place is about to be overwritten."""
        for frame in self.frames:
            frame.places.pop(v, None)

    def placed(self) -> set[Variable]:
        """Every variable that is stored now."""
        return {v for f in self.frames for v in f.places}

    def add(self, statement: Statement) -> None:
        self.frames[-1].body.append(statement)

    def fresh(self, prefix: str, level: int | None = None) -> str:
        name = f"{prefix}{next(self.names)}"
        self.levels[name] = self.depth if level is None else level
        return name

    def level(self, atom: Atom) -> int:
        match atom:
            case Ref(name=name):
                return self.levels.get(name, 0)
            case Linear(terms=terms):
                return max((self.levels.get(n, 0) for _, n in terms), default=0)
        return 0

    @property
    def lowest(self) -> int:
        """The level of the outermost body that code may be moved to."""
        return max((k for k, f in enumerate(self.frames) if f.closed), default=0)

    def let(self, value: Expression, needs: Sequence[Atom], v: Variable | None = None, lowest: int = 0) -> Ref:
        """A local for `value`, in the outermost body, `lowest` or further in, where what it needs is known."""
        level = max([lowest, self.lowest, *map(self.level, needs)])
        name = self.fresh("t", level)
        self.frames[level].body.append(Let(name, value))
        if v is not None:
            self.computed[v] += 1
        return Ref(name, value.kind)

    def named(self, name: str, v: Variable) -> Ref:
        return Ref(name, kind_of(v))

    # -------------------------------------------------------------------------------------------- pull

    def pull(self, v: Variable, index: Index) -> Atom:
        """The element of `v` at `index`, one entry for each axis. Deep graphs are no deep recursion."""
        stack: list[Computation] = []
        wanted: Element | None = (v, index)
        atom: Atom | None = None
        while True:
            if wanted is not None:
                atom = self._known(wanted)
                if atom is None:
                    stack.append(self._element(*wanted))
            if not stack:
                assert atom is not None
                return atom
            try:
                wanted = stack[-1].send(atom)  # type: ignore[arg-type]
            except StopIteration as finished:
                stack.pop()
                wanted, atom = None, finished.value

    def _known(self, element: Element) -> Atom | None:
        return next((f.known[element] for f in reversed(self.frames) if element in f.known), None)

    def _element(self, v: Variable, index: Index) -> Computation:
        place = self.place(v)
        if place is not None:
            atom = self.load(v, place, index)
        elif isinstance(v, Constant):
            atom = self._constant(v, index)
        elif type(v.op) in _ELEMENT:
            atom = yield from _ELEMENT[type(v.op)](self, v, index)
        else:
            raise KeyError(f"{v!r} is not stored where it is read")
        self.frames[max(self.lowest, self.level(atom))].known[v, index] = atom
        return atom

    def load(self, v: Variable, place: Place, index: Index) -> Atom:
        if place.buffer is None:
            return Ref(place.name, kind_of(v))
        at = self.address(v, place, index)
        loaded = self.let(Load(place.buffer, at), [at], lowest=place.level)
        if loaded.kind == kind_of(v):
            return loaded
        return self.let(Apply(to_int.op.scalar, (loaded,), "int64"), [loaded])  # an integer input

    def address(self, v: Variable, place: Place, index: Index) -> Linear:
        """The position in the buffer of the element at `index`."""
        long = [(i, n) for i, n in zip(index, v.shape, strict=True) if n != 1][place.dropped :]
        at = Linear(place.start)
        for (i, _), stride in zip(long, strides_of(tuple(n for _, n in long)), strict=True):
            at = at + i * stride
        return at

    def _constant(self, v: Constant, index: Index) -> Atom:
        match self.data.look(v):
            case Number() as number:
                return number
            case Progression() as progression:
                return progression.at(index)
            case Stored(buffer=buffer, places=places):
                at = places.at(index)
                return self.let(Load(buffer, at), [at])

    def integer(self, atom: Atom) -> Linear:
        """An integer atom as an index."""
        match atom:
            case Linear():
                return atom
            case Number(value=value):
                return Linear(int(value))
            case Ref(name=name):
                return Linear(0, ((1, name),))

    # ------------------------------------------------------------------------------------ rules by op

    def _elementwise(self, v: Variable, index: Index) -> Computation:
        assert isinstance(v.op, Elementwise)
        atoms = []
        for x in v.inputs:
            atoms.append((yield x, broadcast_index(index, x.shape)))
        scalar = v.op.scalar
        if kind_of(v) == "int64" and scalar.name in _LINEAR:
            combined = _LINEAR[scalar.name](self, atoms)
            if combined is not None:
                return combined
        return self.let(Apply(scalar, tuple(atoms), kind_of(v)), atoms, v)

    def _gather(self, v: Variable, index: Index) -> Computation:
        x, *indices = v.inputs
        n = v.ndim - (x.ndim - len(indices))
        at = []
        for i in indices:
            at.append(self.integer((yield i, broadcast_index(index[:n], i.shape))))
        return (yield x, (*at, *index[n:]))

    def _transpose(self, v: Variable, index: Index) -> Computation:
        assert isinstance(v.op, Transpose)
        inner = [ZERO] * len(index)
        for k, axis in enumerate(v.op.axes):
            inner[axis] = index[k]
        return (yield v.inputs[0], tuple(inner))

    def _broadcast(self, v: Variable, index: Index) -> Computation:
        return (yield v.inputs[0], broadcast_index(index, v.inputs[0].shape))

    def _reshape(self, v: Variable, index: Index) -> Computation:
        return (yield v.inputs[0], self.reshape_index(index, v.shape, v.inputs[0].shape))

    def _empty(self, v: Variable, index: Index) -> Computation:
        return Number(0.0 if kind_of(v) == "double" else 0, kind_of(v))
        yield

    def reshape_index(self, index: Index, outer: tuple[int, ...], inner: tuple[int, ...]) -> Index:
        """The index into `inner` of the element that a reshape to `outer` shows at `index`."""
        long = [(i, n) for i, n in zip(index, outer, strict=True) if n != 1]
        if [n for _, n in long] == [n for n in inner if n != 1]:
            given = iter(i for i, _ in long)
            return tuple(next(given) if n != 1 else ZERO for n in inner)
        flat = ZERO
        for i, stride in zip(index, strides_of(outer), strict=True):
            flat = flat + i * stride
        return self.split(flat, inner)

    def split(self, flat: Linear, shape: tuple[int, ...]) -> Index:
        """A flat position as an index into `shape`."""
        if sum(n != 1 for n in shape) <= 1:
            return tuple(flat if n != 1 else ZERO for n in shape)
        found = []
        long = [k for k, n in enumerate(shape) if n != 1]
        strides = strides_of(shape)
        for k, (n, stride) in enumerate(zip(shape, strides, strict=True)):
            if n == 1:
                found.append(ZERO)
                continue
            part = flat
            if stride != 1:
                part = self.integer(self.let(Quotient(part, stride), [part]))
            if k != long[0]:
                part = self.integer(self.let(Quotient(part, n, remainder=True), [part]))
            found.append(part)
        return tuple(found)

    def draw(self, v: Variable, index: Index) -> Atom:
        """One element of a primitive draw, in the innermost body."""
        assert isinstance(v.op, PrimitiveDraw)
        atoms = tuple(self.pull(p, broadcast_index(index, p.shape)) for p in v.inputs[1:])
        return self.let(Draw(v.op.kind, atoms, kind_of(v)), [], lowest=self.depth)


def broadcast_index(index: Index, shape: tuple[int, ...]) -> Index:
    """The index into a tensor of `shape` that broadcasts to where `index` points."""
    used = index[len(index) - len(shape) :]
    return tuple(ZERO if n == 1 else i for i, n in zip(used, shape, strict=True))


def _add(emitter: Emitter, atoms: Sequence[Atom]) -> Atom | None:
    return emitter.integer(atoms[0]) + emitter.integer(atoms[1])


def _sub(emitter: Emitter, atoms: Sequence[Atom]) -> Atom | None:
    return emitter.integer(atoms[0]) + emitter.integer(atoms[1]) * -1


def _mul(emitter: Emitter, atoms: Sequence[Atom]) -> Atom | None:
    for a, b in (atoms, atoms[::-1]):
        factor = emitter.integer(b)
        if not factor.terms:
            return emitter.integer(a) * factor.constant
    return None


_LINEAR: dict[str, Callable[[Emitter, Sequence[Atom]], Atom | None]] = {"add": _add, "sub": _sub, "mul": _mul}

_ELEMENT: dict[type, Callable[[Emitter, Variable, Index], Computation]] = {
    Elementwise: Emitter._elementwise,
    Gather: Emitter._gather,
    Transpose: Emitter._transpose,
    BroadcastTo: Emitter._broadcast,
    Reshape: Emitter._reshape,
    Empty: Emitter._empty,
}
