"""`ppl prior`: draws of parameters and data from the model alone."""
from __future__ import annotations

from pathlib import Path

import click

from ppl_cli.cli.arguments import backend_option, data_option, load_model, model_argument, quiet_option
from ppl_cli.diagnostics.summary import summarize, table
from ppl_cli.storage.netcdf import check_writable


@click.command()
@model_argument
@data_option
@click.option("-o", "--output", metavar="FILE", help="Where to write; - is standard output. [default: MODEL's name with _prior.nc]")
@click.option("--draws", type=click.IntRange(1), default=1000, show_default=True, help="How many draws.")
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="The same seed gives the same draws.")
@backend_option
@quiet_option
def prior(model: str, data: str | None, output: str | None, draws: int, seed: int, backend: str | None, quiet: bool) -> None:
    """Draw from the prior (group prior) and the prior predictive distribution (group prior_predictive).

    The model's own ~ statements say how to draw; one that does not is refused with the variable and the reason.

    \b
    Example:
      ppl prior models/eight_schools.ppl -o prior.nc
    """
    target = output or ("prior.nc" if model == "-" else Path(model).stem + "_prior.nc")
    check_writable(target)
    results = load_model(model, data, backend).prior(draws, seed)
    results.write(target)
    if not quiet:
        click.echo(table(summarize(results["prior"], {})), err=True)
        click.echo(f"wrote {target}" if target != "-" else "", err=True)
