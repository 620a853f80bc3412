"""The signatures of functions that take a user's function; the elaborator's `higher_order` builds their calls."""
from __future__ import annotations

import numpy as np

from ppl_cli.distributions.base import Support
from ppl_cli.graph.basic import Variable, constant
from ppl_cli.language.functionals import FUNCTIONALS, LAPLACE_OPTIONS
from ppl_cli.language.signatures import name_of
from ppl_cli.language.syntax import Suffix, split_suffix
from ppl_cli.model.compounds import Tuple
from ppl_cli.model.latent_normals import default_options
from ppl_cli.model.library.table import Argument, Section, known


def _no_graph(*arguments: Variable) -> Variable:
    raise TypeError("a function that takes a function is not built from variables alone")


_MEANINGS = {
    "y": "the outcomes",
    "groups": "the group of each outcome",
    "eta": "the dispersion, positive",
    "m": "the offset of each group",
    "size": "the size of the blocks along the diagonal outside of which second derivatives are 0",
    "g": "the function that gives the covariance matrix of the groups",
    "arguments": "the arguments of that function",
    "options": "first guess, tolerance, most steps, form of Newton's method, most halvings, whether to try other forms",
}
_section = Section("Functions of functions")
for _text, _functional in FUNCTIONALS.items():
    _are = "the function is" if len(_functional.forms) == 1 else "the functions are"
    _forms = " and ".join(f"`{form}`" for form in _functional.forms)
    _sentence = f"{_functional.sentence}; {_are} {_forms}"
    _named = tuple(Argument(name, Support(_MEANINGS[name])) for name in _functional.names)
    _section.add(_text, _no_graph, _sentence, arguments=_named)
    if (_base := split_suffix(name_of(_text)))[1] is Suffix.LPMF:
        _section.describe(_base[0], _functional.sentence)


@_section.function(f"{LAPLACE_OPTIONS} generate_laplace_options(int)", sizes=(0,))
def options_from_zero(n: Variable) -> Tuple:
    return default_options(constant(np.zeros(known(n))))


_section.add(f"{LAPLACE_OPTIONS} generate_laplace_options(vector)", default_options,
             "The options of the search for a mode, which begins with zeros or with the given vector")
