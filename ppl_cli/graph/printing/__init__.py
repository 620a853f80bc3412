"""Printers: outputs of a graph and names for its variables in, text out."""
from ppl_cli.graph.printing.debug import dprint
from ppl_cli.graph.printing.graphviz import dot
from ppl_cli.graph.printing.tex import latex

__all__ = ["dot", "dprint", "latex"]
