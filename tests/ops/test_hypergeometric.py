"""Hypergeometric functions: values and slopes from mpmath, and compiled as in NumPy."""
from __future__ import annotations

import numpy as np
import pytest
from compiler.compare import BACKENDS, assert_compiled
from ops.differences import assert_gradient

from ppl_cli.graph.basic import root
from ppl_cli.graph.traversal import evaluate
from ppl_cli.ops.hypergeometric import hypergeometric

CASES = [
    (0, 1, (1.3, -2.5), -0.106882784592219),
    (1, 1, (1.5, 2.5, -3.2), 0.21046875178413090),
    (2, 1, (1.5, 2.5, 3.2, -8.0), 0.060377748176182303),
    (2, 1, (3.7, -31.5, 20.0, 0.7), 0.051497666769602428),
    (3, 2, (1.5, 2.5, -3.2, 0.3, 1.2, -0.9), 196.54650688262683),
    (3, 2, (-3.0, 2.5, 3.2, 0.3, 1.2, 0.5), 7.9382157697375102),
    (2, 3, (1.5, 2.5, 3.2, 0.3, 1.2, 4.5), 60.383160088624422),
]


@pytest.mark.parametrize(("p", "q", "x", "expected"), CASES)
def test_values_and_gradients(p: int, q: int, x: tuple[float, ...], expected: float) -> None:
    roots = [root(f"x{k}") for k in range(p + q + 1)]
    values = dict(zip(roots, map(np.asarray, x), strict=True))
    output = hypergeometric(p, q)(*roots)
    np.testing.assert_allclose(evaluate([output], values)[0], expected, rtol=1e-13)
    assert_gradient(output, roots, values, second=False)


@pytest.mark.parametrize(("p", "q", "x"), [(2, 1, (1.0, 2.0, -3.0, 0.5)), (3, 2, (1.0, 2.0, 0.5, 3.0, 4.0, 1.5))])
def test_series_that_have_no_sum_are_not_a_number(p: int, q: int, x: tuple[float, ...]) -> None:
    assert not np.isfinite(evaluate([hypergeometric(p, q)(*x)])[0])


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize(("p", "q"), sorted({case[:2] for case in CASES}))
def test_compiled(p: int, q: int, backend: str) -> None:
    columns = np.array([x for a, b, x, _ in CASES if (a, b) == (p, q)]).T
    roots = [root(f"x{k}", "float64", column.shape) for k, column in enumerate(columns)]
    assert_compiled([hypergeometric(p, q)(*roots)], dict(zip(roots, columns, strict=True)), backend)
