"""Programs with int parameters agree with the same programs summed out by hand, and with brute force."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
from arviz_stats.base import array_stats
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
CLASSES = """
data { int N; int K; array[N, K] int seen; }
parameters { simplex[2] w; matrix<lower=0, upper=1>[2, K] p; Z }
model { to_vector(p) ~ beta(2, 2); BODY }
"""
ANIMALS = """
data { int N; int K; array[N] int caught; }
parameters { real<lower=0, upper=1> psi; real mu; real<lower=0> tau; vector[N] e; Z }
model { mu ~ normal(0, 1); tau ~ normal(0, 1); e ~ normal(0, 1); BODY }
"""
ACCIDENTS = """
data { int N; array[N] int count; }
parameters { real<lower=0> early; real<lower=0> late; Z }
model { early ~ exponential(0.3); late ~ exponential(0.3); BODY }
"""
SPINS = """
data { int N; vector[N] y; }
parameters { real j; real h; Z }
model { j ~ normal(0, 0.5); h ~ normal(0, 0.5); BODY }
"""
# Where there are several modes, all chains start in the same one.
START = {
    "latent classes": {"w": [0.5, 0.5], "p": [[0.2] * 5, [0.8] * 5]},
}
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
    "latent classes": (CLASSES, "array[N] int<lower=1, upper=2> z;",
        "for (n in 1:N) { z[n] ~ categorical(w); for (k in 1:K) seen[n, k] ~ bernoulli(p[z[n], k]); }",
        """for (n in 1:N) { vector[2] lp = log(w);
           for (c in 1:2) for (k in 1:K) lp[c] += bernoulli_lpmf(seen[n, k] | p[c, k]);
           target += log_sum_exp(lp); }"""),
    "capture-recapture, heterogeneous": (ANIMALS, "array[N] int<lower=0, upper=1> z;",
        """for (n in 1:N) { z[n] ~ bernoulli(psi);
           caught[n] ~ binomial(K, z[n] * inv_logit(mu + tau * e[n])); }""",
        """for (n in 1:N) {
             real here = log(psi) + binomial_logit_lpmf(caught[n] | K, mu + tau * e[n]);
             target += caught[n] ? here : log_sum_exp(here, log1m(psi)); }"""),
    "change point": (ACCIDENTS, "int<lower=1, upper=N> z;",
        "z ~ categorical(rep_vector(1.0 / N, N)); for (n in 1:N) count[n] ~ poisson(n < z ? early : late);",
        """vector[N] lp = rep_vector(-log(N), N);
           for (s in 1:N) for (n in 1:N) lp[s] += poisson_lpmf(count[n] | n < s ? early : late);
           target += log_sum_exp(lp);"""),
    "Ising chain": (SPINS, "array[N] int<lower=0, upper=1> z;",
        """for (n in 1:N) { target += h * (2 * z[n] - 1); y[n] ~ normal(2 * z[n] - 1, 1); }
           for (n in 2:N) target += j * (2 * z[n] - 1) * (2 * z[n - 1] - 1);""",
        """vector[2] f = [-h + normal_lpdf(y[1] | -1, 1), h + normal_lpdf(y[1] | 1, 1)]';
           for (n in 2:N) f = [log_sum_exp(f[1] + j, f[2] - j) - h + normal_lpdf(y[n] | -1, 1),
                               log_sum_exp(f[1] - j, f[2] + j) + h + normal_lpdf(y[n] | 1, 1)]';
           target += log_sum_exp(f);"""),
}  # fmt: skip


def data(n: int) -> dict[str, Any]:
    return {
        "N": n, "K": 3, "y": RNG.normal(size=n), "seen": RNG.integers(0, 2, (n, 3)) * (RNG.random((n, 1)) < 0.5),
        "caught": RNG.binomial(3, 0.4, n) * (RNG.random(n) < 0.6), "count": RNG.poisson(np.where(np.arange(n) < n / 2, 3, 1)),
    }  # fmt: skip


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


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("mixture, in a loop", {"N": 60, "K": 2, "y": np.r_[RNG.normal(-2, 1, 25), RNG.normal(2, 1, 35)]}),
        ("latent classes", {"N": 80, "K": 5, "seen": RNG.random((80, 5)) < np.where(RNG.random((80, 1)) < 0.4, 0.2, 0.8)}),
        ("hidden Markov model", {"N": 1000, "K": 3, "y": RNG.normal(np.repeat([-4.0, 0.0, 4.0, 0.0], 250), 1)}),
        ("capture-recapture, heterogeneous", {"N": 60, "K": 4, "caught": np.r_[RNG.binomial(4, 0.5, 35), np.zeros(25, int)]}),
        ("change point", {"N": 60, "count": np.r_[RNG.poisson(3, 40), RNG.poisson(1, 20)]}),
        ("Ising chain", {"N": 80, "y": RNG.normal(np.sign(np.sin(np.arange(80) / 6)), 1)}),
    ],
    ids=lambda v: v if isinstance(v, str) else "",
)  # fmt: skip
def test_posterior_agrees_with_the_sum_by_hand(name: str, given: dict[str, Any]) -> None:
    """Means within 4 Monte Carlo standard errors, sds of skewed laws within 5 (their errors are underestimated)."""
    program, z, body, by_hand = PAIRS[name]
    given = {k: v.astype(int) if np.asarray(v).dtype.kind == "b" else v for k, v in given.items()}
    found, wanted = (
        load(program.replace("Z", declared).replace("BODY", statements), data=given).sample(
            seed=1, chains=2, draws=1000, target_accept=0.9, initial=START.get(name)
        )["posterior"]
        for declared, statements in ((z, body), ("", by_hand))
    )
    assert "z" in found
    for variable in set(wanted) - {"e"}:  # effects of single animals: too many to compare
        ours, theirs = (x[variable].reshape(*x[variable].shape[:2], -1) for x in (found, wanted))
        for k in range(ours.shape[-1]):
            for method, moment, limit in (("mean", np.mean, 4), ("sd", np.std, 5)):
                errors = [
                    array_stats.mcse(x[..., k], chain_axis=0, draw_axis=1, method=method) for x in (ours, theirs)
                ]
                difference = moment(ours[..., k]) - moment(theirs[..., k])
                assert abs(difference) <= limit * np.hypot(*errors) + 1e-12, (variable, k, method)


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
