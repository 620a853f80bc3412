"""The rewriting engine: rules in, a graph and its simpler equal out.

A rule is an identity written with the ops themselves over wildcards, `rule("log1mexp", log(1 - exp(x)), log1m_exp(x))`,
or a function of a node (`@rewrite`). Rule sets are values added with `+`. A graph is rewritten bottom up, each node
once, until no rule applies; constants are folded and inner graphs are rewritten on the way.
"""
from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import product
from typing import Any

from ppl_cli.graph.basic import Apply, Constant, Op, Variable
from ppl_cli.graph.traversal import fold, toposort
from ppl_cli.graph.types import DType, TensorType

Bindings = dict[Variable, Variable]
Matcher = Callable[[Variable, Bindings], bool]
Rewritten = Variable | Sequence[Variable] | None
Root = Op | type[Op]

_STEPS_PER_NODE = 400  # a rule set that needs more goes round in circles


class Wildcard(Variable):
    """Stands in a pattern for any variable that `accepts` says yes to; where it is repeated, for the same one."""

    __slots__ = ("accepts",)

    def __init__(self, name: str, type: TensorType, accepts: Callable[[Variable], bool] | None) -> None:
        super().__init__(type, name=name)
        self.accepts = accepts


def wild(
    name: str,
    *,
    constant: bool = False,
    scalar: bool = False,
    dtype: DType = "float64",
    where: Callable[[Variable], bool] | None = None,
) -> Wildcard:
    """A wildcard. `constant` and `scalar` (no axes) restrict what it matches, as does the predicate `where`.

    `dtype` lets the pattern be built by ops that ask for one; what is matched may have another.
    """
    tests: list[Callable[[Variable], bool]] = []
    if constant:
        tests.append(lambda v: isinstance(v, Constant))
    if scalar:
        tests.append(lambda v: not v.type.shape)
    if where:
        tests.append(where)
    accepts = None if not tests else tests[0] if len(tests) == 1 else lambda v: all(test(v) for test in tests)
    return Wildcard(name, TensorType(dtype), accepts)


@dataclass(frozen=True, eq=False)
class Rule:
    """`rewrite` takes a node whose op is, or is an instance of, one of `roots`: what equals its outputs, or None.

    What it gives may be of a smaller shape or dtype: it is broadcast and converted to the type of what it replaces.
    """

    name: str
    roots: tuple[Root, ...]
    rewrite: Callable[[Apply], Rewritten]

    def __call__(self, node: Apply) -> Rewritten:
        return self.rewrite(node)


@dataclass(frozen=True, eq=False)
class PatternRule(Rule):
    """The rule that `pattern` equals `replacement`, whatever its wildcards stand for."""

    pattern: Variable
    replacement: Variable
    when: Callable[..., bool] | None = field(default=None, repr=False)


def rule(name: str, pattern: Variable, replacement: Variable, when: Callable[..., bool] | None = None) -> PatternRule:
    """`pattern` becomes `replacement`, if `when`, called with what the wildcards stand for by name, agrees.

    Commutative ops match in either order; a number in the pattern matches constants whose elements are all that number.
    """
    if pattern.owner is None:
        raise ValueError(f"the pattern of {name} is no operation")
    matchers = [_inputs_matcher(variant) for variant in _variants(pattern)]
    build = _builder(replacement)

    def rewrite(node: Apply) -> Rewritten:
        for matches in matchers:
            bindings: Bindings = {}
            if matches(node.inputs, bindings) and (
                when is None or when(**{str(w.name): v for w, v in bindings.items()})
            ):
                return build(bindings)
        return None

    return PatternRule(name, (pattern.owner.op,), rewrite, pattern, replacement, when)


def rewrite(name: str, *roots: Any) -> Callable[[Callable[[Apply], Rewritten]], Rule]:
    """Make a rule of a function of nodes. `roots` are the ops it is for: ops, their classes, functions with an `op`."""
    keys = tuple(getattr(r, "op", r) if not isinstance(r, (Op, type)) else r for r in roots)
    return lambda function: Rule(name, keys, function)


@dataclass(frozen=True)
class RuleSet:
    """Rules in the order in which they are tried."""

    rules: tuple[Rule, ...]

    @staticmethod
    def of(*rules: Rule) -> RuleSet:
        return RuleSet(rules)

    def __add__(self, other: RuleSet) -> RuleSet:
        return RuleSet(self.rules + tuple(r for r in other.rules if r not in self.rules))

    def __iter__(self) -> Iterator[Rule]:
        return iter(self.rules)

    @cached_property
    def _by_op(self) -> dict[Op, tuple[Rule, ...]]:
        return {}

    def rules_for(self, op: Op) -> tuple[Rule, ...]:
        """The rules that may apply to a node of `op`."""
        found = self._by_op.get(op)
        if found is None:
            kind = type(op)
            found = self._by_op[op] = tuple(
                r for r in self.rules
                if any(issubclass(kind, k) if isinstance(k, type) else k == op for k in r.roots)
            )
        return found


def apply(outputs: Sequence[Variable], rules: RuleSet) -> list[Variable]:
    """`outputs` rewritten by `rules` until none applies anywhere."""
    return _Rewriting(rules).run(outputs)


