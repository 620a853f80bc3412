"""Laplace's approximation: exact for normal data, against NumPy's own Newton steps for counts, and in its draws."""
from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import scipy.stats as st
from scipy.optimize import minimize
from scipy.special import expit, gammaln

from ppl_cli import load
from ppl_cli.language.diagnostics import ElaborationError, LanguageError

PROGRAM = """
functions {
  matrix prior(array[] real x, real alpha, real rho) { return gp_exponential_cov(x, alpha, rho); }
  matrix oblong(array[] real x, real alpha, real rho) { return rep_matrix(alpha * rho, size(x), 1); }
  real mixed(vector theta, matrix A, vector y, real s) { return normal_lpdf(y | A * theta, s); }
  real counts(vector theta, vector m, array[] int y) { return poisson_log_lpmf(y | theta + m); }
  vector bent(vector x, vector theta) { return x + 0.1 * x^3 - theta; }
  real bent_counts(vector theta, vector m, array[] int y) {
    return poisson_log_lpmf(y | solve_newton(bent, theta, theta) + m);
  }
}
data {
  array[6] real x;
  array[6] int y;
  vector[6] v;
  matrix[6, 6] A;
}
parameters { real a; real r; real b; }
transformed parameters { vector[6] m = rep_vector(b, 6) + 0.1 * v; }
model { target += CALL; }
generated quantities { DRAW }
"""
RNG = np.random.default_rng(7)
X = np.array([0.1, 0.5, 0.9, 1.6, 2.0, 3.1])
Y = np.array([1, 3, 0, 4, 2, 5])
V = RNG.normal(size=6)
A = RNG.normal(size=(6, 6))
BLOCKS = np.kron(np.eye(3), np.ones((2, 2))) * A
POINT = np.array([0.2, -0.3, 0.4])
K = np.exp(0.4) * np.exp(-np.abs(X[:, None] - X) / np.exp(-0.3))
ALL = "(x, exp(a), exp(r))"
OPTIONS = "(rep_vector(0.3, 6), 1e-10, 100, 2, 30, 0)"


def model(call: str, draw: str = "", matrix: np.ndarray = A):  # type: ignore[no-untyped-def]
    text = PROGRAM.replace("CALL", call).replace("DRAW", draw)
    return load(text, data={"x": X, "y": Y, "v": V, "A": matrix})


def _differences(f: Callable[[np.ndarray], float]) -> np.ndarray:
    h = 1e-5
    return np.array([(f(POINT + h * unit) - f(POINT - h * unit)) / (2 * h) for unit in np.eye(3)])


@pytest.mark.parametrize(("size", "matrix"), [(1, np.diag(np.diag(A))), (2, BLOCKS), (3, np.diag(np.diag(A))), (6, A)])
def test_normal_data_are_exact(size: int, matrix: np.ndarray) -> None:
    program = model(f"laplace_marginal(mixed, (A, v, exp(b)), {size}, prior, {ALL})", matrix=matrix)

    def exact(q: np.ndarray) -> float:
        a, r, b = q
        covariance = np.exp(2 * a) * np.exp(-np.abs(X[:, None] - X) / np.exp(r))
        whole = matrix @ covariance @ matrix.T + np.exp(2 * b) * np.eye(6)
        return float(st.multivariate_normal(np.zeros(6), whole).logpdf(V))

    value, slopes = program.logp_grad(POINT)
    assert value == pytest.approx(exact(POINT), rel=1e-12)
    np.testing.assert_allclose(slopes, _differences(exact), rtol=1e-7, atol=1e-9)


def _by_hand(covariance: np.ndarray, log_mass: Callable, slope: Callable, bend: Callable) -> float:
    """Newton's method in θ itself; the functions are of θ, `bend` minus the second derivatives."""
    inverse, theta = np.linalg.inv(covariance), np.zeros(len(covariance))
    for _ in range(50):
        theta = theta + np.linalg.solve(inverse + np.diag(bend(theta)), slope(theta) - inverse @ theta)
    spread = np.linalg.slogdet(np.eye(len(theta)) + covariance * bend(theta))[1]
    return float(log_mass(theta) - 0.5 * theta @ inverse @ theta - 0.5 * spread)


