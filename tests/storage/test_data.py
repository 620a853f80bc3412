"""Data files as CmdStan writes them, and what is said of broken ones."""

from __future__ import annotations

import gzip
import io
import math
from pathlib import Path

import numpy as np
import pytest

from ppl_cli.errors import DataError
from ppl_cli.storage.data import read_data


def test_special_numbers_bare_and_quoted(tmp_path: Path) -> None:
    path = tmp_path / "d.json"
    path.write_text('{"a": [NaN, Inf, -inf, 1], "b": "-Inf", "c": [["NaN"], [2]], "text": 3, "n": null}')
    found = read_data(str(path))
    assert math.isnan(found["a"][0]) and found["a"][1:] == [math.inf, -math.inf, 1]
    assert found["b"] == -math.inf and math.isnan(found["c"][0][0]) and found["n"] is None


def test_other_formats(tmp_path: Path) -> None:
    (tmp_path / "d.json.gz").write_bytes(gzip.compress(b'{"x": [1, 2]}'))
    assert read_data(str(tmp_path / "d.json.gz")) == {"x": [1, 2]}
    (tmp_path / "d.csv").write_text("x,y\n1,0.5\n2,1.5\n")
    table = read_data(str(tmp_path / "d.csv"))
    assert table["x"].tolist() == [1, 2] and table["y"].tolist() == [0.5, 1.5]
    np.savez(tmp_path / "d.npz", x=np.arange(3))
    assert read_data(str(tmp_path / "d.npz"))["x"].tolist() == [0, 1, 2]


def test_malformed_json_is_located(tmp_path: Path) -> None:
    path = tmp_path / "d.json"
    path.write_text('{"x": [1, 2,\n  "y": 3}')
    with pytest.raises(DataError) as caught:
        read_data(str(path))
    assert f"{path}:2:6: error: the data are not valid JSON" in str(caught.value)
    assert str(caught.value).splitlines()[-1].rstrip().endswith("^")


@pytest.mark.parametrize(("text", "words"), [("[1, 2]", "not an array"), ("", "not valid JSON")])
def test_what_is_not_an_object(tmp_path: Path, text: str, words: str) -> None:
    path = tmp_path / "d.json"
    path.write_text(text)
    with pytest.raises(DataError, match=words):
        read_data(str(path))


def test_a_missing_file() -> None:
    with pytest.raises(DataError, match="cannot read the data"):
        read_data("nowhere.json")


BROKEN = {
    "cut.json.gz": gzip.compress(b'{"x": 1}' * 100)[:-12],
    "damaged.json.gz": gzip.compress(b'{"x": 1}' * 100)[:12] + b"damaged",
    "deep.json": b'{"x":' + b"[" * 200_000,
    "binary.json": b"\x00\xff",
    "text.npz": b"text",
    "text.nc": b"text",
    "empty.csv": b"",
    "ragged.csv": b"x,y\n1,2\n3\n",
    "twice.csv": b"x,x\n1,2\n",
}


@pytest.mark.parametrize("name", BROKEN)
def test_broken_files_are_data_errors(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(BROKEN[name])
    with pytest.raises(DataError, match=name):
        read_data(str(path))


def test_the_caret_is_not_moved_by_special_numbers(tmp_path: Path) -> None:
    path = tmp_path / "d.json"
    path.write_text('{"x": [inf, -nan, oops]}')
    with pytest.raises(DataError) as caught:
        read_data(str(path))
    _, line, caret = str(caught.value).splitlines()
    assert line[caret.index("^") :] == "oops]}"


def test_missing_cells_of_tables_are_nan_and_names_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "d.csv"
    path.write_text("n, y.1,label\n1, Inf,a\n,NA,b\n\n3,2.5,c\n")
    table = read_data(str(path))
    np.testing.assert_array_equal(table["n"], [1, np.nan, 3])
    np.testing.assert_array_equal(table["y.1"], [np.inf, np.nan, 2.5])
    assert table["label"].tolist() == ["a", "b", "c"]


def test_a_byte_order_mark_is_no_data(tmp_path: Path) -> None:
    path = tmp_path / "d.json"
    path.write_text('{"x": 1}', encoding="utf-8-sig")
    assert read_data(str(path)) == {"x": 1}


def test_standard_input_that_is_not_text(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"\xff"), encoding="utf-8"))
    with pytest.raises(DataError, match="standard input"):
        read_data("-")
