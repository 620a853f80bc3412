"""An expression over a model's variables → its value, by NumPy; any intermediate variable may be given a value instead."""
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from ppl_cli.api import PplModel
from ppl_cli.errors import DataError, OptionError
from ppl_cli.graph.basic import Variable, root
from ppl_cli.graph.traversal import clone_replace, evaluate, roots_of
from ppl_cli.language import check, parse
from ppl_cli.language.syntax import Print
from ppl_cli.model.elaborate import Elaborator
from ppl_cli.model.library import LIBRARY
from ppl_cli.model.model import Model
from ppl_cli.pipeline import run


def evaluate_expression(model: PplModel, text: str, given: Mapping[str, Any]) -> np.ndarray:
    """The value of the expression `text` in the model's language; `given` are values of parameters and other variables."""
    value, built = _graph(model, text)
    named = {p.name: p.constrained for p in built.parameters} | dict(built.transformed) | dict(built.generated)
    values: dict[Variable, np.ndarray] = {}
    replaced: dict[Variable, Variable] = {}
    for name, number in given.items():
        if name not in named:
            raise OptionError(f"`{name}` is not a parameter or a quantity computed from parameters")
        variable = root(name, named[name].dtype, named[name].shape)
        values[variable] = _array(name, number, variable)
        replaced[named[name]] = variable
    (value,) = clone_replace([value], replaced)
    needed = set(roots_of([value]))
    for p in built.parameters:
        if p.value in needed:
            raise DataError(f"the parameter `{p.name}` needs a value: --set {p.name}=...")
    try:
        return evaluate([value], values)[0]
    except (NotImplementedError, KeyError):
        raise OptionError(f"`{text}` cannot be evaluated: it is drawn at random") from None


def _graph(model: PplModel, text: str) -> tuple[Variable, Model]:
    """The expression as a graph, and the model whose variables it is about."""
    printed = parse("model { print(" + text + "); }", "expression").model
    if not printed or not isinstance(printed[0], Print) or len(printed[0].arguments) != 1:
        raise OptionError(f"`{text}` is not one expression")
    program = model.program
    extended = replace(program, generated_quantities=(*(program.generated_quantities or ()), printed[0]))
    checked = check(extended, LIBRARY)  # for the types of the expression
    elaborator = Elaborator(replace(checked, program=program), model.data, LIBRARY, run)
    built = elaborator.model()
    return elaborator.lift(elaborator.evaluate(printed[0].arguments[0])), built


def _array(name: str, number: Any, like: Variable) -> np.ndarray:
    try:
        array = np.asarray(number, dtype=like.dtype)
    except (TypeError, ValueError):
        raise DataError(f"the value of `{name}` is not a number or an array of numbers") from None
    if array.shape != like.shape:
        raise DataError(f"the value of `{name}` has size {list(array.shape)}, but it needs {list(like.shape)}")
    return array
