"""Tuples: through declarations, assignments, functions, loops, branches, data and draws."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner

from ppl_cli import load
from ppl_cli.cli.main import ppl
from ppl_cli.errors import DataError
from ppl_cli.evaluation import evaluate_expression

FUNCTIONS = """
functions {
  tuple(real, vector) both(real x, vector v) { return (x * 2, v + x); }
  real total(tuple(real, vector) t, array[] tuple(int, real) a) {
    real s = t.1 + sum(t.2);
    for (each in a) s += each.1 * each.2;
    return s;
  }
  tuple(int, real) first_above(real x, vector v) {
    for (i in 1:size(v)) if (v[i] > x) return (i, v[i]);
    return (0, -1);
  }
  complex rotated(tuple(complex, real) t) { return t.1 * exp(1i * t.2); }
  tuple(real, tuple(int, array[] real)) nested(int n) { return (n, (n + 1, {1.5, n})); }
  real far_lpdf(real y, tuple(real, real) t) { return normal_lpdf(y | t.1, t.2); }
}
"""
# Statements that end with a value of `r`, what they mean for x = 1.5 and v = (1, 2, 3), and for x = −0.5.
BODIES: dict[str, Any] = {
    "tuple(real, int) t = (x, 2); r = t.1 * t.2;": lambda x, v: 2 * x,
    "tuple(real, real) t; t = (1, 2); t.1 = x; r = t.1 + t.2;": lambda x, v: x + 2,
    "tuple(real, vector[3]) t = both(x, v); r = total(t, {(1, x), (2, 3)});": lambda x, v: 2 * x + sum(v + x) + x + 6,
    "r = both(x, v).2[2];": lambda x, v: v[1] + x,
    "real a; vector[3] b; (a, b) = both(x, v); r = a * b[3];": lambda x, v: 2 * x * (v[2] + x),
    "vector[3] a = v; tuple(real, int) t; (a[2], t.2) = (x, 4); (t.1, a[1]) = (a[2], a[3]); r = a[1] * t.2 + t.1;":
        lambda x, v: 4 * v[2] + x,
    "real a = 1; real b = x; (a, b) = (b, a); r = a - b;": lambda x, v: x - 1,
    "array[2] tuple(real, array[3] int) a; a[1] = (x, {1, 2, 3}); a[2] = a[1]; a[2].2[3] = 9;"
    " r = a[2].1 + a[2].2[3] - a[1].2[3];":
        lambda x, v: x + 6,
    "array[2, 2] tuple(real, vector[3]) a; for (i in 1:2) for (j in 1:2) a[i, j] = (i * x, j * v);"
    " r = a[2, 1].1 + sum(a[1, 2].2);":
        lambda x, v: 2 * x + 2 * v.sum(),
    "array[3] tuple(real, int) a = {(x, 1), (2, 2), (3, 3)}; r = a[2:][1].1 + a[{3, 1}][2].1;": lambda x, v: 2 + x,
    "tuple(real, real) t = x > 0 ? (x, 1) : (2, x); r = t.1 - t.2;": lambda x, v: x - 1 if x > 0 else 2 - x,
    "tuple(real, real) t = (0, 0); if (x > 0) t.1 = x; else t = (1, x * x); r = t.1 + 3 * t.2;":
        lambda x, v: x if x > 0 else 1 + 3 * x * x,
    "tuple(int, real) t = first_above(x, v); r = t.1 * 10 + t.2;":
        lambda x, v: next((10 * (i + 1) + e for i, e in enumerate(v) if e > x), -1),
    "tuple(real, real) s = (1, x); for (i in 1:10) s = (s.2, s.1 * 0.5 + s.2 * x); r = s.1 + s.2;":
        lambda x, v: linear(x),
    "tuple(real, int) s = (abs(x), 0); while (s.1 < 20) { s.1 *= 2; s.2 += 1; } r = s.1 + s.2;":
        lambda x, v: doubled(abs(x)),
    "for (t in {(x, 1), (2.5, 2)}) r += t.1 * t.2;": lambda x, v: x + 5,
    "complex z = rotated((x, 0.5)); r = get_imag(z);": lambda x, v: x * math.sin(0.5),
    "tuple(complex, real) t; t.1 = x; t.1 += 2i; t.2 = abs(t.1); r = t.2;": lambda x, v: abs(x + 2j),
    "tuple(real, tuple(int, array[2] real)) t = nested(3); t.2.2[1] += x; r = t.1 + t.2.1 + sum(t.2.2);":
        lambda x, v: 11.5 + x,
    "array[2] tuple(real, array[2] real) a = {(x, {1, 2}), (3, {4, x})}; r = sum(append_array(a, a)[4].2) + size(a);":
        lambda x, v: 6 + x,
    "array[2] tuple(real, real) a = rep_array((x, 2.0), 2); r = a[1].1 * a[2].2;": lambda x, v: 2 * x,
    "r = far_lpdf(x | (1, 2));": lambda x, v: -0.5 * ((x - 1) / 2) ** 2 - math.log(2) - 0.5 * math.log(2 * math.pi),
    "array[3] tuple(vector[3], real) a; for (i in 1:3) { a[i].1 = rep_vector(0, 3); a[i].1[1:i] = v[1:i]; a[i].2 = x; }"
    " for (i in 1:3) r += sum(a[i].1[1:i]) * a[i].2;": lambda x, v: (3 * v[0] + 2 * v[1] + v[2]) * x,
}  # fmt: skip


def linear(x: float) -> float:
    a, b = 1.0, x
    for _ in range(10):
        a, b = b, a * 0.5 + b * x
    return a + b


def doubled(x: float) -> float:
    n = 0
    while x < 20:
        x, n = x * 2, n + 1
    return x + n


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("x", [1.5, -0.5])
def test_statements_mean_what_they_say(body: str, x: float) -> None:
    v = np.array([1.0, 2.0, 3.0])
    program = FUNCTIONS + f"parameters {{ real x; vector[3] v; }} model {{ real r = 0; {{ {body} }} target += r; }}"
    model = load(program)
    value, gradient = model.logp_grad(np.array([x, *v]))
    expected = BODIES[body]
    np.testing.assert_allclose(value, expected(x, v), rtol=1e-12)
    slope = (expected(x + 1e-6, v) - expected(x - 1e-6, v)) / 2e-6
    np.testing.assert_allclose(gradient[0], slope, rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize("body", BODIES)
def test_the_same_over_data(body: str) -> None:
    """Where all is known nothing is traced."""
    program = FUNCTIONS + (
        f"data {{ real x; vector[3] v; }} transformed data {{ real r = 0; {{ {body} }} }} model {{ target += r; }}"
    )
    v = [1.0, 2.0, 3.0]
    found = load(program, {"x": 1.5, "v": v}).logp_grad(np.zeros(0))[0]
    np.testing.assert_allclose(found, BODIES[body](1.5, np.array(v)), rtol=1e-12)


def test_long_loops_over_data_carry_tuples() -> None:
    model = load(
        "data { int n; } transformed data { tuple(real, int) s = (0, 0);"
        " for (i in 1:n) { s.1 += sin(i); if (s.1 > 0) s.2 += 1; } } model { target += s.1 * s.2; }",
        {"n": 300_000},
    )  # fmt: skip
    sums = np.cumsum(np.sin(np.arange(1, 300_001)))
    np.testing.assert_allclose(model.logp_grad(np.zeros(0))[0], sums[-1] * (sums > 0).sum(), rtol=1e-9)


EVERYWHERE = """
functions {
  tuple(real, vector) scaled(tuple(real, vector) t, real k) { return (t.1 * k, t.2 * k); }
}
data {
  int<lower=1> N;
  tuple(real<lower=0>, array[N] int) d;
  array[2] tuple(vector[N], complex) a;
  complex w;
}
transformed data {
  tuple(real, complex) td = (d.1 + a[2].1[1], w * a[1].2);
}
parameters {
  tuple(real<lower=0>, simplex[N], tuple(vector<lower=-1, upper=1>[2], real)) p;
  array[3] tuple(real, positive_ordered[2]) q;
  complex z;
}
transformed parameters {
  tuple(real, vector[N]) t = scaled((p.1, p.2), td.1);
  complex u = z * td.2;
}
model {
  p.1 ~ exponential(1);
  p.3.2 ~ normal(0, 1);
  for (each in q) { each.1 ~ normal(0, 1); each.2 ~ exponential(1); }
  get_real(z) ~ normal(0, 1);
  get_imag(z) ~ normal(0, 1);
  d.1 ~ normal(t.1, 1);
  target += -norm(u - w);
}
generated quantities {
  array[2] tuple(real, complex) g = {(t.1, u), (q[3].2[2], conj(z))};
  tuple(int, real) draw = (bernoulli_rng(0.5), normal_rng(p.3.2, 1));
}
"""
DATA = {
    "N": 3,
    "d": {"1": 1.5, "2": [1, 2, 3]},
    "a": [{"1": [1, 2, 3], "2": [0, 1]}, {"1": [4, 5, 6], "2": [2, 0.5]}],
    "w": [1, -1],
}
INITIAL = {
    "p": {"1": 0.5, "2": [0.2, 0.3, 0.5], "3": {"1": [0.1, -0.2], "2": 0.4}},
    "q": [{"1": float(k), "2": [0.5, 1.5 + k]} for k in range(3)],
    "z": [0.25, -0.5],
}


def test_data_are_kept_by_leaf() -> None:
    data = load(EVERYWHERE, DATA).model.data
    np.testing.assert_array_equal(data["a.1"], [[1, 2, 3], [4, 5, 6]])
    np.testing.assert_array_equal(data["a.2.imag"], [1, 0.5])
    assert data["d.2"].dtype == "int64"


def test_values_of_parameters_come_as_in_json() -> None:
    model = load(EVERYWHERE, DATA)
    values = model.transformed_values(model.flatten(INITIAL))
    np.testing.assert_allclose(values["t.1"], 0.5 * 5.5)
    np.testing.assert_allclose(values["t.2"], 5.5 * np.array([0.2, 0.3, 0.5]))
    np.testing.assert_allclose(values["u.real"] + 1j * values["u.imag"], (0.25 - 0.5j) * (1 - 1j) * 1j)


def test_gradient_in_every_block() -> None:
    model = load(EVERYWHERE, DATA)
    q = model.flatten(INITIAL)
    expected = [(model.logp_grad(q + e)[0] - model.logp_grad(q - e)[0]) / 2e-6 for e in 1e-6 * np.eye(model.size)]
    np.testing.assert_allclose(model.logp_grad(q)[1], expected, rtol=1e-6, atol=1e-7)


def test_commands_take_and_give_tuples(tmp_path: Path) -> None:
    for name, content in (("m.ppl", EVERYWHERE), ("m.json", json.dumps(DATA)), ("init.json", json.dumps(INITIAL))):
        (tmp_path / name).write_text(content)
    out = tmp_path / "out.nc"
    arguments = ["sample", str(tmp_path / "m.ppl"), "-o", str(out)]
    arguments += ["--chains", "2", "--draws", "50", "--warmup", "100", "--seed", "1"]
    done = CliRunner().invoke(ppl, [*arguments, "--init", str(tmp_path / "init.json")], prog_name="ppl")
    assert done.exit_code == 0, done.output
    import xarray

    with xarray.open_datatree(out) as tree:
        draws = tree["posterior"].dataset
        assert {"p.1", "p.2", "p.3.1", "q.2", "z.real", "t.2", "u.imag", "g.2.real", "draw.1"} <= set(draws)
        assert draws["p.2"].dims == ("chain", "draw", "N")
        np.testing.assert_allclose(draws["p.2"].sum("N"), 1)
        np.testing.assert_allclose(draws["t.1"], draws["p.1"] * 5.5)
        np.testing.assert_allclose(draws["g.2.imag"][..., 1], -draws["z.imag"])
        assert draws["draw.1"].dtype == "int64"
        assert set(tree["observed_data"].dataset) == {"d.1"}
        assert "a.2.real" in tree["constant_data"].dataset


def test_eval_writes_tuples_as_json() -> None:
    model = load(EVERYWHERE, DATA)
    assert evaluate_expression(model, "(d, w, a)", {}) == {"1": DATA["d"], "2": DATA["w"], "3": DATA["a"]}
    assert evaluate_expression(model, "p.3", {"p": INITIAL["p"]}) == INITIAL["p"]["3"]


def test_elements_of_tuples_are_drawn_from_the_prior() -> None:
    model = load(
        "parameters { tuple(real, vector[2]) t; }"
        "model { t.2[1] ~ normal(t.1, 1); t.1 ~ normal(3, 0.1); t.2[2] ~ exponential(1); }"
    )
    draws = model.prior(2000, 1)["prior"]
    assert abs(draws["t.1"].mean() - 3) < 0.02
    assert abs(draws["t.2"][..., 0].std() - 1) < 0.1


def test_print_shows_tuples(capsys: pytest.CaptureFixture[str]) -> None:
    load("transformed data { tuple(int, vector[2]) t = (1, [2, 3]'); print(t, \" \", {t, t}, ((1, 2i), 3)); }")
    assert capsys.readouterr().err == "(1,[2,3]) [(1,[2,3]),(1,[2,3])]((1,(0,2)),3)\n"


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ([1, 2], '`t` must be a tuple, written `{"1": ..., "2": ...}`'),
        ({"1": 1}, '`t` must be a tuple, written `{"1": ..., "2": ...}`'),
        ({"1": 1.5, "2": [1, 2]}, "`t.1` is 1.5, but it is declared int"),
        ({"1": 1, "2": [1, 2, 3]}, "`t.2` has size [3], but it is declared with size [2]"),
        ({"1": -1, "2": [1, 2]}, "`t.1` is -1"),
    ],
)
def test_what_is_no_such_tuple_in_the_data(value: Any, words: str) -> None:
    with pytest.raises(DataError) as caught:
        load("data { tuple(int<lower=0>, vector[2]) t; }", {"t": value})
    assert words in str(caught.value)


def test_a_missing_tuple_is_named_as_declared() -> None:
    with pytest.raises(DataError, match="the data variable `t` is missing"):
        load("data { tuple(int, real) t; }", {})


def test_elements_of_arrays_stand_together_on_the_unconstrained_scale() -> None:
    """As in Stan, whose flat vector of a program with such parameters has the same order."""
    model = load(
        "parameters { real a; complex_vector[2] z; array[2] tuple(real, simplex[3], complex) t;"
        " complex_matrix[2, 2] m; }"
    )
    found = {p.name: p.positions.tolist() for p in model.model.parameters}
    assert (found["a"], found["z.real"], found["z.imag"]) == (0, [1, 3], [2, 4])
    assert (found["t.1"], found["t.2"], found["t.3.imag"]) == ([5, 10], [[6, 7], [11, 12]], [9, 14])
    q = np.arange(float(model.size))
    (imag,) = (p for p in model.model.parameters if p.name == "m.imag")  # column by column
    np.testing.assert_array_equal(evaluate_at(model, q, imag.constrained), [[16, 20], [18, 22]])


def evaluate_at(model: Any, q: np.ndarray, variable: Any) -> np.ndarray:
    from ppl_cli.graph.traversal import evaluate

    return evaluate(model.pipeline.on_flat([variable]), {model.pipeline.flat: q})[0]


def test_solvers_and_reduce_sum_take_tuples() -> None:
    model = load(
        """functions {
          vector f(real t, vector y, tuple(real, vector) p, complex c) { return -p.1 * y + p.2 * get_real(c); }
          real part(array[] tuple(real, int) s, int a, int b, tuple(real, real) k) {
            real r = 0;
            for (e in s) r += e.1 * e.2 * k.1;
            return r;
          }
        }
        parameters { tuple(real, vector[2]) p; complex c; }
        transformed parameters { array[2] vector[2] y = ode_rk45(f, [1, 2]', 0, {1, 2}, p, c); }
        model {
          array[3] tuple(real, int) s = {(p.1, 1), (2, 2), (p.1, 3)};
          target += y[2, 1] + reduce_sum(part, s, 1, (p.1, 2.0));
        }"""
    )
    q = model.flatten({"p": {"1": 0.5, "2": [0.1, 0.2]}, "c": [1, 2]})
    value, gradient = model.logp_grad(q)
    np.testing.assert_allclose(value, math.exp(-1) + 0.2 * (1 - math.exp(-1)) + 0.5 * 6, rtol=1e-6)
    expected = [2 * (1 - math.exp(-1)), 0, 0.2 * (1 - math.exp(-1)), 0]
    np.testing.assert_allclose(gradient[1:], expected, rtol=1e-5, atol=1e-9)


def test_bounds_of_transformed_tuples_are_checked() -> None:
    model = load("parameters { real x; } transformed parameters { tuple(real<lower=0>, real) t = (x, x); }")
    assert model.logp_grad(np.array([1.0]))[0] == 0
    assert model.logp_grad(np.array([-1.0]))[0] == -np.inf
