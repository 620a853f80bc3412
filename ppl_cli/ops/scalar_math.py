"""The table of elementwise operations.

Numerically delicate functions (log1p_exp, log1m_exp, log_diff_exp, ...) follow Stan Math's definitions and Maechler
(2012), "Accurately computing log(1 - exp(-|a|))".
"""
from __future__ import annotations

from typing import Any

import numpy as np

from ppl_cli.graph.basic import Variable, constant
from ppl_cli.ops.elementwise import ElementwiseFunction, elementwise


def _special(name: str) -> Any:
    """SciPy's special function, imported when first needed: the import takes 0.2 s."""

    def call(*arguments: Any) -> Any:
        import scipy.special

        return getattr(scipy.special, name)(*arguments)

    return call


def _guard(condition: Variable, value: Variable) -> Variable:
    return switch(condition, value, 0.0)


def _to_the_larger_or_smaller(g: Variable, y: Variable, a: Variable, b: Variable) -> tuple[Variable, Variable]:
    """The gradient of the larger or smaller of two: to the second if they are equal, never to a NaN."""
    second = eq(y, b)
    return switch(second, 0.0, g), switch(second, g, 0.0)


def _log_mix(p: Any, a: Any, b: Any) -> Any:
    high, ratio = np.maximum(a, b), np.exp(-np.abs(np.subtract(a, b)))
    mixed = high + np.log(np.where(np.greater(a, b), p + (1.0 - p) * ratio, p * ratio + (1.0 - p)))
    return np.where(np.greater_equal(p, 0.0) & np.less_equal(p, 1.0), np.where(np.isinf(high), high, mixed), np.nan)


def _digamma(x: Any) -> Any:
    return np.where(np.equal(x, 0.0), np.nan, _special("psi")(x))


def _int_div(a: Any, b: Any) -> Any:
    with np.errstate(all="ignore"):
        return np.where(b == 0, 0, np.trunc(np.asarray(a) / np.where(b == 0, 1, b))).astype("int64")


# Arithmetic
add = elementwise(
    "add", 2, np.add, lambda g, y, a, b: (g, g), "{0} + {1}", "{0} + {1}", result="promote", commutative=True,
)
sub = elementwise("sub", 2, np.subtract, lambda g, y, a, b: (g, -g), "{0} - {1}", "{0} - {1}", result="promote")
mul = elementwise(
    "mul", 2, np.multiply, lambda g, y, a, b: (g * b, g * a), "{0} * {1}", "{0} * {1}",
    result="promote", commutative=True,
)
div = elementwise(
    "div", 2, np.true_divide, lambda g, y, a, b: (g / b, -(g * y) / b),
    "(double){0} / (double){1}", "divide({0}, {1})",
)
int_div = elementwise("int_div", 2, _int_div, None, "int_div({0}, {1})", "int_div({0}, {1})", result="int64")
mod = elementwise("mod", 2, np.fmod, None, "int_mod({0}, {1})", "int_mod({0}, {1})", result="int64")
remainder = elementwise(
    "fmod", 2, np.fmod, lambda g, y, a, b: (g, -g * trunc(a / b)), "fmod({0}, {1})", "fmod({0}, {1})",
)
neg = elementwise("neg", 1, np.negative, lambda g, y, x: (-g,), "-{0}", "-{0}", result="promote")
absolute = elementwise(
    "abs", 1, np.abs, lambda g, y, x: (g * sign(x),), "fabs({0})", "float(abs({0}))",
)
int_abs = elementwise("int_abs", 1, np.abs, None, "({0} < 0 ? -{0} : {0})", "abs({0})", result="int64")
sign: ElementwiseFunction = elementwise(
    "sign", 1, np.sign, None,
    "({0} > 0 ? 1.0 : {0} < 0 ? -1.0 : (double){0})", "(1.0 if {0} > 0 else -1.0 if {0} < 0 else float({0}))",
)
sqrt = elementwise(  # the slope at 0 counts as 0, as in Stan
    "sqrt", 1, np.sqrt, lambda g, y, x: (switch(eq(y, 0.0), 0.0, g / (2.0 * y)),), "sqrt({0})", "sqrt({0})",
)
cbrt = elementwise("cbrt", 1, np.cbrt, lambda g, y, x: (g / (3.0 * y * y),), "cbrt({0})", "cbrt({0})")
power: ElementwiseFunction = elementwise(
    "pow", 2, lambda a, b: np.power(np.asarray(a, "float64"), b),
    lambda g, y, a, b: (switch(eq(b, 0.0), 0.0, g * b * power(a, b - 1.0)), switch(eq(a, 0.0), 0.0, g * y * log(a))),
    "pow({0}, {1})", "pow_({0}, {1})",
)
maximum = elementwise(
    "fmax", 2, np.fmax, _to_the_larger_or_smaller, "fmax_({0}, {1})", "fmax_({0}, {1})",
)
minimum = elementwise(
    "fmin", 2, np.fmin, _to_the_larger_or_smaller, "fmin_({0}, {1})", "fmin_({0}, {1})",
)
int_max = elementwise("max", 2, np.maximum, None, "({0} > {1} ? {0} : {1})", "max({0}, {1})", result="int64")
int_min = elementwise("min", 2, np.minimum, None, "({0} < {1} ? {0} : {1})", "min({0}, {1})", result="int64")

