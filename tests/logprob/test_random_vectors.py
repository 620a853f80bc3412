"""Random expressions that make vectors: walks, joined parts, elements, products with matrices, independent copies."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import scipy.stats as st

from ppl_cli import load
from ppl_cli.api import PplModel
from ppl_cli.language.diagnostics import NotSupported

FALSE_ALARM = 1e-5
Density = Callable[[np.ndarray], float]

MEAN, COVARIANCE = np.array([1.0, -1.0, 0.5]), np.array([[2.0, 0.5, 0.3], [0.5, 1.0, -0.2], [0.3, -0.2, 1.5]])
JOINT = "multi_normal([1, -1, 0.5]', [[2, 0.5, 0.3], [0.5, 1, -0.2], [0.3, -0.2, 1.5]])"
SQUARE, A = "[[1, 2, 0], [0, 1, -1], [1, 0, 3]]", np.array([[1.0, 2, 0], [0, 1, -1], [1, 0, 3]])
WIDE, W = "[[1, 2, 0], [0, 1, -1]]", np.array([[1.0, 2, 0], [0, 1, -1]])


def normal(y: np.ndarray, mu: object = 0.0, sigma: object = 1.0) -> float:
    return float(st.norm(mu, sigma).logpdf(y).sum())


def joint(y: np.ndarray, mean: np.ndarray = MEAN, covariance: np.ndarray = COVARIANCE) -> float:
    return float(st.multivariate_normal(mean, covariance).logpdf(y))


def exponential(y: np.ndarray, rate: float = 1.0) -> float:
    return float(st.expon(scale=1 / rate).logpdf(y).sum())


def lognormal(y: np.ndarray) -> float:
    return float(st.lognorm(1).logpdf(y).sum())


def steps(y: np.ndarray) -> np.ndarray:
    return np.diff(y, prepend=0.0)


def unmixed(y: np.ndarray, density: Density) -> float:
    """The density of A x at y, given that of x."""
    return density(np.linalg.solve(A, y)) - float(np.linalg.slogdet(A)[1])


def each(density: Density) -> Density:
    return lambda y: sum(map(density, y))


# The type of the left side, the random expression, and its log density.
EXPRESSIONS: list[tuple[str, str, Density]] = [
    ("vector[10]", "cumulative_sum(normal(rep_vector(0, 10), 1))", lambda y: normal(steps(y))),
    ("row_vector[3]", "cumulative_sum(student_t(4, [1, 2, 3], 1))",
     lambda y: st.t(4, [1, 2, 3]).logpdf(steps(y)).sum()),
    ("vector[3]", "exp(cumulative_sum(normal(rep_vector(0, 3), 1)))",
     lambda y: normal(steps(np.log(y))) - np.log(y).sum()),
    ("vector[4]", "cumulative_sum(append_row(exp(normal(0, 1)), normal(rep_vector(0, 3), 1)))",
     lambda y: lognormal(y[0]) + normal(np.diff(y))),
    ("vector[3]", "-cumulative_sum(append_row(normal(0, 1), exponential([2, 2]')))",
     lambda y: normal(y[0]) + exponential(-np.diff(y), 2)),
    ("vector[7]", "append_row(normal(rep_vector(0, 3), 1), normal(rep_vector(0, 4), 2))",
     lambda y: normal(y[:3]) + normal(y[3:], 0, 2)),
    ("vector[4]", "exp(append_row(normal(rep_vector(0, 3), 1), gamma(2, 3)))",
     lambda y: lognormal(y[:3]) + float(st.gamma(2, scale=1 / 3).logpdf(np.log(y[3])) - np.log(y[3]))),
    ("vector[4]", f"append_row({JOINT}, exponential(2))", lambda y: joint(y[:3]) + exponential(y[3], 2)),
    ("array[2] real", "{normal(0, 1), exponential(2)}", lambda y: normal(y[0]) + exponential(y[1], 2)),
    ("vector[2]", "[normal(0, 1), exponential(2)]'", lambda y: normal(y[0]) + exponential(y[1], 2)),
    ("matrix[2, 2]", "[[normal(0, 1), normal(1, 1)], [normal(2, 1), normal(3, 1)]]'",
     lambda y: normal(y, [[0, 2], [1, 3]])),
    ("array[3] real", "append_array({normal(0, 1)}, {exponential(2), normal(1, 2)})",
     lambda y: normal(y[0]) + exponential(y[1], 2) + normal(y[2], 1, 2)),
    ("real", "normal([1, 2, 3]', [1, 2, 3]')[2]", lambda y: normal(y, 2, 2)),
    ("vector[2]", "exp(normal([1, 2, 3]', 2))[2:3]", lambda y: normal(np.log(y), [2, 3], 2) - np.log(y).sum()),
    ("vector[3]", "reverse(normal([1, 2, 3]', [1, 2, 3]'))", lambda y: normal(y, [3, 2, 1], [3, 2, 1])),
    ("vector[2]", "append_row(normal(rep_vector(0, 3), 1), exponential([2, 2]'))[{4, 1}]",
     lambda y: exponential(y[0], 2) + normal(y[1])),
    ("vector[2]", "to_vector([[normal(0, 1), normal(1, 1)], [normal(2, 1), normal(3, 1)]])[2:3]",
     lambda y: normal(y, [2, 1])),
    ("vector[3]", f"reverse({JOINT})", lambda y: joint(y[::-1])),
    ("vector[2]", f"{JOINT}[{{3, 1}}]", lambda y: joint(y, MEAN[[2, 0]], COVARIANCE[np.ix_([2, 0], [2, 0])])),
    ("real", f"exp({JOINT})[2]", lambda y: normal(np.log(y), -1, 1) - float(np.log(y))),
    ("vector[3]", f"exp({JOINT})", lambda y: joint(np.log(y)) - np.log(y).sum()),
    ("vector[3]", f"[1, 2, 3]' .* {JOINT}", lambda y: joint(y / [1, 2, 3]) - np.log(6)),
    ("vector[2]", "cumulative_sum(normal(rep_vector(0, 10), 2))[{2, 7}]",
     lambda y: joint(y, np.zeros(2), np.array([[8.0, 8], [8, 28]]))),
    ("vector[3]", f"{SQUARE} * {JOINT} + [1, 2, 3]'", lambda y: joint(y, A @ MEAN + [1, 2, 3], A @ COVARIANCE @ A.T)),
    ("vector[3]", f"{SQUARE} * student_t(4, [1, 2, 3]', 2)",
     lambda y: unmixed(y, lambda x: st.t(4, [1, 2, 3], 2).logpdf(x).sum())),
    ("vector[2]", f"{WIDE} * {JOINT}", lambda y: joint(y, W @ MEAN, W @ COVARIANCE @ W.T)),
    ("vector[2]", f"{WIDE} * (2 * ({SQUARE} * normal([1, 2, 3]', 1)) - [1, 2, 3]')",
     lambda y: joint(y, W @ (2 * A @ [1, 2, 3] - [1, 2, 3]), 4 * W @ A @ A.T @ W.T)),
    ("row_vector[3]", f"normal([1, 2, 3], 2) * {SQUARE}", lambda y: joint(y, A.T @ [1, 2, 3], 4 * A.T @ A)),
    ("real", f"({SQUARE} * normal([1, 2, 3]', 2))[2]", lambda y: normal(y, -1, 2 * np.sqrt(2))),
    ("vector[3]", "-exponential(1)", lambda y: exponential(-y)),
    ("array[2] vector[3]", "cumulative_sum(normal(rep_vector(0, 3), 1))", each(lambda y: normal(steps(y)))),
    ("array[2] vector[3]", f"exp({JOINT})", each(lambda y: joint(np.log(y)) - np.log(y).sum())),
    ("array[2] vector[2]", f"{WIDE} * {JOINT}", each(lambda y: joint(y, W @ MEAN, W @ COVARIANCE @ W.T))),
]  # fmt: skip


def model_of(declared: str, expression: str) -> PplModel:
    return load(f"parameters {{ {declared} y; }} model {{ y ~ {expression}; }}")


def draws_of(declared: str, expression: str, draws: int, seed: int = 1) -> np.ndarray:
    return model_of(declared, expression).prior(draws=draws, seed=seed)["prior"]["y"][0]


@pytest.mark.parametrize(("declared", "expression", "density"), EXPRESSIONS, ids=[e for _, e, _ in EXPRESSIONS])
def test_density_and_gradient(declared: str, expression: str, density: Density) -> None:
    model = model_of(declared, expression)
    for y in model.prior(draws=5, seed=1)["prior"]["y"][0]:
        q = model.flatten({"y": y})
        found, gradient = model.logp_grad(q)
        assert found == pytest.approx(density(y), rel=1e-10, abs=1e-10)
        h = 1e-6
        slopes = [(model.logp_grad(q + h * e)[0] - model.logp_grad(q - h * e)[0]) / (2 * h) for e in np.eye(q.size)]
        np.testing.assert_allclose(gradient, slopes, rtol=1e-4, atol=1e-5)


def test_a_walk_by_hand() -> None:
    walk = model_of("vector[10]", "cumulative_sum(normal(rep_vector(0, 10), 1))")
    assert walk.logp({"y": np.arange(10.0)}) == pytest.approx(-5 * np.log(2 * np.pi) - 9 / 2, rel=1e-14)


# The type of the left side, the random expression, a number that is computed of a draw, and its law.
STATISTICS: list[tuple[str, str, Callable[[np.ndarray], np.ndarray], st.rv_continuous]] = [
    ("vector[9]", "cumulative_sum(normal(rep_vector(0, 9), 2))", lambda y: y[:, 8], st.norm(0, 6)),
    ("vector[3]", "append_row(normal([1, 2]', 1), exponential(2))", lambda y: y[:, 2], st.expon(scale=0.5)),
    ("vector[2]", f"{WIDE} * {JOINT}", lambda y: y[:, 0], st.norm(-1, np.sqrt(8))),
    ("vector[2]", f"{JOINT}[{{3, 1}}]", lambda y: y[:, 0] + y[:, 1], st.norm(1.5, np.sqrt(4.1))),
    ("vector[4]", "exp(normal(0, 1))", lambda y: np.log(y).sum(1), st.norm(0, 2)),
    ("matrix[2, 2]", "exp(normal(0, 1))", lambda y: np.log(y).sum((1, 2)), st.norm(0, 2)),
    ("array[2] vector[2]", "cumulative_sum(normal([0, 0]', 1))", lambda y: y[:, 0, 1] - y[:, 1, 1], st.norm(0, 2)),
    ("vector[4]", "-exponential(1)", lambda y: -y.sum(1), st.gamma(4)),
]  # fmt: skip


@pytest.mark.parametrize(("declared", "expression", "statistic", "law"), STATISTICS, ids=[e for _, e, *_ in STATISTICS])
def test_draws(
    declared: str, expression: str, statistic: Callable[[np.ndarray], np.ndarray], law: st.rv_continuous
) -> None:
    assert st.kstest(statistic(draws_of(declared, expression, 3000)), law.cdf).pvalue > FALSE_ALARM


def test_copies_are_drawn_independently() -> None:
    draws = draws_of("vector[3]", "normal([-5, 0, 5]', 1)[categorical([0.2, 0.3, 0.5]')]", 4000)
    correlations = np.corrcoef(draws.T)[np.triu_indices(3, 1)]
    assert (np.abs(correlations) < st.norm.isf(FALSE_ALARM) / np.sqrt(4000)).all()


def test_copies_in_a_loop_over_groups() -> None:
    """A scalar for the vector of each iteration: its parameters are the iteration's, its elements are drawn anew."""
    model = load("parameters { array[2] vector[3] y; } model { for (n in 1:2) y[n] ~ exp(normal(n, 1)); }")
    logs = np.log(model.prior(draws=3000, seed=2)["prior"]["y"][0])
    spread = np.corrcoef(logs.reshape(-1, 6).T)[np.triu_indices(6, 1)]
    assert (np.abs(spread) < st.norm.isf(FALSE_ALARM) / np.sqrt(3000)).all()
    np.testing.assert_allclose(logs.mean((0, 2)), [1, 2], atol=st.norm.isf(FALSE_ALARM) / np.sqrt(9000))


