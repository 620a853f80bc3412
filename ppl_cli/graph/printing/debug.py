"""Aesara's debug print: one line a node, inputs indented below it, a node that was printed before by its id only.

    Sum{axes=-1} [id A] 'lp'
     └─ mul [id B]
        ├─ eta [id C]
        └─ eta [id C]
"""
from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import count

from ppl_cli.graph.basic import Apply, Constant, Op, Variable

_SMALL = 4  # elements of a constant that is printed by its values


def dprint(outputs: Sequence[Variable], names: Mapping[Variable, str] | None = None, *, types: bool = False) -> str:
    """`outputs` as indented text; `types` adds dtype and shape to each line. Inner graphs are printed below."""
    return "\n".join(_Printer(names or {}, types).lines(outputs)) + "\n"


def constant_text(v: Constant) -> str:
    """The values of a small constant, the dtype and shape of a larger one."""
    if not v.shape:
        return repr(v.data.item())
    if v.data.size <= _SMALL:
        return str(v.data.tolist())
    return str(v.type) if v.uniform is None else f"{v.type} of {v.uniform!r}"


def variable_name(v: Variable, names: Mapping[Variable, str]) -> str | None:
    return names.get(v) or v.name


def _letters(n: int) -> str:
    """A, B, ..., Z, AA, AB, ..."""
    text = ""
    n += 1
    while n:
        n, k = divmod(n - 1, 26)
        text = chr(ord("A") + k) + text
    return text


class _Printer:
    def __init__(self, names: Mapping[Variable, str], types: bool) -> None:
        self.names = names
        self.types = types
        self.ids: dict[Apply | Variable, str] = {}
        self.inner: dict[Op, str] = {}  # ops with inner graphs, in the order met, by the id of their node
        self.numbers = count()

    def lines(self, outputs: Sequence[Variable]) -> Iterator[str]:
        for v in outputs:
            yield from self.variable(v, "", "")
        if self.inner:
            yield from ("", "Inner graphs:")
        printed = 0
        while printed < len(self.inner):
            op, node_id = list(self.inner.items())[printed]
            printed += 1
            yield ""
            yield f"{op} [id {node_id}]"
            for k, body in enumerate(op.bodies):
                if len(op.bodies) > 1:
                    yield f" branch {k}"
                self.names = {**_parameter_names(body.parameters), **self.names}
                for v in body.results:
                    yield from self.variable(v, " ← ", "   ")

    def variable(self, v: Variable, first: str, following: str) -> Iterator[str]:
        """The lines of `v`: `first` stands before its own, `following` before those of its inputs."""
        key: Apply | Variable = v.owner or v
        known = key in self.ids
        label = self.label(v, key)
        if v.owner is None or known:
            yield f"{first}{label}{' ···' if v.owner is not None and v.inputs else ''}"
            return
        yield first + label
        if v.owner.op.bodies:
            self.inner.setdefault(v.owner.op, self.ids[key])
        for k, w in enumerate(v.inputs):
            last = k == len(v.inputs) - 1
            branch, below = (" └─ ", "   ") if last else (" ├─ ", " │ ")
            yield from self.variable(w, following + branch, following + below)

    def label(self, v: Variable, key: Apply | Variable) -> str:
        name = variable_name(v, self.names)
        if isinstance(v, Constant):
            text = constant_text(v) + (f" '{name}'" if name else "")
        else:
            if key not in self.ids:
                self.ids[key] = _letters(next(self.numbers))
            if v.owner is None:
                text = f"{name or '<unnamed>'} [id {self.ids[key]}]"
            else:
                number = f".{v.index}" if len(v.owner.outputs) > 1 else ""
                text = f"{v.owner.op}{number} [id {self.ids[key]}]" + (f" '{name}'" if name else "")
        return f"{text} : {v.type}" if self.types else text


def _parameter_names(parameters: Sequence[Variable]) -> dict[Variable, str]:
    """Names for the parameters of an inner graph, numbered as Aesara does."""
    return {v: f"*{k}-{v.name or v.type}" for k, v in enumerate(parameters)}
