"""Complex numbers beside Python's cmath and NumPy: values, branch cuts, containers, gradients."""

from __future__ import annotations

import cmath
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from ppl_cli import load
from ppl_cli.errors import DataError
from ppl_cli.evaluation import evaluate_expression

POINTS = [
    0.3 + 0.4j, -1.7 + 0.2j, 2.5 - 3.1j, -0.6 - 1.9j, 0.5j, -2j, 3 + 0j, -3 + 0j, 0.5 + 0j, -0.5 + 0j,
    1e-9 + 1e-9j, 1e9 - 1e8j,
]  # fmt: skip
BELOW = [complex(x, -0.0) for x in (-3.0, -0.5, 0.5, 3.0)]  # the other side of the branch cuts
FUNCTIONS: dict[str, Callable[[complex], complex]] = {
    "log": cmath.log, "log10": cmath.log10, "sqrt": cmath.sqrt, "acos": cmath.acos, "asin": cmath.asin,
    "atan": cmath.atan, "acosh": cmath.acosh, "asinh": cmath.asinh, "atanh": cmath.atanh, "abs": abs,
    "arg": cmath.phase, "conj": lambda z: z.conjugate(), "norm": lambda z: abs(z) ** 2, "proj": lambda z: z,
    "get_real": lambda z: z.real, "get_imag": lambda z: z.imag,
}  # fmt: skip
ENTIRE: dict[str, Callable[[complex], complex]] = {
    "exp": cmath.exp, "sin": cmath.sin, "cos": cmath.cos, "tan": cmath.tan, "sinh": cmath.sinh, "cosh": cmath.cosh,
    "tanh": cmath.tanh,
}  # fmt: skip


def as_pair(z: complex) -> list[float]:
    return [z.real, z.imag] if isinstance(z, complex) else z  # type: ignore[return-value]


def compiled(model: Any, points: dict[str, Any]) -> dict[str, Any]:
    """The transformed parameters, complex ones as such."""
    values = model.transformed_values(model.flatten(points))
    found = {name: value for name, value in values.items() if "." not in name}
    for name in values:
        if name.endswith(".real"):
            base = name.removesuffix(".real")
            found[base] = np.stack([values[name], values[base + ".imag"]], -1).view(complex)[..., 0]
    return found


@pytest.fixture(scope="module")
def every_function() -> Any:
    kinds = {"abs": "real", "arg": "real", "norm": "real", "get_real": "real", "get_imag": "real"}
    lines = [f"{kinds.get(name, 'complex')} {name}_z = {name}(z);" for name in (*FUNCTIONS, *ENTIRE)]
    return load("parameters { complex z; } transformed parameters { " + " ".join(lines) + " }")


@pytest.mark.parametrize("z", POINTS + BELOW)
def test_functions_agree_with_cmath(every_function: Any, z: complex) -> None:
    found = compiled(every_function, {"z": as_pair(z)})
    functions = FUNCTIONS if abs(z) > 100 else FUNCTIONS | ENTIRE
    for name, function in functions.items():
        np.testing.assert_allclose(found[name + "_z"], function(z), rtol=1e-13, atol=1e-16, err_msg=name)


@pytest.mark.parametrize("z", POINTS + BELOW)
def test_known_numbers_are_computed_alike(z: complex) -> None:
    model = load("data { complex z; }", {"z": as_pair(z)})
    for name in ("sqrt", "log", "acos", "atanh"):
        found = evaluate_expression(model, f"{name}(z)", {})
        np.testing.assert_allclose(found, as_pair(FUNCTIONS[name](z)), rtol=1e-13, atol=1e-16, err_msg=name)


def test_the_sphere_has_one_infinity() -> None:
    model = load("data { complex z; }", {"z": [math.inf, -3.0]})
    assert evaluate_expression(model, "proj(z)", {}) == [math.inf, 0.0]


