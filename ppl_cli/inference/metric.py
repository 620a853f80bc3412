"""The metric: what the draws of a warmup window say of M^-1, the covariance of the target.

Variances and covariances as in Stan, shrunk to a small multiple of the identity; or the diagonal that minimizes the Fisher
divergence, sqrt(var(draws) / var(gradients)): Seyboldt, Carlson and Carpenter (2026), arXiv:2603.18845.
"""
from __future__ import annotations

import math

import numpy as np

from ppl_cli.inference.integrator import G, Q
from ppl_cli.inference.jit import function

# The rows of the running moments: means and sums of squared deviations; a dense metric adds `dim` rows of products.
MEAN_Q, SQUARES_Q, MEAN_G, SQUARES_G, PRODUCTS = 0, 1, 2, 3, 4
VARIANCE, FISHER, COVARIANCE = 0, 1, 2  # the estimators
PRIOR_DRAWS, PRIOR_SCALE = 5.0, 1e-3  # the weight and the value of what Stan shrinks to
SMALLEST, LARGEST = 1e-20, 1e20


def identity_metric(dim: int, dense: bool) -> np.ndarray:
    """M^-1 before anything is known: one row of a diagonal, or the rows of a matrix and of its Cholesky factor."""
    return np.vstack([np.eye(dim), np.eye(dim)]) if dense else np.ones((1, dim))


def new_moments(dim: int, dense: bool) -> np.ndarray:
    return np.zeros((PRODUCTS + dim if dense else PRODUCTS, dim))


@function
def observe(moments: np.ndarray, count: int, point: np.ndarray) -> None:
    """Add the `count`-th draw of a window: Welford (1962)."""
    n = point.shape[1]
    for i in range(n):
        before = point[Q, i] - moments[MEAN_Q, i]
        moments[MEAN_Q, i] += before / count
        moments[SQUARES_Q, i] += before * (point[Q, i] - moments[MEAN_Q, i])
        before_g = point[G, i] - moments[MEAN_G, i]
        moments[MEAN_G, i] += before_g / count
        moments[SQUARES_G, i] += before_g * (point[G, i] - moments[MEAN_G, i])
        if moments.shape[0] > PRODUCTS:
            scaled = before * (count - 1) / count
            for j in range(i):
                moments[PRODUCTS + i, j] += scaled * (point[Q, j] - moments[MEAN_Q, j]) * count / (count - 1) if count > 1 else 0.0
            moments[PRODUCTS + i, i] = moments[SQUARES_Q, i]


@function
def estimate_metric(metric: np.ndarray, moments: np.ndarray, count: int, estimator: int) -> None:
    """The metric of a window of `count` draws; one that is not positive definite leaves the metric as it was."""
    shrink = PRIOR_SCALE * PRIOR_DRAWS / (count + PRIOR_DRAWS)
    scale = count / (count + PRIOR_DRAWS) / (count - 1.0)
    n = metric.shape[1]
    if estimator == COVARIANCE:
        for i in range(n):
            for j in range(i + 1):
                metric[i, j] = metric[j, i] = scale * moments[PRODUCTS + i, j]
            metric[i, i] += shrink
        cholesky(metric, n)
        return
    for i in range(n):
        variance = scale * moments[SQUARES_Q, i] + shrink
        if estimator == FISHER and moments[SQUARES_G, i] > 0.0:
            variance = math.sqrt(moments[SQUARES_Q, i] / moments[SQUARES_G, i])
        metric[0, i] = min(max(variance, SMALLEST), LARGEST)


@function
def cholesky(metric: np.ndarray, n: int) -> None:
    """Rows n ... 2n - 1 become the lower Cholesky factor of rows 0 ... n - 1."""
    for i in range(n):
        for j in range(i + 1):
            total = metric[i, j]
            for k in range(j):
                total -= metric[n + i, k] * metric[n + j, k]
            metric[n + i, j] = math.sqrt(total) if i == j else total / metric[n + j, j]
