"""The metric: what the draws of a warmup window say of M^-1, the covariance of the target.

Variances and covariances as in Stan, shrunk to a small multiple of the identity; or the diagonal that minimizes the
Fisher divergence, sqrt(var(draws) / var(gradients)): Seyboldt, Carlson and Carpenter (2026), arXiv:2603.18845.
"""

from __future__ import annotations

import math
from typing import NamedTuple

from ppl_cli.inference.integrator import Hamiltonian, Point
from ppl_cli.inference.jit import Doubles, doubles, function

MOMENT_ROWS = 4
VARIANCE, FISHER, COVARIANCE = 0, 1, 2
ESTIMATORS = {"diag": VARIANCE, "fisher": FISHER, "dense": COVARIANCE}  # by the names of metrics
PRIOR_DRAWS, PRIOR_SCALE = 5.0, 1e-3  # the weight and the value of what Stan shrinks to
SMALLEST, LARGEST = 1e-20, 1e20


class Moments(NamedTuple):
    """Running means and sums of squared deviations of draws and gradients; if dense, also products of deviations."""

    mean_q: Doubles
    squares_q: Doubles
    mean_gradient: Doubles
    squares_gradient: Doubles
    products: Doubles


@function
def moments_at(memory: int, dim: int) -> Moments:
    """The moments in an array [row, dim]: MOMENT_ROWS rows, then those of the products."""
    row = 8 * dim
    q, gradient = memory, memory + 2 * row
    return Moments(
        doubles(q), doubles(q + row), doubles(gradient), doubles(gradient + row), doubles(gradient + 2 * row)
    )


@function
def observe(h: Hamiltonian, moments: Moments, count: int, point: Point) -> None:
    """Add the `count`-th draw of a window (Welford 1962); the first one starts the window."""
    n = h.dim
    if count == 1:
        for i in range(n):
            moments.mean_q[i] = moments.squares_q[i] = moments.mean_gradient[i] = moments.squares_gradient[i] = 0.0
        for i in range(n * n if h.dense else 0):
            moments.products[i] = 0.0
    if h.dense:
        weight = (count - 1.0) / count
        for i in range(n):
            scaled = weight * (point.q[i] - moments.mean_q[i])
            for j in range(i + 1):
                moments.products[i * n + j] += scaled * (point.q[j] - moments.mean_q[j])
    for i in range(n):
        deviation = point.q[i] - moments.mean_q[i]
        moments.mean_q[i] += deviation / count
        moments.squares_q[i] += deviation * (point.q[i] - moments.mean_q[i])
        deviation = point.gradient[i] - moments.mean_gradient[i]
        moments.mean_gradient[i] += deviation / count
        moments.squares_gradient[i] += deviation * (point.gradient[i] - moments.mean_gradient[i])


@function
def estimate_metric(h: Hamiltonian, moments: Moments, count: int, estimator: int) -> None:
    """The metric of a window of `count` draws; only its diagonal if rounding makes a dense one singular."""
    shrink = PRIOR_SCALE * PRIOR_DRAWS / (count + PRIOR_DRAWS)
    scale = count / (count + PRIOR_DRAWS) / (count - 1.0)
    n = h.dim
    if h.dense:
        for i in range(n):
            for j in range(i + 1):
                h.inverse_metric[i * n + j] = h.inverse_metric[j * n + i] = scale * moments.products[i * n + j]
            h.inverse_metric[i * n + i] += shrink
        if not factorize(n, h.inverse_metric, h.factor):
            for i in range(n):
                for j in range(i):
                    h.inverse_metric[i * n + j] = h.inverse_metric[j * n + i] = 0.0
            factorize(n, h.inverse_metric, h.factor)
        return
    for i in range(n):
        variance = scale * moments.squares_q[i] + shrink
        if estimator == FISHER and moments.squares_gradient[i] > 0.0:
            variance = math.sqrt(moments.squares_q[i] / moments.squares_gradient[i])
        h.inverse_metric[i] = min(max(variance, SMALLEST), LARGEST)


@function
def factorize(n: int, matrix: Doubles, factor: Doubles) -> bool:
    """The lower Cholesky factor; what stands above its diagonal is not touched. False if not positive definite."""
    for i in range(n):
        for j in range(i + 1):
            total = matrix[i * n + j]
            for k in range(j):
                total -= factor[i * n + k] * factor[j * n + k]
            if i == j and not total > 0.0:
                return False
            factor[i * n + j] = math.sqrt(total) if i == j else total / factor[j * n + j]
    return True
