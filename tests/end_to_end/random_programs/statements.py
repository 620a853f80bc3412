"""Random statements: terms of the target, conditions, loops, and ways to leave them."""
from __future__ import annotations

from dataclasses import dataclass, replace

from end_to_end.random_programs.assignments import Assignments, loop
from end_to_end.random_programs.expressions import Impossible, Variable
from end_to_end.random_programs.tree import Expression, Statement
from end_to_end.random_programs.types import CONDITION, INT, REAL, VOID, Type


@dataclass
class Statements(Assignments):
    returns: Type | None = None  # of the function around
    pure: bool = False  # no density may be added
    left: int = 14  # so many statements may still be written

    def block(self, most: int, *inside: Variable) -> tuple[Statement, ...]:
        """Statements in a scope of their own; what they leave in its variables is often added to the target."""
        self.scopes.append(list(inside))
        made: list[Statement] = []
        for _ in range(int(self.rng.integers(1, most + 1))):
            if self.left > 0:
                self.left -= 1
                made += self.statement()
        if not self.pure:
            made += [self.seen(v) for v in self.scopes[-1] if v.writable and self.likely(0.5)]
        self.scopes.pop()
        return tuple(made)

    def body(self, most: int, *inside: Variable) -> tuple[Statement, ...]:
        """The block of a loop."""
        self.loops += 1
        try:
            return self.block(most, *inside)
        finally:
            self.loops -= 1

    def statement(self) -> list[Statement]:
        kinds = [self.declare, self.assign, self.assign, self.assign, self.assign_element, self.assign_element,
                 self.assign_element, self.compound, self.compound, self.renew, self.assign_slice, self.assign_many,
                 self.assign_columns, self.swap, self.filled, self.conditional, self.conditional, self.guarded]  # fmt: skip
        if not self.pure:
            kinds += [self.target_plus] * 3 + [self.tilde] * 2 + [self.call]
        if self.loops < 3:
            kinds += [self.for_] * 5 + [self.for_each, self.while_]
        if self.loops:
            kinds.append(self.leaving)
        if self.returns is not None:
            kinds.append(self.early_return)
        return self.attempt(*kinds)

    # --------------------------------------------------------------------------------- the target

    def seen(self, v: Variable) -> Statement:
        """The target depends on all elements of v."""
        weight = f"{self.rng.uniform(0.3, 1):.2f}"
        python = f"target.add({weight} * sum({v.name}))"
        if len(v.type.sizes) > 1 and v.type.dimensions:
            row = self.fresh("row")
            return Statement(f"for ({row} in {v.name}) target += {weight} * sum({row});", python)
        total = f"sum({v.name})" if v.type.sizes else v.name
        return Statement(f"target += {weight} * {total};", python)

    def target_plus(self) -> list[Statement]:
        return [Statement("target += {0};", "target.add({0})", (self.expression(REAL, 3),))]

    def tilde(self) -> list[Statement]:
        """y ~ law(...) of a number or a vector; scales are positive."""
        if self.likely(0.2):
            arguments = self.computed(CONDITION, 0), self.expression(REAL, 2)
            return [Statement("({0}) ~ bernoulli_logit({1});", "target.add(bernoulli_logit({0}, {1}))", arguments)]
        size = self.choose(self.symbols)
        t = self.choose([REAL, Type("vector", (size,)), Type("real", (size,), 1)])
        law = self.choose(["normal", "normal", "cauchy", "double_exponential"])
        outcome = self.attempt(lambda: self.variable(t), lambda: self.element(t))
        mean = self.expression(self.choose([t, REAL]), 2)
        scale = self.expression(self.choose([t, REAL]), 1)
        python = f"target.add({law}({{0}}, {{1}}, exp({{2}})))"
        return [Statement(f"{{0}} ~ {law}({{1}}, exp({{2}}));", python, (outcome, mean, scale))]

    def call(self) -> list[Statement]:
        """A function that adds to the target and returns nothing."""
        text = self.computed(VOID, 2)
        return [Statement("{0};", "{0}", (text,))]

    # ---------------------------------------------------------------------------------- conditions

    def conditional(self) -> list[Statement]:
        condition = self.condition()
        then = self.block(2)
        otherwise = self.block(2) if self.likely(0.5) else ()
        return [Statement("if ({0}) {{", "if {0}:", (condition,), then, otherwise)]

    def guarded(self) -> list[Statement]:
        """Where an index is known not to be the first, or the last, its neighbour may be read."""
        v = self.choose([v for v in self.visible if v.type == INT and v.range])
        condition, known = self.choose([
            (f"{v.name} > 1", replace(v, before=1)), (f"{v.name} < {v.range}", replace(v, after=1))
        ])  # fmt: skip
        then = self.block(2, known, known)
        otherwise = self.block(2) if self.likely(0.5) else ()
        return [Statement(f"if ({condition}) {{{{", f"if {condition}:", (), then, otherwise)]

    def leaving(self) -> list[Statement]:
        """break or continue, under a condition."""
        how = self.choose(["break", "continue"])
        return [Statement("if ({0}) {{", "if {0}:", (self.condition(),), (Statement(f"{how};", how),))]

    def early_return(self) -> list[Statement]:
        assert self.returns is not None
        inner = Statement("return;", "return")
        if self.returns != VOID:
            value = self.bounded(self.expression(self.returns, 2))
            inner = Statement("return {0};", f"return {self.returns.scalar}({{0}})", (value,))
        return [Statement("if ({0}) {{", "if {0}:", (self.condition(),), (inner,))]

    # --------------------------------------------------------------------------------------- loops

    def for_(self) -> list[Statement]:
        kinds = [self.over_size, self.over_size, self.over_part, self.over_table]
        return [self.attempt(*kinds) if self.likely(0.9) else self.over_few()]

    def over_size(self) -> Statement:
        """1:N, 2:N, 1:N - 1, 3:N"""
        size, index = self.choose(self.symbols), self.fresh("i")
        low, before, high, after = self.choose(
            [("1", 0, size, 0), ("1", 0, size, 0), ("2", 1, size, 0), ("1", 0, f"{size} - 1", 1), ("3", 2, size, 0)]
        )
        return loop(index, low, high, self.body(4, Variable(index, INT, False, size, before, after)))

    def over_part(self) -> Statement:
        """1:n, n:N, 1:n - 1, n + 1:N, where n is the index of a loop around."""
        outer, index = self.choose([v for v in self.visible if v.type == INT and v.range]), self.fresh("i")
        n, size = outer.name, outer.range
        low, before, high, after = self.choose(
            [("1", 0, n, 0), (n, 0, size, 0), ("1", 0, f"{n} - 1", 1), (f"{n} + 1", 1, size, 0)]
        )
        return loop(index, low, high, self.body(4, Variable(index, INT, False, size, before, after)))

    def over_table(self) -> Statement:
        """1:lengths[n], starts[n]:N, starts[n]:ends[n]"""
        tables = [v for v in self.visible if v.type == Type("int", v.type.sizes[:1], 1) and v.range]
        table, index = self.choose(tables), self.fresh("i")
        ends = [w.name for w in tables if w.type == table.type and w.range == table.range]
        bounds = [self.choose(["1", "table", table.range]), self.choose([table.range, *ends])]
        if bounds[0] == table.range and bounds[1] == table.range:
            bounds = ["1", table.name]
        bounds = [table.name if b == "table" else b for b in bounds]
        stan = [f"{b}[{{0}}]" if b in ends else b for b in bounds]
        python = [f"at({b}, {{0}})" if b in ends else b for b in bounds]
        at = self.fixed_index(table.type.sizes[0])
        body = self.body(4, Variable(index, INT, False, table.range))
        return loop(index, stan[0], stan[1], body, at, python=(python[0], python[1]))

    def over_few(self) -> Statement:
        """To any int, which may depend on parameters."""
        index, high = self.fresh("i"), self.expression(INT, 1)
        body = self.body(4, Variable(index, INT))
        return loop(index, "1", "({0}) % 4", body, high, python=("1", "remainder({0}, 4)"))

    def for_each(self) -> list[Statement]:
        options = [v for v in self.visible if v.type.sizes and (v.type.base != "matrix" or v.type.dimensions)]
        v, name = self.choose(options), self.fresh("e")
        kind = v.type.element(1)
        assert kind is not None
        body = self.body(3, Variable(name, kind, False, v.range))
        made = Statement(f"for ({name} in {v.name}) {{{{", f"for {name} in target.each({v.name}):", (), body)
        if v.writable and any(line.lstrip().startswith(v.name) for line in made.lines("stan")):
            raise Impossible  # what is visited must not change
        return [made]

    def while_(self) -> list[Statement]:
        """A counter that grows, and perhaps another condition."""
        name, most = self.fresh("c"), int(self.rng.integers(1, 5))
        more = (self.condition(),) if self.likely(0.5) else ()
        start = self.declaration(INT, Expression(INT, "0", "0"), name, writable=False)
        body = self.body(3)
        step = Statement(f"{name} += 1;", f"{name} += 1")
        header = f"{name} < {most}"
        stan, python = (f"{header} && ({{0}})", f"{header} and ({{0}})") if more else (header, header)
        return [start, Statement(f"while ({stan}) {{{{", f"while {python}:", more, (step, *body))]