M = 0.4 + 0.1 * V
GROUPS = np.array([1, 2, 2, 4, 6, 6]) - 1
TOTALS, TIMES = np.bincount(GROUPS, Y, 6), np.bincount(GROUPS, minlength=6)
ONES = np.bincount(GROUPS, Y > 1, 6)
PHI = np.exp(0.4)


def _negative_binomial(theta: np.ndarray) -> float:
    mean = np.exp(theta + M)[GROUPS]
    return float(st.nbinom(PHI, PHI / (PHI + mean)).logpmf(Y).sum())


BY_HAND = {
    f"laplace_marginal(counts, (m, y), 1, prior, {ALL})": (
        lambda t: Y @ (t + M) - np.exp(t + M).sum() - gammaln(Y + 1).sum(),
        lambda t: Y - np.exp(t + M), lambda t: np.exp(t + M),
    ),
    f"laplace_marginal_poisson_log_lpmf(y | {{1, 2, 2, 4, 6, 6}}, m, 1, prior, {ALL})": (
        lambda t: TOTALS @ (t + M) - TIMES @ np.exp(t + M) - gammaln(Y + 1).sum(),
        lambda t: TOTALS - TIMES * np.exp(t + M), lambda t: TIMES * np.exp(t + M),
    ),
    f"laplace_marginal_bernoulli_logit_lpmf(V01 | {{1, 2, 2, 4, 6, 6}}, m, 1, prior, {ALL})": (
        lambda t: ONES @ (t + M) - TIMES @ np.log1p(np.exp(t + M)),
        lambda t: ONES - TIMES * expit(t + M), lambda t: TIMES * expit(t + M) * expit(-t - M),
    ),
    f"laplace_marginal_neg_binomial_2_log_lpmf(y | {{1, 2, 2, 4, 6, 6}}, exp(b), m, 1, prior, {ALL})": (
        _negative_binomial,
        lambda t: TOTALS - (TOTALS + TIMES * PHI) * expit(t + M - 0.4),
        lambda t: (TOTALS + TIMES * PHI) * expit(t + M - 0.4) * expit(0.4 - t - M),
    ),
}  # fmt: skip


@pytest.mark.parametrize("call", BY_HAND)
def test_data_that_are_not_normal(call: str) -> None:
    program = model(call.replace("V01", "{0, 1, 0, 1, 1, 1}"))
    value, slopes = program.logp_grad(POINT)
    assert value == pytest.approx(_by_hand(K, *BY_HAND[call]), rel=1e-11)
    np.testing.assert_allclose(slopes, _differences(lambda q: program.logp_grad(q)[0]), rtol=1e-7, atol=1e-8)


def test_forms_of_one_call_agree() -> None:
    """With options, after `~`, without constants, with one dispersion for each group."""
    counts = f"m, 1, prior, {ALL}"
    groups = "{1, 2, 2, 4, 6, 6}"
    same = [
        (f"laplace_marginal(counts, (m, y), 1, prior, {ALL})",
         f"laplace_marginal_tol(counts, (m, y), 2, prior, {ALL}, {OPTIONS})"),
        (f"laplace_marginal(counts, (m, y), 1, prior, {ALL})",
         f"laplace_marginal_tol(counts, (m, y), 1, prior, {ALL}, generate_laplace_options(6))"),
        (f"laplace_marginal_poisson_log_lpmf(y | {groups}, {counts})",
         f"laplace_marginal_tol_poisson_log_lupmf(y | {groups}, {counts}, generate_laplace_options(v))"),
        (f"laplace_marginal_poisson_log_lpmf(y | {groups}, {counts})",
         f"0; y ~ laplace_marginal_poisson_log({groups}, {counts})"),
        (f"laplace_marginal_neg_binomial_2_log_lpmf(y | {groups}, exp(b), {counts})",
         f"laplace_marginal_neg_binomial_2_log_lpmf(y | {groups}, rep_vector(exp(b), 6), {counts})"),
    ]  # fmt: skip
    for one, other in same:
        (value, slopes), (value_too, slopes_too) = (model(call).logp_grad(POINT) for call in (one, other))
        assert value == pytest.approx(value_too, rel=1e-11)
        np.testing.assert_allclose(slopes, slopes_too, rtol=1e-8)


def test_a_likelihood_that_solves_equations() -> None:
    program = model(f"laplace_marginal(bent_counts, (m, y), 1, prior, {ALL})")
    slopes = program.logp_grad(POINT)[1]
    np.testing.assert_allclose(slopes, _differences(lambda q: program.logp_grad(q)[0]), rtol=1e-6)


