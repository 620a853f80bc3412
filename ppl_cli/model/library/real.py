"""Real-valued functions (Functions Reference, "Integer-Valued" and "Real-Valued Basic Functions")."""
from __future__ import annotations

import math
from collections.abc import Callable
from itertools import product
from typing import Any

import numpy as np

from ppl_cli.distributions.formulas import log_choose, log_diff_exp, multiply_log, real, valid
from ppl_cli.graph.basic import Constant, Variable, constant
from ppl_cli.model.library.table import Section
from ppl_cli.ops import scalar_math as sm
from ppl_cli.ops import special_functions as sf
from ppl_cli.ops.distribution_functions import log_rising
from ppl_cli.ops.reduction import log_sum_exp, reduce_max, reduce_min, reduce_prod, reduce_sum
from ppl_cli.ops.shape import reshape

section = Section("Real functions")
add, function = section.add, section.function


def _hypot(a: Variable, b: Variable) -> Variable:
    """The larger times the root of 1 plus the ratio squared: neither square overflows."""
    first = sm.ge(a, b)
    larger, smaller = sm.switch(first, a, b), sm.switch(first, b, a)
    ratio = smaller / sm.switch(sm.eq(larger, 0.0), 1.0, larger)
    return larger * sm.sqrt(1.0 + ratio * ratio)


def _log_falling_factorial(x: Any, n: Any) -> Variable:
    after = real(x) + 1.0
    return valid(sm.gt(x, 0.0), sm.lgamma(after) - sm.lgamma(after - n))


def _lchoose(n: Variable, k: Variable) -> Variable:
    """For n >= -1 and -1 <= k <= n + 1, else NaN."""
    return valid(sm.both(sm.ge(k, -1.0), sm.ge(n - k, -1.0)), log_choose(n, k))


UNARY: dict[str, tuple[Callable[..., Variable], str]] = {
    "exp": (sm.exp, "The exponential function"),
    "exp2": (sm.exp2, "2 to the power of x"),
    "expm1": (sm.expm1, "exp(x) - 1, exact near 0"),
    "log": (sm.log, "The natural logarithm"),
    "log2": (sm.log2, "The logarithm to base 2; without an argument, the natural logarithm of 2"),
    "log10": (sm.log10, "The logarithm to base 10; without an argument, the natural logarithm of 10"),
    "log1p": (sm.log1p, "log(1 + x), exact near 0"),
    "sqrt": (sm.sqrt, "The square root"),
    "cbrt": (sm.cbrt, "The cube root"),
    "floor": (sm.floor, "The largest integer that is not above x"),
    "ceil": (sm.ceil, "The smallest integer that is not below x"),
    "round": (sm.rounded, "The nearest integer; halves are rounded away from 0"),
    "trunc": (sm.trunc, "The integer part, towards 0"),
    "sin": (sm.sin, "The sine of an angle in radians"),
    "cos": (sm.cos, "The cosine of an angle in radians"),
    "tan": (sm.tan, "The tangent of an angle in radians"),
    "asin": (sm.asin, "The angle whose sine is x"),
    "acos": (sm.acos, "The angle whose cosine is x"),
    "atan": (sm.atan, "The angle whose tangent is x"),
    "sinh": (sm.sinh, "The hyperbolic sine"),
    "cosh": (sm.cosh, "The hyperbolic cosine"),
    "tanh": (sm.tanh, "The hyperbolic tangent"),
    "asinh": (sm.asinh, "The inverse hyperbolic sine"),
    "acosh": (sm.acosh, "The inverse hyperbolic cosine"),
    "atanh": (sm.atanh, "The inverse hyperbolic tangent"),
    "lgamma": (sm.lgamma, "The log of the absolute value of the gamma function"),
    "digamma": (sm.digamma, "The derivative of `lgamma`"),
    "trigamma": (sm.trigamma, "The second derivative of `lgamma`"),
    "erf": (sm.erf, "The error function"),
    "erfc": (sm.erfc, "1 - erf(x), exact in the upper tail"),
    "inv_logit": (sm.inv_logit, "The logistic function 1 / (1 + exp(-x)), the probability of given log odds"),
    "log1p_exp": (sm.log1p_exp, "log(1 + exp(x)), without overflow"),
    "log1m_exp": (sm.log1m_exp, "log(1 - exp(x)) for x < 0, exact near 0"),
    "inv_Phi": (sm.ndtri, "The standard normal quantile of a probability"),
    "std_normal_qf": (sm.ndtri, "The standard normal quantile of a probability"),
    "abs": (lambda x: sm.absolute(x), "The absolute value"),
    "fabs": (lambda x: sm.absolute(real(x)), "The absolute value, as a real"),
    "square": (lambda x: real(x) * real(x), "x times x"),
    "inv": (lambda x: 1.0 / real(x), "1 / x"),
    "inv_sqrt": (lambda x: 1.0 / sm.sqrt(x), "1 over the square root"),
    "inv_square": (lambda x: 1.0 / (real(x) * real(x)), "1 over the square"),
    "log1m": (lambda x: sm.log1p(-real(x)), "log(1 - x), exact near 0"),
    "logit": (lambda x: sm.log(x) - sm.log1p(-real(x)), "The log odds of a probability"),
    "log_inv_logit": (lambda x: -sm.log1p_exp(-real(x)), "The log of `inv_logit`, without underflow"),
    "log1m_inv_logit": (lambda x: -sm.log1p_exp(x), "The log of 1 - inv_logit(x), without underflow"),
    "inv_cloglog": (lambda x: -sm.expm1(-sm.exp(x)), "1 - exp(-exp(x)), the inverse of `cloglog`"),
    "cloglog": (lambda x: sm.log(-sm.log1p(-real(x))), "log(-log(1 - x)) of a probability"),
    "tgamma": (sf.gamma, "The gamma function"),
    "Phi": (lambda x: 0.5 * sm.erfc(-real(x) * math.sqrt(0.5)), "The standard normal distribution function"),
    "Phi_approx": (
        lambda x: sm.inv_logit(0.07056 * real(x) * real(x) * real(x) + 1.5976 * real(x)),
        "A fast approximation of `Phi` by the logistic function of a cubic polynomial",
    ),
    "minus": (lambda x: -x, "The negative of x"),
}

