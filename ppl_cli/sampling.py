"""A model and options → draws by name: sample the unconstrained vector, then compute and draw everything else from
it."""
from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from ppl_cli.inference.chains import sample
from ppl_cli.inference.options import SampleOptions
from ppl_cli.inference.quantities import Generated, forward, generate
from ppl_cli.inference.random import WARMUP_QUANTITIES
from ppl_cli.language.diagnostics import error
from ppl_cli.model.model import Model
from ppl_cli.model.sites import Site
from ppl_cli.pipeline import unpack
from ppl_cli.results import Results

if TYPE_CHECKING:
    from ppl_cli.api import PplModel

Progress = Callable[[Any], None]


def sample_posterior(
    model: PplModel, options: SampleOptions | None, initial: Mapping[str, Any] | None, progress: Progress | None,
    more: Mapping[str, Any],
) -> Results:
    """NUTS on the unconstrained vector, and other steps for what it does not move; then constrained parameters,
    transformed parameters and generated quantities."""
    options = replace(options or SampleOptions(), **more)
    compound = model.compound
    density = compound.density
    names = tuple(model.pipeline.quantities)
    quantities = model.pipeline.drawn(names, reporting=True)  # its compilation goes on while the chains run
    start = None if initial is None else model.flatten(initial)
    updates = compound.updates(start) if compound.moves else None
    point = None if start is None else compound.point(start)
    draws = sample(density, options, point, lambda q: model.worst_term(compound.whole(q)), progress, updates)
    rows = compound.whole(draws.draws)
    done = generate(quantities, rows, options.seed, options.cores)
    groups: dict[str, Mapping[str, np.ndarray]] = {
        "posterior": _without_failed(model, model.pipeline.unpack(names, done.values), done),
        "sample_stats": draws.statistics,
        "unconstrained_posterior": _unconstrained(model, rows),
    }
    if options.save_warmup:
        before = compound.whole(draws.warmup_draws)
        warmup = generate(quantities, before, options.seed, options.cores, purpose=WARMUP_QUANTITIES)
        groups["warmup_posterior"] = _without_failed(model, model.pipeline.unpack(names, warmup.values), warmup)
        groups["warmup_sample_stats"] = draws.warmup_statistics
    groups.update(_data_groups(model))
    attributes = {
        "sampling_time": draws.seconds, "seed": str(options.seed), "tuning_steps": options.warmup,
        "model_name": model.model.name, "model_code": model.model.source,
    }  # fmt: skip
    printed, failures = messages(model.model, done)
    if draws.refused_moves:
        moved = ", ".join(f"`{a.name}`" for a in compound.assignments if a.step in ("gibbs", "metropolis"))
        failures += (f"error: {draws.refused_moves} moves of {moved} were not made: the density is not a number there",)
    return Results(model.model, groups, attributes, draws.interrupted, printed, failures)


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


def _without_failed(model: PplModel, arrays: dict[str, np.ndarray], done: Generated) -> dict[str, np.ndarray]:
    """NaN for the generated quantities of draws where they could not be computed (the smallest int for ints)."""
    if done.failed.any():
        for name in model.model.generated:
            unset = np.nan if arrays[name].dtype.kind == "f" else np.iinfo("int64").min
            arrays[name] = arrays[name].copy()
            arrays[name][done.failed] = unset
    return arrays


def messages(model: Model, done: Generated) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What the program printed, a line each, and what failed, a message for each place in the program."""
    printed: list[str] = []
    first: dict[Site, str] = {}
    for _, record in sorted(done.records, key=lambda r: (r[0], r[1].row)):
        site = model.sites[record.site]
        if site.kind == "print":
            printed.append(site.message(record.numbers))
        else:
            first.setdefault(site, site.message(record.numbers))
    if done.dropped:
        printed.append(f"({done.dropped} more are left out)")
    count, total = int(done.failed.sum()), done.failed.size
    failures = []
    for site, text in first.items():
        said = f"the program rejects: {text}" if site.kind in ("reject", "fatal_error") else text
        failures.append(error(f"in generated quantities, {said}", site.span).render())
    if count:
        failures.append(
            f"error: generated quantities could not be computed in {count} of {total} draws: they are NaN there"
        )
    return tuple(printed), tuple(failures)


def _unconstrained(model: PplModel, draws: np.ndarray) -> dict[str, np.ndarray]:
    """The value variables of each draw."""
    return {str(p.value.name): draws[..., p.positions] for p in model.model.parameters}


def _data_groups(model: PplModel) -> dict[str, dict[str, np.ndarray]]:
    observed = set(model.model.observed)
    return {
        "observed_data": {n: a for n, a in model.model.data.items() if n in observed},
        "constant_data": {n: a for n, a in model.model.data.items() if n not in observed},
    }
