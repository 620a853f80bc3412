"""Graph → kernel: decide what is stored, schedule it, emit it.

A `Region` is a piece of straight code: the whole function, or the body of a loop or of a branch. It turns the variables
that it must deliver into sinks, orders and groups them, and emits their loops. What is costly and computed twice is
found by emitting once; it is then stored, and everything is emitted anew.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ppl_cli.compiler.blocks import cut_into_blocks
from ppl_cli.compiler.emit import Emitter, Place
from ppl_cli.compiler.kernel import Buffer, Kernel
from ppl_cli.compiler.memory import Memory, arrange
from ppl_cli.compiler.region import Region
from ppl_cli.compiler.transposes import share_transposes
from ppl_cli.compiler.unroll import straighten
from ppl_cli.graph.basic import Apply, Variable
from ppl_cli.graph.traversal import map_graph
from ppl_cli.ops.control import InnerGraphOp
from ppl_cli.ops.elementwise import Elementwise
from ppl_cli.ops.reduction import LogSumExp, expand_log_sum_exp
from ppl_cli.ops.scalar_math import CHEAPER_THAN_MEMORY, to_real

MOST_ATTEMPTS = 4


@dataclass(frozen=True)
class Layout:
    """Where inputs and outputs lie in the flat vectors; `given` is a second vector, which the workspace holds."""

    inputs: tuple[Variable, ...]
    outputs: tuple[Variable, ...]
    given: tuple[Variable, ...]

    @property
    def n_in(self) -> int:
        return sum(v.type.size for v in self.inputs)

    @property
    def n_out(self) -> int:
        return sum(v.type.size for v in self.outputs)

    @property
    def n_given(self) -> int:
        return sum(v.type.size for v in self.given)

    def places(self, variables: Sequence[Variable]) -> Iterator[tuple[Variable, int]]:
        """Each of the inputs or outputs with where it begins."""
        start = 0
        for v in variables:
            yield v, start
            start += v.type.size


def lower(
    inputs: Sequence[Variable], value: Variable | None, outputs: Sequence[Variable], given: Sequence[Variable] = ()
) -> Kernel:
    """The kernel that computes `value` and `outputs` from `inputs` and what is `given`."""
    wanted = [*([value] if value is not None else []), *outputs]
    wanted = [v if v.dtype == "float64" else to_real(v) for v in wanted]
    wanted = share_transposes(map_graph(wanted, _expand))
    layout = Layout(tuple(inputs), tuple(wanted[1:] if value is not None else wanted), tuple(given))
    stored: set[Variable] = set()
    for _ in range(MOST_ATTEMPTS):
        kernel, repeated = _attempt(layout, wanted[0] if value is not None else None, stored)
        if not repeated - stored:
            break
        stored |= repeated
    return kernel


def _expand(node: Apply, inputs: Sequence[Variable]) -> Sequence[Variable]:
    """Operations that are defined by others."""
    if isinstance(node.op, LogSumExp):
        return [expand_log_sum_exp(inputs[0])]
    op = node.op
    if isinstance(op, InnerGraphOp):
        op = op.map_results(lambda results: map_graph(results, _expand))
    return op.apply(*inputs).outputs


def _attempt(layout: Layout, value: Variable | None, stored: set[Variable]) -> tuple[Kernel, set[Variable]]:
    """One lowering with `stored` forced into memory, and what it computes more than once at some cost."""
    q = Buffer("q", "double", layout.n_in, "input")
    out = Buffer("out", "double", layout.n_out, "output")
    emitter = Emitter()
    for v, start in layout.places(layout.inputs):
        emitter.publish(v, Place(q, start=start))
    if layout.n_given:
        state = emitter.data.reserve(layout.n_given)
        for v, start in layout.places(layout.given):
            emitter.publish(v, Place(state, start=start))
    memory = Memory()
    region = Region(emitter, memory, stored)
    for v, start in layout.places(layout.outputs):
        region.deliver(v, Place(out, start=start))
    if value is not None:
        region.keep(value)
    region.emit()
    result = None if value is None else emitter.pull(value, ())
    body = cut_into_blocks(straighten(emitter.close()), memory)
    offsets, size = arrange(body)
    kernel = Kernel(
        body, result, emitter.data.arrays, offsets, size, layout.n_in, layout.n_out, emitter.data.reserved
    )
    return kernel, _worth_storing(emitter.computed)


def _worth_storing(computed: Counter[Variable]) -> set[Variable]:
    """What was computed more than once at some cost; the last of a chain of operations stands for all of it."""
    repeated = {v: n for v, n in computed.items() if n > 1 and v.type.size > 1}
    costly: set[Variable] = set()
    for v in repeated:  # inputs before what is computed from them: in the order of their first computation
        if isinstance(v.op, Elementwise) and (
            v.op.scalar.name not in CHEAPER_THAN_MEMORY or any(x in costly for x in v.inputs)
        ):
            costly.add(v)
    inner = {x for v in costly for x in v.inputs if repeated.get(x) == repeated[v]}
    return costly - inner