def test_large_counts_need_shorter_steps() -> None:
    """From 0, a whole step would lead to exp(10⁵)."""
    text = PROGRAM.replace("CALL", f"laplace_marginal(counts, (m, y), 1, prior, {ALL})").replace("DRAW", "")
    y = 100_000 * Y
    program = load(text, data={"x": X, "y": y, "v": V, "A": A})
    theta = np.log(y.clip(1) / np.exp(M))
    inverse = np.linalg.inv(K)
    for _ in range(50):
        theta = theta + np.linalg.solve(inverse + np.diag(np.exp(theta + M)), y - np.exp(theta + M) - inverse @ theta)
    spread = np.linalg.slogdet(np.eye(6) + K * np.exp(theta + M))[1]
    exact = st.poisson(np.exp(theta + M)).logpmf(y).sum() - 0.5 * theta @ inverse @ theta - 0.5 * spread
    assert program.logp_grad(POINT)[0] == pytest.approx(exact, rel=1e-9)


OUTLIERS = """
functions {
  real f(vector theta, vector y, real s) { return student_t_lpdf(y | 3, theta, s); }
  matrix g(array[] real x, real a, real r) { return add_diag(gp_exp_quad_cov(x, a, r), 1e-6); }
}
data { array[25] real x; vector[25] y; }
parameters { real a; real r; real s; }
model { target += laplace_marginal(f, (y, exp(s)), SIZE, g, (x, exp(a), exp(r))); }
"""


@pytest.mark.parametrize("size", [1, 5, 25])
def test_a_likelihood_that_is_not_log_concave(size: int) -> None:
    """Against a general optimizer: from 0 plain Newton steps lead nowhere."""
    rng = np.random.default_rng(3)
    x = np.linspace(0, 5, 25)
    y = np.sin(x) + 0.1 * rng.standard_t(3, 25)
    y[[4, 11, 20]] += [6, -5, 8]
    program = load(OUTLIERS.replace("SIZE", str(size)), data={"x": x, "y": y})
    for a, r, s in ([0.24, -0.45, -1.56], [-0.42, -0.22, -0.84], [0.4, -0.87, -2.21], [1.05, -1.43, -1.24]):
        covariance = np.exp(2 * a - (x[:, None] - x) ** 2 / (2 * np.exp(2 * r))) + 1e-6 * np.eye(25)
        factor, scale = np.linalg.cholesky(covariance), np.exp(s)

        def loss(z: np.ndarray, factor: np.ndarray = factor, scale: float = scale) -> float:
            return 0.5 * z @ z - st.t(3, factor @ z, scale).logpdf(y).sum()

        found = minimize(loss, np.zeros(25), options={"gtol": 1e-6})
        u = (y - factor @ found.x) / scale
        bend = 4 / scale**2 * (3 - u**2) / (3 + u**2) ** 2
        spread = np.linalg.slogdet(np.eye(25) + bend[:, None] * covariance)[1]
        value, slopes = program.logp_grad(np.array([a, r, s]))
        assert value == pytest.approx(-found.fun - 0.5 * spread, rel=1e-6)
        assert np.isfinite(slopes).all()


def test_a_mode_that_is_not_found_rejects() -> None:
    short = "(rep_vector(0, 6), 1e-8, 1, 1, 10, 1)"
    assert np.isnan(model(f"laplace_marginal_tol(counts, (m, y), 1, prior, {ALL}, {short})").logp_grad(POINT)[0])


DRAWS = {
    "laplace_latent_rng(mixed, (A, v, exp(0.4)), 6, prior, (x, exp(0.2), exp(-0.3)))": A,
    "laplace_latent_tol_rng(mixed, (A, v, exp(0.4)), 2, prior, (x, exp(0.2), exp(-0.3)), " + OPTIONS + ")": BLOCKS,
}  # fmt: skip


