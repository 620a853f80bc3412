"""Expressions of the program to values: known ones are computed, the rest becomes graph."""
from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ppl_cli.graph.basic import Constant, Op, Variable, constant
from ppl_cli.graph.traversal import clone_replace, evaluate, roots_of, toposort
from ppl_cli.language import syntax as s
from ppl_cli.language.checked import ResolvedCall
from ppl_cli.language.diagnostics import ElaborationError, NotSupported
from ppl_cli.language.signatures import Signature
from ppl_cli.language.source import Span
from ppl_cli.language.types import INT, Type
from ppl_cli.model import indexing
from ppl_cli.model.analysis import TARGET
from ppl_cli.model.compounds import Complex, Parts, Tuple, each, leaves_of
from ppl_cli.model.indexing import Position
from ppl_cli.model.parts import spelled
from ppl_cli.model.sites import CHOOSE_PIECES, DIVISION_PIECES, INDEX_PIECES, PRODUCT_PIECES, Site
from ppl_cli.model.stretches import CUTS
from ppl_cli.model.values import (
    Leaf,
    NeedsValue,
    Stretch,
    Value,
    dtype_of,
    is_known,
    known_result,
    lower,
    promote,
    shape_of,
    shapes_of,
)
from ppl_cli.ops.control import InnerGraphOp, make_if
from ppl_cli.ops.elementwise import Elementwise
from ppl_cli.ops.indexing import Gather, affine
from ppl_cli.ops.random import RandomVariable, StepToken
from ppl_cli.ops.reporting import checked_divisor, checked_index, checked_int, checked_product
from ppl_cli.ops.scalar_math import add, both, either, ne, sub, to_int
from ppl_cli.ops.shape import stack

if TYPE_CHECKING:
    from ppl_cli.model.elaborate import Elaborator


def _truncated(a: int, b: int) -> int:
    quotient = abs(a) // abs(b)
    return quotient if (a >= 0) == (b >= 0) else -quotient


# Python's own arithmetic for scalars of known value, which data-only loops spend their time in.
_FAST: dict[str, Callable[[Any, Any], Any]] = {
    "+": operator.add, "-": operator.sub, "*": operator.mul,
    "==": operator.eq, "!=": operator.ne, "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge,
}

# Functions that are operators of integers, which may divide by zero or not fit into 64 bits.
_CHECKED = {"divide": "/", "elt_divide": "/", "modulus": "%", "multiply": "*", "elt_multiply": "*"}


# Functions that cut containers → the arguments that are first indices: position, axis, position of the length, if any.
_FIRST_INDICES: dict[str, tuple[tuple[int, int, int | None], ...]] = {
    "row": ((1, 0, None),),
    "col": ((1, 1, None),),
    "block": ((1, 0, 3), (2, 1, 4)),
    "sub_row": ((1, 0, None), (2, 1, 3)),
    "sub_col": ((1, 0, 3), (2, 1, None)),
    "segment": ((1, 0, 2),),
}


