"""Reverse-mode differentiation: a scalar and the variables it depends on in, gradient graphs out."""
from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ppl_cli.graph.basic import Variable, constant
from ppl_cli.graph.traversal import dependents, toposort


def zeros_like(v: Variable) -> Variable:
    return constant(np.zeros(v.shape))


def grad(cost: Variable, wrt: Sequence[Variable], seed: Variable | None = None) -> list[Variable]:
    """The gradient of `cost` with respect to each of `wrt`, each in the shape of its variable.

    `seed` is the gradient of what follows with respect to `cost` (default 1, which needs a scalar cost).
    """
    if seed is None:
        if cost.shape:
            raise TypeError(f"the gradient of a {cost.type} needs a seed")
        seed = constant(1.0)
    return vjp([cost], wrt, [seed])


def vjp(outputs: Sequence[Variable], wrt: Sequence[Variable], seeds: Sequence[Variable | None]) -> list[Variable]:
    """Vector-Jacobian products: sum over `outputs` of `seeds` times the Jacobian with respect to each of `wrt`."""
    relevant = dependents(outputs, wrt)
    stops = set(wrt)
    total: dict[Variable, Variable] = {}

    def accumulate(v: Variable, g: Variable) -> None:
        total[v] = total[v] + g if v in total else g

    for output, seed in zip(outputs, seeds, strict=True):
        if seed is not None and output in relevant:
            accumulate(output, seed)
    for node in reversed(toposort(outputs, stop=wrt)):
        if not any(v in total for v in node.outputs) or all(v in stops for v in node.outputs):
            continue
        if not any(v in relevant for v in node.inputs):
            continue
        upstream = [total[v] if v in total else zeros_like(v) for v in node.outputs]
        for v, g in zip(node.inputs, node.op.grad(node.inputs, node.outputs, upstream), strict=True):
            if g is not None and v in relevant and v.dtype == "float64":
                accumulate(v, g)
    return [total.get(v, zeros_like(v)) for v in wrt]
