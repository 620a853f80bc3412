"""What is derived from random expressions: log densities and distribution functions, by dispatch on the operation that made a variable.

A family of operations is one module that registers its rules. Where no rule is known, `NotDerivable` names the operation.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import singledispatch

from ppl_cli.graph.basic import Constant, Op, Variable
from ppl_cli.graph.traversal import toposort
from ppl_cli.ops.random import RandomVariable, Truncated


class NotDerivable(NotImplementedError):
    """The density of an expression cannot be derived; the message says why."""


def logp(rv: Variable, value: Variable) -> Variable:
    """The log density (mass, for what is discrete) at `value` of the random expression `rv`.

    One number for each element of the value, or for each event where elements are not independent.
    """
    if rv.owner is None or not is_random(rv):
        raise NotDerivable("this is not random")
    return logprob(rv.owner.op, rv.inputs, value)


def logcdf(rv: Variable, value: Variable) -> Variable:
    """log P(rv <= value), for scalar random expressions, elementwise."""
    assert rv.owner is not None
    return log_cumulative(rv.owner.op, rv.inputs, value)


def logccdf(rv: Variable, value: Variable) -> Variable:
    """log P(rv > value), for scalar random expressions, elementwise."""
    assert rv.owner is not None
    return log_survival(rv.owner.op, rv.inputs, value)


@singledispatch
def logprob(op: Op, inputs: Sequence[Variable], value: Variable) -> Variable:
    """The log density at `value` of the variable that `op` makes of `inputs`."""
    raise NotDerivable(f"the density of `{op}` of random values is not known")


@singledispatch
def log_cumulative(op: Op, inputs: Sequence[Variable], value: Variable) -> Variable:
    raise NotDerivable(f"the distribution function of `{op}` of random values is not known")


@singledispatch
def log_survival(op: Op, inputs: Sequence[Variable], value: Variable) -> Variable:
    raise NotDerivable(f"the distribution function of `{op}` of random values is not known")


def is_random(v: Variable) -> bool:
    """Whether a variable is drawn, or computed from what is."""
    return any(isinstance(node.op, RandomVariable | Truncated) for node in toposort([v]))


def is_discrete(rv: Variable) -> bool:
    """Whether a random expression has masses: whether all that is drawn in it is discrete."""
    laws = [node.op.law for node in toposort([rv]) if isinstance(node.op, RandomVariable)]
    return all(law.is_discrete for law in laws)


def only_random(inputs: Sequence[Variable], what: str) -> int:
    """The position of the one input that is random."""
    found = [k for k, v in enumerate(inputs) if not isinstance(v, Constant) and is_random(v)]
    if len(found) != 1:
        raise NotDerivable(f"the density of `{what}` of {len(found)} random values is not known")
    return found[0]
