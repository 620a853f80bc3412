"""Carried values of a loop while its body is evaluated on all iterations together.

A `State` is the value that a loop carries, as far as this iteration has changed it: writes to its elements, or amounts
added. Reading an element gives what this iteration wrote there, else what was there before the loop; the latter is
checked afterwards against the writes of all earlier iterations (`check`), by comparing the numbers of elements and
iterations.
"""
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from ppl_cli.graph.basic import Constant, Variable, constant
from ppl_cli.ops.indexing import AddAt, Gather, SetAt, affine
from ppl_cli.ops.scalar_math import add
from ppl_cli.ops.shape import BroadcastTo, Join
from ppl_cli.rewrites.loops.context import Batched, Context, Recurrence, array, expand, make, reshaped, sum_out

LARGEST_SCRATCH = 20_000_000  # elements of an array that every iteration has to itself


@dataclass(frozen=True, eq=False)
class Access:
    """Elements read or written, zero-based; `value` is what is written (its event shape: indices', then the rest)."""

    indices: tuple[Batched, ...]
    context: Context
    value: Batched | None = None
    adds: bool = False


@dataclass(eq=False)
class Carry:
    """One carried value of one loop: `initial` before the loop, and what was read of it from before the iteration."""

    initial: Value
    shape: tuple[int, ...]
    dtype: str
    context: Context
    reads: list[Access] = field(default_factory=list)


@dataclass(frozen=True, eq=False)
class State:
    """`carry` after the `writes` and additions (`added`) that the iteration made so far."""

    carry: Carry
    writes: tuple[Access, ...] = ()
    added: tuple[Batched, ...] = ()

    @property
    def untouched(self) -> bool:
        return not self.writes and not self.added


Value = Variable | Batched | State


@dataclass(frozen=True, eq=False)
class Elements:
    """The numbers of the elements of one access, flat over its context and event axes.

    `instance` tells apart the iterations of enclosing loops, `iteration` those of the loop itself; `symbolic` holds the
    index dimensions that are not numbers.
    """

    number: np.ndarray
    instance: np.ndarray
    iteration: np.ndarray
    shape: tuple[int, ...]
    symbolic: tuple[tuple[Variable, int] | None, ...]


def add_to(state: State, amount: Batched) -> State:
    if state.writes:
        raise Recurrence("a value is both written and added to")
    return replace(state, added=(*state.added, amount))


def write(state: State, access: Access) -> State:
    if state.added:
        raise Recurrence("a value is both written and added to")
    return replace(state, writes=(*state.writes, access))


def read(value: Value, indices: Sequence[Batched], context: Context) -> Batched:
    """value[indices] in each iteration of `context`."""
    if not isinstance(value, State):
        return _gather(value, indices, context)
    if value.added:
        raise Recurrence("a sum is read before it is complete")
    access = Access(tuple(indices), context)
    carry = value.carry
    wanted = elements(access, carry)
    left = np.ones(wanted.number.size, bool)
    hits: list[Hit] = []
    for written in reversed(value.writes):
        hit = _forward(access, wanted, written, carry)
        if hit is not None and (hit.source[left] >= 0).any():
            hits.append(replace(hit, source=np.where(left, hit.source, -1)))
            left &= hit.source < 0
            if not left.any():
                return _gathered(hits, access, wanted, carry)
    if hits:
        raise Recurrence("only a part of what is read was written in the same iteration")
    carry.reads.append(access)
    return read(carry.initial, indices, context)


def read_all(value: State, context: Context) -> Batched:
    """The whole carried value, which this iteration must have written from end to end."""
    if value.untouched and isinstance(value.carry.initial, State):
        value.carry.reads.append(_everything(value.carry, context))
        return read_all(value.carry.initial, context)
    if not value.writes or value.carry.initial is None:
        raise Recurrence("a carried value is read as it was before the iteration")
    return read(value, _everything(value.carry, context).indices, context)


