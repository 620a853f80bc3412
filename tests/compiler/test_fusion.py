"""Models of the usual kinds become few loops, without temporary arrays as long as the data."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from compiler.compare import BACKENDS, assert_compiled

import ppl_cli.ops  # noqa: F401
from ppl_cli.compiler import compile_function, dump
from ppl_cli.graph.basic import Variable, constant, root
from ppl_cli.graph.gradient import grad
from ppl_cli.ops.indexing import gather, take_slice
from ppl_cli.ops.linalg import matvec
from ppl_cli.ops.reduction import log_sum_exp, reduce_sum
from ppl_cli.ops.scalar_math import exp, log, log1p_exp
from ppl_cli.ops.shape import reshape
from ppl_cli.rewrites.passes import canonicalize, optimize, stabilize

GROUPS, COLUMNS = 7, 3
Density = Callable[[Variable, np.random.Generator, int], Variable]


def data(values: np.ndarray) -> Variable:
    return constant(values, literal=False)


def scalar(q: Variable, k: int) -> Variable:
    return reshape(take_slice(q, k, k + 1), ())


def normal(y: Variable, mean: Variable, deviation: Variable) -> Variable:
    z = (y - mean) / deviation
    return reduce_sum(-0.5 * (z * z) - log(deviation))


def regression(q: Variable, rng: np.random.Generator, n: int) -> Variable:
    x, y = data(rng.normal(size=(n, COLUMNS))), data(rng.normal(size=n))
    return normal(y, matvec(x, take_slice(q, 0, COLUMNS)), exp(scalar(q, COLUMNS)))


def grouped_regression(q: Variable, rng: np.random.Generator, n: int) -> Variable:
    group, x, y = data(rng.integers(0, GROUPS, n)), data(rng.normal(size=n)), data(rng.normal(size=n))
    effects = scalar(q, 0) + exp(scalar(q, 1)) * take_slice(q, 4, 4 + GROUPS)
    return normal(y, gather(effects, group) + x * scalar(q, 2), exp(scalar(q, 3)))


def grouped_logistic(q: Variable, rng: np.random.Generator, n: int) -> Variable:
    group, x, y = data(rng.integers(0, GROUPS, n)), data(rng.normal(size=n)), data(rng.integers(0, 2, n).astype(float))
    eta = gather(take_slice(q, 4, 4 + GROUPS), group) + x * scalar(q, 2)
    return reduce_sum(y * eta - log1p_exp(eta))


def mixture(q: Variable, rng: np.random.Generator, n: int) -> Variable:
    y = data(rng.normal(size=(n, 1)))
    return reduce_sum(log_sum_exp(take_slice(q, 4, 7) - 0.5 * (y - take_slice(q, 0, 3)) * (y - take_slice(q, 0, 3))))


DENSITIES: dict[str, Density] = {f.__name__: f for f in (regression, grouped_regression, grouped_logistic, mixture)}


def value_and_gradient(name: str, n: int) -> tuple[Variable, list[Variable]]:
    q = root("q", shape=(4 + GROUPS,))
    (density,) = stabilize(canonicalize([DENSITIES[name](q, np.random.default_rng(0), n)]))
    return q, optimize([density, *grad(density, [q])])


@pytest.mark.parametrize("name", DENSITIES)
def test_kernel(name: str, compare_with_stored: Callable[[str, Path], None]) -> None:
    q, (value, gradient) = value_and_gradient(name, 900)
    compare_with_stored(
        dump(compile_function([q], value, [gradient]).kernel), Path(__file__).parent / "kernels" / f"{name}.txt"
    )


@pytest.mark.parametrize("name", ["regression", "grouped_regression", "mixture"])
def test_one_pass_over_the_data(name: str) -> None:
    q, (value, gradient) = value_and_gradient(name, 900)
    function = compile_function([q], value, [gradient])
    assert function.source.count("< 900;") == 1
    assert all(buffer.size < 900 for buffer in function.kernel.scratch)


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("name", DENSITIES)
def test_values(name: str, backend: str) -> None:
    q, (value, gradient) = value_and_gradient(name, 900)
    assert_compiled([gradient], {q: np.linspace(-0.5, 0.7, 4 + GROUPS)}, backend, value)


@pytest.mark.parametrize("name", DENSITIES)
def test_the_text_does_not_grow_with_the_data(name: str) -> None:
    lengths = set()
    for n in (1000, 9000):
        q, (value, gradient) = value_and_gradient(name, n)
        lengths.add(compile_function([q], value, [gradient]).source.count("\n"))
    assert len(lengths) == 1


def test_new_data_of_the_same_shape_give_the_same_text() -> None:
    q = root("q", shape=(4 + GROUPS,))
    texts = set()
    for seed in (1, 2):
        density = grouped_regression(q, np.random.default_rng(seed), 300)
        texts.add(compile_function([q], density, grad(density, [q])).source)
    assert len(texts) == 1
