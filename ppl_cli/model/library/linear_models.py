"""Densities of generalized linear models: those of the outcomes at a linear predictor (Functions Reference,
"Generalized Linear Models"). The predictor's matrix may be a row, which serves all outcomes."""
from __future__ import annotations

from collections.abc import Callable
from itertools import product

from ppl_cli.distributions import DISTRIBUTIONS
from ppl_cli.distributions.categories import categorical_logit_lpmf, ordered_logistic_lpmf
from ppl_cli.distributions.continuous import normal_lpdf
from ppl_cli.distributions.discrete import (
    bernoulli_logit_lpmf,
    binomial_logit_lpmf,
    neg_binomial_2_log_lpmf,
    poisson_log_lpmf,
)
from ppl_cli.distributions.formulas import real
from ppl_cli.graph.basic import Variable, constant
from ppl_cli.model.library.table import add
from ppl_cli.ops.linalg import matmul, matvec, vecmat
from ppl_cli.ops.random import random_variable
from ppl_cli.ops.reduction import reduce_sum


def linear(x: Variable, alpha: Variable, beta: Variable) -> Variable:
    """alpha + x beta for a matrix or one row of predictors."""
    product_ = reduce_sum(x * beta) if x.ndim == 1 else matvec(x, beta)
    return product_ + real(alpha)


def linear_by_category(x: Variable, alpha: Variable, beta: Variable) -> Variable:
    """The predictors of all categories, the last axis."""
    return (vecmat(x, beta) if x.ndim == 1 else matmul(x, beta)) + alpha


def _bernoulli(y: Variable, x: Variable, alpha: Variable, beta: Variable) -> Variable:
    return bernoulli_logit_lpmf(y, linear(x, alpha, beta))


def _binomial(y: Variable, n: Variable, x: Variable, alpha: Variable, beta: Variable) -> Variable:
    return binomial_logit_lpmf(y, n, linear(x, alpha, beta))


def _poisson(y: Variable, x: Variable, alpha: Variable, beta: Variable) -> Variable:
    return poisson_log_lpmf(y, linear(x, alpha, beta))


def _neg_binomial(y: Variable, x: Variable, alpha: Variable, beta: Variable, phi: Variable) -> Variable:
    return neg_binomial_2_log_lpmf(y, linear(x, alpha, beta), phi)


def _normal(y: Variable, x: Variable, alpha: Variable, beta: Variable, sigma: Variable) -> Variable:
    return normal_lpdf(y, linear(x, alpha, beta), sigma)


def _categorical(y: Variable, x: Variable, alpha: Variable, beta: Variable) -> Variable:
    return categorical_logit_lpmf(y, linear_by_category(x, alpha, beta))


def _ordered(y: Variable, x: Variable, beta: Variable, cutpoints: Variable) -> Variable:
    return ordered_logistic_lpmf(y, linear(x, constant(0.0), beta), cutpoints)


DENSITIES = ("lpdf", "lupdf")
MASSES = ("lpmf", "lupmf")
# name, density, type of the outcome, suffixes, types of the other arguments, {x} being the predictors
MODELS: tuple[tuple[str, Callable[..., Variable], str, tuple[str, str], str], ...] = (
    ("bernoulli_logit_glm", _bernoulli, "ints", MASSES, "{x}, reals, vector"),
    ("binomial_logit_glm", _binomial, "ints", MASSES, "ints, {x}, reals, vector"),
    ("poisson_log_glm", _poisson, "ints", MASSES, "{x}, reals, vector"),
    ("neg_binomial_2_log_glm", _neg_binomial, "ints", MASSES, "{x}, reals, vector, reals"),
    ("normal_id_glm", _normal, "reals", DENSITIES, "{x}, reals, vector, reals"),
    ("categorical_logit_glm", _categorical, "ints", MASSES, "{x}, vector, matrix"),
    ("ordered_logistic_glm", _ordered, "ints", MASSES, "{x}, vector, vector"),
)

for _name, _density, _outcome, _suffixes, _arguments in MODELS:
    for _suffix, _x in product(_suffixes, ("matrix", "row_vector")):
        add(f"real {_name}_{_suffix}({_outcome} | {_arguments.format(x=_x)})", lambda *a, f=_density: reduce_sum(f(*a)))
for _x in ("matrix", "row_vector"):
    add(f"array[] int bernoulli_logit_glm_rng({_x}, reals, vector)",
        lambda x, alpha, beta: random_variable(DISTRIBUTIONS["bernoulli_logit"], linear(x, alpha, beta)))
