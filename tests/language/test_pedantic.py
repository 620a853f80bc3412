"""Programs that are valid but commonly mistaken, with the warnings that they are given."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from ppl_cli.distributions import DISTRIBUTIONS
from ppl_cli.language import check, parse
from ppl_cli.language.diagnostics import render
from ppl_cli.language.pedantic import CHECKS, pedantic_warnings
from ppl_cli.language.pedantic.reading import Reading
from ppl_cli.model.library import LIBRARY

FOLDER = Path(__file__).parent / "pedantic"
PROGRAMS = sorted(FOLDER.glob("*.ppl"))
MODELS = sorted((Path(__file__).parents[2] / "models").glob("*.ppl"))
# Examples that are meant to be without priors, or with a wide one.
FRANK = {"capture_recapture", "garch"}


def read(path: Path) -> Reading:
    return Reading(check(parse(path.read_text(encoding="utf-8"), path.name), LIBRARY), DISTRIBUTIONS)


@pytest.mark.parametrize("path", PROGRAMS, ids=lambda path: path.stem)
def test_warnings(path: Path, compare_with_stored: Callable[[str, Path], None]) -> None:
    found = pedantic_warnings(read(path).checked, DISTRIBUTIONS)
    compare_with_stored("".join(f"{render(found)}\n" if found else ""), path.with_suffix(".expected"))


@pytest.mark.parametrize("path", [path for path in MODELS if path.stem not in FRANK], ids=lambda path: path.stem)
def test_examples_give_no_warning(path: Path) -> None:
    assert render(pedantic_warnings(read(path).checked, DISTRIBUTIONS)) == ""


def test_each_check_has_a_program() -> None:
    readings = [read(path) for path in PROGRAMS]
    silent = [each.__name__ for each in CHECKS if not any(list(each(reading)) for reading in readings)]
    assert silent == []
