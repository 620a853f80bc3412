"""Loops whose iterations are independent become ordinary tensor operations; true recurrences stay loops.

The body of a loop is evaluated once on all iterations together (`vectorize`), each value carrying the axes of the
iterations that it belongs to (`context`); carried values are followed symbolically (`states`): an accumulator becomes a
sum, writes become one write, a read that would see another iteration's write makes the loop a recurrence.
"""
from ppl_cli.rewrites.loops.vectorize import IndexOutOfRange, vectorize_loops

__all__ = ["IndexOutOfRange", "vectorize_loops"]
