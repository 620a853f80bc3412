"""Special functions beyond those of everyday densities (Functions Reference, "Combinatorial Functions", "Special Functions")."""
from __future__ import annotations

import math
from typing import Any

import numpy as np

from ppl_cli.distributions.formulas import real
from ppl_cli.graph.basic import Variable, constant
from ppl_cli.model.library.real import gamma_sign
from ppl_cli.model.library.table import add
from ppl_cli.ops import scalar_math as sm
from ppl_cli.ops.distribution_functions import gamma_p, gamma_q, inc_beta, inv_inc_beta
from ppl_cli.ops.reduction import reduce_sum
from ppl_cli.ops.shape import reshape
from ppl_cli.ops.special_functions import bessel_i_scaled, bessel_j, bessel_k_scaled, bessel_y, ndtri_exp, owens_t


def _gamma_ratio(a: Any, b: Any) -> Variable:
    """gamma(a) / gamma(b)."""
    a, b = real(a), real(b)
    return gamma_sign(a) * gamma_sign(b) * sm.exp(sm.lgamma(a) - sm.lgamma(b))


def _falling_factorial(x: Any, n: Any) -> Variable:
    return _gamma_ratio(real(x) + 1.0, real(x) - n + 1.0)


def _rising_factorial(x: Any, n: Any) -> Variable:
    return sm.switch(sm.eq(n, 0), 1.0, _gamma_ratio(real(x) + n, x))


def _log_multigamma(k: Any, x: Any) -> Variable:
    """The log of the multivariate gamma function of dimension k, which must be known."""
    dimension = int(k.data)
    steps = constant(0.5 * np.arange(dimension))
    terms = sm.lgamma(reshape(real(x), (*x.shape, 1)) - steps)
    return 0.25 * dimension * (dimension - 1) * math.log(math.pi) + reduce_sum(terms, -1)


def _binary_log_loss(y: Any, p: Any) -> Variable:
    return -sm.log(sm.switch(sm.eq(y, 1), real(p), 1.0 - real(p)))


def _log_bessel_i(order: Any, x: Any) -> Variable:
    return sm.log(bessel_i_scaled(real(order), real(x))) + sm.absolute(real(x))


def _lambert_w(x: Any, w: Variable) -> Variable:
    """The w with w exp(w) = x near the start `w`, by Halley's iteration (Corless et al. 1996, eq. 5.9)."""
    for _ in range(12):
        e = sm.exp(w)
        off = w * e - x
        slope = e * (w + 1.0) - (w + 2.0) * off / (2.0 * w + 2.0)
        w = w - off / slope
    return w


def _lambert_w0(x: Any) -> Variable:
    x = real(x)
    near = sm.sqrt(sm.maximum(2.0 * (math.e * x + 1.0), 0.0))
    large = sm.gt(x, 2.0)
    far = sm.log(sm.switch(large, x, 2.0))
    branch = -1.0 + near * (1.0 - near / 3.0)
    return _lambert_w(x, sm.switch(large, far - sm.log(far), sm.switch(sm.lt(x, -0.25), branch, sm.log1p(x) * 0.8)))


def _lambert_wm1(x: Any) -> Variable:
    x = real(x)
    near = sm.sqrt(sm.maximum(2.0 * (math.e * x + 1.0), 0.0))
    close = sm.lt(x, -0.25)
    far = sm.log(-sm.switch(close, -0.25, x))
    return _lambert_w(x, sm.switch(close, -1.0 - near * (1.0 + near / 3.0), far - sm.log(-far)))


ROWS: dict[str, Any] = {
    "T gamma_p(T, T)": lambda a, x: gamma_p(real(a), real(x)),
    "T gamma_q(T, T)": lambda a, x: gamma_q(real(a), real(x)),
    "T inc_beta(T, T, T)": lambda a, b, x: inc_beta(real(a), real(b), real(x)),
    "T inv_inc_beta(T, T, T)": lambda a, b, p: inv_inc_beta(real(a), real(b), real(p)),
    "T owens_t(T, T)": lambda h, a: owens_t(real(h), real(a)),
    "T std_normal_log_qf(T)": lambda p: ndtri_exp(real(p)),
    "T inv_erfc(T)": lambda x: -math.sqrt(0.5) * sm.ndtri(0.5 * real(x)),
    "T bessel_first_kind(Z, T)": lambda k, x: bessel_j(real(k), real(x)),
    "T bessel_second_kind(Z, T)": lambda k, x: bessel_y(real(k), real(x)),
    "T modified_bessel_first_kind(Z, T)": lambda k, x: bessel_i_scaled(real(k), real(x)) * sm.exp(sm.absolute(real(x))),
    "T modified_bessel_second_kind(Z, T)": lambda k, x: bessel_k_scaled(real(k), real(x)) * sm.exp(-real(x)),
    "T log_modified_bessel_first_kind(T, T)": _log_bessel_i,
    "T falling_factorial(T, Z)": _falling_factorial,
    "T rising_factorial(T, Z)": _rising_factorial,
    "T ldexp(T, Z)": lambda x, n: real(x) * sm.exp2(real(n)),
    "T lmgamma(Z, T)": _log_multigamma,
    "T binary_log_loss(Z, T)": _binary_log_loss,
    "T log_inv_logit_diff(T, T)": lambda a, b: sm.log1m_exp(real(b) - real(a)) - sm.log1p_exp(-real(a)) - sm.log1p_exp(real(b)),
    "T lambert_w0(T)": _lambert_w0,
    "T lambert_wm1(T)": _lambert_wm1,
}

for _text, _build in ROWS.items():
    add(_text, _build)
