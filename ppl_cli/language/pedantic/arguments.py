"""Distributions and what they are given: values outside their support, scales far from one, and laws seldom meant."""

from __future__ import annotations

import math
from collections.abc import Iterator

from ppl_cli.language import syntax as s
from ppl_cli.language.diagnostics import Diagnostic, warning
from ppl_cli.language.pedantic.bounds import limits
from ppl_cli.language.pedantic.constants import constant, elements, variable
from ppl_cli.language.pedantic.laws import Support
from ppl_cli.language.pedantic.reading import Reading

_SMALL, _LARGE = 0.1, 10.0
_VAGUE = 0.1


def arguments_outside_support(reading: Reading) -> Iterator[Diagnostic]:
    for density in reading.densities:
        if density.law is None:
            continue
        for parameter, argument in zip(density.law.parameters, density.arguments, strict=True):
            wanted = density.law.support_of(parameter)
            what = f"`{parameter}` of `{density.name}` must be {wanted.description}"
            yield from _outside(reading, argument, wanted, what)


def variates_outside_support(reading: Reading) -> Iterator[Diagnostic]:
    for density in reading.densities:
        if density.law is not None:
            wanted = density.law.support
            what = f"a value of `{density.name}` is {wanted.description}"
            yield from _outside(reading, density.variate, wanted, what)


def far_from_unit_scale(reading: Reading) -> Iterator[Diagnostic]:
    """Priors whose scale is a number much smaller or larger than one."""
    for density in reading.densities:
        name = variable(density.variate)
        if density.law is None or density.law.scale is None or name is None or name.name not in reading.parameters:
            continue
        scale = density.arguments[density.law.parameters.index(density.law.scale)]
        value = constant(scale)
        if value is not None and value > 0 and not _SMALL <= value <= _LARGE:
            hint = f"measure it in other units, or declare `{name.name}` with `<multiplier={scale.span.text}>`"
            yield warning(f"a scale of {scale.span.text}: `{name.name}` is far from unit scale", scale.span, hint)


def vague_gammas(reading: Reading) -> Iterator[Diagnostic]:
    """Gamma laws as they were once used for want of a flat prior."""
    for density in reading.densities:
        is_gamma = density.law is not None and density.name in ("gamma", "inv_gamma")
        if is_gamma and reading.parameters_in(density.variate):
            shape, other = map(constant, density.arguments)
            if shape is not None and shape == other and shape <= _VAGUE:
                message = f"`{density.call.span.text}` is not a vague prior: most of its mass is close to 0 or far out"
                yield warning(message, density.call.span, "a half-normal or exponential prior of the scale is safer")


def correlation_matrices(reading: Reading) -> Iterator[Diagnostic]:
    for density in reading.densities:
        if density.name == "lkj_corr" and density.law is not None:
            hint = "declare a `cholesky_factor_corr` and give it `lkj_corr_cholesky`"
            yield warning("`lkj_corr` is slower and less stable than its Cholesky form", density.call.span, hint)


def _outside(reading: Reading, argument: s.Expression, wanted: Support, what: str) -> Iterator[Diagnostic]:
    """Whether an argument is a number that is not `wanted`, or a parameter that need not be."""
    for element in elements(argument):
        value, name = constant(element), variable(element)
        if value is not None and not _contains(wanted, value):
            yield warning(f"{what}; found `{element.span.text}`", element.span)
        elif name is not None and name.name in reading.parameters:
            declaration = reading.parameters[name.name]
            if not _is_within(declaration.type, wanted, indexed=element is not name):
                message = f"{what}, but the parameter `{name.name}` need not be"
                yield warning(message, element.span, _declare(wanted, declaration))


def _contains(wanted: Support, value: float) -> bool:
    if wanted.types:
        return False
    inside = wanted.lower < value < wanted.upper
    return inside or (not wanted.open and value in (wanted.lower, wanted.upper))


def _is_within(declared: s.TypeSyntax, wanted: Support, indexed: bool) -> bool:
    """Whether all values of a declaration are `wanted`, as far as is known; a part of a constrained value may be."""
    if wanted.types:
        constraint = declared.constraint
        return constraint.value in wanted.types or indexed if isinstance(constraint, s.NamedConstraint) else False
    if declared.base == "tuple":
        return True
    low, high = limits(declared)
    return (low.value is None or low.value >= wanted.lower) and (high.value is None or high.value <= wanted.upper)


def _declare(wanted: Support, declaration: s.Declaration) -> str:
    if wanted.types:
        return "declare it as " + " or ".join(f"`{name}`" for name in sorted(wanted.types, reverse=True))
    ends = (("lower", wanted.lower), ("upper", wanted.upper))
    bounds = ", ".join(f"{word}={end:g}" for word, end in ends if math.isfinite(end))
    return f"declare it as `{declaration.type.base}<{bounds}>`"
