"""Draws in the transformed data block: known afterwards, the same for one seed."""

from __future__ import annotations

import numpy as np
import pytest

from ppl_cli import load
from ppl_cli.api import PplModel
from ppl_cli.language.diagnostics import ElaborationError

PROGRAM = """
functions { real twice_rng(real m) { return 2 * normal_rng(m, 1); } }
transformed data {
  int N = 5 + poisson_rng(3);
  array[N] real x;
  for (n in 1:N) x[n] = twice_rng(n);
  int M = 1;
  while (uniform_rng(0, 1) < 0.9) M += 1;
  vector[M] many = to_vector(normal_rng(rep_vector(0, M), 1));
}
parameters { real mu; }
transformed parameters { array[N] real same = x; int_holder }
model { x ~ normal(mu, 1); }
"""


def drawn(seed: int) -> PplModel:
    return load(PROGRAM.replace("int_holder", "vector[M] all = many;"), seed=seed)


def test_one_seed_is_one_data_set() -> None:
    first, again, other = (drawn(seed).transformed_values(np.zeros(1)) for seed in (1, 1, 2))
    for name in first:
        np.testing.assert_array_equal(first[name], again[name])
    assert first["same"].shape != other["same"].shape or (first["same"] != other["same"]).any()


def test_draws_have_the_law_that_the_program_says() -> None:
    model = load(
        """
        transformed data { array[20000] real x; for (n in 1:20000) x[n] = gamma_rng(3, 2); }
        parameters { real mu; } transformed parameters { real m = mean(x); real s = sd(x); } model { mu ~ normal(m, s); }
        """,
        seed=3,
    )
    found = model.transformed_values(np.zeros(1))
    assert abs(found["m"] - 1.5) < 5 * np.sqrt(0.75 / 20000)
    assert abs(found["s"] - np.sqrt(0.75)) < 0.05


def test_prints_and_rejections_are_located(capsys: pytest.CaptureFixture[str]) -> None:
    text = """
transformed data {
  real x = std_normal_rng();
  for (i in 1:2) print("draw ", i, " positive: ", normal_rng(100, 1) > 0);
  for (i in 1:3) {
    if (normal_rng(i, 0.001) > 2.5) reject("too large in round ", i);
  }
}
parameters { real mu; }
model { mu ~ normal(0, 1); }
"""
    with pytest.raises(ElaborationError, match="too large in round 3") as raised:
        load(text)
    assert "model.ppl:6:37" in str(raised.value)
    assert capsys.readouterr().err == "draw 1 positive: 1\ndraw 2 positive: 1\n"
