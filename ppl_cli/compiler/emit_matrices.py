"""Matrix routines and cumulative sums: operations whose loops are their own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from math import prod
from typing import TYPE_CHECKING

from ppl_cli.compiler.data import Progression, Stored, kind_of, strides_of
from ppl_cli.compiler.emit import ZERO, Emitter, Index, Place, broadcast_index
from ppl_cli.compiler.kernel import Assign, Declare, For, Library, Linear, Number, Ref, Store
from ppl_cli.compiler.sink_rules import is_large
from ppl_cli.graph.basic import Apply, Constant, Variable
from ppl_cli.ops.complex_decompositions import ComplexEigen, ComplexSingularValues, HermitianEigen, Schur
from ppl_cli.ops.decompositions import Eigen, Orthogonal, SingularValues, SymmetricEigen
from ppl_cli.ops.linalg import Cholesky, Determinant, LogAbsDeterminant, MatMul, Solve, SolveTriangular
from ppl_cli.ops.reduction import CumulativeSum

if TYPE_CHECKING:
    from ppl_cli.compiler.region import Region


def emit_over(emitter: Emitter, shape: Sequence[int], inside: Callable[[Index], None]) -> None:
    """Loops over `shape` around what `inside` emits."""
    indices: list[Linear] = []
    opened: list[tuple[str, int]] = []
    for n in shape:
        if n == 1:
            indices.append(ZERO)
            continue
        emitter.open()
        name = emitter.fresh("i")
        opened.append((name, n))
        indices.append(Linear(0, ((1, name),)))
    inside(tuple(indices))
    for name, n in reversed(opened):
        emitter.add(For(name, Linear(0), Linear(n), emitter.close()))


def emit_copy(emitter: Emitter, source: Variable, place: Place, shape: tuple[int, ...] | None = None) -> None:
    """Store `source`, broadcast to `shape`, at `place`."""
    full = source.shape if shape is None else shape
    like = Variable(source.type.with_shape(full))

    def store(index: Index) -> None:
        atom = emitter.pull(source, broadcast_index(index, source.shape))
        assert place.buffer is not None
        emitter.add(Store(place.buffer, emitter.address(like, place, index), atom))

    emit_over(emitter, full, store)


def _cumulative_sum(region: Region, node: Apply) -> None:
    emitter, (x,), v = region.emitter, node.inputs, node.outputs[0]
    assert isinstance(node.op, CumulativeSum)
    place, backwards, kind = region.places[v], node.op.reverse, kind_of(v)
    buffer = place.buffer
    assert buffer is not None

    def row(index: Index) -> None:
        total = emitter.fresh("s")
        emitter.add(Declare(total, kind, Number(0.0 if kind == "double" else 0, kind)))
        emitter.open()
        name = emitter.fresh("i")
        at = (*index, Linear(0, ((1, name),)) if v.shape[-1] != 1 else ZERO)
        emitter.add(Assign(total, emitter.pull(x, at), "sum"))
        emitter.add(Store(buffer, emitter.address(v, place, at), Ref(total, kind)))
        emitter.add(For(name, Linear(0), Linear(v.shape[-1]), emitter.close(), backwards))

    emit_over(emitter, v.shape[:-1], row)


def _call(
    emitter: Emitter, routine: tuple[str, tuple[str, ...]], sizes: tuple[int, ...], batch: tuple[int, ...],
    places: Sequence[tuple[Place, int]],
) -> None:  # fmt: skip
    """For each of `batch` a call of a routine (its name, what it calls of BLAS and LAPACK) with its matrices (place,
    size)."""

    def one(index: Index) -> None:
        flat = ZERO
        for i, stride in zip(index, strides_of(batch), strict=True):
            flat = flat + i * stride
        buffers = []
        for place, size in places:
            assert place.buffer is not None
            buffers.append((place.buffer, flat * size + Linear(place.start)))
        name, external = routine
        emitter.add(Library(name, sizes, tuple(buffers), external))

    emit_over(emitter, batch, one)


def _copied(region: Region, operand: Variable, batch: tuple[int, ...]) -> Place:
    """Scratch memory with a copy of a matrix for each of `batch`."""
    full = batch + operand.shape[-2:]
    place = Place(region.memory.buffer(operand, prod(full)), level=region.level)
    emit_copy(region.emitter, operand, place, full)
    return place


def _readable(region: Region, operand: Variable, batch: tuple[int, ...]) -> Place:
    """Where a matrix for each of `batch` can be read: where it is stored, among the data, or in a copy."""
    if operand.shape[:-2] == batch:
        stored = region.emitter.place(operand)
        if stored is not None and stored.buffer is not None and not stored.dropped:
            return stored
        found = region.emitter.data.look(operand) if isinstance(operand, Constant) else None
        if isinstance(found, Stored) and found.places == Progression(0, tuple(strides_of(operand.shape))):
            return Place(found.buffer)
    return _copied(region, operand, batch)


LARGE: dict[type, tuple[str, ...]] = {
    MatMul: ("blas:dgemm",),
    Cholesky: ("lapack:dpotrf",),
    SolveTriangular: ("blas:dtrsm",),
    Solve: ("lapack:dgetrf", "blas:dtrsm"),
    LogAbsDeterminant: ("lapack:dgetrf",),
    Determinant: ("lapack:dgetrf",),
}


def _routine(node: Apply, name: str) -> tuple[str, tuple[str, ...]]:
    """That for small matrices, or the one for large ones with what it calls."""
    return (f"large_{name}", LARGE[type(node.op)]) if is_large(node) else (name, ())


def _product(region: Region, node: Apply) -> None:
    """Of large matrices."""
    (a, b), v = node.inputs, node.outputs[0]
    batch, (m, n), k = v.shape[:-2], v.shape[-2:], a.shape[-1]
    places = [(_readable(region, a, batch), m * k), (_readable(region, b, batch), k * n), (region.places[v], m * n)]
    _call(region.emitter, _routine(node, "product"), (m, k, n), batch, places)


def _cholesky(region: Region, node: Apply) -> None:
    (a,), v = node.inputs, node.outputs[0]
    n, place = v.shape[-1], region.places[v]
    emit_copy(region.emitter, a, place)
    _call(region.emitter, _routine(node, "cholesky"), (n,), v.shape[:-2], [(place, n * n)])


def _solve_triangular(region: Region, node: Apply) -> None:
    """B is copied to the place of the result and solved for there."""
    (a, b), v = node.inputs, node.outputs[0]
    assert isinstance(node.op, SolveTriangular)
    batch, (n, m), place = v.shape[:-2], v.shape[-2:], region.places[v]
    sizes = (n, m, int(node.op.lower), int(node.op.transposed))
    matrix = _readable(region, a, batch)
    emit_copy(region.emitter, b, place, v.shape)
    _call(region.emitter, _routine(node, "solve_triangular"), sizes, batch, [(matrix, n * n), (place, n * m)])


def _solve(region: Region, node: Apply) -> None:
    """B is copied to the place of the result and solved for there; the copy of A is destroyed."""
    (a, b), v = node.inputs, node.outputs[0]
    batch, (n, m), place = v.shape[:-2], v.shape[-2:], region.places[v]
    matrix = _copied(region, a, batch)
    emit_copy(region.emitter, b, place, v.shape)
    places = [(matrix, n * n), (place, n * m), *_pivots(region, node, n)]
    _call(region.emitter, _routine(node, "solve"), (n, m), batch, places)


def _determinant(region: Region, node: Apply) -> None:
    """Of a copy of the matrix, which is destroyed."""
    name = "determinant" if isinstance(node.op, Determinant) else "log_determinant"
    (a,), v = node.inputs, node.outputs[0]
    place = region.places[v]
    if place.buffer is None:
        place = region.places[v] = replace(place, buffer=region.memory.buffer(v, 1))
    n = a.shape[-1]
    places = [(_copied(region, a, v.shape), n * n), (place, 1), *_pivots(region, node, n)]
    _call(region.emitter, _routine(node, name), (n,), v.shape, places)


def _pivots(region: Region, node: Apply, n: int) -> list[tuple[Place, int]]:
    """Where LAPACK notes how it interchanges rows."""
    return [(_room(region, node.inputs[0], n), 0)] if is_large(node) else []


def _room(region: Region, like: Variable, size: int) -> Place:
    """Memory to work in."""
    return Place(region.memory.buffer(like, size), level=region.level)


@dataclass(frozen=True)
class Routine:
    """The matrix routine of a decomposition: what it calls of LAPACK, and its room to work, for an m x n matrix."""

    name: str
    external: tuple[str, ...]
    room: Callable[[int, int], int]


def _room_of_complex_singular_values(m: int, n: int) -> int:
    least, most = sorted((m // 2, n))
    return 2 * (m // 2) * n + 2 * least * (m // 2 + n) + 5 * least + 2 * (2 * least + most)


ROUTINES: dict[type, Routine] = {
    SymmetricEigen: Routine("symmetric_eigen", ("dsyev",), lambda m, n: 3 * n),
    Eigen: Routine("eigen", ("dgeev",), lambda m, n: 4 * n),
    SingularValues: Routine("singular_values", ("dgesvd",), lambda m, n: 5 * min(m, n) + 3 * min(m, n) + max(m, n)),
    Orthogonal: Routine("orthogonal", ("dgelqf", "dorglq"), lambda m, n: 2 * n),
    ComplexEigen: Routine("complex_eigen", ("zgeev",), lambda m, n: 4 * n * n + 12 * n),
    HermitianEigen: Routine("hermitian_eigen", ("zheev",), lambda m, n: 2 * n * n + 9 * n),
    ComplexSingularValues: Routine("complex_singular_values", ("zgesvd",), _room_of_complex_singular_values),
    Schur: Routine("schur", ("zgees",), lambda m, n: 4 * n * n + 11 * n),
}


def _decomposition(region: Region, node: Apply) -> None:
    """The routine gets a copy of the matrix, which it destroys, room to work, and the place of the result."""
    (a,), v = node.inputs, node.outputs[0]
    batch, (m, n) = a.shape[:-2], a.shape[-2:]
    routine = ROUTINES[type(node.op)]
    room = routine.room(m, n)
    work = _room(region, v, room)
    external = tuple(f"lapack:{name}" for name in routine.external)
    places = [(_copied(region, a, batch), m * n), (work, 0), (region.places[v], v.shape[-1])]
    _call(region.emitter, (routine.name, external), (m, n, room), batch, places)


EMIT_MATRICES: dict[type, Callable[[Region, Apply], None]] = {
    CumulativeSum: _cumulative_sum,
    MatMul: _product,
    Cholesky: _cholesky,
    SolveTriangular: _solve_triangular,
    Solve: _solve,
    LogAbsDeterminant: _determinant,
    Determinant: _determinant,
    **dict.fromkeys(ROUTINES, _decomposition),
}
