"""Functions that follow from the distributions: densities, distribution functions, random numbers."""
from __future__ import annotations

import math
from collections.abc import Callable

from ppl_cli.distributions import (
    CATEGORIES,
    CONTINUOUS,
    DISCRETE,
    DISTRIBUTIONS,
    INTERVALS,
    MULTIVARIATE,
    POSITIVE,
    WIENER,
    Distribution,
)
from ppl_cli.distributions.base import NOT_NEGATIVE, REAL
from ppl_cli.distributions.first_passage import wiener_varying_drift_lpdf, wiener_varying_lpdf
from ppl_cli.distributions.formulas import among, on_interval, valid
from ppl_cli.distributions.multivariate import COUNTS
from ppl_cli.graph.basic import Variable
from ppl_cli.model.library.table import Argument, Section, known
from ppl_cli.ops.random import random_variable
from ppl_cli.ops.reduction import reduce_sum
from ppl_cli.ops.scalar_math import exp

SECTIONS: tuple[tuple[Section, tuple[Distribution, ...]], ...] = (
    (Section("Distributions on the real line"), CONTINUOUS),
    (Section("Distributions of positive numbers"), (*POSITIVE, WIENER)),
    (Section("Distributions on intervals"), INTERVALS),
    (Section("Distributions of counts"), DISCRETE),
    (Section("Distributions of categories"), CATEGORIES),
    (Section("Distributions of vectors and matrices"), MULTIVARIATE),
)
FORMS = {
    "lpdf": "Log density of {}",
    "lpmf": "Log probability of {}",
    "lupdf": "Log density, up to a constant, of {}",
    "lupmf": "Log probability, up to a constant, of {}",
    "cdf": "Probability of at most y under {}",
    "lcdf": "Log probability of at most y under {}",
    "lccdf": "Log probability of more than y under {}",
    "rng": "A draw from {}",
}


def form_sentence(form: str, summary: str) -> str:
    """What one form of a distribution is."""
    return FORMS[form].format(summary)


# The argument types of the distributions that are not over scalars: value, then parameters.
VECTOR_SIGNATURES: dict[str, tuple[str, ...]] = {
    "multi_normal": ("vectors", "vectors", "matrix"),
    "multi_normal_cholesky": ("vectors", "vectors", "matrix"),
    "multi_normal_prec": ("vectors", "vectors", "matrix"),
    "multi_student_t": ("vectors", "real", "vectors", "matrix"),
    "dirichlet": ("vectors", "vectors"),
    "multinomial": ("array[] int", "vector"),
    "multinomial_logit": ("array[] int", "vector"),
    "dirichlet_multinomial": ("array[] int", "vector"),
    "multi_student_t_cholesky": ("vectors", "real", "vectors", "matrix"),
    "multi_gp": ("matrix", "matrix", "vector"),
    "multi_gp_cholesky": ("matrix", "matrix", "vector"),
    "lkj_corr_cholesky": ("matrix", "real"),
    "lkj_corr": ("matrix", "real"),
    "lkj_cov": ("matrix", "vector", "vector", "real"),
    "wishart": ("matrix", "real", "matrix"),
    "inv_wishart": ("matrix", "real", "matrix"),
    "wishart_cholesky": ("matrix", "real", "matrix"),
    "inv_wishart_cholesky": ("matrix", "real", "matrix"),
    "categorical": ("ints", "vector"),
    "categorical_logit": ("ints", "vector"),
    "ordered_logistic": ("ints", "reals", "vectors"),
    "ordered_probit": ("ints", "reals", "vectors"),
}
INTEGER_PARAMETERS = {"binomial": (0,), "binomial_logit": (0,), "beta_binomial": (0,), "discrete_range": (0, 1),
                      "hypergeometric": (0, 1, 2)}


def _arguments(law: Distribution) -> tuple[str, ...]:
    if law.name in VECTOR_SIGNATURES:
        return VECTOR_SIGNATURES[law.name]
    whole = INTEGER_PARAMETERS.get(law.name, ())
    parameters = ("ints" if k in whole else "reals" for k in range(len(law.parameters)))
    return ("ints" if law.is_discrete else "reals", *parameters)


def _summed(density: Callable[..., Variable]) -> Callable[..., Variable]:
    return lambda *arguments: reduce_sum(density(*arguments))


def _checked(law: Distribution, function: Callable[..., Variable], tail: str) -> Callable[..., Variable]:
    """A distribution function that is NaN where a parameter, or a real value, is not one that the law has; at the ends
    of the support it is exact, without derivatives that are not finite."""
    supports = [law.support_of(name) for name in law.parameters]
    bounded = law.is_discrete or law.support is not REAL
    held = function if bounded else on_interval(function, -math.inf, math.inf, tail)

    def checked(x: Variable, *parameters: Variable) -> Variable:
        result = held(x, *parameters)
        if not law.is_discrete:
            result = valid(among(law.support, x), result)
        for support, p in zip(supports, parameters, strict=True):
            if p.dtype == "float64" or support is not REAL:
                result = valid(among(support, p, finite=True), result)
        return result

    return checked


