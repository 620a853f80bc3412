"""Families of laws, recognized by their score: the derivative of the log density, times a weight, is linear.

With weight(x) * d log p(x) / dx = intercept + slope * x the law is a member of Pearson's system (Pearson (1895),
"Contributions to the mathematical theory of evolution II"): so a conditional law is known from its scores at two
points, whatever the statements it comes from.
"""
from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ppl_cli.distributions import DISTRIBUTIONS, Distribution
from ppl_cli.graph.basic import Variable
from ppl_cli.ops.reduction import reduce_sum
from ppl_cli.ops.scalar_math import sqrt
from ppl_cli.ops.shape import reshape


@dataclass(frozen=True)
class Family:
    """weight: what the score is multiplied by, for NumPy arrays and graphs alike.

    probes: two points of the support, or one (for a vector of so many elements) where there is no slope.
    parameters: from intercept and slope to those of the law; center: from these to a typical value; valid: whether
    they are such that there is a law.
    example: random points of the support, for a generator and a shape.
    """

    law: Distribution
    weight: Callable[[Any], Any]
    probes: Callable[[int], Sequence[float]]
    parameters: Callable[..., tuple[Any, ...]]
    center: Callable[..., Any]
    example: Callable[[np.random.Generator, tuple[int, ...]], np.ndarray]
    valid: Callable[..., Any]

    @property
    def name(self) -> str:
        return self.law.name


def _positive(generator: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    return np.exp(0.5 * generator.standard_normal(shape))


def _simplex(generator: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    weights = generator.gamma(5.0, size=shape)
    return np.asarray(weights / weights.sum(-1, keepdims=True))


def _root(x: Any) -> Any:
    return sqrt(x) if isinstance(x, Variable) else np.sqrt(x)


def _share(alpha: Variable) -> Variable:
    return alpha / reshape(reduce_sum(alpha, -1), (*alpha.shape[:-1], 1))


NORMAL = Family(
    DISTRIBUTIONS["normal"], lambda x: 1.0, lambda n: (0.0, 1.0), lambda i, s: (-i / s, 1.0 / _root(-s)),
    lambda mu, sigma: mu, lambda generator, shape: generator.standard_normal(shape), lambda mu, sigma: sigma > 0.0,
)  # fmt: skip
GAMMA = Family(
    DISTRIBUTIONS["gamma"], lambda x: x, lambda n: (1.0, 2.0), lambda i, s: (i + 1.0, -s),
    lambda a, b: a / b, _positive, lambda a, b: (a > 0.0) & (b > 0.0),
)  # fmt: skip
INV_GAMMA = Family(
    DISTRIBUTIONS["inv_gamma"], lambda x: x * x, lambda n: (1.0, 2.0), lambda i, s: (-s - 1.0, i),
    lambda a, b: b / (a + 1.0), _positive, lambda a, b: (a > 0.0) & (b > 0.0),
)  # fmt: skip
BETA = Family(
    DISTRIBUTIONS["beta"], lambda x: x * (1.0 - x), lambda n: (0.25, 0.75), lambda i, s: (i + 1.0, 1.0 - i - s),
    lambda a, b: a / (a + b), lambda generator, shape: generator.uniform(0.1, 0.9, shape),
    lambda a, b: (a > 0.0) & (b > 0.0),
)  # fmt: skip
DIRICHLET = Family(
    DISTRIBUTIONS["dirichlet"], lambda x: x, lambda n: (1.0 / n,), lambda i: (i + 1.0,), _share, _simplex,
    lambda alpha: alpha > 0.0,
)  # fmt: skip
