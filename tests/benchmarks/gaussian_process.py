"""The gradient of a Gaussian process with more and more points: `python tests/benchmarks/gaussian_process.py [STAN.so]` prints
times and ratios. Stan: the library that stan_gradient.sh makes of gaussian_process.ppl.
"""
from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from gradients import Stan, compiled_gradient, least_times

from ppl_cli import load

SIZES = (20, 50, 100, 200, 400)
MULTIPLICATIONS = 2e9  # of which about so many are spent on each size


def main() -> None:
    stan = Stan(sys.argv[1]) if len(sys.argv) > 1 else None
    print(f"{'points':>6} {'us':>9}{'Stan':>10} {'ratio':>6}")
    for n in SIZES:
        rng = np.random.default_rng(1)
        x = np.sort(rng.uniform(-3, 3, n))
        data = {"N": n, "x": x, "y": np.sin(x) + 0.3 * rng.normal(size=n)}
        q, ours, theirs = np.array([0.1, 0.2, -1.0]), np.zeros(3), np.zeros(3)
        programs = {"ours": compiled_gradient(load(Path(__file__).with_suffix(".ppl"), data), q, ours)}
        if stan:
            programs["stan"] = stan.gradient(data, q, theirs)
        least = least_times(programs, max(20, int(MULTIPLICATIONS / n**3 / 10)))
        line = f"{n:6} {least['ours']:9.0f}"
        if stan:
            np.testing.assert_allclose(ours, theirs, rtol=1e-8)
            line += f"{least['stan']:10.0f} {least['stan'] / least['ours']:6.2f}"
        print(line, flush=True)


if __name__ == "__main__":
    main()
