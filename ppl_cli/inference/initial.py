"""Start points on the unconstrained scale: given ones, or random ones with a finite density and gradient."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ppl_cli.errors import OptionError, RunError
from ppl_cli.inference.function import Function
from ppl_cli.inference.options import SampleOptions
from ppl_cli.inference.random import INITIAL_POINTS, UPDATES, new_state, stream
from ppl_cli.inference.updates import Updates

TRIES = 100
MOVES = 50  # of a state that has no density yet, towards one that has

# What to say of a point where the density or its gradient is not finite: which statement is to blame.
Explain = Callable[[np.ndarray], str]


@dataclass(frozen=True)
class Start:
    """Where a chain starts: a point [dim], and the state that updates move, empty without any."""

    point: np.ndarray
    state: np.ndarray


def random_points(
    density: Function, options: SampleOptions, explain: Explain | None = None, updates: Updates | None = None
) -> list[Start]:
    """One start for each chain, uniform on (-init, init): the first of 100 that has a finite density."""
    found = []
    tries = TRIES if (options.init > 0 and density.n_in) or updates is not None else 1
    for chain in range(options.chains):
        generator = _generator(options, chain)
        for _ in range(tries):
            point = generator.uniform(-options.init, options.init, density.n_in)
            state = _first_state(density, options, updates, generator, point, chain)
            if state is not None:
                break
        else:
            message = f"no start point within ±{options.init:g} of the origin of the unconstrained scale has a finite"
            raise _no_start(f"{message} log density and gradient ({tries} tried)", point, explain)
        found.append(Start(point, state))
    return found


def _generator(options: SampleOptions, chain: int) -> np.random.Generator:
    return np.random.Generator(np.random.Philox(key=[options.seed, stream(chain, INITIAL_POINTS)]))


def _first_state(
    density: Function, options: SampleOptions, updates: Updates | None, generator: np.random.Generator,
    point: np.ndarray, chain: int,
) -> np.ndarray | None:
    """A state of the updates at which there is a density, moved there if need be; None if that does not succeed."""
    if updates is None:
        return np.zeros(0) if is_finite(density, point) else None
    state = updates.first(generator, options.warmup)
    random: np.ndarray | None = new_state(options.seed, chain, UPDATES, 1)
    for _ in range(MOVES):
        if is_finite(density, point, state):
            return state
        _, state = updates.function(point, random, state)
        random = None  # go on in the same stream
    return None


def given_points(
    density: Function, options: SampleOptions, points: np.ndarray, explain: Explain | None = None,
    updates: Updates | None = None,
) -> list[Start]:
    """`points`, [dim] for all chains or [chain, dim], checked."""
    dim = density.n_in
    if points.shape not in ((dim,), (options.chains, dim)):
        raise OptionError(f"start points need the shape [{dim}] or [{options.chains}, {dim}], not {list(points.shape)}")
    points = np.array(np.broadcast_to(points, (options.chains, dim)), dtype=np.float64)
    found = []
    for chain, point in enumerate(points):
        state = _first_state(density, options, updates, _generator(options, chain), point, chain)
        if state is None:
            message = f"the start point of chain {chain + 1} has no finite log density and gradient"
            raise _no_start(message, point, explain)
        found.append(Start(point, state))
    return found


def is_finite(density: Function, point: np.ndarray, state: np.ndarray | None = None) -> bool:
    """Whether there is a density, and its gradient; `state` is what the density is given besides the point."""
    lp, gradient = density(point) if state is None else density(point, None, state)
    return bool(np.isfinite(lp) and np.isfinite(gradient).all())


def _no_start(message: str, point: np.ndarray, explain: Explain | None) -> RunError:
    return RunError(f"{message}\n{explain(point)}" if explain else message)
