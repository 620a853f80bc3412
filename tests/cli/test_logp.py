"""`ppl logp`: lines of parameter values in, lines of densities out."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

Run = Callable[..., Result]
MODELS = Path(__file__).parents[2] / "models"
HALF_NORMAL = json.dumps({"mu": 0.5, "sigma": 2})


def answers(result: Result) -> list[dict[str, Any]]:
    assert result.exit_code == 0, result.stderr
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_the_joint_density_keeps_its_constants(run: Run) -> None:
    found = answers(run("logp", "normal_normal.ppl", "--params", "-", given='{"z": 2.5}\n'))
    assert found == [{"lp": pytest.approx(-6.6973152, abs=1e-6)}]


def test_there_is_an_answer_for_each_line(run: Run) -> None:
    found = answers(run("logp", "normal_normal.ppl", "--params", "-", given='{"z": 1}\n\n{"z": 2}\n{"z": 3}\n'))
    assert [line["lp"] for line in found] == sorted(line["lp"] for line in found)
    assert len(found) == 3


def test_the_jacobian_is_the_log_of_a_positive_scale(run: Run) -> None:
    (with_it,) = answers(run("logp", "half_normal.ppl", "--params", "-", given=HALF_NORMAL))
    (without,) = answers(run("logp", "half_normal.ppl", "--params", "-", "--no-jacobian", given=HALF_NORMAL))
    assert with_it["lp"] - without["lp"] == pytest.approx(0.6931471805599453)


def test_unconstrained_lists_are_the_same_points(run: Run) -> None:
    named = run("logp", "half_normal.ppl", "--params", "-", "--grad", given=HALF_NORMAL)
    flat = run(
        "logp", "half_normal.ppl", "--params", "-", "--grad", "--unconstrained", given="[0.5, 0.6931471805599453]"
    )
    assert answers(flat)[0]["grad"] == pytest.approx(answers(named)[0]["grad"])


def test_the_hessian_of_a_normal_is_its_precision(run: Run) -> None:
    (found,) = answers(run("logp", "normal_normal.ppl", "--params", "-", "--hessian", given='{"z": 7}'))
    assert found["hessian"] == [[pytest.approx(-1.04)]]


def test_the_jacobian_adds_nothing_to_the_hessian_of_a_log_scale(run: Run) -> None:
    options = ("--params", "-", "--hessian")
    (with_it,) = answers(run("logp", "half_normal.ppl", *options, given=HALF_NORMAL))
    (without,) = answers(run("logp", "half_normal.ppl", *options, "--no-jacobian", given=HALF_NORMAL))
    assert with_it["hessian"] == [pytest.approx(row) for row in without["hessian"]]


def test_transformed_parameters_are_added_by_name(run: Run) -> None:
    point = json.dumps({"mu": 1, "tau": 2, "theta_raw": [0, 1, 2, 3, 4, 5, 6, 7]})
    (found,) = answers(run("logp", "eight_schools.ppl", "--params", "-", "--transformed", given=point))
    assert found["transformed"] == {"theta": [1, 3, 5, 7, 9, 11, 13, 15]}


def test_both_backends_answer_the_same(run: Run) -> None:
    found = [
        answers(run("logp", "half_normal.ppl", "--params", "-", "--grad", "--backend", b, given=HALF_NORMAL))[0]["grad"]
        for b in ("c", "numba")
    ]
    assert found[0] == pytest.approx(found[1], rel=1e-10)


@pytest.mark.parametrize(
    ("given", "options", "message"),
    [
        ('{"z": 1', (), "standard input:1:8: not valid JSON"),
        ('{"z": 1}\n[1]', (), "standard input:2: each line must be a JSON object"),
        ('{"y": 1}', (), "standard input:1: the parameter `z` is missing"),
        ('{"z": [1, 2]}', (), "the parameter `z` has size [2], but it needs []"),
        ('{"z": "one"}', (), "the parameter `z` is not a number"),
        ("[1, 2]", ("--unconstrained",), "the list has 2 numbers, but the model has 1 unconstrained parameters"),
        ('{"z": 1}', ("--unconstrained",), "each line must be a flat list of numbers"),
    ],
)
def test_lines_that_are_not_points_are_refused(run: Run, given: str, options: tuple[str, ...], message: str) -> None:
    found = run("logp", "normal_normal.ppl", "--params", "-", *options, given=given)
    assert found.exit_code == 2
    assert message in found.stderr


def test_values_outside_the_support_are_refused(run: Run) -> None:
    found = run("logp", "half_normal.ppl", "--params", "-", given='{"mu": 0, "sigma": -1}')
    assert (found.exit_code, found.stdout) == (2, "")
    assert "the parameter `sigma` does not satisfy its constraint" in found.stderr


def test_a_point_that_the_model_refuses_is_an_error_after_all_lines(run: Run, tmp_path: Path) -> None:
    model = tmp_path / "m.ppl"
    model.write_text("parameters { real x; real s; }\nmodel { x ~ normal(0, s); s ~ normal(0, 1); }\n")
    points = '{"x": 0, "s": 1}\n{"x": 0, "s": -2}\n{"x": 1, "s": 2}\n'
    found = run("logp", str(model), "--params", "-", given=points)
    assert found.exit_code == 1 and [math.isnan(json.loads(line)["lp"]) for line in found.stdout.splitlines()] == [
        False, True, False,
    ]  # fmt: skip
    problem = "normal_lpdf: scale parameter `sigma` is -2, but must be positive"
    assert found.stderr == f"standard input:2: {model}:2:23: error: {problem}\n"


def test_a_mistake_in_the_model_is_one_located_line(run: Run) -> None:
    found = run("logp", "-", "--params", "nowhere.json", given="parameters { real x; } model { x ~ nrmal(0, 1); }")
    assert found.exit_code == 2
    assert found.stderr == "standard input:1:36: error: unknown distribution `nrmal`\n"


def test_a_reader_that_stops_reading_is_no_error(tmp_path: Path) -> None:
    points = tmp_path / "points.json"
    points.write_text('{"z": 1}\n' * 20000)
    logp = f"{sys.executable} -m ppl_cli logp {MODELS / 'normal_normal.ppl'} --params {points}"
    found = subprocess.run(f"{logp} | head -n 1", shell=True, capture_output=True, text=True)
    assert (len(found.stdout.splitlines()), found.stderr) == (1, "")
