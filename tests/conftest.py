"""Options and fixtures of all tests."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update", action="store_true", help="write what is found into the stored expectations")


@pytest.fixture
def compare_with_stored(request: pytest.FixtureRequest) -> Callable[[str, Path], None]:
    """Compare a text with the content of a file; with --update, write the file instead."""

    def compare(found: str, stored: Path) -> None:
        if request.config.getoption("--update"):
            stored.write_text(found, encoding="utf-8")
        assert stored.exists(), f"{stored} is not there: run pytest --update and read what it wrote"
        assert found == stored.read_text(encoding="utf-8")

    return compare
