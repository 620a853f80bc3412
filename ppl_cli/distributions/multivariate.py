"""Distributions of vectors and matrices. Formulas: Stan Functions Reference, "Distributions over Unbounded Vectors",
"Simplex Distributions", "Correlation Matrix Distributions", "Multivariate Discrete Distributions"."""
from __future__ import annotations

import math
from typing import Any

import numpy as np

from ppl_cli.distributions.base import (
    CORRELATION,
    CORRELATION_FACTOR,
    COVARIANCE,
    COVARIANCE_FACTOR,
    SIMPLEX,
    Density,
    Distribution,
)
from ppl_cli.distributions.formulas import (
    LOG_2,
    LOG_SQRT_2PI,
    TOLERANCE,
    is_simplex,
    multiply_log,
    real,
    symmetric,
    valid,
    within,
)
from ppl_cli.distributions.positive import lognormal_lpdf
from ppl_cli.graph.basic import Variable, as_variable, constant
from ppl_cli.graph.types import TensorType
from ppl_cli.ops.indexing import gather
from ppl_cli.ops.linalg import Cholesky, diagonal, inverse, matmul, matvec, solve_triangular
from ppl_cli.ops.random import primitive
from ppl_cli.ops.reduction import log_sum_exp, reduce_max, reduce_min, reduce_sum
from ppl_cli.ops.scalar_math import absolute, both, exp, gt, le, lgamma, log, log1p, maximum, minimum, sqrt, sub
from ppl_cli.ops.shape import broadcast_to, join, reshape, transpose

Shape = tuple[int, ...]


def _column(v: Variable) -> Variable:
    return reshape(v, (*v.shape, 1))


def _log_determinant(factor: Variable) -> Variable:
    """Of a Cholesky factor: NaN unless its diagonal is positive."""
    return reduce_sum(log(diagonal(factor)), -1)


def _factor(a: Any) -> Variable:
    """The Cholesky factor of a matrix that must be symmetric and positive definite: NaN if it is not."""
    return Cholesky()(symmetric(real(a)))


def _vector_event(*types: TensorType) -> Shape:
    return types[0].shape[-1:]


def multi_normal_cholesky_lpdf(x: Any, mu: Any, factor: Any) -> Variable:
    """With one factor for all of a batch the batch becomes the columns of one triangular system."""
    difference, factor = real(x) - real(mu), real(factor)
    k = factor.shape[-1]
    if factor.ndim == 2:
        flat = reshape(difference, (math.prod(difference.shape[:-1]), k))
        z = solve_triangular(factor, transpose(flat))
        squares = reshape(reduce_sum(z * z, -2), difference.shape[:-1])
    else:
        z = solve_triangular(factor, _column(difference))
        squares = reduce_sum(z * z, (-2, -1))
    return -0.5 * squares - _log_determinant(factor) - k * LOG_SQRT_2PI


def multi_normal_lpdf(x: Any, mu: Any, sigma: Any) -> Variable:
    return multi_normal_cholesky_lpdf(x, mu, _factor(sigma))


def multi_normal_prec_lpdf(x: Any, mu: Any, precision: Any) -> Variable:
    difference, precision = real(x) - real(mu), real(precision)
    k = precision.shape[-1]
    factor = _factor(precision)
    quadratic = reduce_sum(difference * matvec(precision, difference), -1)
    return -0.5 * quadratic + _log_determinant(factor) - k * LOG_SQRT_2PI


def multi_student_t_cholesky_lpdf(x: Any, nu: Any, mu: Any, factor: Any) -> Variable:
    nu, factor = real(nu), real(factor)
    k = factor.shape[-1]
    z = solve_triangular(factor, _column(real(x) - real(mu)))
    squares = reduce_sum(z * z, (-2, -1))
    half = 0.5 * (nu + float(k))
    front = lgamma(half) - lgamma(0.5 * nu) - 0.5 * k * (log(nu) + math.log(math.pi))
    return front - _log_determinant(factor) - half * log1p(squares / nu)


def multi_student_t_lpdf(x: Any, nu: Any, mu: Any, sigma: Any) -> Variable:
    return multi_student_t_cholesky_lpdf(x, nu, mu, _factor(sigma))


def _squares_per_row(y: Variable, factor: Variable) -> Variable:
    """The squared lengths of the rows of `y` after whitening by `factor`."""
    z = solve_triangular(factor, transpose(y))
    return reduce_sum(z * z, -2)


