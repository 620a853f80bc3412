"""Numerical solvers as operations: differential equations, roots, integrals.

An operation holds the user's function as an inner graph and knows its gradient. Before compilation it is replaced by
the algorithm, which is a graph of loops and ordinary operations: so solvers run inside the kernel.
"""
from ppl_cli.solvers.base import Solver, expand_solvers
from ppl_cli.solvers.differential import Differential, solve_differential, with_sensitivities
from ppl_cli.solvers.laplace import Approximation
from ppl_cli.solvers.quadrature import integrate
from ppl_cli.solvers.roots import find_root

__all__ = [
    "Approximation", "Differential", "Solver", "expand_solvers", "find_root", "integrate", "solve_differential",
    "with_sensitivities",
]
