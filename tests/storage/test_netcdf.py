"""Draws written, read back, and read by others; a failure leaves the old file alone."""

from __future__ import annotations

import os
import stat
import threading
from pathlib import Path

import numpy as np
import pytest
import xarray

from ppl_cli.errors import DataError, RunError
from ppl_cli.storage.netcdf import Group, check_writable, dimensions, read, write

THETA = np.arange(24.0).reshape(2, 4, 3)
GROUPS = {
    "posterior": Group(
        {"theta": (("chain", "draw", "J"), THETA), "n": (("chain", "draw"), np.ones((2, 4), "int64"))}, {"seed": "1"}
    ),
    "sample_stats": Group({"diverging": (("chain", "draw"), np.zeros((2, 4), bool))}),
}


def test_round_trip(tmp_path: Path) -> None:
    path = str(tmp_path / "draws.nc")
    write(path, GROUPS)
    found = read(path)
    dims, values = found["posterior"].variables["theta"]
    assert dims == ("chain", "draw", "J")
    np.testing.assert_array_equal(values, THETA)
    assert found["posterior"].attributes["inference_library"] == "ppl"


def test_xarray_reads_it(tmp_path: Path) -> None:
    path = str(tmp_path / "draws.nc")
    write(path, GROUPS)
    with xarray.open_datatree(path) as tree:
        assert set(tree.children) == {"posterior", "sample_stats"}
        assert tree["posterior"]["theta"].dims == ("chain", "draw", "J")
        assert tree["posterior"]["chain"].values.tolist() == [0, 1]


def test_a_failure_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "draws.nc"
    path.write_bytes(b"old")
    broken = {"posterior": Group({"x": (("chain", "draw"), np.array([[object()]]))})}
    with pytest.raises((TypeError, ValueError, RunError)):
        write(str(path), broken)
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_that_is_not_there() -> None:
    with pytest.raises(RunError, match="does not exist"):
        check_writable("/nowhere/at/all/draws.nc")


def test_what_is_not_netcdf(tmp_path: Path) -> None:
    path = tmp_path / "x.nc"
    path.write_text("no")
    with pytest.raises(DataError, match="cannot read it as NetCDF"):
        read(str(path))


def test_dimension_names() -> None:
    sizes: dict[str, int] = {}
    assert dimensions("theta", (8,), ("J",), sizes) == ("J",)
    assert dimensions("z", (3, 8), (None, "J"), sizes) == ("z_dim_0", "J")
    assert dimensions("other", (5,), ("J",), sizes) == ("other_dim_0",)


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    target, link = tmp_path / "draws.nc", tmp_path / "latest.nc"
    target.write_bytes(b"old")
    link.symlink_to(target)
    write(str(link), GROUPS)
    assert link.is_symlink()
    assert set(read(str(target))) == set(GROUPS)


def test_a_pipe_is_written_to_and_not_replaced(tmp_path: Path) -> None:
    pipe, copy = tmp_path / "pipe", tmp_path / "copy.nc"
    os.mkfifo(pipe)
    reader = threading.Thread(target=lambda: copy.write_bytes(pipe.read_bytes()), daemon=True)
    reader.start()
    write(str(pipe), GROUPS)
    reader.join(10)
    assert stat.S_ISFIFO(pipe.stat().st_mode)
    assert set(read(str(copy))) == set(GROUPS)


def test_empty_arrays_and_scalars_are_kept(tmp_path: Path) -> None:
    path = str(tmp_path / "draws.nc")
    arrays = {"y": ((), np.array(3.0)), "v": (("K",), np.zeros(0)), "e": (("chain", "draw", "K"), np.zeros((2, 4, 0)))}
    write(path, {"posterior": Group(arrays)})
    found = read(path)["posterior"].variables
    assert {name: (dims, array.shape) for name, (dims, array) in found.items()} == {
        name: (dims, array.shape) for name, (dims, array) in arrays.items()
    }


def test_arviz_reads_it(tmp_path: Path) -> None:
    path = str(tmp_path / "draws.nc")
    write(path, GROUPS)
    arviz = pytest.importorskip("arviz")
    found = arviz.from_netcdf(path)
    assert set(found.groups()) == {"posterior", "sample_stats"}
    assert found.sample_stats["diverging"].dtype == np.int8
