"""The present names of functions: which old name in a program means what, without knowing any types.

In: the concrete tree of a program, for its own functions. Out: a new name for each function and call.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ppl_cli.language.formatter.tree import Part, Phrase, words
from ppl_cli.language.old_spellings import OLD_ENDINGS
from ppl_cli.language.stan_names import STAN_FUNCTIONS
from ppl_cli.language.syntax import Suffix, split_suffix

_RENAMED = {
    "multiply_log": "lmultiply",
    "binomial_coefficient_log": "lchoose",
    "integrate_ode": "integrate_ode_rk45",
}
_DENSITIES = (Suffix.LPDF, Suffix.LPMF)
# After these a bar is asked for, and an old comma may still stand.
_COMMA_OR_BAR = (Suffix.CDF, Suffix.LCDF, Suffix.LCCDF)


@dataclass(frozen=True, slots=True)
class Names:
    """`defined`: the program's own functions under their new names; `changed`: their old names → new names."""

    defined: frozenset[str]
    changed: dict[str, str]

    @classmethod
    def of(cls, program: Phrase) -> Names:
        """A function `foo_log` is a density only if the program says `y ~ foo(…)` somewhere."""
        functions = [(_first(each.parts[1]), each) for each in _phrases(program, "function")]
        known = STAN_FUNCTIONS.union(name for name, _ in functions)
        changed: dict[str, set[str]] = {}
        for distribution in _distributions(program):
            old = f"{distribution}_log"
            endings = {_density_suffix(function) for name, function in functions if name == old}
            if not any(distribution + suffix.value in known for suffix in _DENSITIES):
                changed[old] = {distribution + suffix.value for suffix in endings}
        unique = {old: new for old, found in changed.items() if len(found) == 1 for new in found}
        return cls(frozenset(unique.get(name, name) for name, _ in functions), unique)

    def of_function(self, name: str) -> str:
        return self.changed.get(name, name)

    def of_call(self, name: str, right_of_tilde: bool) -> str:
        """On the right of `~`, `poisson_log` is a distribution; elsewhere it is what was `poisson_lpmf` later."""
        if name in self.changed:
            return self.changed[name]
        if name in self.defined or name in STAN_FUNCTIONS:
            return name
        if right_of_tilde and any(self._known(name + suffix.value) for suffix in _DENSITIES):
            return name
        for ending, suffixes in OLD_ENDINGS.items():
            if name.endswith(ending):
                present = [name.removesuffix(ending) + suffix.value for suffix in suffixes]
                known = [each for each in present if self._known(each)]
                if len(known) == 1:
                    return known[0]
        return _RENAMED.get(name, name)

    def takes_bar(self, name: str, renamed: bool) -> bool:
        """Whether a bar must follow the first argument, where a comma may have stood."""
        suffix = split_suffix(name)[1]
        return suffix in _COMMA_OR_BAR or (renamed and suffix in _DENSITIES)

    def _known(self, name: str) -> bool:
        return name in self.defined or name in STAN_FUNCTIONS


def _phrases(part: Part, *rules: str) -> Iterator[Phrase]:
    if isinstance(part, Phrase):
        if part.rule in rules:
            yield part
        for each in part.parts:
            yield from _phrases(each, *rules)


def _distributions(program: Phrase) -> set[str]:
    """The names of all calls on the right of a `~`."""
    return {_first(call) for tilde in _phrases(program, "tilde") for call in _phrases(tilde.parts[2], "call")}


def _density_suffix(function: Phrase) -> Suffix:
    """By the type of the first argument."""
    first = next(_phrases(function, "parameter"), None)
    discrete = first is not None and any(word.text == "int" for word in words(first))
    return Suffix.LPMF if discrete else Suffix.LPDF


def _first(part: Part) -> str:
    return next(words(part)).text
