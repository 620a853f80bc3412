"""Long and deep programs: what leans to one side has no limit, what is nested too deeply is refused with its place."""

from __future__ import annotations

import numpy as np
import pytest

from ppl_cli import load
from ppl_cli.graph.traversal import evaluate
from ppl_cli.language.diagnostics import LanguageError


def target(statement: str, x: float) -> float:
    """What a statement adds, by the interpreter of graphs."""
    model = load(f"data {{ int n = 3; }} parameters {{ real x; }} model {{ {statement} }}").model
    values = {model.parameters[0].value: np.array(x)}
    return sum(float(v) for v in evaluate([term.value for term in model.terms], values))


def test_a_long_sum() -> None:
    assert target(f"target += {' + '.join(['2 * x'] * 5000)};", 1.5) == 15000


def test_a_long_sum_as_an_argument() -> None:
    model = load(f"parameters {{ real x; }} model {{ x ~ normal({' + '.join(['x'] * 5000)}, 1); }}").model
    assert len(model.terms) == 1


@pytest.mark.parametrize("known", [True, False])
def test_many_conditions(known: bool) -> None:
    conditions = " else ".join(f"if ({'n' if known else 'x'} > {500 - k}) y = {k};" for k in range(500))
    assert target(f"real y; {conditions} else y = -1; target += x + y;", 3.0) == 3 + 498


def test_many_conditions_in_an_expression() -> None:
    assert target(f"target += {' : '.join(f'x > {300 - k} ? {k}' for k in range(300))} : -1;", 3.5) == 297


def test_conditions_that_are_nested_too_deeply() -> None:
    with pytest.raises(LanguageError, match=r"model.ppl:1:\d+: error: this is nested too deeply"):
        target(f"target += {' : '.join(f'n > {9000 - k} ? {k}' for k in range(8000))} : -1;", 0.0)
