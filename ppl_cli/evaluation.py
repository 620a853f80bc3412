"""An expression over a model's variables → its value, by NumPy; any intermediate variable may be given a value.

Values come and go as JSON writes them: numbers, lists, `[re, im]` for complex numbers, `{"1": ...}` for tuples.
"""
from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from ppl_cli.api import PplModel
from ppl_cli.errors import DataError, OptionError
from ppl_cli.graph.basic import Variable, root
from ppl_cli.graph.traversal import clone_replace, evaluate, roots_of
from ppl_cli.language import check, parse
from ppl_cli.language.diagnostics import ElaborationError
from ppl_cli.language.syntax import Declaration, Print, Program
from ppl_cli.language.types import Type
from ppl_cli.model.compounds import Parts, each, leaves_of, rebuilt
from ppl_cli.model.elaborate import Elaborator
from ppl_cli.model.library import LIBRARY
from ppl_cli.model.model import Model
from ppl_cli.model.parts import spread, written
from ppl_cli.model.sites import Site
from ppl_cli.ops.reporting import Fault
from ppl_cli.pipeline import DataRun


def evaluate_expression(model: PplModel, text: str, given: Mapping[str, Any]) -> Any:
    """The value of the expression `text` in the model's language; `given` are values of variables."""
    value, its_type, built, sites = _graph(model, text)
    for d in _declarations(model.program):
        given = spread(d, given)
    named = {p.name: p.constrained for p in built.parameters} | dict(built.transformed) | dict(built.generated)
    values: dict[Variable, np.ndarray] = {}
    replaced: dict[Variable, Variable] = {}
    for name, number in given.items():
        if name not in named:
            raise OptionError(f"`{name}` is not a parameter or a quantity computed from parameters")
        variable = root(name, named[name].dtype, named[name].shape)
        values[variable] = _array(name, number, variable)
        replaced[named[name]] = variable
    leaves = clone_replace(leaves_of(value), replaced)
    needed = set(roots_of(leaves))
    for p in built.parameters:
        if p.value in needed:
            raise DataError(f"the parameter `{p.name}` needs a value: --set {p.name}=...")
    try:
        return written(rebuilt(value, evaluate(leaves, values)), its_type)
    except Fault as fault:
        site = sites[fault.site]
        raise ElaborationError(site.message([fault.value]), site.span) from None
    except (NotImplementedError, KeyError):
        raise OptionError(f"`{text}` cannot be evaluated: it is drawn at random") from None


def _declarations(program: Program) -> Iterator[Declaration]:
    """What may be given: parameters, transformed parameters and generated quantities."""
    for block in (program.parameters, program.transformed_parameters, program.generated_quantities):
        yield from (d for d in block or () if isinstance(d, Declaration))


def _graph(model: PplModel, text: str) -> tuple[Variable | Parts, Type, Model, Sequence[Site]]:
    """The expression as a graph, its type, the model whose variables it is about, and the sites of both."""
    printed = parse("model { print(" + text + "); }", "expression").model
    if not printed or not isinstance(printed[0], Print) or len(printed[0].arguments) != 1:
        raise OptionError(f"`{text}` is not one expression")
    program = model.program
    extended = replace(program, generated_quantities=(*(program.generated_quantities or ()), printed[0]))
    checked = check(extended, LIBRARY)  # for the types of the expression
    elaborator = Elaborator(replace(checked, program=program), model.data, LIBRARY, DataRun())
    built = elaborator.model()
    expression = printed[0].arguments[0]
    value = each(elaborator.lift, elaborator.evaluate(expression))
    return value, checked.type_of(expression), built, tuple(elaborator.sites)


def _array(name: str, number: Any, like: Variable) -> np.ndarray:
    try:
        array = np.asarray(number, dtype=like.dtype)
    except (TypeError, ValueError):
        raise DataError(f"the value of `{name}` is not a number or an array of numbers") from None
    if array.shape != like.shape:
        raise DataError(f"the value of `{name}` has size {list(array.shape)}, but it needs {list(like.shape)}")
    return array
