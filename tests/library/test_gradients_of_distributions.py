"""Gradients of every density and distribution function against differences, along random directions that keep
constraints: symmetric matrices stay symmetric, factors triangular, vectors keep their sum.
"""
from __future__ import annotations

import numpy as np
import pytest
from library.examples import example

from ppl_cli.graph.traversal import evaluate
from ppl_cli.language.functionals import takes_function
from ppl_cli.model.library import LIBRARY
from ppl_cli.ops.reduction import reduce_sum

ENDINGS = ("_lpdf", "_lpmf", "_lcdf", "_lccdf")
FUNCTIONS = [n for n in LIBRARY.names() if n.endswith(ENDINGS) and not any(map(takes_function, LIBRARY.signatures(n)))]
STEP = 1e-4


def direction(value: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    free = rng.normal(size=value.shape) * 0.3 * np.abs(value).max(initial=1e-3)
    if value.ndim == 1:
        return free - free.mean()
    if value.ndim == 2 and value.shape[0] == value.shape[1]:
        if not np.triu(value, 1).any():
            return np.tril(free)
        return free + free.T - 2 * np.diag(np.diag(free)) * (np.diag(value) == 1.0).all()
    return free


@pytest.mark.parametrize("name", FUNCTIONS)
def test_gradient(name: str) -> None:
    for signature in LIBRARY.signatures(name):
        call = example(signature)
        if not call.values:
            continue
        total = reduce_sum(call.outputs[0])
        gradients = evaluate(call.gradients(), call.values)
        for seed in range(2):
            rng = np.random.default_rng(seed)
            directions = {v: direction(value, rng) for v, value in call.values.items()}

            def along(t: float, directions: dict = directions) -> float:
                return float(evaluate([total], {v: x + t * directions[v] for v, x in call.values.items()})[0])

            # fourth order (Abramowitz and Stegun 25.3.21)
            slope = (8 * (along(STEP) - along(-STEP)) - (along(2 * STEP) - along(-2 * STEP))) / (12 * STEP)
            found = sum(float((g * d).sum()) for g, d in zip(gradients, directions.values(), strict=True))
            assert found == pytest.approx(slope, rel=1e-6, abs=1e-7), signature
