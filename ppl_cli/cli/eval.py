"""`ppl eval`: the value of an expression over a model's variables."""
from __future__ import annotations

import json

import click

from ppl_cli.cli.arguments import data_option, load_model, model_argument
from ppl_cli.errors import OptionError
from ppl_cli.evaluation import evaluate_expression


@click.command(name="eval")
@model_argument
@click.argument("expression")
@data_option
@click.option("--set", "assignments", multiple=True, metavar="NAME=VALUE", help="The value of a variable, as JSON; may be repeated.")
def eval(model: str, expression: str, data: str | None, assignments: tuple[str, ...]) -> None:  # noqa: A001
    """The value of EXPRESSION, written in the model's language over its variables.

    Parameters need a value by --set; so may transformed parameters, which then are not computed.

    \b
    Example:
      ppl eval models/eight_schools.ppl 'mean(theta)' --set mu=1 --set tau=2 --set theta_raw=[0,0,0,0,0,0,0,0]
    """
    click.echo(json.dumps(evaluate_expression(load_model(model, data), expression, dict(map(_pair, assignments))).tolist()))


def _pair(text: str) -> tuple[str, object]:
    name, equals, value = text.partition("=")
    if not equals:
        raise OptionError(f"--set {text}: write it as name=value")
    try:
        return name.strip(), json.loads(value)
    except json.JSONDecodeError:
        raise OptionError(f"--set {text}: the value is not JSON") from None
