"""`ppl check`: the mistakes of a model file; those that depend on sizes and values only with data."""

from __future__ import annotations

import click

from ppl_cli.cli.options import data_option, example, model_argument, read_with_folders
from ppl_cli.errors import OptionError


@click.command(epilog=example("ppl check --pedantic models/eight_schools.ppl"))
@model_argument
@data_option
@click.option("--pedantic", is_flag=True, help="Warn also of what is valid but commonly a mistake.")
def check(model: str, data: str | None, pedantic: bool) -> None:
    """Report the syntax and type errors of MODEL; the exit status is 2 if there are any.

    With --data, also sizes that do not agree and indices that are out of range.
    """
    from ppl_cli import language
    from ppl_cli.language.diagnostics import render
    from ppl_cli.model.library import LIBRARY

    if model == data == "-":
        raise OptionError("the model and the data cannot both come from standard input")
    text, name, folders = read_with_folders(model)
    checked = language.check(language.parse(text, name, folders), LIBRARY)
    warnings = checked.warnings
    if pedantic:
        from ppl_cli.distributions import DISTRIBUTIONS
        from ppl_cli.language.pedantic import pedantic_warnings

        warnings += pedantic_warnings(checked, DISTRIBUTIONS)
    if warnings:
        click.echo(render(warnings), err=True)
    if data is not None:
        from ppl_cli.api import load

        pipeline = load(text + "\n", data, name=name, include_path=folders).pipeline
        _ = pipeline.densities, pipeline.quantities  # loops are looked into
