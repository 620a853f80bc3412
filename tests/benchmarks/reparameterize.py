"""Centered programs as written, with `--reparameterize auto`, and with `--sampler auto`:
`python tests/benchmarks/reparameterize.py MODEL:DATA...`

Prints the divergences, the gradients (those of the warmup and the pilot included), the least effective sample size of
the parameters, it per 1000 gradients after warmup, and by how many standard errors their means differ most, from those
of a long run of a third program if one is given (MODEL:DATA:OTHER), else between the two.
"""
from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from arviz_stats.base import array_stats

from ppl_cli import load
from ppl_cli.api import PplModel
from ppl_cli.updates.plan import Samplers

SEED = 1
LONG = 5000


@dataclass(frozen=True)
class Run:
    """What a run has cost and given; `estimates` are mean and standard error of each element of the parameters."""

    divergences: int
    gradients: int
    after_warmup: int
    least_ess: float
    estimates: dict[str, tuple[float, float]]

    @property
    def ess_per_gradient(self) -> float:
        return 1000 * self.least_ess / max(self.after_warmup, 1)


def elements(names: Iterable[str], draws: Mapping[str, np.ndarray]) -> Iterator[tuple[str, np.ndarray]]:
    """Each element of what has these names, with its draws [chain, draw]."""
    for name in names:
        whole = draws[name].reshape(*draws[name].shape[:2], -1)
        yield from ((f"{name}[{k + 1}]", whole[..., k]) for k in range(whole.shape[-1]))


def run(model: PplModel, draws: int = 1000, pilot: int = 0) -> Run:
    found = model.sample(seed=SEED, draws=draws, save_warmup=True)
    after = int(found["sample_stats"]["n_steps"].sum())
    parameters = [p.name for p in model.pipeline.unknowns]
    ess, estimates = [], {}
    for name, values in elements([*parameters, *model.model.transformed], found["posterior"]):
        if name.partition("[")[0] in parameters:
            tail = array_stats.ess(values, chain_axis=0, draw_axis=1, method="tail", prob=(0.05, 0.95))
            ess.append(min(float(array_stats.ess(values, chain_axis=0, draw_axis=1)), float(tail)))
        error = values.std() / np.sqrt(array_stats.ess(values, chain_axis=0, draw_axis=1, method="mean"))
        estimates[name] = float(values.mean()), float(error)
    total = after + int(found["warmup_sample_stats"]["n_steps"].sum()) + pilot
    return Run(int(found["sample_stats"]["diverging"].sum()), total, after, min(ess), estimates)


def difference(one: Run, other: Run) -> float:
    """The largest difference of means in standard errors."""
    pairs = [(one.estimates[n], other.estimates[n]) for n in one.estimates if n in other.estimates]
    return max(abs(a - b) / np.hypot(e, f) for (a, e), (b, f) in pairs)


def main() -> None:
    for argument in sys.argv[1:]:
        program, data, *twin = argument.split(":")
        model = load(program, data)
        other = model.reparameterized("auto", SEED)
        pilot = next(int(line.split()[1]) for line in other.choices if line.startswith("pilot: "))
        integrated = model.assigned(Samplers(continuous="auto"))
        before, after, drawn = run(model), run(other, pilot=pilot), run(integrated)
        reference = run(load(twin[0], data), draws=LONG) if twin else before
        print(program, *(f"  {line}" for line in other.choices if "Fisher" in line or "pilot" in line), sep="\n")
        print("  integrated out:", ", ".join(p.name for p in integrated.model.integrated) or "nothing")
        for name, found in (("as written", before), ("auto", after), ("integrated", drawn)):
            print(
                f"  {name:10} {found.divergences:5} divergences {found.gradients:8} gradients  least ESS "
                f"{found.least_ess:6.0f}  {found.ess_per_gradient:7.2f} per 1000 gradients  "
                f"means differ by {difference(found, reference):4.1f} standard errors"
            )
        print(f"  ratio {after.ess_per_gradient / before.ess_per_gradient:.1f}", flush=True)


if __name__ == "__main__":
    main()
