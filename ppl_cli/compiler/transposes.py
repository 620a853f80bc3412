"""One copy of each large matrix of data: its transpose, which gradients need, is read as a view of it.

Then a product with the matrix and one with its transpose both run along its rows, mostly in the same loop.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ppl_cli.graph.basic import Constant, Variable
from ppl_cli.graph.traversal import clone_replace, toposort
from ppl_cli.ops.linalg import MatMul
from ppl_cli.ops.shape import Transpose

LARGE = 4096  # elements


def share_transposes(outputs: Sequence[Variable]) -> list[Variable]:
    """`outputs` with factors of products that are transposes of earlier ones as views of these."""
    views: dict[Variable, Variable] = {}
    known: list[Constant] = []
    for node in toposort(outputs):
        for v in node.inputs if isinstance(node.op, MatMul) else ():
            if not isinstance(v, Constant) or v.ndim != 2 or v.type.size < LARGE or v in views or v in known:
                continue
            same = (c for c in known if c.shape == v.shape[::-1] and np.array_equal(c.data, v.data.T))
            original = next(same, None)
            if original is None:
                known.append(v)
            else:
                views[v] = Transpose((1, 0))(original)
    return clone_replace(outputs, views) if views else list(outputs)


def is_view(v: Variable) -> bool:
    """Whether `v` is the transpose of a matrix of data."""
    return isinstance(v.op, Transpose) and isinstance(v.inputs[0], Constant)
