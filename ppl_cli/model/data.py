"""Raw values of a data file → arrays of the declared type and size, or an error that says what is wrong."""
from __future__ import annotations

import difflib
from collections.abc import Mapping
from typing import Any

import numpy as np

from ppl_cli.errors import DataError
from ppl_cli.language.syntax import Declaration


def validate(d: Declaration, raw: Mapping[str, Any], shape: tuple[int, ...], dtype: str) -> np.ndarray:
    """The value of the data variable `d`: an array of `shape`, int64 or float64, row-major."""
    name = d.name
    if name not in raw:
        raise DataError(f"{d.name_span}: the data variable `{name}` is missing{_mend(name, raw)}")
    value = raw[name]
    if isinstance(value, np.ndarray) and value.dtype.kind in "biuf":
        array = value
    else:
        _check_rows(name, value, ())
        array = _to_array(name, value)
    if array.size == 0 and 0 in shape:
        array = array.reshape(shape)
    if array.shape != shape:
        raise DataError(f"{d.name_span}: the data variable `{name}` has {_size(array.shape)}, but it is declared with {_size(shape)}")
    if array.dtype.kind == "f" and np.isnan(array).any() and dtype == "int64":
        raise DataError(f"{d.name_span}: `{name}{_index(np.isnan(array))}` is missing; missing values are not supported yet")
    if dtype == "int64" and array.dtype.kind == "f":
        whole = array == np.trunc(array)
        if not whole.all():
            at = _index(~whole)
            raise DataError(f"{d.name_span}: `{name}{at}` is {array[~whole].ravel()[0]:g}, but it is declared int")
    return np.array(array, dtype=dtype, order="C")


def _mend(name: str, raw: Mapping[str, Any]) -> str:
    close = difflib.get_close_matches(name, raw, 1)
    if close:
        return f"; did you mean `{close[0]}`?"
    return f"; the data have {', '.join(f'`{n}`' for n in sorted(raw)[:12])}" if raw else "; no data were given"


def _check_rows(name: str, value: Any, at: tuple[int, ...]) -> None:
    """Nested lists must be numbers at the same depth, in rows of equal length."""
    if isinstance(value, list) and value and isinstance(value[0], list):
        lengths = {len(v) if isinstance(v, list) else -1 for v in value}
        if len(lengths) > 1:
            where = "".join(f"[{k + 1}]" for k in at)
            raise DataError(f"the rows of `{name}{where}` in the data have different lengths")
        for k, v in enumerate(value):
            _check_rows(name, v, (*at, k))


def _to_array(name: str, value: Any) -> np.ndarray:
    array = np.array(value if value != [] else np.zeros(0))
    if array.dtype.kind in "iuf":
        return array
    objects = np.array(value, dtype=object)
    for at in np.ndindex(objects.shape):
        item = objects[at]
        where = f"{name}[{', '.join(str(k + 1) for k in at)}]" if at else name
        if item is None:
            raise DataError(f"`{where}` is missing (null) in the data; missing values are not supported yet")
        if isinstance(item, bool):
            raise DataError(f"`{where}` is {str(item).lower()} in the data, but a number is expected")
        if not isinstance(item, int | float):
            kind = "text" if isinstance(item, str) else "an object" if isinstance(item, dict) else type(item).__name__
            raise DataError(f"`{where}` is {kind} in the data, but a number is expected")
        if isinstance(item, int) and not -(2**63) <= item < 2**63:
            raise DataError(f"`{where}` is {item}, which does not fit into 64 bits")
    return objects.astype(float)


def _size(shape: tuple[int, ...]) -> str:
    return f"size [{', '.join(map(str, shape))}]" if shape else "a single value"


def _index(bad: np.ndarray) -> str:
    at = np.argwhere(bad)
    return f"[{', '.join(str(k + 1) for k in at[0])}]" if bad.ndim and len(at) else ""
