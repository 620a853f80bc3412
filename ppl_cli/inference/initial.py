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

# What to say of a point, with the values that updates move behind it, where the density or its gradient is not finite:
# which statement is to blame.
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
            start = _settled(density, options, updates, generator, point, chain)
            if is_finite(density, start):
                break
        else:
            message = f"no start point within ±{options.init:g} of the origin of the unconstrained scale has a finite"
            raise _no_start(f"{message} log density and gradient ({tries} tried)", start, updates, explain)
        found.append(start)
    return found


def _generator(options: SampleOptions, chain: int) -> np.random.Generator:
    return np.random.Generator(np.random.Philox(key=[options.seed, stream(chain, INITIAL_POINTS)]))


def _settled(
    density: Function, options: SampleOptions, updates: Updates | None, generator: np.random.Generator,
    point: np.ndarray, chain: int,
) -> Start:
    """The point with a first state of the updates, moved to where there is a density, if that succeeds."""
    if updates is None:
        return Start(point, np.zeros(0))
    start = Start(point, updates.first(generator, options.warmup))
    random: np.ndarray | None = new_state(options.seed, chain, UPDATES, 1)
    for _ in range(MOVES):
        if is_finite(density, start):
            break
        start = Start(point, updates.function(point, random, start.state)[1])
        random = None  # go on in the same stream
    return start


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
        start = _settled(density, options, updates, _generator(options, chain), point, chain)
        if not is_finite(density, start):
            message = f"the start point of chain {chain + 1} has no finite log density and gradient"
            raise _no_start(message, start, updates, explain)
        found.append(start)
    return found


def is_finite(density: Function, start: Start) -> bool:
    """Whether there is a density, and its gradient."""
    lp, gradient = density(start.point, None, start.state) if start.state.size else density(start.point)
    return bool(np.isfinite(lp) and np.isfinite(gradient).all())


def _no_start(message: str, start: Start, updates: Updates | None, explain: Explain | None) -> RunError:
    values = start.state[: updates.values if updates is not None else 0]
    return RunError(f"{message}\n{explain(np.concatenate([start.point, values]))}" if explain else message)