def multi_gp_cholesky_lpdf(y: Any, factor: Any, weights: Any) -> Variable:
    """Each row of y is normal with the covariance of `factor` over its weight."""
    y, factor, weights = real(y), real(factor), real(weights)
    rows, n = y.shape[-2:]
    quadratic = reduce_sum(weights * _squares_per_row(y, factor), -1)
    normalizers = 0.5 * n * reduce_sum(log(weights), -1) - rows * _log_determinant(factor)
    return normalizers - 0.5 * quadratic - rows * n * LOG_SQRT_2PI


def multi_gp_lpdf(y: Any, sigma: Any, weights: Any) -> Variable:
    return multi_gp_cholesky_lpdf(y, _factor(sigma), weights)


def dirichlet_lpdf(theta: Any, alpha: Any) -> Variable:
    theta, alpha = real(theta), real(alpha)
    constant_part = lgamma(reduce_sum(alpha, -1)) - reduce_sum(lgamma(alpha), -1)
    checked = valid(gt(reduce_min(alpha, -1), 0.0), constant_part)
    return within(is_simplex(theta), checked + reduce_sum(multiply_log(alpha - 1.0, theta), -1))


def multinomial_lpmf(x: Any, theta: Any) -> Variable:
    x, theta = as_variable(x), real(theta)
    n = real(reduce_sum(x, -1))
    terms = reduce_sum(multiply_log(x, theta) - lgamma(real(x) + 1.0), -1)
    return valid(is_simplex(theta), lgamma(n + 1.0) + terms)


def multinomial_logit_lpmf(x: Any, gamma: Any) -> Variable:
    x, gamma = real(x), real(gamma)
    n = reduce_sum(x, -1)
    front = lgamma(n + 1.0) - reduce_sum(lgamma(x + 1.0), -1)
    return front + reduce_sum(x * gamma, -1) - n * log_sum_exp(gamma)


def dirichlet_multinomial_lpmf(x: Any, alpha: Any) -> Variable:
    x, alpha = real(x), real(alpha)
    n, total = reduce_sum(x, -1), reduce_sum(alpha, -1)
    front = lgamma(total) + lgamma(n + 1.0) - lgamma(n + total)
    terms = reduce_sum(lgamma(x + alpha) - lgamma(alpha) - lgamma(x + 1.0), -1)
    return valid(gt(reduce_min(alpha, -1), 0.0), front + terms)


def _lkj_constant(eta: Variable, k: int) -> Variable:
    """log normalizing constant (Lewandowski, Kurowicka, Joe 2009, eqs. 16 and 17 combined, as in Stan Math)."""
    j = np.arange(1, k)
    spread = reshape(eta, (*eta.shape, 1)) + constant(0.5 * (k - 1.0 - j))
    terms = 0.5 * math.log(math.pi) * (k - j) * 1.0
    logs = reduce_sum(constant(terms) + lgamma(spread), -1)
    return (k - 1.0) * lgamma(eta + 0.5 * (k - 1.0)) - logs


def lkj_corr_cholesky_lpdf(factor: Any, eta: Any) -> Variable:
    factor, eta = real(factor), real(eta)
    k = factor.shape[-1]
    if k < 2:
        return broadcast_to(constant(0.0), factor.shape[:-2])
    weights = constant(np.array([k - i - 1.0 for i in range(k)]))
    logs = log(diagonal(factor))
    first = np.array([0.0] + [1.0] * (k - 1))
    powers = constant(first) * (weights + 2.0 * reshape(eta, (*eta.shape, 1)) - 2.0)
    return valid(gt(eta, 0.0), _lkj_constant(eta, k)) + reduce_sum(powers * logs, -1)


def lkj_corr_lpdf(correlation: Any, eta: Any) -> Variable:
    correlation, eta = real(correlation), real(eta)
    k = correlation.shape[-1]
    factor = _factor(correlation)
    ones = le(reduce_max(absolute(diagonal(correlation) - 1.0), -1), TOLERANCE)
    proper = both(ones, gt(reduce_min(diagonal(factor), -1), 0.0))  # told apart: at eta = 1 the factor does not matter
    return valid(both(proper, gt(eta, 0.0)), _lkj_constant(eta, k)) + 2.0 * (eta - 1.0) * _log_determinant(factor)


def lkj_cov_lpdf(covariance: Any, mu: Any, sigma: Any, eta: Any) -> Variable:
    """Standard deviations that are lognormal, and a correlation matrix."""
    covariance = real(covariance)
    sds = sqrt(diagonal(covariance))
    scales = 1.0 / sds
    correlation = lkj_corr_lpdf(_column(scales) * covariance * scales, eta)
    return correlation + reduce_sum(lognormal_lpdf(sds, mu, sigma), -1)


