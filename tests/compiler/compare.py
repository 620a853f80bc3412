"""What compiled functions are compared with: the values that NumPy gives, operation by operation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from ppl_cli.compiler import CompiledFunction, compile_function
from ppl_cli.graph.basic import Variable
from ppl_cli.graph.traversal import evaluate

BACKENDS = ("c", "numba")


def flat(arrays: Sequence[np.ndarray]) -> np.ndarray:
    return np.concatenate([np.ravel(a).astype(float) for a in arrays]) if arrays else np.zeros(0)


def assert_compiled(
    outputs: Sequence[Variable],
    values: Mapping[Variable, np.ndarray],
    backend: str = "c",
    value: Variable | None = None,
    rtol: float = 1e-10,
    atol: float = 1e-12,
) -> CompiledFunction:
    """Compiled, `outputs` (and the scalar `value`) are at `values` what NumPy says, the first time and the next."""
    function = compile_function(list(values), value, outputs, backend=backend)
    q = flat(list(values.values()))
    for _ in range(2):
        found_value, found = function(q)
    with np.errstate(all="ignore"):
        expected = evaluate([*outputs, *([value] if value is not None else [])], values)
    if value is not None:
        np.testing.assert_allclose(found_value, expected.pop(), rtol=rtol, atol=atol)
    np.testing.assert_allclose(found, flat(expected), rtol=rtol, atol=atol)
    return function
