"""Special functions beyond those of everyday densities (Functions Reference, "Combinatorial Functions")."""
from __future__ import annotations

import math
from collections.abc import Callable
from functools import reduce
from itertools import product
from typing import Any

import numpy as np

from ppl_cli.distributions.formulas import real, valid
from ppl_cli.graph.basic import Constant, Variable, constant, root
from ppl_cli.model.library.table import Section
from ppl_cli.ops import scalar_math as sm
from ppl_cli.ops.control import make_loop
from ppl_cli.ops.distribution_functions import gamma_p, gamma_q, inc_beta, inv_inc_beta
from ppl_cli.ops.hypergeometric import hypergeometric
from ppl_cli.ops.indexing import gather
from ppl_cli.ops.reduction import reduce_max, reduce_sum
from ppl_cli.ops.shape import reshape
from ppl_cli.ops.special_functions import (
    bessel_i_scaled,
    bessel_j,
    bessel_k_scaled,
    bessel_y,
    beta,
    lambert_w0,
    lambert_wm1,
    ndtri_exp,
    owens_t,
    rising_factorial,
)

add = Section("Special functions").add


def _finite(*values: Any) -> Variable:
    """Whether all are finite numbers."""
    return reduce(sm.both, (sm.lt(sm.absolute(real(v)), math.inf) for v in values))


def _rising_factorial(x: Any, n: Any) -> Variable:
    return valid(sm.ge(n, 0), rising_factorial(real(x), real(n)))


def _falling_factorial(x: Any, n: Any) -> Variable:
    return _rising_factorial(real(x) - n + 1.0, n)


def _log_multigamma(k: Variable, x: Any) -> Variable:
    """The log of the multivariate gamma function of dimension k: as many terms as the largest k has, by a loop if that
    is not known."""
    x = real(x)
    shape = np.broadcast_shapes(k.shape, x.shape)
    if isinstance(k, Constant):
        steps = constant(np.arange(k.data.max(initial=0)))
        dimensions, values = (reshape(v, (*v.shape, 1)) for v in (k, x))
        total = reduce_sum(_multigamma_term(steps, dimensions, values), -1)
    else:
        index, sum_ = root("step", "int64"), root("total", shape=shape)
        most = reduce_max(reshape(k, (k.type.size,)))
        (total,) = make_loop(
            index, [sum_], [sum_ + _multigamma_term(index, k, x)], 0, most, [constant(np.zeros(shape))]
        )
    return total + 0.25 * math.log(math.pi) * real(k) * (real(k) - 1.0)


def _multigamma_term(step: Variable, dimension: Variable, x: Variable) -> Variable:
    """0 from the dimension on, where the function need not exist."""
    inside = sm.lt(step, dimension)
    return sm.switch(inside, sm.lgamma(sm.switch(inside, x - 0.5 * real(step), 1.0)), 0.0)


def _binary_log_loss(y: Any, p: Any) -> Variable:
    return -sm.switch(sm.ne(y, 0), sm.log(p), sm.log1p(-real(p)))


def _log_inv_logit_diff(a: Any, b: Any) -> Variable:
    a, b = real(a), real(b)
    return sm.log1m_exp(b - a) - sm.log1p_exp(-a) - sm.log1p_exp(b)


def _debye(v: Variable, x: Variable) -> Variable:
    """The log of I at a large order (Abramowitz and Stegun 9.7.7, 9.3.9)."""
    z = x / v
    root = sm.sqrt(1.0 + z * z)
    t = 1.0 / root
    s = t * t
    u1 = t * (3.0 - 5.0 * s) / 24.0
    u2 = s * (81.0 - s * (462.0 - 385.0 * s)) / 1152.0
    u3 = t * s * (30375.0 - s * (369603.0 - s * (765765.0 - 425425.0 * s))) / 414720.0
    u4 = s * s * (4465125.0 - s * (94121676.0 - s * (349922430.0 - s * (446185740.0 - 185910725.0 * s)))) / 39813120.0
    series = (u1 + (u2 + (u3 + u4 / v) / v) / v) / v
    exponent = v * (root + sm.log(z) - sm.log1p(root))
    return exponent - 0.5 * sm.log(2.0 * math.pi * v) - 0.5 * sm.log(root) + sm.log1p(series)


def _small_argument(v: Variable, x: Variable) -> Variable:
    """The log of I by its power series (Abramowitz and Stegun 9.6.10)."""
    q = 0.25 * x * x
    series: Variable = constant(0.0)
    for k in range(6, 0, -1):
        series = q / (k * (v + float(k))) * (1.0 + series)
    return v * sm.log(0.5 * x) - sm.lgamma(v + 1.0) + sm.log1p(series)


def _log_bessel_i(order: Any, x: Any) -> Variable:
    """The scaled function does not overflow, and is not used where it would underflow."""
    v, x = real(order), real(x)
    large = sm.gt(v, 100.0)
    zero = sm.eq(x, 0.0)
    small = sm.both(sm.lt(x * x, 0.04 * (v + 1.0)), sm.negation(sm.either(large, zero)))
    middle = sm.negation(sm.either(large, sm.either(small, zero)))
    scaled = sm.log(bessel_i_scaled(sm.switch(middle, v, 0.0), sm.switch(middle, x, 1.0))) + x
    by_order = _debye(sm.switch(large, v, 101.0), sm.switch(large, x, 1.0))
    by_size = _small_argument(sm.switch(small, v, 0.0), sm.switch(small, x, 0.1))
    at_zero = sm.switch(sm.gt(v, 0.0), -math.inf, sm.switch(sm.lt(v, 0.0), math.inf, 0.0))
    value = sm.switch(zero, at_zero, sm.switch(large, by_order, sm.switch(small, by_size, scaled)))
    return valid(sm.both(sm.ge(v, -1.0), sm.ge(x, 0.0)), sm.switch(sm.isinf(x), x, value))


