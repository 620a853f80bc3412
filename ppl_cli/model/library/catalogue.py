"""The library as its reference shows it: families, each a function or a distribution with all its forms."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ppl_cli.distributions import DISTRIBUTIONS, Distribution
from ppl_cli.distributions.base import REAL
from ppl_cli.language.signatures import Signature
from ppl_cli.language.syntax import Suffix, split_suffix
from ppl_cli.model.library.table import SUMMARIES, Argument, Rows

_DENSITIES = (Suffix.LPDF, Suffix.LPMF)
_LEAST_ALIKE, _MOST_RELATED = 4, 8


@dataclass(frozen=True)
class Family:
    """`members` are the names of the functions; a distribution has `parameters` and says what its `values` are."""

    name: str
    section: str
    sentence: str
    members: tuple[str, ...]
    parameters: tuple[Argument, ...] = ()
    values: str = ""

    @property
    def is_distribution(self) -> bool:
        return self.members[0] != self.name

    @property
    def heading(self) -> str:
        """The name; of a distribution, with its parameters, as it stands after `~`."""
        inside = ", ".join(p.name for p in self.parameters)
        return f"{self.name}({inside})" if self.is_distribution else self.name

    def contains(self, text: str) -> bool:
        """Whether the text is part of a name or of the sentence."""
        wanted = text.casefold()
        return any(wanted in each.casefold() for each in (*self.members, self.sentence))


def families(library: Rows) -> list[Family]:
    """All of them, by section and name."""
    members: dict[str, list[str]] = {}
    alone: list[str] = []
    names = list(library.names())
    distributions = {split_suffix(n)[0] for n in names if split_suffix(n)[1] in _DENSITIES}
    for name in names:
        base, suffix = split_suffix(name)
        if suffix is not None and base in distributions:
            members.setdefault(base, []).append(name)
        else:
            alone.append(name)
    found = [_distribution(library, base, tuple(forms)) for base, forms in members.items()]
    found += [Family(n, library.entry(n).section, library.entry(n).sentence, (n,)) for n in alone]
    return sorted(found, key=lambda f: (f.section, f.name.casefold(), f.name))


def _distribution(library: Rows, base: str, forms: tuple[str, ...]) -> Family:
    summary = SUMMARIES[base]
    arguments = library.arguments(library.signatures(forms[0])[0])[1:]
    law = DISTRIBUTIONS.get(base)
    return Family(base, summary.section, capitalized(summary.sentence), forms, arguments, _values(law) if law else "")


def _values(law: Distribution) -> str:
    """What the values of a distribution are."""
    if law.is_discrete:
        return "an array of ints" if law.event_ndim else "an int"
    return ("real", "a vector", "a matrix")[law.event_ndim] if law.support is REAL else law.support.description


def capitalized(sentence: str) -> str:
    return sentence[:1].upper() + sentence[1:]


def signature_with_names(signature: Signature, arguments: Sequence[Argument]) -> str:
    """A signature as it is written, with the names of its arguments where they have some."""
    if not arguments:
        return str(signature)
    names = iter(f"{pattern} {a.name}" for pattern, a in zip(signature.arguments, arguments, strict=True))
    first = f"{next(names)} |" if signature.bar else next(names)
    inside = ", ".join(names)
    separator = " " if signature.bar and inside else ", " if inside else ""
    return f"{signature.result} {signature.name}({first}{separator}{inside})"


def related(family: Family, others: Sequence[Family]) -> list[str]:
    """Names that may be of interest, too: those that a sentence mentions, and those that are much alike."""
    mentioned = set(re.findall(r"`(\w+)`", family.sentence))

    def closeness(other: Family) -> int | None:
        """The less the closer; None for a stranger."""
        if other.name in mentioned or f"`{family.name}`" in other.sentence:
            return 0
        short, long = sorted((family.name, other.name), key=len)
        if len(short) >= _LEAST_ALIKE and short in long:
            return 1 if family.section == other.section else 2
        stem = family.name.partition("_")[0]
        same_stem = len(stem) >= _LEAST_ALIKE and other.name.startswith(stem + "_")
        return 3 if same_stem and family.section == other.section else None

    found = [(c, o.name) for o in others if o.name != family.name and (c := closeness(o)) is not None]
    return [name for _, name in sorted(found)[:_MOST_RELATED]]


def declarations(library: Rows) -> Iterator[tuple[Signature, tuple[Argument, ...]]]:
    """Every signature of the library, with its named arguments: what tests of all functions run over."""
    for name in library.names():
        for signature in library.signatures(name):
            yield signature, library.arguments(signature)
