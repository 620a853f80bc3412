"""What is integrated out leaves the marginal density that textbooks give, and is drawn from its conditional law."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from ppl_cli import load
from ppl_cli.api import PplModel
from ppl_cli.errors import OptionError
from ppl_cli.updates.plan import Samplers

AUTO = Samplers(continuous="auto")
RNG = np.random.default_rng(0)
COUNTS = np.array([3, 5, 2, 8])
POINTS = np.array([1.0, 2.0, 3.0, 4.0, 7.0])
ROWS = np.column_stack([np.ones(5), [2.0, 3.0, 5.0, 1.0, 0.0]])
SCHOOLS = """
data { int J = 8; vector[J] y = [28, 8, -3, 7, -1, 1, 18, 12]'; vector[J] s = [15, 10, 16, 11, 9, 11, 10, 18]'; }
parameters { real mu; real<lower=0> tau; vector[J] theta; }
model { mu ~ normal(0, 5); tau ~ cauchy(0, 5); theta ~ normal(mu, tau); y ~ normal(theta, s); }
"""
EFFECTS, ERRORS = np.array([28.0, 8, -3, 7, -1, 1, 18, 12]), np.array([15.0, 10, 16, 11, 9, 11, 10, 18])


def steps(model: PplModel) -> dict[str, str]:
    return {a.name: a.step for a in model.compound.assignments}


# A program; its data; what is integrated out; the log of the marginal density of what is left (on its own scale).
CLOSED_FORMS = {
    "beta-binomial": (
        "data { int n = 10; int y = 7; } parameters { real<lower=0, upper=1> p; } model { p ~ beta(2, 3); y ~ binomial(n, p); }",
        {}, {"p": "beta"}, lambda: stats.betabinom.logpmf(7, 10, 2, 3),
    ),
    "beta-bernoulli": (
        """data { array[4] int y = {1, 0, 1, 1}; } parameters { real<lower=0, upper=1> p; }
        model { y ~ bernoulli(p); target += beta_lpdf(p | 2, 3); }""",
        {}, {"p": "beta"}, lambda: stats.betabinom.logpmf(3, 4, 2, 3) - np.log(4),
    ),
    "gamma-poisson": (
        """data { array[4] int y = {3, 5, 2, 8}; } parameters { vector<lower=0>[4] r; real<lower=0> b; }
        model { b ~ exponential(1); r ~ gamma(3, b); y ~ poisson(2 * r); }""",
        {}, {"r": "gamma"},
        lambda b: stats.expon.logpdf(b) + stats.nbinom.logpmf(COUNTS, 3, b / (b + 2)).sum(),
    ),
    "gamma-exponential": (
        """data { vector[5] y = [1, 2, 3, 4, 7]'; } parameters { real<lower=0> r; }
        model { r ~ gamma(2, 3); y ~ exponential(r); }""",
        {}, {"r": "gamma"},
        lambda: stats.lomax.logpdf(1, 2, scale=3) + stats.lomax.logpdf(2, 3, scale=4) + stats.lomax.logpdf(3, 4, scale=6)
        + stats.lomax.logpdf(4, 5, scale=9) + stats.lomax.logpdf(7, 6, scale=13),
    ),
    "inverse gamma-normal": (
        """data { vector[5] y = [1, 2, 3, 4, 7]'; } parameters { real<lower=0> v; }
        model { v ~ inv_gamma(2, 5); y ~ normal(3, sqrt(v)); }""",
        {}, {"v": "inv_gamma"},
        lambda: stats.multivariate_t.logpdf(POINTS, np.full(5, 3.0), 2.5 * np.eye(5), df=4),
    ),
    "dirichlet-categorical": (
        """data { array[6] int y = {1, 2, 2, 3, 3, 3}; } parameters { simplex[3] w; }
        model { w ~ dirichlet([1, 2, 3]'); y ~ categorical(w); }""",
        {}, {"w": "dirichlet"}, lambda: stats.dirichlet_multinomial.logpmf([1, 2, 3], [1, 2, 3], 6) - np.log(60),
    ),
    "normal-normal, twice": (
        SCHOOLS, {}, {"theta": "normal", "mu": "normal"},
        lambda tau: np.log(2) + stats.cauchy.logpdf(tau, 0, 5) - np.log(2) + stats.multivariate_normal.logpdf(
            EFFECTS, np.zeros(8), np.diag(ERRORS**2 + tau**2) + 25),
    ),
    "regression": (
        """data { matrix[5, 2] X; vector[5] y; } parameters { vector[2] b; real<lower=0> s; }
        model { b ~ normal(0, 10); s ~ exponential(1); y ~ normal(X * b, s); }""",
        {"X": ROWS, "y": POINTS}, {"b": "multi_normal"},
        lambda s: stats.expon.logpdf(s) + stats.multivariate_normal.logpdf(
            POINTS, np.zeros(5), s**2 * np.eye(5) + 100 * ROWS @ ROWS.T),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CLOSED_FORMS)
def test_the_marginal_density_is_the_closed_form(name: str) -> None:
    program, data, families, closed_form = CLOSED_FORMS[name]
    model = load(program, data=data).assigned(AUTO)
    found = {p.name: p.family.name if p.family else "multi_normal" for p in model.model.integrated}
    assert found == families
    for q in RNG.normal(size=(5, model.size)):
        value, gradient = model.logp_grad(q)
        jacobian = q.sum()  # what is left is one positive parameter, or nothing
        assert value == pytest.approx(closed_form(*np.exp(q)) + jacobian, rel=1e-10)
        if q.size:
            above, below = (closed_form(*np.exp(q + h)) for h in (1e-5, -1e-5))
            assert gradient[0] == pytest.approx((above - below) / 2e-5 + 1, rel=1e-6, abs=1e-6)


def test_what_is_integrated_out_is_drawn_with_the_rest() -> None:
    found = load(SCHOOLS).assigned(AUTO).sample(chains=2, draws=20_000, seed=1)["posterior"]
    wanted = load(SCHOOLS.replace("theta ~", "theta_ ~").replace("vector[J] theta;", "vector[J] theta_;").replace(
        "model {", "transformed parameters { vector[J] theta = mu + tau * theta_; } model {").replace(
        "normal(mu, tau)", "std_normal()")).sample(chains=2, draws=20_000, seed=2, target_accept=0.95)["posterior"]  # fmt: skip
    for name in ("mu", "tau", "theta"):
        a, b = (x[name].reshape(-1, *x[name].shape[2:]) for x in (found, wanted))
        assert np.abs(a.mean(0) - b.mean(0)).max() < 0.15
        assert np.abs(a.std(0) / b.std(0) - 1).max() < 0.06


def test_missing_data_are_integrated_out() -> None:
    program = "data { int n = 3; vector[n] y; } parameters { real m; } model { m ~ normal(0, 1); y ~ normal(m, 1); }"
    model = load(program, data={"y": [1.0, None, 3.0]}).assigned(AUTO)
    assert steps(model) == {"m": "integral", "y_missing": "integral"}
    draws = model.sample(chains=1, draws=20_000, seed=1)["posterior"]
    assert abs(draws["m"].mean() - 4 / 3) < 0.02
    assert abs(draws["y_missing"].std() - np.sqrt(1 + 1 / 3)) < 0.03


def test_a_chance_is_integrated_out_beside_a_count_that_is_sampled() -> None:
    program = """
    data { array[4] int y = {3, 5, 2, 8}; }
    parameters { real<lower=0, upper=1> p; int<lower=0> N; }
    model { p ~ beta(2, 2); N ~ poisson(12); y ~ binomial(N, p); }
    """
    model = load(program).assigned(AUTO)
    assert steps(model) == {"p": "integral", "N": "metropolis"}
    draws = model.sample(chains=2, draws=20_000, seed=1)["posterior"]
    trials = np.arange(8, 200)
    logs = stats.poisson.logpmf(trials, 12) + stats.betabinom.logpmf(18, 4 * trials, 2, 2)
    logs += np.log([stats.multivariate_hypergeom.pmf(COUNTS, [n] * 4, 18) for n in trials])
    weights = np.exp(logs - logs.max()) / np.exp(logs - logs.max()).sum()
    assert abs(draws["N"].mean() - weights @ trials) < 0.1


@pytest.mark.parametrize(
    ("declaration", "statements", "reason"),
    [
        ("real x;", "x ~ student_t(4, 0, 1);", "not of a family"),
        ("real<lower=0> x;", "x ~ normal(0, 1);", "truncated"),
        ("real<lower=0> x;", "x ~ gamma(2, 1); 3 ~ poisson(x + 1);", "not linear"),
        ("real x; real<lower=x> z;", "x ~ normal(0, 1); z ~ normal(0, 1);", "a bound of another"),
        ("vector[2] x;", "x ~ normal(0, 1); 1 ~ normal(x[1] * x[2], 1);", "linear in each, not in both"),
        ("simplex[3] x;", "x ~ dirichlet([1, 2, 3]'); 1 ~ normal(x[1], 1);", "not of a family"),
    ],
)
def test_other_laws_are_left_to_nuts(declaration: str, statements: str, reason: str) -> None:
    model = load(f"parameters {{ {declaration} }} model {{ {statements} }}").assigned(AUTO)
    assert steps(model)["x"] == "nuts", reason


def test_a_checked_transformed_parameter_truncates() -> None:
    program = """
    parameters { real x; }
    transformed parameters { real<lower=0> y = x + 1; }
    model { x ~ normal(0, 1); }
    """
    assert steps(load(program).assigned(AUTO)) == {"x": "nuts"}


def test_a_step_by_hand_wins() -> None:
    samplers = Samplers(continuous="auto", steps=(("mu", "nuts"),))
    assert steps(load(SCHOOLS).assigned(samplers)) == {"mu": "nuts", "tau": "nuts", "theta": "integral"}


def test_exact_draws_by_hand() -> None:
    """A Gibbs sampler of the schools with tau by NUTS, and one that needs no NUTS at all."""
    steps_by_hand = (("theta", "gibbs"), ("mu", "gibbs"))
    model = load(SCHOOLS).assigned(Samplers(steps=steps_by_hand))
    assert steps(model) == {"mu": "gibbs", "tau": "nuts", "theta": "gibbs"}
    found = model.sample(chains=4, draws=10_000, seed=1)["posterior"]
    wanted = load(SCHOOLS).assigned(AUTO).sample(chains=2, draws=10_000, seed=2)["posterior"]
    for name in ("mu", "theta"):
        assert np.abs(found[name].mean((0, 1)) - wanted[name].mean((0, 1))).max() < 0.35
    program = """
    data { vector[5] y = [1, 2, 3, 4, 7]'; }
    parameters { real m; real<lower=0> v; simplex[2] w; }
    model { m ~ normal(0, 2); v ~ inv_gamma(3, 4); y ~ normal(m, sqrt(v)); 1 ~ categorical(w); }
    """
    every = Samplers(steps=(("m", "gibbs"), ("v", "gibbs"), ("w", "gibbs")))
    draws = load(program).assigned(every).sample(chains=2, draws=20_000, seed=1)["posterior"]
    nuts = load(program).sample(chains=2, draws=20_000, seed=2)["posterior"]
    for name in ("m", "v", "w"):
        assert np.abs(draws[name].mean((0, 1)) - nuts[name].mean((0, 1))).max() < 0.08
        assert np.abs(draws[name].std((0, 1)) / nuts[name].std((0, 1)) - 1).max() < 0.1


def test_a_law_that_is_not_known_cannot_be_drawn_from() -> None:
    with pytest.raises(OptionError, match="--step tau=gibbs: the conditional law of `tau` is not known"):
        load(SCHOOLS).assigned(Samplers(steps=(("tau", "gibbs"),)))
