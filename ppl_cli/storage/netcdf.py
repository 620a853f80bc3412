"""Draws as NetCDF-4 in ArviZ's InferenceData schema, written whole or not at all.

A file is a mapping of groups; a group is a mapping of variables, each with its dimensions and values.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from ppl_cli import __version__
from ppl_cli.errors import DataError, RunError


@dataclass(frozen=True)
class Group:
    """Variables by name: (dimension names, array); attributes are numbers or texts."""

    variables: Mapping[str, tuple[tuple[str, ...], np.ndarray]]
    attributes: Mapping[str, Any] = field(default_factory=dict)


def dimensions(
    name: str, shape: tuple[int, ...], named: tuple[str | None, ...] = (), sizes: dict[str, int] | None = None
) -> tuple[str, ...]:
    """Dimension names of a variable: those given where their sizes agree in the group, else `name_dim_k` as in ArviZ.

    `sizes` remembers the sizes of the names used in the group so far.
    """
    sizes = {} if sizes is None else sizes
    found = []
    for k, n in enumerate(shape):
        wanted = named[k] if k < len(named) else None
        if wanted is None or wanted in ("chain", "draw") or sizes.get(wanted, n) != n:
            wanted = f"{name}_dim_{k}"
        sizes[wanted] = n
        found.append(wanted)
    return tuple(found)


def check_writable(target: str) -> None:
    """Fail before the work is done, not after."""
    if target == "-" or _is_stream(target):
        return
    folder = Path(target).resolve().parent
    if not folder.is_dir():
        raise RunError(f"{target}: cannot write: the folder {folder} does not exist")
    if Path(target).is_dir():
        raise RunError(f"{target}: cannot write: it is a folder")
    try:
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise RunError(f"{target}: cannot write: {error.strerror}") from None


def write(target: str, groups: Mapping[str, Group]) -> None:
    """Write `groups` to a file (`-`: standard output). An existing file is replaced when the new one is complete.

    A link stays, and what it points to is replaced; devices and pipes are written to.
    """
    check_writable(target)
    stream, place = target == "-" or _is_stream(target), Path(target).resolve()
    handle, temporary = tempfile.mkstemp(suffix=".nc", dir=None if stream else place.parent)
    os.close(handle)
    try:
        _write(temporary, groups)
        if stream:
            _send(Path(temporary).read_bytes(), target)
        else:
            os.chmod(temporary, 0o666 & ~_umask())
            os.replace(temporary, place)
    except BrokenPipeError:
        raise
    except OSError as error:
        raise RunError(f"{target}: cannot write: {error.strerror or error}") from None
    finally:
        Path(temporary).unlink(missing_ok=True)


def _is_stream(target: str) -> bool:
    """Whether this is a device or a pipe, which must not be replaced by a file."""
    path = Path(target)
    return path.exists() and not path.is_file() and not path.is_dir()


def _send(content: bytes, target: str) -> None:
    if target == "-":
        sys.stdout.buffer.write(content)
        sys.stdout.buffer.flush()
    else:
        Path(target).write_bytes(content)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def _write(path: str, groups: Mapping[str, Group]) -> None:
    import h5netcdf

    with h5netcdf.File(path, "w") as file:
        for name, group in groups.items():
            _write_group(file.create_group(name), group)


def _write_group(target: Any, group: Group) -> None:
    common = {
        "created_at": datetime.now(UTC).isoformat(),
        "inference_library": "ppl",
        "inference_library_version": __version__,
    }
    for key, value in {**common, **group.attributes}.items():
        target.attrs[key] = value
    sizes: dict[str, int] = {}
    for dims, array in group.variables.values():
        sizes.update(zip(dims, array.shape, strict=True))
    target.dimensions = sizes
    for name, size in sizes.items():
        target.create_variable(name, (name,), data=np.arange(size))
    for name, (dims, array) in group.variables.items():
        stored = array.astype("int8") if array.dtype == bool else array
        target.create_variable(name if name not in sizes else f"{name}_", dims, data=stored)


def read(source: str) -> dict[str, Group]:
    """The groups of a file."""
    import h5netcdf

    try:
        with h5netcdf.File(source, "r") as file:
            return {name: _read_group(group) for name, group in file.groups.items()}
    except FileNotFoundError:
        raise DataError(f"{source}: there is no such file") from None
    except OSError as error:
        raise DataError(f"{source}: cannot read it as NetCDF: {error}") from None


def _read_group(group: Any) -> Group:
    variables = {
        name: (tuple(v.dimensions), np.asarray(v[...]))
        for name, v in group.variables.items()
        if name not in group.dimensions
    }
    return Group(variables, dict(group.attrs))