def _log_multigamma(x: Variable, k: int) -> Variable:
    steps = constant(0.5 * (1.0 - np.arange(1, k + 1)))
    return 0.25 * k * (k - 1) * math.log(math.pi) + reduce_sum(lgamma(reshape(x, (*x.shape, 1)) + steps), -1)


def _wishart(factor_w: Variable, nu: Variable, factor_s: Variable) -> Variable:
    """The log density of a matrix, by its Cholesky factor and that of the scale."""
    k = factor_w.shape[-1]
    half = solve_triangular(factor_s, factor_w)
    trace = reduce_sum(half * half, (-2, -1))
    log_w, log_s = 2.0 * _log_determinant(factor_w), 2.0 * _log_determinant(factor_s)
    front = -0.5 * nu * (k * LOG_2) - _log_multigamma(0.5 * nu, k) - 0.5 * nu * log_s
    return valid(gt(nu, k - 1.0), front) + 0.5 * (nu - k - 1.0) * log_w - 0.5 * trace


def _inv_wishart(factor_w: Variable, nu: Variable, factor_s: Variable) -> Variable:
    k = factor_w.shape[-1]
    half = solve_triangular(factor_w, factor_s)
    trace = reduce_sum(half * half, (-2, -1))
    log_w, log_s = 2.0 * _log_determinant(factor_w), 2.0 * _log_determinant(factor_s)
    front = 0.5 * nu * log_s - 0.5 * nu * (k * LOG_2) - _log_multigamma(0.5 * nu, k)
    return valid(gt(nu, k - 1.0), front) - 0.5 * (nu + k + 1.0) * log_w - 0.5 * trace


def _log_jacobian_of_square(factor: Variable) -> Variable:
    """log |d(L L') / dL| of a Cholesky factor with positive diagonal."""
    k = factor.shape[-1]
    return k * LOG_2 + reduce_sum(constant(k - np.arange(k) * 1.0) * log(diagonal(factor)), -1)


def _symmetric(factor: Variable) -> Variable:
    return matmul(factor, transpose(factor))


def _of_matrices(density: Density) -> Density:
    return lambda w, nu, scale: density(_factor(w), real(nu), _factor(scale))


def _of_factors(density: Density) -> Density:
    """The density of the Cholesky factor of a matrix, the matrix parameter being given by its factor, too."""
    return lambda factor, nu, scale: (
        density(real(factor), real(nu), real(scale)) + _log_jacobian_of_square(real(factor))
    )


wishart_lpdf, inv_wishart_lpdf = _of_matrices(_wishart), _of_matrices(_inv_wishart)


# ------------------------------------------------------------------------------------------------ draws


def _normal_vector(shape: Shape, mu: Variable, factor: Variable) -> Variable:
    z = primitive("std_normal", shape=(*shape, factor.shape[-1]))
    return mu + matvec(factor, z)


def _dirichlet_draw(shape: Shape, alpha: Variable) -> Variable:
    g = primitive("std_gamma", alpha, shape=(*shape, alpha.shape[-1]))
    return g / _column(reduce_sum(g, -1))


def _lkj_cholesky_draw(shape: Shape, eta: Variable, event: Shape) -> Variable:
    """The onion method, row by row: a beta-distributed squared length and a uniform direction (LKJ 2009, section
    3.2)."""
    k = event[-1]
    rows = np.arange(k)
    low = np.tril(np.ones((k, k)), -1)
    a = np.where(rows > 0, 0.5 * rows, 1.0)
    b = reshape(eta, (*eta.shape, 1)) + constant(np.where(rows > 0, 0.5 * (k - 1.0 - rows), 0.0))
    first = primitive("std_gamma", constant(a), shape=(*shape, k))
    squared = first / (first + primitive("std_gamma", b, shape=(*shape, k)))
    squared = squared * constant((rows > 0).astype(float))
    z = primitive("std_normal", shape=(*shape, k, k)) * constant(low)
    norms = reduce_sum(z * z, -1) + constant((rows == 0).astype(float))
    scaled = z * _column(sqrt(squared / norms))
    return scaled + _column(sqrt(1.0 - squared)) * constant(np.eye(k))


def _multinomial_needs_n(shape: Shape, theta: Variable) -> Variable:
    raise NotImplementedError("drawing from multinomial needs the number of trials")


def _wishart_draw(shape: Shape, nu: Variable, scale: Variable) -> Variable:
    """Bartlett's decomposition."""
    k = scale.shape[-1]
    degrees = 0.5 * (_column(broadcast_to(nu, shape)) - constant(np.arange(k) * 1.0))
    chi = sqrt(2.0 * primitive("std_gamma", degrees, shape=(*shape, k)))
    z = primitive("std_normal", shape=(*shape, k, k)) * constant(np.tril(np.ones((k, k)), -1))
    return _symmetric(matmul(Cholesky()(scale), z + _column(chi) * constant(np.eye(k))))


