"""Gradients of models against central differences."""

from __future__ import annotations

from typing import Any

import numpy as np

from ppl_cli.api import Model


def numeric_gradient(model: Model, q: np.ndarray, step: float = 1e-5) -> np.ndarray:
    found = np.zeros(len(q))
    for k, unit in enumerate(np.eye(len(q))):
        for shift, weight in ((-2, 1), (-1, -8), (1, 8), (2, -1)):
            found[k] += weight * model.pipeline.logp_grad(q + shift * step * unit)[0] / (12 * step)
    return found


def check_gradient(model: Model, point: dict[str, Any], rtol: float = 1e-6) -> None:
    q = model.flatten(point)
    np.testing.assert_allclose(model.pipeline.logp_grad(q)[1], numeric_gradient(model, q), rtol=rtol, atol=rtol)
