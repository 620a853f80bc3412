"""What programs mean: conditions, loops, checks of transformed parameters, and what is refused."""
from __future__ import annotations

import math

import numpy as np
import pytest

from ppl_cli import load
from ppl_cli.language.diagnostics import LanguageError


def _logp(body: str, x: float, data: str = "", functions: str = "", transformed: str = "") -> float:
    text = f"""
functions {{ {functions} }}
data {{ {data} }}
parameters {{ real x; }}
transformed parameters {{ {transformed} }}
model {{ {body} }}
"""
    return load(text).logp_grad(np.array([x]))[0]


def test_a_condition_on_a_parameter_takes_one_branch() -> None:
    body = "if (x > 0) { target += log(x); } else { target += x; }"
    assert _logp(body, 2.0) == pytest.approx(math.log(2))
    assert _logp(body, -2.0) == pytest.approx(-2)


def test_the_gradient_of_the_branch_not_taken_does_not_matter() -> None:
    text = "parameters { real x; } model { if (x > 0) target += sqrt(x); else target += -square(x); }"
    value, gradient = load(text).logp_grad(np.array([-3.0]))
    assert (value, gradient[0]) == (pytest.approx(-9), pytest.approx(6))


def test_a_transformed_parameter_outside_its_bounds_rejects() -> None:
    transformed = "real<lower=0> y = x - 1;"
    assert _logp("target += y;", 3.0, transformed=transformed) == pytest.approx(2)
    assert _logp("target += y;", 0.5, transformed=transformed) == -math.inf


def test_reject_under_a_condition() -> None:
    assert _logp("if (x < 0) reject(\"negative\"); target += x;", -1.0) == -math.inf
    assert _logp("if (x < 0) reject(\"negative\"); target += x;", 1.0) == 1.0


def test_sizes_that_change_in_a_loop() -> None:
    """A slice whose length depends on the index: iterations are grouped by it."""
    data = "array[4] int n = {1, 3, 1, 2}; vector[3] v = [1, 10, 100]';"
    assert _logp("for (i in 1:4) target += x * sum(head(v, n[i]));", 2.0, data) == pytest.approx(2 * (1 + 111 + 1 + 11))


def test_order_counts_where_values_are_carried() -> None:
    data = "array[3] int n = {2, 1, 2}; vector[2] v = [1, 10]';"
    body = "real s = 0; for (i in 1:3) s = 2 * s + x * sum(head(v, n[i])); target += s;"
    expected = 0.0
    for k in (2, 1, 2):
        expected = 2 * expected + 3.0 * sum([1, 10][:k])
    assert _logp(body, 3.0, data) == pytest.approx(expected)


def test_recursion_over_data_ends() -> None:
    functions = "real power_of(real a, int n) { if (n == 0) return 1; return a * power_of(a, n - 1); }"
    assert _logp("target += power_of(x, 5);", 1.5, functions=functions) == pytest.approx(1.5**5)


def test_integer_division_truncates() -> None:
    assert _logp("int a = -7; target += a %/% 2 + a % 2 + x;", 0.0) == pytest.approx(-3 - 1)


def test_for_each_over_a_matrix_goes_by_rows() -> None:
    """As CmdStan 2.35 does, whatever its manual says."""
    data = "matrix[2, 2] m = [[1, 2], [3, 4]];"
    body = "real s = 0; for (e in m) s = 10 * s + e; target += s * x;"
    assert _logp(body, 1.0, data) == pytest.approx(1234)


def test_indexing_forms() -> None:
    data = "matrix[3, 4] m = [[1, 2, 3, 4], [5, 6, 7, 8], [9, 10, 11, 12]]; array[2] int r = {3, 1};"
    for expression, expected in (
        ("sum(m[2])", 26), ("m[2, 3]", 7), ("sum(m[r, 2])", 12), ("sum(m[2:3, r])", 5 + 7 + 9 + 11), ("sum(m[ : , 4])", 24),
        ("sum(m[2: , 1])", 14), ("sum(m[ :2, 1])", 6), ("m[2][3]", 7), ("m[r][1, 2]", 10), ("sum((x * m)[r, r])", 9 + 11 + 1 + 3),
    ):  # fmt: skip
        assert _logp(f"target += {expression};", 1.0, data) == pytest.approx(expected), expression


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("vector[2] v = [1, 2]'; target += v[3] * x;", "index 3 is out of range: the size is 2"),
        ("vector[2] v = rep_vector(x, 2); for (i in 1:3) target += v[i];", "index 3 is out of range"),
        ("vector[2] v; v = rep_vector(x, 3);", "the value has size [3], but `v` is declared with size [2]"),
    ],
)
def test_what_is_refused_says_where(body: str, words: str) -> None:
    with pytest.raises(LanguageError) as caught:
        _logp(body, 1.0)
    assert words in str(caught.value)
    assert "model.ppl:6:" in str(caught.value) and "^" in str(caught.value)
