"""Control flow that depends on parameters, each program beside what it means, written in Python."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest

from ppl_cli import load


def newton(x: float) -> float:
    root = x
    while abs(root * root - x) > 1e-12:
        root = 0.5 * (root + x / root)
    return root


def halvings(x: float) -> float:
    total, n = 0.0, 0
    while True:
        n += 1
        x /= 2
        if x < 0.1:
            break
        if n % 2 == 0:
            continue
        total += x * n
    return total + n


def first_above(x: float) -> float:
    partial = 0.0
    for i in range(1, 51):
        partial += x / i
        if partial > 2:
            return partial * i
    return -partial


def nested(x: float) -> float:
    total = 0.0
    for i in range(1, 5):
        for j in range(1, 5):
            if j > i * x:
                break
            total += x * j
        if total > 6 * x:
            continue
        total += 0.5 * i
    return total


def collatz(x: float) -> float:
    n, steps = int(math.floor(x)), 0
    while n != 1:
        n = n // 2 if n % 2 == 0 else 3 * n + 1
        steps += 1
    return steps * x


def ragged(x: float) -> float:
    total = 0.0
    for i in range(1, 4):
        if x * i > 2.5:
            return total * 10
        total += x * sum([1, 2, 3][:i])
    return total


def sizes_inside(x: float) -> float:
    v, total = [x, x * x, 3 * x], 0.0
    for i in range(2, 5):
        for j in range(1, i + 1):
            total += sum(v[min(j, 3) - 1 :])
    return total


def sizes_of_both(x: float) -> float:
    v = [x, x * x, 3 * x]
    return sum(j * sum(v[min(i, j) :]) for i in range(3) for j in range(3))


def sizes_of_three(x: float) -> float:
    v, total = [x, x * x, 3 * x], 0.0
    for i in range(3):
        for j in range(3):
            for k in range(3):
                total += sum(v[min(j, k) :]) * sum(v[min(i, 1) :])
    return total


def while_inside(x: float) -> float:
    v, n, total = [x, x * x, 3 * x], [2, 3, 1], 0.0
    for i in range(1, 4):
        k = 0
        while k < n[i - 1]:
            k += 1
            total += i * sum(v[:k])
    return total


def single_iteration(x: float) -> float:
    total = x
    for _ in range(1):
        if x > 1:
            break
        total += 5
    return total * x


def for_each(x: float) -> float:
    v = [x, 2 * x, 3 * x]
    for n in (2, 3, 1):
        v[:n] = [0.5 * e for e in v[:n]]
    return sum(v)


def early(x: float) -> float:
    if x < 0:
        return -x
    if x < 1:
        x = x * 3
    else:
        if x > 2:
            return 7 * x
        x += 1
    return x * x


def early_void(x: float) -> float:
    return 5 * x if x > 1 else 5 * x + 3


def factorials(x: float) -> float:
    return 24 * x + math.factorial(3)


def running_target(x: float) -> float:
    t = x
    for _ in range(3):
        t += t * x
    if t > 1:
        t += t * t
    return t


PROGRAMS: dict[str, tuple[Callable[[float], float], str]] = {
    "while": (newton, """
        real f(real x) { real r = x; while (abs(r * r - x) > 1e-12) r = 0.5 * (r + x / r); return r; }"""),
    "break and continue": (halvings, """
        real f(real y) {
          real x = y; real total = 0; int n = 0;
          while (1) { n += 1; x /= 2; if (x < 0.1) break; if (n % 2 == 0) continue; total += x * n; }
          return total + n;
        }"""),
    "return in a loop": (first_above, """
        real f(real x) {
          real partial = 0;
          for (i in 1:50) { partial += x / i; if (partial > 2) return partial * i; }
          return -partial;
        }"""),
    "nested loops": (nested, """
        real f(real x) {
          real total = 0;
          for (i in 1:4) {
            for (j in 1:4) { if (j > i * x) break; total += x * j; }
            if (total > 6 * x) continue;
            total += 0.5 * i;
          }
          return total;
        }"""),
    "an int that a loop computes": (collatz, """
        real f(real x) {
          int n = floor(x) > 7 ? 12 : 7; int steps = 0;
          while (n != 1) { if (n % 2 == 0) n = n %/% 2; else n = 3 * n + 1; steps += 1; }
          return steps * x;
        }"""),
    "a return and sizes that change": (ragged, """
        real f(real x) {
          vector[3] v = [1, 2, 3]'; real total = 0;
          for (i in 1:3) { if (x * i > 2.5) return total * 10; total += x * sum(head(v, i)); }
          return total;
        }"""),
    "sizes that the index of an inner loop decides": (sizes_inside, """
        real f(real x) {
          vector[3] v = [x, x * x, 3 * x]'; real total = 0;
          for (i in 2:4) for (j in 1:i) total += sum(v[min(j, 3):]);
          return total;
        }"""),
    "sizes that the indexes of two loops decide": (sizes_of_both, """
        real f_lp(real x) {
          vector[3] v = [x, x * x, 3 * x]';
          for (i in 1:3) for (j in 1:3) target += (j - 1) * sum(v[min(i, j):]);
          return 0;
        }"""),
    "sizes that the indexes of three loops decide": (sizes_of_three, """
        real f(real x) {
          vector[3] v = [x, x * x, 3 * x]'; real total = 0;
          for (i in 1:3) for (j in 1:3) for (k in 1:3) {
            vector[4 - min(j, k)] w = v[min(j, k):]; vector[4 - min(i, 2)] u = v[min(i, 2):];
            total += sum(w) * sum(u);
          }
          return total;
        }"""),
    "a while over data in a loop, with sizes that change": (while_inside, """
        real f(real x) {
          vector[3] v = [x, x * x, 3 * x]'; array[3] int n = {2, 3, 1}; real total = 0;
          for (i in 1:3) { int k = 0; while (k < n[i]) { k += 1; total += i * sum(v[1:k]); } }
          return total;
        }"""),
    "a break out of a single iteration": (single_iteration, """
        real f(real x) { real total = x; for (i in 3:3) { if (x > 1) break; total += 5; } total *= x; return total; }"""),
    "sizes that the elements of a for-each loop decide": (for_each, """
        real f(real x) {
          vector[3] v = [x, 2 * x, 3 * x]'; array[3] int sizes = {2, 3, 1};
          for (n in sizes) v[1:n] = 0.5 * v[1:n];
          return sum(v);
        }"""),
    "returns in branches": (early, """
        real f(real y) {
          real x = y;
          if (x < 0) return -x;
          if (x < 1) { x = x * 3; } else { if (x > 2) { return 7 * x; } x += 1; }
          return x * x;
        }"""),
    "a function that returns nothing": (early_void, """
        void g_lp(real x) { target += 2 * x; if (x > 1) return; target += 3; }
        real f_lp(real x) { g_lp(x); return 3 * x; }"""),
    "recursion": (factorials, """
        real fac(int n, real x) { if (n <= 1) return x; return n * fac(n - 1, x); }
        real f(real x) { return fac(4, x) + fac(3, 1); }"""),
    "the target so far": (running_target, """
        real f_lp(real x) { target += x; for (i in 1:3) target += target() * x; if (target() > 1) return square(target()); return 0; }"""),
}  # fmt: skip

POINTS = {"an int that a loop computes": (7.5, 12.25)}


@pytest.mark.parametrize("backend", ["c", "numba"])
@pytest.mark.parametrize("name", PROGRAMS)
def test_program(name: str, backend: str) -> None:
    meaning, functions = PROGRAMS[name]
    call = "f_lp" if "f_lp" in functions else "f"
    model = load(
        f"functions {{ {functions} }} parameters {{ real x; }} model {{ target += {call}(x); }}", backend=backend
    )
    for x in POINTS.get(name, (0.3, 0.7, 1.3, 2.45, 3.9)):
        value, gradient = model.logp_grad(np.array([x]))
        assert value == pytest.approx(meaning(x), rel=1e-11)
        step = 1e-6
        assert gradient[0] == pytest.approx((meaning(x + step) - meaning(x - step)) / (2 * step), rel=1e-6, abs=1e-6)


def test_jacobian_terms_belong_to_the_transforms() -> None:
    text = "parameters { real x; } transformed parameters { real y = exp(x); jacobian += x; } model { y ~ exponential(1); }"
    model = load(text)
    assert model.logp_grad(np.array([0.5]))[0] == pytest.approx(0.5 - math.exp(0.5))
    assert model.pipeline.logp_grad_constrained(np.array([0.5]))[0] == pytest.approx(-math.exp(0.5))
