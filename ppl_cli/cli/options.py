"""Arguments and options that several commands share, and the model that they ask for."""

from __future__ import annotations

import secrets
import sys
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ppl_cli.errors import OptionError, PplError

if TYPE_CHECKING:
    from ppl_cli.api import PplModel
    from ppl_cli.compiler import Backend

Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]

_FILE = click.Path(dir_okay=False, allow_dash=True)

_FOLDERS = "ppl_cli.include_path"


def _keep_folders(context: click.Context, _: click.Parameter, folders: tuple[Path, ...]) -> None:
    context.meta[_FOLDERS] = folders


def model_argument(command: Callable[..., Any]) -> Callable[..., Any]:
    """MODEL, and where the files that it includes are looked for; `read_with_folders` and `load_model` know of that."""
    include_path = click.option(
        "--include-path",
        type=click.Path(exists=True, file_okay=False, path_type=Path),
        metavar="FOLDER",
        multiple=True,
        expose_value=False,
        callback=_keep_folders,
        help="Where files that MODEL includes are looked for, after its own folder. Repeatable.",
    )
    return click.argument("model", type=_FILE)(include_path(command))


models_argument: Decorator = click.argument("models", metavar="MODEL...", nargs=-1, required=True, type=_FILE)
data_option: Decorator = click.option(
    "--data",
    "-d",
    type=_FILE,
    metavar="FILE",
    help="Data: JSON, CSV, npz or NetCDF. Without it, MODEL with the suffix .json, else the model's defaults.",
)
backend_option: Decorator = click.option(
    "--backend",
    type=click.Choice(["c", "numba"]),
    help="What compiles the model. Default: c where there is a C compiler.",
)
seed_option: Decorator = click.option(
    "--seed", type=click.IntRange(0, 2**64 - 1), help="Seed of the random numbers. Default: a new one, which is shown."
)
reparameterize_option: Decorator = click.option(
    "--reparameterize",
    metavar="none|auto|NAME,...",
    default="none",
    show_default=True,
    help="Parameters to non-center: theta ~ normal(mu, tau) becomes theta = mu + tau * z, which samples better where "
    "data say little of theta. auto: those for which a short pilot run says so. The posterior stays the same.",
)
quiet_option: Decorator = click.option("--quiet", "-q", is_flag=True, help="Neither progress nor summary: errors only.")


def samplers_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Which steps move the parameters, passed on as `samplers`."""

    @wraps(command)
    def with_samplers(*args: Any, discrete: str, sampler: str, step: tuple[str, ...], **kwargs: Any) -> Any:
        from ppl_cli.updates.plan import Samplers

        steps = []
        for text in step:
            name, equals, kind = text.partition("=")
            if not (name and equals and kind):
                raise OptionError(f"--step {text}: it must be NAME=STEP, as in --step z=gibbs")
            steps.append((name.strip(), kind.strip()))
        samplers = Samplers(discrete, sampler, tuple(steps))  # type: ignore[arg-type]
        return command(*args, samplers=samplers, **kwargs)

    for option in reversed((
        click.option(
            "--discrete", type=click.Choice(["auto", "marginalize", "sample", "probabilities"]), default="auto",
            show_default=True, help="Int parameters: sum them out, or sample them; auto sums out what has few states. "
            "probabilities: like auto, and keep the posterior probabilities of the states.",
        ),
        click.option(
            "--sampler", type=click.Choice(["nuts", "auto"]), default="nuts", show_default=True,
            help="auto: integrate out parameters whose conditional law is known (normal, gamma, beta, ...), and draw "
            "them from it; NUTS moves the others.",
        ),
        click.option(
            "--step", metavar="NAME=STEP", multiple=True,
            help="Move a parameter by this step: nuts, gibbs or metropolis. Repeatable.",
        ),
    )):  # fmt: skip
        with_samplers = option(with_samplers)
    return with_samplers


def output_option(default: str) -> Decorator:
    return click.option("--output", "-o", type=_FILE, metavar="FILE", help=f"Where to write. Default: {default} here.")


def output_name(model: str, output: str | None, suffix: str = "") -> str:
    """Where to write: in the working directory unless the user says otherwise."""
    return output or ("model" if model == "-" else Path(model).stem) + suffix + ".nc"


def new_seed() -> int:
    """A seed for a run without one; it is shown, so that the run can be repeated."""
    return secrets.randbits(32)


def example(text: str) -> str:
    """The end of a command's help."""
    return "\b\nExample:\n  " + text.strip().replace("\n", "\n  ")


def read_model(model: str) -> tuple[str, str]:
    """The text of a model file, line ends as they are, and the name that messages give it."""
    try:
        with click.open_file(model, "rb") as file:
            return file.read().decode("utf-8"), "standard input" if model == "-" else model
    except OSError as error:
        raise PplError(f"{model}: cannot read the model: {error.strerror}") from None
    except UnicodeDecodeError:
        raise PplError(f"{model}: the model is not a UTF-8 text") from None


def read_with_folders(model: str) -> tuple[str, str, tuple[Path, ...]]:
    """What `read_model` gives, and the folders of the files that it includes: what `language.parse` takes."""
    own_folder = () if model == "-" else (Path(model).parent,)
    return *read_model(model), (*own_folder, *_include_path())


def _include_path() -> tuple[Path, ...]:
    folders: tuple[Path, ...] = click.get_current_context().meta.get(_FOLDERS, ())
    return folders


def reparameterized(model: PplModel, which: str, seed: int = 0, quiet: bool = False) -> PplModel:
    """The model as `--reparameterize` wants it; what was chosen goes to standard error."""
    if which == "none":
        return model
    found = model.reparameterized(which, seed)
    for line in () if quiet else found.choices:
        click.echo(line, err=True)
    return found


def load_model(model: str, data: str | None, backend: Backend | None = None, seed: int = 0) -> PplModel:
    """The model of the command line, with its data; its warnings go to standard error."""
    from ppl_cli.api import load

    if model == "-":
        if data == "-":
            raise OptionError("the model and the data cannot both come from standard input")
        text = sys.stdin.read() + "\n"
        loaded = load(text, data, backend=backend, name="standard input", include_path=_include_path(), seed=seed)
    else:
        loaded = load(Path(model), data, backend=backend, include_path=_include_path(), seed=seed)
    if loaded.warnings:
        click.echo(loaded.warnings, err=True)
    return loaded
