"""Distributions over categories 1 .. K, unordered and ordered. Formulas: Stan Functions Reference, "Bounded Discrete
Distributions"."""
from __future__ import annotations

from typing import Any

import numpy as np

from ppl_cli.distributions.base import ORDERED, SIMPLEX, Distribution
from ppl_cli.distributions.formulas import LOG_SQRT_2PI, Shape, is_simplex, log_diff_exp, real, valid, within
from ppl_cli.graph.basic import Variable, as_variable, constant
from ppl_cli.ops.indexing import gather, take_slice
from ppl_cli.ops.random import primitive
from ppl_cli.ops.reduction import CumulativeSum, log_sum_exp, reduce_max, reduce_min, reduce_sum
from ppl_cli.ops.scalar_math import (
    absolute,
    add,
    both,
    exp,
    ge,
    gt,
    int_max,
    int_min,
    le,
    log,
    log1m_exp,
    log1p,
    log1p_exp,
    log_ndtr,
    lt,
    negation,
    sub,
    switch,
)
from ppl_cli.ops.shape import broadcast_to, join, reshape

FAR = -700.0  # log1p_exp is 0 beside any other number, and vector functions are as fast as elsewhere


def _pick(x: Variable, table: Variable) -> Variable:
    """Element x (from 1) of the last axis of `table`; batches of both broadcast. Out of range: the nearest."""
    k = table.shape[-1]
    position = sub(int_min(int_max(x, 1), k), 1)
    lead = table.shape[:-1]
    shape = np.broadcast_shapes(lead, x.shape)
    if not lead:
        return gather(table, position)
    first = len(shape) - len(lead)
    grids = []
    for axis, n in enumerate(lead):
        extent = [1] * len(shape)
        extent[first + axis] = n
        grids.append(constant(np.arange(n).reshape(extent)))
    return gather(table, *grids, broadcast_to(position, shape))


def _category(x: Any, logs: Variable) -> Variable:
    x = as_variable(x)
    return within(both(ge(x, 1), le(x, logs.shape[-1])), _pick(x, logs))


def categorical_lpmf(x: Any, theta: Any) -> Variable:
    theta = real(theta)
    return valid(is_simplex(theta), _category(x, log(theta)))


def categorical_logit_lpmf(x: Any, beta: Any) -> Variable:
    beta = real(beta)
    total = log_sum_exp(beta)
    return _category(x, beta) - total


def _draw_category(shape: Shape, weights: Variable) -> Variable:
    """1 + the number of cumulative weights that a uniform draw exceeds."""
    total = CumulativeSum()(weights)
    k = weights.shape[-1]
    u = reshape(primitive("uniform", shape=shape), (*shape, 1)) * broadcast_to(_last(total), (*total.shape[:-1], 1))
    passed = switch(gt(u, total), 1, 0)
    return int_min(add(reduce_sum(passed, -1), 1), k)


def _last(v: Variable) -> Variable:
    return reshape(reduce_max(v, -1), (*v.shape[:-1], 1))


def _softmax(beta: Variable) -> Variable:
    return exp(beta - _last(beta))


def _are_ordered(cuts: Variable) -> Variable:
    """Whether cutpoints are finite and ascend."""
    finite = lt(reduce_max(absolute(cuts), -1), np.inf)
    steps = take_slice(cuts, 1, cuts.shape[-1], -1) - take_slice(cuts, 0, cuts.shape[-1] - 1, -1)
    return both(finite, gt(reduce_min(steps, -1), 0.0)) if cuts.shape[-1] > 1 else finite


def _cutpoints_around(x: Variable, cuts: Variable, end: float) -> tuple[Variable, Variable]:
    """Those below and above category x; there are also -end and end. Out of range: of the nearest category."""
    ends = constant(np.full((*cuts.shape[:-1], 1), end))
    padded = join([-ends, cuts, ends], -1)
    held = int_min(int_max(x, 1), cuts.shape[-1] + 1)
    return _pick(held, padded), _pick(add(held, 1), padded)


def _possible(x: Variable, cuts: Variable, log_p: Variable) -> Variable:
    return within(both(ge(x, 1), le(x, cuts.shape[-1] + 1)), valid(_are_ordered(cuts), log_p))


