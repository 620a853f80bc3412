"""Data files → values by name: JSON as CmdStan reads it, CSV columns, npz archives, NetCDF variables."""

from __future__ import annotations

import csv
import gzip
import json
import math
import re
import sys
import zipfile
import zlib
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
_MISSING = ("", "NA")  # in tables


def read_data(source: str) -> dict[str, Any]:
    """The values in a file; `-` is JSON on standard input. Raises `DataError` if it cannot be read or understood."""
    label = "standard input" if source == "-" else source
    try:
        return _json(sys.stdin.read(), label) if source == "-" else _file(Path(source))
    except OSError as error:
        reason = error.strerror or str(error)
    except UnicodeDecodeError:
        raise DataError(f"{label}: the data are not a UTF-8 text") from None
    except RecursionError:
        reason = "they are nested too deeply"
    except (ValueError, EOFError, csv.Error, zlib.error, zipfile.BadZipFile) as error:
        reason = str(error)
    raise DataError(f"{label}: cannot read the data: {reason}")


def _file(path: Path) -> dict[str, Any]:
    match [suffix.lower() for suffix in path.suffixes][-2:]:
        case [*_, ".csv"]:
            return _csv(path)
        case [*_, ".npz"]:
            return _npz(path)
        case [*_, ".nc"]:
            return _netcdf(path)
        case [".json", ".gz"]:
            return _json(gzip.decompress(path.read_bytes()).decode("utf-8-sig"), str(path))
    return _json(path.read_text(encoding="utf-8-sig"), str(path))


def _json(text: str, source: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except json.JSONDecodeError:
        try:
            found = json.loads(_BARE.sub(_spell, text))
        except json.JSONDecodeError:
            raise DataError(_located(text, source)) from None
    if not isinstance(found, dict):
        raise DataError(f"{source}: the data must be a JSON object with a value for each variable, not {_kind(found)}")
    return {name: unquote(value) for name, value in found.items()} if _QUOTED.search(text) else found


def _spell(match: re.Match[str]) -> str:
    """A bare special number as Python's parser spells it; quoted text as it is."""
    word = match.group(1)
    if word is None:
        return match.group(0)
    value = float(word)
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


def _located(text: str, source: str) -> str:
    """The first mistake of a malformed text, under its line; special numbers become zeros of the same width there."""
    try:
        json.loads(_BARE.sub(lambda match: "0".ljust(len(match[0])) if match[1] else match[0], text))
        return f"{source}: error: the data are not valid JSON"
    except json.JSONDecodeError as found:
        error = found
    lines = text.splitlines() or [""]
    line = lines[min(error.lineno, len(lines)) - 1]
    start = max(0, error.colno - 60)
    return (f"{source}:{error.lineno}:{error.colno}: error: the data are not valid JSON: {error.msg}\n"
            f"  {error.lineno} | {line[start:start + 100]}\n"
            f"  {' ' * len(str(error.lineno))} | {' ' * (error.colno - 1 - start)}^")  # fmt: skip


def _kind(value: Any) -> str:
    return {list: "an array", str: "a text", int: "a number", float: "a number"}.get(type(value), "something else")


def _csv(path: Path) -> dict[str, Any]:
    """The columns of a table whose first line names them; a column that is not of numbers stays text."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.reader(file, skipinitialspace=True)
        names = [name.strip() for name in next(reader, [])]
        if not all(names) or len(set(names)) < max(len(names), 1):
            raise DataError(f"{path}:1: error: the first line of a table must give each column a name of its own")
        rows = []
        for row in reader:
            if row and len(row) != len(names):
                raise DataError(f"{path}:{reader.line_num}: error: {len(row)} cells in a table of {len(names)} columns")
            if row:
                rows.append(row)
    columns = zip(*rows, strict=True) if rows else [()] * len(names)
    return {name: _column(cells) for name, cells in zip(names, columns, strict=True)}


def _column(cells: tuple[str, ...]) -> np.ndarray:
    """Whole numbers as ints, other numbers as reals, a missing one as NaN."""
    texts = np.array(["nan" if cell.strip() in _MISSING else cell for cell in cells], dtype=np.str_)
    for dtype in (np.int64, np.float64):
        try:
            return texts.astype(dtype)
        except (ValueError, OverflowError):
            continue
    return texts


def _npz(path: Path) -> dict[str, Any]:
    with path.open("rb") as file:
        if not zipfile.is_zipfile(file):
            raise DataError(f"{path}: cannot read the data: this is no npz archive")
        file.seek(0)
        with np.load(file, allow_pickle=False) as archive:
            return {name: archive[name] for name in archive.files}


def _netcdf(path: Path) -> dict[str, Any]:
    import h5netcdf

    with h5netcdf.File(path, "r") as file:
        return {name: np.asarray(variable[...]) for name, variable in file.variables.items()}