BINARY: dict[str, Callable[[Any, Any], Any]] = {
    "+": lambda a, b: a + b, "-": lambda a, b: a - b, "*": lambda a, b: a * b, "/": lambda a, b: a / b,
    "^": lambda a, b: a**b,
}  # fmt: skip
OPERANDS = {"z": 0.3 - 1.2j, "w": -2.5 + 0.7j, "x": 1.7, "n": 3}


@pytest.mark.parametrize("symbol", BINARY)
@pytest.mark.parametrize(("left", "right"), [("z", "w"), ("z", "x"), ("x", "w"), ("z", "n"), ("n", "z")])
def test_operators_take_real_and_complex_numbers(symbol: str, left: str, right: str) -> None:
    model = load(
        "data { int n; } parameters { complex z; complex w; real x; }"
        f"transformed parameters {{ complex result = {left} {symbol} {right}; }}", {"n": 3},
    )  # fmt: skip
    point = {"z": as_pair(OPERANDS["z"]), "w": as_pair(OPERANDS["w"]), "x": OPERANDS["x"]}
    expected = BINARY[symbol](OPERANDS[left], OPERANDS[right])
    np.testing.assert_allclose(compiled(model, point)["result"], expected, rtol=1e-13)


A = np.array([[1 + 2j, 0.5 - 1j, 2], [1j, -1 + 0.25j, 3], [0.5, 2 - 2j, 1 + 1j]])
V = np.array([0.5 + 1j, -2 + 0.5j, 1.5 - 0.25j])
R = np.array([1.0, -2.0, 0.5])
CONTAINERS: dict[str, Any] = {
    "add(v, 1)": V + 1, "multiply(A, v)": A @ V, "multiply(2i, v)": 2j * V, "minus(v)": -V, "divide(v, 2i)": V / 2j,
    "A * A": A @ A, "A * v": A @ V, "v' * A": V @ A, "v' * v": V @ V, "v * v'": np.outer(V, V), "A'": A.T, "-v": -V,
    "A + 2": A + 2, "1 - A": 1 - A, "2i * v": 2j * V, "v / 2i": V / 2j, "v .* r": V * R, "r .* v": R * V,
    "r ./ v": R / V, "2 ./ v": 2 / V, "v .^ 2": V**2, "v .^ r": V**R, "2 .^ v": 2**V, "A * r": A @ R,
    "r' * A": R @ A, "A / (A + 1i)": A @ np.linalg.inv(A + 1j), "v' / A": np.linalg.solve(A.T, V),
    "sum(v)": V.sum(), "sum(A)": A.sum(), "prod(v)": V.prod(), "prod(A)": A.prod(),
    "dot_product(v, r)": V.conj() @ R, "dot_product(v, v)": V.conj() @ V, "dot_self(v)": (abs(V) ** 2).sum() + 0j,
    "columns_dot_product(A, A)": (A.conj() * A).sum(0), "rows_dot_self(A)": (A.conj() * A).sum(1), "abs(A)": abs(A),
    "conj(v)": V.conj(), "get_real(A)": A.real, "get_imag(v')": V.imag, "to_complex(r, 1)": R + 1j,
    "to_complex(1, r)": 1 + 1j * R, "to_complex()": 0j, "pow(v, 2i)": V**2j, "pow(r, v)": (R + 0j) ** V,
    "diag_pre_multiply(v, A)": np.diag(V) @ A, "diag_post_multiply(A, r)": A @ np.diag(R),
    "add_diag(A, v)": A + np.diag(V), "add_diag(A, 1i)": A + 1j * np.eye(3), "diagonal(A)": np.diag(A),
    "diag_matrix(v)": np.diag(V), "trace(A)": np.trace(A), "col(A, 2)": A[:, 1], "row(A, 3)": A[2],
    "block(A, 2, 1, 2, 2)": A[1:, :2], "head(v, 2)": V[:2], "segment(v, 2, 2)": V[1:],
    "append_row(1, v)": np.append(1, V), "append_row(r, v)": np.append(R, V), "append_col(A, v)": np.c_[A, V],
    "reverse(v)": V[::-1], "cumulative_sum(v)": np.cumsum(V), "rep_vector(1i, 2)": np.full(2, 1j),
    "rep_matrix(v, 2)": np.c_[V, V], "to_vector(A)": A.T.ravel(), "v[2:]": V[1:], "A[2]": A[1], "A[:, 2]": A[:, 1],
    "A[3, 1]": A[2, 0], "[z, 1, r[2]]": np.array([2j, 1, -2]), "{z, 1}": np.array([2j, 1]), "size(v)": 3,
    "rows(A)": 3, "num_elements(A)": 9, "dims({v, v})[2]": 3, "append_array({z}, {1.5})": np.array([2j, 1.5]),
    "rep_array(z, 2)": np.array([2j, 2j]), "z == 2i": 1, "z != 2i": 0, "z == 2": 0,
    "polar(2, 0.5)": cmath.rect(2, 0.5), "z ^ 0": 1 + 0j, "0i ^ 0i": 1 + 0j, "0i ^ (1 + 1i)": 0j,
    "z ^ -2": -0.25 + 0j, "x > 1 ? z : 1": 2j, "x > 2 ? z : 1": 1 + 0j,
}  # fmt: skip
PROGRAM = "parameters { complex_matrix[3, 3] A; complex_vector[3] v; vector[3] r; complex z; real x; }"
POINT = {"A": A, "v": V, "r": R, "z": [0, 2], "x": 1.5}


