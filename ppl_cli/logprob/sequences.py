"""Cumulative sums of random vectors: what is the density of a walk? That of its steps; the Jacobian is 1."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ppl_cli.graph.basic import Variable, constant
from ppl_cli.logprob.base import NotDerivable, logp_of_event, logprob
from ppl_cli.ops.indexing import take_slice
from ppl_cli.ops.reduction import CumulativeSum
from ppl_cli.ops.scalar_math import sub
from ppl_cli.ops.shape import join


@logprob.register
def _walk(op: CumulativeSum, inputs: Sequence[Variable], value: Variable) -> Variable:
    """p(y₁, …, yₙ) = p(x₁ = y₁, x₂ = y₂ - y₁, …, xₙ = yₙ - yₙ₋₁): one number, for the elements depend on each other."""
    if op.reverse:
        raise NotDerivable("the density of sums from the last element is not known")
    return logp_of_event(inputs[0], steps(value), 1)


def steps(value: Variable) -> Variable:
    """The differences along the last axis, the first of them from 0."""
    n = value.shape[-1]
    zero = constant(np.zeros((*value.shape[:-1], 1), value.dtype))
    return sub(value, join([zero, take_slice(value, 0, n - 1, -1)], -1)) if n else value
