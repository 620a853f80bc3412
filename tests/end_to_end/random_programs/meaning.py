"""What the words of a random program mean in Python, by their definitions, for complex numbers near the real axis."""
from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

LARGEST = 1e4  # of the values of variables: programs beyond it are not worth comparing
MOST_STEPS = 600  # iterations of all loops


class Unusual(Exception):
    """The program computes numbers that are too large, goes on for too long, or rounding decides what it does."""


class Target:
    def __init__(self) -> None:
        self.total = 0j
        self.steps = 0

    def add(self, value: Any) -> None:
        self.total += np.sum(value)

    def each(self, values: Iterable[Any]) -> Iterator[Any]:
        """The iterations of a loop, of which the program may have so many."""
        for value in values:
            self.steps += 1
            if self.steps > MOST_STEPS:
                raise Unusual
            yield value


def re(x: Any) -> Any:
    return np.real(x)


def real(x: Any) -> Any:
    """A copy, as a variable holds it."""
    value = np.array(x, complex)
    if value.size and not np.nanmax(np.abs(value.real), initial=0) <= LARGEST:
        raise Unusual
    return value[()]


def integer(x: Any) -> Any:
    return np.array(x, int)[()]


def unset(*sizes: int) -> Any:
    return np.full(sizes, complex("nan"))


def full(value: Any, *sizes: int) -> Any:
    return np.full(sizes, value)


def repeated(value: Any, count: int) -> Any:
    return np.array([value] * count).reshape(count, *np.shape(value))


def collect(*values: Any) -> Any:
    return np.array(values)


def span(low: int, high: int) -> np.ndarray:
    return np.arange(low, high + 1)


def _places(x: np.ndarray, indexes: tuple[Any, ...]) -> tuple[Any, ...]:
    """Positions from 0: those of several multi-indexes are crossed."""
    found = []
    for index, size in zip(indexes, x.shape, strict=False):
        position = np.arange(size) if index is None else np.asarray(index) - 1
        if position.size and not 0 <= position.min() <= position.max() < size:
            raise IndexError
        found.append(position)
    axes = sum(p.ndim for p in found)
    for k, p in enumerate(found):
        if p.ndim:
            found[k] = p.reshape(-1, *(1,) * (axes - 1 - sum(q.ndim > 0 for q in found[:k])))
    return tuple(found)


def at(x: Any, *indexes: Any) -> Any:
    """x[i, j]; None is the whole axis."""
    return np.array(x[_places(x, indexes)])[()]


def put(x: Any, value: Any, *indexes: Any) -> None:
    """x[i, j] = value"""
    x[_places(x, indexes)] = integer(value) if x.dtype.kind == "i" else real(value)


def absolute(x: Any) -> Any:
    return np.where(re(x) < 0, -x, x)[()]


def greater(x: Any, y: Any) -> bool:
    """Rounding must not decide."""
    if abs(re(x) - re(y)) < 1e-9:
        raise Unusual
    return bool(re(x) > re(y))


def fmax(x: Any, y: Any) -> Any:
    return x if greater(x, y) else y


def log_sum_exp(x: Any) -> Any:
    if not np.size(x):
        return complex("-inf")
    largest = re(x).max()
    return largest + np.log(np.sum(np.exp(x - largest)))


def mean(x: Any) -> Any:
    if not np.size(x):
        raise Unusual
    return np.sum(x) / np.size(x)


def log1p_exp(x: Any) -> Any:
    return np.log(1 + np.exp(x))


def remainder(x: int, y: int) -> int:
    """With the sign of x."""
    return int(np.fmod(x, y))


def quotient(x: int, y: int) -> int:
    """Rounded towards zero."""
    return (x - remainder(x, y)) // y


def normal(y: Any, mu: Any, sigma: Any) -> Any:
    return np.sum(-0.5 * ((y - mu) / sigma) ** 2 - np.log(sigma) - 0.5 * np.log(2 * np.pi) + 0 * y)


def cauchy(y: Any, mu: Any, sigma: Any) -> Any:
    return np.sum(-np.log(np.pi * sigma) - np.log(1 + ((y - mu) / sigma) ** 2))


def double_exponential(y: Any, mu: Any, sigma: Any) -> Any:
    return np.sum(-np.log(2 * sigma) - absolute(y - mu) / sigma)


def bernoulli_logit(y: Any, alpha: Any) -> Any:
    return -np.sum(log1p_exp(np.where(np.asarray(y) != 0, -alpha, alpha)))


LIBRARY = {
    "real": real, "int": integer, "unset": unset, "full": full, "repeated": repeated,
    "collect": collect, "span": span, "at": at, "put": put, "absolute": absolute, "fmax": fmax, "greater": greater, "mean": mean,
    "log_sum_exp": log_sum_exp, "log1p_exp": log1p_exp, "remainder": remainder, "quotient": quotient,
    "normal": normal, "cauchy": cauchy, "double_exponential": double_exponential, "bernoulli_logit": bernoulli_logit,
    "tanh": np.tanh, "exp": np.exp, "square": np.square, "sqrt": np.sqrt, "sin": np.sin, "sum": np.sum,
    "inv_logit": lambda x: 1 / (1 + np.exp(-x)), "outer": np.outer, "reverse": lambda x: x[::-1],
    "dot_product": np.dot, "dot_self": lambda x: np.dot(x, x), "cumulative_sum": np.cumsum,
    "squared_distance": lambda x, y: np.sum((x - y) ** 2), "sort_asc": lambda x: x[np.argsort(re(x), kind="stable")],
    "to_matrix": np.array, "to_vector": np.array, "to_array_1d": np.ravel,
}  # fmt: skip
