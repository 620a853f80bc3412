"""Parameters and the terms of the target: no prior, no term at all, or several `~`.

A prior of a parameter is a density whose variate depends on it and not on real data, or any other term that depends on
it and on nothing observed (User's Guide, "Pedantic mode": no path from the term to data).
"""

from __future__ import annotations

from collections.abc import Iterator

from ppl_cli.language import syntax as s
from ppl_cli.language.diagnostics import Diagnostic, warning
from ppl_cli.language.pedantic.bounds import limits
from ppl_cli.language.pedantic.reading import Density, Reading, Term, value_names


def parameters_without_prior(reading: Reading) -> Iterator[Diagnostic]:
    used, with_prior = _in_target(reading), _with_prior(reading)
    for name, declaration in reading.parameters.items():
        if name in used and name not in with_prior:
            yield _no_prior(name, declaration)


def _no_prior(name: str, declaration: s.Declaration) -> Diagnostic:
    low, high = limits(declaration.type)
    flat, hint = "uniform over the values that its declaration allows", None
    if not (low.finite and high.finite):
        flat, hint = "flat, which is no proper distribution", f"write `{name} ~ …` in the model block"
    elif isinstance(declaration.type.constraint, s.Bounds):
        hint = f"if that is meant, say it: `{name} ~ uniform({low.text}, {high.text})`"
    return warning(f"the parameter `{name}` has no prior: it is {flat}", declaration.name_span, hint)


def parameters_not_in_density(reading: Reading) -> Iterator[Diagnostic]:
    used = _in_target(reading)
    for name, declaration in reading.parameters.items():
        if name not in used:
            yield warning(f"the parameter `{name}` is in no term of the density", declaration.name_span)


def several_tildes(reading: Reading) -> Iterator[Diagnostic]:
    seen: dict[str, list[Density]] = {}
    for density in reading.densities:
        if isinstance(density.variate, s.Name) and density.variate.name in reading.parameters and _is_term(density):
            name = density.variate.name
            earlier = [each for each in seen.get(name, ()) if not each.visit.excludes(density.visit)]
            seen.setdefault(name, []).append(density)
            if earlier:
                hint = f"line {earlier[0].variate.span.line} gives it one: the densities are multiplied"
                yield warning(f"`{name}` has a distribution already", density.variate.span, hint)


def _is_term(density: Density) -> bool:
    """Whether a density is a term of the target itself, not a part of one as in a mixture."""
    statement = density.visit.statement
    return isinstance(statement, s.Tilde) or (isinstance(statement, s.TargetPlus) and statement.value is density.call)


def _in_target(reading: Reading) -> frozenset[str]:
    """The parameters that some term depends on, by its values or by whether it is reached."""
    return frozenset(
        name
        for term in reading.terms
        for name in reading.parameters_in(*term.expressions, *term.visit.conditions)
    )  # fmt: skip


def _with_prior(reading: Reading) -> frozenset[str]:
    found: set[str] = set()
    for density in reading.densities:
        if not reading.depends_on_data(density.variate) or _names_parameter(reading, density):
            found |= reading.parameters_in(density.variate)
    for term in reading.terms:
        if not term.jacobian and not _is_likelihood(reading, term):
            found |= reading.parameters_in(*term.expressions)
    return frozenset(found)


def _names_parameter(reading: Reading, density: Density) -> bool:
    """Whether the variate is a parameter, whatever chooses its elements."""
    base = density.variate
    while isinstance(base, s.Index):
        base = base.base
    return isinstance(base, s.Name) and base.name in reading.parameters


def _is_likelihood(reading: Reading, term: Term) -> bool:
    """Whether a term depends on what is observed; a density without data has its prior for its variate only."""
    if term.is_density and reading.parameters_in(term.expressions[0]):
        return True
    reached = reading.reach(name for each in term.expressions for name in value_names(each))
    return not reached.isdisjoint(reading.observed | reading.real_data)
