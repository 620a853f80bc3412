"""Compile what draws need, in the background, on a machine that has not done so before."""

from __future__ import annotations

from ppl_cli.inference.jit import start
from ppl_cli.inference.nuts import run_chain
from ppl_cli.inference.quantities import run_rows
from ppl_cli.inference.random import PRIMITIVES

USUAL = ("std_normal", "uniform")  # the other primitives take longer to compile, and few models draw from them


def prepare() -> None:
    """Call this as soon as it is known that there will be draws; it returns at once."""
    start(run_chain)
    start(run_rows, *(PRIMITIVES[name] for name in USUAL))
