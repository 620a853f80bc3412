"""Arithmetic operators of variables: `a + b` builds `add(a, b)`."""
from __future__ import annotations

from ppl_cli.graph.basic import Variable
from ppl_cli.ops import scalar_math as sm

for _name, _function in {"add": sm.add, "sub": sm.sub, "mul": sm.mul, "truediv": sm.div, "pow": sm.power}.items():
    setattr(Variable, f"__{_name}__", lambda a, b, f=_function: f(a, b))
    setattr(Variable, f"__r{_name}__", lambda a, b, f=_function: f(b, a))
setattr(Variable, "__neg__", lambda a: sm.neg(a))
setattr(Variable, "__array_ufunc__", None)  # so that ndarray + Variable comes here instead of looping over elements
