"""Scalar functions that SciPy has not, or not for real arguments: routines in plain Python.

NumPy applies them element by element, Numba compiles them, `compiler.c_runtime` has them in C.
"""
from __future__ import annotations

import math


def lambert_w(x: float, lower: bool) -> float:
    """The w with w exp(w) = x, at most -1 if `lower`, else at least -1.

    By Halley's iteration, near -1 by the series in p (Corless et al. 1996, "On the Lambert W function", 4.22 and 5.9).
    """
    if not x >= -0.36787944117144233 or (lower and x > 0):
        return math.nan
    if lower and x == 0:
        return -math.inf
    if math.isinf(x):
        return float(x)
    # 1 / e in two parts, so that nothing is lost near -1 / e
    p = math.sqrt(max(5.43656365691809 * (x + 0.36787944117144233 - 1.2428753672788363e-17), 0.0))
    if lower:
        p = -p
    if abs(p) < 0.02:
        series = 43 / 540 - p * (769 / 17280 - p * (221 / 8505 - p * (680863 / 43545600)))
        return -1 + p * (1 - p * (1 / 3 - p * (11 / 72 - p * series)))
    if x < -0.25:
        w = -1 + p * (1 - p / 3)
    elif lower:
        w = math.log(-x) - math.log(-math.log(-x))
    else:
        w = math.log(x) - math.log(math.log(x)) if x > 2 else 0.8 * math.log1p(x)
    for _ in range(20):
        e = math.exp(w)
        off = w * e - x
        step = off / (e * (w + 1) - (w + 2) * off / (2 * w + 2))
        w -= step
        if abs(step) <= 1e-15 * abs(w):
            break
    return w


def gamma_tail(a: float, x: float, upper: bool) -> float:
    """The log of what Q(a, x), the incomplete gamma function far above a, is but for a factor x^a exp(-x) / gamma(a),
    or P(a, x) below a.

    By a continued fraction, evaluated by Lentz's method, or a power series (Press et al. 2007, "Numerical Recipes",
    section 6.2).
    """
    if not (a > 0 and 0 < x < math.inf):
        return math.nan
    b = x + 1 - a
    c, d, term = 1e300, 1 / b, 1 / a
    total = d if upper else term
    for i in range(1, 100000):
        if upper:
            step = i * (a - i)
            b += 2
            d = 1 / (step * d + b)
            c = b + step / c
            total *= c * d
            if abs(c * d - 1) < 1e-16:
                break
        else:
            term *= x / (a + i)
            total += term
            if term < 1e-17 * total:
                break
    return math.log(total)


def beta_tail(a: float, b: float, x: float) -> float:
    """The log of what I(x), the incomplete beta function of a and b far below a / (a + b), is but for a factor
    x^a (1 - x)^b / (a beta(a, b)).

    By a continued fraction, evaluated by Lentz's method (Press et al. 2007, "Numerical Recipes", section 6.4).
    """
    if not (a > 0 and b > 0 and 0 < x < 1):
        return math.nan
    c, d = 1.0, 1 / (1 - (a + b) * x / (a + 1))
    total = d
    for i in range(1, 10000):
        even = i * (b - i) * x / ((a + 2 * i - 1) * (a + 2 * i))
        d = 1 / (1 + even * d)
        c = 1 + even / c
        total *= c * d
        odd = -(a + i) * (a + b + i) * x / ((a + 2 * i) * (a + 2 * i + 1))
        d = 1 / (1 + odd * d)
        c = 1 + odd / c
        total *= c * d
        if abs(c * d - 1) < 1e-16:
            break
    return math.log(total)


def choose(n: int, k: int) -> int:
    """The binomial coefficient, exactly; -1 if there is none or if it does not fit into 64 bits."""
    if n < 0 or k < 0:
        return -1
    if k > n:
        return 0
    result = 1
    for i in range(1, min(k, n - k) + 1):
        common = math.gcd(result, i)
        factor = (n - i + 1) // (i // common)
        result //= common
        if result > 9223372036854775807 // factor:
            return -1
        result *= factor
    return result


def hypergeometric(p: int, q: int, x: tuple[float, ...], by: int) -> float:
    """The series pFq(a; b; z) of x = (*a, *b, z), or if `by` is not negative its derivative by x[by], a parameter.

    NaN if it does not converge. Each term follows from the one before (NIST Digital Library of Mathematical Functions,
    16.2.1), and so does its derivative.
    """
    term, slope, total, negligible = 1.0, 0.0, 1.0 if by < 0 else 0.0, 0
    for n in range(100_000):
        ratio, own, change = x[p + q] / (n + 1), 1.0, 0.0
        for k in range(p + q):
            factor = x[k] + n
            if k >= p:
                if factor == 0:
                    return math.nan
                factor = 1 / factor
            if k == by:
                own, change = factor, 1.0 if k < p else -factor * factor
            else:
                ratio *= factor
        slope = ratio * (slope * own + term * change)
        term *= ratio * own
        added = term if by < 0 else slope
        total += added
        negligible = negligible + 1 if abs(added) <= 1e-17 * abs(total) else 0
        if negligible == 3:
            return total
    return math.nan
