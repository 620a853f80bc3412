"""Pieces that densities are written with."""
from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from ppl_cli.distributions.base import Density, Support
from ppl_cli.graph.basic import Constant, Variable, as_variable
from ppl_cli.ops.random import primitive
from ppl_cli.ops.reduction import reduce_max, reduce_min, reduce_sum
from ppl_cli.ops.scalar_math import (
    absolute,
    both,
    either,
    eq,
    ge,
    gt,
    lbeta,
    le,
    log,
    log1m_exp,
    log1p,
    log_ndtr,
    lt,
    switch,
    to_real,
)
from ppl_cli.ops.shape import reshape, transpose

Shape = tuple[int, ...]

TOLERANCE = 1e-8  # how far from a sum of 1, or from symmetry, rounding may lead, as in Stan

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


def among(support: Support, v: Any, finite: bool = False) -> Variable:
    """Whether a number is one of a support, if the support does not allow infinite ones a `finite` one."""
    v = as_variable(v)
    finite = finite and not support.unbounded

    def strict(end: float) -> bool:
        return finite if math.isinf(end) else support.open

    low, high = gt if strict(support.lower) else ge, lt if strict(support.upper) else le
    return both(low(v, support.lower), high(v, support.upper))


def is_simplex(theta: Variable) -> Variable:
    """Whether the last axis holds probabilities that sum to 1."""
    total = reduce_sum(theta, -1)
    return both(ge(reduce_min(theta, -1), 0.0), le(absolute(total - 1.0), TOLERANCE))


def symmetric(a: Variable) -> Variable:
    """Matrices that must be symmetric: NaN where one is not."""
    if a.shape[-1] != a.shape[-2]:
        raise ValueError(f"a symmetric matrix is needed here, not one of size {a.shape[-2]} x {a.shape[-1]}")
    off = reduce_max(absolute(a - transpose(a)), (-2, -1))
    return valid(reshape(le(off, TOLERANCE), (*off.shape, 1, 1)), a) if a.shape[-1] > 1 else a


def real(v: Any) -> Variable:
    v = as_variable(v)
    return v if v.dtype == "float64" else to_real(v)


def _vanishes(a: Variable, at_zero: Variable) -> Variable:
    """Where a times a logarithm is 0: for a constant a = 0 anywhere; else only where the logarithm is infinite, so that
    the derivative by a is the logarithm."""
    return eq(a, 0.0) if isinstance(a, Constant) or a.op == to_real.op else both(eq(a, 0.0), at_zero)


def multiply_log(a: Any, b: Any) -> Variable:
    """a log b, 0 for a = b = 0."""
    a, b = real(a), real(b)
    zero = _vanishes(a, eq(b, 0.0))
    return switch(zero, 0.0, a * log(switch(zero, 1.0, b)))


def multiply_log1m(a: Any, b: Any) -> Variable:
    """a log(1 - b), 0 for a = 0 and b = 1."""
    a, b = real(a), real(b)
    zero = _vanishes(a, eq(b, 1.0))
    return switch(zero, 0.0, a * log1p(-switch(zero, 0.0, b)))


def log_choose(n: Any, k: Any) -> Variable:
    n, k = real(n), real(k)
    return -log1p(n) - lbeta(n - k + 1.0, k + 1.0)


def log_diff_exp(a: Variable, b: Variable) -> Variable:
    """log(exp(a) - exp(b)) for a >= b."""
    empty = eq(b, NEGATIVE_INFINITY)
    return switch(empty, a, a + log1m_exp(switch(empty, -1.0, b - a)))


def normal_lcdf(z: Variable) -> Variable:
    return log_ndtr(z)


def standardized(x: Any, location: Any, scale: Any) -> Variable:
    return (real(x) - location) / scale


def exponential_draw(shape: Shape) -> Variable:
    """Standard exponential draws."""
    return -log(primitive("uniform", shape=shape))


def by_inversion(quantile: Density) -> Callable[..., Variable]:
    """The draw of a law: its quantile of a uniform draw."""
    return lambda shape, *parameters: quantile(primitive("uniform", shape=shape), *parameters)


def gamma_draw(shape: Shape, alpha: Any) -> Variable:
    return primitive("std_gamma", alpha, shape=shape)


def beta_draw(shape: Shape, alpha: Any, beta: Any) -> Variable:
    first = gamma_draw(shape, alpha)
    return first / (first + gamma_draw(shape, beta))


def on_interval(function: Density, low: float, high: float, tail: str) -> Density:
    """A log cdf (`tail` "lower") or ccdf ("upper") of the laws on (low, high): at the ends and beyond them exact,
    without the derivatives of `function`, which are not finite there."""
    at_low, at_high = (NEGATIVE_INFINITY, 0.0) if tail == "lower" else (0.0, NEGATIVE_INFINITY)
    finite = [end for end in (low, high) if math.isfinite(end)]
    inner = 0.5 * (low + high) if len(finite) == 2 else sum(finite) + (1.0 if math.isfinite(low) else -1.0)

    def held(x: Any, *parameters: Any) -> Variable:
        x = real(x)
        below, above = le(x, low), ge(x, high)
        value = function(switch(either(below, above), inner, x), *parameters)
        return switch(below, at_low, switch(above, at_high, value))

    return held


def log_first_event(hazard: Variable, log_hazard: Variable) -> Variable:
    """log(1 - exp(-hazard)), the log probability of an event; where the hazard is nearly 0 or underflows, its log."""
    rare = lt(hazard, 1e-17)
    return switch(rare, log_hazard, log1m_exp(-switch(rare, 1.0, hazard)))
