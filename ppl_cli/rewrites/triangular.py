"""Triangular systems: a solution of L x = L z is z, where L is known to be triangular, as factors of covariances are.

Such products arise where a vector is written as its standardized form times the factor of its law.
"""
from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ppl_cli.graph.basic import Apply, Constant, Variable
from ppl_cli.graph.rewriting import Rewritten, RuleSet, rewrite
from ppl_cli.graph.traversal import toposort
from ppl_cli.ops.elementwise import Elementwise
from ppl_cli.ops.indexing import Gather
from ppl_cli.ops.linalg import Cholesky, MatMul, SolveTriangular
from ppl_cli.ops.shape import BroadcastTo, Join, Reshape, Transpose

_MOVES = (Gather, Join, Reshape, Transpose, BroadcastTo)  # elements keep their values
_FUNCTIONS = frozenset({"neg", "add", "sub", "exp", "tanh", "sqrt"})


@rewrite("solve-product", SolveTriangular)
def solve_product(node: Apply) -> Rewritten:
    factor, right = node.inputs
    op = node.op
    if isinstance(right.op, MatMul) and right.inputs[0] is factor and not op.transposed and op.lower:  # type: ignore[attr-defined]
        return right.inputs[1] if is_lower_triangular(factor) else None
    return None


def is_lower_triangular(factor: Variable) -> bool:
    """Whether everything above the diagonal is certainly 0."""
    above = np.triu(np.ones(factor.shape[-2:], bool), 1)
    return not (_known(factor)[..., above] != 0).any()


def _known(v: Variable) -> np.ndarray:
    """The elements of `v` that do not depend on roots; NaN for the others, as far as can be told."""
    values: dict[Variable, np.ndarray] = {}

    def value(x: Variable) -> np.ndarray:
        return values[x] if x in values else x.data if isinstance(x, Constant) else np.full(x.shape, np.nan)

    for node in toposort([v]):
        values.update((x, np.full(x.shape, np.nan)) for x in node.outputs)
        found = _of_node(node, value)
        if found is not None:
            values[node.outputs[0]] = found
    return value(v)


def _of_node(node: Apply, value: Callable[[Variable], np.ndarray]) -> np.ndarray | None:
    op, inputs = node.op, node.inputs
    if isinstance(op, Cholesky):
        return np.broadcast_to(np.where(np.tri(inputs[0].shape[-1], dtype=bool), np.nan, 0.0), inputs[0].shape)
    if isinstance(op, Elementwise):
        if op.name == "mul":
            a, b = map(value, inputs)
            return np.where((a == 0) | (b == 0), 0.0, a * b)
        if op.name not in _FUNCTIONS and not (op.name == "switch" and isinstance(inputs[0], Constant)):
            return None
    elif not isinstance(op, _MOVES) or not all(isinstance(i, Constant) for i in inputs[1:]) and isinstance(op, Gather):
        return None
    return op.perform(*map(value, inputs))[0]


TRIANGULAR = RuleSet.of(solve_product)
