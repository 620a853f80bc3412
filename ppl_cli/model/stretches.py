"""Vectors whose length only a loop's index decides: `x[1:i - 1]`, `tail(w, n)` where i or n is not known when the graph
is built.

A tensor needs its shape, so such a vector is kept as a rule for its elements. Elementwise operations compose the rules;
a reduction or an assignment runs an inner `Loop` over them. What needs more than that raises `NeedsValue`, and the loop
around it is traced once for each length instead.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from ppl_cli.distributions import Distribution
from ppl_cli.graph.basic import Variable, constant, root
from ppl_cli.language import syntax as s
from ppl_cli.language.source import Span
from ppl_cli.language.types import INT, REAL, Type, scalar_of
from ppl_cli.model.indexing import Position
from ppl_cli.model.values import NeedsValue, Stretch, Value, convert, lower, shape_of
from ppl_cli.ops.control import make_loop
from ppl_cli.ops.indexing import affine, gather, set_at
from ppl_cli.ops.random import log_prob, random_variable, truncated
from ppl_cli.ops.scalar_math import add, detached, exp, log, maximum, sub, to_real
from ppl_cli.ops.shape import broadcast_to

if TYPE_CHECKING:
    from ppl_cli.model.elaborate import Elaborator

CUTS = frozenset(("head", "tail", "segment", "sub_col", "sub_row", "rep_vector", "rep_row_vector", "rep_array"))
SAME = frozenset(("to_vector", "to_row_vector", "to_array_1d"))
ONE_AXIS = frozenset(("vector", "row_vector"))
SIZES = frozenset(("size", "rows", "cols", "num_elements"))


class Stretches:
    """Works on stretches for one elaborator."""

    def __init__(self, elaborator: Elaborator) -> None:
        self.el = elaborator

    # ------------------------------------------------------------------------------------------ making

    def between(self, first: Value, length: Variable, span: Span) -> Stretch:
        """The integers first, first + 1, ..., of which there are `length`."""
        return Stretch(length, lambda j: add(self.el.lift(first), j), span)

    def read(self, x: Value, positions: Sequence[Position], span: Span) -> Stretch:
        """x[positions], of which one is a stretch and comes before any other that keeps its axis."""
        which = next(k for k, p in enumerate(positions) if isinstance(p.value, Stretch))
        stretch = positions[which].value
        assert isinstance(stretch, Stretch)
        before = self.lifted(positions[:which], stretch, span)
        if any(v.shape for v in before):
            raise NeedsValue(stretch.length, span)
        while len(positions) > which + 1 and positions[-1].value is None:
            positions = positions[:-1]
        after = self.lifted(positions[which + 1 :], stretch, span)
        source = self.el.lift(x)
        return Stretch(stretch.length, lambda j: gather(source, *before, stretch.at(j), *after), span)

    def lifted(self, positions: Sequence[Position], stretch: Stretch, span: Span) -> list[Variable]:
        """The positions beside a stretch, none of which may be a stretch, too, or a whole axis."""
        found = []
        for p in positions:
            if p.value is None or isinstance(p.value, Stretch):
                raise NeedsValue(stretch.length, span)
            found.append(self.el.lift(p.value))
        return found

    def cut(self, name: str, values: Sequence[Value], span: Span) -> Stretch:
        """A function that takes `length` elements of something."""
        x, *sizes = values
        *firsts, n = (self.el.lift(v) for v in sizes)
        if name.startswith("rep_"):
            if len(sizes) > 1:
                raise NeedsValue(next(v for v in (*firsts, n) if isinstance(v, Variable)), span)
            return Stretch(n, lambda j: self.el.lift(x), span)
        source = self.el.lift(x)
        start: Variable
        fixed: tuple[Variable, ...] = ()
        match name:
            case "head":
                start = constant(0)
            case "tail":
                start = sub(source.shape[0], n)
            case "segment":
                start = sub(firsts[0], 1)
            case "sub_col":
                start, fixed = sub(firsts[0], 1), (sub(firsts[1], 1),)
            case _:
                row = sub(firsts[0], 1)
                return Stretch(n, lambda j: gather(source, row, add(sub(firsts[1], 1), j)), span)
        return Stretch(n, lambda j: gather(source, add(start, j), *fixed), span)

    # --------------------------------------------------------------------------------------- computing

    def together(self, build: Callable[..., Variable], values: Sequence[Value], span: Span) -> Stretch:
        """`build` on the elements of stretches of one length, and on scalars."""
        stretches = [v for v in values if isinstance(v, Stretch)]
        first = stretches[0]
        for other in stretches[1:]:
            self.agree(first, other, span)
        if any(not isinstance(v, Stretch) and shape_of(v) for v in values):
            raise NeedsValue(first.length, span)

        def at(j: Variable) -> Variable:
            return build(*(v.at(j) if isinstance(v, Stretch) else self.el.lift(v) for v in values))

        return Stretch(first.length, at, span)

    def agree(self, a: Stretch, b: Stretch, span: Span) -> None:
        """Lengths must be the same for certain: nothing checks them at run time."""
        if a.length is not b.length and affine(a.length) != affine(b.length):
            raise NeedsValue(a.length, span)

    def binary(self, e: s.Binary, values: tuple[Value, Value]) -> Value:
        types = (self.el.checked.type_of(e.left), self.el.checked.type_of(e.right))
        names = (str(types[0]), str(types[1]))
        product = self.together(self.el.library.operator(e.operator, self.scalars(types)), values, e.span)
        if e.operator == "*" and names == ("row_vector", "vector"):
            return self.sum(product)
        if e.operator in ("*", "/", "\\", "%/%") and not {"real", "int"} & set(names):
            raise NeedsValue(product.length, e.span)
        return product

    @staticmethod
    def scalars(types: Sequence[Type]) -> tuple[Type, ...]:
        return tuple(INT if scalar_of(t) == "int" else REAL for t in types)

    def call(
        self, name: str, elementwise: Callable[..., Variable] | None, values: Sequence[Value], span: Span
    ) -> Value:
        """A library function of stretches; `elementwise` is what it does to elements, if that is all it does."""
        first = next(v for v in values if isinstance(v, Stretch))
        if name in SIZES:
            return first.length
        if name in SAME:
            return first
        if elementwise is not None:
            return self.together(elementwise, values, span)
        match name, values:
            case "sum", [_]:
                return self.sum(first)
            case "mean", [_]:
                return lower(self.el.lift(self.sum(first)) / to_real(first.length))
            case "dot_self", [_]:
                return self.sum(self.together(lambda v: v * v, values, span))
            case "dot_product", [_, _]:
                return self.sum(self.together(lambda v, w: v * w, values, span))
            case "squared_distance", [_, _]:
                return self.sum(self.together(lambda v, w: (v - w) * (v - w), values, span))
            case "log_sum_exp", [_]:
                return self.log_sum_exp(first)
        raise NeedsValue(first.length, span)

    def sum(self, x: Stretch) -> Value:
        return self.reduce(x, 0.0, add)

    def reduce(self, x: Stretch, start: float, combine: Callable[[Variable, Variable], Variable]) -> Value:
        j, total = root("j", "int64"), root("total")
        with self.el.inside(j):
            element = x.at(j)
        if element.ndim:
            raise NeedsValue(x.length, x.span)
        (found,) = make_loop(j, [total], [combine(total, to_real(element))], 0, x.length, [constant(start)])
        return lower(to_real(found)) if element.dtype == "float64" else convert(found, "int64")

    def log_sum_exp(self, x: Stretch) -> Value:
        """Shifted by the largest element, whose part in the derivative cancels."""
        largest = detached(self.el.lift(self.reduce(x, -np.inf, maximum)))
        shifted = self.together(lambda v: exp(v - largest), [x], x.span)
        return lower(log(self.el.lift(self.sum(shifted))) + largest)

    def density(self, law: Distribution, bounds: Sequence[Variable], values: Sequence[Value], span: Span) -> Variable:
        """The sum of log densities of independent elements; `values` are the outcome, its position, the parameters."""
        if law.event_ndim or any(law.event_ndims):
            raise NeedsValue(next(v.length for v in values if isinstance(v, Stretch)), span)

        def element(outcome: Variable, position: Variable, *parameters: Variable) -> Variable:
            rv = self.el.bind_draws(random_variable(law, *parameters))
            return log_prob(truncated(rv, *bounds) if bounds else rv, outcome, 0, position)

        return self.el.lift(self.sum(self.together(element, values, span)))

    # -------------------------------------------------------------------------------------- assignment

    def declared(self, d: s.Declaration) -> Stretch | None:
        """A vector declared with a length that is not known; None if it is something else."""
        if not self.el.stretching or d.type.base not in ONE_AXIS or len(d.type.extents) != 1:
            return None
        length = self.el.evaluate(d.type.extents[0])
        if not isinstance(length, Variable) or length in self.el.assumptions:
            return None
        return Stretch(length, lambda j: constant(np.nan), d.span)

    def whole(self, x: Stretch, positions: Sequence[Position], value: Value, span: Span) -> Stretch:
        """The vector x after all of it has been assigned."""
        if positions or not isinstance(value, Stretch):
            raise NeedsValue(x.length, span)
        self.agree(x, value, span)
        return value

    def write(self, x: Value, positions: Sequence[Position], value: Value, span: Span) -> Value:
        """x with x[positions] = value, element by element along the one position that is a stretch."""
        which = [k for k, p in enumerate(positions) if isinstance(p.value, Stretch)]
        stretch = positions[which[0]].value if which else value
        assert isinstance(stretch, Stretch)
        if isinstance(x, Stretch):
            return self.whole(x, positions, value, span)
        target = self.el.lift(x)
        places = [p.value for p in positions if p.value is not None]
        plain = all(isinstance(v, Stretch) or not shape_of(v) for v in places)
        if len(which) != 1 or not len(places) == len(positions) == target.ndim or not plain:
            raise NeedsValue(stretch.length, span)
        if not isinstance(value, Stretch):
            raise NeedsValue(stretch.length, span)
        self.agree(stretch, value, span)
        j, before = root("j", "int64"), root("x", target.dtype, target.shape)
        at = [v.at(j) if isinstance(v, Stretch) else self.el.lift(v) for v in places]
        element = value.at(j)
        if target.dtype == "float64":
            element = to_real(element)
        changed = set_at(before, broadcast_to(element, ()), *at)
        (found,) = make_loop(j, [before], [changed], 0, stretch.length, [target])
        return found
