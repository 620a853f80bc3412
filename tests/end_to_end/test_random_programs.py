"""Random programs have the values, gradients and transformed parameters that they have in Python.

By the optimized graph, evaluated by NumPy; by C; by Numba. What goes wrong is shown as a program that is as small as
can be found in a minute.
"""
from __future__ import annotations

from collections.abc import Callable
from functools import partial
from itertools import count
from time import monotonic

import numpy as np
import pytest
from end_to_end.random_programs.expressions import Impossible
from end_to_end.random_programs.meaning import Unusual
from end_to_end.random_programs.programs import random_program
from end_to_end.random_programs.smaller import smaller
from end_to_end.random_programs.tree import Meaning, Program

from ppl_cli import load
from ppl_cli.compiler import Backend
from ppl_cli.errors import PplError
from ppl_cli.graph.traversal import evaluate
from ppl_cli.ops import control

Evaluate = Callable[[Program, np.ndarray], Meaning]


def by_numpy(program: Program, q: np.ndarray) -> Meaning:
    pipeline = load(program.text, program.data).pipeline
    transformed = pipeline.on_flat([pipeline.quantities[n] for n in program.names])
    with np.errstate(all="ignore"):
        value, gradient, *found = evaluate([*pipeline.optimized(), *transformed], {pipeline.flat: q})
    return Meaning(float(value), gradient, dict(zip(program.names, found, strict=True)))


def compiled(program: Program, q: np.ndarray, backend: Backend) -> Meaning:
    model = load(program.text, program.data, backend=backend)
    return Meaning(*model.logp_grad(q), model.transformed_values(q))


def problem(program: Program, q: np.ndarray, how: Evaluate) -> str:
    """What is wrong; empty if nothing is."""
    meaning = program.meaning(q)
    try:
        return meaning.differs(how(program, q))
    except PplError as error:
        return f"{type(error).__name__}: {error}"


def check(number: int, how: Evaluate) -> None:
    """The first program of the seeds number, number + 10000, ... that means something has that meaning."""
    for seed in count(number, 10_000):
        try:
            program = random_program(seed)
            found = problem(program, program.point(seed), how)
        except (Impossible, Unusual):
            continue
        break
    if found:
        small = smaller(program, partial(_also, until=monotonic() + 60, found=found, seed=seed, how=how))
        pytest.fail(f"seed {seed}: {found}\n{small.text}\n{small.data}")


def _also(program: Program, until: float, found: str, seed: int, how: Evaluate) -> bool:
    """Whether the same goes wrong."""
    try:
        again = "" if monotonic() > until else problem(program, program.point(seed), how)
    except Exception:
        return False
    return again[:12] == found[:12]


@pytest.fixture(autouse=True)
def _little_room(monkeypatch: pytest.MonkeyPatch) -> None:
    """NumPy copies what is kept of a loop at every step."""
    monkeypatch.setattr(control, "LARGEST_OPEN_HISTORY", 20_000)


@pytest.mark.parametrize("number", range(1000, 1040))
def test_by_numpy(number: int) -> None:
    check(number, by_numpy)


@pytest.mark.parametrize("number", range(1040, 1056))
def test_by_c(number: int) -> None:
    check(number, partial(compiled, backend="c"))


@pytest.mark.parametrize("number", range(1056, 1059))
def test_by_numba(number: int) -> None:
    check(number, partial(compiled, backend="numba"))


@pytest.mark.slow
@pytest.mark.parametrize("number", range(2000, 3000))
def test_many_by_numpy(number: int) -> None:
    check(number, by_numpy)


@pytest.mark.slow
@pytest.mark.parametrize("number", range(3000, 3400))
def test_many_by_c(number: int) -> None:
    check(number, partial(compiled, backend="c"))


@pytest.mark.slow
@pytest.mark.parametrize("number", range(3400, 3440))
def test_many_by_numba(number: int) -> None:
    check(number, partial(compiled, backend="numba"))
