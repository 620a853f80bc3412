"""Every elementwise operation: its gradient by differences, its dtype, a few values that are hard to get right."""
from __future__ import annotations

import numpy as np
import pytest
from ops.differences import assert_gradient
from scipy import special

import ppl_cli.ops.distribution_functions  # noqa: F401  (a table that few programs need)
from ppl_cli.graph.basic import constant, root
from ppl_cli.graph.gradient import grad
from ppl_cli.graph.traversal import evaluate
from ppl_cli.ops import scalar_math as sm
from ppl_cli.ops import special_functions as sf
from ppl_cli.ops.elementwise import SCALARS, Elementwise, Scalar

REALS = np.array([-2.3, -0.7, -0.2, 0.4, 1.1, 2.6])
POSITIVE = np.array([0.1, 0.4, 0.9, 1.3, 2.7, 6.0])
UNIT = np.array([0.05, 0.3, 0.45, 0.62, 0.8, 0.97])

# Where the arguments of an operation lie, if not anywhere.
DOMAINS: dict[str, tuple[np.ndarray, ...]] = {
    "sqrt": (POSITIVE,),
    "log": (POSITIVE,),
    "log2": (POSITIVE,),
    "log10": (POSITIVE,),
    "log1p": (POSITIVE - 0.9,),
    "cbrt": (POSITIVE,),
    "pow": (POSITIVE + 0.4, REALS),
    "log1m_exp": (-POSITIVE,),
    "lbeta": (POSITIVE, POSITIVE),
    "asin": (UNIT - 0.5,),
    "acos": (UNIT - 0.5,),
    "acosh": (POSITIVE + 1.1,),
    "atanh": (UNIT - 0.5,),
    "lgamma": (POSITIVE,),
    "digamma": (POSITIVE,),
    "trigamma": (POSITIVE + 0.9,),
    "hurwitz_zeta": (POSITIVE + 1.5, POSITIVE + 0.9),
    "inv_Phi": (UNIT,),
    "gamma_p": (POSITIVE + 0.5, POSITIVE),
    "gamma_q": (POSITIVE + 0.5, POSITIVE),
    "gamma_p_inverse": (POSITIVE + 0.5, UNIT),
    "inc_beta": (POSITIVE + 0.5, POSITIVE + 0.7, UNIT),
    "inv_inc_beta": (POSITIVE + 0.5, POSITIVE + 0.7, UNIT),
    "inc_beta_complement": (POSITIVE + 0.5, POSITIVE + 0.7, UNIT),
    "student_t_cdf": (POSITIVE + 1.0, REALS),
    "student_t_quantile": (POSITIVE + 1.0, UNIT),
    "bessel_j": (POSITIVE, POSITIVE + 0.3),
    "bessel_y": (POSITIVE, POSITIVE + 0.3),
    "bessel_i_scaled": (POSITIVE, POSITIVE + 0.3),
    "bessel_k_scaled": (POSITIVE, POSITIVE + 0.3),
    "std_normal_log_qf": (-POSITIVE,),
    "rising_factorial": (POSITIVE, 3.0 * UNIT),
    "lambert_w0": (POSITIVE - 0.3,),
    "lambert_wm1": (-UNIT / 3.0,),
    "beta": (POSITIVE, POSITIVE + 0.2),
    "tgamma": (REALS,),
    "log_mix": (UNIT, REALS, REALS[::-1]),
    "gamma_p_tail": (POSITIVE + 20.0, POSITIVE),
    "gamma_q_tail": (POSITIVE, POSITIVE + 50.0),
    "beta_tail": (POSITIVE + 20.0, POSITIVE + 3.0, UNIT / 20.0),
    "checked_real": (REALS, REALS - 1.0, REALS + 1.0, np.zeros(len(REALS), "int64")),
}


def arguments(scalar: Scalar) -> tuple[np.ndarray, ...]:
    known = DOMAINS.get(scalar.name)
    return known or tuple(np.roll(REALS, k) + 0.01 * k for k in range(scalar.arity))


DIFFERENTIABLE = [s for s in SCALARS.values() if s.pullback]


@pytest.mark.parametrize("scalar", DIFFERENTIABLE, ids=lambda s: s.name)
def test_gradient(scalar: Scalar) -> None:
    given = arguments(scalar)
    conditions = 1 if scalar.name == "switch" else 0
    roots = [root(f"x{k}", "bool" if k < conditions else "float64", (6,)) for k in range(len(given))]
    values = {v: a > 0 if v.dtype == "bool" else a for v, a in zip(roots, given, strict=True)}
    if scalar.name == "hurwitz_zeta":  # no derivative by the exponent
        roots[0] = constant(given[0])
    output = Elementwise(scalar)(*roots)
    second = not scalar.name.startswith("bessel") and not scalar.name.endswith("_tail")  # differences of differences
    assert_gradient(output, [v for v in roots if v in values and v.dtype == "float64"], values, second=second)


