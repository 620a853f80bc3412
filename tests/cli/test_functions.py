"""`ppl functions`: what the library has."""

from __future__ import annotations

from collections.abc import Callable

from click.testing import Result

Run = Callable[..., Result]


def test_one_function(run: Run) -> None:
    found = run("functions", "log_mix")
    assert found.exit_code == 0 and "real log_mix(real, real, real)\n" in found.stdout


def test_a_distribution_has_all_its_forms(run: Run) -> None:
    found = run("functions", "normal").stdout
    assert all(f"normal_{form}(" in found for form in ("lpdf", "lcdf", "lccdf", "cdf", "rng"))


def test_all(run: Run) -> None:
    found = run("functions").stdout.splitlines()
    assert len(found) > 1000 and any("ode_rk45" in line for line in found)


def test_an_unknown_name_is_an_error_with_a_mend(run: Run) -> None:
    found = run("functions", "nromal")
    assert found.exit_code == 2 and "there is no function `nromal`" in found.stderr and "normal" in found.stderr