def _everything(carry: Carry, context: Context) -> Access:
    """An access to all elements, indexed axis by axis."""
    lead = (1,) * context.ndim
    grids = np.ix_(*map(np.arange, carry.shape))
    return Access(tuple(Batched(array(g.reshape(lead + g.shape)), context) for g in grids), context)


def _gather(value: Variable | Batched, indices: Sequence[Batched], context: Context) -> Batched:
    event = max((i.event_ndim for i in indices), default=0)
    at = [align(expand(i, context), event) for i in indices]
    if isinstance(value, Variable):
        return Batched(make(Gather(), value, *at), context)
    inner = expand(value, context)
    batch = inner.variable.shape[: context.ndim]
    lead = [array(_axis(context.ndim, k, n, event)) for k, n in enumerate(batch)]
    return Batched(make(Gather(), inner.variable, *lead, *at), context)


def _axis(ndim: int, axis: int, size: int, event: int) -> np.ndarray:
    """0 .. size - 1 along one of `ndim` leading axes, with `event` axes of size 1 behind."""
    shape = [1] * (ndim + event)
    shape[axis] = size
    return np.arange(size).reshape(shape)


def align(value: Batched, event_ndim: int) -> Variable:
    """The variable with event axes of size 1 put in front until there are `event_ndim`."""
    missing = event_ndim - value.event_ndim
    lead = value.variable.shape[: value.context.ndim]
    return reshaped(value.variable, (*lead, *(1,) * missing, *value.event_shape)) if missing > 0 else value.variable


def elements(access: Access, carry: Carry) -> Elements:
    """Number the elements of `access`. Index dimensions that are symbolic must be the same in every iteration."""
    context = access.context
    event = max((i.event_ndim for i in access.indices), default=0)
    numbers: list[np.ndarray] = []
    symbolic: list[tuple[Variable, int] | None] = []
    for index in access.indices:
        v = align(expand(index, context), event)
        if isinstance(v, Constant):
            numbers.append(v.data)
            symbolic.append(None)
        elif v.type.size == 1:
            numbers.append(np.zeros((1,) * v.ndim, "int64"))
            symbolic.append(affine(v))
        else:
            raise Recurrence("an index depends on a parameter")
    shape = np.broadcast_shapes(context.axes + (1,) * event, *(n.shape for n in numbers))
    total = np.zeros(shape, "int64")
    for n, size in zip(numbers, carry.shape, strict=False):
        total = total * size + n
    instance = np.zeros((), "int64")
    for c in context.coordinates[: carry.context.level - 1]:
        instance = instance * (int(c.max(initial=0)) + 1) + c
    own = context.coordinates[carry.context.level - 1]

    def spread(a: np.ndarray) -> np.ndarray:
        a = np.broadcast_to(a, context.axes) if a.ndim else np.full(context.axes, a)
        return np.broadcast_to(a.reshape(context.axes + (1,) * event), shape).ravel()

    return Elements(total.ravel(), spread(instance), spread(own), shape, tuple(symbolic))


def _apart(a: Elements, b: Elements) -> bool:
    """Whether symbolic index dimensions already tell that the elements differ; Recurrence if that cannot be told."""
    for x, y in zip(a.symbolic, b.symbolic, strict=False):
        if x is None and y is None:
            continue
        if x is None or y is None or x[0] is not y[0]:
            raise Recurrence("whether two indexes agree depends on a variable")
        if x[1] != y[1]:
            return True
    return False


@dataclass(frozen=True, eq=False)
class Hit:
    """For each element that is read which element of a write of the same iteration it is; -1 where it is none."""

    written: Access
    put: Elements
    source: np.ndarray


