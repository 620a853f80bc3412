"""Benchmarks: `python tests/benchmarks/run.py` prints times and ratios. Nothing here is a test; a busy machine gives other numbers.

eight schools   seconds from the command to the written file, on a new machine and with the sampler's code cached
radon           the gradient of a hierarchical regression against C written by hand
overhead        the sampler's own time for one leapfrog step
rows            the time to compile a regression with 10^6 rows against 10^3
check           the time to parse and check a program of 2000 lines
"""
from __future__ import annotations

import ctypes
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from ppl_cli import load
from ppl_cli.inference.chains import sample
from ppl_cli.inference.options import SampleOptions
from ppl_cli.language import check, parse
from ppl_cli.model.library import LIBRARY
from ppl_cli.storage.data import read_data

HERE = Path(__file__).parent
MODELS = HERE.parents[1] / "models"


def main() -> None:
    wanted = sys.argv[1:] or list(BENCHMARKS)
    for name in wanted:
        print(f"{name:15} {BENCHMARKS[name]()}", flush=True)


def eight_schools() -> str:
    """Cold: nothing cached. Warm: the sampler is cached, the model has never been compiled."""
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, "XDG_CACHE_HOME": folder}
        command = [
            sys.executable,
            "-m",
            "ppl_cli",
            "sample",
            str(MODELS / "eight_schools.ppl"),
            "--quiet",
            "-o",
            f"{folder}/o.nc",
        ]

        def run() -> float:
            start = time.perf_counter()
            subprocess.run(command, check=True, env=environment)
            return time.perf_counter() - start

        cold = run()
        warm = []
        for _ in range(5):
            for kernel in (Path(folder) / "ppl").rglob("*.so"):
                kernel.unlink()
            warm.append(run())
    return f"first run ever {cold:.2f} s; sampler cached, model never compiled {min(warm):.2f} s (median {np.median(warm):.2f})"


def _hand_written() -> ctypes.CDLL:
    folder = tempfile.mkdtemp()
    library = f"{folder}/radon.so"
    subprocess.run(
        ["cc", "-O3", "-march=native", "-shared", "-fPIC", str(HERE / "radon.c"), "-o", library, "-lm"], check=True
    )
    found = ctypes.CDLL(library)
    found.many_radon.restype = found.many_kernel.restype = found.radon.restype = ctypes.c_double
    return found


def _pointer(array: np.ndarray) -> ctypes.c_void_p:
    return ctypes.c_void_p(array.ctypes.data)


def radon() -> str:
    rng = np.random.default_rng(0)
    rows, counties = 919, 85
    data = {
        "J": counties, "N": rows, "county": rng.integers(1, counties + 1, rows), "uranium": rng.normal(size=rows),
        "floor_measure": rng.integers(0, 2, rows).astype(float), "log_radon": rng.normal(size=rows),
    }  # fmt: skip
    function = load(HERE / "radon.ppl", data).pipeline.logp_grad
    library, workspace = _hand_written(), function.workspace()
    county = (data["county"] - 1).astype(np.int64)
    arrays = [_pointer(a) for a in (county, data["uranium"], data["floor_measure"], data["log_radon"])]
    q, g, h = rng.normal(0, 0.1, counties + 5), np.zeros(counties + 5), np.zeros(counties + 5)
    library.radon(rows, counties, *arrays, _pointer(q), _pointer(g))
    np.testing.assert_allclose(function(q)[1], g, rtol=1e-9)
    calls = 20_000
    ours, theirs = [], []
    for _ in range(9):
        start = time.perf_counter()
        library.many_radon(ctypes.c_long(calls), rows, counties, *arrays, _pointer(q), _pointer(g))
        middle = time.perf_counter()
        library.many_kernel(
            ctypes.c_long(calls),
            ctypes.c_void_p(function.address),
            _pointer(q),
            _pointer(h),
            ctypes.c_void_p(workspace.address),
        )
        ours.append((time.perf_counter() - middle) / calls)
        theirs.append((middle - start) / calls)
    ratio = np.median(np.array(ours) / np.array(theirs))
    return f"gradient {min(ours) * 1e6:.2f} us, C by hand {min(theirs) * 1e6:.2f} us, ratio {ratio:.2f}"


def overhead() -> str:
    model = load(MODELS / "eight_schools.ppl")
    function = model.pipeline.logp_grad
    sample(function, SampleOptions(seed=1, chains=1))
    library, workspace = _hand_written(), function.workspace()
    q, g, calls = np.zeros(model.size), np.zeros(model.size), 200_000
    results = []
    for seed in range(5):
        start = time.perf_counter()
        draws = sample(function, SampleOptions(seed=seed, chains=1, warmup=1000, draws=10_000, save_warmup=True))
        middle = time.perf_counter()
        library.many_kernel(
            ctypes.c_long(calls),
            ctypes.c_void_p(function.address),
            _pointer(q),
            _pointer(g),
            ctypes.c_void_p(workspace.address),
        )
        density = (time.perf_counter() - middle) / calls
        steps = draws.statistics["n_steps"].sum() + draws.warmup_statistics["n_steps"].sum()
        results.append(((middle - start) / steps, density))
    whole, density = min(results)
    return f"{whole * 1e6:.2f} us for a leapfrog step, of which the density {density * 1e6:.2f} us: overhead {(whole - density) * 1e6:.2f} us"


def rows() -> str:
    text = """
data { int N; matrix[N, 3] X; vector[N] y; }
parameters { real alpha; vector[3] beta; real<lower=0> sigma; }
model {
  alpha ~ normal(0, 5); beta ~ normal(0, 5); sigma ~ exponential(1);
  for (n in 1:N) y[n] ~ normal(alpha + X[n] * beta, sigma);
}
"""
    rng = np.random.default_rng(0)
    seconds = {}
    for size in (1_000, 1_000_000):
        data = {"N": size, "X": rng.normal(size=(size, 3)), "y": rng.normal(size=size)}
        times = []
        for attempt in range(3):
            start = time.perf_counter()
            function = load(text + f"// {size} {attempt}\n", data).pipeline.logp_grad
            assert function.address
            times.append(time.perf_counter() - start)
        seconds[size] = min(times)
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        json.dump({n: np.asarray(v).tolist() for n, v in data.items()}, file)
        file.flush()
        start = time.perf_counter()
        read_data(file.name)
        reading = time.perf_counter() - start
    small, large = seconds[1_000], seconds[1_000_000]
    return f"10^3 rows {small:.3f} s, 10^6 rows {large:.3f} s; reading these {reading:.2f} s; (10^6 - reading) / 10^3 = {(large - reading) / small:.2f}"


def check_program() -> str:
    group = """
  for (n in 1:N) {{
    real effect_{0} = sum(x[1:3]) + exp(mu) * {0}.5 + (mu > 0 ? 1 : 2);
    y[n] ~ normal(effect_{0} * x[n] + mu, sigma); // group {0}
    if (effect_{0} > 3 && n < N) target += normal_lpdf(x[n] | mu, sigma);
  }}"""
    data = "data { int N; vector[N] x; vector[N] y; } parameters { real mu; real<lower=0> sigma; }"
    text = f"{data}\nmodel {{{''.join(map(group.format, range(400)))}\n}}\n"
    times = []
    for _ in range(5):
        start = time.perf_counter()
        check(parse(text), LIBRARY)
        times.append(time.perf_counter() - start)
    return f"{text.count(chr(10))} lines {min(times):.2f} s"


BENCHMARKS = {
    "eight_schools": eight_schools,
    "radon": radon,
    "overhead": overhead,
    "rows": rows,
    "check": check_program,
}

if __name__ == "__main__":
    main()
