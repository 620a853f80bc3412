"""`ppl functions`: the reference of the library, from the table that the checker reads."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from typing import TYPE_CHECKING

import click

from ppl_cli.cli.options import example
from ppl_cli.errors import OptionError

if TYPE_CHECKING:
    from ppl_cli.model.library.catalogue import Family

_TITLE = "# Functions"
_INTRODUCTION = """\
All functions of the library, by subject. `ppl functions --format markdown` prints this page, `ppl functions NAME` what
is known of one function or distribution.

A distribution stands after `~` under its own name, as in `y ~ normal(mu, sigma)`; the functions that belong to it have
endings. The values of its parameters must be as the tables say: any other is an error that names the parameter and its
value, in a sampler a rejected proposal.

In signatures some words stand for several types:
"""


@click.command(epilog=example("ppl functions normal\nppl functions --search quantile"))
@click.argument("name", required=False)
@click.option("--search", metavar="TEXT", help="Only what has TEXT in its names or its sentence.")
@click.option(
    "--format", "layout", type=click.Choice(["text", "markdown"]), default="text", show_default=True,
    help="Text for the terminal, or a page with all signatures.",
)  # fmt: skip
def functions(name: str | None, search: str | None, layout: str) -> None:
    """List all library functions with a sentence each, or all that is known of NAME: a function, or a distribution
    with all its forms."""
    from ppl_cli.model.library import LIBRARY
    from ppl_cli.model.library.catalogue import families

    every = families(LIBRARY)
    shown = [f for f in every if name in (None, f.name, *f.members) and (search is None or f.contains(search))]
    if not shown:
        raise OptionError(_nothing(every, name, search))
    if layout == "markdown":
        whole = name is None and search is None
        click.echo("\n".join([*(introduction() if whole else ()), *page(shown)]))
    elif name is None:
        click.echo("\n".join(table(shown)))
    else:
        click.echo("\n\n".join("\n".join(described(family, every)) for family in shown))


def _nothing(every: list[Family], name: str | None, search: str | None) -> str:
    from ppl_cli.language.spelling import did_you_mean

    if name is None:
        return f"no function has `{search}` in its name or its sentence"
    hint = did_you_mean(name, [n for family in every for n in (family.name, *family.members)])
    return f"there is no function `{name}`" + (f": {hint}" if hint else "")


def table(shown: list[Family]) -> Iterator[str]:
    """A line for each, under the titles of their sections."""
    width = max(len(family.heading) for family in shown)
    for title, group in groupby(shown, key=lambda family: family.section):
        yield click.style(title, bold=True)
        for family in group:
            yield f"  {family.heading:<{width}}  {family.sentence}"


def described(family: Family, every: list[Family]) -> Iterator[str]:
    """All that is known of one."""
    from ppl_cli.language.signatures import legend_of
    from ppl_cli.model.library.catalogue import related

    yield click.style(f"{family.heading}: {family.sentence}", bold=True)
    if family.values:
        yield f"  values: {family.values}"
    yield from (f"  {p.name}: {p.needed}" for p in family.parameters)
    if family.is_distribution:
        yield ""
    texts = [*_signatures(family)]
    for sentence, lines in texts:
        yield from lines
        if family.is_distribution:
            yield f"    {sentence}"
    legend = legend_of(line for _, lines in texts for line in lines)
    if legend:
        yield f"\n{'; '.join(legend)}"
    if also := related(family, every):
        yield f"\nSee also: {', '.join(also)}"


def _signatures(family: Family) -> Iterator[tuple[str, list[str]]]:
    """The sentence and the signatures of each form."""
    from ppl_cli.model.library import LIBRARY
    from ppl_cli.model.library.catalogue import signature_with_names

    for name in family.members:
        signatures = LIBRARY.signatures(name)
        yield LIBRARY.entry(name).sentence, [signature_with_names(s, LIBRARY.arguments(s)) for s in signatures]


def introduction() -> Iterator[str]:
    from ppl_cli.language.signatures import LEGEND

    yield _TITLE
    yield ""
    yield _INTRODUCTION
    yield from (f"- {meaning}" for meaning in LEGEND.values())
    yield "- `...` are any further arguments"


def page(shown: list[Family]) -> Iterator[str]:
    """Everything in Markdown, a part for each section."""
    for title, group in groupby(shown, key=lambda family: family.section):
        yield f"\n## {title}"
        for family in group:
            yield f"\n### {family.name}\n\n{family.sentence}.\n"
            if family.parameters:
                yield from _supports(family)
            yield "```text"
            for _, lines in _signatures(family):
                yield from lines
            yield "```"


def _supports(family: Family) -> Iterator[str]:
    yield "| argument | is |"
    yield "|---|---|"
    if family.values:
        yield f"| y | {family.values} |"
    yield from (f"| {p.name} | {p.needed} |" for p in family.parameters)
    yield ""
