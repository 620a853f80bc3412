"""`ppl check`: the mistakes of a model file that show without data."""

from __future__ import annotations

import click

from ppl_cli.cli.options import example, model_argument, read_model


@click.command(epilog=example("ppl check models/eight_schools.ppl"))
@model_argument
def check(model: str) -> None:
    """Report the syntax and type errors of MODEL; the exit status is 2 if there are any."""
    from ppl_cli import language
    from ppl_cli.language.diagnostics import render
    from ppl_cli.model.library import LIBRARY

    text, name = read_model(model)
    checked = language.check(language.parse(text, name), LIBRARY)
    if checked.warnings:
        click.echo(render(checked.warnings), err=True)
