"""The named phases: which rules make up each, and the passes that apply them to the outputs of a graph.

    canonicalize   before anything else, and wherever a pass wants simple input
    stabilize      on the log density, before its gradient is taken
    optimize       on the log density with its gradient, last
"""
from __future__ import annotations

from collections.abc import Sequence

from ppl_cli.graph.basic import Variable
from ppl_cli.graph.rewriting import RuleSet, apply
from ppl_cli.rewrites.accumulate import accumulate
from ppl_cli.rewrites.arithmetic import ARITHMETIC
from ppl_cli.rewrites.control import CONTROL, drop_unused
from ppl_cli.rewrites.exponentials import share_exponentials
from ppl_cli.rewrites.indexing import INDEXING
from ppl_cli.rewrites.merge import merge_loops
from ppl_cli.rewrites.reductions import REDUCTIONS
from ppl_cli.rewrites.separate import SEPARATE
from ppl_cli.rewrites.shapes import SHAPES
from ppl_cli.rewrites.specialize import SPECIAL
from ppl_cli.rewrites.stabilize import STABLE
from ppl_cli.rewrites.triangular import TRIANGULAR
from ppl_cli.solvers import expand_solvers

CANONICAL = SHAPES + ARITHMETIC + REDUCTIONS + INDEXING + CONTROL + TRIANGULAR
CANONICAL_AND_STABLE = STABLE + CANONICAL + SEPARATE
CANONICAL_AND_SPECIAL = CANONICAL + SPECIAL


def _pass(outputs: Sequence[Variable], rules: RuleSet) -> list[Variable]:
    """`rules` and the removal of unused results in turn, until neither changes anything."""
    rewritten = apply(outputs, rules)
    needed = drop_unused(rewritten)
    if all(a is b for a, b in zip(rewritten, needed, strict=True)):
        return rewritten
    return _pass(needed, rules)


def canonicalize(outputs: Sequence[Variable]) -> list[Variable]:
    """The canonical form: simpler, of the same meaning."""
    return _pass(outputs, CANONICAL)


def stabilize(outputs: Sequence[Variable]) -> list[Variable]:
    """The canonical form with numerically stable functions in the place of formulas that lose digits, and sums
    without what need not be summed again at every point."""
    return _pass(outputs, CANONICAL_AND_STABLE)


def optimize(outputs: Sequence[Variable]) -> list[Variable]:
    """The canonical form with the cheapest operations, for compilation after the gradient has been taken."""
    return share_exponentials(accumulate(merge_loops(_pass(expand_solvers(outputs), CANONICAL_AND_SPECIAL))))
