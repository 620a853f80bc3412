"""Arguments that commands share, and how they load a model."""
from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from ppl_cli.api import PplModel, load
from ppl_cli.errors import OptionError

Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]

model_argument: Decorator = click.argument("model")
data_option: Decorator = click.option(
    "--data", "data", metavar="FILE",
    help="Data file (JSON, CSV, npz, NetCDF; - is standard input). By default MODEL's name with .json, if there is such a file.",
)
backend_option: Decorator = click.option(
    "--backend", type=click.Choice(["c", "numba"]), help="How to compile: c where there is a C compiler, else numba."
)
quiet_option: Decorator = click.option("--quiet", is_flag=True, help="No progress, no summary.")


def load_model(model: str, data: str | None, backend: str | None = None) -> PplModel:
    """The model of a command's arguments; its warnings go to standard error."""
    if model == "-":
        if data == "-":
            raise OptionError("the model and the data cannot both come from standard input")
        loaded = load(sys.stdin.read() + "\n", data, backend=backend, name="standard input")
    else:
        loaded = load(Path(model), data, backend=backend)
    if loaded.warnings:
        click.echo(loaded.warnings, err=True)
    return loaded

