"""The time at which a Wiener process first leaves an interval at its upper end. Formulas: Stan Functions Reference,
"Wiener First Passage Time Distribution"; the two series: Navarro and Fuss 2009."""
from __future__ import annotations

import math
from typing import Any

import numpy as np

from ppl_cli.distributions.base import NOT_NEGATIVE, POSITIVE_REAL, PROPORTION, REAL, Distribution
from ppl_cli.distributions.formulas import LOG_PI, LOG_SQRT_2PI, among, real, valid, within
from ppl_cli.graph.basic import Variable, constant
from ppl_cli.ops.reduction import log_sum_exp, reduce_sum
from ppl_cli.ops.scalar_math import both, exp, gt, le, log, maximum, minimum, sin, switch
from ppl_cli.ops.shape import reshape

_CHANGE = 0.5  # below this time the first series is used; the terms left out of both are less than 1e-15 of the sum


def _inner(v: Variable) -> Variable:
    """`v` with one more axis, along which terms are summed."""
    return reshape(v, (*v.shape, 1))


def _short_times(u: Variable, w: Variable) -> Variable:
    k = constant(np.arange(-3.0, 4.0))
    terms = (_inner(w) + 2.0 * k) * exp(-2.0 * k * (_inner(w) + k) / _inner(u))
    return log(reduce_sum(terms, -1)) - 0.5 * w * w / u - 1.5 * log(u) - LOG_SQRT_2PI


def _long_times(u: Variable, w: Variable) -> Variable:
    k = constant(np.arange(1.0, 6.0))
    terms = k * exp(-0.5 * math.pi**2 * (k * k - 1.0) * _inner(u)) * sin(math.pi * k * _inner(w))
    return log(reduce_sum(terms, -1)) - 0.5 * math.pi**2 * u + LOG_PI


def _without_drift(u: Variable, w: Variable) -> Variable:
    """The log density at time u of a process that starts at w in (0, 1) and leaves at 0."""
    short = _short_times(minimum(_CHANGE, u), w)
    return switch(le(u, _CHANGE), short, _long_times(maximum(u, _CHANGE), w))


def _of_decision(t: Variable, alpha: Variable, beta: Variable, delta: Variable, spread: Variable) -> Variable:
    """The log density at decision time t > 0 at the upper end, for a drift that is normal around `delta`."""
    share = 1.0 + spread * spread * t
    way = alpha * (1.0 - beta)
    drifted = (spread * spread * way * way + 2.0 * delta * way - delta * delta * t) / share
    return 0.5 * drifted - 0.5 * log(share) - 2.0 * log(alpha) + _without_drift(t / (alpha * alpha), 1.0 - beta)


def wiener_varying_drift_lpdf(y: Any, alpha: Any, tau: Any, beta: Any, delta: Any, spread: Any) -> Variable:
    y, alpha, tau, beta, delta, spread = map(real, (y, alpha, tau, beta, delta, spread))
    t = y - tau
    known = both(gt(t, 0.0), both(among(PROPORTION, beta), among(POSITIVE_REAL, alpha)))
    known = both(known, both(among(REAL, y, finite=True), among(NOT_NEGATIVE, tau)))
    known = both(known, among(NOT_NEGATIVE, spread, finite=True))
    return within(known, _of_decision(switch(known, t, 1.0), alpha, beta, delta, spread))


def wiener_lpdf(y: Any, alpha: Any, tau: Any, beta: Any, delta: Any) -> Variable:
    return valid(gt(real(tau), 0.0), wiener_varying_drift_lpdf(y, alpha, tau, beta, delta, constant(0.0)))


def _rule(n: int) -> tuple[np.ndarray, np.ndarray]:
    """Gauss and Legendre's nodes and weights on (0, 1)."""
    nodes, weights = np.polynomial.legendre.leggauss(n)
    return 0.5 * (nodes + 1.0), 0.5 * weights


def wiener_varying_lpdf(
    y: Any, alpha: Any, tau: Any, beta: Any, delta: Any, spread: Any, beta_range: Any, tau_range: Any
) -> Variable:
    """For a start uniform around `beta` and a non-decision time uniform above `tau`, too: integrated over both."""
    y, alpha, tau, beta, delta, spread, beta_range, tau_range = map(
        real, (y, alpha, tau, beta, delta, spread, beta_range, tau_range))
    (late, late_weights), (start, start_weights) = _rule(24), _rule(12)
    before = switch(gt(y, tau), minimum(tau_range, y - tau), tau_range)  # decisions take time
    weights = constant(np.log(np.outer(late_weights, start_weights)).ravel())
    taus = _inner(tau) + _inner(before) * constant(np.repeat(late, start.size))
    betas = _inner(beta) + _inner(beta_range) * constant(np.tile(start - 0.5, late.size))
    y_, alpha_, delta_, spread_ = map(_inner, (y, alpha, delta, spread))
    total = log_sum_exp(weights + wiener_varying_drift_lpdf(y_, alpha_, taus, betas, delta_, spread_))
    none = le(tau_range, 0.0)
    seen = switch(none, 0.0, log(before / switch(none, 1.0, tau_range)))
    known = both(among(NOT_NEGATIVE, tau_range, finite=True), among(NOT_NEGATIVE, beta_range))
    return valid(both(known, among(PROPORTION, beta)), total + seen)


WIENER = Distribution(
    "wiener", ("alpha", "tau", "beta", "delta"), wiener_lpdf, positive=("alpha", "tau"), supports={"beta": PROPORTION},
    support=NOT_NEGATIVE,
    summary="the first passage of a Wiener process: separation alpha, non-decision time tau, start beta, drift delta",
)
