"""Densities of generalized linear models: those of the outcomes at a linear predictor (Functions Reference,
"Generalized Linear Models"). The predictor's matrix may be a row, which serves all outcomes."""
from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import product

from ppl_cli.distributions import DISTRIBUTIONS
from ppl_cli.distributions.base import NOT_NEGATIVE, ORDERED, POSITIVE_REAL, REAL
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
from ppl_cli.model.library.densities import form_sentence
from ppl_cli.model.library.table import Argument, Section
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


@dataclass(frozen=True)
class Regression:
    """`types` are those of all arguments but the outcome, {x} being that of the predictors; `names` theirs."""

    name: str
    density: Callable[..., Variable]
    outcome: str
    forms: tuple[str, str]
    types: str
    names: str
    summary: str

    @property
    def arguments(self) -> tuple[Argument, ...]:
        return (Argument("y"), *(Argument(n, SUPPORTS.get(n, REAL), n == "sigma") for n in self.names.split()))


SUPPORTS = {"N": NOT_NEGATIVE, "phi": POSITIVE_REAL, "sigma": POSITIVE_REAL, "c": ORDERED}
REGRESSIONS = (
    Regression("bernoulli_logit_glm", _bernoulli, "ints", MASSES, "{x}, reals, vector", "x alpha beta",
               "the Bernoulli distribution whose log odds are alpha + x beta"),
    Regression("binomial_logit_glm", _binomial, "ints", MASSES, "ints, {x}, reals, vector", "N x alpha beta",
               "the binomial distribution of N trials whose log odds are alpha + x beta"),
    Regression("poisson_log_glm", _poisson, "ints", MASSES, "{x}, reals, vector", "x alpha beta",
               "the Poisson distribution whose log mean is alpha + x beta"),
    Regression("neg_binomial_2_log_glm", _neg_binomial, "ints", MASSES, "{x}, reals, vector, reals",
               "x alpha beta phi",
               "the negative binomial distribution of precision phi, whose log mean is alpha + x beta"),
    Regression("normal_id_glm", _normal, "reals", DENSITIES, "{x}, reals, vector, reals", "x alpha beta sigma",
               "the normal distribution of standard deviation sigma, whose mean is alpha + x beta"),
    Regression("categorical_logit_glm", _categorical, "ints", MASSES, "{x}, vector, matrix", "x alpha beta",
               "categories whose probabilities are softmax(alpha + x beta)"),
    Regression("ordered_logistic_glm", _ordered, "ints", MASSES, "{x}, vector, vector", "x beta c",
               "ordered categories with cutpoints c at the predictor x beta"),
)

_section = Section("Regressions")
add = _section.add
for _r in REGRESSIONS:
    _section.describe(_r.name, _r.summary)
    for _form, _x in product(_r.forms, ("matrix", "row_vector")):
        _text = f"real {_r.name}_{_form}({_r.outcome} | {_r.types.format(x=_x)})"
        add(_text, lambda *a, f=_r.density: reduce_sum(f(*a)), form_sentence(_form, _r.summary),
            arguments=_r.arguments)
for _x in ("matrix", "row_vector"):
    add(f"array[] int bernoulli_logit_glm_rng({_x}, reals, vector)",
        lambda x, alpha, beta: random_variable(DISTRIBUTIONS["bernoulli_logit"], linear(x, alpha, beta)),
        form_sentence("rng", REGRESSIONS[0].summary), arguments=REGRESSIONS[0].arguments[1:])
