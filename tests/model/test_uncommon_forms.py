"""What programs mean that say things in ways that few do, but that Stan's compiler accepts."""

from __future__ import annotations

import math

import numpy as np
import pytest

from ppl_cli import load
from ppl_cli.language.diagnostics import LanguageError


def logp(body: str, x: float = 1.5, functions: str = "", data: str = "", transformed: str = "") -> float:
    text = f"""
functions {{ {functions} }}
data {{ {data} }}
parameters {{ real x; }}
transformed parameters {{ {transformed} }}
model {{ {body} }}
"""
    return float(load(text).logp_grad(np.array([x]))[0])


def test_target_is_read_before_the_model_block() -> None:
    assert logp("target += 2; target += so_far;", transformed="real so_far = target();") == 2


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("sum(n .^ x)", 2**1.5 + 3**1.5),
        ("sum(to_vector(x .^ n))", 1.5**2 + 1.5**3),
        ("sum(n .^ 2)", 13),
        ("sum(v[1] .^ v[2])", 1 + 2**4),
        ("sum((v .^ x)[2])", 3**1.5 + 4**1.5),
        ("sum([[1, 2], [3, 4]] ^ 2)", 30),
        ("sum(v[1] ^ x)", 1 + 2**1.5),
        ("sum(x / v[2])", 1.5 / 3 + 1.5 / 4),
        ("sum(1 / v[1]')", 1.5),
        ("sum(x / [[1, 2], [4, 5]])", 1.5 * (1 + 1 / 2 + 1 / 4 + 1 / 5)),
        ("get_real(sum((1 + x * 1i) / to_complex([[1, 2]], [[1, 0]])))", 1.25 + 0.5),
    ],
)
def test_elementwise_operators(expression: str, value: float) -> None:
    data = "array[2] int n = {2, 3}; array[2] vector[2] v = {[1, 2]', [3, 4]'};"
    assert logp(f"target += {expression};", data=data) == pytest.approx(value)


def test_ints_beside_an_array_of_vectors() -> None:
    data = "array[1] vector[2] v = {[1, 2]'}; array[1, 2] int n = {{2, 3}};"
    assert logp("target += x * sum(ldexp(v, n)[1]);", data=data) == pytest.approx(1.5 * (4 + 16))


def test_an_argument_hides_the_function_of_its_name() -> None:
    functions = "real f(real g) { return 2 * g; } real g(real f) { return f + 1; }"
    assert logp("target += f(g(x));", functions=functions) == 5


def test_a_variable_beside_the_library_function_of_its_name() -> None:
    assert logp("real exp = x; target += exp * exp(0);") == 1.5


def test_the_density_of_a_tuple() -> None:
    functions = "real pair_lpdf(tuple(real, int) y, real a) { return a * y.1 + y.2; }"
    assert logp("(x, 2) ~ pair(10);", functions=functions) == 17


def test_the_density_of_a_complex_number() -> None:
    functions = "real point_lpdf(complex z, real a) { return a * get_imag(z); }"
    assert logp("to_complex(0, x) ~ point(10);", functions=functions) == 15


def test_a_density_without_a_bar() -> None:
    assert logp("target += std_normal_lpdf(x);", 0.0) == pytest.approx(-0.5 * math.log(2 * math.pi))


def test_an_int_outcome_means_the_mass_function() -> None:
    functions = "real f_lpdf(real y, int n) { return 1; } real f_lpmf(int y, real n) { return 2; }"
    assert logp("1 ~ f(3);", functions=functions) == 2


def test_bounds_of_an_int_outcome_may_be_real() -> None:
    inside = 0.5 * (math.erf(1.5 / math.sqrt(2)) - math.erf(0.5 / math.sqrt(2)))
    expected = -0.5 - 0.5 * math.log(2 * math.pi) - math.log(inside)
    assert logp("1 ~ normal(0, 1) T[0.5, x];") == pytest.approx(expected)


def test_a_value_that_refers_to_itself_is_not_a_number() -> None:
    assert math.isnan(logp("target += y;", transformed="real y = y + x;"))


def test_an_index_out_of_range_is_refused_where_it_is_used() -> None:
    functions = "real never(vector v) { return v[0]; } real once(vector v) { return v[3]; }"
    assert logp("target += x;", functions=functions) == 1.5
    with pytest.raises(LanguageError, match="index 3 is out of range"):
        logp("target += once([x, 1]');", functions=functions)


def test_the_old_name_of_the_solver() -> None:
    functions = (
        "array[] real decay(real t, array[] real y, array[] real a, array[] real b, array[] int n)"
        "{ return {-a[1] * y[1]}; }"
    )
    solved = "integrate_ode(decay, {1.0}, 0, {2.0}, {x}, rep_array(0.0, 0), rep_array(0, 0))[1, 1]"
    assert logp(f"target += {solved};", functions=functions) == pytest.approx(math.exp(-3), rel=1e-5)
