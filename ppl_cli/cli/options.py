"""Arguments and options that several commands share, and the model that they ask for."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from ppl_cli.errors import OptionError

if TYPE_CHECKING:
    from ppl_cli.api import PplModel

Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]

_FILE = click.Path(dir_okay=False, allow_dash=True)

model_argument: Decorator = click.argument("model", type=_FILE)
data_option: Decorator = click.option(
    "--data", "-d", type=_FILE, metavar="FILE",
    help="Data: JSON, CSV, npz or NetCDF. Without it, MODEL with the suffix .json, else the model's defaults.",
)  # fmt: skip
backend_option: Decorator = click.option(
    "--backend", type=click.Choice(["c", "numba"]), help="What compiles the model. Default: c where there is a C compiler."
)
output_option: Decorator = click.option(
    "--output", "-o", type=_FILE, metavar="FILE", help="Where to write. Default: the model's name with the suffix .nc."
)
seed_option: Decorator = click.option(
    "--seed", type=click.IntRange(0, 2**64 - 1), help="Seed of the random numbers. Default: a new one, which is shown."
)


def example(text: str) -> str:
    """The end of a command's help."""
    return "\b\nExample:\n  " + text.strip().replace("\n", "\n  ")


def load_model(model: str, data: str | None, backend: str | None = None) -> PplModel:
    """The model of the command line, with its data; its warnings go to standard error."""
    from ppl_cli.api import load

    if model == "-":
        if data == "-":
            raise OptionError("the model and the data cannot both come from standard input")
        loaded = load(sys.stdin.read() + "\n", data, backend=backend, name="standard input")
    else:
        loaded = load(model, data, backend=backend)
    if loaded.warnings:
        click.echo(loaded.warnings, err=True)
    return loaded
