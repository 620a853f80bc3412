"""The generator agrees with its paper, and its draws with their laws."""

from __future__ import annotations

import ctypes

import numpy as np
import pytest
from scipy import stats

from ppl_cli.inference import random

N = 20_000
ENOUGH = 1e-3  # smallest p value of a fixed stream that is not suspicious


def draws(name: str, a: float = 0.0, b: float = 0.0, n: int = N) -> np.ndarray:
    call = ctypes.CFUNCTYPE(ctypes.c_double, ctypes.c_void_p, ctypes.c_double, ctypes.c_double)
    draw, state = call(random.primitive_address(name)), random.new_state(12, 0, random.QUANTITIES)
    return np.array([draw(state.ctypes.data, a, b) for _ in range(n)])


# Known answers of philox4x32-10 that come with the authors' library, Random123: counter, key, result.
KNOWN = [
    ("00000000 00000000 00000000 00000000", "00000000 00000000", "6627e8d5 e169c58d bc57ac4c 9b00dbd8"),
    ("ffffffff ffffffff ffffffff ffffffff", "ffffffff ffffffff", "408f276d 41c83b0e a20bc7c6 6d5451fd"),
    ("243f6a88 85a308d3 13198a2e 03707344", "a4093822 299f31d0", "d16cfe09 94fdcceb 5001e420 24126ea1"),
]


@pytest.mark.parametrize(("counter", "key", "expected"), KNOWN)
def test_philox_gives_the_known_answers(counter: str, key: str, expected: str) -> None:
    def join(text: str) -> list[np.uint64]:
        words = [int(w, 16) for w in text.split()]
        return [np.uint64(low | high << 32) for low, high in zip(words[::2], words[1::2], strict=True)]

    low, high = join(counter)
    assert random.philox(join(key)[0], high, low) == tuple(join(expected))


@pytest.mark.parametrize(
    ("name", "a", "law"),
    [
        ("uniform", 0.0, stats.uniform()),
        ("std_normal", 0.0, stats.norm()),
        ("std_gamma", 0.05, stats.gamma(0.05)),
        ("std_gamma", 1.0, stats.gamma(1.0)),
        ("std_gamma", 37.5, stats.gamma(37.5)),
    ],
)
def test_continuous_draws_follow_their_law(name: str, a: float, law: stats.rv_continuous) -> None:
    assert stats.kstest(draws(name, a), law.cdf).pvalue > ENOUGH


@pytest.mark.parametrize(
    ("name", "a", "b", "law"),
    [
        ("poisson", 0.3, 0.0, stats.poisson(0.3)),
        ("poisson", 9.9, 0.0, stats.poisson(9.9)),
        ("poisson", 10.0, 0.0, stats.poisson(10.0)),
        ("poisson", 1234.5, 0.0, stats.poisson(1234.5)),
        ("binomial", 7, 0.3, stats.binom(7, 0.3)),
        ("binomial", 7, 0.9, stats.binom(7, 0.9)),
        ("binomial", 40, 0.25, stats.binom(40, 0.25)),
        ("binomial", 5000, 0.7, stats.binom(5000, 0.7)),
    ],
)
def test_discrete_draws_follow_their_law(name: str, a: float, b: float, law: stats.rv_discrete) -> None:
    found = draws(name, a, b)
    edges = np.unique(law.ppf(np.linspace(0, 1, 21)[1:-1]))
    counts = np.bincount(np.searchsorted(edges, found), minlength=len(edges) + 1)
    expected = N * np.diff(np.concatenate([[0], law.cdf(edges), [1]]))
    assert stats.chisquare(counts[expected > 0], expected[expected > 0]).pvalue > ENOUGH


@pytest.mark.parametrize(
    ("name", "a", "b", "value"),
    [
        ("poisson", 0, 0, 0),
        ("binomial", 0, 0.5, 0),
        ("binomial", 9, 0, 0),
        ("binomial", 9, 1, 9),
        ("std_gamma", 0, 0, 0),
    ],
)
def test_degenerate_laws_have_one_value(name: str, a: float, b: float, value: float) -> None:
    assert set(draws(name, a, b, 10)) == {value}


@pytest.mark.parametrize(
    ("name", "a", "b"),
    [("poisson", -1, 0), ("poisson", np.nan, 0), ("binomial", 5, 1.5), ("binomial", -1, 0.5), ("std_gamma", -1, 0)],
)
def test_impossible_parameters_give_nan(name: str, a: float, b: float) -> None:
    assert np.isnan(draws(name, a, b, 1)[0])


def test_streams_differ_by_seed_chain_purpose_and_draw() -> None:
    keys = [(1, 0, 1, 0), (2, 0, 1, 0), (1, 1, 1, 0), (1, 0, 2, 0), (1, 0, 1, 1)]
    first = {float(random.uniform(random.new_state(*key))) for key in keys}
    assert len(first) == len(keys)
