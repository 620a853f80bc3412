"""The signatures of functions that take a user's function; the elaborator's `higher_order` builds their calls."""
from __future__ import annotations

from ppl_cli.graph.basic import Variable
from ppl_cli.language.functionals import FUNCTIONALS
from ppl_cli.model.library.table import Section


def _no_graph(*arguments: Variable) -> Variable:
    raise TypeError("a function that takes a function is not built from variables alone")


_section = Section("Functions of functions")
for _text, _functional in FUNCTIONALS.items():
    _section.add(_text, _no_graph, f"{_functional.sentence}; the function is `{_functional.form}`")
