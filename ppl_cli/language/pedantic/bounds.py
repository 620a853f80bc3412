"""The values that a declaration allows, and bounds that are there without reason or missing."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from ppl_cli.language import syntax as s
from ppl_cli.language.diagnostics import Diagnostic, warning
from ppl_cli.language.pedantic.constants import constant, variable
from ppl_cli.language.pedantic.reading import Density, Reading
from ppl_cli.language.syntax import NamedConstraint


@dataclass(frozen=True)
class Limit:
    """One end of the values that a declaration allows: a number if it is known, else how it is written."""

    value: float | None
    text: str

    @property
    def finite(self) -> bool:
        return self.value is None or math.isfinite(self.value)

    def agrees(self, expression: s.Expression) -> bool:
        value = constant(expression)
        return self.value == value if value is not None else self.text == expression.span.text


_UNIT, _CORRELATION, _ANY = (0.0, 1.0), (-1.0, 1.0), (-math.inf, math.inf)
_ELEMENTS_OF = {
    NamedConstraint.SIMPLEX: _UNIT,
    NamedConstraint.COLUMN_STOCHASTIC_MATRIX: _UNIT,
    NamedConstraint.ROW_STOCHASTIC_MATRIX: _UNIT,
    NamedConstraint.UNIT_VECTOR: _CORRELATION,
    NamedConstraint.CORR_MATRIX: _CORRELATION,
    NamedConstraint.CHOLESKY_FACTOR_CORR: _CORRELATION,
    NamedConstraint.POSITIVE_ORDERED: (0.0, math.inf),
}
_USUAL = (_UNIT, _CORRELATION)


def limits(declared: s.TypeSyntax) -> tuple[Limit, Limit]:
    """Between which numbers the elements of a variable lie."""
    if isinstance(declared.constraint, s.Bounds):
        return _limit(declared.constraint.lower, -math.inf), _limit(declared.constraint.upper, math.inf)
    ends = _ELEMENTS_OF.get(declared.constraint, _ANY) if isinstance(declared.constraint, NamedConstraint) else _ANY
    return Limit(ends[0], str(ends[0])), Limit(ends[1], str(ends[1]))


def _limit(bound: s.Expression | None, default: float) -> Limit:
    return Limit(default, "") if bound is None else Limit(constant(bound), bound.span.text)


def hard_bounds(reading: Reading) -> Iterator[Diagnostic]:
    """Two bounds that are numbers and not those of a probability or a correlation."""
    for name, declaration in reading.parameters.items():
        low, high = limits(declaration.type)
        ends = (low.value, high.value)
        if not isinstance(declaration.type.constraint, s.Bounds) or None in ends or ends in _USUAL:
            continue
        if low.finite and high.finite and _less(low, high):
            hint = "if nothing forces it, a prior such as a normal says the same without hard ends"
            message = f"`{name}` can only be between {low.text} and {high.text}"
            yield warning(message, declaration.type.constraint.span, hint)


def empty_bounds(reading: Reading) -> Iterator[Diagnostic]:
    for name, declaration in reading.parameters.items():
        low, high = limits(declaration.type)
        if low.value is not None and high.value is not None and not _less(low, high):
            assert isinstance(declaration.type.constraint, s.Bounds)
            message = f"no value of `{name}` is between {low.text} and {high.text}"
            yield warning(message, declaration.type.constraint.span)


def uniform_priors(reading: Reading) -> Iterator[Diagnostic]:
    """A uniform distribution whose ends are not those of the declaration: the density is 0 in between."""
    for density in reading.densities:
        declaration = _declaration(reading, density)
        if density.name != "uniform" or density.law is None or declaration is None:
            continue
        low, high = limits(declaration.type)
        lower, upper = density.arguments
        if not (low.agrees(lower) and high.agrees(upper)):
            wanted = f"declare it with `<lower={lower.span.text}, upper={upper.span.text}>`, or "
            hint = ("" if isinstance(density.variate, s.Index) else wanted) + "give it a prior without hard ends"
            message = f"the bounds of `{declaration.name}` are not those of its uniform distribution"
            yield warning(message, density.call.span, hint)


def truncations(reading: Reading) -> Iterator[Diagnostic]:
    """A truncated prior of a parameter that may lie outside."""
    for density in reading.densities:
        declaration, truncation = _declaration(reading, density), density.truncation
        if declaration is None or truncation is None:
            continue
        low, high = limits(declaration.type)
        bounds = (("lower", truncation.lower, low), ("upper", truncation.upper, high))
        missing = [f"{word}={end.span.text}" for word, end, limit in bounds if end is not None and not limit.finite]
        if missing:
            hint = f"declare it with `<{', '.join(missing)}>`"
            yield warning(f"`{declaration.name}` may lie where this distribution is cut off", truncation.span, hint)


def _declaration(reading: Reading, density: Density) -> s.Declaration | None:
    """The declaration of the parameter that is the variate."""
    name = variable(density.variate)
    return reading.parameters.get(name.name) if name is not None else None


def _less(low: Limit, high: Limit) -> bool:
    return low.value is not None and high.value is not None and low.value < high.value
