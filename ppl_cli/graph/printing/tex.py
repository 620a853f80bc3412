"""LaTeX: one aligned line a random variable (`\\mu \\sim \\operatorname{normal}(0, 5)`), a shared part, and an output.

Formulas are tables by the names of ops, so that nothing here depends on the ops themselves; an op without an entry is
written as a function. What is used more than once and is no symbol gets one, t_1, t_2, ...
"""
from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from ppl_cli.graph.basic import Apply, Constant, Op, Variable
from ppl_cli.graph.printing.debug import constant_text, variable_name
from ppl_cli.graph.traversal import toposort

# How tightly a formula binds: that of a sum, a product, a sign, a power, something that needs no brackets.
_LOGIC, _RELATION, _SUM, _PRODUCT, _SIGN, _POWER, _ATOM = range(7)

# op name: (template, binding of the whole, least binding of each argument)
_FORMULAS: dict[str, tuple[str, int, tuple[int, ...]]] = {
    "add": ("{0} + {1}", _SUM, (_SUM, _SUM)),
    "sub": ("{0} - {1}", _SUM, (_SUM, _PRODUCT)),
    "mul": (r"{0} \, {1}", _PRODUCT, (_PRODUCT, _PRODUCT)),
    "div": (r"\frac{{{0}}}{{{1}}}", _PRODUCT, (_LOGIC, _LOGIC)),
    "neg": ("-{0}", _SIGN, (_POWER,)),
    "pow": ("{0}^{{{1}}}", _POWER, (_ATOM, _LOGIC)),
    "sqrt": (r"\sqrt{{{0}}}", _ATOM, (_LOGIC,)),
    "exp": ("e^{{{0}}}", _POWER, (_LOGIC,)),
    "abs": (r"\left|{0}\right|", _ATOM, (_LOGIC,)),
    "log": (r"\log {0}", _PRODUCT, (_POWER,)),
    "log1p": (r"\log\left(1 + {0}\right)", _ATOM, (_SUM,)),
    "expm1": ("e^{{{0}}} - 1", _SUM, (_LOGIC,)),
    "inv_logit": (r"\operatorname{{logit}}^{{-1}}\left({0}\right)", _ATOM, (_LOGIC,)),
    "lgamma": (r"\log \Gamma\left({0}\right)", _ATOM, (_LOGIC,)),
    "switch": (r"\begin{{cases}} {1} & {0} \\ {2} & \text{{otherwise}} \end{{cases}}", _ATOM, (_LOGIC,) * 3),
    "eq": ("{0} = {1}", _RELATION, (_SUM, _SUM)),
    "ne": (r"{0} \ne {1}", _RELATION, (_SUM, _SUM)),
    "lt": ("{0} < {1}", _RELATION, (_SUM, _SUM)),
    "le": (r"{0} \le {1}", _RELATION, (_SUM, _SUM)),
    "gt": ("{0} > {1}", _RELATION, (_SUM, _SUM)),
    "ge": (r"{0} \ge {1}", _RELATION, (_SUM, _SUM)),
    "and": (r"{0} \land {1}", _LOGIC, (_RELATION, _RELATION)),
    "or": (r"{0} \lor {1}", _LOGIC, (_RELATION, _RELATION)),
    "not": (r"\lnot {0}", _ATOM, (_ATOM,)),
    "to_real": ("{0}", _ATOM, (_ATOM,)),
    "Sum": (r"\sum {0}", _PRODUCT, (_PRODUCT,)),
    "Prod": (r"\prod {0}", _PRODUCT, (_PRODUCT,)),
    "LogSumExp": (r"\log \sum e^{{{0}}}", _PRODUCT, (_LOGIC,)),
    "MatMul": (r"{0} \, {1}", _PRODUCT, (_PRODUCT, _PRODUCT)),
    "Transpose": (r"{0}^{{\top}}", _POWER, (_ATOM,)),
    "Reshape": ("{0}", _ATOM, (_ATOM,)),
    "BroadcastTo": ("{0}", _ATOM, (_ATOM,)),
    "LogProb": (r"\log p\left({1} \mid {0}\right)", _ATOM, (_LOGIC, _LOGIC)),
}

_GREEK = frozenset(
    "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi pi rho sigma tau upsilon phi chi psi "
    "omega Gamma Delta Theta Lambda Xi Pi Sigma Upsilon Phi Psi Omega".split()
)