def _hypergeometric_1f0(a: Any, z: Any) -> Variable:
    return valid(sm.lt(sm.absolute(real(z)), 1.0), sm.power(1.0 - real(z), -real(a)))


def _hypergeometric_pfq(a: Variable, b: Variable, z: Variable) -> Variable:
    return hypergeometric(a.type.size, b.type.size)(*_elements(a), *_elements(b), real(z))


def _elements(v: Variable) -> list[Variable]:
    return [real(gather(v, k)) for k in range(v.type.size)]


ROWS: dict[str, tuple[Callable[..., Variable], str]] = {
    "T beta(T, T)": (lambda a, b: valid(_finite(a, b), beta(real(a), real(b))), "The beta function"),
    "T gamma_p(T, T)": (
        lambda a, x: valid(_finite(a), gamma_p(real(a), real(x))),
        "The lower incomplete gamma function of shape a, as a fraction of the whole",
    ),
    "T gamma_q(T, T)": (
        lambda a, x: valid(sm.gt(a, 0.0), gamma_q(real(a), real(x))),
        "The upper incomplete gamma function of shape a, as a fraction of the whole",
    ),
    "T inc_beta(T, T, T)": (
        lambda a, b, x: inc_beta(real(a), real(b), real(x)),
        "The incomplete beta function of a and b up to x, as a fraction of the whole",
    ),
    "T inv_inc_beta(T, T, T)": (
        lambda a, b, p: valid(_finite(a, b), inv_inc_beta(real(a), real(b), real(p))),
        "The x up to which `inc_beta` of a and b is p",
    ),
    "T owens_t(T, T)": (
        lambda h, a: owens_t(real(h), real(a)),
        "Owen's T function: for standard normal X and Y and positive a, P(X > h and 0 < Y < a X)",
    ),
    "T std_normal_log_qf(T)": (
        lambda p: ndtri_exp(real(p)),
        "The standard normal quantile of a probability that is given by its log",
    ),
    "T inv_erfc(T)": (lambda x: -math.sqrt(0.5) * sm.ndtri(0.5 * real(x)), "The inverse of `erfc`"),
    "T bessel_first_kind(Z, T)": (lambda k, x: bessel_j(real(k), real(x)), "The Bessel function J of an order"),
    "T bessel_second_kind(Z, T)": (lambda k, x: bessel_y(real(k), real(x)), "The Bessel function Y of an order"),
    "T modified_bessel_first_kind(Z, T)": (
        lambda k, x: bessel_i_scaled(real(k), real(x)) * sm.exp(sm.absolute(real(x))),
        "The modified Bessel function I of an order",
    ),
    "T modified_bessel_second_kind(Z, T)": (
        lambda k, x: bessel_k_scaled(real(k), real(x)) * sm.exp(-real(x)),
        "The modified Bessel function K of an order",
    ),
    "T log_modified_bessel_first_kind(T, T)": (
        _log_bessel_i,
        "The log of the modified Bessel function I of an order, without overflow",
    ),
    "T falling_factorial(T, Z)": (_falling_factorial, "x (x - 1) ... (x - n + 1)"),
    "T rising_factorial(T, Z)": (_rising_factorial, "x (x + 1) ... (x + n - 1)"),
    "T ldexp(T, Z)": (lambda x, n: real(x) * sm.exp2(real(n)), "x times 2 to the power of n"),
    "T lmgamma(Z, T)": (_log_multigamma, "The log of the multivariate gamma function of dimension k"),
    "T binary_log_loss(Z, T)": (
        _binary_log_loss,
        "Minus the log of the probability of an outcome, 0 or 1, where that of 1 is p",
    ),
    "T log_inv_logit_diff(T, T)": (
        _log_inv_logit_diff,
        "log(inv_logit(a) - inv_logit(b)) for a > b, without underflow",
    ),
    "real hypergeometric_1F0(real, real)": (
        _hypergeometric_1f0,
        "The hypergeometric function 1F0, which is (1 - z)^(-a)",
    ),
    "real hypergeometric_2F1(real, real, real, real)": (
        lambda *x: hypergeometric(2, 1)(*map(real, x)),
        "The Gaussian hypergeometric function 2F1 of a1, a2, b1 at z",
    ),
    "T lambert_w0(T)": (lambert_w0, "The branch W0 of Lambert's function: the w of at least -1 with w exp(w) = x"),
    "T lambert_wm1(T)": (lambert_wm1, "The branch W-1 of Lambert's function: the w of at most -1 with w exp(w) = x"),
}

for _text, (_build, _sentence) in ROWS.items():
    add(_text, _build, _sentence)

for _a, _b in product(("vector", "row_vector", "array[] real"), repeat=2):
    add(f"real hypergeometric_3F2({_a}, {_b}, real)", _hypergeometric_pfq,
        "The hypergeometric function 3F2 of three and two parameters at z")
    add(f"real hypergeometric_pFq({_a}, {_b}, real)", _hypergeometric_pfq,
        "The generalized hypergeometric function of any numbers of parameters at z")
