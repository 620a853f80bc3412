"""x + (a sum that a loop collects from zero on) is the loop that begins with x: no tensor of zeros, no addition at the
end.

The reverse loops of a gradient collect such sums; inside another loop they would cost a pass over the tensor in every
iteration.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from ppl_cli.graph.basic import Constant, Variable
from ppl_cli.graph.traversal import replace_each, toposort, variables_of
from ppl_cli.ops.control import Loop
from ppl_cli.ops.indexing import AddAt
from ppl_cli.ops.scalar_math import add


def accumulate(outputs: Sequence[Variable]) -> list[Variable]:
    """`outputs` with every such addition made by the loop itself, inside loops and branches too."""
    return replace_each(outputs, _replacements)


def _replacements(outputs: Sequence[Variable]) -> Iterator[dict[Variable, Variable]]:
    """For each addition that a loop can take over: what it and the loop become."""
    nodes = toposort(outputs)
    uses = Counter(v for node in nodes for v in node.inputs)
    uses.update(outputs)
    for node in nodes:
        if node.op != add.op or not node.outputs[0].shape:
            continue
        for x, y in (node.inputs, node.inputs[::-1]):
            loop = y.owner
            if loop is None or not isinstance(loop.op, Loop) or uses[y] != 1 or x.type != y.type:
                continue
            k = loop.outputs.index(y)
            if (
                not _is_sum(loop.op, k)
                or not _is_zero(loop.inputs[2 + k])
                or not variables_of([x]).isdisjoint(loop.outputs)
            ):
                continue
            inputs = list(loop.inputs)
            inputs[2 + k] = x
            new = loop.op.apply(*inputs).outputs
            yield {**dict(zip(loop.outputs, new, strict=True)), node.outputs[0]: new[k]}


def _is_zero(v: Variable) -> bool:
    return isinstance(v, Constant) and not v.data.any()


def _is_sum(loop: Loop, k: int) -> bool:
    """Whether iterations only add to carried value k, whatever it is."""
    carried, v = loop.carried[k], loop.body.results[k]
    chain = []
    while v is not carried:
        chain.append(v)
        if v.op == AddAt():
            v = v.inputs[0]
        elif v.op == add.op:
            a, b = v.inputs
            v = a if carried in variables_of([a]) else b
        else:
            return False
    read = Counter(x for node in toposort(loop.body.results) for x in node.inputs)
    read.update(loop.body.results)
    return all(read[x] == 1 for x in (carried, *chain))
