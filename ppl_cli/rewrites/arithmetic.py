"""Canonical arithmetic: neutral elements, signs, constants, cancelling terms, switches, integer conversions.

The normal form: a constant is the first input of a sum or product, no constant is subtracted, signs and scalars move
outwards, constants of nested sums and products are merged. Identities hold where both sides are defined: `b * (a / b)`
is `a` also for b = 0, and `0 * x` is 0 whatever x, because most zeros are structural zeros of gradients, where an
infinite factor would turn a derivative that exists into NaN.
"""
from __future__ import annotations

from ppl_cli.graph.basic import Apply, Constant, Variable, constant
from ppl_cli.graph.rewriting import Rewritten, RuleSet, rewrite, rule, wild
from ppl_cli.ops.elementwise import Elementwise
from ppl_cli.ops.scalar_math import (
    absolute,
    add,
    both,
    either,
    eq,
    exp,
    ge,
    gt,
    le,
    log,
    lt,
    mul,
    ne,
    negation,
    sqrt,
    switch,
    to_int,
    to_real,
)

x, y, z, condition = wild("x"), wild("y"), wild("z"), wild("condition", dtype="bool")
integer = wild("integer", dtype="int64", where=lambda v: v.dtype == "int64")
real = wild("real", where=lambda v: v.dtype == "float64")
truth = wild("truth", dtype="bool", where=lambda v: v.dtype == "bool")
c, d = wild("c", constant=True), wild("d", constant=True)


def _is_number(v: Variable) -> bool:
    return isinstance(v, Constant) and not v.shape


def _varies(v: Variable) -> bool:
    return not isinstance(v, Constant)


def _is_factor(v: Variable) -> bool:
    return isinstance(v, Constant) and not v.shape and v.data.item() != 0


number = wild("number", where=_is_number)
factor, factor2 = wild("factor", where=_is_factor), wild("factor2", where=_is_factor)
varying, varying2 = wild("varying", where=_varies), wild("varying2", where=_varies)


@rewrite("constant-first", add, mul)
def constant_first(node: Apply) -> Rewritten:
    a, b = node.inputs
    return node.op(b, a) if isinstance(b, Constant) and not isinstance(a, Constant) else None


scalar, scalar2 = (wild(n, scalar=True, where=_varies) for n in ("scalar", "scalar2"))
tensor, tensor2 = wild("tensor", where=lambda v: v.ndim > 0), wild("tensor2", where=lambda v: v.ndim > 0)

NEUTRAL = RuleSet.of(
    rule("add-zero", 0 + x, x),
    rule("sub-zero", x - 0, x),
    rule("zero-sub", 0 - x, -x),
    rule("mul-one", 1 * x, x),
    rule("mul-zero", 0 * x, constant(0)),
    rule("mul-minus-one", -1 * x, -x),
    rule("div-one", x / 1, x),
    rule("div-minus-one", x / -1, -x),
    rule("zero-div", 0 / x, constant(0.0)),
    rule("add-same", x + x, 2 * x),
    rule("add-same-again", (x + y) + y, x + 2 * y),
    rule("sub-same", x - x, constant(0)),
    rule("div-same", x / x, constant(1.0)),
)

SIGNS = RuleSet.of(
    rule("neg-neg", -(-x), x),  # noqa: B002
    rule("add-neg", x + -y, x - y),
    rule("sub-neg", x - -y, x + y),
    rule("neg-sub-left", -x - y, -(x + y)),
    rule("neg-of-sub", -(x - y), y - x),
    rule("mul-neg", x * -y, -(x * y), when=lambda x, y: bool(y.shape) or not x.shape),
    rule("div-neg", x / -y, -(x / y)),
    rule("neg-div", -x / y, -(x / y)),
    rule("neg-of-scaled", -(c * x), -c * x),
    rule("scaled-neg", c * -x, -c * x),
    rule("neg-of-quotient-of-constant", -(c / x), -c / x),
    rule("neg-of-shifted", -(c + x), -c - x),
    rule("abs-neg", absolute(-x), absolute(x)),
)

CONSTANTS = RuleSet.of(
    constant_first,
    rule("sub-constant", varying - c, -c + varying),
    rule("add-constants", c + (d + x), (c + d) + x),
    rule("add-constant-difference", c + (d - x), (c + d) - x),
    rule("constant-minus-shifted", c - (d + x), (c - d) - x),
    rule("constant-minus-difference", c - (d - x), (c - d) + x),
    rule("mul-constants", c * (d * x), (c * d) * x),
    rule(
        "mul-constant-quotient", c * (d / x), (c * d) / x,
        when=lambda c, d, x, **_: (c * x).type.size <= (d / x).type.size,  # no more divisions than before
    ),
    rule("shifted-out-of-sum", (number + varying) + varying2, number + (varying + varying2)),
    rule("shifted-out-of-difference", (number + varying) - varying2, number + (varying - varying2)),
    rule("shifted-out-of-subtrahend", varying - (number + varying2), -number + (varying - varying2)),
    rule(
        "scaled-out-of-product", (number * varying) * varying2, number * (varying * varying2),
        when=lambda varying, varying2, **_: bool(varying.shape) == bool(varying2.shape),
    ),
    rule("scaled-out-of-numerator", (number * varying) / varying2, number * (varying / varying2)),
    rule("scaled-out-of-denominator", varying / (factor * varying2), (varying / varying2) / factor),
    rule("constant-over-scaled", c / (d * x), (c / d) / x),
    rule("scaled-over-number", (number * x) / factor, (number / factor) * x),
    rule("number-times-quotient", number * (x / factor), (number / factor) * x),
    rule("quotient-over-number", (x / factor) / factor2, x / (factor * factor2)),
    rule("scaled-sum", number * x + number * y, number * (x + y)),
    rule("scaled-difference", number * x - number * y, number * (x - y)),
)