def _inv_wishart_draw(shape: Shape, nu: Variable, scale: Variable) -> Variable:
    return inverse(_wishart_draw(shape, nu, inverse(scale)))


def _student_vector(shape: Shape, nu: Variable, mu: Variable, factor: Variable) -> Variable:
    zero = constant(np.zeros(factor.shape[-1]))
    spread = sqrt(0.5 * nu / primitive("std_gamma", 0.5 * nu, shape=shape))
    return mu + _normal_vector(shape, zero, factor) * _column(spread)


def _counts(shape: Shape, theta: Variable, n: Variable) -> Variable:
    """Multinomial counts, one category after another: each takes a binomial part of what is left."""
    left, mass = broadcast_to(n, shape), reduce_sum(theta, -1)
    counts = []
    for k in range(theta.shape[-1] - 1):
        p = gather(transpose(theta, (theta.ndim - 1, *range(theta.ndim - 1))), k)
        counts.append(primitive("binomial", left, maximum(minimum(p / mass, 1.0), 0.0), shape=shape))
        left, mass = sub(left, counts[-1]), mass - p
    return join([reshape(c, (*shape, 1)) for c in (*counts, left)], -1)


def _matrix_event(which: int) -> Any:
    return lambda *types: types[which].shape[-2:]


def _gp_event(*types: TensorType) -> Shape:
    return (types[1].shape[-1], types[0].shape[-1])


def _softmax(gamma: Variable) -> Variable:
    return exp(gamma - _column(log_sum_exp(gamma)))


def _vector(
    name: str, parameters: tuple[str, ...], log_prob: Any, draw: Any, ndims: tuple[int, ...], event: Any, **more: Any
) -> Distribution:
    return Distribution(name, parameters, log_prob, draw=draw, event_ndim=more.pop("event_ndim", 1), event_ndims=ndims,
                        event=event, **more)  # fmt: skip


