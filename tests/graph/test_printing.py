"""The printers' output, whole."""
from __future__ import annotations

import numpy as np

import ppl_cli.ops  # noqa: F401
from ppl_cli.graph.basic import constant, root
from ppl_cli.graph.printing import dot, dprint, latex
from ppl_cli.graph.printing.tex import symbol
from ppl_cli.graph.types import TensorType
from ppl_cli.ops.control import make_loop
from ppl_cli.ops.indexing import gather
from ppl_cli.ops.random import log_prob, random_variable
from ppl_cli.ops.reduction import reduce_sum
from ppl_cli.ops.scalar_math import exp, lt, switch

mu = root("mu")
theta = root("theta", shape=(8,))


class Normal:
    name = "normal"
    dtype = "float64"
    event_ndims = (0, 0)
    event_ndim = 0
    sized = False

    def event_shape(self, *parameters: TensorType) -> tuple[int, ...]:
        return ()


def test_debug_print() -> None:
    total = reduce_sum(exp(theta * mu) + theta * mu)
    assert dprint([total], {total: "lp"}) == """\
Sum{axes=-1} [id A] 'lp'
 └─ add [id B]
    ├─ exp [id C]
    │  └─ mul [id D]
    │     ├─ theta [id E]
    │     └─ mu [id F]
    └─ mul [id D] ···
"""


def test_debug_print_of_constants_and_types() -> None:
    v = gather(theta, constant(np.array([0, 3]))) * constant(np.arange(9.0)[:2]) + 1.5
    w = theta + constant(np.arange(8.0))
    assert dprint([v, w], types=True) == """\
add [id A] : float64[2]
 ├─ mul [id B] : float64[2]
 │  ├─ Gather [id C] : float64[2]
 │  │  ├─ theta [id D] : float64[8]
 │  │  └─ [0, 3] : int64[2]
 │  └─ [0.0, 1.0] : float64[2]
 └─ 1.5 : float64
add [id E] : float64[8]
 ├─ theta [id D] : float64[8]
 └─ float64[8] : float64[8]
"""


def test_debug_print_of_inner_graphs() -> None:
    c, k = root("c"), root("k", "int64")
    (final,) = make_loop(k, [c], [c * mu + gather(theta, k)], 0, 8, [constant(0.0)])
    assert dprint([final]) == """\
Loop [id A]
 ├─ 0
 ├─ 8
 ├─ 0.0
 ├─ mu [id B]
 └─ theta [id C]

Inner graphs:

Loop [id A]
 ← add [id D]
    ├─ mul [id E]
    │  ├─ *1-c [id F]
    │  └─ *2-mu [id G]
    └─ Gather [id H]
       ├─ *3-theta [id I]
       └─ *0-k [id J]
"""


def test_ids_go_on_after_z() -> None:
    total = mu
    for _ in range(30):
        total = exp(total)
    assert "[id AE]" in dprint([total])


def test_dot() -> None:
    assert dot([exp(mu) + 1.0], {}) == """\
digraph {
  node [fontname="sans-serif", fontsize=11];
  n0 [label="mu\\nfloat64", shape=box];
  n1 [label="exp\\nfloat64"];
  n0 -> n1;
  n2 [label="1.0", shape=plaintext];
  n3 [label="add\\nfloat64"];
  n1 -> n3 [label="0"];
  n2 -> n3 [label="1"];
  out0 [label="output", shape=box, style=bold];
  n3 -> out0;
}
"""


def test_latex_of_a_random_variable_and_its_density() -> None:
    draw = random_variable(Normal(), mu, exp(root("sigma_log__")))
    value = root("x")
    assert latex([reduce_sum(log_prob(draw, value, 0))], {draw: "y"}) == r"""\begin{align*}
y &\sim \operatorname{normal}\left(\mu, e^{\sigma_{\mathrm{log}}}\right) \\
& \log p\left(x \mid y\right)
\end{align*}
"""


def test_latex_brackets_and_shared_parts() -> None:
    z = (mu - 1.0) / exp(mu)
    v = -0.5 * z * z - (mu - z)
    assert latex([v], {v: "lp"}) == r"""\begin{align*}
t_{1} &= \frac{\mu - 1.0}{e^{\mu}} \\
\mathrm{lp} &= -0.5 \, t_{1} \, t_{1} - \left(\mu - t_{1}\right)
\end{align*}
"""


def test_latex_of_a_choice() -> None:
    v = switch(lt(mu, 0.0), -mu, mu)
    assert r"\begin{cases} -\mu & \mu < 0.0 \\ \mu & \text{otherwise} \end{cases}" in latex([v])


def test_symbols() -> None:
    assert symbol("alpha") == r"\alpha"
    assert symbol("tau_log__") == r"\tau_{\mathrm{log}}"
    assert symbol("x") == "x"
    assert symbol("beta_1") == r"\beta_{1}"