@pytest.fixture(scope="module")
def containers() -> Any:
    return load(PROGRAM)


@pytest.mark.parametrize("expression", CONTAINERS)
def test_vectors_and_matrices_agree_with_numpy(containers: Any, expression: str) -> None:
    found = np.array(evaluate_expression(containers, expression, POINT))
    expected = np.asarray(CONTAINERS[expression])
    if expected.dtype.kind == "c":
        found = found[..., 0] + 1j * found[..., 1]
    np.testing.assert_allclose(found, expected, rtol=1e-11, atol=1e-13)


@pytest.mark.parametrize("n", [0, 1, 5, 12, 64, 67, 130, 384])
def test_fourier_transforms(n: int) -> None:
    rng = np.random.default_rng(n)
    v = rng.normal(size=n) + 1j * rng.normal(size=n)
    model = load("data { int n; complex_vector[n] v; }", {"n": n, "v": v})
    found, back = (np.array(evaluate_expression(model, e, {})).reshape(n, 2) for e in ("fft(v)", "inv_fft(fft(v))"))
    np.testing.assert_allclose(found[:, 0] + 1j * found[:, 1], np.fft.fft(v) if n else v, atol=1e-11)
    np.testing.assert_allclose(back[:, 0] + 1j * back[:, 1], v, atol=1e-12)


def test_fourier_transforms_of_matrices() -> None:
    m = np.random.default_rng(1).normal(size=(6, 70)) + 0j
    model = load("data { complex_matrix[6, 70] m; }", {"m": m})
    for expression, expected in (("fft2(m)", np.fft.fft2(m)), ("inv_fft2(m)", np.fft.ifft2(m))):
        found = np.array(evaluate_expression(model, expression, {}))
        np.testing.assert_allclose(found[..., 0] + 1j * found[..., 1], expected, atol=1e-11)


DENSITIES = (
    "target += -abs(z * w - 1) - norm(v' * A * v);",
    "target += get_real(exp(1i * z) / w) + get_imag(log(z) * sqrt(w));",
    "target += get_real(acos(z) + asin(w) - atan(z) * acosh(w) + asinh(z * w) - atanh(w));",
    "target += arg(tan(z) - tanh(w)) + get_real(z ^ w + w ^ 3 + 2 ^ z - z ^ 0.5 + w ^ -2);",
    "target += -sum(abs(fft(v))) + get_real(prod(v)) - get_imag(dot_product(v, A * v));",
    "complex s = x; for (i in 1:3) { s = s * z + v[i]; s /= w; if (abs(s) > 2) s -= 1i; } target += norm(s);",
    "array[2] complex a; a[1] = z; a[2] = w; complex t = 0; for (c in a) t += c * c; for (c in v) t *= c;"
    " target += get_real(t);",
    "complex_vector[18] u = rep_vector(z, 18); for (i in 2:18) u[i] += sum(head(u, i - 1)) * w; target += arg(u[18]);",
    "complex s = abs(z) > 0.1 ? z : 1; while (abs(s) < 5) s = 2 * s * exp(1i * x) + w; target += get_imag(s);",
)


