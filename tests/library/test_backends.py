"""Every function of the library, compiled by C and by Numba, has the values and gradients that NumPy gives.

Quick: densities. Slow: all names by Numba, all signatures by C. Programs that take functions are in `test_functionals`.
"""
from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from compiler.compare import flat
from library.examples import NOT_FINITE, Example, example

from ppl_cli.compiler import Backend, compile_function
from ppl_cli.distributions import DISTRIBUTIONS
from ppl_cli.graph.basic import Variable
from ppl_cli.graph.traversal import evaluate
from ppl_cli.language.functionals import takes_function
from ppl_cli.language.signatures import Signature
from ppl_cli.logprob import expand_draws
from ppl_cli.model.library import LIBRARY

TOGETHER = 20  # so many in one kernel


def signatures() -> list[Signature]:
    """Those of all functions that take no functions."""
    every = [s for name in LIBRARY.names() for s in LIBRARY.signatures(name)]
    return [s for s in every if not takes_function(s)]


def first_signatures() -> list[Signature]:
    return list({s.name: s for s in reversed(signatures())}.values())[::-1]


def densities() -> list[Signature]:
    """Of numbers; their normalized forms."""
    laws = [law for law in DISTRIBUTIONS.values() if law.event_ndim == 0 and not any(law.event_ndims)]
    return [LIBRARY.signatures(f"{law.name}_{'lpmf' if law.is_discrete else 'lpdf'}")[0] for law in laws]


def chunks(found: Sequence[Signature]) -> list[tuple[Signature, ...]]:
    return [tuple(found[k : k + TOGETHER]) for k in range(0, len(found), TOGETHER)]


def name_of_chunk(chunk: tuple[Signature, ...]) -> str:
    return f"{chunk[0].name} to {chunk[-1].name}"


def outputs_of(call: Example) -> list[Variable]:
    return [v for v in (*call.outputs, *call.gradients()) if v.type.size]


def assert_agrees(chunk: Sequence[Signature], backends: Sequence[Backend]) -> None:
    """All calls in one kernel; a failure names the first signature that differs."""
    calls = [example(s) for s in chunk if not s.name.endswith("_rng")]
    values = {root: value for call in calls for root, value in call.values.items()}
    outputs = [outputs_of(call) for call in calls]
    together = [v for part in outputs for v in part]
    q = flat(list(values.values()))
    found = {b: compile_function(list(values), None, together, backend=b)(q)[1] for b in backends}
    start = 0
    for call, part in zip(calls, outputs, strict=True):
        expected = flat(evaluate(part, call.values))
        for backend, got in found.items():
            np.testing.assert_allclose(
                got[start : start + expected.size], expected, rtol=1e-8, atol=1e-10,
                err_msg=f"{call.signature} by {backend}",
            )  # fmt: skip
        start += expected.size


def assert_same_draws(chunk: Sequence[Signature]) -> None:
    calls = [example(s) for s in chunk if s.name.endswith("_rng")]
    if not calls:
        return
    values = {root: value for call in calls for root, value in call.values.items()}
    q = flat(list(values.values()))
    draws = expand_draws([v for call in calls for v in call.outputs])
    state = np.array([1, 2, 0, 0], np.uint64)
    c, numba = (compile_function(list(values), None, draws, backend=b)(q, state)[1] for b in ("c", "numba"))
    np.testing.assert_allclose(c, numba, rtol=1e-10)


def test_every_signature_has_an_example_where_it_is_finite() -> None:
    for signature in signatures():
        call = example(signature)
        if not call.is_drawn and signature.name not in NOT_FINITE:
            assert all(np.isfinite(v).all() for v in evaluate(outputs_of(call), call.values)), signature


@pytest.mark.parametrize("chunk", chunks(densities()), ids=name_of_chunk)
def test_densities(chunk: tuple[Signature, ...]) -> None:
    assert_agrees(chunk, ["c", "numba"])


@pytest.mark.slow
@pytest.mark.parametrize("chunk", chunks(first_signatures()), ids=name_of_chunk)
def test_every_name(chunk: tuple[Signature, ...]) -> None:
    assert_agrees(chunk, ["c", "numba"])
    assert_same_draws(chunk)


@pytest.mark.slow
@pytest.mark.parametrize("chunk", chunks(signatures()), ids=name_of_chunk)
def test_every_signature(chunk: tuple[Signature, ...]) -> None:
    assert_agrees(chunk, ["c"])
