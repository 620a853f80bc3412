"""Programs with their stored expectations: the types and calls of good ones, the messages for bad ones."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from ppl_cli.language import check, parse
from ppl_cli.language.checked import CheckedProgram
from ppl_cli.language.diagnostics import LanguageError, Severity, render
from ppl_cli.language.signatures import Library

FOLDER = Path(__file__).parent
GOOD = sorted((FOLDER / "good").rglob("*.ppl"))
BAD = sorted((FOLDER / "bad").rglob("*.ppl"))


def area_and_name(path: Path) -> str:
    return f"{path.parent.name}/{path.stem}"


def check_file(path: Path, library: Library) -> CheckedProgram:
    return check(parse(path.read_text(encoding="utf-8"), path.name, (path.parent,)), library)


def summary(checked: CheckedProgram) -> str:
    """Warnings, declared types and resolved calls."""
    lines = [render(checked.warnings)] if checked.warnings else []
    lines += [f"{declared.name}: {type}" for declared, type in checked.variables.items()]
    for call, resolved in checked.calls.items():
        meaning = resolved.definition.heading if resolved.definition else str(resolved.signature)
        lines.append(f"{call.span.text} -> {resolved.result}, by {meaning}")
    return "\n".join(lines) + "\n"


@pytest.mark.parametrize("path", GOOD, ids=area_and_name)
def test_good_program(path: Path, library: Library, compare_with_stored: Callable[[str, Path], None]) -> None:
    compare_with_stored(summary(check_file(path, library)), path.with_suffix(".expected"))


@pytest.mark.parametrize("path", BAD, ids=area_and_name)
def test_bad_program(path: Path, library: Library, compare_with_stored: Callable[[str, Path], None]) -> None:
    with pytest.raises(LanguageError) as raised:
        check_file(path, library)
    compare_with_stored(str(raised.value) + "\n", path.with_suffix(".expected"))


@pytest.mark.parametrize("path", [path for path in BAD if path.parent.name != "several"], ids=area_and_name)
def test_one_mistake_is_one_message(path: Path, library: Library) -> None:
    with pytest.raises(LanguageError) as raised:
        check_file(path, library)
    assert [each.severity for each in raised.value.diagnostics].count(Severity.ERROR) == 1


def test_long_sum_has_no_limit(library: Library) -> None:
    check(parse(f"transformed data {{ real x = {' + '.join(['1'] * 5000)}; }}"), library)


@pytest.mark.parametrize(
    "text",
    [
        f"model {{ target += {'exp(' * 2000}1{')' * 2000}; }}",
        f"model {{ {'{' * 2000}{'}' * 2000} }}",
        f"functions {{ real f() {{ return {'- ' * 2000}1; }} }}",
        f"parameters {{ real<lower={'!' * 2000}1> x; }}",
    ],
    ids=["calls", "blocks", "function", "declaration"],
)
def test_depth_has_a_limit(text: str, library: Library) -> None:
    with pytest.raises(LanguageError, match="nested too deeply"):
        check(parse(text), library)
