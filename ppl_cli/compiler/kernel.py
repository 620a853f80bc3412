"""The loop language between graphs and text: scalar expressions, and statements on flat buffers.

A kernel is `double f(const double *q, double *out, void **workspace)`. Expressions have no side effects (but draws); a
buffer is a flat array of doubles or 64-bit integers. The printers read nothing but this.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from ppl_cli.ops.elementwise import Scalar

Kind = Literal["double", "int64"]


# ------------------------------------------------------------------------------------------- expressions


@dataclass(frozen=True, slots=True)
class Number:
    value: float | int
    kind: Kind


@dataclass(frozen=True, slots=True)
class Ref:
    """A local variable or loop index."""

    name: str
    kind: Kind


@dataclass(frozen=True, slots=True)
class Linear:
    """An index: constant + sum of factor * reference."""

    constant: int = 0
    terms: tuple[tuple[int, str], ...] = ()

    @property
    def kind(self) -> Kind:
        return "int64"

    def __add__(self, other: Linear) -> Linear:
        factors: dict[str, int] = {}
        for factor, name in (*self.terms, *other.terms):
            factors[name] = factors.get(name, 0) + factor
        return Linear(self.constant + other.constant, tuple((f, n) for n, f in factors.items() if f))

    def __mul__(self, factor: int) -> Linear:
        return Linear(self.constant * factor, tuple((f * factor, n) for f, n in self.terms) if factor else ())


@dataclass(frozen=True, slots=True)
class Apply:
    """A scalar function of atoms."""

    scalar: Scalar
    arguments: tuple[Atom, ...]
    kind: Kind


@dataclass(frozen=True, slots=True)
class Load:
    buffer: Buffer
    index: Linear

    @property
    def kind(self) -> Kind:
        return self.buffer.kind


@dataclass(frozen=True, slots=True)
class Quotient:
    """The integer part of an index over a positive number, or (`remainder`) what is left."""

    index: Linear
    divisor: int
    remainder: bool = False

    @property
    def kind(self) -> Kind:
        return "int64"


@dataclass(frozen=True, slots=True)
class Draw:
    """One primitive random draw; evaluated exactly once, in order."""

    primitive: str
    arguments: tuple[Atom, ...]
    kind: Kind


Atom = Number | Ref | Linear
Expression = Atom | Apply | Load | Quotient | Draw


# --------------------------------------------------------------------------------------------- buffers


@dataclass(frozen=True, slots=True, eq=False)
class Buffer:
    """A flat array. place: input (q), output (out), data (slot `slot` of the data table), scratch."""

    name: str
    kind: Kind
    size: int
    place: Literal["input", "output", "data", "scratch"]
    slot: int = 0


# ------------------------------------------------------------------------------------------ statements


@dataclass(slots=True)
class Let:
    """A new local variable that is not assigned again."""

    name: str
    value: Expression


@dataclass(slots=True)
class Declare:
    """A new local variable that is assigned to."""

    name: str
    kind: Kind
    value: Expression


@dataclass(slots=True)
class Assign:
    """name = value, or with `combine` name = combine(name, value)."""

    name: str
    value: Expression
    combine: Literal["", "sum", "prod", "max", "min"] = ""


@dataclass(slots=True)
class Store:
    """buffer[index] = value, or combined with what is there."""

    buffer: Buffer
    index: Linear
    value: Expression
    combine: Literal["", "sum", "prod", "max", "min"] = ""


@dataclass(slots=True)
class For:
    """index = start .. stop - 1, or the same backwards; `until` this local is not 0."""

    index: str
    start: Atom
    stop: Atom
    body: list[Statement] = field(default_factory=list)
    backwards: bool = False
    until: Ref | None = None


@dataclass(slots=True)
class If:
    condition: Atom
    then: list[Statement] = field(default_factory=list)
    otherwise: list[Statement] = field(default_factory=list)


@dataclass(slots=True)
class Library:
    """A call of a matrix routine: what it uses of BLAS and LAPACK, its sizes, then its buffers with offsets."""

    routine: str
    sizes: tuple[int, ...]
    buffers: tuple[tuple[Buffer, Linear], ...]
    external: tuple[str, ...] = ()


@dataclass(slots=True)
class Report:
    """Write down numbers at a site of the program; a `fault` makes the function return NaN."""

    site: int
    fault: bool
    values: tuple[Atom, ...]


Statement = Let | Declare | Assign | Store | For | If | Library | Report


@dataclass(frozen=True)
class Kernel:
    """A whole function: its statements, the value returned, and what it needs besides its text.

    data       the arrays behind the data table, each with its buffer, in order of slots
    scratch    for each scratch buffer where it begins in the arena
    given      of the data, the one that is not constant: the caller passes another array in its place
    """

    body: list[Statement]
    value: Atom | None
    data: dict[Buffer, np.ndarray]
    scratch: dict[Buffer, int]
    n_scratch: int
    n_in: int
    n_out: int
    given: Buffer | None = None

    @property
    def n_given(self) -> int:
        return self.given.size if self.given is not None else 0


def reports(kernel: Kernel) -> tuple[bool, bool]:
    """Whether a kernel writes records, and whether some of them are faults."""
    found = [s for s in walk(kernel.body) if isinstance(s, Report)]
    checks = any(
        isinstance(e, Apply) and e.scalar.reports for s in walk(kernel.body) for e in expressions(s)
    )
    return bool(found) or checks, checks or any(s.fault for s in found)


def walk(statements: list[Statement]) -> Iterator[Statement]:
    """All statements, those inside others included."""
    for statement in statements:
        yield statement
        match statement:
            case For(body=body):
                yield from walk(body)
            case If(then=then, otherwise=otherwise):
                yield from walk(then)
                yield from walk(otherwise)


def names_in(statement: Statement) -> Iterator[str]:
    """The locals and loop indices that the expressions of a statement read."""
    for e in expressions(statement):
        operands: tuple[Expression, ...] = e.arguments if isinstance(e, Apply | Draw) else (e,)
        for operand in operands:
            match operand:
                case Ref(name=name):
                    yield name
                case Linear(terms=terms) | Load(index=Linear(terms=terms)) | Quotient(index=Linear(terms=terms)):
                    yield from (name for _, name in terms)


def expressions(statement: Statement) -> Iterator[Expression]:
    """The expressions directly in a statement."""
    match statement:
        case Let(value=value) | Declare(value=value) | Assign(value=value):
            yield value
        case Store(value=value, index=index):
            yield value
            yield index
        case For(start=start, stop=stop, until=until):
            yield start
            yield stop
            if until is not None:
                yield until
        case If(condition=condition):
            yield condition
        case Library(buffers=buffers):
            for _, index in buffers:
                yield index
        case Report(values=values):
            yield from values
