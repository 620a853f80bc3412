"""Raw values of a data file → arrays of the declared type and size, or an error that says what is wrong.

A raw value is what JSON gives (numbers, nested lists, null) or a NumPy array. Positions are written as Stan's indices.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from ppl_cli.errors import DataError
from ppl_cli.language.syntax import Declaration

NAMES_SHOWN = 12
INT64 = np.iinfo(np.int64)


def validate(
    declaration: Declaration, raw: Mapping[str, Any], shape: tuple[int, ...], dtype: str, holes: bool = False
) -> tuple[np.ndarray, np.ndarray]:
    """The value of a data variable, a row-major array of `shape`, of int64 or float64; and which elements are missing.

    Missing are null and NaN; their values are 0. There may be some if `holes` are allowed.
    """
    name, place = declaration.name, declaration.name_span
    if name not in raw:
        raise missing(declaration, raw)
    problem = f"{place}: error: in the data, "
    try:
        array = _to_array(name, raw[name])
        if array.size == 0 and 0 in shape:
            array = array.reshape(shape)
        if array.shape != shape:
            raise _Misfit(f"`{name}` has {_size(array.shape)}, but it is declared with {_size(shape)}")
        absent = np.isnan(array) if array.dtype.kind == "f" else np.zeros(shape, bool)
        if absent.any():
            if not holes:
                where = f"`{name}{_first(absent)}`"
                raise _Misfit(f"{where} is missing: only what stands on the left of `~` may be unknown")
            array = np.where(absent, 0.0, array)
        return np.array(_to_ints(name, array) if dtype == "int64" else array, dtype, order="C"), absent
    except _Misfit as misfit:
        raise DataError(problem + str(misfit)) from None


def missing(declaration: Declaration, raw: Mapping[str, Any]) -> DataError:
    """What to raise for a variable that the data do not have."""
    name = declaration.name
    return DataError(f"{declaration.name_span}: error: the data variable `{name}` is missing{_mend(name, raw)}")


class _Misfit(Exception):
    """How a value fails to fit its declaration."""


def _to_array(name: str, value: Any) -> np.ndarray:
    """Numbers; a missing one is NaN."""
    try:
        array = np.asarray(value)
    except ValueError:
        raise _Misfit(f"`{name}` has rows of different {_first_ragged(value)}") from None
    if array.dtype.kind not in "iuf":
        for at, item in _items(value):
            reason = _not_a_number(item)
            if reason:
                raise _Misfit(f"`{name}{_index(at)}` is {reason}")
        array = array.astype(float)  # with nulls, or integers too large for 64 bits
    return array


def _to_ints(name: str, array: np.ndarray) -> np.ndarray:
    """3.0 is an int, 3.5 is not."""
    if array.dtype.kind == "i":
        return array
    bad = (array != np.trunc(array)) | (array < float(INT64.min)) | (array >= float(INT64.max))
    if bad.any():
        found = array[bad].ravel()[0]
        raise _Misfit(f"`{name}{_first(bad)}` is {found:g}, but it is declared int")
    return array


def _not_a_number(item: Any) -> str | None:
    match item:
        case bool() | np.bool_():
            return f"{str(item).lower()}, but a number is expected"
        case str():
            return f'the text "{item}", but a number is expected'
        case dict():
            return "an object, but a number is expected"
        case None | int() | float() | np.number():
            return None
        case _:
            return f"a {type(item).__name__}, but a number is expected"


def _items(value: Any, at: tuple[int, ...] = ()) -> Iterator[tuple[tuple[int, ...], Any]]:
    """The innermost items of nested lists, with their positions."""
    if isinstance(value, list | tuple) or (isinstance(value, np.ndarray) and value.ndim):
        for k, item in enumerate(value):
            yield from _items(item, (*at, k))
    else:
        yield at, value


def _first_ragged(value: Any) -> str:
    """The lengths of two rows that differ, or the two kinds of thing that stand side by side."""
    lengths = {len(row) if isinstance(row, list | tuple) else None for row in value}
    if len(lengths) == 1:
        return next(found for found in map(_first_ragged, value) if found)
    if None in lengths:
        return "depth: numbers beside lists"
    first = len(value[0])
    k, other = next((k, len(row)) for k, row in enumerate(value) if len(row) != first)
    return f"lengths: {first} and, at {k + 1}, {other}"


def _mend(name: str, raw: Mapping[str, Any]) -> str:
    close = difflib.get_close_matches(name, raw, 1)
    if close:
        return f"; did you mean `{close[0]}`, which the data have?"
    if not raw:
        return "; no data were given"
    names = sorted(raw)
    more = f" and {len(names) - NAMES_SHOWN} more" if len(names) > NAMES_SHOWN else ""
    return f"; the data have {', '.join(f'`{n}`' for n in names[:NAMES_SHOWN])}{more}"


def _size(shape: tuple[int, ...]) -> str:
    return f"size [{', '.join(map(str, shape))}]" if shape else "a single value"


def _first(marked: np.ndarray) -> str:
    return _index(tuple(np.argwhere(marked)[0]))


def _index(at: tuple[int, ...]) -> str:
    return f"[{', '.join(str(k + 1) for k in at)}]" if at else ""
