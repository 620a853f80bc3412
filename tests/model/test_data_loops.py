"""Long loops over data are compiled; they mean what they mean when they are run one step after the other."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from ppl_cli import load
from ppl_cli.language.diagnostics import LanguageError
from ppl_cli.model import loops

PROGRAM = """
functions {
  int steps(int start) { int n = start; int k = 0; while (n > 1) { n = n % 2 ? 3 * n + 1 : n %/% 2; k += 1; } return k; }
  int first(int limit) { for (i in 1:100000) if (i * i > limit) return i; return -1; }
}
transformed data {
  int seen = 0;
  vector[7] v = rep_vector(0, 7);
  array[7] int last;
  real s = 0;
  for (i in 1:3000) {
    int k = steps(i);
    if (k > 100) continue;
    if (i > 2900) break;
    seen += 1;
    v[1 + k % 7] += i;
    last[1 + k % 7] = i;
    s += sqrt(v[1]) / i;
  }
  int f = first(1234567);
  for (x in v) s += x;
}
parameters { real x; }
model { target += x * (s + seen + sum(v) + sum(last) + f); }
"""


def meaning() -> float:
    v, last, seen, s = np.zeros(7), np.zeros(7), 0, 0.0
    for i in range(1, 3001):
        n, k = i, 0
        while n > 1:
            n, k = (3 * n + 1 if n % 2 else n // 2), k + 1
        if k > 100:
            continue
        if i > 2900:
            break
        seen += 1
        v[k % 7] += i
        last[k % 7] = i
        s += np.sqrt(v[0]) / i
    return s + v.sum() + seen + v.sum() + last.sum() + 1112


@pytest.mark.parametrize("impatient", [False, True])
def test_meaning(impatient: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if impatient:  # every loop of more than a few iterations is compiled
        asked: dict[int, int] = {}

        def is_over(patience: loops.Patience) -> bool:
            asked[id(patience)] = asked.get(id(patience), 0) + 1
            return patience.iterations > 1000 and asked[id(patience)] == 3

        monkeypatch.setattr(loops.Patience, "is_over", is_over)
    assert load(PROGRAM).logp_grad(np.ones(1))[0] == pytest.approx(meaning(), rel=1e-12)


def test_an_index_out_of_range_has_its_place() -> None:
    program = """transformed data {
  vector[1000] v;
  for (i in 1:2000000) {
    int j = i;
    while (j > 1000 + (i > 1900000)) j -= 1000;
    v[j] = i;
  }
}"""
    with pytest.raises(LanguageError, match=r"6:7: error: index 1001 is out of range: the size is 1000"):
        load(program)


def test_integers_do_not_overflow_silently() -> None:
    with pytest.raises(LanguageError, match="does not fit into 64 bits"):
        load("transformed data { int n = 1; for (i in 1:70) n *= 2; }")


@pytest.mark.parametrize("n", [100, 5000])  # the parts that data decide: interpreted, compiled
def test_counters_and_filters_are_tables(n: int) -> None:
    rng = np.random.default_rng(0)
    data = {"N": n, "x": rng.normal(size=n), "y": rng.normal(size=n)}
    model = load(
        """
        data { int N; vector[N] x; vector[N] y; }
        parameters { real a; real<lower=0> s; }
        model {
          int k = 0; real c = 0.5;
          for (n in 1:N) { k += 1; c = 0.9 * c + x[n]; y[k] ~ normal(a + c, s); }
        }
        """,
        data=data,
    )
    c, filtered = 0.5, []
    for value in data["x"]:
        c = 0.9 * c + value
        filtered.append(c)
    expected = stats.norm.logpdf(data["y"], 0.3 + np.array(filtered), 1.5).sum() + np.log(1.5)
    np.testing.assert_allclose(model.logp_grad(np.array([0.3, np.log(1.5)]))[0], expected, rtol=1e-12)
