"""Values of a data file against their declarations."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from ppl_cli.errors import DataError
from ppl_cli.language import parse
from ppl_cli.language.syntax import Declaration
from ppl_cli.model.data import validate


def declaration(text: str) -> Declaration:
    (found,) = parse(f"data {{ {text} }}").data or ()
    assert isinstance(found, Declaration)
    return found


Y = declaration("vector[3] y;")


@pytest.mark.parametrize(
    ("given", "shape", "dtype"),
    [
        ([1, 2, 3], (3,), "int64"),
        ([1.0, 2.0, 3.0], (3,), "int64"),
        ([1, 2, 3], (3,), "float64"),
        ([[1, 2, 3], [4, 5, 6]], (2, 3), "float64"),
        (np.asfortranarray([[1, 2, 3], [4, 5, 6]]), (2, 3), "float64"),
        (np.array([1, 2, 3], dtype="uint8"), (3,), "int64"),
        ([], (0,), "float64"),
        ([], (0, 4), "int64"),
        ([[], []], (2, 0), "float64"),
        (7, (), "int64"),
        ([float("inf"), -1, 2], (3,), "float64"),
    ],
)
def test_values_that_fit_become_row_major_arrays(given: Any, shape: tuple[int, ...], dtype: str) -> None:
    found, absent = validate(Y, {"y": given}, shape, dtype)
    assert not absent.any()
    assert (found.shape, found.dtype, found.flags.c_contiguous) == (shape, np.dtype(dtype), True)
    np.testing.assert_array_equal(found.ravel(), np.asarray(given).ravel())


@pytest.mark.parametrize(
    ("given", "shape", "dtype", "message"),
    [
        ([1, 2], (3,), "int64", "`y` has size [2], but it is declared with size [3]"),
        ([1, 2], (), "int64", "`y` has size [2], but it is declared with a single value"),
        (5, (3,), "float64", "`y` has a single value, but it is declared with size [3]"),
        ([], (3,), "float64", "`y` has size [0], but it is declared with size [3]"),
        ([[1, 2, 3], [4, 5]], (2, 3), "float64", "`y` has rows of different lengths: 3 and, at 2, 2"),
        ([[1, 2], 3], (2, 2), "float64", "`y` has rows of different depth: numbers beside lists"),
        ([1, 2.5, 3], (3,), "int64", "`y[2]` is 2.5, but it is declared int"),
        ([1, float("inf"), 3], (3,), "int64", "`y[2]` is inf, but it is declared int"),
        (2**70, (), "int64", "`y` is 1.18059e+21, but it is declared int"),
        ([1, "two", 3], (3,), "float64", '`y[2]` is the text "two", but a number is expected'),
        ([True, False, True], (3,), "int64", "`y[1]` is true, but a number is expected"),
        ([1, None, 3], (3,), "float64", "`y[2]` is missing: only what stands on the left of `~` may be unknown"),
        (None, (), "float64", "`y` is missing: only what stands on the left of `~` may be unknown"),
        ([[1, 2, 3], [4, 5, float("nan")]], (2, 3), "float64", "`y[2, 3]` is missing"),
        ({"a": 1}, (), "float64", "`y` is an object, but a number is expected"),
    ],
)
def test_values_that_do_not_fit_are_described(given: Any, shape: tuple[int, ...], dtype: str, message: str) -> None:
    with pytest.raises(DataError) as raised:
        validate(Y, {"y": given}, shape, dtype)
    assert message in raised.value.message
    assert raised.value.message.startswith("model.ppl:1:18: ")


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        ({"z": 1, "a": 2}, "the data have `a`, `z`"),
        ({"yy": 1}, "did you mean `yy`"),
        ({}, "no data were given"),
    ],
)
def test_a_missing_variable_is_named_with_what_there_is(raw: dict[str, Any], message: str) -> None:
    with pytest.raises(DataError, match="the data variable `y` is missing") as raised:
        validate(Y, raw, (), "int64")
    assert message in raised.value.message