for _name, (_build, _sentence) in UNARY.items():
    add(f"T {_name}(T)", _build, _sentence)
add("Z abs(Z)", sm.int_abs)

BINARY: dict[str, tuple[Callable[..., Variable], str]] = {
    "pow": (lambda a, b: sm.power(real(a), real(b)), "The first argument to the power of the second"),
    "fmax": (lambda a, b: sm.maximum(real(a), real(b)), "The larger of two numbers; of a number and NaN, the number"),
    "fmin": (lambda a, b: sm.minimum(real(a), real(b)), "The smaller of two numbers; of a number and NaN, the number"),
    "fdim": (lambda a, b: sm.switch(sm.le(a, b), 0.0, real(a) - real(b)), "a - b where that is positive, else 0"),
    "fmod": (lambda a, b: sm.remainder(real(a), real(b)), "The remainder of a / b, with the sign of a"),
    "hypot": (
        lambda a, b: _hypot(sm.absolute(real(a)), sm.absolute(real(b))),
        "The length of a hypotenuse, sqrt(a^2 + b^2), without overflow",
    ),
    "atan2": (sm.atan2, "The angle of the point (b, a) from the first axis, between -pi and pi"),
    "lbeta": (lambda a, b: sm.lbeta(real(a), real(b)), "The log of the beta function"),
    "lchoose": (lambda n, k: _lchoose(real(n), real(k)), "The log of the binomial coefficient, for real numbers too"),
    "binomial_coefficient_log": (lambda n, k: _lchoose(real(n), real(k)), "An older name of `lchoose`"),
    "lmultiply": (multiply_log, "a log(b), and 0 where both are 0"),
    "multiply_log": (multiply_log, "An older name of `lmultiply`"),
    "log_diff_exp": (
        lambda a, b: log_diff_exp(real(a), real(b)), "log(exp(a) - exp(b)) for a > b, without overflow"
    ),
    "log_falling_factorial": (_log_falling_factorial, "The log of gamma(x + 1) / gamma(x - n + 1)"),
    "log_rising_factorial": (
        lambda x, n: valid(sm.gt(x, 0.0), log_rising(real(x), real(n))), "The log of gamma(x + n) / gamma(x)"
    ),
}  # fmt: skip

