"""The table of the library: what each declaration must have."""

from __future__ import annotations

import pytest

from ppl_cli.distributions import DISTRIBUTIONS
from ppl_cli.model.library import LIBRARY
from ppl_cli.model.library.catalogue import declarations, families
from ppl_cli.model.library.table import Section


@pytest.mark.parametrize("name", sorted(LIBRARY.names()))
def test_every_name_has_a_sentence(name: str) -> None:
    entry = LIBRARY.entry(name)
    assert entry.section and entry.sentence and not entry.sentence.endswith(".")


@pytest.mark.parametrize("name", DISTRIBUTIONS)
def test_every_distribution_says_what_it_is(name: str) -> None:
    assert DISTRIBUTIONS[name].summary


def test_named_arguments_are_all_arguments() -> None:
    for signature, arguments in declarations(LIBRARY):
        assert not arguments or len(arguments) == len(signature.arguments), str(signature)
        assert arguments or not signature.bar, str(signature)


def test_every_name_is_in_one_family() -> None:
    members = [name for family in families(LIBRARY) for name in family.members]
    assert sorted(members) == sorted(LIBRARY.names())


def test_a_name_has_one_sentence() -> None:
    with pytest.raises(ValueError, match="two sentences for `sqrt`"):
        Section("Real functions").function("T sqrt(T)", sentence="Another")(lambda x: x)
