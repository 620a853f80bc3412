"""A matrix times a random vector: what is the density of A x?

A square A is a change of variables with the Jacobian determinant |det A|, whatever the law of x. A wide one makes sums
of elements, whose law is known where x is normal: A x ~ N(A μ, A Σ A'). The same law gives elements of normal vectors.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import singledispatch

import numpy as np

from ppl_cli.distributions import DISTRIBUTIONS
from ppl_cli.graph.basic import Op, Variable, constant
from ppl_cli.logprob.base import NotDerivable, is_random, logp_of_event, logprob, only_random
from ppl_cli.ops.elementwise import Elementwise
from ppl_cli.ops.indexing import gather
from ppl_cli.ops.linalg import LogAbsDeterminant, MatMul, Solve, identity, inverse, matmul, matvec
from ppl_cli.ops.random import RandomVariable
from ppl_cli.ops.reduction import CumulativeSum
from ppl_cli.ops.scalar_math import sqrt
from ppl_cli.ops.shape import Reshape, Transpose, broadcast_to, reshape, transpose


@logprob.register
def _product(op: MatMul, inputs: Sequence[Variable], value: Variable) -> Variable:
    a, x = inputs
    if only_random(inputs, "*") == 0:  # (x A)' = A' x'
        return _product(op, (transpose(x), transpose(a)), transpose(value))
    rows, columns = a.shape[-2:]
    if rows == columns:
        inner = Solve()(a, value)
        return logp_of_event(x, inner, 2) - float(value.shape[-1]) * LogAbsDeterminant()(a)
    if rows > columns:
        raise NotDerivable("a matrix with more rows than columns makes elements that determine each other")
    law = normal_law(op(a, x))
    return DISTRIBUTIONS["multi_normal"].log_prob(_uncolumned(value), law.mean, law.covariance)


# ------------------------------------------------------------------------------------------ normal vectors


@dataclass(frozen=True)
class NormalLaw:
    """The mean and the covariance matrix of a normal vector."""

    mean: Variable
    covariance: Variable

    def times(self, a: Variable) -> NormalLaw:
        """The law of A x."""
        return NormalLaw(matvec(a, self.mean), matmul(matmul(a, self.covariance), transpose(a)))


def normal_law(x: Variable) -> NormalLaw:
    """The law of a random vector (along its last axis), or of a column, that is a linear function of normal values."""
    if x.owner is None or not is_random(x):
        raise NotDerivable("this is not random")
    return law_of(x.owner.op, x.inputs)


@singledispatch
def law_of(op: Op, inputs: Sequence[Variable]) -> NormalLaw:
    raise NotDerivable(f"the density of sums of elements of `{op}` of random values is not known")


@law_of.register
def _of_draws(op: RandomVariable, inputs: Sequence[Variable]) -> NormalLaw:
    shape = op.output_types(*(v.type for v in inputs))[0].shape
    match op.law.name, inputs[1:]:
        case "normal", (mu, sigma) if shape:
            deviations = reshape(broadcast_to(sigma, shape), (*shape, 1))
            return NormalLaw(broadcast_to(mu, shape), identity(shape[-1]) * (deviations * deviations))
        case "std_normal", ():
            return NormalLaw(constant(np.zeros(shape)), broadcast_to(identity(shape[-1]), (*shape, shape[-1])))
        case "multi_normal", (mu, covariance):
            return NormalLaw(mu, covariance)
        case "multi_normal_cholesky", (mu, factor):
            return NormalLaw(mu, matmul(factor, transpose(factor)))
        case "multi_normal_prec", (mu, precision):
            return NormalLaw(mu, inverse(precision))
    raise NotDerivable(f"the density of sums of elements of `{op.law.name}` is not known")


@law_of.register
def _of_functions(op: Elementwise, inputs: Sequence[Variable]) -> NormalLaw:
    """Shifts and scales."""
    at = only_random(inputs, op.name)
    if op.name not in ("add", "sub", "neg", "mul", "div") or (op.name == "div" and at == 1):
        raise NotDerivable(f"the density of sums of `{op.name}` of random values is not known")
    law = normal_law(inputs[at])
    mean = op(*(law.mean if k == at else v for k, v in enumerate(inputs)))
    one = constant(np.ones(inputs[at].shape[-1:]))
    by = {"add": one, "neg": -one, "sub": one if at == 0 else -one}.get(op.name)
    scale = op(*(one if k == at else v for k, v in enumerate(inputs))) if by is None else by
    column, row = reshape(scale, (*scale.shape, 1)), reshape(scale, (*scale.shape[:-1], 1, scale.shape[-1]))
    return NormalLaw(mean, column * law.covariance * row)


@law_of.register(Reshape)
@law_of.register(Transpose)
def _of_columns(op: Reshape | Transpose, inputs: Sequence[Variable]) -> NormalLaw:
    """A vector as a column or a row."""
    (x,) = inputs
    before, after = ([n for n in v.shape if n != 1] for v in (x, op(x)))
    if before != after:
        raise NotDerivable(f"the density of sums of elements of `{op}` of random values is not known")
    return normal_law(x)


@law_of.register
def _of_products(op: MatMul, inputs: Sequence[Variable]) -> NormalLaw:
    a, x = inputs
    if only_random(inputs, "*") == 0 or x.shape[-1] != 1:
        raise NotDerivable("the density of sums of elements of random matrices is not known")
    return normal_law(x).times(a)


@law_of.register
def _of_walks(op: CumulativeSum, inputs: Sequence[Variable]) -> NormalLaw:
    n = inputs[0].shape[-1]
    sums = np.tril(np.ones((n, n)))
    return normal_law(inputs[0]).times(constant(sums.T if op.reverse else sums))


def _uncolumned(v: Variable) -> Variable:
    return reshape(v, v.shape[:-1])


def chosen(law: NormalLaw, token: Variable, index: Variable) -> Variable:
    """The element of a normal vector at `index`, or those elements, as a random variable of its own."""
    mean = gather(law.mean, index)
    if not index.ndim:
        return RandomVariable(DISTRIBUTIONS["normal"])(token, mean, sqrt(gather(law.covariance, index, index)))
    (n,) = index.shape
    covariance = gather(law.covariance, reshape(index, (n, 1)), reshape(index, (1, n)))
    return RandomVariable(DISTRIBUTIONS["multi_normal"])(token, mean, covariance)
