"""`ppl`: the table of commands."""

from __future__ import annotations

import gc

import click

from ppl_cli import __version__
from ppl_cli.cli.commands import LazyGroup

MODULES = {
    "sample": ("ppl_cli.cli.sample", "Draw from the posterior by NUTS; write a NetCDF file, print a summary."),
    "prior": ("ppl_cli.cli.prior", "Draw parameters and data from the prior."),
    "logp": ("ppl_cli.cli.logp", "Log density, gradient and Hessian at given points, as JSON lines."),
    "eval": ("ppl_cli.cli.eval", "The value of an expression over the variables of a model."),
    "graph": ("ppl_cli.cli.graph", "Print the graph of a model at any stage of its compilation."),
    "check": ("ppl_cli.cli.check", "Report the syntax and type errors of a model."),
    "fmt": ("ppl_cli.cli.fmt", "Print models in canonical form, old spellings made new; or rewrite them."),
    "functions": ("ppl_cli.cli.functions", "List the functions of the library, or all that is known of one."),
    "summary": ("ppl_cli.cli.summary", "Summarize the draws in a NetCDF file."),
}

COMPLETION = """\b
Shell completion, in your shell's startup file:
  bash: eval "$(_PPL_COMPLETE=bash_source ppl)"
  zsh:  eval "$(_PPL_COMPLETE=zsh_source ppl)"
  fish: _PPL_COMPLETE=fish_source ppl | source

\b
Example:
  ppl sample models/eight_schools.ppl
"""


@click.group(
    cls=LazyGroup, modules=MODULES, context_settings={"help_option_names": ["-h", "--help"]}, epilog=COMPLETION
)
@click.version_option(__version__, prog_name="ppl")
def ppl() -> None:
    """A model file becomes a posterior. `-` is standard input or output wherever a file is asked for."""


def main() -> None:
    # Imports and graphs make many objects, nearly all of which live on: looking for garbage takes half of the start.
    gc.set_threshold(200_000)
    ppl(prog_name="ppl")
