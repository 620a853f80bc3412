"""`ppl fmt`: prints, rewrites or verifies, and leaves alone what it cannot read."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from click.testing import Result

Run = Callable[..., Result]

OLD = "data{real x[2];}model{x~normal(0,1);}"
NEW = "data {\n  array[2] real x;\n}\nmodel {\n  x ~ normal(0, 1);\n}\n"
BROKEN = "model { x ~ ; }"


def test_standard_input_is_printed_formatted(run: Run) -> None:
    found = run("fmt", "-", given=OLD)
    assert (found.exit_code, found.stdout, found.stderr) == (0, NEW, "")


def test_files_are_printed_and_not_touched(run: Run) -> None:
    Path("a.stan").write_text(OLD)
    found = run("fmt", "a.stan", "a.stan")
    assert (found.exit_code, found.stdout) == (0, NEW + NEW)
    assert Path("a.stan").read_text() == OLD


def test_in_place_rewrites_what_is_not_canonical(run: Run) -> None:
    Path("old.stan").write_text(OLD)
    Path("old.stan").chmod(0o640)
    Path("new.stan").write_text(NEW)
    os.utime("new.stan", ns=(1, 1))
    found = run("fmt", "-i", "old.stan", "new.stan")
    assert (found.exit_code, found.stdout, found.stderr) == (0, "", "")
    assert Path("old.stan").read_text() == NEW
    assert Path("old.stan").stat().st_mode & 0o777 == 0o640
    assert Path("new.stan").stat().st_mtime_ns == 1
    assert sorted(os.listdir()) == ["new.stan", "old.stan"]


def test_in_place_keeps_a_link(run: Run) -> None:
    Path("old.stan").write_text(OLD)
    Path("link.stan").symlink_to("old.stan")
    run("fmt", "-i", "link.stan")
    assert Path("link.stan").is_symlink()
    assert Path("old.stan").read_text() == NEW


def test_check_names_the_files_that_would_change(run: Run) -> None:
    Path("old.stan").write_text(OLD)
    Path("new.stan").write_text(NEW)
    found = run("fmt", "--check", "old.stan", "new.stan")
    assert (found.exit_code, found.stdout, found.stderr) == (1, "", "old.stan\n")
    assert Path("old.stan").read_text() == OLD


def test_check_is_content_with_canonical_files(run: Run) -> None:
    Path("new.stan").write_text(NEW)
    found = run("fmt", "--check", "new.stan")
    assert (found.exit_code, found.stdout, found.stderr) == (0, "", "")


def test_a_syntax_error_is_located_and_its_file_left_alone(run: Run) -> None:
    Path("broken.stan").write_text(BROKEN)
    Path("old.stan").write_text(OLD)
    found = run("fmt", "-i", "broken.stan", "old.stan")
    assert (found.exit_code, found.stdout) == (2, "")
    assert found.stderr.startswith("broken.stan:1:13: error: expected an expression; found `;`\n")
    assert Path("broken.stan").read_text() == BROKEN
    assert Path("old.stan").read_text() == NEW


def test_a_missing_file_is_an_error(run: Run) -> None:
    found = run("fmt", "nowhere.stan")
    assert (found.exit_code, found.stdout) == (2, "")
    assert "nowhere.stan: cannot read the model" in found.stderr


def test_standard_input_cannot_be_rewritten(run: Run) -> None:
    found = run("fmt", "-i", "-", given=OLD)
    assert found.exit_code == 2
    assert "standard input cannot be rewritten in place" in found.stderr


def test_windows_line_ends_are_kept(run: Run) -> None:
    Path("old.stan").write_bytes(b"model {\r\n// a\r\nx=1;\r\n}\r\n")
    run("fmt", "-i", "old.stan")
    assert Path("old.stan").read_bytes() == b"model {\r\n  // a\r\n  x = 1;\r\n}\r\n"


def test_the_example_models_are_in_canonical_form(run: Run) -> None:
    found = run("fmt", "--check", *map(str, sorted((Path(__file__).parents[2] / "models").glob("*.ppl"))))
    assert (found.exit_code, found.stdout) == (0, "")
