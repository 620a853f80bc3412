"""`ppl graph`: the graph at every stage, as text, for Graphviz or in LaTeX; the kernel and the source that is compiled."""
from __future__ import annotations

import click

from ppl_cli.api import PplModel
from ppl_cli.cli.arguments import backend_option, data_option, load_model, model_argument
from ppl_cli.compiler.printing import dump
from ppl_cli.errors import OptionError
from ppl_cli.graph.basic import Variable
from ppl_cli.graph.printing import dot, dprint, latex
from ppl_cli.pipeline import STAGES, names_of

PRINTERS = {"dprint": dprint, "dot": dot, "latex": latex}


@click.command()
@model_argument
@data_option
@click.option("--stage", type=click.Choice(STAGES), default="random", show_default=True, help="How far to compile.")
@click.option("--dprint", "printer", flag_value="dprint", default=True, help="As an indented tree (the default).")
@click.option("--dot", "printer", flag_value="dot", help="For Graphviz.")
@click.option("--latex", "printer", flag_value="latex", help="As formulas.")
@backend_option
def graph(model: str, data: str | None, stage: str, printer: str, backend: str | None) -> None:
    """Print the graph of a model.

    random is the graph of random variables; logp of the log density; gradient adds its gradient; optimized is what is compiled; kernel
    its loops; c the source text.

    \b
    Example:
      ppl graph models/eight_schools.ppl --stage logp --dot | dot -Tsvg > graph.svg
    """
    loaded = load_model(model, data, backend)
    if stage in ("kernel", "c"):
        if printer != "dprint":
            raise OptionError(f"--{printer} prints graphs, but the stage `{stage}` is a program")
        function = loaded.pipeline.logp_grad
        click.echo(dump(function.kernel) if stage == "kernel" else function.source)
        return
    click.echo(PRINTERS[printer](outputs(loaded, stage), names_of(loaded.model)))


def outputs(loaded: PplModel, stage: str) -> list[Variable]:
    """The variables that a stage is about."""
    pipeline = loaded.pipeline
    match stage:
        case "random":
            return [t.value for t in pipeline.terms]
        case "logp":
            return [pipeline.log_density()]
        case "gradient":
            return list(pipeline.value_and_gradient())
        case _:
            return list(pipeline.optimized())
