"""`ppl functions`: what the library has."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

Run = Callable[..., Result]
PAGE = Path(__file__).parents[2] / "docs" / "functions.md"


def test_one_function(run: Run) -> None:
    found = run("functions", "log_mix")
    assert found.exit_code == 0
    assert found.stdout.startswith("log_mix: The log density of a mixture")
    assert "\nreal log_mix(real, real, real)\n" in found.stdout


def test_a_distribution_has_all_its_forms(run: Run) -> None:
    found = run("functions", "normal").stdout
    assert all(f"normal_{form}(" in found for form in ("lpdf", "lcdf", "lccdf", "cdf", "rng"))
    assert run("functions", "normal_rng").stdout == found


def test_a_distribution_names_its_arguments_and_their_supports(run: Run) -> None:
    found = run("functions", "neg_binomial_2").stdout
    assert "int neg_binomial" not in found and "real neg_binomial_2_lpmf(ints y | reals mu, reals phi)" in found
    assert "\n  phi: positive\n" in found and "\n  values: an int\n" in found


def test_a_name_that_is_two_things_shows_both(run: Run) -> None:
    found = run("functions", "beta").stdout
    assert "beta(alpha, beta): The beta distribution" in found and "beta: The beta function" in found


def test_see_also(run: Run) -> None:
    last = run("functions", "sort_asc").stdout.splitlines()[-1]
    assert last.startswith("See also: ") and "sort_desc" in last


def test_all_by_section(run: Run) -> None:
    found = run("functions").stdout.splitlines()
    sections = [line for line in found if not line.startswith("  ")]
    assert sections == sorted(sections) and "Linear algebra" in sections
    assert any(line.split("  ")[1] == "normal(mu, sigma)" for line in found if line.startswith("  "))
    assert all(len(line.split()) > 1 for line in found if line.startswith("  "))


def test_a_search_looks_at_names_and_sentences(run: Run) -> None:
    found = run("functions", "--search", "QUANTILE").stdout
    assert "inv_Phi" in found and "quantile" in found and "normal_lpdf" not in found
    assert run("functions", "--search", "zzz").exit_code == 2


@pytest.mark.parametrize(("name", "meant"), [("nromal", "normal"), ("normal_lpfd", "normal_lpdf"), ("log_sum", "log_")])
def test_an_unknown_name_is_an_error_with_a_mend(run: Run, name: str, meant: str) -> None:
    found = run("functions", name)
    assert found.exit_code == 2 and f"there is no function `{name}`: did you mean `{meant}" in found.stderr


def test_the_reference_page_is_up_to_date(run: Run) -> None:
    page = run("functions", "--format", "markdown").stdout
    assert PAGE.read_text(encoding="utf-8") == page, "ppl functions --format markdown > docs/functions.md"
