"""The operators by their names: add, multiply, logical_eq ... (Functions Reference, "Mathematical Functions")."""
from __future__ import annotations

from ppl_cli.graph.basic import Variable
from ppl_cli.language.types import Type
from ppl_cli.model.library.operators import PRODUCTS, UNARY, operator
from ppl_cli.model.library.table import Implementation, Section

add = Section("Operators by name").add

ELEMENTWISE = {"add": "+", "subtract": "-", "elt_multiply": ".*", "elt_divide": "./"}
COMPARISONS = {
    "logical_eq": "==", "logical_neq": "!=", "logical_lt": "<", "logical_lte": "<=", "logical_gt": ">",
    "logical_gte": ">=", "logical_and": "&&", "logical_or": "||",
}  # fmt: skip
RESULTS = {
    ("matrix", "matrix"): "matrix", ("matrix", "vector"): "vector", ("row_vector", "matrix"): "row_vector",
    ("row_vector", "vector"): "real", ("vector", "row_vector"): "matrix",
}  # fmt: skip


def _as_operator(symbol: str) -> Implementation:
    def build(*arguments: Variable, types: tuple[Type, ...]) -> Variable:
        return operator(symbol, types)(*arguments)

    return build


def _add(symbol: str, *texts: str) -> None:
    for text in texts:
        add(text, _as_operator(symbol), f"The operator `{symbol}`", typed=True)


for _name, _symbol in ELEMENTWISE.items():
    add(f"int {_name}(int, int)", _as_operator(_symbol if _name != "elt_divide" else "/"), typed=True)
    _add(_symbol, f"T {_name}(T, T)")
for _name, _symbol in COMPARISONS.items():
    _add(_symbol, f"int {_name}(real, real)")
_add("*", "int multiply(int, int)", "T multiply(T, real)", "T multiply(real, T)")
_add("*", *(f"{_result} multiply({_a}, {_b})" for (_a, _b), _result in RESULTS.items() if (_a, _b) in PRODUCTS))
_add(
    "/",
    "int divide(int, int)",
    "T divide(T, real)",
    *(f"{_type} divide(real, {_type})" for _type in ("vector", "row_vector", "matrix")),
    "matrix divide(matrix, matrix)",
    "row_vector divide(row_vector, matrix)",
)
_add("%", "int modulus(int, int)")
add("int logical_negation(real)", UNARY["!"], "The operator `!`: whether a number is 0")
add("T plus(T)", UNARY["+"], "x itself")
add("int plus(int)", UNARY["+"])
add("Z minus(Z)", UNARY["-"])
