"""Truncation of a program's own distributions equals that of the library's, which they imitate."""

from __future__ import annotations

import numpy as np
import pytest

from ppl_cli import load

OWN = """
functions {
  real mine_lpdf(real y, real m, real s) { return normal_lpdf(y | m, s); }
  real mine_lcdf(real y, real m, real s) { return normal_lcdf(y | m, s); }
  real mine_lccdf(real y, real m, real s) { return normal_lccdf(y | m, s); }
  real counts_lpmf(int y, real rate) { return poisson_lpmf(y | rate); }
  real counts_lcdf(int y, real rate) { return poisson_lcdf(y | rate); }
  real counts_lccdf(int y, real rate) { return poisson_lccdf(y | rate); }
}
data { real y; int k; }
parameters { real m; real<lower=0> s; }
model { STATEMENT }
"""


@pytest.mark.parametrize("bounds", ["T[0, 2]", "T[0, ]", "T[, 2]", "T[0.8, ]", "T[, 0.5]"])
@pytest.mark.parametrize(
    ("own", "library"), [("y ~ mine(m, s)", "y ~ normal(m, s)"), ("k ~ counts(s)", "k ~ poisson(s)")]
)
def test_truncated(own: str, library: str, bounds: str) -> None:
    if own.startswith("k"):
        bounds = bounds.replace("0.8", "3").replace("0.5", "1")
    found, wanted = (
        load(OWN.replace("STATEMENT", f"{statement} {bounds};"), data={"y": 0.7, "k": 2}).logp_grad(
            np.array([0.3, 0.2])
        )
        for statement in (own, library)
    )
    np.testing.assert_allclose(found[0], wanted[0], rtol=1e-12)
    if np.isfinite(wanted[0]):
        np.testing.assert_allclose(found[1], wanted[1], rtol=1e-9, atol=1e-12)
