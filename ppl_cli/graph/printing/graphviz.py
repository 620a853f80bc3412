"""Graphviz: variables that have names and constants are boxes, operations ellipses, inner graphs clusters."""
from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import count

from ppl_cli.graph.basic import Apply, Constant, Variable
from ppl_cli.graph.printing.debug import constant_text, variable_name
from ppl_cli.graph.traversal import toposort


def dot(outputs: Sequence[Variable], names: Mapping[Variable, str] | None = None) -> str:
    """The graph of `outputs` in the language of Graphviz's `dot`."""
    return "\n".join(_Drawing(names or {}).lines(outputs)) + "\n"


class _Drawing:
    def __init__(self, names: Mapping[Variable, str]) -> None:
        self.names = names
        self.ids: dict[Apply | Variable, str] = {}
        self.numbers = count()

    def lines(self, outputs: Sequence[Variable]) -> Iterator[str]:
        yield "digraph {"
        yield '  node [fontname="sans-serif", fontsize=11];'
        yield from self.graph(outputs, "  ")
        for k, v in enumerate(outputs):
            yield f'  out{k} [label={_quoted(variable_name(v, self.names) or "output")}, shape=box, style=bold];'
            yield f"  {self.id(v)} -> out{k};"
        yield "}"

    def graph(self, outputs: Sequence[Variable], indent: str) -> Iterator[str]:
        for v in outputs:
            if v.owner is None:
                yield from self.leaf(v, indent)
        for node in toposort(outputs):
            if node in self.ids:
                continue
            for v in node.inputs:
                if v.owner is None:
                    yield from self.leaf(v, indent)
            mine = self.new(node)
            named = [name for v in node.outputs if (name := variable_name(v, self.names))]
            label = "\n".join([str(node.op), *named, *({str(v.type) for v in node.outputs})])
            yield f"{indent}{mine} [label={_quoted(label)}{', style=bold' if named else ''}];"
            for k, v in enumerate(node.inputs):
                mark = f' [label="{k}"]' if len(node.inputs) > 1 else ""
                yield f"{indent}{self.id(v)} -> {mine}{mark};"
            yield from self.inner_graphs(node, indent)

    def inner_graphs(self, node: Apply, indent: str) -> Iterator[str]:
        for k, body in enumerate(node.op.bodies):
            yield f"{indent}subgraph cluster_{self.ids[node]}_{k} {{"
            yield f'{indent}  label={_quoted(f"{node.op} {k}" if k else str(node.op))};'
            yield from self.graph(body.results, indent + "  ")
            yield f"{indent}}}"
            for v in body.results:
                yield f"{indent}{self.id(v)} -> {self.ids[node]} [style=dashed];"

    def leaf(self, v: Variable, indent: str) -> Iterator[str]:
        if v not in self.ids:
            name = variable_name(v, self.names)
            value = constant_text(v) if isinstance(v, Constant) else str(v.type)
            shape = "plaintext" if isinstance(v, Constant) else "box"
            label = f"{name}\n{value}" if name else value
            yield f"{indent}{self.new(v)} [label={_quoted(label)}, shape={shape}];"

    def new(self, key: Apply | Variable) -> str:
        self.ids[key] = f"n{next(self.numbers)}"
        return self.ids[key]

    def id(self, v: Variable) -> str:
        return self.ids[v.owner or v]


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'