@pytest.mark.parametrize("backend", ["c", "numba"])
@pytest.mark.parametrize("body", DENSITIES)
def test_gradients_through_complex_arithmetic(body: str, backend: str) -> None:
    model = load(
        "parameters { complex z; complex w; real x;"
        f" complex_vector[3] v; complex_matrix[3, 3] A; }} model {{ {body} }}", backend=backend,
    )  # fmt: skip
    q = np.random.default_rng(3).normal(size=model.size)
    _, gradient = model.logp_grad(q)
    steps = 1e-6 * np.eye(model.size)
    expected = [(model.logp_grad(q + e)[0] - model.logp_grad(q - e)[0]) / 2e-6 for e in steps]
    np.testing.assert_allclose(gradient, expected, rtol=1e-6, atol=1e-7)


def test_complex_parameters_have_two_unconstrained_numbers_each() -> None:
    model = load("parameters { complex z; array[2] complex_vector[3] v; } model { get_real(z) ~ std_normal(); }")
    assert model.size == 2 + 12
    assert [p.name for p in model.model.parameters] == ["z.real", "z.imag", "v.real", "v.imag"]


def test_functions_promote_their_arguments_and_results() -> None:
    model = load(
        "functions { complex f(complex z, array[] complex a) { if (abs(z) > 1) return 1; return z + a[2]; } }"
        "parameters { real x; } transformed parameters { complex y = f(x, {1, 2}); }"
    )
    assert compiled(model, {"x": 0.5})["y"] == 2.5
    assert compiled(model, {"x": 1.5})["y"] == 1


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ([1.0, 2.0, 3.0], "`z` must be a complex number, written `[re, im]`"),
        (1.0, "`z` must be a complex number, written `[re, im]`"),
        ([1.0, None], "`z.imag` is missing"),
    ],
)
def test_what_is_no_complex_number_in_the_data(value: Any, words: str) -> None:
    with pytest.raises(DataError, match=words.replace("[", r"\[")):
        load("data { complex z; }", {"z": value})


def test_data_as_numpy_has_it() -> None:
    model = load("data { array[2] complex_vector[3] v; complex z; }", {"v": np.array([V, 2 * V]), "z": 1 + 2j})
    np.testing.assert_array_equal(model.model.data["v.imag"], [V.imag, 2 * V.imag])
    assert model.model.data["z.real"] == 1


def test_parts_of_complex_numbers_are_drawn_from_the_prior() -> None:
    model = load(
        "data { complex_vector[2] y; } parameters { complex z; array[2] complex a; real x; } model {"
        " get_real(z) ~ normal(3, 0.1); get_imag(z) ~ normal(get_real(z), 1); x ~ std_normal();"
        " for (n in 1:2) { get_real(a[n]) ~ exponential(1); get_imag(a)[n] ~ std_normal(); }"
        " get_real(y) ~ normal(get_real(z), 0.1); }", {"y": [[1, 2], [3, 4]]},
    )  # fmt: skip
    drawn = model.prior(1000, 1)
    assert abs(drawn["prior"]["z.imag"].mean() - 3) < 0.2
    assert drawn["prior"]["a.real"].min() > 0
    assert list(drawn["prior_predictive"]) == ["y.real"]


def test_print_shows_pairs(capsys: pytest.CaptureFixture[str]) -> None:
    load("transformed data { complex_vector[2] v = [1, 2i]'; print(v, {v}, 3 - 1i); }")
    assert capsys.readouterr().err == "[(1,0),(0,2)][[(1,0),(0,2)]](3,-1)\n"
