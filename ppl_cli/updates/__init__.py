"""Moves of some unknowns given all the others, as graphs: the next value, drawn at random.

A `Conditional` is the log density as a function of one variable, divided among its elements. `gibbs` draws elements
with few states, `exact` reals whose law is known, `metropolis` proposes steps to ints and reals.
"""
from ppl_cli.updates.base import Move, Moved, Tuning
from ppl_cli.updates.conditional import Conditional, TooEntangled
from ppl_cli.updates.exact import Exact
from ppl_cli.updates.gibbs import Gibbs
from ppl_cli.updates.metropolis import Metropolis

__all__ = ["Conditional", "Exact", "Gibbs", "Metropolis", "Move", "Moved", "TooEntangled", "Tuning"]
