"""Central differences: what gradients are compared with."""
from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from ppl_cli.graph.basic import Variable
from ppl_cli.graph.gradient import grad
from ppl_cli.graph.traversal import evaluate
from ppl_cli.ops.reduction import reduce_sum
from ppl_cli.ops.scalar_math import sin


def scalar_of(v: Variable) -> Variable:
    """A number that depends on each element of `v` in its own way."""
    weights = np.cos(np.arange(v.type.size, dtype=float)).reshape(v.shape) + 1.5
    return reduce_sum(v * weights)


def differences(
    cost: Variable, wrt: Sequence[Variable], values: Mapping[Variable, np.ndarray], step: float = 1e-5
) -> list[np.ndarray]:
    """The derivatives of a scalar by each element of `wrt`, by central differences of fourth order."""
    results = []
    for v in wrt:
        result = np.zeros(v.shape)
        for k in np.ndindex(*v.shape):
            total = 0.0
            for shift, weight in ((-2, 1), (-1, -8), (1, 8), (2, -1)):
                moved = np.array(values[v], dtype=float)
                moved[k] += shift * step
                total += weight * float(evaluate([cost], {**values, v: moved})[0])
            result[k] = total / (12 * step)
        results.append(result)
    return results


def assert_gradient(
    output: Variable,
    wrt: Sequence[Variable],
    values: Mapping[Variable, np.ndarray],
    second: bool = True,
    rtol: float = 1e-6,
) -> None:
    """The gradient of `output` (and that of its gradient) agrees with differences."""
    cost = scalar_of(output)
    gradients = grad(cost, wrt)
    assert [g.type for g in gradients] == [v.type for v in wrt]
    for got, expected in zip(evaluate(gradients, values), differences(cost, wrt, values), strict=True):
        np.testing.assert_allclose(got, expected, rtol=rtol, atol=1e-7)
    if second:
        again = sum((scalar_of(sin(g)) for g in gradients[1:]), scalar_of(sin(gradients[0])))
        assert_gradient(again, wrt, values, second=False, rtol=10 * rtol)