MULTIVARIATE = (
    _vector("multi_normal", ("mu", "Sigma"), multi_normal_lpdf,
            lambda shape, mu, sigma: _normal_vector(shape, mu, _factor(sigma)), (1, 2), _vector_event,
            supports={"Sigma": COVARIANCE},
            summary="the multivariate normal distribution with mean mu and covariance Sigma"),
    _vector("multi_normal_cholesky", ("mu", "L"), multi_normal_cholesky_lpdf, _normal_vector, (1, 2), _vector_event,
            supports={"L": COVARIANCE_FACTOR},
            summary="the multivariate normal distribution with mean mu and the covariance L L'"),
    _vector("multi_normal_prec", ("mu", "Omega"), multi_normal_prec_lpdf,
            lambda shape, mu, precision: mu + reshape(
                solve_triangular(Cholesky()(precision), primitive("std_normal", shape=(*shape, precision.shape[-1], 1)),
                                 transposed=True), (*shape, precision.shape[-1])), (1, 2), _vector_event,
            supports={"Omega": COVARIANCE},
            summary="the multivariate normal distribution with mean mu and precision Omega, the inverse covariance"),
    _vector("multi_student_t", ("nu", "mu", "Sigma"), multi_student_t_lpdf,
            lambda shape, nu, mu, sigma: _student_vector(shape, nu, mu, _factor(sigma)), (0, 1, 2),
            lambda *types: types[1].shape[-1:], positive=("nu",), supports={"Sigma": COVARIANCE},
            summary="the multivariate Student t distribution with nu degrees of freedom, location mu and scale Sigma"),
    _vector("multi_student_t_cholesky", ("nu", "mu", "L"), multi_student_t_cholesky_lpdf, _student_vector, (0, 1, 2),
            lambda *types: types[1].shape[-1:], positive=("nu",), supports={"L": COVARIANCE_FACTOR},
            summary="the multivariate Student t distribution with nu degrees of freedom and the scale L L'"),
    _vector("multi_gp", ("Sigma", "w"), multi_gp_lpdf, None, (2, 1), _gp_event, event_ndim=2,
            positive=("w",), supports={"Sigma": COVARIANCE},
            summary="rows of Gaussian processes: row k is normal with mean 0 and covariance Sigma / w[k]"),
    _vector("multi_gp_cholesky", ("L", "w"), multi_gp_cholesky_lpdf, None, (2, 1), _gp_event, event_ndim=2,
            positive=("w",), supports={"L": COVARIANCE_FACTOR},
            summary="rows of Gaussian processes: row k is normal with mean 0 and covariance L L' / w[k]"),
    _vector("dirichlet", ("alpha",), dirichlet_lpdf, _dirichlet_draw, (1,), _vector_event,
            positive=("alpha",), support=SIMPLEX,
            summary="the Dirichlet distribution of simplexes with concentrations alpha"),
    _vector("multinomial", ("theta",), multinomial_lpmf, _multinomial_needs_n, (1,), _vector_event, dtype="int64",
            supports={"theta": SIMPLEX},
            summary="the multinomial distribution: counts of categories with probabilities theta"),
    _vector("multinomial_logit", ("gamma",), multinomial_logit_lpmf, _multinomial_needs_n, (1,), _vector_event,
            dtype="int64",
            summary="the multinomial distribution: counts of categories with probabilities softmax(gamma)"),
    _vector("dirichlet_multinomial", ("alpha",), dirichlet_multinomial_lpmf, _multinomial_needs_n, (1,), _vector_event,
            dtype="int64", positive=("alpha",),
            summary="counts of categories whose probabilities are Dirichlet with concentrations alpha"),
    _vector("lkj_corr_cholesky", ("eta",), lkj_corr_cholesky_lpdf, _lkj_cholesky_draw, (0,), None, event_ndim=2,
            sized=True, positive=("eta",), support=CORRELATION_FACTOR,
            summary="the LKJ distribution of Cholesky factors of correlation matrices with shape eta"),
    _vector("lkj_corr", ("eta",), lkj_corr_lpdf,
            lambda shape, eta, event: _symmetric(_lkj_cholesky_draw(shape, eta, event)), (0,), None, event_ndim=2,
            sized=True, positive=("eta",), support=CORRELATION,
            summary="the LKJ distribution of correlation matrices: density proportional to det(y)^(eta - 1)"),
    _vector("lkj_cov", ("mu", "sigma", "eta"), lkj_cov_lpdf, None, (1, 1, 0), lambda *types: types[0].shape * 2,
            event_ndim=2, positive=("sigma", "eta"), support=COVARIANCE,
            summary="covariance matrices with lognormal scales (mu, sigma) and an LKJ correlation of shape eta"),
    _vector("wishart", ("nu", "S"), wishart_lpdf, _wishart_draw, (0, 2), _matrix_event(1), event_ndim=2,
            positive=("nu",), supports={"S": COVARIANCE}, support=COVARIANCE,
            summary="the Wishart distribution of covariance matrices with nu degrees of freedom and scale S"),
    _vector("inv_wishart", ("nu", "S"), inv_wishart_lpdf, _inv_wishart_draw, (0, 2), _matrix_event(1), event_ndim=2,
            positive=("nu",), supports={"S": COVARIANCE}, support=COVARIANCE,
            summary="the inverse Wishart distribution of covariance matrices with nu degrees of freedom and scale S"),
    _vector("wishart_cholesky", ("nu", "L_S"), _of_factors(_wishart),
            lambda shape, nu, scale: Cholesky()(_wishart_draw(shape, nu, _symmetric(scale))), (0, 2), _matrix_event(1),
            event_ndim=2, positive=("nu",), supports={"L_S": COVARIANCE_FACTOR}, support=COVARIANCE_FACTOR,
            summary="the Cholesky factor of a Wishart matrix with nu degrees of freedom and scale L_S L_S'"),
    _vector("inv_wishart_cholesky", ("nu", "L_S"), _of_factors(_inv_wishart),
            lambda shape, nu, scale: Cholesky()(_inv_wishart_draw(shape, nu, _symmetric(scale))), (0, 2),
            _matrix_event(1), event_ndim=2, positive=("nu",), supports={"L_S": COVARIANCE_FACTOR},
            support=COVARIANCE_FACTOR,
            summary="the Cholesky factor of an inverse Wishart matrix, nu degrees of freedom, scale L_S L_S'"),
)  # fmt: skip

# Counts are drawn given how many there are in all, which their density finds in the counts themselves.
COUNTS = {
    "multinomial": _vector("multinomial", ("theta", "N"), None, _counts, (1, 0), _vector_event, dtype="int64"),
    "multinomial_logit": _vector(
        "multinomial_logit", ("gamma", "N"), None, lambda shape, gamma, n: _counts(shape, _softmax(gamma), n), (1, 0),
        _vector_event, dtype="int64"),
    "dirichlet_multinomial": _vector(
        "dirichlet_multinomial", ("alpha", "N"), None,
        lambda shape, alpha, n: _counts(shape, _dirichlet_draw(shape, alpha), n), (1, 0), _vector_event, dtype="int64"),
}  # fmt: skip
