"""Pieces that densities are written with."""
from __future__ import annotations

import math
from typing import Any

from ppl_cli.graph.basic import Variable, as_variable
from ppl_cli.ops.scalar_math import (
    eq, lgamma, log, log1m_exp, log1p, log_ndtr, switch, to_real,
)

NEGATIVE_INFINITY = -math.inf
LOG_SQRT_2PI = 0.5 * math.log(2 * math.pi)
LOG_PI = math.log(math.pi)
LOG_2 = math.log(2)


def within(condition: Variable, value: Any) -> Variable:
    """`value` where the condition holds, -inf elsewhere."""
    return switch(condition, value, NEGATIVE_INFINITY)


def valid(condition: Variable, value: Any) -> Variable:
    """`value` where parameters are valid, NaN elsewhere."""
    return switch(condition, value, math.nan)


def real(v: Any) -> Variable:
    v = as_variable(v)
    return v if v.dtype == "float64" else to_real(v)


def multiply_log(a: Any, b: Any) -> Variable:
    """a log b, 0 for a = 0 whatever b is (also for b = 0)."""
    a, b = real(a), real(b)
    return switch(eq(a, 0.0), 0.0, a * log(switch(eq(a, 0.0), 1.0, b)))


def multiply_log1m(a: Any, b: Any) -> Variable:
    """a log(1 - b), 0 for a = 0."""
    a, b = real(a), real(b)
    return switch(eq(a, 0.0), 0.0, a * log1p(-switch(eq(a, 0.0), 0.0, b)))


def lbeta(a: Any, b: Any) -> Variable:
    return lgamma(real(a)) + lgamma(real(b)) - lgamma(real(a) + real(b))


def log_choose(n: Any, k: Any) -> Variable:
    n, k = real(n), real(k)
    return lgamma(n + 1.0) - lgamma(k + 1.0) - lgamma(n - k + 1.0)


def log_diff_exp(a: Variable, b: Variable) -> Variable:
    """log(exp(a) - exp(b)) for a >= b."""
    empty = eq(b, NEGATIVE_INFINITY)
    return switch(empty, a, a + log1m_exp(switch(empty, -1.0, b - a)))


def normal_lcdf(z: Variable) -> Variable:
    return log_ndtr(z)


