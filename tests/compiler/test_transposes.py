"""A matrix of data and its transpose are one array, read along its rows, in products with vectors."""

from __future__ import annotations

import numpy as np
import pytest

from ppl_cli.compiler import compile_function
from ppl_cli.graph.basic import constant, root
from ppl_cli.graph.gradient import grad
from ppl_cli.ops.linalg import matvec, vecmat
from ppl_cli.ops.reduction import reduce_sum
from ppl_cli.ops.scalar_math import exp
from ppl_cli.rewrites.passes import optimize

RNG = np.random.default_rng(0)
SHAPES = [(500, 10), (300, 40), (20, 400), (70, 70), (3, 5)]


@pytest.mark.parametrize("backend", ["c", "numba"])
@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("product", [matvec, lambda a, x: vecmat(x, constant(a.data.T))], ids=["a x", "x a'"])
def test_value_and_gradient_of_a_product(backend: str, shape: tuple[int, int], product) -> None:
    a, b = RNG.normal(size=shape) / 10, RNG.normal(size=shape[1])
    x = root("x", shape=(shape[1],))
    value = reduce_sum(exp(product(constant(a), x)))
    function = compile_function([x], *_split(optimize([value, grad(value, [x])[0]])), backend=backend)
    found, gradient = function(b)
    np.testing.assert_allclose(found, np.exp(a @ b).sum(), rtol=1e-12)
    np.testing.assert_allclose(gradient, a.T @ np.exp(a @ b), rtol=1e-11)
    large = [array for array in function.kernel.data.values() if array.size == a.size]
    assert len(large) == 1 or a.size < 100 or shape[0] == shape[1]


def _split(outputs):
    return outputs[0], outputs[1:]
