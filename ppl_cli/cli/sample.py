"""`ppl sample`: a model file becomes a file of draws from its posterior."""
from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

import click

from ppl_cli.cli.arguments import backend_option, data_option, load_model, model_argument, quiet_option
from ppl_cli.errors import DataError, OptionError
from ppl_cli.storage.netcdf import check_writable

STRICT_STATUS = 3  # done, but the diagnostics are bad


@click.command()
@model_argument
@data_option
@click.option("-o", "--output", metavar="FILE", help="Where to write; - is standard output. [default: MODEL's name with .nc]")
@click.option("--chains", type=click.IntRange(1), default=4, show_default=True, help="How many chains.")
@click.option("--warmup", type=click.IntRange(0), default=1000, show_default=True, help="Iterations of warmup, per chain.")
@click.option("--draws", type=click.IntRange(1), default=1000, show_default=True, help="Draws to keep, per chain.")
@click.option("--thin", type=click.IntRange(1), default=1, show_default=True, help="Keep one draw of so many.")
@click.option("--seed", type=click.IntRange(0), help="The same seed gives the same draws. [default: a new one]")
@click.option("--cores", type=click.IntRange(1), help="Chains run at the same time. [default: all cores]")
@click.option("--target-accept", type=float, default=0.8, show_default=True, help="Acceptance that the step size aims at.")
@click.option("--max-depth", type=click.IntRange(1, 30), default=10, show_default=True, help="Largest depth of a trajectory's tree.")
@click.option("--metric", type=click.Choice(["diag", "dense"]), default="diag", show_default=True, help="Shape of the metric.")
@click.option("--init", default="2", show_default=True, metavar="R|FILE", help="Start uniformly in [-R, R], or from values in FILE.")
@click.option("--save-warmup", is_flag=True, help="Write the warmup's draws, too.")
@click.option("--strict", is_flag=True, help=f"Exit with status {STRICT_STATUS} if a diagnostic is bad.")
@backend_option
@quiet_option
def sample(model: str, data: str | None, output: str | None, quiet: bool, strict: bool, backend: str | None, init: str,
           seed: int | None, **options: Any) -> None:
    """Draw from the posterior of MODEL (- is standard input) and write the draws as NetCDF, in ArviZ's schema.

    \b
    Example:
      ppl sample models/eight_schools.ppl --seed 1 -o eight_schools.nc
    """
    target = output or ("posterior.nc" if model == "-" else Path(model).stem + ".nc")
    check_writable(target)
    loaded = load_model(model, data, backend)
    loaded.pipeline.logp_grad  # the C compiler starts now and runs while the sampler is imported  # noqa: B018
    from ppl_cli.inference.options import SampleOptions

    radius, initial = _start(init)
    chosen = SampleOptions(seed=time.time_ns() % 2**32 if seed is None else seed, init=radius, **options)
    results = loaded.sample(chosen, initial=initial, progress=None if quiet or not sys.stderr.isatty() else _show)
    results.write(target)
    if results.interrupted:
        kept = next(iter(results["sample_stats"].values())).shape
        click.echo(f"interrupted: kept {kept[0]} chains of {kept[1]} draws", err=True)
    if not quiet or strict:
        _report(results, target, quiet, strict)


def _start(init: str) -> tuple[float, dict[str, Any] | None]:
    """The radius of random starts, or the values that a file gives."""
    try:
        return float(init), None
    except ValueError:
        pass
    try:
        values = json.loads(Path(init).read_text(encoding="utf-8"))
    except OSError as error:
        raise OptionError(f"--init {init}: it is neither a number nor a file that can be read: {error.strerror}") from None
    except ValueError as error:
        raise DataError(f"--init {init}: not valid JSON: {error}") from None
    if not isinstance(values, dict):
        raise DataError(f"--init {init}: it must be a JSON object of parameter values")
    return 2.0, values


def _show(state: Any) -> None:
    click.echo(f"\r{state}", nl=False, err=True)


def _report(results: Any, target: str, quiet: bool, strict: bool) -> None:
    """The table and the problems, after the file is written."""
    from ppl_cli.diagnostics.summary import summarize, table

    found = summarize(results["posterior"], results["sample_stats"])
    if not quiet:
        click.echo(table(found), err=True)
        if target != "-":
            click.echo(f"wrote {target}", err=True)
    for problem in found.problems:
        click.echo(f"warning: {problem}", err=True)
    if strict and found.problems:
        raise click.exceptions.Exit(STRICT_STATUS)