class Expressions:
    """Evaluates expressions for one elaborator."""

    def __init__(self, elaborator: Elaborator) -> None:
        self.el = elaborator

    def __call__(self, e: s.Expression) -> Value:
        return _EVALUATE[type(e)](self, e)

    def type_of(self, e: s.Expression) -> Type:
        return self.el.checked.type_of(e)

    def known_int(self, e: s.Expression) -> int:
        """The value of an int expression that must be known: a size or a loop's bound."""
        return self.require(self(e), e.span)

    def require(self, value: Value, span: Span) -> int:
        if isinstance(value, Variable):
            value = self.el.assumptions.get(value, lower(value))
        if isinstance(value, Variable):
            raise NeedsValue(value, span)
        assert is_known(value)
        return int(value)

    # ------------------------------------------------------------------------------------------ leaves

    def literal(self, e: s.IntLiteral | s.RealLiteral) -> Value:
        return e.value

    def imaginary(self, e: s.ImaginaryLiteral) -> Value:
        return Complex((0.0, e.value))

    def name(self, e: s.Name) -> Value:
        return self.el.environment[e.name].value

    # --------------------------------------------------------------------------------------- operators

    def unary(self, e: s.Unary) -> Value:
        value = self(e.operand)
        if isinstance(value, Stretch):
            return self.el.stretches.together(
                self.el.library.operator(e.operator, self.el.stretches.scalars((self.type_of(e.operand),))),
                (value,),
                e.span,
            )
        if isinstance(value, (int, float, np.int64)):
            return -value if e.operator == "-" else value if e.operator == "+" else int(not value)
        return self.operate(e.operator, e.operand, value, e)

    def transpose(self, e: s.Transpose) -> Value:
        value = self(e.operand)
        return value if isinstance(value, Stretch) else self.operate("'", e.operand, value, e)

    def binary(self, e: s.Binary) -> Value:
        """A long sum leans to the left: it is walked in a loop, so that its length has no limit."""
        chain = [e]
        while isinstance(chain[-1].left, s.Binary):
            chain.append(chain[-1].left)
        value = self(chain[-1].left)
        for each_ in reversed(chain):
            logical = each_.operator in ("&&", "||")
            value = self.logical(each_, value) if logical else self.arithmetic(each_, value, self(each_.right))
        return value

    def arithmetic(self, e: s.Binary, a: Value, b: Value) -> Value:
        if isinstance(a, Stretch) or isinstance(b, Stretch):
            return self.el.stretches.binary(e, (a, b))
        types = (self.type_of(e.left), self.type_of(e.right))
        return self.combine(e.operator, types, (a, b), e.span, self.type_of(e))

    def combine(
        self, symbol: str, types: tuple[Type, Type], values: tuple[Value, Value], span: Span, result: Type
    ) -> Value:
        """The result of an operator on two values, neither of them a stretch."""
        a, b = values
        if is_known(a) and is_known(b) and not shape_of(a) and not shape_of(b):
            done = self.fast(symbol, a, b, span)
            if done is not None:
                return done
        if types == (INT, INT):
            if symbol in ("/", "%/%", "%") and isinstance(b, Variable):
                b = checked_divisor(b, self.el.site(Site("arithmetic", span, DIVISION_PIECES)))
            if symbol == "*" and any(isinstance(v, Variable) and not self.is_scheduled(v) for v in values):
                site = self.el.site(Site("arithmetic", span, PRODUCT_PIECES))
                return checked_product(self.el.lift(a), self.el.lift(b), site)
        return self.build(self.el.library.operator(symbol, types), (a, b), span, result)

    def fast(self, symbol: str, a: Any, b: Any, span: Span) -> Value | None:
        if isinstance(a, Parts) or isinstance(b, Parts):
            return None
        integers = isinstance(a, int | np.integer) and isinstance(b, int | np.integer)
        if symbol in _FAST:
            if integers:
                return whole(_FAST[symbol](int(a), int(b)), (a, b), span)
            result = _FAST[symbol](a, b)
            return int(result) if isinstance(result, bool | np.bool_) else result
        if symbol in ("/", "%/%", "%"):
            if integers and b == 0:
                raise ElaborationError("integer division by zero", span)
            if integers:
                quotient = _truncated(int(a), int(b))
                return whole(quotient if symbol != "%" else int(a) - quotient * int(b), (a, b), span)
            if symbol == "/" and b != 0:
                return a / b
        return None

    def logical(self, e: s.Binary, a: Value) -> Value:
        """`&&` and `||` evaluate their right side only if it matters, as far as the left one, `a`, is known."""
        if is_known(a):
            if bool(a) == (e.operator == "||"):
                return int(bool(a))
            b = self(e.right)
            return int(bool(b)) if is_known(b) else to_int(ne(b, 0))
        with self.el.perhaps():
            b = self.el.lift(self(e.right))
        live = self.el.live_variables()
        if any(_may_fail(node.op) for node in toposort([b], stop=live)):
            right, decided = to_int(ne(b, 0)), constant(int(e.operator == "||"))
            then, otherwise = (right, decided) if e.operator == "&&" else (decided, right)
            return lower(make_if(ne(a, 0), [then], [otherwise], live)[0])
        return lower(to_int((both if e.operator == "&&" else either)(a, b)))

    def operate(self, symbol: str, operand: s.Expression, value: Value, e: s.Expression) -> Value:
        build = self.el.library.operator(symbol, (self.type_of(operand),))
        return self.build(build, (value,), e.span, self.type_of(e))

    def build(
        self, function: Callable[..., Variable], values: Sequence[Value], span: Span, result: Type, drawn: bool = False
    ) -> Value:
        """A graph function on values: computed at once if all of them are known, unless it is `drawn` at random."""
        arguments = [each(self.el.lift, v) for v in values]
        try:
            with np.errstate(all="ignore"):
                variable = function(*arguments)
        except NotImplementedError as error:
            raise ElaborationError(f"not supported yet: {error}", span) from None
        except (TypeError, ValueError) as error:
            raise ElaborationError(str(error), span) from error
        if drawn:
            return each(self.el.bind_draws, variable)
        given = [leaf for v in values for leaf in leaves_of(v)]
        known = all(map(is_known, given))

        def finished(v: Variable) -> Value:
            v = to_int(v) if v.dtype == "bool" else v
            return known_result(v, given) if known else lower(v)

        return each(finished, variable)

    def ternary(self, e: s.Ternary) -> Value:
        return self.el.choose(e)

    # ------------------------------------------------------------------------------------------ calls

    def call(self, e: s.Call) -> Value:
        resolved = self.el.checked.call_of(e)
        if resolved.random:
            return self.el.random_values.draw(e, resolved)
        if resolved.definition is not None:
            return self.el.functions.call(resolved.definition, e)
        drawn = e.suffix is s.Suffix.RNG
        if drawn and not self.el.drawing:
            raise NotSupported("drawing at random while data are transformed is", e.span)
        if resolved.functions:
            return each(lower_if, self.el.higher_order(e, resolved))
        assert resolved.signature is not None
        values = [self(a) for a in e.arguments]
        implementation = self.el.library.implementation(resolved.signature)
        types = tuple(map(self.type_of, e.arguments))
        if (
            self.el.stretching
            and (stretched := self.stretched(e, resolved.signature, values, implementation)) is not None
        ):
            return stretched
        values = [self.settle(v, a.span, k, e.name) for k, (v, a) in enumerate(zip(values, e.arguments, strict=True))]
        if types == (INT, INT) and e.name in _CHECKED:
            return self.combine(_CHECKED[e.name], types, (values[0], values[1]), e.span, resolved.result)
        values = self.within(e, values)
        first = 1 if resolved.signature.bar else 0  # before it the outcome
        parameters = self.el.supports.checked(resolved.signature, e.arguments[first:], values[first:])
        values = [*values[:first], *parameters]

        def apply(*arguments: Value) -> Value:
            return self.build(lambda *a: implementation(*a, types=types), arguments, e.span, resolved.result, drawn)

        compound = any(isinstance(v, Parts) for v in values)
        result = generic(resolved, values, apply) if compound else apply(*values)
        if e.suffix is s.Suffix.JACOBIAN:
            assert isinstance(result, Parts)
            result, log_jacobian = result.elements
            self.el.add_term(e, self.el.lift(log_jacobian))
        if e.name == "choose" and isinstance(result, Variable):
            site = self.el.site(Site("arithmetic", e.span, CHOOSE_PIECES))
            result = checked_int(result, 0, np.iinfo("int64").max, site)
        return promote(result, resolved.result)

    def stretched(
        self, e: s.Call, signature: Signature, values: Sequence[Value], implementation: Callable[..., Any]
    ) -> Value | None:
        """A call that makes or takes vectors of unknown length; None if it does not."""
        sizes = self.el.library.size_arguments(e.name)
        if e.name in CUTS and any(isinstance(values[k], Variable) for k in sizes if k < len(values)):
            settled = [self.el.assumptions.get(v, v) if isinstance(v, Variable) else v for v in values]
            if any(isinstance(settled[k], Variable) for k in sizes if k < len(values)):
                return each(lambda x: self.el.stretches.cut(e.name, [x, *settled[1:]], e.span), settled[0])
        if not any(isinstance(v, Stretch) for v in values):
            return None
        scalars = self.el.stretches.scalars(tuple(map(self.type_of, e.arguments)))
        one = lambda *a: implementation(*a, types=scalars)  # noqa: E731
        if signature.bar and all(pattern.word in ("reals", "ints") for pattern in signature.arguments):
            return self.el.stretches.sum(self.el.stretches.together(one, values, e.span))
        elementwise = one if signature.result.word in ("T", "Z") else None
        if e.suffix is s.Suffix.JACOBIAN and elementwise is not None:
            jacobian = self.el.stretches.together(lambda *a: one(*a).elements[1], values, e.span)
            self.el.add_term(e, self.el.lift(self.el.stretches.sum(jacobian)))
            elementwise = lambda *a: one(*a).elements[0]  # noqa: E731
        return self.el.stretches.call(e.name, elementwise, values, e.span)

    def settle(self, value: Value, span: Span, position: int, name: str) -> Value:
        """Sizes among the arguments of a function must be known."""
        sizes = self.el.library.size_arguments(name)
        if isinstance(value, Variable) and position in sizes:
            return self.require(value, span)
        return value

    def within(self, e: s.Call, values: list[Value]) -> list[Value]:
        """The arguments of functions that cut containers: indices that are not known now are checked when used."""
        for position, axis, extent in _FIRST_INDICES.get(e.name, ()):
            index = values[position]
            if isinstance(index, Variable):
                length = 1 if extent is None else self.require(values[extent], e.arguments[extent].span)
                room = shape_of(values[0])[axis] - length + 1
                values[position] = add(self.checked(sub(index, 1), room, e.arguments[position].span), 1)
        return values

    def target(self, e: s.TargetCall) -> Value:
        return self.el.environment.slot(TARGET).value

    # ------------------------------------------------------------------------------------- containers

    def index(self, e: s.Index) -> Value:
        base = self(e.base)
        positions = self.positions(e.indices, shape_of(base))
        if any(isinstance(p.value, Stretch) for p in positions):
            return each(lambda v: self.el.stretches.read(v, positions, e.span), base)
        return each(lambda v: self.read(v, positions, e.span), base)

    def read(self, x: Leaf, positions: Sequence[Position], span: Span) -> Leaf:
        return lower_if(indexing.read(x, positions, span, self.el.lift))

    def projection(self, e: s.TupleProjection) -> Value:
        base = self(e.base)
        assert isinstance(base, Parts)
        return base.elements[e.position - 1]

    def positions(self, items: Sequence[s.IndexItem], shape: tuple[int, ...]) -> list[Position]:
        found = []
        for axis, item in enumerate(items):
            size = shape[axis] if axis < len(shape) else 0
            value = self.position(item, size)
            loose = isinstance(value, Variable) and self.is_loose(value, size)
            if isinstance(value, Variable) and not loose:
                value = self.checked(value, size, item.span)
            found.append(Position(value, item.span, loose))
        return found

    def is_loose(self, index: Variable, size: int) -> bool:
        """Whether a state of a discrete unknown that decides the index may lead out of range."""
        deciding = [d for d in self.el.discrete if d.value in roots_of([index])]
        if not deciding:
            return False
        base, offset = affine(index)
        if isinstance(base.op, Gather) and isinstance(base.inputs[0], Variable):
            base = base.inputs[0]
        if len(deciding) == 1 and base is deciding[0].value:
            return bool((deciding[0].lower + offset < 0).any() or (deciding[0].upper + offset >= size).any())
        return True

    def checked(self, index: Variable, size: int, span: Span) -> Variable:
        """An index that is checked when it is used, if more than data and the indexes of loops decides it.

        Those others are checked for all iterations when the loop is compiled.
        """
        if self.is_scheduled(index):
            return index
        site = self.el.site(Site("index", span, INDEX_PIECES))
        return checked_index(index, size, site)

    def is_scheduled(self, variable: Variable) -> bool:
        """Whether only data and the indexes of loops decide the value."""
        loops = any(isinstance(node.op, InnerGraphOp) for node in toposort([variable]))
        discrete = (d.value for d in self.el.discrete)  # their states are tried one by one, like a loop's index
        return not loops and set(roots_of([variable])) <= {*self.el.indexes, *discrete}

    def position(self, item: s.IndexItem, size: int) -> Value | None:
        first: Value
        last: Value
        match item:
            case s.Single(expression=inner):
                value = self(inner)
                if isinstance(value, Stretch):
                    return self.el.stretches.together(lambda i: sub(i, 1), (value,), item.span)
                return indexing.zero_based(value)
            case s.All():
                return None
            case s.From(lower=low):
                first, last = self(low), size
            case s.To(upper=high):
                first, last = 1, self(high)
            case s.Between(lower=low, upper=high):
                first, last = self(low), self(high)
        if is_known(first) and is_known(last):
            return np.arange(int(first) - 1, int(first) - 1 + max(int(last - first + 1), 0))
        length = self.length(first, last, item.span)
        if isinstance(length, Variable):
            return self.el.stretches.between(lower(sub(self.el.lift(first), 1)), length, item.span)
        if is_known(first):
            return np.arange(int(first) - 1, int(first) - 1 + max(length, 0))
        return add(sub(first, 1), np.arange(max(length, 0)))

    def length(self, first: Value, last: Value, span: Span) -> int | Variable:
        """The number of integers from `first` to `last`, if it can be known; at least it is for all that is assumed."""
        length = lower(add(sub(self.el.lift(last), self.el.lift(first)), 1))
        if isinstance(length, Variable) and self.el.stretching and length not in self.el.assumptions:
            return length
        return self.require(length, span)

    def array(self, e: s.ArrayLiteral | s.RowVectorLiteral) -> Value:
        values = [promote(self(v), self.type_of(e)) for v in e.elements]
        if any(shapes_of(v) != shapes_of(values[0]) for v in values):
            raise ElaborationError("the elements have different sizes", e.span)

        def stacked(*leaves: Leaf) -> Leaf:
            if all(map(is_known, leaves)):
                return np.array(leaves, dtype=dtype_of(leaves[0]))
            return stack([self.el.lift(v) for v in leaves])

        return each(stacked, *values)

    def tuple_(self, e: s.TupleLiteral) -> Value:
        return Tuple(tuple(map(self, e.elements)))

    def pieces(self, e: s.Expression) -> list[str | Leaf]:
        """The value of `e` as it is printed: texts and leaves."""
        return spelled(self(e), self.type_of(e), lambda v, k: self.read(v, [Position(k, e.span)], e.span))

    def string(self, e: s.StringLiteral) -> Value:
        raise NotSupported("strings here are", e.span)