OF_SEVERAL = [s for s in DIFFERENTIABLE if 1 < s.arity < 4 and s.name != "hurwitz_zeta"]


@pytest.mark.parametrize("scalar", OF_SEVERAL, ids=lambda s: s.name)
def test_gradient_of_broadcast_arguments(scalar: Scalar) -> None:
    given = arguments(scalar)
    shapes = [(2, 3), (3,), ()][: scalar.arity]
    roots = [root("x", "bool" if scalar.name == "switch" and k == 0 else "float64", s) for k, s in enumerate(shapes)]
    values = {
        v: (np.resize(a, v.shape) > 0 if v.dtype == "bool" else np.resize(a, v.shape))
        for v, a in zip(roots, given, strict=True)
    }
    assert_gradient(Elementwise(scalar)(*roots), [v for v in roots if v.dtype == "float64"], values, second=False)


@pytest.mark.parametrize("scalar", SCALARS.values(), ids=lambda s: s.name)
def test_declared_type_is_the_type_of_the_values(scalar: Scalar) -> None:
    dtype = "int64" if scalar.result == "int64" and scalar.name != "to_int" else "float64"
    given = [np.asarray(np.abs(a) + 1, dtype) for a in arguments(scalar)]
    if scalar.name == "switch":
        given[0] = given[0] > 1.5
    if scalar.name in ("checked_real", "checked_int"):  # what is out of range is no value
        given[1:3] = given[0] - 1, given[0] + 1
    output = Elementwise(scalar)(*map(constant, given))
    (values,) = output.op.perform(*given)
    assert values.dtype.name == output.dtype and values.shape == output.shape


@pytest.mark.parametrize("scalar", [s for s in SCALARS.values() if s.commutative], ids=lambda s: s.name)
def test_commutative(scalar: Scalar) -> None:
    a, b = arguments(scalar)
    np.testing.assert_array_equal(scalar.numpy(a, b), scalar.numpy(b, a))


def value(v) -> float:
    return float(evaluate([v])[0])


@pytest.mark.parametrize(
    ("computed", "expected"),
    [
        (sm.log1m_exp(-1e-20), np.log(1e-20)),
        (sm.log1m_exp(-800.0), 0.0),
        (sm.log1p_exp(800.0), 800.0),
        (sm.log1p_exp(-40.0), np.exp(-40.0)),
        (sm.inv_logit(-800.0), 0.0),
        (sm.log_add_exp(-np.inf, 1.0), 1.0),
        (sm.log_ndtr(-40.0), special.log_ndtr(-40.0)),
        (sm.trigamma(0.5), special.polygamma(1, 0.5)),
        (sm.rounded(-2.5), -3.0),
        (sm.int_div(-7, 2), -3),
        (sm.mod(-7, 2), -1),
        (sm.to_int(-1.9), -1),
    ],
)
def test_values(computed, expected) -> None:
    np.testing.assert_allclose(value(computed), expected, rtol=1e-14)


@pytest.mark.parametrize(("x", "n"), [(2.5, 4), (-2.0, 4), (-4.0, 2), (-4.5, 3), (3.0, 0), (0.0, 0), (-0.5, 3)])
def test_gradient_of_a_rising_factorial_between_its_poles(x: float, n: int) -> None:
    v = root("x")
    expected = sum(np.prod([x + j for j in range(n) if j != k]) for k in range(n))
    (g,) = grad(sf.rising_factorial(v, float(n)), [v])
    np.testing.assert_allclose(evaluate([g], {v: np.asarray(x)})[0], expected, rtol=1e-13)


@pytest.mark.parametrize("x", [-0.36787944117144233, -0.367879441, -0.36787, -0.3678, -0.36, -0.3, -1e-300])
def test_lambert_w_is_an_inverse(x: float) -> None:
    for w in value(sf.lambert_w0(x)), value(sf.lambert_wm1(x)):
        np.testing.assert_allclose(w * np.exp(w), x, rtol=1e-13)


def test_gradient_of_a_power_at_zero() -> None:
    x = root("x")
    (g,) = grad(sm.power(x, 2.0), [x])
    assert evaluate([g], {x: np.asarray(0.0)})[0] == 0.0
