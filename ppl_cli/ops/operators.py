"""What variables can do because there are ops: arithmetic (`a + b` builds `add(a, b)`) and what every gradient needs.

Installed on `Variable` from here, because the graph knows no ops and ops need each other's results in their gradients.
"""
from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ppl_cli.graph.basic import Variable
from ppl_cli.graph.types import TensorType
from ppl_cli.ops import scalar_math as sm
from ppl_cli.ops.indexing import take_slice
from ppl_cli.ops.reduction import sum_to
from ppl_cli.ops.shape import broadcast_to


def as_type(v: Variable, type: TensorType) -> Variable:
    """`v` converted and broadcast to `type`."""
    if v.dtype != type.dtype:
        v = {"float64": sm.to_real, "int64": sm.to_int}[type.dtype](v)
    return broadcast_to(v, type.shape)


METHODS: dict[str, Callable[..., Any]] = {
    "__neg__": lambda a: sm.neg(a), "as_type": as_type, "sum_to": sum_to, "take_slice": take_slice,
}
for _name, _function in {"add": sm.add, "sub": sm.sub, "mul": sm.mul, "truediv": sm.div, "pow": sm.power}.items():
    METHODS[f"__{_name}__"] = lambda a, b, f=_function: f(a, b)
    METHODS[f"__r{_name}__"] = lambda a, b, f=_function: f(b, a)
for _name, _method in METHODS.items():
    setattr(Variable, _name, _method)
Variable.__array_ufunc__ = None  # type: ignore[attr-defined]  # so that ndarray + Variable comes here instead of looping over elements
