"""The standard form of a law: how a draw is an affine function of something that does not depend on its parameters.

Nothing is declared: a draw of every distribution is a graph of primitive draws (mu + sigma * std_normal), and so is one
of every random expression; what is added and multiplied outside is location and scale.
"""
from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from ppl_cli.graph.basic import Constant, Variable, constant
from ppl_cli.graph.traversal import dependents, toposort
from ppl_cli.logprob import expand_draws
from ppl_cli.model.constraints.noncentered import Affine
from ppl_cli.ops.elementwise import Elementwise
from ppl_cli.ops.linalg import MatMul
from ppl_cli.ops.random import PrimitiveDraw, RandomVariable, Truncated
from ppl_cli.ops.scalar_math import absolute, log
from ppl_cli.ops.shape import BroadcastTo, Reshape
from ppl_cli.rewrites.passes import canonicalize


class NotStandard(Exception):
    """A law has no standard form; the message says why."""


@dataclass(frozen=True)
class Form:
    """`affine` of `core`, which is random."""

    affine: Affine
    core: Variable

    def shifted(self, by: Variable) -> Form:
        return replace(self, affine=replace(self.affine, location=by + self.affine.location))

    def mirrored(self) -> Form:
        """The core takes the sign: scales stay positive."""
        return replace(self, affine=replace(self.affine, location=-self.affine.location))

    def scaled(self, by: Variable) -> Form:
        if self.affine.matrix and by.shape:
            raise NotStandard("its law is a random vector scaled element by element")
        return replace(self, affine=self.affine.map(lambda v: by * v))


def on_the_line(rv: Variable) -> Affine:
    """The form of a random expression."""
    draw = _Draw(rv)
    return draw.value(draw.x).affine


def above(rv: Variable, lower: Variable) -> Affine:
    """The form of log(x - lower), for a random expression x that is greater than `lower`, or is taken to be.

    A law that is symmetric around `lower` scales the same way above it, so half-normal scales have a form, too.
    """
    draw = _Draw(rv)
    form = draw.value(draw.x)
    if form.affine.matrix or not _same(form.affine.location, lower):
        raise NotStandard("its lower bound is not the location of its law")
    return draw.logarithm(form.core).shifted(log(absolute(form.affine.scale))).affine


class _Draw:
    """A random expression, drawn: `x` and which of its parts are random."""

    def __init__(self, rv: Variable) -> None:
        if any(isinstance(node.op, Truncated) for node in toposort([rv])):
            raise NotStandard("its law is truncated")
        try:
            (self.x,) = canonicalize(expand_draws([rv]))
        except NotImplementedError:
            raise NotStandard("its law has no draw that could be read") from None
        self.triangular = isinstance(rv.op, RandomVariable)  # matrices in draws of distributions are such factors
        primitives = [v for node in toposort([self.x]) if isinstance(node.op, PrimitiveDraw) for v in node.outputs]
        self.random = dependents([self.x], primitives)

    def value(self, x: Variable) -> Form:
        """x as an affine function."""
        if isinstance(x.op, BroadcastTo):
            return self.value(x.inputs[0])
        if isinstance(x.op, Reshape) and isinstance(x.inputs[0].op, MatMul):
            factor, column = x.inputs[0].inputs
            if self.triangular and factor not in self.random and column.shape[-1] == 1:
                return Form(Affine(scale=factor, matrix=True), column)
        return self._outermost(x, OF_VALUES, self.value)

    def logarithm(self, x: Variable) -> Form:
        """log |x| as an affine function."""
        if isinstance(x.op, BroadcastTo):
            return self.logarithm(x.inputs[0])
        if isinstance(x.op, Elementwise) and x.op.name == "exp":
            return self.value(x.inputs[0])
        return self._outermost(x, OF_LOGARITHMS, self.logarithm)

    def _outermost(self, x: Variable, rules: Rules, inner: Callable[[Variable], Form]) -> Form:
        """By the rule for the outermost operation."""
        if not isinstance(x.op, Elementwise):
            return Form(Affine(), x)
        random = [k for k, v in enumerate(x.inputs) if v in self.random]
        rule = rules.get((x.op.name, *random))
        if rule is None:
            return Form(Affine(), x)
        known = [v for k, v in enumerate(x.inputs) if k not in random]
        found = rule([inner(x.inputs[k]) for k in random], known)
        return found if len(random) == 1 else replace(found, core=x)


def _sum(forms: Sequence[Form], _: Sequence[Variable]) -> Form:
    """Locations leave a sum of random values."""
    first, second = forms
    return replace(first, affine=Affine(first.affine.location + second.affine.location))


def _product(forms: Sequence[Form], _: Sequence[Variable]) -> Form:
    """Scales leave a product of random values, such as Student's t is one."""
    scalar, first = sorted(forms, key=lambda f: f.affine.matrix)
    if scalar.affine.matrix or not all(_same(f.affine.location, Affine().location) for f in forms):
        return replace(first, affine=Affine())
    return first.scaled(scalar.affine.scale)


def _same(a: Variable, b: Variable) -> bool:
    a, b = canonicalize([a, b])
    if isinstance(a, Constant) and isinstance(b, Constant):
        return a.uniform is not None and a.uniform == b.uniform
    return a is b


# What an operation, of which the inputs at the given positions are random, makes of their forms and of the others.
Rules = dict[tuple[str | int, ...], Callable[[Sequence[Form], Sequence[Variable]], Form]]
OF_VALUES: Rules = {
    ("add", 0): lambda f, a: f[0].shifted(a[0]),
    ("add", 1): lambda f, a: f[0].shifted(a[0]),
    ("add", 0, 1): _sum,
    ("sub", 0): lambda f, a: f[0].shifted(-a[0]),
    ("sub", 1): lambda f, a: f[0].mirrored().shifted(a[0]),
    ("neg", 0): lambda f, _: f[0].mirrored(),
    ("mul", 0): lambda f, a: f[0].scaled(a[0]),
    ("mul", 1): lambda f, a: f[0].scaled(a[0]),
    ("mul", 0, 1): _product,
    ("div", 0): lambda f, a: f[0].scaled(1.0 / a[0]),
}
OF_LOGARITHMS: Rules = {
    ("mul", 0): lambda f, a: f[0].shifted(log(absolute(a[0]))),
    ("mul", 1): lambda f, a: f[0].shifted(log(absolute(a[0]))),
    ("div", 0): lambda f, a: f[0].shifted(-log(absolute(a[0]))),
    ("div", 1): lambda f, a: f[0].mirrored().shifted(log(absolute(a[0]))),
    ("pow", 0): lambda f, a: f[0].scaled(a[0]),
    ("sqrt", 0): lambda f, _: f[0].scaled(constant(0.5)),
}
