"""Where Stan's figures are off, ours are exact."""

from __future__ import annotations

import numpy as np
import pytest
from library.disagreements import CORRELATIONS, FAMILIES, INTEGRAND, Call

from ppl_cli import load

CALLS = [call for family in FAMILIES for call in family.calls]


def _logp(call: Call) -> tuple[float, np.ndarray]:
    functions = INTEGRAND if "integrate" in call.text else ""
    data = f"data {{ array[{len(call.ints)}] int i; }}" if call.ints else ""
    reals = " ".join(f"real x{k + 1};" for k in range(len(call.x)))
    program = f"{functions} {data} parameters {{ {reals} }} model {{ target += {call.text}; }}"
    return load(program, data={"i": list(call.ints)} if call.ints else {}).logp_grad(np.array(call.x))


def _check(call: Call, value: float, slopes: np.ndarray) -> None:
    assert value == pytest.approx(call.exact, rel=1e-8, abs=0, nan_ok=True)
    if call.slopes:
        np.testing.assert_allclose(slopes, call.slopes, rtol=1e-8)


@pytest.mark.parametrize("call", CALLS, ids=lambda call: f"{call.text} at {call.x}{call.ints}")
def test_call(call: Call) -> None:
    _check(call, *_logp(call))


@pytest.mark.parametrize("call", CORRELATIONS, ids=lambda call: call.text)
def test_transform(call: Call) -> None:
    program = f"""functions {{
      real weighed(vector v) {{ return dot_product(linspaced_vector(size(v), 1, size(v)), v) - 0.5 * dot_self(v); }}
    }}
    parameters {{ {call.text}; }}
    model {{ target += weighed(to_vector(p)); }}"""
    _check(call, *load(program).logp_grad(np.array(call.x)))


@pytest.mark.parametrize("call", [*CALLS, *CORRELATIONS], ids=lambda call: f"{call.text} at {call.x}{call.ints}")
def test_stan_disagrees(call: Call) -> None:
    if call.stan_slopes:
        scale = max(map(abs, call.slopes))
        assert np.max(np.abs(np.subtract(call.stan_slopes, call.slopes))) > 1e-7 * scale
    elif call.stan is not None:
        assert call.stan != pytest.approx(call.exact, rel=1e-8, abs=0, nan_ok=True)