# Rounding
floor = elementwise("floor", 1, np.floor, None, "floor({0})", "floor({0})")
detached = elementwise("detached", 1, lambda x: x, None, "{0}", "{0}")  # a value that is not differentiated
ceil = elementwise("ceil", 1, np.ceil, None, "ceil({0})", "ceil({0})")
trunc: ElementwiseFunction = elementwise("trunc", 1, np.trunc, None, "trunc({0})", "trunc({0})")
rounded = elementwise(
    "round", 1, lambda x: np.copysign(np.floor(np.abs(x) + 0.5), x), None, "round({0})", "round_({0})",
)

# Exponentials and logarithms
exp = elementwise("exp", 1, np.exp, lambda g, y, x: (g * y,), "exp({0})", "exp({0})")
exp2 = elementwise("exp2", 1, np.exp2, lambda g, y, x: (g * y * float(np.log(2)),), "exp2({0})", "pow_(2.0, {0})")
expm1 = elementwise("expm1", 1, np.expm1, lambda g, y, x: (g * (y + 1.0),), "expm1({0})", "expm1({0})")
log: ElementwiseFunction = elementwise("log", 1, np.log, lambda g, y, x: (g / x,), "log({0})", "log({0})")
log2 = elementwise("log2", 1, np.log2, lambda g, y, x: (g / (x * float(np.log(2))),), "log2({0})", "log2({0})")
log10 = elementwise("log10", 1, np.log10, lambda g, y, x: (g / (x * float(np.log(10))),), "log10({0})", "log10({0})")
log1p = elementwise("log1p", 1, np.log1p, lambda g, y, x: (g / (1.0 + x),), "log1p({0})", "log1p({0})")
inv_logit = elementwise(
    "inv_logit", 1, lambda x: _special("expit")(np.asarray(x, "float64")), lambda g, y, x: (g * y * (1.0 - y),),
    "1.0 / (1.0 + exp(-{0}))", "divide(1.0, 1.0 + exp(-{0}))",
)
log1p_exp = elementwise(
    "log1p_exp", 1, lambda x: np.logaddexp(0.0, x), lambda g, y, x: (g * inv_logit(x),),
    "fmax_({0}, 0.0) + log1p(exp(-fabs({0})))", "fmax_({0}, 0.0) + log1p(exp(-abs({0})))",
)
log1m_exp = elementwise(
    "log1m_exp", 1, lambda x: np.where(np.asarray(x) > -0.6931471805599453, np.log(-np.expm1(x)), np.log1p(-np.exp(x))),
    lambda g, y, x: (-g / expm1(-x),),
    "({0} > -0.6931471805599453 ? log(-expm1({0})) : log1p(-exp({0})))",
    "(log(-expm1({0})) if {0} > -0.6931471805599453 else log1p(-exp({0})))",
)
log_add_exp = elementwise(
    "log_add_exp", 2, np.logaddexp, lambda g, y, a, b: (g * inv_logit(a - b), g * inv_logit(b - a)),
    "log_add_exp({0}, {1})", "log_add_exp({0}, {1})",
)
log_mix = elementwise(  # its derivatives are finite where a weight is 0
    "log_mix", 3, _log_mix,
    lambda g, y, p, a, b: (g * (exp(a - y) - exp(b - y)), g * p * exp(a - y), g * (1.0 - p) * exp(b - y)),
    "log_mix({0}, {1}, {2})", "log_mix({0}, {1}, {2})",
)

