"""`ppl logp`: a line of parameter values in, a line of densities out; the kernel is built once for all lines."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import click

from ppl_cli.cli.options import backend_option, data_option, example, load_model, model_argument
from ppl_cli.errors import DataError

if TYPE_CHECKING:
    from ppl_cli.api import PplModel


@click.command(
    epilog=example("""
echo '{"mu": 0, "tau": 1, "theta": [0, 0, 0, 0, 0, 0, 0, 0]}' |
    ppl logp models/eight_schools.ppl --params - --grad""")
)
@model_argument
@data_option
@click.option("--params", required=True, type=click.Path(dir_okay=False, allow_dash=True), metavar="FILE",
              help="One JSON object of parameter values per line.")  # fmt: skip
@click.option("--grad", is_flag=True, help="Add the gradient: flat, on the unconstrained scale, in the order of declaration.")
@click.option("--hessian", is_flag=True, help="Add the Hessian, on the unconstrained scale.")
@click.option("--jacobian/--no-jacobian", default=True, show_default=True,
              help="Whether the density includes the Jacobian of the transforms to the unconstrained scale.")  # fmt: skip
@click.option("--transformed", is_flag=True, help="Add the transformed parameters.")
@click.option("--unconstrained", is_flag=True, help="Read flat lists of unconstrained values instead of objects.")
@backend_option
def logp(
    model: str, data: str | None, params: str, grad: bool, hessian: bool, jacobian: bool, transformed: bool,
    unconstrained: bool, backend: str | None,
) -> None:  # fmt: skip
    """The log density of MODEL at points, with its normalizing constants: one JSON object a line."""
    loaded = load_model(model, data, backend)
    for where, value in points(params):
        with located(where):
            q = loaded.flatten(value) if not unconstrained else flat_list(value, loaded.size)
        click.echo(json.dumps(answer(loaded, q, grad, hessian, jacobian, transformed)))


def points(source: str) -> Iterator[tuple[str, Any]]:
    ...


def answer(
    loaded: PplModel, q: Any, grad: bool, hessian: bool, jacobian: bool, transformed: bool
) -> dict[str, Any]:
    ...
