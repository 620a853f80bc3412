"""What programs print and reject while draws are made; failures of generated quantities lose no draws."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from ppl_cli import load

PROGRAM = """
parameters { real x; real<lower=0> s; }
model { x ~ normal(0, 1); s ~ exponential(1); if (x > 100) print("far"); }
generated quantities {
  vector[3] v = [1, 2, 3]';
  int k = poisson_rng(1.5);
  real y = 0;
  if (x > 2) print("x is ", x, " and v ", v);
  if (x < -2) reject("x = ", x, " is too small");
  for (i in 1:3) { if (s > 1 + i) { print("s > ", 1 + i); break; } y += s; }
  y += v[k + 1];
}
"""


@pytest.mark.parametrize("backend", ["c", "numba"])
def test_reports_of_generated_quantities(backend: str) -> None:
    results = load(PROGRAM, backend=backend).sample(seed=1, chains=2, draws=200, warmup=200, cores=2)
    posterior = {name: array.reshape(400, -1) for name, array in results["posterior"].items()}
    x, s, k, y = (posterior[n][:, 0] for n in ("x", "s", "k", "y"))
    failed = np.isnan(y)
    np.testing.assert_array_equal(failed, k == np.iinfo("int64").min)
    assert (failed[x < -2]).all() and not failed[(x > -2) & (k >= 0) & (k < 3)].any()
    expected = []
    for xi, si in zip(x, s, strict=True):
        if xi > 2:
            expected.append(f"x is {xi:g} and v [1,2,3]")
        expected += [f"s > {1 + i}" for i in (1, 2, 3) if si > 1 + i][:1]
    assert list(results.printed) == expected
    text = "\n".join(results.failures)
    assert "index 4 is out of range: the size is 3" in text or "index 5 is out of range" in text
    assert "8:15" not in text and "the program rejects: x = -2." in text
    assert f"could not be computed in {failed.sum()} of 400 draws" in text


def test_the_sum_goes_on_where_nothing_failed() -> None:
    results = load(PROGRAM).sample(seed=1, chains=1, draws=200, warmup=200)
    s, k, y = (results["posterior"][n][0] for n in "sky")
    for si, ki, yi in zip(s, k, y, strict=True):
        if not np.isnan(yi):
            steps = next((i for i in range(3) if si > 2 + i), 3)
            assert yi == pytest.approx(steps * si + ki + 1)


def test_the_command_keeps_the_draws_and_fails(tmp_path: Path) -> None:
    (tmp_path / "m.ppl").write_text(PROGRAM)
    command = [sys.executable, "-m", "ppl_cli", "sample", "m.ppl", "--draws", "100", "--warmup", "100", "--seed", "1"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr and "m.ppl:" in done.stderr and "generated quantities" in done.stderr
    import xarray

    posterior = xarray.open_datatree(tmp_path / "m.nc")["posterior"]
    assert np.isfinite(posterior["x"]).all() and np.isnan(posterior["y"]).any()


def test_an_index_in_the_density_rejects_the_point() -> None:
    program = """
    parameters { real x; }
    model { vector[2] v = [1, 2]'; int n = 0; while (n < x) n += 1; target += v[n] * x; }
    """
    model = load(program)
    assert model.logp_grad(np.array([1.5]))[0] == 3.0
    for outside in (-1.0, 2.5):
        assert np.isnan(model.logp_grad(np.array([outside]))[0])


def test_integers_that_are_never_set_are_written() -> None:
    """They hold the smallest int (Reference Manual, "Types")."""
    program = (
        "data { int n; } parameters { real x; } model { x ~ normal(0, 1); } "
        "generated quantities { array[4] int k; if (n > 0) { k[1] = 1; k[3] = 3; } int b = x > 0 ? k[2] : k[1]; }"
    )
    results = load(program, data={"n": 1}).sample(seed=1, chains=1, draws=10, warmup=10)
    unset = np.iinfo("int64").min
    np.testing.assert_array_equal(results["posterior"]["k"][0, 0], [1, unset, 3, unset])
