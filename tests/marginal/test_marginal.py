"""Programs with int parameters agree with the same programs summed out by hand, and with brute force."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
from scipy import stats
from scipy.special import logsumexp

from ppl_cli import load
from ppl_cli.api import PplModel
from ppl_cli.errors import PplError
from ppl_cli.updates.plan import Samplers

RNG = np.random.default_rng(0)

MIXTURE = """
data { int N; int K; vector[N] y; }
parameters { ordered[K] mu; real<lower=0> s; simplex[K] w; Z }
model { mu ~ normal(0, 5); s ~ exponential(1); BODY }
"""
COMPONENTS = "array[N] int<lower=1, upper=K> z;"
MARKOV = """
data { int N; int K; vector[N] y; }
parameters { ordered[K] mu; real<lower=0> s; array[K] simplex[K] G; Z }
model { BODY }
"""
SWITCH = """
data { int N; int K; vector[N] y; }
parameters { real a; real<lower=0> s; Z }
model { a ~ normal(0, 1); s ~ exponential(1); BODY }
"""
OCCUPANCY = """
data { int N; int K; array[N, K] int seen; }
parameters { real<lower=0, upper=1> psi; real<lower=0, upper=1> p; Z }
model { BODY }
"""
# program → (with int parameters, by hand)
PAIRS = {
    "mixture, vectorized": (MIXTURE, COMPONENTS, "z ~ categorical(w); y ~ normal(mu[z], s);",
        """for (n in 1:N) { vector[K] lp = log(w); for (k in 1:K) lp[k] += normal_lpdf(y[n] | mu[k], s);
           target += log_sum_exp(lp); }"""),
    "mixture, in a loop": (MIXTURE, COMPONENTS, "for (n in 1:N) { z[n] ~ categorical(w); y[n] ~ normal(mu[z[n]], s); }",
        """for (n in 1:N) { vector[K] lp = log(w); for (k in 1:K) lp[k] += normal_lpdf(y[n] | mu[k], s);
           target += log_sum_exp(lp); }"""),
    "hidden Markov model": (MARKOV, COMPONENTS,
        """z[1] ~ categorical(rep_vector(1.0 / K, K)); for (n in 2:N) z[n] ~ categorical(G[z[n - 1]]);
           for (n in 1:N) y[n] ~ normal(mu[z[n]], s);""",
        """matrix[K, K] g; matrix[K, N] o;
           for (k in 1:K) { g[k] = G[k]'; for (n in 1:N) o[k, n] = normal_lpdf(y[n] | mu[k], s); }
           target += hmm_marginal(o, g, rep_vector(1.0 / K, K));"""),
    "branches": (SWITCH, "array[N] int<lower=0, upper=1> z;",
        "for (n in 1:N) { z[n] ~ bernoulli(0.3); if (z[n] == 1) y[n] ~ normal(a, s); else y[n] ~ cauchy(0, 1); }",
        "for (n in 1:N) target += log_mix(0.3, normal_lpdf(y[n] | a, s), cauchy_lpdf(y[n] | 0, 1));"),
    "binomial counts": (SWITCH, "array[N] int<lower=0, upper=4> z;",
        "z ~ binomial(4, 0.3); y ~ normal(a * to_vector(z), s);",
        """for (n in 1:N) { vector[5] lp; for (k in 0:4) lp[k + 1] = binomial_lpmf(k | 4, 0.3) + normal_lpdf(y[n] | a * k, s);
           target += log_sum_exp(lp); }"""),
    "one for all": (SWITCH, "int<lower=1, upper=N> z;",
        "z ~ categorical(rep_vector(1.0 / N, N)); for (n in 1:N) y[n] ~ normal(n < z ? a : -a, s);",
        """vector[N] lp = rep_vector(-log(N), N);
           for (k in 1:N) for (n in 1:N) lp[k] += normal_lpdf(y[n] | n < k ? a : -a, s);
           target += log_sum_exp(lp);"""),
    "occupancy": (OCCUPANCY, "array[N] int<lower=0, upper=1> z;",
        "for (n in 1:N) { z[n] ~ bernoulli(psi); seen[n] ~ bernoulli(z[n] * p); }",
        """for (n in 1:N) { real here = log(psi) + bernoulli_lpmf(seen[n] | p);
           target += sum(seen[n]) ? here : log_sum_exp(here, log1m(psi)); }"""),
}  # fmt: skip


def data(n: int) -> dict[str, Any]:
    return {"N": n, "K": 3, "y": RNG.normal(size=n), "seen": RNG.integers(0, 2, (n, 3)) * (RNG.random((n, 1)) < 0.5)}


@pytest.mark.parametrize("name", PAIRS)
@pytest.mark.parametrize("n", [5, 30])
def test_density_equals_the_sum_by_hand(name: str, n: int) -> None:
    program, z, body, by_hand = PAIRS[name]
    given = data(n)
    models = [
        load(program.replace("Z", declared).replace("BODY", statements), data=given)
        for declared, statements in ((z, body), ("", by_hand))
    ]
    q = 0.5 * RNG.normal(size=models[0].size)
    found, wanted = (model.logp_grad(q) for model in models)
    np.testing.assert_allclose(found[0], wanted[0], rtol=1e-12)
    np.testing.assert_allclose(found[1], wanted[1], rtol=1e-9, atol=1e-11)


def test_ising_chain_and_ring_against_all_states() -> None:
    for ring in (False, True):
        n, h = 9, RNG.normal(size=9)
        model = load(
            """
            data { int n; vector[n] h; int ring; }
            parameters { real j; array[n] int<lower=0, upper=1> x; }
            model { j ~ normal(0, 1); for (i in 1:n) target += h[i] * (2 * x[i] - 1);
                    for (i in 2:n) target += j * (2 * x[i] - 1) * (2 * x[i - 1] - 1);
                    if (ring) target += j * (2 * x[n] - 1) * (2 * x[1] - 1); }
            """,
            data={"n": n, "h": h, "ring": int(ring)},
        )
        j = 0.7
        spins = np.array(list(itertools.product([-1, 1], repeat=n)))
        bonds = (spins[:, 1:] * spins[:, :-1]).sum(1) + ring * spins[:, 0] * spins[:, -1]
        expected = logsumexp(spins @ h + j * bonds) + stats.norm.logpdf(j)
        np.testing.assert_allclose(model.logp_grad(np.array([j]))[0], expected, rtol=1e-12)


def conditional(model: PplModel, names: tuple[str, ...], count: int, q: np.ndarray) -> np.ndarray:
    """Draws of int parameters at one point."""
    from ppl_cli.inference.random import QUANTITIES, new_state

    function = model.pipeline.drawn(names)
    return np.array([function(q, new_state(1, 0, QUANTITIES, k))[1] for k in range(count)])


def test_draws_are_exact_given_the_rest() -> None:
    """Pairs of states of a short chain, against the probabilities of all its states."""
    n, states = 4, 3
    program, z, body, _ = PAIRS["hidden Markov model"]
    given = data(n)
    for length in (n, 8):  # enumerated; forwards and backwards
        given = {**data(length), "N": length}
        model = load(program.replace("Z", z).replace("BODY", body), data=given)
        q = 0.3 * RNG.normal(size=model.size)
        found = conditional(model, ("z",), 4000, q).astype(int)
        values = model.pipeline.unpack(("mu", "s", "G"), conditional(model, ("mu", "s", "G"), 1, q))
        mu, s, transition = values["mu"][0], values["s"][0], values["G"][0]
        paths = np.array(list(itertools.product(range(states), repeat=length)))
        logs = stats.norm.logpdf(given["y"], mu[paths], s).sum(1)
        logs += np.log(transition[paths[:, :-1], paths[:, 1:]]).sum(1)
        p = np.exp(logs - logsumexp(logs))
        for a, b in ((0, 1), (length - 2, length - 1), (0, length - 1)):
            expected = np.zeros((states, states))
            np.add.at(expected, (paths[:, a], paths[:, b]), p)
            observed = np.zeros((states, states))
            np.add.at(observed, (found[:, a] - 1, found[:, b] - 1), 1)
            keep = expected > 1e-3
            chi2 = ((observed - 4000 * expected)[keep] ** 2 / (4000 * expected[keep])).sum()
            assert chi2 < stats.chi2.isf(1e-6, keep.sum())


def test_posterior_agrees_with_the_sum_by_hand() -> None:
    program, z, body, by_hand = PAIRS["mixture, in a loop"]
    given = {"N": 40, "K": 2, "y": np.concatenate([RNG.normal(-2, 1, 20), RNG.normal(2, 1, 20)])}
    results = [
        load(program.replace("Z", declared).replace("BODY", statements), data=given).sample(
            seed=1, chains=2, draws=500, warmup=500
        )["posterior"]
        for declared, statements in ((z, body), ("", by_hand))
    ]
    for name in ("mu", "s", "w"):
        a, b = (r[name] for r in results)
        error = np.hypot(a.std((0, 1)), b.std((0, 1))) / np.sqrt(100)  # as if one draw in ten counted
        assert (np.abs(a.mean((0, 1)) - b.mean((0, 1))) < 5 * error).all()
    assert results[0]["z"].shape == (2, 500, 40)
    assert (results[0]["z"][..., :15] == 1).mean() > 0.9


def test_prior_draws() -> None:
    program, z, body, _ = PAIRS["binomial counts"]
    prior = load(program.replace("Z", z).replace("BODY", body), data=data(3)).prior(draws=2000, seed=1)
    assert abs(prior["prior"]["z"].mean() - 1.2) < 0.05


@pytest.mark.parametrize(
    ("declaration", "statement", "message"),
    [
        ("int<lower=0> z;", "z ~ poisson(3);", "it has no bounds"),
        ("array[40] int<lower=0, upper=1> z;", "z ~ bernoulli(0.3); sum(z) ~ poisson(4);", "cannot be summed out"),
        ("array[30, 30] int<lower=0, upper=1> z;",
         "for (i in 2:30) for (j in 2:30) target += z[i, j] * (z[i - 1, j] + z[i, j - 1]);", "joint states"),
    ],
)  # fmt: skip
def test_what_cannot_be_summed_out_is_refused(declaration: str, statement: str, message: str) -> None:
    program = "parameters { real a; " + declaration + " } model { a ~ normal(0, 1); " + statement + " }"
    with pytest.raises(PplError, match=message):
        _ = load(program).assigned(Samplers(discrete="marginalize")).pipeline.logp_grad
