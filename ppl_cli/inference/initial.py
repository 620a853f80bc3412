"""Start points on the unconstrained scale: given ones, or random ones with a finite density and gradient."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ppl_cli.errors import OptionError, RunError
from ppl_cli.inference.function import Function
from ppl_cli.inference.options import SampleOptions
from ppl_cli.inference.random import INITIAL_POINTS, stream

TRIES = 100

# What to say of a point where the density or its gradient is not finite: which statement is to blame.
Explain = Callable[[np.ndarray], str]


def random_points(density: Function, options: SampleOptions, explain: Explain | None = None) -> np.ndarray:
    """One point [chain, dim] for each chain, uniform on (-init, init): the first of 100 that has a finite density."""
    points = np.zeros((options.chains, density.n_in))
    tries = TRIES if options.init > 0 and density.n_in else 1
    for chain, point in enumerate(points):
        generator = np.random.Generator(np.random.Philox(key=[options.seed, stream(chain, INITIAL_POINTS)]))
        for _ in range(tries):
            point[:] = generator.uniform(-options.init, options.init, density.n_in)
            if is_finite(density, point):
                break
        else:
            message = f"no start point within ±{options.init:g} of the origin of the unconstrained scale has a finite"
            raise _no_start(f"{message} log density and gradient ({tries} tried)", point, explain)
    return points


def given_points(
    density: Function, options: SampleOptions, points: np.ndarray, explain: Explain | None = None
) -> np.ndarray:
    """`points`, [dim] for all chains or [chain, dim], checked."""
    dim = density.n_in
    if points.shape not in ((dim,), (options.chains, dim)):
        raise OptionError(f"start points need the shape [{dim}] or [{options.chains}, {dim}], not {list(points.shape)}")
    points = np.array(np.broadcast_to(points, (options.chains, dim)), dtype=np.float64)
    for chain, point in enumerate(points):
        if not is_finite(density, point):
            message = f"the start point of chain {chain + 1} has no finite log density and gradient"
            raise _no_start(message, point, explain)
    return points


def is_finite(density: Function, point: np.ndarray) -> bool:
    lp, gradient = density(point)
    return bool(np.isfinite(lp) and np.isfinite(gradient).all())


def _no_start(message: str, point: np.ndarray, explain: Explain | None) -> RunError:
    return RunError(f"{message}\n{explain(point)}" if explain else message)
