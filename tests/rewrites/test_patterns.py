"""Every pattern rule is an identity: both sides have the same values, whatever the wildcards stand for."""
from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

import ppl_cli.ops  # noqa: F401
from ppl_cli.graph.basic import Variable, constant, root
from ppl_cli.graph.rewriting import PatternRule, RuleSet, Wildcard, apply
from ppl_cli.graph.traversal import clone_replace, evaluate, roots_of, variables_of
from ppl_cli.ops.scalar_math import exp, lt
from ppl_cli.rewrites.passes import CANONICAL, CANONICAL_AND_SPECIAL, CANONICAL_AND_STABLE

RULES = [r for r in CANONICAL_AND_STABLE + CANONICAL_AND_SPECIAL if isinstance(r, PatternRule)]
SHAPES = [(), (3,), (2, 3), (2, 1)]
SCALES = [0.3, 1.0, 4.0]


def candidates(wildcard: Wildcard, shape: tuple[int, ...], rng: np.random.Generator) -> Iterator[Variable]:
    """Things that a wildcard may stand for, most general first."""
    match wildcard.dtype:
        case "bool":
            yield lt(root(wildcard.name or "", "float64", shape), 0.1)
        case "int64":
            yield root(wildcard.name or "", "int64", shape)
        case _:
            yield root(wildcard.name or "", "float64" if rng.random() < 0.8 else "int64", shape)
            yield exp(root(wildcard.name or "", "float64", shape))
            yield constant(rng.uniform(0.5, 2.0, shape))
    yield root(wildcard.name or "", "float64", (3,))
    yield root(wildcard.name or "")
    yield constant(rng.uniform(0.5, 2.0))


def instances(rule: PatternRule, rng: np.random.Generator) -> Iterator[Variable]:
    """The pattern over variables of several shapes."""
    wildcards = [v for v in roots_of([rule.pattern]) if isinstance(v, Wildcard)]
    for _ in range(12):
        given: dict[Variable, Variable] = {}
        for w in wildcards:
            shape = SHAPES[rng.integers(len(SHAPES))]
            given[w] = next(v for v in candidates(w, shape, rng) if w.accepts is None or w.accepts(v))
        names = {w.name: v for w, v in given.items()}
        if rule.when is None or rule.when(**names):
            yield clone_replace([rule.pattern], given)[0]


def draw(v: Variable, scale: float, rng: np.random.Generator) -> np.ndarray:
    if v.dtype == "int64":
        return rng.integers(-3, 4, v.shape)
    return np.asarray(rng.normal(scale=scale, size=v.shape))


@pytest.mark.parametrize("rule", RULES, ids=lambda r: r.name)
def test_both_sides_are_equal(rule: PatternRule) -> None:
    rng = np.random.default_rng(sum(map(ord, rule.name)))
    compared = 0
    for before in instances(rule, rng):
        (after,) = apply([before], RuleSet.of(rule))
        assert after is not before, f"{rule.name} does not match its own pattern"
        assert after.type == before.type
        for scale in SCALES:
            values = {v: draw(v, scale, rng) for v in roots_of([before])}
            left, right = evaluate([before, after], values)
            defined = np.isfinite(left)
            np.testing.assert_allclose(right[defined], left[defined], rtol=1e-7, atol=1e-9)
            compared += int(defined.sum())
    assert compared, f"{rule.name}: the pattern was never defined"


def test_names_are_unique() -> None:
    names = [r.name for r in CANONICAL_AND_STABLE + CANONICAL_AND_SPECIAL]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("rule", [r for r in CANONICAL if isinstance(r, PatternRule)], ids=lambda r: r.name)
def test_replacements_have_no_other_wildcards(rule: PatternRule) -> None:
    wild = {v for v in variables_of([rule.replacement]) if isinstance(v, Wildcard)}
    assert wild <= variables_of([rule.pattern])
