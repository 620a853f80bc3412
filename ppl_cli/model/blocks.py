"""The declaring blocks: data are read and checked, parameters get their value variables and transforms."""
from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from ppl_cli.graph.basic import Variable, constant, root
from ppl_cli.language import syntax as s
from ppl_cli.language.diagnostics import NotSupported
from ppl_cli.model.constraints import Bijection, bijection, problem_with
from ppl_cli.model.data import validate
from ppl_cli.model.environment import Slot
from ppl_cli.model.model import Parameter
from ppl_cli.model.values import Value, convert, is_known, lower, shape_of
from ppl_cli.ops.random import LogProb
from ppl_cli.ops.scalar_math import to_real

if TYPE_CHECKING:
    from ppl_cli.model.elaborate import Elaborator


def declare_data(el: Elaborator, block: Sequence[s.Statement]) -> dict[str, np.ndarray]:
    """Read the declared data, in order: a size may be an earlier variable. Values not given take their defaults."""
    values: dict[str, np.ndarray] = {}
    for d in block:
        assert isinstance(d, s.Declaration)
        shape = el.extents(d.type)
        kind = data_kind(d)
        if d.name not in el.raw and d.value is not None:
            el.execute.declaration(d)
            value = el.environment[d.name].value
        else:
            value = validate(d, el.raw, shape, kind)
            el.environment.declare(d.name, Slot(value, shape, kind))
        check_constraint(el, d, np.asarray(value))
        values[d.name] = np.asarray(value)
        el.note_dims(d)
    return values
