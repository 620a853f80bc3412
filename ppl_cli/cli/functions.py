"""`ppl functions`: the signatures of the library, from the table that the checker reads."""

from __future__ import annotations

import click

from ppl_cli.cli.options import example
from ppl_cli.errors import OptionError


@click.command(epilog=example("ppl functions normal"))
@click.argument("name", required=False)
def functions(name: str | None) -> None:
    """List the signatures of all library functions, or of NAME: a function, or a distribution with all its forms."""
    from ppl_cli.language.spelling import did_you_mean
    from ppl_cli.language.syntax import split_suffix
    from ppl_cli.model.library import LIBRARY

    every = sorted(LIBRARY.names())
    wanted = [n for n in every if name in (None, n, split_suffix(n)[0])]
    if not wanted:
        hint = did_you_mean(str(name), [*every, *(split_suffix(n)[0] for n in every)])
        raise OptionError(f"there is no function `{name}`" + (f": {hint}" if hint else ""))
    for each in wanted:
        for signature in LIBRARY.signatures(each):
            click.echo(str(signature))
