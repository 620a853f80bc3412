"""Mixtures by indexing: what is the density of `components[index]`, the index being a categorical random variable?

With the index given it is that of the chosen component; with the index summed out it is log sum exp of weight plus component.
"""
from __future__ import annotations

import numpy as np

from ppl_cli.graph.basic import Variable, constant
from ppl_cli.logprob.base import logprob
from ppl_cli.ops.indexing import gather
from ppl_cli.ops.reduction import log_sum_exp
from ppl_cli.ops.scalar_math import sub


def _component_densities(components: Variable, value: Variable) -> Variable:
    """The log density of each component (the last axis of the batch) at `value`."""
    assert components.owner is not None
    return logprob(components.owner.op, components.inputs, value)


def _index_densities(index: Variable, count: int) -> Variable:
    """The log probability of each value 1 .. count of the index."""
    assert index.owner is not None
    return logprob(index.owner.op, index.inputs, constant(np.arange(1, count + 1)))


def mixture_joint(components: Variable, index: Variable, value: Variable, chosen: Variable) -> Variable:
    """log density of (components[index] = value, index = chosen); `chosen` counts from 1."""
    densities = _component_densities(components, value)
    weights = _index_densities(index, densities.shape[-1])
    at = sub(chosen, 1)
    return gather(densities, at) + gather(weights, at)


def mixture_marginal(components: Variable, index: Variable, value: Variable) -> Variable:
    """log density of components[index] = value, the index summed out."""
    densities = _component_densities(components, value)
    return log_sum_exp(densities + _index_densities(index, densities.shape[-1]))
