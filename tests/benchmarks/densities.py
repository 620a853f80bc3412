"""Log densities of 10^5 observations with gradients: `python tests/benchmarks/densities.py [STAN.so]` prints times and ratios.

By hand: functions of densities.c, compiled with the same flags. Stan: the library that stan_gradient.sh makes of densities.ppl. The programs
that are compared run in turns, and the least times count, so that other work on the machine disturbs both alike.
"""
from __future__ import annotations

import ctypes
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from gradients import Data, Gradient, Stan, compiled_gradient, least_times, pointer
from scipy.stats import gmean

from ppl_cli import load
from ppl_cli.compiler.build import FLAGS

HERE = Path(__file__).parent
N = 100_000
TURNS = 40
NAMES = (
    "normal", "student_t", "cauchy", "double_exponential", "lognormal", "exponential", "gamma", "inv_gamma", "weibull",
    "beta", "bernoulli", "bernoulli_logit", "binomial", "binomial_logit", "poisson", "poisson_log", "neg_binomial_2",
    "neg_binomial_2_log", "ordered_logistic", "normal_id_glm",
)  # fmt: skip
BY_HAND = {"normal": "y", "gamma": "w", "bernoulli_logit": "z"}  # and their observations


def observations() -> Data:
    rng = np.random.default_rng(0)
    trials = rng.integers(1, 20, N)
    return {
        "N": N, "x": rng.normal(size=N), "X": rng.normal(size=(N, 3)), "y": rng.normal(size=N),
        "w": rng.gamma(2.0, size=N), "u": rng.beta(2.0, 3.0, N), "z": rng.integers(0, 2, N), "trials": trials,
        "successes": rng.binomial(trials, 0.3), "counts": rng.negative_binomial(3, 0.4, N),
        "category": rng.integers(1, 5, N),
    }  # fmt: skip


class ByHand:
    """The functions of densities.c."""

    def __init__(self, folder: str) -> None:
        library = f"{folder}/densities.so"
        flags = [f for f in FLAGS if f not in ("-x", "c", "-")]
        subprocess.run(["cc", *flags, str(HERE / "densities.c"), "-o", library, "-w", "-lmvec", "-lm"], check=True)
        self.library = ctypes.CDLL(library)

    def gradient(self, name: str, data: Data, q: np.ndarray, out: np.ndarray) -> Gradient:
        function = self.library[f"{name}_by_hand"]
        function.restype = ctypes.c_double
        y, x = (np.ascontiguousarray(data[n], np.float64) for n in (BY_HAND[name], "x"))
        arrays = [y, x, np.array([x.sum(), np.log(np.maximum(y, 1e-300)).sum()])]
        pointers = [*map(pointer, arrays), pointer(q), pointer(out)]

        def program(keep: list[np.ndarray] = arrays) -> None:
            function(N, *pointers)

        return program


@dataclass(frozen=True)
class Times:
    """Microseconds of one gradient."""

    name: str
    ours: float
    by_hand: float | None
    stan: float | None

    def __str__(self) -> str:
        cells = [f"{self.name:20} {self.ours:8.1f}"]
        for other, ratio in ((self.by_hand, self.times_by_hand), (self.stan, self.times_faster_than_stan)):
            cells.append(" " * 17 if other is None else f"{other:10.1f} {ratio:6.2f}")
        return "".join(cells)

    @property
    def times_by_hand(self) -> float | None:
        return None if self.by_hand is None else self.ours / self.by_hand

    @property
    def times_faster_than_stan(self) -> float | None:
        return None if self.stan is None else self.stan / self.ours


def measure(which: int, data: Data, by_hand: ByHand, stan: Stan | None) -> Times:
    """The times for density number `which`; all programs must give the same gradient."""
    name, chosen = NAMES[which - 1], {**data, "which": which}
    model = load(HERE / "densities.ppl", chosen)
    q = np.linspace(-0.3, 0.4, model.size)
    gradients = {program: np.zeros(model.size) for program in ("ours", "by hand", "stan")}
    programs = {"ours": compiled_gradient(model, q, gradients["ours"])}
    if name in BY_HAND:
        programs["by hand"] = by_hand.gradient(name, chosen, q, gradients["by hand"])
    if stan:
        programs["stan"] = stan.gradient(chosen, q, gradients["stan"])
    least = least_times(programs, TURNS)
    for program in programs:
        np.testing.assert_allclose(gradients[program], gradients["ours"], rtol=1e-8, atol=1e-6)
    return Times(name, least["ours"], least.get("by hand"), least.get("stan"))


def main() -> None:
    stan = Stan(sys.argv[1]) if len(sys.argv) > 1 else None
    data, ratios = observations(), []
    print(f"{'density':20} {'us':>8}{'by hand':>10} {'ratio':>6}{'Stan':>10} {'ratio':>6}")
    with tempfile.TemporaryDirectory() as folder:
        by_hand = ByHand(folder)
        for which in range(1, len(NAMES) + 1):
            times = measure(which, data, by_hand, stan)
            print(times, flush=True)
            ratios.append(times.times_faster_than_stan)
    if stan:
        print(f"Stan takes {gmean(ratios):.1f} times as long (geometric mean)")


if __name__ == "__main__":
    main()
