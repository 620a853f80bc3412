"""Integer arithmetic and logic on values that are not known when the model is built."""

from __future__ import annotations

import numpy as np
import pytest

from ppl_cli import load

PROGRAM = """
data { int N; vector[N] x; array[N] int k; }
parameters { real b; real s; }
model { int one = b > -100 ? 1 : 0; BODY }
"""
DATA = {"N": 5, "x": [1.0, -1.0, 2.0, 3.0, -4.0], "k": [3, -7, 5, 2, -9]}


@pytest.mark.parametrize("backend", ["c", "numba"])
@pytest.mark.parametrize(
    ("body", "value"),
    [
        ("for (i in 1:N) if (i > 1 && x[i - 1] > 0) target += x[i];", -1 + 3 - 4),
        ("for (i in 1:N) if (i == 1 || x[i - 1] > 0) target += x[i];", 1 - 1 + 3 - 4),
        ("int i = one - 1; target += i > 0 && x[i] > 0 ? 1 : 2;", 2),
        ("for (i in 1:N) target += (k[i] * one) %/% 2;", 1 - 3 + 2 + 1 - 4),
        ("for (i in 1:N) target += (k[i] * one) % 2;", 1 - 1 + 1 + 0 - 1),
        ("int f = one; for (i in 1:20) f *= i; target += f;", 2432902008176640000),
    ],
)
def test_value(body: str, value: float, backend: str) -> None:
    model = load(PROGRAM.replace("BODY", body), data=DATA, backend=backend)
    assert model.logp_grad(np.zeros(2))[0] == value


@pytest.mark.parametrize("backend", ["c", "numba"])
@pytest.mark.parametrize(
    "body",
    ["target += 7 %/% (one - 1);", "target += 7 % (one - 1);", "int f = one; for (i in 1:21) f *= i; target += f;"],
)
def test_what_has_no_value_is_a_fault(body: str, backend: str) -> None:
    model = load(PROGRAM.replace("BODY", body), data=DATA, backend=backend)
    assert np.isnan(model.logp_grad(np.zeros(2))[0])


@pytest.mark.parametrize(
    "call", ["row(m, k)", "col(m, k)", "segment(v, k, 2)", "block(m, 1, k, 2, 1)", "sub_col(m, k, 1, 2)", "sub_row(m, 1, k, 1)"]
)
def test_first_indices_of_cuts_are_checked(call: str) -> None:
    model = load(
        "transformed data { matrix[3, 3] m = identity_matrix(3); vector[3] v = [1, 2, 3]'; } parameters { real x; } "
        "model { int k = x > 0 ? 4 : 2; target += sum(" + call + "); }"
    )
    assert np.isfinite(model.logp_grad(np.array([-1.0]))[0])
    assert np.isnan(model.logp_grad(np.array([1.0]))[0])
