"""Real-valued functions (Functions Reference, "Integer-Valued" and "Real-Valued Basic Functions")."""
from __future__ import annotations

import math
from collections.abc import Callable
from itertools import product
from typing import Any

import numpy as np

from ppl_cli.distributions.formulas import log_choose, log_diff_exp, multiply_log, real, valid
from ppl_cli.graph.basic import Constant, Variable, constant
from ppl_cli.model.library.table import add, function
from ppl_cli.ops import scalar_math as sm
from ppl_cli.ops import special_functions as sf
from ppl_cli.ops.distribution_functions import log_rising
from ppl_cli.ops.reduction import log_sum_exp, reduce_max, reduce_min, reduce_prod, reduce_sum
from ppl_cli.ops.shape import reshape


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


UNARY: dict[str, Callable[..., Variable]] = {
    "exp": sm.exp, "exp2": sm.exp2, "expm1": sm.expm1, "log": sm.log, "log2": sm.log2, "log10": sm.log10,
    "log1p": sm.log1p, "sqrt": sm.sqrt, "cbrt": sm.cbrt, "floor": sm.floor, "ceil": sm.ceil, "round": sm.rounded,
    "trunc": sm.trunc,
    "sin": sm.sin, "cos": sm.cos, "tan": sm.tan, "asin": sm.asin, "acos": sm.acos, "atan": sm.atan, "sinh": sm.sinh,
    "cosh": sm.cosh, "tanh": sm.tanh, "asinh": sm.asinh, "acosh": sm.acosh, "atanh": sm.atanh, "lgamma": sm.lgamma,
    "digamma": sm.digamma, "trigamma": sm.trigamma, "erf": sm.erf, "erfc": sm.erfc, "inv_logit": sm.inv_logit,
    "log1p_exp": sm.log1p_exp, "log1m_exp": sm.log1m_exp, "inv_Phi": sm.ndtri, "std_normal_qf": sm.ndtri,
    "abs": lambda x: sm.absolute(x), "fabs": lambda x: sm.absolute(real(x)),
    "square": lambda x: real(x) * real(x),
    "inv": lambda x: 1.0 / real(x),
    "inv_sqrt": lambda x: 1.0 / sm.sqrt(x),
    "inv_square": lambda x: 1.0 / (real(x) * real(x)),
    "log1m": lambda x: sm.log1p(-real(x)),
    "logit": lambda x: sm.log(x) - sm.log1p(-real(x)),
    "log_inv_logit": lambda x: -sm.log1p_exp(-real(x)),
    "log1m_inv_logit": lambda x: -sm.log1p_exp(x),
    "inv_cloglog": lambda x: -sm.expm1(-sm.exp(x)),
    "cloglog": lambda x: sm.log(-sm.log1p(-real(x))),
    "tgamma": sf.gamma,
    "Phi": lambda x: 0.5 * sm.erfc(-real(x) * math.sqrt(0.5)),
    "Phi_approx": lambda x: sm.inv_logit(0.07056 * real(x) * real(x) * real(x) + 1.5976 * real(x)),
    "minus": lambda x: -x,
}  # fmt: skip

for _name, _build in UNARY.items():
    add(f"T {_name}(T)", _build)
add("Z abs(Z)", sm.int_abs)

BINARY: dict[str, Callable[..., Variable]] = {
    "pow": lambda a, b: sm.power(real(a), real(b)),
    "fmax": lambda a, b: sm.maximum(real(a), real(b)),
    "fmin": lambda a, b: sm.minimum(real(a), real(b)),
    "fdim": lambda a, b: sm.switch(sm.le(a, b), 0.0, real(a) - real(b)),
    "fmod": lambda a, b: sm.remainder(real(a), real(b)),
    "hypot": lambda a, b: _hypot(sm.absolute(real(a)), sm.absolute(real(b))),
    "atan2": sm.atan2,
    "lbeta": lambda a, b: sm.lbeta(real(a), real(b)),
    "lchoose": lambda n, k: _lchoose(real(n), real(k)),
    "binomial_coefficient_log": lambda n, k: _lchoose(real(n), real(k)),
    "lmultiply": multiply_log,
    "multiply_log": multiply_log,
    "log_diff_exp": lambda a, b: log_diff_exp(real(a), real(b)),
    "log_falling_factorial": _log_falling_factorial,
    "log_rising_factorial": lambda x, n: valid(sm.gt(x, 0.0), log_rising(real(x), real(n))),
}

for _name, _build in BINARY.items():
    add(f"T {_name}(T, T)", _build)

add("T log_sum_exp(T, T)", lambda a, b: sm.log_add_exp(real(a), real(b)))


@function("Z choose(Z, Z)")
def choose(n: Variable, k: Variable) -> Variable:
    if isinstance(n, Constant) and isinstance(k, Constant):
        if np.any(n.data < 0) or np.any(k.data < 0):
            raise ValueError("choose takes numbers that are not negative")
        if np.any((sf.choose.op.perform(n.data, k.data)[0] == 0) & (k.data <= n.data)):
            raise ValueError("a binomial coefficient does not fit into 64 bits")
    return sf.choose(n, k)


add("int step(real)", lambda x: sm.switch(sm.lt(x, 0), 0, 1))
for _type in ("int", "real"):
    add(f"int int_step({_type})", lambda x: sm.switch(sm.gt(x, 0), 1, 0))


SIZES_OF_INT = {"max": (sm.int_max, reduce_max), "min": (sm.int_min, reduce_min)}
for _name, (_pair, _all) in SIZES_OF_INT.items():
    add(f"int {_name}(int, int)", _pair)
    add(f"int {_name}(array[] int)", _all)
    for _type in ("array[] real", "vector", "row_vector", "matrix"):
        add(f"real {_name}({_type})", _all)

for _type in ("array[] real", "vector", "row_vector", "matrix"):
    add(f"real sum({_type})", reduce_sum)
    add(f"real prod({_type})", reduce_prod)
    add(f"real log_sum_exp({_type})", lambda x: log_sum_exp(reshape(real(x), (x.type.size,))))
add("int sum(array[] int)", reduce_sum)
add("int prod(array[] int)", reduce_prod)

add("int is_inf(real)", sm.isinf)
add("int is_nan(real)", sm.isnan)
add("T clip(T, T, T)", lambda x, low, high: sm.minimum(sm.maximum(real(x), real(low)), real(high)))
add("T fma(T, T, T)", lambda a, b, c: real(a) * real(b) + real(c))


add("real log_mix(real, real, real)", lambda theta, first, second: sm.log_mix(real(theta), real(first), real(second)))


WEIGHTS = ("vector", "row_vector", "array[] real")
MIXED = (*WEIGHTS, "array[] vector", "array[] row_vector", "array[,] real")


@function(*(f"real log_mix({weights}, {densities})" for weights, densities in product(WEIGHTS, MIXED)))
def log_mix_all(theta: Variable, densities: Variable) -> Variable:
    """The last axis of the densities are the components; several mixtures are added up."""
    return reduce_sum(log_sum_exp(sm.log(theta) + densities))


CONSTANTS = {
    "pi": math.pi, "e": math.e, "sqrt2": math.sqrt(2), "log2": math.log(2), "log10": math.log(10),
    "machine_precision": 2.220446049250313e-16, "positive_infinity": math.inf, "negative_infinity": -math.inf,
    "not_a_number": math.nan,
}

for _name, _value in CONSTANTS.items():
    add(f"real {_name}()", lambda v=_value: constant(v))
