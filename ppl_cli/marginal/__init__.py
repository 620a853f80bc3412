"""Discrete unknowns are summed out of the log density, and drawn exactly given all the rest.

The terms of the density are factors, each of few unknowns: `scopes` finds out of which. `factors` tabulates them,
`elimination` sums over chains and small groups, forwards, and draws backwards.
"""
from ppl_cli.marginal.choice import Elimination, eliminate
from ppl_cli.marginal.factors import MOST_STATES, NO_BOUND, Discrete, Marginal, TooManyStates, marginalize

__all__ = [
    "MOST_STATES", "NO_BOUND", "Discrete", "Elimination", "Marginal", "TooManyStates", "eliminate", "marginalize",
]  # fmt: skip
