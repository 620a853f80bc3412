"""Generalized linear models: laws of the outcomes at a linear predictor (Functions Reference, "Generalized Linear
Models"). The predictor's matrix may be a row, which serves all outcomes."""
from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import product

from ppl_cli.distributions import DISTRIBUTIONS, Distribution
from ppl_cli.distributions.base import NOT_NEGATIVE, ORDERED, POSITIVE_REAL, REAL
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


@dataclass(frozen=True)
class Regression:
    """A law whose `parameters` follow from the arguments. `types` are those of the arguments, {x} being that of the
    predictors; `names` theirs."""

    law: Distribution
    types: str
    names: str
    parameters: Callable[..., tuple[Variable, ...]]
    summary: str

    @property
    def arguments(self) -> tuple[Argument, ...]:
        return tuple(Argument(n, SUPPORTS.get(n, REAL), n == self.law.scale) for n in self.names.split())

    def log_prob(self, y: Variable, *arguments: Variable) -> Variable:
        return reduce_sum(self.law.log_prob(y, *self.parameters(*arguments)))


def _at_predictor(x: Variable, alpha: Variable, beta: Variable, *others: Variable) -> tuple[Variable, ...]:
    return (linear(x, alpha, beta), *others)


SUPPORTS = {"N": NOT_NEGATIVE, "phi": POSITIVE_REAL, "sigma": POSITIVE_REAL, "c": ORDERED}
REGRESSIONS = {
    "bernoulli_logit_glm": Regression(
        DISTRIBUTIONS["bernoulli_logit"], "{x}, reals, vector", "x alpha beta", _at_predictor,
        "the Bernoulli distribution whose log odds are alpha + x beta",
    ),
    "binomial_logit_glm": Regression(
        DISTRIBUTIONS["binomial_logit"], "ints, {x}, reals, vector", "N x alpha beta",
        lambda trials, *predictor: (trials, linear(*predictor)),
        "the binomial distribution of N trials whose log odds are alpha + x beta",
    ),
    "poisson_log_glm": Regression(
        DISTRIBUTIONS["poisson_log"], "{x}, reals, vector", "x alpha beta", _at_predictor,
        "the Poisson distribution whose log mean is alpha + x beta",
    ),
    "neg_binomial_2_log_glm": Regression(
        DISTRIBUTIONS["neg_binomial_2_log"], "{x}, reals, vector, reals", "x alpha beta phi", _at_predictor,
        "the negative binomial distribution of precision phi, whose log mean is alpha + x beta",
    ),
    "normal_id_glm": Regression(
        DISTRIBUTIONS["normal"], "{x}, reals, vector, reals", "x alpha beta sigma", _at_predictor,
        "the normal distribution of standard deviation sigma, whose mean is alpha + x beta",
    ),
    "categorical_logit_glm": Regression(
        DISTRIBUTIONS["categorical_logit"], "{x}, vector, matrix", "x alpha beta",
        lambda *predictor: (linear_by_category(*predictor),),
        "categories whose probabilities are softmax(alpha + x beta)",
    ),
    "ordered_logistic_glm": Regression(
        DISTRIBUTIONS["ordered_logistic"], "{x}, vector, vector", "x beta c",
        lambda x, beta, cutpoints: (linear(x, constant(0.0), beta), cutpoints),
        "ordered categories with cutpoints c at the predictor x beta",
    ),
}

_section = Section("Regressions")
add = _section.add
for _name, _regression in REGRESSIONS.items():
    _section.describe(_name, _regression.summary)
    _outcome, _forms = ("ints", ("lpmf", "lupmf")) if _regression.law.is_discrete else ("reals", ("lpdf", "lupdf"))
    for _form, _x in product(_forms, ("matrix", "row_vector")):
        _text = f"real {_name}_{_form}({_outcome} | {_regression.types.format(x=_x)})"
        add(_text, _regression.log_prob, form_sentence(_form, _regression.summary),
            arguments=(Argument("y"), *_regression.arguments))
_bernoulli = REGRESSIONS["bernoulli_logit_glm"]
for _x in ("matrix", "row_vector"):
    add(f"array[] int bernoulli_logit_glm_rng({_x}, reals, vector)",
        lambda *given: random_variable(_bernoulli.law, *_bernoulli.parameters(*given)),
        form_sentence("rng", _bernoulli.summary), arguments=_bernoulli.arguments)
