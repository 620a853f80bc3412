"""The operators and functions of random programs: what they make of what, and their texts in both languages."""
from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from end_to_end.random_programs.types import Type, pattern


@dataclass(frozen=True)
class Rule:
    """Sizes that are single letters stand for any; in the templates as {a}."""

    result: Type
    arguments: tuple[Type, ...]
    stan: str
    python: str


REAL_LIKE = ("real", "vector a", "row_vector a", "matrix a b")

# (arguments, Stan's text, Python's if it differs); T is each of REAL_LIKE, and the type of the result
ELEMENTWISE = [
    ("T, T", "({0} + {1})", ""),
    ("T, T", "({0} - {1})", ""),
    ("T, real", "({0} + {1})", ""),
    ("real, T", "({0} - {1})", ""),
    ("T, real", "({0} * {1})", ""),
    ("real, T", "({0} * {1})", ""),
    ("T, real", "({0} / (2 + square({1})))", ""),
    ("T", "(-{0})", ""),
    ("T", "tanh({0})", ""),
    ("T", "exp(-square({0}))", ""),
    ("T", "log1p_exp({0})", ""),
    ("T", "sqrt(1 + square({0}))", ""),
    ("T", "inv_logit({0})", ""),
    ("T", "sin({0})", ""),
    ("T", "abs({0})", "absolute({0})"),
    ("condition, T, T", "({0} ? {1} : {2})", "({1} if {0} else {2})"),
]
CONTAINERS = ("vector a", "row_vector a", "matrix a b", "array real a")

# (result, arguments, Stan's text, Python's if it differs)
OTHERS = [
    ("real", "int", "{0}", "complex({0})"),
    ("real", "real, int", "({0} * {1})", ""),
    ("real", "real, real", "fmax({0}, {1})", ""),
    ("real", "vector a, vector a", "dot_product({0}, {1})", ""),
    ("real", "row_vector a, vector a", "({0} * {1})", "({0} @ {1})"),
    ("real", "vector a", "dot_self({0})", ""),
    ("real", "vector a, vector a", "squared_distance({0}, {1})", ""),
    ("real", "array int a", "sum({0})", ""),
    ("int", "int, int", "({0} + {1})", ""),
    ("int", "int, int", "({0} - {1})", ""),
    ("int", "int", "({0} % 5)", "remainder({0}, 5)"),
    ("int", "int", "({0} %/% 2)", "quotient({0}, 2)"),
    ("int", "int", "abs({0})", ""),
    ("int", "int, int", "max({0}, {1})", ""),
    ("int", "array int a", "sum({0})", ""),
    ("int", "condition, int, int", "({0} ? {1} : {2})", "({1} if {0} else {2})"),
    ("condition", "real, real", "{0} > {1}", "greater({0}, {1})"),
    ("condition", "int, int", "{0} < {1}", ""),
    ("condition", "int, int", "{0} == {1}", ""),
    ("condition", "int", "{0} % 2 == 0", "remainder({0}, 2) == 0"),
    ("condition", "condition, condition", "({0} && {1})", "({0} and {1})"),
    ("condition", "condition, condition", "({0} || {1})", "({0} or {1})"),
    ("condition", "condition", "!({0})", "not ({0})"),
    ("vector a", "vector a, vector a", "({0} .* {1})", "({0} * {1})"),
    ("row_vector a", "row_vector a, row_vector a", "({0} .* {1})", "({0} * {1})"),
    ("matrix a b", "matrix a b, matrix a b", "({0} .* {1})", "({0} * {1})"),
    ("vector a", "matrix a b, vector b", "({0} * {1})", "({0} @ {1})"),
    ("vector a", "row_vector a", "{0}'", "{0}.T"),
    ("row_vector a", "vector a", "{0}'", "{0}.T"),
    ("matrix a b", "matrix b a", "{0}'", "{0}.T"),
    ("matrix a b", "vector a, row_vector b", "({0} * {1})", "outer({0}, {1})"),
    ("matrix a b", "array row_vector a b", "to_matrix({0})", ""),
    ("vector a", "array real a", "to_vector({0})", ""),
    ("array real a", "vector a", "to_array_1d({0})", ""),
    ("array real a", "array real a", "tanh({0})", ""),
    ("vector a", "vector a", "cumulative_sum({0})", ""),
    ("vector a", "vector a", "reverse({0})", ""),
    ("vector a", "vector a", "sort_asc({0})", ""),
    ("row_vector a", "real", "rep_row_vector({0}, {a})", "full({0}, {a})"),
    ("vector a", "real", "rep_vector({0}, {a})", "full({0}, {a})"),
    ("array real a", "real", "rep_array({0}, {a})", "full({0}, {a})"),
    ("matrix a b", "row_vector b", "rep_matrix({0}, {a})", "repeated({0}, {a})"),
    ("array vector a b", "vector b", "rep_array({0}, {a})", "repeated({0}, {a})"),
    ("array int a", "int", "rep_array({0}, {a})", "full({0}, {a})"),
]


def _rows() -> Iterator[tuple[str, str, str, str]]:
    for t in REAL_LIKE:
        yield from ((t, arguments.replace("T", t), stan, python) for arguments, stan, python in ELEMENTWISE)
    for t in CONTAINERS:
        yield "real", t, "sum({0})", ""
        yield "real", t, "log_sum_exp({0})", ""
        yield "real", t, "mean({0})", ""
    yield from OTHERS


RULES = [
    Rule(pattern(result), tuple(map(pattern, arguments.split(", "))), stan, python or stan)
    for result, arguments, stan, python in _rows()
]
