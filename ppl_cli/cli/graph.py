"""`ppl graph`: what a model is at each stage of its compilation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import click

from ppl_cli.cli.options import (
    backend_option,
    data_option,
    example,
    load_model,
    model_argument,
    reparameterize_option,
    reparameterized,
    samplers_options,
)
from ppl_cli.errors import OptionError

if TYPE_CHECKING:
    from ppl_cli.compiler import Backend
    from ppl_cli.graph.basic import Variable
    from ppl_cli.pipeline import Pipeline
    from ppl_cli.updates.plan import Samplers

GRAPHS = ("random", "logp", "gradient", "optimized")
TEXTS = ("kernel", "c")


@click.command(
    epilog=example("""
ppl graph models/normal_normal.ppl --stage logp
ppl graph models/eight_schools.ppl --stage random --dot | dot -Tsvg > graph.svg""")
)
@model_argument
@data_option
@click.option(
    "--stage",
    type=click.Choice([*GRAPHS, *TEXTS]),
    default="random",
    show_default=True,
    help="random variables, log density, with its gradient, optimized, the loops, or the source that is compiled.",
)
@click.option(
    "--dprint", "form", flag_value="dprint", default=True, help="Indented text, as Aesara prints it (default)."
)
@click.option("--dot", "form", flag_value="dot", help="For Graphviz.")
@click.option("--latex", "form", flag_value="latex", help="Equations.")
@click.option("--types", is_flag=True, help="With --dprint: add types and shapes.")
@click.option("--samplers", "explain", is_flag=True, help="Which step moves which parameter, and why, instead.")
@reparameterize_option
@samplers_options
@backend_option
def graph(
    model: str,
    data: str | None,
    stage: str,
    form: str,
    types: bool,
    explain: bool,
    reparameterize: str,
    samplers: Samplers,
    backend: Backend | None,
) -> None:
    """Print the graph of MODEL, or with --stage kernel or c the code it becomes."""
    if stage in TEXTS and form != "dprint":
        raise OptionError(f"--stage {stage} is a text: --{form} does not apply to it")
    loaded = reparameterized(load_model(model, data, backend).assigned(samplers), reparameterize, seed=0)
    if explain:
        for assignment in loaded.compound.assignments:
            click.echo(assignment)
        return
    pipeline = loaded.pipeline
    if stage in TEXTS:
        from ppl_cli.compiler import dump

        function = pipeline.logp_grad
        click.echo(dump(function.kernel) if stage == "kernel" else function.source, nl=False)
        return

    from ppl_cli.graph.printing import dot, dprint, latex

    outputs, names = graph_at(pipeline, stage)
    if form == "dprint":
        text = dprint(outputs, names, types=types)
    else:
        text = (dot if form == "dot" else latex)(outputs, names)
    click.echo(text.rstrip("\n"))


def graph_at(pipeline: Pipeline, stage: str) -> tuple[Sequence[Variable], Mapping[Variable, str]]:
    """The outputs of a stage's graph, and names for its variables."""
    from ppl_cli.pipeline import names_of
    from ppl_cli.rewrites.passes import canonicalize

    names = names_of(pipeline.model)
    names.update(zip(canonicalize(list(names)), list(names.values()), strict=True))
    if stage == "random":
        terms = pipeline.terms
        names.update((t.value, f"{t.label}_logprob") for t in terms)
        return [t.value for t in terms], names
    if stage == "logp":
        density = pipeline.log_density()
        return [density], {density: "logp", **names}
    value, gradient = pipeline.value_and_gradient() if stage == "gradient" else pipeline.optimized()
    return [value, gradient], {value: "logp", gradient: "gradient"}
