"""Unknowns that share a factor get different colours: those of one colour are independent, given the others."""
from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ppl_cli.marginal.scopes import NONE


def neighbours(count: int, every: Sequence[np.ndarray]) -> list[set[int]]:
    """For each of `count` unknowns the others with which it shares a factor; `every` are the scopes of the factors."""
    found: list[set[int]] = [set() for _ in range(count)]
    for scopes in every:
        wide = scopes[(scopes != NONE).sum(-1) > 1] if scopes.shape[-1] > 1 else scopes[:0]
        for row in np.unique(wide, axis=0):
            members = [int(n) for n in row if n != NONE]
            for n in members:
                found[n].update(m for m in members if m != n)
    return found


def colours(neighbours: Sequence[set[int]]) -> np.ndarray:
    """Greedily: the first colour that no neighbour has."""
    found = np.zeros(len(neighbours), int)
    for n, others in enumerate(neighbours):
        taken = {int(found[m]) for m in others if m < n}
        found[n] = next(c for c in range(len(taken) + 1) if c not in taken)
    return found
