"""`ppl check`: the mistakes of a model file that show without data."""

from __future__ import annotations

import click

from ppl_cli.cli.options import example, model_argument
from ppl_cli.errors import PplError


@click.command(epilog=example("ppl check models/eight_schools.ppl"))
@model_argument
def check(model: str) -> None:
    """Report the syntax and type errors of MODEL; the exit status is 2 if there are any."""
    from ppl_cli import language
    from ppl_cli.language.diagnostics import render
    from ppl_cli.model.library import LIBRARY

    try:
        with click.open_file(model, encoding="utf-8") as file:
            text = file.read()
    except OSError as error:
        raise PplError(f"{model}: cannot read the model: {error.strerror}") from None
    except UnicodeDecodeError:
        raise PplError(f"{model}: the model is not a UTF-8 text") from None
    name = "standard input" if model == "-" else model
    checked = language.check(language.parse(text, name), LIBRARY)
    if checked.warnings:
        click.echo(render(checked.warnings), err=True)
