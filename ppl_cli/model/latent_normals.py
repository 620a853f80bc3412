"""Calls of Laplace's approximation: latent normal variables, given by their covariance, are integrated out or drawn
(Functions Reference, "Embedded Laplace Approximation").
"""
from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from ppl_cli.distributions import DISTRIBUTIONS
from ppl_cli.graph.basic import Variable, constant, root
from ppl_cli.language import syntax as s
from ppl_cli.language.diagnostics import ElaborationError, NotSupported
from ppl_cli.model.compounds import Tuple
from ppl_cli.model.values import Value, convert, is_known, shape_of
from ppl_cli.ops.control import Body
from ppl_cli.ops.indexing import gather
from ppl_cli.ops.random import random_variable
from ppl_cli.ops.reduction import reduce_sum
from ppl_cli.solvers import Approximation

if TYPE_CHECKING:
    from ppl_cli.model.higher_order import HigherOrder, Traced

TOLERANCE, MOST_STEPS, MOST_HALVINGS = float(np.sqrt(np.finfo("float64").eps)), 500, 1000
NEWTON_FORMS = range(1, 4)  # that Stan knows: they differ in how they solve the equations of a step


def default_options(start: Variable) -> Tuple:
    """The guess of the mode; tolerance; most steps; form of Newton's method; most halvings; whether to try others."""
    return Tuple((start, *map(constant, (TOLERANCE, MOST_STEPS, 1, MOST_HALVINGS, 1))))


def with_likelihood(
    calls: HigherOrder, e: s.Call, likelihood: s.FunctionDefinition, covariance: s.FunctionDefinition,
    values: Sequence[Value],
) -> Value:  # fmt: skip
    """A call with the user's log likelihood."""
    given, size, prior, *options = values
    assert isinstance(given, Tuple)
    matrix = _covariance(calls, e, covariance, prior)
    body, used = calls.traced(likelihood, [root("theta", shape=matrix.shape[:1])], given.elements, e.span)
    return _result(calls, e, (body, used), matrix, size, options)


def with_law(
    calls: HigherOrder, e: s.Call, covariance: s.FunctionDefinition, values: Sequence[Value], law: str
) -> Value:
    """A call with counts or outcomes y in groups, each group with a latent variable and an offset."""
    parameters = len(DISTRIBUTIONS[law].parameters) - 1
    (y, groups), more = values[:2], values[2 : 2 + parameters]
    offsets, size, prior, *options = values[2 + parameters :]
    matrix = _covariance(calls, e, covariance, prior)
    n = matrix.shape[0]
    if not is_known(groups):
        raise NotSupported("groups that are not data are", e.span)
    places = np.asarray(groups, "int64")
    if shape_of(y) != places.shape:
        raise ElaborationError(f"{shape_of(y)[0]} outcomes in {places.size} groups", e.span)
    for what, value in (("offsets", offsets), *(("dispersions", v) for v in more)):
        if shape_of(value) not in ((), (n,)):
            raise ElaborationError(f"{shape_of(value)[0]} {what} for {n} latent variables", e.span)
    for wrong in places[(places < 1) | (places > n)][:1]:
        raise ElaborationError(f"group {wrong} of {n}", e.span)
    given = [calls.el.lift(v) for v in (y, convert(offsets, "float64"), *more)]
    theta, *copies = roots = [root("theta", shape=(n,)), *(root(v.name or "", v.dtype, v.shape) for v in given)]
    location = gather(theta + copies[1], constant(places - 1))
    others = (gather(v, constant(places - 1)) if v.shape else v for v in copies[2:])
    value = reduce_sum(DISTRIBUTIONS[law].log_prob(copies[0], location, *others))
    return _result(calls, e, (Body(tuple(roots), (value,)), given), matrix, size, options)


def _covariance(calls: HigherOrder, e: s.Call, function: s.FunctionDefinition, given: Value) -> Variable:
    assert isinstance(given, Tuple)
    matrix = calls.el.lift(convert(calls.el.functions.apply(function, given.elements, e.span), "float64"))
    if matrix.shape[0] != matrix.shape[1]:
        rows, cols = matrix.shape
        raise ElaborationError(f"`{function.name}` gives a {rows} × {cols} matrix, which is no covariance", e.span)
    return matrix


def _result(
    calls: HigherOrder, e: s.Call, traced: Traced, covariance: Variable, size: Value, options: Sequence[Value]
) -> Value:
    n = covariance.shape[0]
    block = int(calls.el.evaluate.require(size, e.span))
    if block < 1 or n % block:
        raise ElaborationError(f"{n} latent variables are not made of blocks of {block}", e.span)
    chosen = options[0] if options else default_options(constant(np.zeros(n)))
    assert isinstance(chosen, Tuple)
    start, tolerance, most, form, halvings, _ = chosen.elements
    _check_options(e, n, start, (tolerance, most), form, halvings)
    controls = [calls.el.lift(v) for v in (tolerance, most, halvings)]
    approximation = Approximation.of(traced[0], calls.el.lift(start), covariance, controls, traced[1], block)
    if e.suffix is not s.Suffix.RNG:
        return approximation.log_marginal()
    normals = random_variable(DISTRIBUTIONS["std_normal"], batch=(n,))
    return approximation.draw(calls.el.bind_draws(normals))


def _check_options(
    e: s.Call, n: int, start: Value, positive: Sequence[Value], form: Value, halvings: Value
) -> None:
    where = e.arguments[-1].span
    if shape_of(start) != (n,):
        raise ElaborationError(f"the guess of the mode must have {n} elements", where)
    for value in positive:
        if is_known(value) and not value > 0:
            raise ElaborationError(f"the tolerance and the most steps must be positive, but one is {value}", where)
    if is_known(halvings) and halvings < 0:
        raise ElaborationError(f"the steps of a line search cannot be {halvings}", where)
    if is_known(form) and form not in NEWTON_FORMS:
        raise ElaborationError(f"the forms of Newton's method are 1, 2 and 3, not {form}", where)