def _may_fail(op: Op) -> bool:
    """Whether something may be refused when it is computed."""
    return isinstance(op, Gather | InnerGraphOp) or (isinstance(op, Elementwise) and op.scalar.reports)


def whole(result: int, operands: Sequence[Value], span: Span) -> int | np.int64:
    """An integer result: a literal if all operands are."""
    if not -(2**63) <= result < 2**63:
        raise ElaborationError(f"the integer {result} does not fit into 64 bits", span)
    return int(result) if all(type(v) is int for v in operands) else np.int64(result)


def lower_if(value: Leaf) -> Leaf:
    return lower(value) if isinstance(value, Variable) else value


def evaluate_over(variable: Variable, index: Variable, values: np.ndarray) -> np.ndarray:
    """The values of a scalar `variable` for each of the `values` of a loop's index."""
    return np.array([evaluate([variable], {index: np.asarray(v)})[0] for v in values])


def generic(resolved: ResolvedCall, values: Sequence[Value], apply: Callable[..., Value]) -> Value:
    """A function of any type acts on the leaves of tuples and complex numbers alike; their sizes are those of one
    leaf."""
    signature = resolved.signature
    assert signature is not None
    which = [k for k, pattern in enumerate(signature.arguments) if pattern.generic]
    if not which:
        return apply(*values)
    if not signature.result.generic:
        return apply(*(leaves_of(v)[0] if k in which else v for k, v in enumerate(values)))
    chosen = [promote(values[k], resolved.result) for k in which]

    def on_leaves(*leaves: Leaf) -> Value:
        replaced = dict(zip(which, leaves, strict=True))
        return apply(*(replaced.get(k, v) for k, v in enumerate(values)))

    return each(on_leaves, *chosen)


