"""What a program says while it runs: printed values, rejections, indexes out of range. Compiled code writes them down
as records.

A record is the number of a site (a place in the program, which the model knows) with some numbers. `Report` has no
value to speak of; its output is a token that the next report takes, so that reports stay in order and are not dropped.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ppl_cli.graph.basic import Op, Variable, as_variable
from ppl_cli.graph.types import TensorType
from ppl_cli.ops.elementwise import elementwise


@dataclass(frozen=True)
class Report(Op):
    """Inputs (token, *values): a record of `site`. A `fault` makes the function that is being computed return NaN."""

    site: int
    fault: bool = False
    name = "Report"

    @property
    def pure(self) -> bool:
        return False

    @property
    def foldable(self) -> bool:
        return False

    def output_types(self, *inputs: TensorType) -> tuple[TensorType, ...]:
        return (TensorType("int64"),)

    def perform(self, *inputs: np.ndarray) -> tuple[np.ndarray, ...]:
        return (inputs[0],)

    def grad(
        self, inputs: Sequence[Variable], outputs: Sequence[Variable], gradients: Sequence[Variable]
    ) -> Sequence[Variable | None]:
        return [None] * len(inputs)


def report(site: int, token: Variable, values: Sequence[Variable], fault: bool = False) -> Variable:
    """The token after a record of `values` at `site`."""
    return Report(site, fault)(as_variable(token), *values)


class Fault(ValueError):
    """A value that is refused where NumPy computes it: the site, and what compiled code would write down there."""

    def __init__(self, site: int, value: float) -> None:
        super().__init__(f"{value:g} is out of range")
        self.site, self.value = site, value


def _within(x: Any, low: Any, high: Any, site: Any) -> Any:
    refused = np.asarray(x)[~(np.greater_equal(x, low) & np.less_equal(x, high))]
    if refused.size:
        raise Fault(int(site), float(refused.flat[0]))
    return x


# (index, size, site): the index, zero-based; if it is not below the size, a fault is recorded and the index is 0.
checked_index = elementwise(
    "checked_index", 3, lambda i, n, site: i, None, "checked_index(reports, {0}, {1}, {2})",
    "checked_index(reports, {0}, {1}, {2})", result="int64", reports=True,
)  # fmt: skip

# (divisor, site): the divisor; if it is 0, a fault is recorded and it is 1.
checked_divisor = elementwise(
    "checked_divisor", 2, lambda b, site: b, None, "checked_divisor(reports, {0}, {1})",
    "checked_divisor(reports, {0}, {1})", result="int64", reports=True,
)  # fmt: skip

# (a, b, site): a times b; if that does not fit into 64 bits, a fault is recorded and it is 0.
checked_product = elementwise(
    "checked_product", 3, lambda a, b, site: np.multiply(a, b), None, "checked_product(reports, {0}, {1}, {2})",
    "checked_product(reports, {0}, {1}, {2})", result="int64", reports=True,
)  # fmt: skip

# (x, low, high, site): x; if it is not from low to high, a fault is recorded and it is NaN, or `low` for an int.
checked_real = elementwise(
    "checked_real", 4, _within, lambda g, y, *inputs: (g, None, None, None),
    "checked_real(reports, {0}, {1}, {2}, {3})", "checked_real(reports, {0}, {1}, {2}, {3})", reports=True,
)  # fmt: skip
checked_int = elementwise(
    "checked_int", 4, _within, None, "checked_int(reports, {0}, {1}, {2}, {3})",
    "checked_int(reports, {0}, {1}, {2}, {3})", result="int64", reports=True,
)  # fmt: skip
