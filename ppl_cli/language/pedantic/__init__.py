"""Checked program → warnings of what is valid but commonly a mistake, after Stan's pedantic mode; no data are needed.

A check is a function from a `Reading` of the program to diagnostics, and stands in `CHECKS`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from ppl_cli.language.checked import CheckedProgram
from ppl_cli.language.diagnostics import Diagnostic
from ppl_cli.language.pedantic import arguments, bounds, expressions, jacobians, laws, priors, unused
from ppl_cli.language.pedantic.reading import Reading

CHECKS: tuple[Callable[[Reading], Iterator[Diagnostic]], ...] = (
    priors.parameters_without_prior,
    priors.parameters_not_in_density,
    priors.several_tildes,
    bounds.hard_bounds,
    bounds.empty_bounds,
    bounds.uniform_priors,
    bounds.truncations,
    arguments.arguments_outside_support,
    arguments.variates_outside_support,
    arguments.far_from_unit_scale,
    arguments.vague_gammas,
    arguments.correlation_matrices,
    jacobians.nonlinear_variates,
    expressions.integer_divisions,
    expressions.equal_reals,
    expressions.control_flow,
    unused.unused_variables,
    unused.unused_functions,
)


def pedantic_warnings(checked: CheckedProgram, laws: laws.Laws) -> tuple[Diagnostic, ...]:
    """The warnings of all checks. `laws`: the library's distributions, by name."""
    reading = Reading(checked, laws)
    return tuple(diagnostic for check in CHECKS for diagnostic in check(reading))
