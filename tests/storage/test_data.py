"""Data files as CmdStan writes them, and what is said of broken ones."""
from __future__ import annotations

import gzip
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
