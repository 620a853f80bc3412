"""`ppl summary`: the table of a file of draws."""
from __future__ import annotations

import click

from ppl_cli.diagnostics.summary import summarize, table
from ppl_cli.errors import DataError
from ppl_cli.storage.netcdf import read


@click.command()
@click.argument("file")
@click.option("--rows", type=click.IntRange(1), default=1000, show_default=True, help="Print this many rows at the most.")
def summary(file: str, rows: int) -> None:
    """Summarize a file of draws: moments, quantiles, effective sample sizes, R-hat, problems.

    \b
    Example:
      ppl summary eight_schools.nc
    """
    groups = read(file)
    chosen = next((g for g in ("posterior", "prior") if g in groups), None)
    if chosen is None:
        raise DataError(f"{file}: there is no group posterior or prior in it")
    statistics = {n: a for n, (_, a) in groups["sample_stats"].variables.items()} if "sample_stats" in groups else {}
    found = summarize({n: a for n, (_, a) in groups[chosen].variables.items()}, statistics)
    click.echo(table(found, rows))
    for problem in found.problems:
        click.echo(f"warning: {problem}")
