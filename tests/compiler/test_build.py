"""How kernels are built, kept, and called."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import ppl_cli.ops  # noqa: F401
from ppl_cli.compiler import build, cache, compile_function, default_backend
from ppl_cli.errors import OptionError
from ppl_cli.graph.basic import constant, root
from ppl_cli.graph.traversal import evaluate
from ppl_cli.ops.linalg import matmul
from ppl_cli.ops.random import primitive
from ppl_cli.ops.reduction import CumulativeSum
from ppl_cli.ops.scalar_math import exp, ndtri, sin

x = root("x", shape=(3,))


@pytest.fixture
def empty_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(build, "cache_directory", lambda: tmp_path)
    return tmp_path


def test_a_kernel_is_built_once(empty_cache: Path) -> None:
    for _ in range(2):
        assert compile_function([x], None, [exp(x)])(np.zeros(3))[1].tolist() == [1, 1, 1]
    assert len(list(empty_cache.glob("*.so"))) == 1


def test_nothing_unfinished_is_left_behind(empty_cache: Path) -> None:
    assert compile_function([x], None, [sin(x)]).address
    assert {path.suffix for path in empty_cache.iterdir()} <= {".so", ".vector_math"}


def test_a_cache_that_cannot_be_written_is_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setattr(cache.platformdirs, "user_cache_dir", lambda name: str(tmp_path / "file"))
    assert cache.cache_directory.__wrapped__().is_dir()


def test_without_a_compiler_numba_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ppl_cli.compiler.function.compiler", lambda: None)
    assert default_backend() == "numba"
    with pytest.raises(OptionError, match="no C compiler"):
        compile_function([x], None, [x], backend="c")


def test_a_vector_of_the_wrong_length_is_refused() -> None:
    with pytest.raises(ValueError, match="3 numbers"):
        compile_function([x], None, [exp(x)])(np.zeros(2))


@pytest.mark.parametrize("backend", ["c", "numba"])
def test_functions_of_scipy(backend: str) -> None:
    found = compile_function([x], None, [ndtri(x)], backend=backend)(np.array([0.025, 0.5, 0.975]))[1]
    np.testing.assert_allclose(found, [-1.959963984540054, 0, 1.959963984540054], atol=1e-12)


@pytest.mark.parametrize("backend", ["c", "numba"])
def test_draws_are_made_once_and_follow_the_state(backend: str) -> None:
    u = primitive("uniform", shape=(4,))
    function = compile_function([], None, [u, u * 2.0, primitive("poisson", constant(3.0))], backend=backend)
    out, again = np.empty(9), np.empty(9)
    for result in (out, again):
        workspace = function.workspace(np.array([1, 2, 0, 0], np.uint64))
        call = function._own[1]
        call(np.zeros(1).ctypes.data, result.ctypes.data, workspace.address)
    np.testing.assert_array_equal(out, again)
    np.testing.assert_array_equal(out[4:8], 2 * out[:4])
    assert len(set(out[:4])) == 4 and out[8] == int(out[8])


def test_large_scratch_arrays_share_memory() -> None:
    a = root("a", shape=(100, 100))
    v = a
    for _ in range(6):
        v = sin(matmul(CumulativeSum()(v), a)) * 0.1
    function = compile_function([a], None, [v])
    assert function.kernel.n_scratch < 8 * 10_000
    value = np.random.default_rng(0).normal(size=(100, 100)) * 0.1
    np.testing.assert_allclose(function(value.ravel())[1], evaluate([v], {a: value})[0].ravel(), rtol=1e-8, atol=1e-10)
