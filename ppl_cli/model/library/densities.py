"""Functions that follow from the distributions: densities, distribution functions, random numbers."""
from __future__ import annotations

import math
from collections.abc import Callable

from ppl_cli.distributions import DISTRIBUTIONS, Distribution
from ppl_cli.distributions.base import REAL
from ppl_cli.distributions.first_passage import wiener_varying_drift_lpdf, wiener_varying_lpdf
from ppl_cli.distributions.formulas import among, on_interval, valid
from ppl_cli.distributions.multivariate import COUNTS
from ppl_cli.graph.basic import Variable
from ppl_cli.model.library.table import add, known
from ppl_cli.ops.random import random_variable
from ppl_cli.ops.reduction import reduce_sum
from ppl_cli.ops.scalar_math import exp

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


def _add(law: Distribution) -> None:
    value, *parameters = _arguments(law)
    inside = f"({value} | {', '.join(parameters)})" if parameters else f"({value} |)"
    kind = "lpmf" if law.is_discrete else "lpdf"
    for suffix in (kind, "lu" + kind[1:]):
        add(f"real {law.name}_{suffix}{inside}", _summed(law.log_prob))
    if law.log_cdf is not None:
        lower = _checked(law, law.log_cdf, "lower")
        add(f"real {law.name}_lcdf{inside}", _summed(lower))
        add(f"real {law.name}_cdf{inside}", lambda *a: exp(reduce_sum(lower(*a))))
    if law.log_ccdf is not None:
        add(f"real {law.name}_lccdf{inside}", _summed(_checked(law, law.log_ccdf, "upper")))
    if law.draw is None or law.sized or law.name in COUNTS:
        return
    for result, arguments in _draw_signatures(law, parameters):
        add(f"{result} {law.name}_rng({', '.join(arguments)})", _draw(law))


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
    many = [p.replace("vectors", "array[] vector") for p in parameters]
    return [("vector", single), ("vector", rows), ("array[] vector", many)]


for _law in DISTRIBUTIONS.values():
    _add(_law)

for _name in ("lkj_corr_cholesky", "lkj_corr"):
    add(f"matrix {_name}_rng(int, real)",
        lambda k, eta, n=_name: random_variable(DISTRIBUTIONS[n], eta, event=(known(k), known(k))))

for _name, _law in COUNTS.items():
    add(f"array[] int {_name}_rng(vector, int)", _draw(_law))

# Those with more parameters than the distribution.
WIENER_FORMS: dict[int, Callable[..., Variable]] = {5: wiener_varying_drift_lpdf, 7: wiener_varying_lpdf}
for _number, _density in WIENER_FORMS.items():
    for _suffix in ("lpdf", "lupdf"):
        add(f"real wiener_{_suffix}(reals | {', '.join(['reals'] * _number)})", _summed(_density))
