"""`ppl logp`: a line of parameter values in, a line of densities out; the kernel is built once for all lines."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click
import numpy as np

from ppl_cli.cli.options import backend_option, data_option, example, load_model, model_argument
from ppl_cli.errors import DataError, PplError

if TYPE_CHECKING:
    from ppl_cli.compiler import Backend


@click.command(
    epilog=example("""
echo '{"mu": 0, "tau": 1, "theta_raw": [0, 0, 0, 0, 0, 0, 0, 0]}' |
    ppl logp models/eight_schools.ppl --params - --grad""")
)
@model_argument
@data_option
@click.option(
    "--params",
    required=True,
    type=click.Path(dir_okay=False, allow_dash=True),
    metavar="FILE",
    help="One JSON object of parameter values per line.",
)
@click.option(
    "--grad", is_flag=True, help="Add the gradient: flat, on the unconstrained scale, in the order of declaration."
)
@click.option("--hessian", is_flag=True, help="Add the Hessian, on the unconstrained scale.")
@click.option(
    "--jacobian/--no-jacobian",
    default=True,
    show_default=True,
    help="Whether the density includes the Jacobian of the transforms to the unconstrained scale.",
)
@click.option("--transformed", is_flag=True, help="Add the transformed parameters.")
@click.option("--unconstrained", is_flag=True, help="Read flat lists of unconstrained values instead of objects.")
@backend_option
def logp(
    model: str,
    data: str | None,
    params: str,
    grad: bool,
    hessian: bool,
    jacobian: bool,
    transformed: bool,
    unconstrained: bool,
    backend: Backend | None,
) -> None:
    """The log density of MODEL at points, with its normalizing constants: one JSON object a line."""
    with compact_errors():
        loaded = load_model(model, data, backend)
        density = loaded.pipeline.logp_grad if jacobian else loaded.pipeline.logp_grad_constrained
        refused = False
        for place, point in read_points(params):
            try:
                q = flat_list(point, loaded.size) if unconstrained else loaded.flatten(_object(point))
            except DataError as error:
                raise DataError(f"{place}: {error.message}") from None
            lp, gradient = density(q)
            for problem in () if math.isfinite(lp) else loaded.refusals(q):
                refused = True
                click.echo(f"{place}: {problem.span}: error: {problem.message}", err=True)
            line: dict[str, Any] = {"lp": lp}
            if grad:
                line["grad"] = gradient.tolist()
            if hessian:
                line["hessian"] = loaded.hessian(q, jacobian).tolist()
            if transformed:
                line["transformed"] = {name: value.tolist() for name, value in loaded.transformed_values(q).items()}
            click.echo(json.dumps(line))
        if refused:
            click.get_current_context().exit(1)


@contextmanager
def compact_errors() -> Iterator[None]:
    """A line for each mistake in the model, without the excerpts: those who call this command are often programs."""
    from ppl_cli.language.diagnostics import LanguageError

    try:
        yield
    except LanguageError as error:
        raise PplError("\n".join(f"{d.span}: {d.severity.value}: {d.message}" for d in error.diagnostics)) from None


def read_points(source: str) -> Iterator[tuple[str, Any]]:
    """What each line of a file says, and its place, as the lines come."""
    name = "standard input" if source == "-" else source
    try:
        with click.open_file(source, encoding="utf-8") as file:
            for number, line in enumerate(file, 1):
                if line.strip():
                    yield f"{name}:{number}", json.loads(line.rstrip())
    except json.JSONDecodeError as error:
        raise DataError(f"{name}:{number}:{error.colno}: not valid JSON: {error.msg}") from None
    except OSError as error:
        raise DataError(f"{name}: cannot read the parameter values: {error.strerror}") from None
    except UnicodeDecodeError:
        raise DataError(f"{name}: the parameter values are not a UTF-8 text") from None


def flat_list(point: Any, size: int) -> np.ndarray:
    """An unconstrained point given as a list."""
    if not isinstance(point, list) or not all(type(v) in (int, float) for v in point):
        raise DataError("with --unconstrained, each line must be a flat list of numbers")
    if len(point) != size:
        raise DataError(f"the list has {len(point)} numbers, but the model has {size} unconstrained parameters")
    return np.array(point, dtype=float)


def _object(point: Any) -> dict[str, Any]:
    if not isinstance(point, dict):
        raise DataError("each line must be a JSON object with a value for each parameter")
    return point