def ordered_logistic_lpmf(x: Any, eta: Any, cutpoints: Any) -> Variable:
    x, eta, cuts = as_variable(x), real(eta), real(cutpoints)
    low, high = _cutpoints_around(x, cuts, np.inf)
    width = log1m_exp(low - high)
    low, high = _cutpoints_around(x, cuts, 0.0)
    below, above = switch(le(x, 1), FAR, low - eta), switch(ge(x, cuts.shape[-1] + 1), FAR, eta - high)
    return _possible(x, cuts, width - log1p_exp(below) - log1p_exp(above))


def ordered_probit_lpmf(x: Any, eta: Any, cutpoints: Any) -> Variable:
    x, eta, cuts = as_variable(x), real(eta), real(cutpoints)
    first, last = le(x, 1), ge(x, cuts.shape[-1] + 1)
    low, high = _cutpoints_around(x, cuts, np.inf)
    low, high = switch(first, 0.0, low) - eta, switch(last, 0.0, high) - eta
    inner = both(negation(first), negation(last))
    gap = switch(both(inner, lt(low, high)), high, low + 1.0)
    return _possible(
        x, cuts, switch(first, log_ndtr(high), switch(last, log_ndtr(-low), _normal_interval(gap, low))))


def _normal_interval(a: Variable, b: Variable) -> Variable:
    """log P(b < Z < a), by the tail in which the interval lies; of a narrow one by the density in its middle m and the
    terms to the fourth order of its width, (m^2 - 1) / 24 and (m^4 - 6 m^2 + 3) / 1920."""
    width, m = a - b, 0.5 * (a + b)
    narrow = lt(width * (1.0 + absolute(m)), 1e-2)
    w2, m2 = switch(narrow, width * width, 0.0), switch(narrow, m * m, 0.0)
    series = log1p(w2 * ((m2 - 1.0) / 24.0 + w2 * (m2 * (m2 - 6.0) + 3.0) / 1920.0))
    middle = log(switch(narrow, width, 1.0)) - 0.5 * m2 - LOG_SQRT_2PI + series
    upper = gt(b, 0.0)
    high, low = switch(narrow, 1.0, switch(upper, -b, a)), switch(narrow, 0.0, switch(upper, -a, b))
    return switch(narrow, middle, log_diff_exp(log_ndtr(high), log_ndtr(low)))


def _category_of(latent: Variable, cutpoints: Variable) -> Variable:
    return add(reduce_sum(switch(gt(reshape(latent, (*latent.shape, 1)), cutpoints), 1, 0), -1), 1)


def _ordered_logistic_draw(shape: Shape, eta: Any, cutpoints: Variable) -> Variable:
    u = primitive("uniform", shape=shape)
    return _category_of(eta + log(u) - log1p(-u), cutpoints)


def _ordered_probit_draw(shape: Shape, eta: Any, cutpoints: Variable) -> Variable:
    return _category_of(eta + primitive("std_normal", shape=shape), cutpoints)


def _law(
    name: str, parameters: tuple[str, ...], mass: Any, draw: Any, ndims: tuple[int, ...], **more: Any
) -> Distribution:
    return Distribution(name, parameters, mass, draw=draw, dtype="int64", event_ndims=ndims, **more)


CATEGORIES = (
    _law("categorical", ("theta",), categorical_lpmf, _draw_category, (1,), supports={"theta": SIMPLEX},
         summary="the categorical distribution of 1, 2, ...: category k has the probability theta[k]"),
    _law("categorical_logit", ("beta",), categorical_logit_lpmf,
         lambda shape, beta: _draw_category(shape, _softmax(beta)), (1,),
         summary="the categorical distribution whose probabilities are softmax(beta)"),
    _law("ordered_logistic", ("eta", "cutpoints"), ordered_logistic_lpmf, _ordered_logistic_draw, (0, 1),
         supports={"cutpoints": ORDERED},
         summary="ordered categories: where eta plus a logistic error falls between cutpoints"),
    _law("ordered_probit", ("eta", "cutpoints"), ordered_probit_lpmf, _ordered_probit_draw, (0, 1),
         supports={"cutpoints": ORDERED},
         summary="ordered categories: where eta plus a standard normal error falls between cutpoints"),
)
