"""Every elementwise operation gives the same values compiled as in NumPy, awkward arguments included."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from compiler.compare import BACKENDS, assert_compiled

import ppl_cli.ops  # noqa: F401
from ppl_cli.graph.basic import root
from ppl_cli.graph.types import DType
from ppl_cli.ops.elementwise import SCALARS, Elementwise, Scalar

REALS = [
    -np.inf,
    -800.0,
    -20.5,
    -3.0,
    -1.0,
    -0.3,
    -1e-9,
    0.0,
    1e-9,
    0.3,
    0.5,
    1.0,
    1.5,
    2.0,
    7.25,
    30.0,
    1e3,
    1e10,
    np.inf,
    np.nan,
]
INTEGERS = [-7, -2, -1, 0, 1, 2, 5]

# Operations of integers, and those that take a truth value first.
OF_INTEGERS = {"int_div", "mod", "int_abs", "max", "min", "and", "or", "not", "choose"}


def dtypes(scalar: Scalar) -> list[DType]:
    kinds: list[DType] = ["int64" if scalar.name in OF_INTEGERS else "float64"] * scalar.arity
    return ["bool", *kinds[1:]] if scalar.name == "switch" else kinds


def grid(scalar: Scalar) -> list[np.ndarray]:
    """Every combination of awkward arguments."""
    axes = [{"int64": INTEGERS, "float64": REALS, "bool": [False, True]}[d] for d in dtypes(scalar)]
    if scalar.name == "hurwitz_zeta":
        axes[0] = [1.0, 2.0, 3.0, 4.5]
    if scalar.name == "to_int":
        axes = [[x for x in REALS if abs(x) < 1e15]]
    if scalar.name == "lgamma":  # at -inf SciPy says -inf, C says inf
        axes = [REALS[1:]]
    columns = zip(*product(*axes), strict=True)
    return [np.array(column, d) for column, d in zip(columns, dtypes(scalar), strict=True)]


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("scalar", [s for s in SCALARS.values() if not s.reports], ids=lambda s: s.name)
def test_values(scalar: Scalar, backend: str) -> None:
    arguments = grid(scalar)
    roots = [root(f"x{k}", d, a.shape) for k, (d, a) in enumerate(zip(dtypes(scalar), arguments, strict=True))]
    assert_compiled([Elementwise(scalar)(*roots)], dict(zip(roots, arguments, strict=True)), backend)
