"""Arithmetic operators of variables (`a + b` builds `add(a, b)`) and their conversion to a type."""
from __future__ import annotations

from ppl_cli.graph.basic import Variable
from ppl_cli.graph.types import TensorType
from ppl_cli.ops import scalar_math as sm
from ppl_cli.ops.shape import broadcast_to

for _name, _function in {"add": sm.add, "sub": sm.sub, "mul": sm.mul, "truediv": sm.div, "pow": sm.power}.items():
    setattr(Variable, f"__{_name}__", lambda a, b, f=_function: f(a, b))
    setattr(Variable, f"__r{_name}__", lambda a, b, f=_function: f(b, a))
setattr(Variable, "__neg__", lambda a: sm.neg(a))
setattr(Variable, "__array_ufunc__", None)  # so that ndarray + Variable comes here instead of looping over elements


def _as_type(v: Variable, type: TensorType) -> Variable:
    if v.dtype != type.dtype:
        v = {"float64": sm.to_real, "int64": sm.to_int}[type.dtype](v)
    return broadcast_to(v, type.shape)


setattr(Variable, "as_type", _as_type)
