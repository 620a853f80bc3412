"""Signatures of library functions, written much as in Stan's functions reference, and how a call is matched to them.

A signature is a text `result name(argument, ...)`; densities mark the outcome with a bar, `real normal_lpdf(reals |
reals, reals)`. Where a result is one of the patterns below it follows from the arguments:

    real, vector, array[,] int    exactly this type; int → real → complex promotes, in arrays too
    reals, ints                   a scalar or a container of them: vector, row_vector, (array of) ... As a result: a
                                  scalar if all arguments of this kind are scalars, otherwise an array
    vectors                       vector, row_vector or an array of these; as a result vector, or array[] vector
    T                             elementwise: any container of numbers, its ints promoted to real. Several T or Z: each
                                  a scalar or all of one shape. As a result: that shape, real
    Z                             the same for ints only; as a result that shape, int
    W                             the same with complex numbers too; as a result that shape, complex
    A, B, C, D, E                 any type, the same (after promotion) wherever the letter stands; `array[] A` works
    function                      the name of a user's function
    data real                     an expression without parameters
    tuple, tuple(matrix, vector)  any tuple, as an argument only; a tuple of these
    ...                           last: any further arguments

Example: "T exp(T)", "T fmax(T, T)", "T bessel_first_kind(Z, T)", "Z abs(Z)", "array[] A head(array[] A, int)".
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Protocol

from ppl_cli.language.types import (
    BASIC_TYPES,
    ERROR,
    ROW_VECTOR,
    VECTOR,
    VOID,
    ArrayType,
    FunctionType,
    TupleType,
    Type,
    array_of,
    common_type,
    contains_error,
    ndim,
    promotion_cost,
    scalar_of,
    with_scalar,
)

_ELEMENTWISE = {"T": "real", "Z": "int", "W": "complex"}
_CONTAINERS = {"reals": "real", "ints": "int"}
_GENERIC = frozenset("ABCDE")
LEGEND = {
    "T": "T is a number or any container of numbers",
    "Z": "Z is an int or any array of ints",
    "W": "W is any number or container of numbers, complex ones too",
    "reals": "reals are a number or any container of numbers",
    "ints": "ints are an int or any array of ints",
    "vectors": "vectors are a vector, a row vector or an array of them",
    "A": "A is any type",
}


@dataclass(frozen=True, slots=True)
class Pattern:
    """One argument or the result: `dimensions` array axes of what `word` stands for; a tuple has `elements` instead."""

    word: str
    dimensions: int = 0
    data_only: bool = False
    elements: tuple[Pattern, ...] = ()

    @property
    def generic(self) -> bool:
        """Whether the word stands for any type."""
        return self.word in _GENERIC

    def __str__(self) -> str:
        if self.elements:
            return f"tuple({', '.join(map(str, self.elements))})"
        array = f"array[{',' * (self.dimensions - 1)}] " if self.dimensions else ""
        return ("data " if self.data_only else "") + array + self.word


@dataclass(frozen=True, slots=True)
class Match:
    """A signature fits: the type of the result, and how many promotions it takes."""

    signature: Signature
    result: Type
    cost: int


@dataclass(frozen=True, slots=True)
class Signature:
    name: str
    result: Pattern
    arguments: tuple[Pattern, ...]
    bar: bool = False
    variadic: bool = False

    @staticmethod
    def parse(text: str) -> Signature:
        return _parse(text)

    @property
    def elementwise(self) -> bool:
        """Whether it takes all numbers and containers of them, ints as they are."""
        return bool(self.arguments) and all(argument.word in _ELEMENTWISE for argument in self.arguments)

    def __str__(self) -> str:
        arguments = [str(argument) for argument in self.arguments] + (["..."] if self.variadic else [])
        if self.bar:
            inside = f"{arguments[0]} | {', '.join(arguments[1:])}" if len(arguments) > 1 else f"{arguments[0]} |"
        else:
            inside = ", ".join(arguments)
        return f"{self.result} {self.name}({inside})"

    def match(self, types: Sequence[Type]) -> Match | None:
        """How a call with arguments of these types fits, or None."""
        if len(types) < len(self.arguments) or (len(types) > len(self.arguments) and not self.variadic):
            return None
        matching = _Matching()
        for pattern, type in zip(self.arguments, types, strict=False):
            if not matching.accept(pattern, type):
                return None
        return Match(self, matching.result(self.result), matching.cost)


class Library(Protocol):
    """The functions a program may call besides its own."""

    def signatures(self, name: str) -> tuple[Signature, ...]:
        """All signatures of a function, none if there is no such function."""
        ...

    def names(self) -> Iterable[str]:
        """The names of all functions, with their suffixes: `exp`, `normal_lpdf`, `normal_rng`, ..."""
        ...


class SignatureTable:
    """A library made of texts; each text is parsed when its name is first asked for."""

    def __init__(self, texts: Iterable[str]) -> None:
        self._texts: dict[str, list[str]] = {}
        for text in texts:
            self._texts.setdefault(name_of(text), []).append(text)

    def signatures(self, name: str) -> tuple[Signature, ...]:
        return tuple(map(_parse, self._texts.get(name, ())))

    def names(self) -> Iterator[str]:
        return iter(self._texts)


def legend_of(signatures: Iterable[str]) -> list[str]:
    """What the patterns in the texts of signatures stand for."""
    words = dict.fromkeys(re.findall(r"\w+", " ".join(signatures)))
    return [LEGEND[word] for word in words if word in LEGEND]


def best_match(signatures: Iterable[Signature], types: Sequence[Type]) -> Match | None:
    """The fitting signature with the fewest promotions; the first of several."""
    matches = [match for signature in signatures if (match := signature.match(types)) is not None]
    return min(matches, key=lambda match: match.cost, default=None)


class _Matching:
    """What the arguments seen so far have fixed."""

    def __init__(self) -> None:
        self.cost = 0
        self.generic: dict[str, Type] = {}
        self.shape: Type | None = None
        self.container_dimensions = 0
        self.many_vectors = False

    def accept(self, pattern: Pattern, type: Type) -> bool:
        """Whether an argument fits; what it fixes is remembered."""
        if contains_error(type):
            return True
        if pattern.word == "tuple":
            return isinstance(type, TupleType) and self._accept_elements(pattern.elements, type)
        for _ in range(pattern.dimensions):
            if not isinstance(type, ArrayType):
                return False
            type = type.element
        word = pattern.word
        if word in BASIC_TYPES:
            return self._pay(promotion_cost(type, BASIC_TYPES[word]))
        if word in _ELEMENTWISE:
            return self._accept_elementwise(type, _ELEMENTWISE[word])
        if word in _CONTAINERS:
            return self._accept_container(type, _CONTAINERS[word])
        if word == "vectors":
            return self._accept_vectors(type)
        if word == "function":
            return isinstance(type, FunctionType)
        return self._accept_generic(type, word)

    def _accept_elements(self, patterns: Sequence[Pattern], type: TupleType) -> bool:
        """Whether a tuple has such elements; any tuple does if no patterns are given."""
        if not patterns:
            return True
        return len(patterns) == len(type.elements) and all(map(self.accept, patterns, type.elements))

    def _pay(self, cost: int | None) -> bool:
        self.cost += cost or 0
        return cost is not None

    def _accept_elementwise(self, type: Type, scalar: str) -> bool:
        found = scalar_of(type)
        if found is None or not self._pay(promotion_cost(BASIC_TYPES[found], BASIC_TYPES[scalar])):
            return False
        if ndim(type):
            shape = with_scalar(type, "real")
            if self.shape is not None and not _same_shape(self.shape, shape):
                return False
            if self.shape is None or _holds_scalars(self.shape):
                self.shape = shape
        return True

    def _accept_container(self, type: Type, scalar: str) -> bool:
        if scalar_of(type) not in (scalar, "int"):
            return False
        self.cost += scalar_of(type) != scalar
        self.container_dimensions = max(self.container_dimensions, ndim(type))
        return True

    def _accept_vectors(self, type: Type) -> bool:
        if isinstance(type, ArrayType):
            self.many_vectors = True
            type = type.innermost
        return type in (VECTOR, ROW_VECTOR)

    def _accept_generic(self, type: Type, letter: str) -> bool:
        common = common_type(self.generic.get(letter, type), type)
        if common is None:
            return False
        self.generic[letter] = common
        return True

    def result(self, pattern: Pattern) -> Type:
        if pattern.elements:
            return TupleType(tuple(map(self.result, pattern.elements)))
        return array_of(self._result(pattern.word), pattern.dimensions)

    def _result(self, word: str) -> Type:
        if word == "void":
            return VOID
        if word in _ELEMENTWISE:
            scalar = _ELEMENTWISE[word]
            return BASIC_TYPES[scalar] if self.shape is None else with_scalar(self.shape, scalar)
        if word in _CONTAINERS:
            return array_of(BASIC_TYPES[_CONTAINERS[word]], self.container_dimensions)
        if word == "vectors":
            return ArrayType(VECTOR) if self.many_vectors else VECTOR
        if word in _GENERIC:
            return self.generic.get(word, ERROR)
        return BASIC_TYPES[word]


def _same_shape(first: Type, second: Type) -> bool:
    """Equal containers; or as many axes, where one is an array of scalars (ints beside a vector)."""
    if first == second:
        return True
    return ndim(first) == ndim(second) and (_holds_scalars(first) or _holds_scalars(second))


def _holds_scalars(type: Type) -> bool:
    return isinstance(type, ArrayType) and ndim(type.innermost) == 0


_TEXT = re.compile(r"(?P<result>.+?)\s+(?P<name>\w+)\((?P<arguments>.*)\)")
_PATTERN = re.compile(r"(?P<data>data )?\s*(array\[(?P<commas>,*)\] )?\s*(?P<word>\w+)")


def name_of(text: str) -> str:
    """The name of the function in the text of a signature; called for every row, so without a match."""
    start = text.index(")") + 1 if text.startswith("tuple(") else 0  # after the result
    return text[start : text.index("(", start)].rpartition(" ")[2]


def _parse_pattern(text: str) -> Pattern:
    if text.startswith("tuple("):
        pieces = _split_arguments(text.removeprefix("tuple(").removesuffix(")"))
        return Pattern("tuple", elements=tuple(map(_parse_pattern, pieces)))
    found = _PATTERN.fullmatch(text.strip())
    if found is None:
        raise ValueError(f"not a type in a signature: {text!r}")
    word = found["word"]
    known = (BASIC_TYPES, _ELEMENTWISE, _CONTAINERS, _GENERIC, ("vectors", "function", "tuple", "void"))
    if not any(word in words for words in known):
        raise ValueError(f"unknown word {word!r} in a signature")
    dimensions = 0 if found["commas"] is None else len(found["commas"]) + 1
    return Pattern(word, dimensions, data_only=found["data"] is not None)


@cache
def _parse(text: str) -> Signature:
    found = _TEXT.fullmatch(text.strip())
    if found is None:
        raise ValueError(f"not a signature: {text!r}")
    pieces = [piece for piece in _split_arguments(found["arguments"].replace("|", ",")) if piece]
    variadic = bool(pieces) and pieces[-1] == "..."
    patterns = tuple(map(_parse_pattern, pieces[:-1] if variadic else pieces))
    return Signature(found["name"], _parse_pattern(found["result"]), patterns, "|" in found["arguments"], variadic)


def _split_arguments(text: str) -> list[str]:
    """Split at the commas that are not within brackets."""
    return [piece.strip() for piece in re.split(r",(?![^\[]*\]|[^(]*\))", text)]