# Trigonometry
sin = elementwise("sin", 1, np.sin, lambda g, y, x: (g * cos(x),), "sin({0})", "sin({0})")
cos: ElementwiseFunction = elementwise("cos", 1, np.cos, lambda g, y, x: (-g * sin(x),), "cos({0})", "cos({0})")
tan = elementwise("tan", 1, np.tan, lambda g, y, x: (g * (1.0 + y * y),), "tan({0})", "tan({0})")
asin = elementwise(
    "asin", 1, np.arcsin, lambda g, y, x: (g / sqrt((1.0 - x) * (1.0 + x)),), "asin({0})", "asin({0})",
)
acos = elementwise(
    "acos", 1, np.arccos, lambda g, y, x: (-g / sqrt((1.0 - x) * (1.0 + x)),), "acos({0})", "acos({0})",
)
atan = elementwise("atan", 1, np.arctan, lambda g, y, x: (g / (1.0 + x * x),), "atan({0})", "atan({0})")
atan2 = elementwise(
    "atan2", 2, np.arctan2, lambda g, y, a, b: (g * b / (a * a + b * b), -g * a / (a * a + b * b)),
    "atan2({0}, {1})", "atan2({0}, {1})",
)
sinh = elementwise("sinh", 1, np.sinh, lambda g, y, x: (g * cosh(x),), "sinh({0})", "sinh({0})")
cosh: ElementwiseFunction = elementwise("cosh", 1, np.cosh, lambda g, y, x: (g * sinh(x),), "cosh({0})", "cosh({0})")
tanh = elementwise("tanh", 1, np.tanh, lambda g, y, x: (g * (1.0 - y * y),), "tanh({0})", "tanh({0})")
asinh = elementwise("asinh", 1, np.arcsinh, lambda g, y, x: (g / sqrt(x * x + 1.0),), "asinh({0})", "asinh({0})")
acosh = elementwise(
    "acosh", 1, np.arccosh, lambda g, y, x: (g / sqrt((x - 1.0) * (x + 1.0)),), "acosh({0})", "acosh({0})",
)
atanh = elementwise(
    "atanh", 1, np.arctanh, lambda g, y, x: (g / ((1.0 - x) * (1.0 + x)),), "atanh({0})", "atanh({0})",
)

def _digamma_step(a: Variable, k: Variable) -> Variable:
    """digamma(a + k) - digamma(a); for a large `a` by the difference of their asymptotic series (Abramowitz and Stegun
    6.3.18), in which nothing large cancels."""
    part = k / (a * (a + k))
    series = log1p(k / a) + part * (0.5 + (1.0 / a + 1.0 / (a + k)) / 12.0)
    return switch(gt(a, 1e5), series, digamma(a + k) - digamma(a))


# Special functions
_CYTHON = "scipy.special.cython_special:"
lgamma = elementwise("lgamma", 1, _special("gammaln"), lambda g, y, x: (g * digamma(x),), "lgamma_({0})", "lgamma({0})")
lbeta = elementwise(
    "lbeta",
    2,
    _special("betaln"),
    lambda g, y, a, b: (-g * _digamma_step(a, b), -g * _digamma_step(b, a)),
    "",
    "",
    external=_CYTHON + "betaln",
    commutative=True,
)
digamma: ElementwiseFunction = elementwise(
    "digamma", 1, _digamma, lambda g, y, x: (g * trigamma(x),), "digamma({0})", "digamma({0})",
)
trigamma: ElementwiseFunction = elementwise(
    "trigamma", 1, lambda x: _special("zeta")(2.0, x), lambda g, y, x: (-2.0 * g * hurwitz_zeta(3.0, x),),
    "hurwitz_zeta(2.0, {0})", "hurwitz_zeta(2.0, {0})",
)
hurwitz_zeta: ElementwiseFunction = elementwise(
    "hurwitz_zeta", 2, _special("zeta"), lambda g, y, s, x: (None, -g * s * hurwitz_zeta(s + 1.0, x)),
    "hurwitz_zeta({0}, {1})", "hurwitz_zeta({0}, {1})",
)
erf = elementwise(
    "erf", 1, _special("erf"), lambda g, y, x: (g * 1.1283791670955126 * exp(-x * x),), "erf({0})", "erf({0})",
)
erfc = elementwise(
    "erfc", 1, _special("erfc"), lambda g, y, x: (-g * 1.1283791670955126 * exp(-x * x),), "erfc({0})", "erfc({0})",
)


