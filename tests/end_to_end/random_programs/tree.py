"""A program in two languages: the Stan text, and Python source that says what it means.

In Python numbers are complex, so that a derivative is the imaginary part of the target after a step of 1e-30 i. Nothing
here knows about graphs, or about the package.
"""
from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import numpy as np
from end_to_end.random_programs.meaning import LARGEST, LIBRARY, Target, Unusual
from end_to_end.random_programs.types import Type


@dataclass(frozen=True)
class Expression:
    """Templates of both languages, filled with the texts of the arguments."""

    type: Type
    stan: str
    python: str
    arguments: tuple[Expression, ...] = ()

    def text(self, language: str) -> str:
        return getattr(self, language).format(*(a.text(language) for a in self.arguments))


@dataclass(frozen=True)
class Statement:
    """A line of both languages; statements that hold others have a body, and perhaps another for `else`."""

    stan: str
    python: str
    arguments: tuple[Expression, ...] = ()
    body: tuple[Statement, ...] | None = None
    otherwise: tuple[Statement, ...] = ()

    def lines(self, language: str) -> Iterator[str]:
        stan = language == "stan"
        yield getattr(self, language).format(*(a.text(language) for a in self.arguments))
        if self.body is None:
            return
        for k, part in enumerate((self.body, self.otherwise)):
            if k and part:
                yield "} else {" if stan else "else:"
            if part or not k:
                yield from indented(part, language)
        if stan:
            yield "}"


def indented(statements: Sequence[Statement], language: str) -> list[str]:
    lines = ["    " + line for s in statements for line in s.lines(language)]
    return lines or ([] if language == "stan" else ["    pass"])


@dataclass(frozen=True)
class Meaning:
    """The log density, its gradient and the transformed parameters at one point."""

    value: float
    gradient: np.ndarray
    transformed: dict[str, np.ndarray]

    def differs(self, other: Meaning) -> str:
        """What of the other is not the same, up to rounding; empty if everything is."""
        if not abs(self.value - other.value) <= 1e-10 * (1 + abs(self.value) + np.abs(self.gradient).sum()):
            return f"the value is {other.value}, not {self.value}"
        if not _close(self.gradient, other.gradient, 1e-8):
            return f"the gradient is {other.gradient}, not {self.gradient}"
        wrong = [n for n, v in self.transformed.items() if not _close(v, other.transformed[n], 1e-10)]
        return f"`{wrong[0]}` is {other.transformed[wrong[0]]}, not {self.transformed[wrong[0]]}" if wrong else ""


def _close(a: np.ndarray, b: np.ndarray, tolerance: float) -> bool:
    return bool((np.abs(a - b) <= tolerance * (1 + np.abs(a).max(initial=0))).all())


@dataclass(frozen=True)
class Function:
    """A function of the program; `stan` and `python` are its first lines."""

    stan: str
    python: str
    body: tuple[Statement, ...]


@dataclass(frozen=True)
class Program:
    """A program in both languages. Parameters are (name, type, whether positive)."""

    sizes: dict[str, int]
    data: dict[str, Any]
    declarations: tuple[str, ...]
    parameters: tuple[tuple[str, Type, bool], ...]
    functions: tuple[Function, ...]
    transformed_data: tuple[Statement, ...]
    transformed: tuple[Statement, ...]
    names: tuple[str, ...]  # of the transformed parameters
    model: tuple[Statement, ...]

    @cached_property
    def text(self) -> str:
        parameters = [f"{t.declared('<lower=0>' if positive else '')} {n};" for n, t, positive in self.parameters]
        functions = [line for f in self.functions for line in (f"  {f.stan} {{", *indented(f.body, "stan"), "  }")]
        blocks = {
            "functions": functions, "data": [f"  {d}" for d in self.declarations],
            "transformed data": indented(self.transformed_data, "stan"), "parameters": [f"  {p}" for p in parameters],
            "transformed parameters": indented(self.transformed, "stan"), "model": indented(self.model, "stan"),
        }  # fmt: skip
        return "".join(f"{name} {{\n" + "\n".join(lines) + "\n}\n" for name, lines in blocks.items() if lines)

    @cached_property
    def source(self) -> str:
        lines = [line for f in self.functions for line in (f.python, *indented(f.body, "python"))]
        body = (*self.transformed_data, *self.transformed, *self.model)
        names = ", ".join(f"{n!r}: {n}" for n in self.names)
        arguments = ", ".join(n for n, _, _ in self.parameters)
        lines += [f"def program({arguments}):", *indented(body, "python"), f"    return {{{names}}}"]
        return "\n".join(lines)

    def shape(self, t: Type) -> tuple[int, ...]:
        return tuple(self.sizes[s] for s in t.sizes)

    @cached_property
    def size(self) -> int:
        return sum(int(np.prod(self.shape(t))) for _, t, _ in self.parameters)

    def point(self, seed: int) -> np.ndarray:
        """Values of the flat unconstrained vector."""
        return np.random.default_rng([seed, 1]).normal(0, 0.7, self.size)

    def run(self, q: np.ndarray) -> tuple[complex, dict[str, np.ndarray]]:
        """The log density at the flat unconstrained vector `q` with the log Jacobian, the transformed parameters."""
        target = Target()
        given, start = {}, 0
        for name, t, positive in self.parameters:
            shape = self.shape(t)
            stop = start + int(np.prod(shape))
            order: Literal["C", "F"] = "F" if t.base == "matrix" else "C"
            given[name] = q[start:stop].astype(complex).reshape(shape, order=order)[()]
            if positive:
                target.add(given[name])
                given[name] = np.exp(given[name])
            start = stop
        data = {name: np.asarray(value)[()] for name, value in self.data.items()}
        namespace = {**LIBRARY, **data, "target": target}
        exec(compile(self.source, "<program>", "exec"), namespace)
        found = namespace["program"](**given)
        return target.total, found

    def meaning(self, q: np.ndarray) -> Meaning:
        """Raises `Unusual` where numbers are not finite, or nothing is meant: indexes out of range, maxima of
        nothing."""
        try:
            with np.errstate(all="ignore"), warnings.catch_warnings(action="ignore"):
                value, transformed = self.run(q)
                gradient = np.array([self.run(q + step)[0].imag for step in 1e-30j * np.eye(self.size)]) * 1e30
        except (ArithmeticError, IndexError, NameError, ValueError):
            raise Unusual from None
        numbers = np.concatenate([[value], gradient, *map(np.ravel, transformed.values())])
        if not np.abs(numbers.real).max() < LARGEST:
            raise Unusual
        return Meaning(value.real, gradient, {name: v.real for name, v in transformed.items()})
