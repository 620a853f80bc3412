"""From a model file to a file of draws, and back to a table."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import arviz
import numpy as np
import pytest
import xarray
from click.testing import Result

Run = Callable[..., Result]
Start = Callable[..., subprocess.CompletedProcess[bytes]]
SHORT = ("--chains", "2", "--warmup", "200", "--draws", "100", "--seed", "1")


def test_a_model_file_becomes_a_posterior(run: Run, tmp_path: Path) -> None:
    found = run("sample", "eight_schools.ppl", *SHORT)
    assert found.exit_code == 0, found.stderr
    header, first, *_ = found.stdout.splitlines()
    assert header.split() == ["mean", "sd", "5%", "50%", "95%", "ess_bulk", "ess_tail", "r_hat"]
    assert first.split()[0] == "mu"
    assert "written to eight_schools.nc" in found.stderr
    tree = xarray.open_datatree(tmp_path / "eight_schools.nc")
    assert tree["posterior/theta"].dims == ("chain", "draw", "J")
    assert {"posterior", "sample_stats", "observed_data", "constant_data"} <= set(tree.children)
    assert arviz.from_netcdf(tmp_path / "eight_schools.nc").posterior["mu"].shape == (2, 100)


def test_a_summary_is_read_from_a_file(run: Run) -> None:
    sampled = run("sample", "normal_mean.ppl", *SHORT, "-o", "draws.nc")
    assert run("summary", "draws.nc").stdout == sampled.stdout


def test_the_same_seed_gives_the_same_draws_on_any_number_of_cores(run: Run, tmp_path: Path) -> None:
    for cores in ("1", "2"):
        found = run("sample", "half_normal.ppl", *SHORT, "--cores", cores, "-o", f"{cores}.nc")
        assert found.exit_code == 0, found.stderr
    one, two = (xarray.open_dataset(tmp_path / f"{cores}.nc", group="posterior") for cores in "12")
    assert one.identical(two.assign_attrs(one.attrs))


def test_a_model_and_its_draws_pass_through_pipes(start: Start, tmp_path: Path) -> None:
    text = "parameters { real x; } model { x ~ normal(0, 1); }"
    found = start("sample", "-", "--draws", "50", "--seed", "1", "-o", "-", given=text)
    assert found.returncode == 0, found.stderr
    (tmp_path / "out.nc").write_bytes(found.stdout)
    assert xarray.open_dataset(tmp_path / "out.nc", group="posterior")["x"].shape == (4, 50)


def test_the_same_seed_gives_the_same_draws_in_another_process(run: Run, start: Start, tmp_path: Path) -> None:
    run("sample", "half_normal.ppl", *SHORT, "-o", "here.nc")
    start("sample", "half_normal.ppl", *SHORT, "-o", "there.nc")
    here, there = (xarray.open_dataset(tmp_path / name, group="posterior") for name in ("here.nc", "there.nc"))
    assert here.identical(there.assign_attrs(here.attrs))


def test_data_beside_the_model_are_used(run: Run, tmp_path: Path) -> None:
    (tmp_path / "line.ppl").write_text("data { real y = 1; } parameters { real m; } model { y ~ normal(m, 1); }")
    expressions = []
    for data in (None, '{"y": 2}'):
        if data:
            (tmp_path / "line.json").write_text(data)
        expressions.append(run("eval", "line.ppl", "y").stdout)
    expressions.append(run("eval", "line.ppl", "y", "--data", "-", given='{"y": 3}').stdout)
    assert expressions == ["1.0\n", "2.0\n", "3.0\n"]


def test_quiet_prints_nothing(run: Run) -> None:
    found = run("sample", "normal_mean.ppl", *SHORT, "--quiet")
    assert (found.exit_code, found.stdout, found.stderr) == (0, "", "")


def test_strict_says_that_the_diagnostics_are_bad(run: Run, tmp_path: Path) -> None:
    text = "parameters { real x; } model { target += log_sum_exp(normal_lpdf(x | -50, 1), normal_lpdf(x | 50, 1)); }"
    (tmp_path / "far.ppl").write_text(text)
    (tmp_path / "start.json").write_text('{"x": 0.1}')
    found = run("sample", "far.ppl", "--seed", "3", "--draws", "200", "--init", "60", "--strict")
    assert found.exit_code == 3
    assert "R-hat is above" in found.stderr
    assert (tmp_path / "far.nc").exists()


def test_warmup_is_kept_on_request(run: Run, tmp_path: Path) -> None:
    run("sample", "normal_mean.ppl", *SHORT, "--save-warmup")
    tree = xarray.open_datatree(tmp_path / "normal_mean.nc")
    assert tree["warmup_posterior/mu"].shape == (2, 200)


@pytest.mark.parametrize("options", [("--metric", "dense"), ("--thin", "3"), ("--max-depth", "4"), ("--init", "0.5")])
def test_options_change_how_not_what_is_sampled(run: Run, tmp_path: Path, options: tuple[str, ...]) -> None:
    found = run("sample", "normal_mean.ppl", "--seed", "1", "--draws", "500", "--quiet", *options)
    assert found.exit_code == 0, found.stderr
    mu = xarray.open_dataset(tmp_path / "normal_mean.nc", group="posterior")["mu"]
    assert mu.shape == (4, 500)
    assert float(mu.mean()) == pytest.approx(12 / 3.01, abs=0.1)


def test_prior_draws_have_the_shapes_of_the_model(run: Run, tmp_path: Path) -> None:
    found = run("prior", "prior_predictive.ppl", "--draws", "100", "--seed", "1")
    assert found.exit_code == 0, found.stderr
    tree = xarray.open_datatree(tmp_path / "prior_predictive_prior.nc")
    assert tree["prior_predictive/y"].shape == (1, 100, 2, 5, 10)
    assert np.all(tree["prior/sigma"].values > 0)


def test_check_is_silent_about_a_good_model(run: Run) -> None:
    found = run("check", "eight_schools.ppl")
    assert (found.exit_code, found.stdout, found.stderr) == (0, "", "")


def test_check_reports_all_mistakes(run: Run) -> None:
    found = run("check", "-", given="parameters { real x; }\nmodel {\n  x ~ nrmal(0, 1);\n  y ~ normal(0, 1);\n}\n")
    assert found.exit_code == 2
    assert "standard input:3:7: error: " in found.stderr
    assert "standard input:4:3: error: " in found.stderr
