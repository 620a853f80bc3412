"""Syntactic facts about statements: what they read, what they assign, what effects they have. Memoized by node."""
from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from ppl_cli.language import syntax as s
from ppl_cli.language.traversal import walk

# Variables that no program can name: the log density so far, and the token of the last report.
TARGET = "target()"
REPORTS = "print()"


@dataclass(frozen=True, slots=True)
class Facts:
    """Names read and assigned (those declared inside included); `density`: adds to the target; `random`: draws;
    `returns`."""

    reads: frozenset[str]
    assigns: frozenset[str]
    density: bool
    random: bool
    returns: bool


@lru_cache(maxsize=4096)
def facts(node: s.Node) -> Facts:
    """What `node` reads, assigns and does."""
    reads: set[str] = set()
    assigns: set[str] = set()
    density = random = returns = False
    for part in walk(node):
        match part:
            case s.Name(name=name):
                reads.add(name)
            case s.Assignment(target=target):
                assigns.update(assigned(target))
            case s.Declaration(name=name):
                assigns.add(name)
            case s.For(variable=name) | s.ForEach(variable=name):
                assigns.add(name)
            case s.Tilde() | s.TargetPlus() | s.TargetCall() | s.Reject() | s.FatalError():
                density = True
                assigns.add(TARGET)
                if isinstance(part, s.Reject | s.FatalError):
                    assigns.add(REPORTS)
            case s.Print():
                assigns.add(REPORTS)
            case s.Return():
                returns = True
            case s.Call(suffix=suffix):
                assigns.add(REPORTS)
                if suffix in (s.Suffix.LP, s.Suffix.JACOBIAN):
                    density = True
                    assigns.add(TARGET)
                random |= suffix is s.Suffix.RNG
    return Facts(frozenset(reads), frozenset(assigns), density, random, returns)


@lru_cache(maxsize=4096)
def leaves(node: s.Statement | None) -> bool:
    """Whether `node` may end the body that it stands in: by `return`, or by `break` or `continue` of a loop around
    it."""
    match node:
        case s.Return() | s.Break() | s.Continue():
            return True
        case s.Block(statements=inner) | s.Profile(statements=inner):
            return any(map(leaves, inner))
        case s.IfElse():
            branch: s.Statement | None = node
            while isinstance(branch, s.IfElse):  # of `else if` there may be many
                if leaves(branch.then):
                    return True
                branch = branch.otherwise
            return leaves(branch)
        case s.For() | s.ForEach() | s.While():
            return facts(node).returns
    return False


def contains(program: s.Program, *kinds: type[s.Node]) -> bool:
    """Whether nodes of these kinds occur where something may not be known, or in functions."""
    blocks = (
        program.functions, program.transformed_data, program.transformed_parameters, program.model,
        program.generated_quantities,
    )  # fmt: skip
    return any(isinstance(node, kinds) for block in blocks for part in block or () for node in walk(part))


def assigned(target: s.Expression) -> set[str]:
    """The variables that an assignment to `target` changes."""
    if isinstance(target, s.TupleLiteral):
        return set().union(*map(assigned, target.elements))
    return {steps(target)[0].name}


Step = s.Index | s.TupleProjection | s.Call  # from a variable to a part of it; a call is `get_real` or `get_imag`


def steps(target: s.Expression) -> tuple[s.Name, list[Step]]:
    """The variable that `target` is or is a part of, and what leads from it there."""
    chain: list[Step] = []
    while (whole := _whole(target)) is not None:
        chain.append(target)  # type: ignore[arg-type]
        target = whole
    assert isinstance(target, s.Name)
    return target, chain[::-1]


def is_part(e: s.Expression) -> bool:
    """Whether `e` is a variable or a part of one."""
    while (whole := _whole(e)) is not None:
        e = whole
    return isinstance(e, s.Name)


def _whole(part: s.Expression) -> s.Expression | None:
    """What `part` is a part of."""
    match part:
        case s.Index(base=base) | s.TupleProjection(base=base):
            return base
        case s.Call(name="get_real" | "get_imag", arguments=(number,)):
            return number
    return None


def leaf_name(target: s.Expression) -> str:
    """The name of the leaf that `target` is or is a part of: `t.2` for `t.2[3]`, `z.real` for `get_real(z)`."""
    base, chain = steps(target)
    labels = [base.name]
    for step in chain:
        if isinstance(step, s.TupleProjection):
            labels.append(str(step.position))
        elif isinstance(step, s.Call):
            labels.append(step.name.removeprefix("get_"))
    return ".".join(labels)
