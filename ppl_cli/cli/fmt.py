"""`ppl fmt`: model files in canonical form and in today's words."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

import click

from ppl_cli.cli.options import example, models_argument, read_model
from ppl_cli.errors import OptionError, PplError, RunError


@click.command(epilog=example("ppl fmt -i models/*.ppl"))
@models_argument
@click.option("--in-place", "-i", is_flag=True, help="Rewrite the files that are not in canonical form.")
@click.option("--check", is_flag=True, help="Only name such files; exit status 1 if there are any.")
def fmt(models: tuple[str, ...], in_place: bool, check: bool) -> None:
    """Print MODEL in canonical form; old spellings become new ones, comments stay.

    A file with a syntax error is left as it is; the exit status is then 2.
    """
    from ppl_cli.language.formatter import format_program

    if in_place and check:
        raise OptionError("--in-place and --check exclude each other")
    if in_place and "-" in models:
        raise OptionError("standard input cannot be rewritten in place")
    failures: list[PplError] = []
    unformatted = False
    for model in models:
        try:
            text, name = read_model(model)
            formatted = format_program(text, name)
            if not in_place and not check:
                click.echo(formatted, nl=False)
            elif formatted != text:
                unformatted = True
                click.echo(name, err=True) if check else _replace(Path(model), formatted)
        except PplError as failure:
            failures.append(failure)
    if failures:
        raise PplError("\n".join(failure.message for failure in failures), max(each.exit_status for each in failures))
    if check and unformatted:
        raise click.exceptions.Exit(1)


def _replace(path: Path, text: str) -> None:
    """The whole new text or the old one, whatever happens; a link stays, and what it points to is replaced."""
    place = path.resolve()
    try:
        handle, temporary = tempfile.mkstemp(dir=place.parent)
        try:
            with open(handle, "w", encoding="utf-8", newline="") as file:
                file.write(text)
            shutil.copymode(place, temporary)
            os.replace(temporary, place)
        finally:
            Path(temporary).unlink(missing_ok=True)
    except OSError as error:
        raise RunError(f"{path}: cannot write: {error.strerror}") from None