def latex(outputs: Sequence[Variable], names: Mapping[Variable, str] | None = None) -> str:
    """`outputs` as the lines of an `align*` environment."""
    lines = [line.replace("+ -", "- ") for line in _Formulas(outputs, names or {}).lines()]
    return "\\begin{align*}\n" + " \\\\\n".join(lines) + "\n\\end{align*}\n"


def symbol(name: str) -> str:
    """A name as a symbol: Greek letters as such, what follows an underscore as a subscript."""
    head, *rest = [_word(part) for part in name.split("_") if part] or [name]
    return f"{head}_{{{','.join(rest)}}}" if rest else head


def _word(word: str) -> str:
    if word in _GREEK:
        return f"\\{word}"
    return word if len(word) == 1 or word.isdigit() else f"\\mathrm{{{word}}}"


def _is_draw(op: Op | None) -> bool:
    return type(op).__name__ == "RandomVariable"


class _Formulas:
    def __init__(self, outputs: Sequence[Variable], names: Mapping[Variable, str]) -> None:
        self.outputs = outputs
        self.names = names
        self.nodes = toposort(outputs)
        self.symbols: dict[Variable, str] = {}

    def lines(self) -> list[str]:
        uses = Counter(v for node in self.nodes for v in node.inputs)
        lines: list[str] = []
        for node in self.nodes:
            for v in node.outputs:
                relation = r"\sim" if _is_draw(node.op) else "="
                name = self.symbol_of(v, uses[v])
                if name:
                    lines.append(f"{name} &{relation} {self.formula(node)[0]}")
                    self.symbols[v] = name
        unnamed = [v for v in self.outputs if v not in self.symbols]
        return lines + [f"& {self.argument(v, _LOGIC)}" for v in unnamed]

    def symbol_of(self, v: Variable, uses: int) -> str | None:
        """The symbol of a computed variable that is worth one."""
        name = variable_name(v, self.names)
        if name:
            return symbol(name)
        if _is_draw(v.op):
            return f"X_{{{sum(_is_draw(w.op) for w in self.symbols) + 1}}}"
        plain = v.op is None or v.op.name in ("Reshape", "BroadcastTo", "to_real")
        if uses > 1 and not plain:
            return f"t_{{{sum(s.startswith('t_{') for s in self.symbols.values()) + 1}}}"
        return None

    def argument(self, v: Variable, least: int) -> str:
        """`v` inside a formula that needs it to bind at least so tightly."""
        if v in self.symbols:
            return self.symbols[v]
        if v.owner is None:
            text = self.leaf(v)
            binding = _SIGN if text.startswith("-") else _ATOM
        else:
            text, binding = self.formula(v.owner)
        return text if binding >= least else rf"\left({text}\right)"

    def leaf(self, v: Variable) -> str:
        name = variable_name(v, self.names)
        if name:
            return symbol(name)
        return constant_text(v) if isinstance(v, Constant) and (not v.shape or v.data.size <= 4) else r"\text{data}"

    def formula(self, node: Apply) -> tuple[str, int]:
        """The formula of a node and how tightly it binds."""
        op = node.op
        if _is_draw(op):
            return self.call(op.name.removesuffix("_rv"), node.inputs[1:]), _ATOM
        if op.name == "Gather":
            where = ", ".join(self.argument(i, _LOGIC) for i in node.inputs[1:])
            return f"{self.argument(node.inputs[0], _ATOM)}_{{[{where}]}}", _ATOM
        known = _FORMULAS.get(op.name)
        if known is None:
            return self.call(op.name, node.inputs), _ATOM
        template, binding, least = known
        if op.name in ("Reshape", "BroadcastTo", "to_real"):
            (v,) = node.inputs
            return (self.formula(v.owner) if v.owner and v not in self.symbols else (self.argument(v, _LOGIC), _ATOM))
        return template.format(*(self.argument(v, k) for v, k in zip(node.inputs, least, strict=False))), binding

    def call(self, name: str, arguments: Sequence[Variable]) -> str:
        escaped = name.replace("_", r"\_")
        return rf"\operatorname{{{escaped}}}\left({', '.join(self.argument(v, _LOGIC) for v in arguments)}\right)"
