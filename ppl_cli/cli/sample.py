"""`ppl sample`: a model file becomes a file of draws from its posterior."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any

import click

from ppl_cli.cli.options import (
    backend_option,
    data_option,
    example,
    load_model,
    model_argument,
    new_seed,
    output_name,
    output_option,
    quiet_option,
    reparameterize_option,
    reparameterized,
    samplers_options,
    seed_option,
)
from ppl_cli.cli.progress import ProgressLine
from ppl_cli.diagnostics.background import Summarizer
from ppl_cli.errors import DataError, OptionError

if TYPE_CHECKING:
    from ppl_cli.compiler import Backend
    from ppl_cli.results import Results
    from ppl_cli.updates.plan import Samplers

STRICT_STATUS = 3  # done, but the diagnostics are bad


@click.command(
    epilog=example("""
ppl sample models/eight_schools.ppl
ppl sample model.stan --data data.json --seed 1 --target-accept 0.95 -o posterior.nc""")
)
@model_argument
@data_option
@output_option("MODEL.nc")
@click.option("--chains", type=click.IntRange(1), default=4, show_default=True, help="How many chains.")
@click.option(
    "--warmup", type=click.IntRange(0), default=1000, show_default=True, help="Iterations of warmup per chain."
)
@click.option("--draws", type=click.IntRange(1), default=1000, show_default=True, help="Draws to keep per chain.")
@click.option("--thin", type=click.IntRange(1), default=1, show_default=True, help="Keep one draw of so many.")
@seed_option
@click.option(
    "--cores", type=click.IntRange(1), help="How many chains run at the same time. Default: as many as there are cores."
)
@click.option(
    "--target-accept",
    type=float,
    default=0.8,
    show_default=True,
    help="The acceptance rate that the step size aims at.",
)
@click.option(
    "--max-depth",
    type=click.IntRange(1, 30),
    default=10,
    show_default=True,
    help="The depth at which a trajectory's tree ends.",
)
@click.option(
    "--metric", type=click.Choice(["diag", "dense"]), default="diag", show_default=True, help="The shape of the metric."
)
@click.option(
    "--init",
    default="2",
    show_default=True,
    metavar="RADIUS|FILE",
    help="Start at random within the radius on the unconstrained scale, or at the values in a JSON file.",
)
@reparameterize_option
@samplers_options
@click.option("--save-warmup", is_flag=True, help="Write the draws of the warmup, too.")
@click.option("--strict", is_flag=True, help=f"Exit with status {STRICT_STATUS} if the diagnostics are bad.")
@backend_option
@quiet_option
def sample(
    model: str,
    data: str | None,
    output: str | None,
    init: str,
    seed: int | None,
    strict: bool,
    reparameterize: str,
    samplers: Samplers,
    backend: Backend | None,
    quiet: bool,
    **options: Any,
) -> None:
    """Draw from the posterior of MODEL, by NUTS and what else it needs.

    The draws are written as NetCDF in ArviZ's schema, and a summary is printed.

    Ctrl-C ends the run and keeps the draws made so far.
    """
    from ppl_cli.storage.netcdf import check_writable

    target = output_name(model, output)
    check_writable(target)
    radius, initial = _start(init)

    from ppl_cli.inference.preparation import prepare

    prepare()
    seed = new_seed() if seed is None else seed
    loaded = load_model(model, data, backend, seed)
    summarizer = Summarizer() if strict or not quiet else None
    loaded = reparameterized(loaded.assigned(samplers), reparameterize, seed, quiet)
    if not quiet and (loaded.model.discrete or samplers.by_hand or samplers.continuous != "nuts"):
        for assignment in loaded.compound.assignments:
            click.echo(assignment, err=True)
    _ = loaded.compound.density  # the C compiler runs while the sampler is imported

    from ppl_cli.inference.options import SampleOptions

    chosen = SampleOptions(seed=seed, init=radius, **options)
    if quiet:
        results = loaded.sample(chosen, initial=initial)
    else:
        with ProgressLine() as progress:
            results = loaded.sample(chosen, initial=initial, progress=progress)
    results.write(target)
    for line in results.printed:
        click.echo(line, err=True)
    for failure in results.failures:
        click.echo(failure, err=True)
    if results.interrupted:
        chains, draws = results["sample_stats"]["lp"].shape
        click.echo(f"interrupted: {chains} chains of {draws} draws are kept", err=True)
    if summarizer is not None:
        problems = _report(results, target, quiet, chosen.seed, summarizer)
        if strict and problems:
            raise click.exceptions.Exit(STRICT_STATUS)
    if results.failures:
        raise click.exceptions.Exit(1)


def _start(init: str) -> tuple[float, dict[str, Any] | None]:
    """The radius of random starts, or the values that a file gives."""
    try:
        radius = float(init)
    except ValueError:
        return 2.0, _start_values(init)
    if not 0 <= radius < math.inf:
        raise OptionError(f"--init {init}: a radius must be finite and not negative")
    return radius, None


def _start_values(init: str) -> dict[str, Any]:
    try:
        with click.open_file(init, encoding="utf-8") as file:
            values = json.load(file)
    except OSError as error:
        raise OptionError(f"--init {init}: neither a number nor a file that can be read: {error.strerror}") from None
    except ValueError as error:
        raise DataError(f"--init {init}: not valid JSON: {error}") from None
    if not isinstance(values, dict):
        raise DataError(f"--init {init}: not a JSON object of parameter values")
    return values


def _report(
    results: Results, target: str, quiet: bool, seed: int, summarizer: Summarizer
) -> tuple[str, ...]:
    """The table on standard output, unless the draws go there; then what is wrong with the run."""
    from ppl_cli.diagnostics.summary import table

    found = summarizer.summarize(results["posterior"], results["sample_stats"])
    if not quiet:
        click.echo(table(found), err=target == "-")
        chains, draws = results["sample_stats"]["lp"].shape
        seconds = results.attributes["sampling_time"]
        click.echo(f"{chains} chains of {draws} draws in {seconds:.2f} s, seed {seed}, written to {target}", err=True)
    for problem in found.problems:
        click.echo(f"warning: {problem}", err=True)
    return found.problems
