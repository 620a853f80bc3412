"""What solvers share: the operation that stands for an algorithm, and Jacobian matrices of graphs."""
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from ppl_cli.graph.basic import Apply, Constant, Variable, constant, root
from ppl_cli.graph.gradient import vjp
from ppl_cli.graph.traversal import evaluate, map_graph, roots_of
from ppl_cli.ops.control import Body, InnerGraphOp, make_table
from ppl_cli.ops.indexing import set_at
from ppl_cli.ops.shape import join, reshape, stack

MOST_UNROLLED_ROWS = 12  # of a Jacobian matrix; the rows of larger ones are computed by one loop


@dataclass(frozen=True)
class Solver(InnerGraphOp):
    """An algorithm that evaluates `body` as often as it needs."""

    body: Body

    @property
    def bodies(self) -> tuple[Body, ...]:
        return (self.body,)

    def with_bodies(self, bodies: Sequence[Body]) -> Solver:
        return replace(self, body=bodies[0])

    def expand(self, inputs: Sequence[Variable]) -> list[Variable]:
        """The algorithm as a graph."""
        raise NotImplementedError

    def perform(self, *inputs: np.ndarray) -> tuple[np.ndarray, ...]:
        return tuple(evaluate(self.expand([constant(v) for v in inputs])))


def expand_solvers(outputs: Sequence[Variable]) -> list[Variable]:
    """`outputs` with the algorithms in the place of solvers, in inner graphs too."""
    return map_graph(outputs, _expand)


def _expand(node: Apply, inputs: Sequence[Variable]) -> Sequence[Variable]:
    op = node.op
    if isinstance(op, InnerGraphOp):
        op = op.map_results(expand_solvers)
    return op.expand(inputs) if isinstance(op, Solver) else op.apply(*inputs).outputs


def varies(v: Variable) -> bool:
    """Whether a variable can have a gradient: whether it is computed from real roots."""
    return v.dtype == "float64" and any(r.dtype == "float64" for r in roots_of([v]) if not isinstance(r, Constant))


def jacobian(result: Variable, wrt: Sequence[Variable]) -> Variable:
    """The matrix of derivatives of the vector `result` [n] with respect to the elements of all of `wrt`, [n, p]."""
    n = result.shape[0]

    def row(seed: Variable) -> Variable:
        return join([reshape(g, (v.type.size,)) for v, g in zip(wrt, vjp([result], wrt, [seed]), strict=True)])

    if n <= MOST_UNROLLED_ROWS:
        return stack([row(constant(unit)) for unit in np.eye(n)])
    index = root("row", "int64")
    return make_table(index, [row(set_at(constant(np.zeros(n)), constant(1.0), index))], n)[0]
