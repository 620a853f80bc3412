"""`ppl prior`: draws from the forward reading of a model, of its parameters and of its data."""

from __future__ import annotations

from typing import TYPE_CHECKING

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
    seed_option,
)

if TYPE_CHECKING:
    from ppl_cli.compiler import Backend


@click.command(epilog=example("ppl prior models/eight_schools.ppl --draws 500 --seed 1 -o prior.nc"))
@model_argument
@data_option
@output_option("MODEL_prior.nc")
@click.option("--draws", type=click.IntRange(min=1), default=1000, show_default=True, help="How many draws.")
@seed_option
@backend_option
@quiet_option
def prior(
    model: str, data: str | None, output: str | None, draws: int, seed: int | None, backend: Backend | None, quiet: bool
) -> None:
    """Draw the parameters of MODEL and its data from the prior; write the groups prior and prior_predictive.

    A model that says nothing of how to draw a variable is refused, with the variable and the reason.
    """
    from ppl_cli.storage.netcdf import check_writable

    target = output_name(model, output, "_prior")
    check_writable(target)
    chosen = new_seed() if seed is None else seed
    results = load_model(model, data, backend, chosen).prior(draws, chosen)
    results.write(target)
    if not quiet:
        from ppl_cli.diagnostics.summary import summarize, table

        click.echo(table(summarize(results["prior"], {})), err=target == "-")
        click.echo(f"{draws} draws written to {target} (seed {chosen})", err=True)