def _hazard(x: Variable, log_probability: Variable) -> Variable:
    """The normal density over its integral from below; far below 0 by its asymptotic series (Abramowitz and Stegun
    26.2.12), as the logs of both are large there and their difference is not."""
    below = lt(x, -50.0)
    t = switch(below, -x, 50.0)
    r = 1.0 / (t * t)
    series = t * (1.0 + r * (1.0 - r * (2.0 - r * (10.0 - 74.0 * r))))
    return switch(below, series, exp(-0.5 * x * x - log_probability - 0.9189385332046728))


log_ndtr = elementwise(
    "std_normal_lcdf", 1, _special("log_ndtr"), lambda g, y, x: (g * _hazard(x, y),), "log_ndtr({0})", "log_ndtr({0})",
)
ndtri = elementwise(
    "inv_Phi", 1, _special("ndtri"),
    lambda g, y, x: (g * 2.5066282746310002 * exp(0.5 * y * y),), "", "", external=_CYTHON + "ndtri",
)

# Comparison, logic, selection, conversion
eq: ElementwiseFunction = elementwise(
    "eq", 2, np.equal, None, "{0} == {1}", "{0} == {1}", result="bool", commutative=True,
)
ne = elementwise("ne", 2, np.not_equal, None, "{0} != {1}", "{0} != {1}", result="bool", commutative=True)
lt = elementwise("lt", 2, np.less, None, "{0} < {1}", "{0} < {1}", result="bool")
le = elementwise("le", 2, np.less_equal, None, "{0} <= {1}", "{0} <= {1}", result="bool")
gt = elementwise("gt", 2, np.greater, None, "{0} > {1}", "{0} > {1}", result="bool")
ge = elementwise("ge", 2, np.greater_equal, None, "{0} >= {1}", "{0} >= {1}", result="bool")
both = elementwise(
    "and", 2, np.logical_and, None, "{0} && {1}", "({0} != 0) and ({1} != 0)", result="bool", commutative=True,
)
either = elementwise(
    "or", 2, np.logical_or, None, "{0} || {1}", "({0} != 0) or ({1} != 0)", result="bool", commutative=True,
)
negation = elementwise("not", 1, np.logical_not, None, "!{0}", "{0} == 0", result="bool")
isnan = elementwise("isnan", 1, np.isnan, None, "isnan({0})", "isnan({0})", result="bool")
isinf = elementwise("isinf", 1, np.isinf, None, "isinf({0})", "isinf({0})", result="bool")
switch: ElementwiseFunction = elementwise(
    "switch", 3, np.where, lambda g, y, c, a, b: (None, switch(c, g, 0.0), switch(c, 0.0, g)),
    "({0} ? {1} : {2})", "({1} if {0} else {2})", result="branches",
)
to_real = elementwise(
    "to_real", 1, lambda x: np.asarray(x, "float64"), lambda g, y, x: (g,), "(double){0}", "float({0})",
)
to_int = elementwise(
    "to_int", 1, lambda x: np.trunc(x).astype("int64"), None, "(int64_t){0}", "int({0})", result="int64",
)

negative_infinity = constant(-np.inf)

# Functions that are rather computed again than stored and loaded.
CHEAPER_THAN_MEMORY = frozenset({
    "add", "sub", "mul", "neg", "abs", "sign", "fmax", "fmin", "max", "min", "eq", "ne", "lt", "le", "gt", "ge", "and",
    "or", "not", "isnan", "isinf", "switch", "to_real", "to_int",
})  # fmt: skip