REFUSED = [
    ("vector[2]", "rep_vector(normal(0, 1), 2)", "BroadcastTo"),
    ("vector[2]", "normal(0, 1) + [1, 2]'", "add"),
    ("vector[2]", "append_row(1, exp(normal([0]', 1)))", "not random, a point mass"),
    ("vector[2]", "normal([1, 2, 3]', 1)[{1, 1}]", "chosen twice"),
    ("vector[3]", f"abs({JOINT})", "abs"),
    ("vector[2]", "dirichlet([1, 2, 3]')[1:2]", "dirichlet"),
    ("real", "cumulative_sum(exponential([1, 2]'))[2]", "exponential"),
    ("vector[2]", f"{WIDE} * exp({JOINT})", "exp"),
    ("vector[3]", f"{WIDE}' * normal([0, 0]', 1)", "more rows than columns"),
]


@pytest.mark.parametrize(("declared", "expression", "message"), REFUSED, ids=[e for _, e, _ in REFUSED])
def test_what_cannot_be_derived_is_named(declared: str, expression: str, message: str) -> None:
    with pytest.raises(NotSupported, match=message) as refused:
        model_of(declared, expression).logp_grad(np.zeros(3))
    assert "model.ppl:1:" in str(refused.value)


def test_parts_that_share_a_draw_are_refused() -> None:
    shared = "functions { vector twice(real x) { return [x, 2 * x]'; } } "
    model = load(shared + "parameters { vector[2] y; } model { y ~ twice(normal(0, 1)); }")
    with pytest.raises(NotSupported, match="not independent"):
        model.logp_grad(np.zeros(2))


def test_a_random_parameter_is_refused() -> None:
    with pytest.raises(NotSupported, match="a random value as a parameter of `normal`"):
        model_of("real", "exp(normal(exp(normal(0, 1)), 1))")
