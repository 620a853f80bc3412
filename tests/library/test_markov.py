"""Hidden Markov models: states are drawn with the probabilities that are computed for them."""
from __future__ import annotations

import numpy as np

from ppl_cli import load

PROGRAM = """data { matrix[2, 5] w; matrix[2, 2] G; vector[2] r; }
parameters { real x; }
model { x ~ normal(0, 1); }
generated quantities {
  array[5] int z = hmm_latent_rng(w + 0 * x, G, r);
  matrix[2, 5] p = hmm_hidden_state_prob(w, G, r);
  matrix[2, 2] both;
  for (j in 1:2) for (k in 1:2) both[j, k] = z[1] == j && z[2] == k;
}"""


def test_states_are_drawn_as_probable_as_they_are() -> None:
    w = np.random.default_rng(0).normal(size=(2, 5))
    gamma, rho = np.array([[0.8, 0.2], [0.3, 0.7]]), np.array([0.5, 0.5])
    draws = load(PROGRAM, data={"w": w.tolist(), "G": gamma.tolist(), "r": rho.tolist()}).sample(seed=1)
    z, p, both = (np.asarray(draws.groups["posterior"][name]) for name in ("z", "p", "both"))
    np.testing.assert_allclose((z == 1).mean((0, 1)), p[0, 0, 0], atol=0.03)
    later = np.exp(w[:, 4])
    for t in (3, 2):
        later = np.exp(w[:, t]) * (gamma @ later)
    joint = (rho * np.exp(w[:, 0]))[:, None] * gamma * (np.exp(w[:, 1]) * (gamma @ later))
    np.testing.assert_allclose(both.mean((0, 1)), joint / joint.sum(), atol=0.03)
