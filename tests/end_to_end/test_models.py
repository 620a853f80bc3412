"""Every example model: its gradient is that of its density, and C and Numba agree."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ppl_cli import load
from ppl_cli.api import PplModel
from ppl_cli.compiler import default_backend

MODELS = sorted((Path(__file__).parents[2] / "models").glob("*.ppl"))
IDS = [m.stem for m in MODELS]


def point(model: PplModel, seed: int) -> np.ndarray:
    """A flat vector near the origin, with ints of 10 where they are not summed out."""
    q = np.random.default_rng(seed).normal(0, 0.5, model.size)
    q[model.model.size :] = 10
    return q


def test_there_are_models_for_all_constructs() -> None:
    assert len(MODELS) >= 12


@pytest.mark.parametrize("path", MODELS, ids=IDS)
def test_the_gradient_agrees_with_finite_differences(path: Path) -> None:
    model = load(path)
    q = point(model, 0)
    value, gradient = model.logp_grad(q)
    assert np.isfinite(value)
    for k, direction in enumerate(np.eye(model.size)[: model.model.size]):
        up, down = (model.logp_grad(q + step * direction)[0] for step in (1e-6, -1e-6))
        assert gradient[k] == pytest.approx((up - down) / 2e-6, rel=1e-5, abs=1e-5 * (1 + abs(value)))


@pytest.mark.skipif(default_backend() != "c", reason="there is no C compiler to compare with")
@pytest.mark.parametrize("path", MODELS, ids=IDS)
def test_c_and_numba_agree(path: Path) -> None:
    in_c, in_numba = load(path, backend="c"), load(path, backend="numba")
    q = point(in_c, 1)
    (a, gradient_a), (b, gradient_b) = in_c.logp_grad(q), in_numba.logp_grad(q)
    assert a == pytest.approx(b, rel=1e-10)
    np.testing.assert_allclose(gradient_a, gradient_b, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("path", MODELS, ids=IDS)
def test_the_compiled_density_is_that_of_the_graph(path: Path) -> None:
    """The reference is NumPy on the graph before any optimization for compilation."""
    from ppl_cli.graph.traversal import evaluate

    model = load(path)
    q = point(model, 2)
    value, gradient = model.pipeline.value_and_gradient()
    expected = evaluate([value, gradient], {model.pipeline.flat: q})
    found = model.logp_grad(q)
    assert found[0] == pytest.approx(float(expected[0]), rel=1e-10)
    np.testing.assert_allclose(found[1], expected[1], rtol=1e-9, atol=1e-9)
