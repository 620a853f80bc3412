"""Random expressions of a wanted type, from the variables that are visible."""
from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from end_to_end.random_programs.rules import RULES, Rule
from end_to_end.random_programs.tree import Expression
from end_to_end.random_programs.types import CONDITION, INT, REAL, SLICE, Type, literal, pattern


class Impossible(Exception):
    """Nothing of this kind can be written here."""


@dataclass(frozen=True)
class Variable:
    """`range`: an int within 1..range, or an array of them; x - before and x + after are in that range, too."""

    name: str
    type: Type
    writable: bool = False
    range: str = ""
    before: int = 0
    after: int = 0


@dataclass
class Expressions:
    """`scopes`: the variables of the blocks around, innermost last."""

    rng: np.random.Generator
    sizes: dict[str, int]
    scopes: list[list[Variable]] = field(default_factory=lambda: [[]])
    rules: list[Rule] = field(default_factory=lambda: list(RULES))
    count: int = 0

    # ------------------------------------------------------------------------------------ choices

    def choose(self, options: Sequence[Any]) -> Any:
        if not options:
            raise Impossible
        return options[self.rng.integers(len(options))]

    def likely(self, probability: float) -> bool:
        return bool(self.rng.random() < probability)

    def attempt(self, *makers: Callable[[], Any]) -> Any:
        """What the first of `makers` that can do it makes, in random order."""
        before = [list(scope) for scope in self.scopes]
        for k in self.rng.permutation(len(makers)):
            try:
                return makers[k]()
            except Impossible:
                del self.scopes[len(before) :]
                for scope, kept in zip(self.scopes, before, strict=True):
                    scope[:] = kept
        raise Impossible

    def fresh(self, prefix: str) -> str:
        self.count += 1
        return f"{prefix}{self.count}"

    @property
    def visible(self) -> list[Variable]:
        return [v for scope in self.scopes for v in scope]

    @property
    def symbols(self) -> list[str]:
        return [s for s in self.sizes if s.isalpha()]

    def random_type(self) -> Type:
        text = self.choose(["real", "real", "real", "int", "vector a", "vector a", "matrix a b", "row_vector a",
                            "array real a", "array vector a b", "array int a", "array array real a b"])  # fmt: skip
        return pattern(text).bind({s: self.choose(self.symbols) for s in "abc"})

    # -------------------------------------------------------------------------------- expressions

    def expression(self, t: Type, depth: int = 3) -> Expression:
        if t == CONDITION:
            return self.condition(depth)
        leaves = [self.variable, self.element, self.element]
        if depth <= 0 or self.likely(0.15):
            try:
                return self.attempt(*(lambda leaf=leaf: leaf(t) for leaf in leaves))
            except Impossible:
                return self.fallback(t)
        several = [self.computed] * 4 + [self.listed, self.many, self.crossed, self.part]
        return self.attempt(*(lambda m=m: m(t, depth - 1) for m in several), *(lambda m=m: m(t) for m in leaves))

    def fallback(self, t: Type) -> Expression:
        number = f"{self.rng.uniform(-1, 1):.2f}" if t.scalar == "real" else str(self.rng.integers(1, 4))
        return Expression(t, *literal(t, number))

    def variable(self, t: Type) -> Expression:
        v = self.choose([v for v in self.visible if v.type == t])
        return Expression(t, v.name, v.name)

    def computed(self, t: Type, depth: int) -> Expression:
        """By one of the rules: operators and functions."""
        rules = self.rules if depth > 0 else [rule for rule in self.rules if CONDITION not in rule.arguments]
        matching = [(rule, sizes) for rule in rules if (sizes := rule.result.match(t)) is not None]
        rule, sizes = self.choose(matching)
        bound = {**{s: self.choose(self.symbols) for s in "abc"}, **sizes}
        arguments = tuple(self.expression(a.bind(bound), depth) for a in rule.arguments)
        return Expression(t, *(_with_sizes(text, bound) for text in (rule.stan, rule.python)), arguments)

    def element(self, t: Type) -> Expression:
        """x[i] or x[i, j] of a variable."""
        options = [(v, k) for v in self.visible for k in (1, 2) if v.type.element(k) == t]
        v, k = self.choose(options)
        return self.read(v, [self.index(s) for s in v.type.sizes[:k]])

    def read(self, v: Variable, indexes: Sequence[Expression]) -> Expression:
        """v, v[i] or v[i, j]"""
        t = v.type.element(len(indexes))
        assert t is not None
        if not indexes:
            return Expression(t, v.name, v.name)
        slots = ", ".join(f"{{{k}}}" for k in range(len(indexes)))
        separate = len(indexes) == 2 and self.likely(0.2)
        stan = v.name + ("[{0}][{1}]" if separate else f"[{slots}]")
        return Expression(t, stan, f"at({v.name}, {slots})", tuple(indexes))

    def many(self, t: Type, depth: int) -> Expression:
        """x[multi] of a variable, with as many positions as `t` has elements along its first axis."""
        if not t.sizes or t.scalar == "int":
            raise Impossible
        v = self.choose([v for v in self.visible if v.type.sizes and replace(v.type, sizes=t.sizes) == t
                         and v.type.sizes[1:] == t.sizes[1:] and self.sizes[v.type.sizes[0]]])  # fmt: skip
        return Expression(t, f"{v.name}[{{0}}]", f"at({v.name}, {{0}})", (self.multiple(t.sizes[0], v.type.sizes[0]),))

    def crossed(self, t: Type, depth: int) -> Expression:
        """m[multi, multi] or m[multi, j] of a matrix."""
        v = self.choose([v for v in self.visible if v.type.base == "matrix" and not v.type.dimensions])
        rows, columns = v.type.sizes
        if t.dimensions or t.base not in ("vector", "row_vector", "matrix"):
            raise Impossible
        at = (
            self.index(rows) if t.base == "row_vector" else self.multiple(t.sizes[0], rows),
            self.index(columns) if t.base == "vector" else self.multiple(t.sizes[-1], columns),
        )
        return Expression(t, f"{v.name}[{{0}}, {{1}}]", f"at({v.name}, {{0}}, {{1}})", at)

    def multiple(self, count: str, size: str) -> Expression:
        """A multi-index of so many positions within 1..size: a table, or all of them."""
        tables = [(w.name, w.name) for w in self.visible if w.type == Type("int", (count,), 1) and w.range == size]
        if count == size:
            tables += [(":", "None"), (f"1:{size}", f"span(1, {size})")]
        return Expression(SLICE, *self.choose(tables))

    def part(self, t: Type, depth: int) -> Expression:
        """A reduction of a slice whose length may differ from one iteration to the next."""
        if t != REAL:
            raise Impossible
        v = self.choose([v for v in self.visible if v.type.dimensions == 0 and v.type.base == "vector"])
        low, high = self.fixed_index(v.type.sizes[0]), self.fixed_index(v.type.sizes[0])
        stan, python = self.choose([
            (f"sum({v.name}[1:{{0}}])", f"sum(at({v.name}, span(1, {{0}})))"),
            (f"sum({v.name}[{{0}}:{{1}}])", f"sum(at({v.name}, span({{0}}, {{1}})))"),
            (f"dot_self(head({v.name}, {{1}}))", f"dot_self(at({v.name}, span(1, {{1}})))"),
            (f"sum(square({v.name}[{{0}}:]))", f"sum(square(at({v.name}, span({{0}}, {v.type.sizes[0]}))))"),
        ])  # fmt: skip
        return Expression(t, stan, python, (low, high))

    def listed(self, t: Type, depth: int) -> Expression:
        """A literal of all the elements."""
        n = self.sizes[t.sizes[0]] if t.sizes else 0
        first = Type("row_vector", t.sizes[1:]) if t.base == "matrix" and not t.dimensions else t.element(1)
        if not 1 <= n <= 4 or first is None:
            raise Impossible
        return self.literal_of(t, [self.expression(first, depth - 1) for _ in range(n)])

    @staticmethod
    def literal_of(t: Type, elements: Sequence[Expression]) -> Expression:
        slots = ", ".join(f"{{{k}}}" for k in range(len(elements)))
        stan = f"{{{{{slots}}}}}" if t.dimensions else f"[{slots}]" + ("'" if t.base == "vector" else "")
        return Expression(t, stan, f"collect({slots})", tuple(elements))

    def condition(self, depth: int = 2) -> Expression:
        return self.computed(CONDITION, depth - 1)

    # ------------------------------------------------------------------------------------ indexes

    def index(self, size: str) -> Expression:
        """An int within 1..size."""
        if self.sizes[size] == 0:
            raise Impossible
        if self.likely(0.15):
            inner = self.expression(INT, 1)
            return Expression(INT, f"(1 + abs({{0}}) % {size})", f"(1 + abs({{0}}) % {size})", (inner,))
        return self.fixed_index(size)

    def fixed_index(self, size: str) -> Expression:
        """The same by loop variables and data only."""
        if self.sizes[size] == 0:
            raise Impossible
        found: list[str] = []
        for v in self.visible:
            if v.type == INT and v.range:
                found += [f"{v.name} - {v.before}"] * (2 * (v.before > 0)) if v.range == size else []
                found += [f"{v.name} + {v.after}"] * (2 * (v.after > 0)) if v.range == size else []
                found += [v.name] * 4 + [f"{size} + 1 - {v.name}"] if v.range == size else []
                tables = [w.name for w in self.visible if w.type == Type("int", (v.range,), 1) and w.range == size]
                found += [f"{name}[{v.name}]" for name in tables]
                if v.range != size:
                    found += [f"{v.name} % {size} + 1", f"min({v.name}, {size})"]
        if not found or self.likely(0.1):
            found = [str(self.rng.integers(1, self.sizes[size] + 1)), size]
        text = self.choose(found)
        return Expression(INT, text, text.replace("[", "[-1 + "))


def _with_sizes(template: str, sizes: Mapping[str, str]) -> str:
    for letter, size in sizes.items():
        template = template.replace(f"{{{letter}}}", size)
    return template