# A scalar leaves products of tensors: one operation instead of one per element, and sums pass it on.
SCALARS_OUT = RuleSet.of(
    rule("scalar-out-of-product", (scalar * tensor) * tensor2, scalar * (tensor * tensor2)),
    rule("scalar-out-of-numerator", (scalar * tensor) / tensor2, scalar * (tensor / tensor2)),
    rule("scalar-denominator-out-of-product", (tensor / scalar) * tensor2, (tensor * tensor2) / scalar),
    rule("number-to-scalar", number * (scalar * tensor), (number * scalar) * tensor),
    rule("number-and-scalar-together", (number * tensor) * scalar, (number * scalar) * tensor),
    rule("neg-to-scalar", -(scalar * tensor), -scalar * tensor),
    rule("constant-over-scalars", (number / scalar) / scalar2, number / (scalar * scalar2)),
    rule("scalars-together", scalar * (scalar2 * tensor), (scalar * scalar2) * tensor),
    rule("scalar-quotient-together", scalar * (tensor / scalar2), (scalar / scalar2) * tensor),
    rule("scalar-product-over-scalar", (scalar * tensor) / scalar2, (scalar / scalar2) * tensor),
)

CANCELLING = RuleSet.of(
    rule("mul-div", y * (x / y), x),
    rule("div-mul", (x * y) / y, x),
    rule("div-by-product", x / (x * y), 1 / y),
    rule("one-over-quotient", 1 / (x / y), y / x),
    rule("add-sub", y + (x - y), x),
    rule("sum-minus-term", (x + y) - y, x),
    rule("difference-minus-term", (x - y) - x, -y),
    rule("term-minus-sum", x - (x + y), -y),
    rule("term-minus-difference", x - (x - y), y),
    rule("exp-of-sum-over-exp", exp(x + y) / exp(x), exp(y)),
)


def is_nonnegative(v: Variable) -> bool:
    """Whether `v` is certainly not negative, judged by the operations that it is made of."""
    if isinstance(v, Constant):
        return bool((v.data >= 0).all())
    if not isinstance(v.op, Elementwise):
        return False
    match v.op.name:
        case "exp" | "sqrt" | "abs" | "inv_logit" | "log1p_exp":
            return True
        case "add" | "div":
            return all(map(is_nonnegative, v.inputs))
        case "mul":
            return v.inputs[0] is v.inputs[1] or all(map(is_nonnegative, v.inputs))
        case _:
            return False


nonnegative = wild("nonnegative", where=is_nonnegative)

INVERSES = RuleSet.of(
    rule("log-exp", log(exp(x)), x),
    rule("exp-log", exp(log(nonnegative)), nonnegative),
    rule("log-sqrt", log(sqrt(x)), 0.5 * log(x)),
    rule("square-of-sqrt", sqrt(nonnegative) * sqrt(nonnegative), nonnegative),
    rule("abs-nonnegative", absolute(nonnegative), nonnegative),
    rule("log-one-over", log(1 / x), -log(x)),
)

LOGIC = RuleSet.of(
    rule("not-not", negation(negation(truth)), truth),
    rule("not-eq", negation(eq(x, y)), ne(x, y)),
    rule("not-ne", negation(ne(x, y)), eq(x, y)),
    rule("and-same", both(truth, truth), truth),
    rule("or-same", either(truth, truth), truth),
    rule("switch-same", switch(condition, x, x), x),
    rule("switch-not", switch(negation(condition), x, y), switch(condition, y, x)),
    rule("switch-again", switch(condition, switch(condition, x, y), z), switch(condition, x, z)),
    rule("switch-otherwise-again", switch(condition, x, switch(condition, y, z)), switch(condition, x, z)),
    rule("switch-shared-then", switch(condition, x, switch(truth, x, y)), switch(either(condition, truth), x, y)),
    rule("to-real-real", to_real(real), real),
    rule("to-int-integer", to_int(integer), integer),
    rule("to-int-to-real", to_int(to_real(integer)), integer),
)

_SAME = {"eq": True, "le": True, "ge": True, "ne": False, "lt": False, "gt": False}


@rewrite("compare-same", eq, le, ge, ne, lt, gt)
def compare_same(node: Apply) -> Rewritten:
    """An integer compared with itself (a real may be NaN)."""
    a, b = node.inputs
    return constant(_SAME[str(node.op)]) if a is b and a.dtype != "float64" else None


def truth_of(v: Variable) -> bool | None:
    """The truth value that all elements of a condition have, if it is known."""
    return None if not isinstance(v, Constant) or v.uniform is None else bool(v.uniform)


@rewrite("known-switch", switch)
def known_switch(node: Apply) -> Rewritten:
    known, then, otherwise = truth_of(node.inputs[0]), *node.inputs[1:]
    return None if known is None else then if known else otherwise


@rewrite("known-and-or", both, either)
def known_logic(node: Apply) -> Rewritten:
    """`true && x` is x, `false && x` is false; for `||` the other way round."""
    for known, other in (node.inputs, node.inputs[::-1]):
        value = truth_of(known)
        if value is not None and other.dtype == "bool":
            return other if value == (node.op == both.op) else constant(value)
    return None


ARITHMETIC = (
    CONSTANTS + NEUTRAL + SIGNS + CANCELLING + SCALARS_OUT + INVERSES + LOGIC
    + RuleSet.of(compare_same, known_switch, known_logic)
)
