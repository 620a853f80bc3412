"""Missing data against exact conditional answers."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
from scipy import stats

from ppl_cli import load
from ppl_cli.errors import PplError

REGRESSION = """
data { int N; vector[N] x; vector[N] y; }
parameters { real a; real b; real<lower=0> s; }
model { BODY }
"""


@pytest.mark.parametrize("body", ["y ~ normal(a + b * x, s);", "for (n in 1:N) y[n] ~ normal(a + b * x[n], s);"])
def test_density_counts_missing_responses_as_unknowns(body: str) -> None:
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=6), rng.normal(size=6)
    holes = [1, 4]
    given = [None if k in holes else v for k, v in enumerate(y)]
    model = load(REGRESSION.replace("BODY", body), data={"N": 6, "x": x, "y": given})
    a, b, s, unknown = 0.3, -0.2, 1.4, np.array([0.7, 2.0])
    full = y.copy()
    full[holes] = unknown
    q = model.flatten({"a": a, "b": b, "s": s, "y_missing": unknown})
    assert q.shape == (5,)
    expected = stats.norm.logpdf(full, a + b * x, s).sum() + math.log(s)
    np.testing.assert_allclose(model.logp_grad(q)[0], expected, rtol=1e-13)


def test_bivariate_normal_with_holes() -> None:
    """Conditional means and variances of the missing coordinates (Stan User's Guide, "Missing data")."""
    sigma = np.array([[1.0, 0.8], [0.8, 2.0]])
    y = [[1.0, None], [None, -1.0], [0.5, 0.3], [None, None]]
    model = load(
        """
        data { int N; array[N] vector[2] y; matrix[2, 2] S; }
        parameters { real unused; }
        model { unused ~ normal(0, 1); y ~ multi_normal([0.5, 0]', S); }
        """,
        data={"N": 4, "y": y, "S": sigma},
    )
    results = model.sample(seed=1, chains=4, draws=2000, warmup=500)
    missing = results["posterior"]["y_missing"].reshape(-1, 4)
    means = [0.8 * 0.5, 0.5 + 0.4 * -1.0, 0.5, 0.0]
    sds = [math.sqrt(2 - 0.64), math.sqrt(1 - 0.32), 1.0, math.sqrt(2)]
    np.testing.assert_allclose(missing.mean(0), means, atol=0.1)
    np.testing.assert_allclose(missing.std(0), sds, rtol=0.07)
    assert np.isnan(results["observed_data"]["y"]).sum() == 4


def test_missing_positive_value_keeps_its_bound() -> None:
    model = load(
        "data { int N; vector<lower=0>[N] t; } parameters { real<lower=0> r; } model { r ~ gamma(2, 1); t ~ exponential(r); }",
        data={"N": 3, "t": [1.0, math.nan, 2.0]},
    )
    drawn = model.sample(seed=1, chains=2, draws=500, warmup=500)["posterior"]["t_missing"]
    assert (drawn > 0).all()


def test_missing_count_is_summed_out() -> None:
    program = """
        data { int N; array[N] int<lower=0, upper=10> k; }
        parameters { real<lower=0, upper=1> p; real x; }
        model { k ~ binomial(10, p); x ~ normal(k[2], 1); }
        """
    model = load(program, data={"N": 3, "k": [4, None, 7]})
    p, x = 0.4, 5.2
    q = model.flatten({"p": p, "x": x})
    counts = np.arange(11)
    expected = stats.binom.logpmf([4, 7], 10, p).sum() + math.log(p * (1 - p))
    expected += math.log((stats.binom.pmf(counts, 10, p) * stats.norm.pdf(x, counts, 1)).sum())
    np.testing.assert_allclose(model.logp_grad(q)[0], expected, rtol=1e-12)
    drawn = model.sample(seed=1, chains=1, draws=100, warmup=100)["posterior"]["k_missing"]
    assert drawn.shape == (1, 100, 1) and drawn.dtype == np.int64


def test_prior_draws_fill_the_holes() -> None:
    model = load(REGRESSION.replace("BODY", "a ~ normal(5, 0.1); b ~ normal(0, 0.1); s ~ exponential(10); y ~ normal(a + b * x, s);"),
                 data={"N": 3, "x": [0, 0, 0], "y": [5, None, 5]})  # fmt: skip
    prior = model.prior(draws=500, seed=1)["prior"]
    assert abs(prior["y_missing"].mean() - 5) < 0.1


def test_json_with_null(tmp_path: object) -> None:
    path = tmp_path / "d.json"  # type: ignore[operator]
    path.write_text(json.dumps({"N": 2, "x": [1, 2], "y": [None, 3]}))
    assert load(REGRESSION.replace("BODY", "y ~ normal(a + b * x, s);"), data=path).size == 4


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({"N": 2, "x": [1, None], "y": [1, 2]}, "`x[2]` is missing: only what stands on the left of `~` may be unknown"),
        ({"N": None, "x": [1, 2], "y": [1, 2]}, "`N` is missing"),
    ],
)
def test_a_missing_value_elsewhere_is_an_error(data: dict[str, object], message: str) -> None:
    with pytest.raises(PplError) as raised:
        load(REGRESSION.replace("BODY", "y ~ normal(a + b * x, s);"), data=data)
    assert message in str(raised.value)


def test_a_missing_count_without_bounds_is_sampled() -> None:
    program = "data { array[3] int k; } parameters { real<lower=0> r; } model { r ~ gamma(2, 1); k ~ poisson(r); }"
    draws = load(program, data={"k": [1, None, 4]}).sample(chains=2, draws=10_000, warmup=500, seed=1)["posterior"]
    missing = draws["k_missing"].ravel()
    assert abs(missing.mean() - 7 / 3) < 0.1  # negative binomial: r ~ gamma(7, 3)
    assert abs((missing == 0).mean() - 0.75**7) < 0.01
