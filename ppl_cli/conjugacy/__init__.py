"""Parameters whose conditional law is known in closed form, given all the rest, can be integrated out and drawn.

`families` are the laws that are recognized, by their score alone; `integral` takes a parameter out of a log density.
"""
from ppl_cli.conjugacy.families import BETA, DIRICHLET, GAMMA, INV_GAMMA, NORMAL, Family
from ppl_cli.conjugacy.integral import Integral, integrate

__all__ = ["BETA", "DIRICHLET", "GAMMA", "INV_GAMMA", "NORMAL", "Family", "Integral", "integrate"]
