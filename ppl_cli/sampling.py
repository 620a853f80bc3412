"""A model and options → draws by name: sample the unconstrained vector, then compute and draw everything else from it."""
from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from ppl_cli.inference.chains import sample
from ppl_cli.inference.options import SampleOptions
from ppl_cli.inference.quantities import forward, generate
from ppl_cli.inference.random import QUANTITIES
from ppl_cli.pipeline import unpack
from ppl_cli.results import Results

if TYPE_CHECKING:
    from ppl_cli.api import PplModel

Progress = Callable[[Any], None]


def sample_posterior(
    model: PplModel, options: SampleOptions | None, initial: Mapping[str, Any] | None, progress: Progress | None,
    more: Mapping[str, Any],
) -> Results:
    """NUTS on the unconstrained vector, then constrained parameters, transformed parameters and generated quantities."""
    options = replace(options or SampleOptions(), **more)
    density = model.pipeline.logp_grad
    names = tuple(model.pipeline.quantities)
    quantities = model.pipeline.drawn(names)  # its compilation goes on while the chains run
    start = None if initial is None else model.flatten(initial)
    draws = sample(density, options, start, model.worst_term, progress)
    values = generate(quantities, draws.draws, options.seed, options.cores)
    groups: dict[str, Mapping[str, np.ndarray]] = {
        "posterior": model.pipeline.unpack(names, values),
        "sample_stats": draws.statistics,
        "unconstrained_posterior": _unconstrained(model, draws.draws),
    }
    if options.save_warmup:
        warmup = generate(quantities, draws.warmup_draws, options.seed, options.cores, purpose=QUANTITIES + 1)
        groups["warmup_posterior"] = model.pipeline.unpack(names, warmup)
        groups["warmup_sample_stats"] = draws.warmup_statistics
    groups.update(_data_groups(model))
    attributes = {"sampling_time": draws.seconds, "seed": str(options.seed), "model_name": model.model.name, "model_code": model.model.source,
                  "tuning_steps": options.warmup}  # fmt: skip
    return Results(model.model, groups, attributes, draws.interrupted)


def sample_prior(model: PplModel, draws: int, seed: int) -> Results:
    """The forward reading, drawn `draws` times."""
    function, named = model.pipeline.forward_draw()
    arrays = unpack(named, forward(function, draws, seed)[None])
    groups = {
        "prior": {n: arrays[n] for n in model.pipeline.forward.prior},
        "prior_predictive": {n: arrays[n] for n in model.pipeline.forward.predictive},
        **_data_groups(model),
    }
    return Results(model.model, groups, {"seed": str(seed), "model_name": model.model.name})


def _unconstrained(model: PplModel, draws: np.ndarray) -> dict[str, np.ndarray]:
    """The value variables of each draw."""
    found, start = {}, 0
    for v in model.model.value_variables:
        found[str(v.name)] = draws[..., start : start + v.type.size].reshape(draws.shape[:-1] + v.shape)
        start += v.type.size
    return found


def _data_groups(model: PplModel) -> dict[str, dict[str, np.ndarray]]:
    observed = set(model.model.observed)
    return {
        "observed_data": {n: a for n, a in model.model.data.items() if n in observed},
        "constant_data": {n: a for n, a in model.model.data.items() if n not in observed},
    }