def _forward(access: Access, wanted: Elements, written: Access, carry: Carry) -> Hit | None:
    """What `written` put in this same iteration into the elements that `access` reads; None if into none of them."""
    if written.adds:
        raise Recurrence("an element is read after something was added to it")
    put = elements(written, carry)
    if _apart(wanted, put):
        return None
    if len(written.indices) != len(access.indices):
        raise Recurrence("an element is read in another way than it was written")
    span = int(max(wanted.number.max(initial=0), put.number.max(initial=0))) + 1
    laps = int(max(wanted.iteration.max(initial=0), put.iteration.max(initial=0))) + 1
    key_put = (put.instance * laps + put.iteration) * span + put.number
    key_wanted = (wanted.instance * laps + wanted.iteration) * span + wanted.number
    order = np.argsort(key_put, kind="stable")
    where = np.searchsorted(key_put[order], key_wanted, side="right") - 1
    hit = (where >= 0) & (key_put[order][np.maximum(where, 0)] == key_wanted) if order.size else np.zeros(0, bool)
    if not hit.any():
        return None
    return Hit(written, put, np.where(hit, order[where], -1))


def _gathered(hits: Sequence[Hit], access: Access, wanted: Elements, carry: Carry) -> Batched:
    """The elements that are read, from the writes that put them there."""
    context, first = access.context, hits[0]
    if len(hits) == 1 and context is first.written.context and wanted.shape == first.put.shape:
        if np.array_equal(first.source, np.arange(first.put.number.size)):
            assert first.written.value is not None
            return first.written.value
    rest = carry.shape[len(access.indices) :]
    flats: list[Variable] = []
    source, start = np.zeros(wanted.number.size, np.int64), 0
    for hit in hits:
        size = int(np.prod(hit.put.shape))
        value = make(BroadcastTo(hit.put.shape + rest), _with_event(hit.written, hit.put.shape, rest))
        flats.append(reshaped(value, (size, *rest)))
        source = np.where(hit.source >= 0, start + hit.source, source)
        start += size
    flat = flats[0] if len(flats) == 1 else make(Join(0 - flats[0].ndim), *flats)
    return Batched(make(Gather(), flat, array(source.reshape(wanted.shape))), context)


def _with_event(written: Access, shape: tuple[int, ...], rest: tuple[int, ...]) -> Variable:
    """What was written, with event axes aligned to the indices' and the rest's."""
    assert written.value is not None
    return align(expand(written.value, written.context), len(shape) - written.context.ndim + len(rest))


def check(state: State) -> None:
    """No iteration reads from before the loop what an earlier iteration wrote, and writes keep their order."""
    carry = state.carry
    puts = [elements(w, carry) for w in state.writes]
    for access in carry.reads:
        if state.added:
            raise Recurrence("a sum is read before it is complete")
        wanted = elements(access, carry) if puts else None
        for put, written in zip(puts, state.writes, strict=True):
            assert wanted is not None
            if not _apart(wanted, put):
                if len(written.indices) != len(access.indices):
                    raise Recurrence("an element is read in another way than it was written")
                _in_order(put, wanted, "an iteration reads what an earlier one wrote")
    for k, (later, access) in enumerate(zip(puts, state.writes, strict=True)):
        for earlier, before in zip(puts[:k], state.writes[:k], strict=True):
            if access.adds != before.adds or len(access.indices) != len(before.indices):
                raise Recurrence("elements are written in different ways")
            if not access.adds and not _apart(later, earlier):
                _in_order(later, earlier, "two statements write the same element")


def _in_order(first: Elements, second: Elements, problem: str) -> None:
    """Where both touch an element, `first` must not do so in an earlier iteration than `second`."""
    span = int(max(first.number.max(initial=0), second.number.max(initial=0))) + 1
    for few in (slice(1000), slice(None)):  # a recurrence shows in its first iterations
        keys_1 = first.instance[few] * span + first.number[few]
        keys_2 = second.instance[few] * span + second.number[few]
        size = int(max(keys_1.max(initial=0), keys_2.max(initial=0))) + 1
        if size > 8 * (keys_1.size + keys_2.size):
            unique, inverse = np.unique(np.concatenate([keys_1, keys_2]), return_inverse=True)
            size, keys_1, keys_2 = unique.size, inverse[: keys_1.size], inverse[keys_1.size :]
        earliest = np.full(size, np.iinfo("int64").max)
        np.minimum.at(earliest, keys_1, first.iteration[few])
        if (earliest[keys_2] < second.iteration[few]).any():
            raise Recurrence(problem)


