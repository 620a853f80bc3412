"""Which discrete unknowns are summed out, where not all can be."""
from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ppl_cli.graph.basic import Variable
from ppl_cli.marginal.factors import Discrete, Marginal, TooManyStates, Vectorize, marginalize


@dataclass(frozen=True)
class Elimination:
    """What is left of the terms, and the sum over `summed`; the `refused` would cost too much, by name and reason."""

    left: list[Variable]
    marginal: Marginal | None = None
    summed: tuple[Discrete, ...] = ()
    refused: Mapping[str, str] = field(default_factory=dict)


def eliminate(totals: Sequence[Variable], unknowns: Sequence[Discrete], vectorize: Vectorize) -> Elimination:
    """Sum over all of the unknowns; if that is too costly, over all but one of them; else over none."""
    if not unknowns:
        return Elimination(list(totals))
    try:
        return Elimination(*marginalize(totals, unknowns, vectorize), tuple(unknowns))
    except TooManyStates as error:
        reason = str(error)
    if len(unknowns) > 1:
        for refused in sorted(unknowns, key=lambda u: -u.most_states):
            rest = [u for u in unknowns if u is not refused]
            try:
                return Elimination(*marginalize(totals, rest, vectorize), tuple(rest), {refused.name: reason})
            except TooManyStates:
                pass
    return Elimination(list(totals), refused={u.name: reason for u in unknowns})
