"""Random assignments: of whole variables, elements, slices; compound ones; swaps; vectors that a loop fills."""
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from end_to_end.random_programs.expressions import Expressions, Impossible, Variable
from end_to_end.random_programs.tree import Expression, Statement
from end_to_end.random_programs.types import INT, REAL, SLICE, Type, pattern


@dataclass
class Assignments(Expressions):
    loops: int = 0  # around this place
    no_ints: bool = False  # at the top of the block

    # -------------------------------------------------------------------------------- declarations

    def declare(self) -> list[Statement]:
        t = self.random_type()
        return [self.declaration(t, self.bounded(self.expression(t, 2)), self.fresh("v"))]

    def bounded(self, e: Expression) -> Expression:
        """Ints stay small."""
        return Expression(e.type, "({0}) % 7", "remainder({0}, 7)", (e,)) if e.type == INT else e

    def declaration(self, t: Type, value: Expression | None, name: str, writable: bool = True) -> Statement:
        if t.scalar == "int" and self.no_ints and len(self.scopes) == 1:
            raise Impossible
        self.scopes[-1].append(Variable(name, t, writable))
        if value is None:
            return Statement(f"{t.declared()} {name};", f"{name} = unset({', '.join(t.sizes)})")
        return Statement(f"{t.declared()} {name} = {{0}};", f"{name} = {t.scalar}({{0}})", (value,))

    def filled(self) -> list[Statement]:
        """A vector or an array that a loop fills, perhaps from its first elements."""
        t = pattern(self.choose(["vector a", "array real a", "row_vector a"])).bind({"a": self.choose(self.symbols)})
        order, size = int(self.rng.integers(0, 3)), t.sizes[0]
        if self.sizes[size] < order or self.loops == 3:
            raise Impossible
        v, index = Variable(self.fresh("f"), t, True), self.fresh("i")
        firsts = [self.expression(REAL, 2) for _ in range(order)]
        self.scopes.append([Variable(index, INT, range=size, before=order)])
        value = self.expression(REAL, 2)
        self.scopes.pop()
        for k in range(1, order + 1):
            past = self.read(v, [Expression(INT, f"{index} - {k}", f"{index} - {k}")])
            value = Expression(REAL, "{0} + 0.4 * {1}", "{0} + 0.4 * {1}", (value, past))
        made = [self.declaration(t, None, v.name)]
        made += [self.change(v, [Expression(INT, str(k), str(k))], e) for k, e in enumerate(firsts, 1)]
        step = self.change(v, [Expression(INT, index, index)], value)
        return [*made, loop(index, str(order + 1), size, (step,))]

    # --------------------------------------------------------------------------------- assignments

    @staticmethod
    def change(v: Variable, at: Sequence[Expression], value: Expression, operator: str = "") -> Statement:
        """v[at] = value, or with an operator v[at] += value; v = value if there are no indexes."""
        if any(v.name in index.text("stan") for index in at):
            raise Impossible  # it must not be read on the left of an assignment to it
        slots = ", ".join(f"{{{k}}}" for k in range(1, len(at) + 1))
        old = f"at({v.name}, {slots})" if at else v.name
        new = f"{old} {operator} {{0}}" if operator else "{0}"
        python = f"put({v.name}, {new}, {slots})" if at else f"{v.name} = {v.type.scalar}({new})"
        return Statement(f"{v.name}{f'[{slots}]' if at else ''} {operator}= {{0}};", python, (value, *at))

    def writable(self, containers: bool = False) -> Variable:
        return self.choose([v for v in self.visible if v.writable and (v.type.sizes or not containers)])

    def place(self, v: Variable) -> list[Expression]:
        """The indexes of an element of v, or of a row of it."""
        count = min(len(v.type.sizes), int(self.rng.integers(1, 3)))
        return [self.index(s) for s in v.type.sizes[:count]]

    def assign(self) -> list[Statement]:
        v = self.writable()
        return [self.change(v, [], self.bounded(self.expression(v.type, 3)))]

    def assign_element(self) -> list[Statement]:
        v = self.writable(containers=True)
        at = self.place(v)
        return [self.change(v, at, self.bounded(self.expression(self.read(v, at).type, 3)))]

    def renew(self) -> list[Statement]:
        """v = [.. v[2] .., .. v[1] ..]'"""
        v = self.choose([w for w in self.visible if w.writable and w.type.element(1) == REAL])
        n = self.sizes[v.type.sizes[0]]
        if not 1 <= n <= 4:
            raise Impossible
        elements = []
        for _ in range(n):
            old = self.read(v, [self.index(v.type.sizes[0])])
            elements.append(Expression(REAL, "0.6 * {0} + {1}", "0.6 * {0} + {1}", (old, self.expression(REAL, 1))))
        return [self.change(v, [], self.literal_of(v.type, elements))]

    def compound(self) -> list[Statement]:
        v, operator = self.writable(), self.choose(["+", "+", "+", "-", "*", "/"])
        at = self.place(v) if v.type.sizes and self.likely(0.6) else []
        t = self.read(v, at).type
        if t.dimensions or t.scalar == "int":
            raise Impossible
        operand = self.expression(t if operator in "+-" and self.likely(0.6) else REAL, 2)
        if operator == "/":
            operand = Expression(REAL, "(1.5 + square({0}))", "(1.5 + square({0}))", (operand,))
        return [self.change(v, at, operand, operator)]

    def assign_columns(self) -> list[Statement]:
        """m[multi, j] = vector, m[multi, multi] = matrix"""
        v = self.choose([w for w in self.visible if w.writable and w.type.base == "matrix" and not w.type.dimensions])
        rows, columns = v.type.sizes
        count, count2 = self.choose(self.symbols), self.choose(self.symbols)
        t, second = self.attempt(
            lambda: (Type("vector", (count,)), self.index(columns)),
            lambda: (Type("matrix", (count, count2)), self.multiple(count2, columns)),
        )
        return [self.change(v, [self.multiple(count, rows), second], self.expression(t, 2))]

    def assign_many(self) -> list[Statement]:
        """x[multi] = value"""
        v = self.writable(containers=True)
        size, rest = v.type.sizes[0], v.type.sizes[1:]
        tables = [w for w in self.visible if w.type.base == "int" and w.type.dimensions == 1 and w.range == size]
        at = self.choose(tables)
        value = self.expression(replace(v.type, sizes=(at.type.sizes[0], *rest)), 2)
        return [self.change(v, [Expression(SLICE, at.name, at.name)], value)]

    def assign_slice(self) -> list[Statement]:
        """x[low:high] from the same elements of a variable, or from those before."""
        v = self.writable(containers=True)
        if v.type.scalar == "int":
            raise Impossible
        size = v.type.sizes[0]
        source = self.choose([w for w in self.visible if w.type == v.type])
        low, high = self.fixed_index(size), self.fixed_index(size)
        at = Expression(SLICE, "{0}:{1}", "span({0}, {1})", (low, high))
        value = Expression(v.type, f"{source.name}[{{0}}]", f"at({source.name}, {{0}})", (at,))
        if not v.type.dimensions:
            value = Expression(v.type, "{0} * {1}", "{0} * {1}", (self.expression(REAL, 1), value))
        return [self.change(v, [at], value)]

    def swap(self) -> list[Statement]:
        """Two elements change places through a temporary; or two variables do."""
        if self.likely(0.5):
            v = w = self.writable(containers=True)
            first = self.place(v)
            second = [self.index(s) for s in v.type.sizes[: len(first)]]
        else:
            v, first, second = self.writable(), [], []
            w = self.choose([w for w in self.visible if w.writable and w.type == v.type and w != v])
        before, kept = self.read(v, first), self.fresh("t")
        made = [
            self.declaration(before.type, before, kept, writable=False),
            self.change(v, first, self.read(w, second)),
            self.change(w, second, Expression(before.type, kept, kept)),
        ]
        return made


def loop(
    index: str, low: str, high: str, body: tuple[Statement, ...], *bounds: Expression, python: tuple[str, str] | None = None
) -> Statement:
    """for (index in low:high); `python` are the bounds in Python if they are other texts."""
    first, last = python or (low, high)
    header = f"for {index} in target.each(span({first}, {last})):"
    return Statement(f"for ({index} in {low}:{high}) {{{{", header, bounds, body)
