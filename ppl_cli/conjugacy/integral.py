"""A parameter whose conditional law is known → the log density without it, and its draw given all the rest.

The marginal density is the joint one over the conditional one, at any value (the candidate's formula: Besag (1989), "A
candidate's formula: a curious result in Bayesian prediction").
"""
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ppl_cli.conjugacy.families import Family
from ppl_cli.distributions import DISTRIBUTIONS, Distribution
from ppl_cli.graph.basic import Variable, constant, root
from ppl_cli.graph.gradient import grad
from ppl_cli.graph.traversal import clone_replace, dependents
from ppl_cli.marginal.factors import Vectorize
from ppl_cli.ops.control import make_table
from ppl_cli.ops.linalg import Cholesky, solve_triangular
from ppl_cli.ops.random import random_variable
from ppl_cli.ops.reduction import reduce_sum
from ppl_cli.ops.scalar_math import add, detached, eq, mul, neg, sub, switch
from ppl_cli.ops.shape import reshape


@dataclass(frozen=True)
class Integral:
    """What is left of the terms, the log of the integral over the parameter, and the parameter's random value."""

    left: list[Variable]
    log_density: Variable
    draw: Variable


def integrate(terms: Sequence[Variable], unknown: Variable, family: Family | None, vectorize: Vectorize) -> Integral:
    """Integrate the density whose log is the total of all `terms` over `unknown`, whose conditional law is of this
    family, elements independent; or, if None, multivariate normal."""
    dependent = dependents(terms, [unknown])
    total: Variable = constant(0.0)
    for term in terms:
        if term in dependent:
            total = add(total, reduce_sum(term))
    law: Distribution
    if family is None:
        law, parameters = DISTRIBUTIONS["multi_normal_prec"], _joint_normal(total, unknown, vectorize)
        center = detached(parameters[0])
    else:
        law, parameters = family.law, family.parameters(*_score(total, unknown, family, vectorize))
        center = detached(family.center(*parameters))
    (joint,) = clone_replace([total], {unknown: center})
    conditional = reduce_sum(law.log_prob(center, *parameters))
    left = [constant(0.0) if term in dependent else term for term in terms]
    (log_density,) = vectorize([sub(joint, conditional)])
    return Integral(left, log_density, random_variable(law, *parameters))


def _score(total: Variable, unknown: Variable, family: Family, vectorize: Vectorize) -> tuple[Variable, ...]:
    """Intercept and slope of the weighted score of each element, from its value and derivative at one point; the
    intercept alone where the family has no slope."""
    probe = constant(np.full(unknown.shape, family.probes(unknown.shape[-1] if unknown.ndim else 1)[0]))
    (score,) = vectorize([grad(total, [unknown])[0] * family.weight(unknown)])
    if len(family.probes(1)) == 1:
        return tuple(vectorize(clone_replace([score], {unknown: probe})))
    (slope,) = vectorize(grad(reduce_sum(score), [unknown]))
    at_probe, slope = vectorize(clone_replace([score, slope], {unknown: probe}))
    return at_probe - slope * probe, slope


def _joint_normal(total: Variable, unknown: Variable, vectorize: Vectorize) -> tuple[Variable, ...]:
    """Mean and precision of a vector: the score is linear, and the precision is its derivative along each axis."""
    (score,) = vectorize(grad(total, [unknown]))
    n, k = unknown.shape[0], root("axis", "int64")
    axis = switch(eq(constant(np.arange(n)), k), 1.0, 0.0)
    row = grad(reduce_sum(mul(score, axis)), [unknown])[0]
    at_zero, row = vectorize(clone_replace([score, row], {unknown: constant(np.zeros(n))}))
    (rows,) = vectorize(make_table(k, [row], n))
    precision = neg(rows)
    factor = Cholesky()(precision)
    mean = solve_triangular(factor, solve_triangular(factor, reshape(at_zero, (n, 1))), transposed=True)
    return reshape(mean, (n,)), precision
