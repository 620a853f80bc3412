"""Tails and limits of log cdfs and ccdfs; the expected figures are integrals in 40 digits (mpmath)."""
from __future__ import annotations

import numpy as np
import pytest

import ppl_cli.ops  # noqa: F401
from ppl_cli.distributions import DISTRIBUTIONS
from ppl_cli.graph.basic import constant, root
from ppl_cli.graph.gradient import grad
from ppl_cli.graph.traversal import evaluate


@pytest.mark.parametrize(
    ("name", "function", "arguments", "expected"),
    [
        ("normal", "log_cdf", (-40.0, 0.0, 1.0), -804.6084420137538),
        ("student_t", "log_cdf", (1e8, 3.0, 0.0, 1.0), -1.10265779084e-24),
        ("student_t", "log_cdf", (-5.0, 1e8, 0.0, 1.0), -15.0649967084),
        ("cauchy", "log_cdf", (-1e12, 0.0, 1.0), -28.7757510018),
        ("logistic", "log_cdf", (-800.0, 0.0, 1.0), -800.0),
        ("exp_mod_normal", "log_cdf", (-20.0, 0.0, 1.0, 1.0), -206.966283001),
        ("exp_mod_normal", "log_ccdf", (5.0, 0.0, 1.0, 1000.0), -15.0597993708),
        ("beta", "log_ccdf", (1e-8, 0.4, 5.0), -0.00132235096797),
        ("beta", "log_ccdf", (0.999, 2.0, 3.0), -19.3377217572),
        ("gamma", "log_cdf", (100.0, 1e4, 90.0), -56.8354861688),
        ("neg_binomial", "log_prob", (5, 1e10, 1e10), -5.7874917427821),
        ("neg_binomial_2", "log_cdf", (5, 4.0, 1e12), -0.2419054768646),
        ("skew_normal", "log_cdf", (-3.0, 0.0, 1.0, 2.0), -28.21144295604376),
        ("skew_normal", "log_ccdf", (8.0, 0.0, 1.0, -1.0), -70.0268743198291),
        ("skew_normal", "log_cdf", (-0.5, 0.0, 1.0, 30.0), -122.6012603411430),
        ("von_mises", "log_ccdf", (3.0, 0.0, 10.0), -21.70182135595841),
        ("von_mises", "log_cdf", (0.1, 0.0, 200.0), -0.0821502095292014),
        ("von_mises", "log_ccdf", (1.0, 0.5, 51.0), -8.458697917953063),
        ("von_mises", "log_cdf", (-1.0, 9.0, 30.0), -4.5330354189781),
        ("von_mises", "log_cdf", (3.0, 0.0, 10.0), -3.7585362040556051507e-10),
    ],
)
def test_tail(name: str, function: str, arguments: tuple[float, ...], expected: float) -> None:
    found = evaluate([getattr(DISTRIBUTIONS[name], function)(*map(constant, map(np.asarray, arguments)))])[0]
    assert found == pytest.approx(expected, rel=1e-10, abs=0.0)


@pytest.mark.parametrize(
    ("low", "high", "expected", "by_low", "by_high"),
    [
        (0.0, 1e-10, -23.94478946314513, -9999999999.9999996, 9999999999.9999996),
        (2.0, 2.003, -8.7310815212686643, -334.33483408219368, 332.33333558331732),
        (2.0, 2.004, -8.4443994457335935, -251.00200133066005, 249.0000039999891),
        (-30.0, -29.9997, -459.02616325655112, -3318.3558831980925, 3348.3557329730939),
    ],
)
def test_narrow_category(low: float, high: float, expected: float, by_low: float, by_high: float) -> None:
    cuts = root("cuts", shape=(2,))
    value = DISTRIBUTIONS["ordered_probit"].log_prob(constant(2), constant(0.0), cuts)
    found, slopes = evaluate([value, *grad(value, [cuts])], {cuts: np.array([low, high])})
    assert found == pytest.approx(expected, rel=1e-11)
    np.testing.assert_allclose(slopes, [by_low, by_high], rtol=1e-9)


@pytest.mark.parametrize(
    ("z", "slant"),
    [(-3.0, 2.0), (-0.4, 30.0), (0.0, 0.7), (0.0, -0.7), (-0.2, 0.0), (0.3, -2.0), (1.5, 1.0), (-9.0, -1.0)],
)
def test_skew_normal_slopes(z: float, slant: float) -> None:
    """By the value it is the density over the cdf, by the slant that of Owen's T (Owen 1956, eq. 2.2)."""
    law = DISTRIBUTIONS["skew_normal"]
    x, alpha = root("x"), root("alpha")
    value = law.log_cdf(x, constant(0.0), constant(1.0), alpha)
    at = {x: np.asarray(z), alpha: np.asarray(slant)}
    log_cdf, by_x, by_alpha = evaluate([value, *grad(value, [x, alpha])], at)
    density = evaluate([law.log_prob(x, constant(0.0), constant(1.0), alpha)], at)[0]
    assert by_x == pytest.approx(np.exp(density - log_cdf), rel=1e-9)
    steepness = 1 + slant**2
    assert by_alpha == pytest.approx(-np.exp(-0.5 * z**2 * steepness - log_cdf) / (np.pi * steepness), rel=1e-9)


def test_von_mises_slopes_in_the_tail() -> None:
    """By the value it is the density, by the mode its difference between both ends of the interval."""
    x, mu, kappa = root("x"), root("mu"), root("kappa")
    value = DISTRIBUTIONS["von_mises"].log_cdf(x, mu, kappa)
    at = {x: np.asarray(3.0), mu: np.asarray(0.0), kappa: np.asarray(10.0)}
    expected = [2.8362754261815340839e-9, -2.7009985034741371548e-10, 7.3109988596573795657e-10]
    np.testing.assert_allclose(evaluate(grad(value, [x, mu, kappa]), at), expected, rtol=1e-10)


@pytest.mark.parametrize("mu", [0.0, -3.0, 2.5, 9.0])
def test_von_mises_tails_complete_each_other(mu: float) -> None:
    law = DISTRIBUTIONS["von_mises"]
    x = constant(np.linspace(-3.1, 3.1, 40))
    lower, upper = evaluate([f(x, constant(mu), constant(3.0)) for f in (law.log_cdf, law.log_ccdf)])
    np.testing.assert_allclose(np.exp(lower) + np.exp(upper), 1.0, rtol=1e-12)