for _name, (_build, _sentence) in BINARY.items():
    add(f"T {_name}(T, T)", _build, _sentence)

add("T log_sum_exp(T, T)", lambda a, b: sm.log_add_exp(real(a), real(b)),
    "The log of the sum of the exponentials, without overflow")


@function("Z choose(Z, Z)", sentence="The binomial coefficient: in how many ways k of n can be chosen")
def choose(n: Variable, k: Variable) -> Variable:
    """Where it is negative there is none: what is known is refused here, other numbers where they are computed."""
    if isinstance(n, Constant) and isinstance(k, Constant):
        if np.any(n.data < 0) or np.any(k.data < 0):
            raise ValueError("choose takes numbers that are not negative")
        if np.any(sf.choose.op.perform(n.data, k.data)[0] < 0):
            raise ValueError("a binomial coefficient does not fit into 64 bits")
    return sf.choose(n, k)


add("int step(real)", lambda x: sm.switch(sm.lt(x, 0), 0, 1), "0 for a negative number, else 1")
for _type in ("int", "real"):
    add(f"int int_step({_type})", lambda x: sm.switch(sm.gt(x, 0), 1, 0), "1 for a positive number, else 0")


EXTREMES = {
    "max": (sm.int_max, reduce_max, "The largest element, or the larger of two ints"),
    "min": (sm.int_min, reduce_min, "The smallest element, or the smaller of two ints"),
}
for _name, (_pair, _all, _sentence) in EXTREMES.items():
    add(f"int {_name}(int, int)", _pair, _sentence)
    add(f"int {_name}(array[] int)", _all)
    for _type in ("array[] real", "vector", "row_vector", "matrix"):
        add(f"real {_name}({_type})", _all)

for _type in ("array[] real", "vector", "row_vector", "matrix"):
    add(f"real sum({_type})", reduce_sum, "The sum of all elements")
    add(f"real prod({_type})", reduce_prod, "The product of all elements, 1 if there are none")
    add(f"real log_sum_exp({_type})", lambda x: log_sum_exp(reshape(real(x), (x.type.size,))))
add("int sum(array[] int)", reduce_sum)
add("int prod(array[] int)", reduce_prod)

add("int is_inf(real)", sm.isinf, "Whether a number is infinite")
add("int is_nan(real)", sm.isnan, "Whether a number is NaN")
add("T clip(T, T, T)", lambda x, low, high: sm.minimum(sm.maximum(real(x), real(low)), real(high)),
    "The number between two bounds that is nearest to x")  # fmt: skip
add("T fma(T, T, T)", lambda a, b, c: real(a) * real(b) + real(c), "a b + c")
add("real log_mix(real, real, real)", lambda theta, first, second: sm.log_mix(real(theta), real(first), real(second)),
    "The log density of a mixture, from its weights and the log densities of its components")  # fmt: skip


WEIGHTS = ("vector", "row_vector", "array[] real")
MIXED = (*WEIGHTS, "array[] vector", "array[] row_vector", "array[,] real")


@function(*(f"real log_mix({weights}, {densities})" for weights, densities in product(WEIGHTS, MIXED)))
def log_mix_all(theta: Variable, densities: Variable) -> Variable:
    """The last axis of the densities are the components; several mixtures are added up."""
    return reduce_sum(log_sum_exp(sm.log(theta) + densities))


CONSTANTS = {
    "pi": (math.pi, "The number pi"),
    "e": (math.e, "The base of the natural logarithm"),
    "sqrt2": (math.sqrt(2), "The square root of 2"),
    "log2": (math.log(2), ""),
    "log10": (math.log(10), ""),
    "machine_precision": (2.220446049250313e-16, "The distance from 1 to the next larger real"),
    "positive_infinity": (math.inf, "Infinity"),
    "negative_infinity": (-math.inf, "Minus infinity"),
    "not_a_number": (math.nan, "NaN, which is not equal to any number"),
}

constants = Section("Constants")
for _name, (_value, _sentence) in CONSTANTS.items():
    constants.add(f"real {_name}()", lambda v=_value: constant(v), _sentence)
