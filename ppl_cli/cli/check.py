"""`ppl check`: the mistakes of a model file that show without data."""

from __future__ import annotations

import click

from ppl_cli.cli.options import example, model_argument, read_model


@click.command(epilog=example("ppl check --pedantic models/eight_schools.ppl"))
@model_argument
@click.option("--pedantic", is_flag=True, help="Warn also of what is valid but commonly a mistake.")
def check(model: str, pedantic: bool) -> None:
    """Report the syntax and type errors of MODEL; the exit status is 2 if there are any."""
    from ppl_cli import language
    from ppl_cli.distributions import DISTRIBUTIONS
    from ppl_cli.language.diagnostics import render
    from ppl_cli.language.pedantic import pedantic_warnings
    from ppl_cli.model.library import LIBRARY

    text, name = read_model(model)
    checked = language.check(language.parse(text, name), LIBRARY)
    warnings = checked.warnings + (pedantic_warnings(checked, DISTRIBUTIONS) if pedantic else ())
    if warnings:
        click.echo(render(warnings), err=True)