def tie_draws(variable: Variable, indexes: Sequence[Variable]) -> Variable:
    """`variable` with the draws that it is made of bound to the iteration of the loops `indexes`."""
    replaced: dict[Variable, Variable] = {}
    stack_ = [variable]
    while stack_:
        v = stack_.pop()
        if isinstance(v.op, RandomVariable) and v.inputs[0].owner is None:
            replaced[v.inputs[0]] = StepToken()(v.inputs[0], *indexes)
        stack_.extend(v.inputs)
    return clone_replace([variable], replaced)[0] if replaced else variable


_EVALUATE: dict[type, Callable[[Expressions, Any], Value]] = {
    s.IntLiteral: Expressions.literal,
    s.RealLiteral: Expressions.literal,
    s.ImaginaryLiteral: Expressions.imaginary,
    s.Name: Expressions.name,
    s.Unary: Expressions.unary,
    s.Transpose: Expressions.transpose,
    s.Binary: Expressions.binary,
    s.Ternary: Expressions.ternary,
    s.Call: Expressions.call,
    s.TargetCall: Expressions.target,
    s.Index: Expressions.index,
    s.ArrayLiteral: Expressions.array,
    s.RowVectorLiteral: Expressions.array,
    s.TupleLiteral: Expressions.tuple_,
    s.TupleProjection: Expressions.projection,
    s.StringLiteral: Expressions.string,
}

__all__ = ["Constant", "Expressions", "NeedsValue", "evaluate_over", "tie_draws"]
