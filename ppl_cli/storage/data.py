"""Data files → values by name: JSON as CmdStan reads it, CSV columns, npz archives, NetCDF variables."""
from __future__ import annotations

import gzip
import json
import math
import re
import sys
from pathlib import Path
from typing import Any

import numpy as np

from ppl_cli.errors import DataError

# Numbers that CmdStan writes bare or quoted; Python's parser knows the first two bare.
_SPECIAL = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf, "Inf": math.inf, "-Inf": -math.inf,
            "+Inf": math.inf, "nan": math.nan, "inf": math.inf, "-inf": -math.inf, "+inf": math.inf,
            "+Infinity": math.inf}  # fmt: skip
_BARE = re.compile(r'"(?:[^"\\]|\\.)*"|(?<![\w.])([-+]?(?:inf|Inf|nan|NaN|Infinity))(?![\w.])')

_QUOTED = re.compile(r'"[-+]?(?:inf|nan)', re.IGNORECASE)


def read_data(source: str) -> dict[str, Any]:
    """The values in a file; `-` is JSON on standard input. Raises `DataError` if it cannot be read or understood."""
    if source == "-":
        return _json(sys.stdin.read(), "standard input")
    path = Path(source)
    suffixes = [s.lower() for s in path.suffixes]
    try:
        if suffixes[-2:] == [".json", ".gz"]:
            return _json(gzip.decompress(path.read_bytes()).decode(), source)
        match suffixes[-1:]:
            case [".csv"]:
                return _csv(path)
            case [".npz"]:
                with np.load(path, allow_pickle=False) as archive:
                    return {name: archive[name] for name in archive.files}
            case [".nc"]:
                return _netcdf(path)
        return _json(path.read_text(encoding="utf-8"), source)
    except OSError as error:
        raise DataError(f"{source}: cannot read the data: {error.strerror or error}") from None
    except UnicodeDecodeError:
        raise DataError(f"{source}: the data are not a UTF-8 text") from None
    except ValueError as error:
        raise DataError(f"{source}: cannot read the data: {error}") from None


def _json(text: str, source: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except json.JSONDecodeError:
        try:
            found = json.loads(_BARE.sub(_spell, text))
        except json.JSONDecodeError as error:
            raise DataError(_located(text, source, error)) from None
    if not isinstance(found, dict):
        raise DataError(f"{source}: the data must be a JSON object with a value for each variable, not {_kind(found)}")
    return {name: unquote(value) for name, value in found.items()} if _QUOTED.search(text) else found


def _spell(match: re.Match[str]) -> str:
    """A bare special number as Python's parser spells it; quoted text as it is."""
    word = match.group(1)
    if word is None:
        return match.group(0)
    value = _SPECIAL[word.lstrip("+")]
    return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"


def unquote(value: Any) -> Any:
    """Quoted special numbers as numbers."""
    if isinstance(value, str) and value in _SPECIAL:
        return _SPECIAL[value]
    if isinstance(value, list) and value and not isinstance(value[0], int | float):
        return [unquote(v) for v in value]
    if isinstance(value, list) and any(isinstance(v, str) for v in value):
        return [unquote(v) for v in value]
    return value


def _located(text: str, source: str, error: json.JSONDecodeError) -> str:
    lines = text.splitlines() or [""]
    line = lines[min(error.lineno, len(lines)) - 1]
    start = max(0, error.colno - 60)
    return (f"{source}:{error.lineno}:{error.colno}: error: the data are not valid JSON: {error.msg}\n"
            f"  {error.lineno} | {line[start:start + 100]}\n"
            f"  {' ' * len(str(error.lineno))} | {' ' * (error.colno - 1 - start)}^")  # fmt: skip


def _kind(value: Any) -> str:
    return {list: "an array", str: "a text", int: "a number", float: "a number"}.get(type(value), "something else")


def _csv(path: Path) -> dict[str, Any]:
    """Each column of a table with a header; columns of whole numbers become ints."""
    table = np.genfromtxt(path, delimiter=",", names=True, dtype=None, encoding="utf-8", ndmin=1)
    if table.dtype.names is None:
        raise DataError(f"{path}: the first line must name the columns")
    return {name: np.asarray(table[name]) for name in table.dtype.names}


def _netcdf(path: Path) -> dict[str, Any]:
    import h5netcdf

    with h5netcdf.File(path, "r") as file:
        return {name: np.asarray(variable[...]) for name, variable in file.variables.items()}
