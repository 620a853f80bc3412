"""`ppl eval`: expressions over the variables of a model."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from click.testing import Result

Run = Callable[..., Result]


@pytest.mark.parametrize(
    ("expression", "settings", "value"),
    [
        ("mean(y)", [], 8.75),
        ("y[3:4]", [], [-3, 7]),
        ("tau^2", ["tau=3"], 9),
        ("theta", ["mu=1", "tau=2", "theta_raw=[0, 1, 0, 1, 0, 1, 0, 1]"], [1, 3, 1, 3, 1, 3, 1, 3]),
        ("sum(theta)", ["theta=[1, 1, 1, 1, 1, 1, 1, 1]"], 8),
        ("normal_lpdf(2.5 | 0, 5)", [], -2.6533764456387727),
    ],
)
def test_the_value_of_an_expression(run: Run, expression: str, settings: list[str], value: object) -> None:
    options = [part for setting in settings for part in ("--set", setting)]
    found = run("eval", "eight_schools.ppl", expression, *options)
    assert found.exit_code == 0, found.stderr
    assert json.loads(found.stdout) == pytest.approx(value)


@pytest.mark.parametrize(
    ("expression", "setting", "message"),
    [
        ("tau", "mu=1", "the parameter `tau` needs a value: --set tau="),
        ("tua", "tau=1", "unknown variable `tua`"),
        ("tau +", "tau=1", "expected an expression"),
        ("tau", "tau", "a name and a value are needed"),
        ("tau", "tau=one", "not a JSON number"),
        ("tau", "tau=[1, 2]", "`tau` has size [2], but it needs []"),
        ("tau", "foo=1", "`foo` is not a parameter"),
        ("y_rep", "theta=[1, 1, 1, 1, 1, 1, 1, 1]", "drawn at random"),
    ],
)
def test_what_has_no_value_is_refused(run: Run, expression: str, setting: str, message: str) -> None:
    found = run("eval", "eight_schools.ppl", expression, "--set", setting)
    assert found.exit_code == 2
    assert message in found.stderr