def _draw(law: Distribution) -> Callable[..., Variable]:
    return lambda *parameters: random_variable(law, *parameters)


def named_arguments(law: Distribution) -> tuple[Argument, ...]:
    """The parameters, and what they may be."""
    first, second = law.ordered or ("", "")
    return tuple(
        Argument(name, law.support_of(name), name == law.scale, first if name == second else "", law.is_discrete)
        for name in law.parameters
    )


def _add(section: Section, law: Distribution) -> None:
    value, *parameters = _arguments(law)
    inside = f"({value} | {', '.join(parameters)})" if parameters else f"({value} |)"
    given = named_arguments(law)
    section.describe(law.name, law.summary)

    def add_form(form: str, function: Callable[..., Variable]) -> None:
        text, sentence = f"real {law.name}_{form}{inside}", form_sentence(form, law.summary)
        section.add(text, function, sentence, arguments=(Argument("y"), *given))

    kind = "lpmf" if law.is_discrete else "lpdf"
    for form in (kind, "lu" + kind[1:]):
        add_form(form, _summed(law.log_prob))
    if law.log_cdf is not None:
        lower = _checked(law, law.log_cdf, "lower")
        add_form("lcdf", _summed(lower))
        add_form("cdf", lambda *a: exp(reduce_sum(lower(*a))))
    if law.log_ccdf is not None:
        add_form("lccdf", _summed(_checked(law, law.log_ccdf, "upper")))
    if law.draw is None or law.sized or law.name in COUNTS:
        return
    sentence = form_sentence("rng", law.summary)
    for result, types in _draw_signatures(law, parameters):
        section.add(f"{result} {law.name}_rng({', '.join(types)})", _draw(law), sentence, arguments=given)


def _draw_signatures(law: Distribution, parameters: list[str]) -> list[tuple[str, list[str]]]:
    """Result and argument types; scalar parameters may be containers, and then the result is an array."""
    if law.event_ndim == 0:
        return [("ints" if law.is_discrete else "reals", parameters)]
    if law.event_ndim == 2:
        return [("matrix", parameters)]
    if "vectors" not in parameters:
        return [("vector", parameters)]
    single = [p.replace("vectors", "vector") for p in parameters]
    rows = [p.replace("vectors", "row_vector") for p in parameters]
    many = [[p.replace("vectors", f"array[] {one}") for p in parameters] for one in ("vector", "row_vector")]
    return [("vector", single), ("vector", rows), *(("array[] vector", arguments) for arguments in many)]


for _section, _laws in SECTIONS:
    for _law in _laws:
        _add(_section, _law)

_matrices = SECTIONS[-1][0]
for _name in ("lkj_corr_cholesky", "lkj_corr"):
    _law = DISTRIBUTIONS[_name]
    _matrices.add(
        f"matrix {_name}_rng(int, real)",
        lambda k, eta, law=_law: random_variable(law, eta, event=(known(k), known(k))),
        form_sentence("rng", _law.summary), arguments=(Argument("K"), *named_arguments(_law)),
    )  # fmt: skip

for _name, _law in COUNTS.items():
    _sentence, _given = form_sentence("rng", DISTRIBUTIONS[_name].summary), named_arguments(DISTRIBUTIONS[_name])
    _text = f"array[] int {_name}_rng(vector, int)"
    _matrices.add(_text, _draw(_law), _sentence, arguments=(*_given, Argument("N", NOT_NEGATIVE)))

# Those with more parameters than the distribution: how much drift, start and non-decision time vary.
_VARYING = (Argument("s_delta", NOT_NEGATIVE), Argument("s_beta", NOT_NEGATIVE), Argument("s_tau", NOT_NEGATIVE))
_LATE = {"tau": Argument("tau", NOT_NEGATIVE)}
WIENER_FORMS: dict[int, Callable[..., Variable]] = {5: wiener_varying_drift_lpdf, 7: wiener_varying_lpdf}
for _number, _density in WIENER_FORMS.items():
    _given = (Argument("y"), *(_LATE.get(a.name, a) for a in named_arguments(WIENER)), *_VARYING[: _number - 4])
    for _form in ("lpdf", "lupdf"):
        _text = f"real wiener_{_form}(reals | {', '.join(['reals'] * _number)})"
        SECTIONS[1][0].add(_text, _summed(_density), arguments=_given)