@pytest.mark.parametrize("call", DRAWS)
def test_draws_given_normal_data(call: str) -> None:
    """Exact again: chi squared of the draws, whitened by the conditional law, at a false-alarm rate of 1e-5."""
    matrix = DRAWS[call]
    program = model("std_normal_lpdf([a, r, b])", f"vector[6] theta = {call};", matrix)
    draws = program.sample(seed=3, chains=1, draws=4000, warmup=200)["posterior"]["theta"].reshape(-1, 6)
    precision = matrix.T @ matrix / np.exp(0.8) + np.linalg.inv(K)
    mean = np.linalg.solve(precision, matrix.T @ V / np.exp(0.8))
    normals = (draws - mean) @ np.linalg.cholesky(precision)
    assert st.norm.sf(abs(normals.mean(axis=0)) * np.sqrt(len(draws))).min() * 2 > 1e-5 / 6
    spread = (normals**2).sum()
    assert 1e-5 < st.chi2(draws.size).cdf(spread) < 1 - 1e-5
    assert abs(np.corrcoef(normals.T) - np.eye(6)).max() < 0.1


@pytest.mark.parametrize("law", ["poisson_log", "bernoulli_logit", "neg_binomial_2_log"])
def test_draws_for_each_law(law: str) -> None:
    """Their mean is the mode, which the likelihood written out gives, too."""
    more = "2.0, " if law.startswith("neg") else ""
    given = f"{{0, 1, 0, 1, 1, 1}}, {{1, 2, 2, 4, 6, 6}}, {more}0.1 * v, 1, prior, (x, 0.5, 1.0)"
    draw = f"vector[6] one = laplace_latent_{law}_rng({given});\\n"
    draw += f"  vector[6] two = laplace_latent_tol_{law}_rng({given}, {OPTIONS});"
    found = model("std_normal_lpdf([a, r, b])", draw.replace("\\n", "")).sample(seed=1, chains=1, draws=4000, warmup=200)
    one, two = (found["posterior"][name].reshape(-1, 6) for name in ("one", "two"))
    assert abs(one.mean(axis=0) - two.mean(axis=0)).max() < 0.05
    assert abs(one.std(axis=0) / two.std(axis=0) - 1).max() < 0.1
    assert one.std() < 0.5


REFUSED = {
    f"laplace_marginal(counts, (m, y), 4, prior, {ALL})": "6 latent variables are not made of blocks of 4",
    f"laplace_marginal_poisson_log_lpmf(y | {{1, 2, 3, 4, 5, 7}}, m, 1, prior, {ALL})": "group 7 of 6",
    f"laplace_marginal_poisson_log_lpmf(y | {{1, 2, 3}}, m, 1, prior, {ALL})": "6 outcomes in 3 groups",
    f"laplace_marginal_poisson_log_lpmf(y | y, m[1:4], 1, prior, {ALL})": "4 offsets for 6 latent variables",
    f"laplace_marginal_neg_binomial_2_log_lpmf(y | y, m[1:2], m, 1, prior, {ALL})": "2 dispersions for 6 latent",
    f"laplace_marginal(counts, (m, y), 1, oblong, {ALL})": "`oblong` gives a 6 × 1 matrix, which is no covariance",
    f"laplace_marginal_tol(counts, (m, y), 1, prior, {ALL}, (v[1:2], 1e-8, 9, 1, 9, 1))": "must have 6 elements",
    f"laplace_marginal_tol(counts, (m, y), 1, prior, {ALL}, (v, 0.0, 9, 1, 9, 1))": "must be positive, but one is 0",
    f"laplace_marginal_tol(counts, (m, y), 1, prior, {ALL}, (v, 1e-8, 9, 4, 9, 1))": "1, 2 and 3, not 4",
    f"laplace_marginal_tol(counts, (m, y), 1, prior, {ALL}, (v, 1e-8, 9, 1, -1, 1))": "line search cannot be -1",
    f"laplace_marginal_tol(counts, (m, y), 1, prior, {ALL}, (v, 1e-8, 9, 1, 9))": "cannot take",
    f"laplace_marginal(counts, (m, ), 1, prior, {ALL})": "needs a function `real counts\\(vector, vector\\)`",
    "laplace_marginal(counts, (m, y), 1, prior, (x, 1, 2, 3))": "needs a function `matrix prior\\(",
    f"laplace_marginal(prior, (m, y), 1, counts, {ALL})": "needs a function `real prior\\(",
}  # fmt: skip


@pytest.mark.parametrize("call", REFUSED)
def test_refused(call: str) -> None:
    with pytest.raises((ElaborationError, LanguageError), match=REFUSED[call]):
        model(call)