class _Rewriting:
    """One run: what each variable becomes (`done`), and what a node that is not finished was replaced by (`became`)."""

    def __init__(self, rules: RuleSet) -> None:
        self.rules = rules
        self.done: dict[Variable, Variable] = {}
        self.became: dict[Apply, Sequence[Variable]] = {}
        self.commuted: dict[tuple[Op, frozenset[Variable]], Sequence[Variable]] = {}

    def run(self, outputs: Sequence[Variable]) -> list[Variable]:
        done, became = self.done, self.became
        stack = [v.owner for v in outputs if v.owner and v not in done]
        fuel = 10_000 + _STEPS_PER_NODE * len(toposort(outputs))
        while stack:
            node = stack[-1]
            if node.outputs[0] in done:
                stack.pop()
                continue
            awaited = became.get(node, node.inputs)
            pending = [v.owner for v in awaited if v.owner is not None and v not in done]
            if pending:
                stack.extend(reversed(pending))
            elif node in became:
                done.update((old, done.get(new, new)) for old, new in zip(node.outputs, awaited, strict=True))
            else:
                self._visit(node)
            fuel -= 1
            if fuel < 0:
                raise RuntimeError(f"rewriting goes round in circles at {node} -> {became.get(node)}")
        return [done.get(v, v) for v in outputs]

    def _visit(self, node: Apply) -> None:
        """Decide on a node whose inputs are finished: it becomes something else, or it is finished."""
        done = self.done
        inputs = [done.get(v, v) for v in node.inputs]
        if any(a is not b for a, b in zip(inputs, node.inputs, strict=True)):
            self.became[node] = node.op.apply(*inputs).outputs
            return
        new = self._step(node)
        if new is not None:
            self.became[node] = new
            return
        outputs: Sequence[Variable] = node.outputs
        if node.op.commutative:
            outputs = self.commuted.setdefault((node.op, frozenset(inputs)), outputs)
        done.update(zip(node.outputs, outputs, strict=True))

    def _step(self, node: Apply) -> Sequence[Variable] | None:
        """The outputs of `node` rewritten once, or None if nothing applies."""
        op = node.op
        mapped = op.map_results(self.run)
        if mapped is not op:
            return mapped.apply(*node.inputs).outputs
        for rule in self.rules.rules_for(op):
            new = rule.rewrite(node)
            if new is not None:
                new = (new,) if isinstance(new, Variable) else new
                return [b if b.type == a.type else b.as_type(a.type) for a, b in zip(node.outputs, new, strict=True)]
        folded = fold(node) if op.foldable else node.outputs
        return None if folded is node.outputs else folded


# Patterns: each order of the inputs of commutative ops is one variant, so that matching never has to try again.

Tree = tuple[Op, tuple[Any, ...]] | Variable


def _variants(pattern: Variable) -> list[Tree]:
    if pattern.owner is None:
        return [pattern]
    op = pattern.owner.op
    orders = [pattern.inputs, pattern.inputs[::-1]] if op.commutative else [pattern.inputs]
    trees = [(op, children) for order in orders for children in product(*map(_variants, order))]
    return list(dict.fromkeys(trees))


def _inputs_matcher(tree: Any) -> Callable[[Sequence[Variable], Bindings], bool]:
    matchers = [_matcher(t) for t in tree[1]]
    # operations and numbers are told apart fastest, so they go first
    order = sorted(range(len(matchers)), key=lambda k: isinstance(tree[1][k], Wildcard))
    checks = [(k, matchers[k]) for k in order]
    count = len(checks)

    def matches(inputs: Sequence[Variable], bindings: Bindings) -> bool:
        if len(inputs) != count:
            return False
        for k, check in checks:
            if not check(inputs[k], bindings):
                return False
        return True

    return matches


def _matcher(tree: Any) -> Matcher:
    if isinstance(tree, Wildcard):
        return _wildcard_matcher(tree)
    if isinstance(tree, Constant):
        value = tree.data.item()
        return lambda v, bindings: isinstance(v, Constant) and v.dtype != "bool" and v.uniform == value
    if isinstance(tree, Variable):
        raise ValueError(f"{tree} in a pattern is neither operation, number nor wildcard")
    op, kind, inputs = tree[0], type(tree[0]), _inputs_matcher(tree)

    def matches(v: Variable, bindings: Bindings) -> bool:
        node = v.owner
        return (
            node is not None
            and (node.op is op or (type(node.op) is kind and node.op == op))
            and inputs(node.inputs, bindings)
        )

    return matches


def _wildcard_matcher(wildcard: Wildcard) -> Matcher:
    accepts = wildcard.accepts

    def matches(v: Variable, bindings: Bindings) -> bool:
        bound = bindings.get(wildcard)
        if bound is not None:
            return bound is v
        if accepts is not None and not accepts(v):
            return False
        bindings[wildcard] = v
        return True

    return matches


def _builder(replacement: Variable) -> Callable[[Bindings], Variable]:
    """A function that builds `replacement` over what the wildcards stand for."""
    nodes = [(node.op, node.inputs, node.outputs[0]) for node in toposort([replacement])]

    def build(bindings: Bindings) -> Variable:
        made: Bindings = dict(bindings)
        for op, inputs, output in nodes:
            made[output] = op(*[made.get(v, v) for v in inputs])
        return made.get(replacement, replacement)

    return build
