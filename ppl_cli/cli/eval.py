"""`ppl eval`: what an expression is worth."""

from __future__ import annotations

import json
from typing import Any

import click

from ppl_cli.cli.options import data_option, example, load_model, model_argument
from ppl_cli.errors import OptionError


@click.command(
    epilog=example("""
ppl eval models/eight_schools.ppl "mean(y) + tau" --set tau=2
ppl eval models/eight_schools.ppl "normal_lpdf(y | theta, sigma)" --set "theta=[1, 2, 3, 4, 5, 6, 7, 8]"
""")
)
@model_argument
@click.argument("expression")
@data_option
@click.option(
    "--set",
    "settings",
    multiple=True,
    metavar="NAME=VALUE",
    help="The value of a parameter, or of a variable that is computed from parameters, as JSON.",
)
def eval(model: str, expression: str, data: str | None, settings: tuple[str, ...]) -> None:
    """The value of EXPRESSION over the variables of MODEL, as JSON."""
    given = dict(map(_setting, settings))
    loaded = load_model(model, data)

    from ppl_cli.evaluation import evaluate_expression

    click.echo(json.dumps(evaluate_expression(loaded, expression, given)))


def _setting(text: str) -> tuple[str, Any]:
    name, equals, value = text.partition("=")
    if not equals:
        raise OptionError(f"--set {text}: a name and a value are needed, as in --set sigma=2.5")
    try:
        return name.strip(), json.loads(value)
    except json.JSONDecodeError:
        raise OptionError(f"--set {text}: the value is not a JSON number, list or object") from None
