"""Quantiles: between order statistics, of data and of parameters."""
from __future__ import annotations

import math

import numpy as np
import pytest

from ppl_cli import load

X = np.array([0.3, -1.0, 2.0, 0.7, 5.0])


@pytest.mark.parametrize("p", [0.0, 0.3, 0.5, 0.99, 1.0])
def test_quantile(p: float) -> None:
    model = load("data { real p; vector[5] x; } parameters { vector[5] y; } "
                 "model { target += quantile(y, p) - 2 * quantile(x, p); }", data={"p": p, "x": X.tolist()})  # fmt: skip
    value, gradient = model.logp_grad(X)
    assert value == pytest.approx(-np.quantile(X, p))
    assert gradient.sum() == pytest.approx(1)  # of two neighbours at most
    assert np.count_nonzero(gradient) <= 2


def test_a_quantile_needs_a_probability() -> None:
    model = load("parameters { vector[2] y; } model { target += quantile(y, 1.5); }")
    assert math.isnan(model.logp_grad(np.ones(2))[0])
