"""Vectors whose length only a loop's index decides, against the same densities written in Python."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from ppl_cli import load

GROUPS = 25
LENGTHS = np.arange(GROUPS) % 23 + 1  # more lengths than are traced one by one
STARTS = np.cumsum(LENGTHS) - LENGTHS + 1
N = int(LENGTHS.sum())
RNG = np.random.default_rng(1)
DATA = {
    "N": N, "G": GROUPS, "len": LENGTHS, "start": STARTS, "x": RNG.normal(size=N), "y": RNG.normal(size=N),
    "k": RNG.poisson(2.0, N),
}  # fmt: skip
HEAD = """
data { int N; int G; array[G] int len; array[G] int start; vector[N] x; vector[N] y; array[N] int k; }
parameters { vector[G] a; real b; real<lower=0> s; }
"""
BODIES = {
    "sampling": ("segment(y, start[g], len[g]) ~ normal(a[g] + b * segment(x, start[g], len[g]), s);", "normal"),
    "slices": (
        "y[start[g]:start[g] + len[g] - 1] ~ normal(a[g] + b * x[start[g]:(start[g] + len[g] - 1)], s);",
        "normal",
    ),
    "local": (
        "int n = len[g]; vector[n] mu = a[g] + b * segment(x, start[g], n); vector[n] z;"
        "z = (segment(y, start[g], n) - mu) / s; z ~ std_normal(); target += -n * log(s);",
        "normal",
    ),
    "function": (
        "target += normal_lpdf(segment(y, start[g], len[g]) | a[g] + b * segment(x, start[g], len[g]), s);",
        "normal",
    ),
    "counts": ("segment(k, start[g], len[g]) ~ poisson_log(a[g] + b * segment(x, start[g], len[g]));", "poisson"),
    "truncated": (
        "segment(y, start[g], len[g]) ~ normal(a[g] + b * segment(x, start[g], len[g]), s) T[-9, 4];",
        "truncated",
    ),
}


def expected(law: str, a: np.ndarray, b: float, s: float) -> float:
    mu = np.repeat(a, LENGTHS) + b * DATA["x"]
    if law == "poisson":
        return float(stats.poisson.logpmf(DATA["k"], np.exp(mu)).sum())
    total = stats.norm.logpdf(DATA["y"], mu, s).sum()
    if law == "truncated":
        total -= np.log(stats.norm.cdf(4, mu, s) - stats.norm.cdf(-9, mu, s)).sum()
    return float(total)


@pytest.mark.parametrize("name", BODIES)
def test_density_of_pieces(name: str) -> None:
    body, law = BODIES[name]
    model = load(HEAD + "model { for (g in 1:G) { " + body + " } }", data=DATA)
    a, b, s = 0.1 * RNG.normal(size=GROUPS), 0.4, 1.3
    q = model.flatten({"a": a, "b": b, "s": s})
    value, gradient = model.pipeline.logp_grad_constrained(q)
    np.testing.assert_allclose(value, expected(law, a, b, s), rtol=1e-12)
    for k in (0, 7, GROUPS):
        up, down = (model.pipeline.logp_grad_constrained(q + shift * np.eye(len(q))[k])[0] for shift in (1e-6, -1e-6))
        np.testing.assert_allclose(gradient[k], (up - down) / 2e-6, rtol=1e-6, atol=1e-6)
