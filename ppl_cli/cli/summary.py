"""`ppl summary`: the table of a file of draws."""

from __future__ import annotations

import click

from ppl_cli.cli.options import example
from ppl_cli.errors import DataError


@click.command(epilog=example("ppl summary eight_schools.nc"))
@click.argument("file", type=click.Path(dir_okay=False))
@click.option("--rows", type=click.IntRange(1), default=1000, show_default=True, help="Print so many rows at most.")
def summary(file: str, rows: int) -> None:
    """Summarize the draws in FILE: moments, quantiles, effective sample sizes, R-hat, and what looks wrong."""
    from ppl_cli.diagnostics.summary import summarize, table
    from ppl_cli.storage.netcdf import read

    groups = read(file)
    chosen = next((groups[name] for name in ("posterior", "prior") if name in groups), None)
    if chosen is None:
        raise DataError(f"{file}: it has no group posterior or prior")
    draws = {name: array for name, (_, array) in chosen.variables.items()}
    recorded = groups["sample_stats"].variables if "sample_stats" in groups else {}
    found = summarize(draws, {name: array for name, (_, array) in recorded.items()})
    click.echo(table(found, rows))
    for problem in found.problems:
        click.echo(f"warning: {problem}", err=True)