def close(state: State, context: Context) -> Value:
    """The value after the loop of `context`: in the enclosing context, or a changed state of the enclosing loop."""
    carry, parent = state.carry, context.parent
    assert parent is not None
    check(state)
    initial = carry.initial
    if state.untouched:
        return initial
    if isinstance(initial, State):
        if state.added:
            if initial.writes:
                raise Recurrence("a value is both written and added to")
            return replace(initial, added=initial.added + state.added)
        if initial.added:
            raise Recurrence("a value is both written and added to")
        return replace(initial, writes=initial.writes + state.writes)
    total = initial if isinstance(initial, Variable) else expand(initial, parent).variable
    for amount in state.added:
        total = make(add.op, total, _amount(amount, carry, parent))
    for access in state.writes:
        total = _store(total, access, carry, parent, isinstance(initial, Variable) and parent.ndim == 0)
    return total if parent.ndim == 0 else Batched(_led(total, parent, carry), parent)


def _led(v: Variable, parent: Context, carry: Carry) -> Variable:
    missing = parent.ndim + len(carry.shape) - v.ndim
    return reshaped(v, (1,) * missing + v.shape) if missing > 0 else v


def _amount(amount: Batched, carry: Carry, parent: Context) -> Variable:
    """The sum over the loop of what each iteration adds."""
    return sum_out(Batched(align(amount, len(carry.shape)), amount.context), parent)


def _store(total: Variable, access: Access, carry: Carry, parent: Context, plain: bool) -> Variable:
    """`total` after the writes of all iterations."""
    assert access.value is not None
    put = elements(access, carry)
    context = access.context
    event = len(put.shape) - context.ndim
    rest = carry.shape[len(access.indices) :]
    at = [align(expand(i, context), event) for i in access.indices]
    value = _with_event(access, put.shape, rest)
    op = AddAt() if access.adds else SetAt()
    if plain:
        at, value = _whole(at, value, put.shape, rest)
        return make(op, total, value, *at)
    if parent.size * int(np.prod(carry.shape)) > LARGEST_SCRATCH:
        raise Recurrence("every iteration has a large array to itself")
    lead = [
        array(np.broadcast_to(c, context.axes).reshape(context.axes + (1,) * event)) for c in _rows(context, parent)
    ]
    full = make(BroadcastTo(parent.axes + carry.shape), _led(total, parent, carry))
    value = make(BroadcastTo(put.shape + rest), value)
    return make(op, full, value, *lead, *at)


def _whole(
    at: list[Variable], value: Variable, shape: tuple[int, ...], rest: tuple[int, ...]
) -> tuple[list[Variable], Variable]:
    """Indices and value of one write; an axis that no index varies along is spelled out, so that its last element
    wins."""
    value = make(BroadcastTo(shape + rest), value)
    if np.broadcast_shapes(*(v.shape for v in at)) != shape:
        at = [make(BroadcastTo(shape), at[0]), *at[1:]]
    return at, value


def _rows(context: Context, parent: Context) -> list[np.ndarray]:
    """Along each axis of `parent`: the position to which each iteration of `context` belongs."""
    if context is parent:
        return [np.arange(n).reshape((1,) * k + (n,) + (1,) * (parent.ndim - k - 1)) for k, n in enumerate(parent.axes)]
    assert context.parent is not None
    outer = _rows(context.parent, parent)
    if context.rows is None:
        return [r[..., None] for r in outer]
    return [np.broadcast_to(r, context.parent.axes).ravel()[context.rows] for r in outer]


def empty(shape: tuple[int, ...], dtype: str) -> Variable:
    return constant(np.zeros(shape, dtype))
