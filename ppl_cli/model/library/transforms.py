"""Transforms of constrained types as functions: `*_constrain`, `*_jacobian` and `*_unconstrain`, from the
`Bijection`s of the declarations (Functions Reference, "Variable Transformation Functions").

A `*_jacobian` function results in the constrained value and its log Jacobian, which the elaborator adds to the density.
"""
from __future__ import annotations

from collections.abc import Callable
from functools import reduce

import numpy as np

from ppl_cli.distributions.formulas import valid
from ppl_cli.graph.basic import Variable
from ppl_cli.language.syntax import NamedConstraint
from ppl_cli.model.compounds import Tuple
from ppl_cli.model.constraints import NAMED, Bijection, OffsetMultiplier, bounded
from ppl_cli.model.library.table import Section, known
from ppl_cli.ops.reduction import reduce_sum
from ppl_cli.ops.scalar_math import add, eq, gt, lt, switch
from ppl_cli.ops.shape import transpose

function = Section("Transforms of constrained variables").function

Shape = tuple[int, ...]
Make = Callable[..., Bijection]
ARRAYS = ("", "array[] ", "array[,] ", "array[,,] ")


def _free(y: Variable, transform: Bijection, turned: bool) -> Variable:
    """A free value as `transform` takes it, which has matrices column by column."""
    tensor = transpose(y) if turned else y
    if tensor.shape != transform.unconstrained_shape:
        size = " x ".join(map(str, transform.unconstrained_shape[len(transform.batch) :][:: -1 if turned else 1]))
        raise ValueError(f"a free value of size {size} is needed here")
    return tensor


def _constrain(make: Make, turned: bool) -> Callable[..., Variable]:
    def build(y: Variable, *others: Variable) -> Variable:
        transform = make(y.shape, *others)
        return transform.constrain(_free(y, transform, turned))

    return build


def _jacobian(make: Make, turned: bool) -> Callable[..., Tuple]:
    def build(y: Variable, *others: Variable) -> Tuple:
        transform = make(y.shape, *others)
        tensor = _free(y, transform, turned)
        return Tuple((transform.constrain(tensor), transform.log_jacobian(tensor)))

    return build


def _unconstrain(make: Make, turned: bool) -> Callable[..., Variable]:
    """NaN where x does not satisfy the constraint."""

    def build(x: Variable, *others: Variable) -> Variable:
        transform = make(x.shape, *others)
        tensor = transform.unconstrain(x)
        broken = [reduce_sum(switch(condition, 1.0, 0.0)) for condition in transform.broken(x)]
        checked = valid(eq(reduce(add, broken), 0.0), tensor) if broken else tensor
        return transpose(checked) if turned else checked

    return build


# ---------------------------------------------------------------------------------- element by element


def _interval(shape: Shape, lower: Variable, upper: Variable) -> Bijection:
    return bounded(shape, lower, valid(lt(lower, upper), upper), False)


def _affine(shape: Shape, offset: Variable, multiplier: Variable) -> Bijection:
    return OffsetMultiplier(shape, False, offset, valid(gt(multiplier, 0.0), multiplier))


SENTENCES = {
    "constrain": "The {} that a free value stands for",
    "jacobian": "The same as `{}_constrain`; the log Jacobian is added to the target",
    "unconstrain": "The free value that stands for a {}, NaN if it is none",
}


def _sentence(suffix: str, name: str, what: str) -> str:
    return SENTENCES[suffix].format(name if suffix == "jacobian" else what)


# name: (number of bounds, the transform for a shape and these bounds, what its values are)
ELEMENTWISE: dict[str, tuple[int, Make, str]] = {
    "lower_bound": (1, lambda shape, lower: bounded(shape, lower, None, False), "number above a bound"),
    "upper_bound": (1, lambda shape, upper: bounded(shape, None, upper, False), "number below a bound"),
    "lower_upper_bound": (2, _interval, "number between two bounds"),
    "offset_multiplier": (2, _affine, "number that is an offset plus a multiple of the free one"),
}


def _broadcast(make: Make) -> Make:
    """The transform of the common shape of the value and its bounds."""
    return lambda shape, *bounds: make(np.broadcast_shapes(shape, *(b.shape for b in bounds)), *bounds)


for _name, (_count, _make, _what) in ELEMENTWISE.items():
    _arguments = ", ".join(["T"] * (1 + _count))
    for _suffix, _build in (("constrain", _constrain), ("jacobian", _jacobian), ("unconstrain", _unconstrain)):
        _text = f"T {_name}_{_suffix}({_arguments})"
        function(_text, sentence=_sentence(_suffix, _name, _what))(_build(_broadcast(_make), False))


# ------------------------------------------------------------------------------------ vectors, matrices


def _longer(shape: Shape) -> Shape:
    return (*shape[:-1], shape[-1] + 1)


def _taller(shape: Shape) -> Shape:
    return (*shape[:-2], shape[-2] + 1, shape[-1])


def _larger(shape: Shape) -> Shape:
    return _taller(_longer(shape))


def _square(shape: Shape, size: Variable) -> Shape:
    return (*shape[:-1], known(size), known(size))


def _rectangle(shape: Shape, rows: Variable, columns: Variable) -> Shape:
    return (*shape[:-1], known(rows), known(columns))


C = NamedConstraint
def _same(shape: Shape) -> Shape:
    return shape


# name, constraint, free type, constrained type, constrained shape by the free one and by sizes, number of these sizes,
# what the constrained values are
SHAPED: tuple[tuple[str, NamedConstraint, str, str, Callable[..., Shape], int, str], ...] = (
    ("ordered", C.ORDERED, "vector", "vector", _same, 0, "vector of ascending elements"),
    ("positive_ordered", C.POSITIVE_ORDERED, "vector", "vector", _same, 0, "vector of ascending positive elements"),
    ("simplex", C.SIMPLEX, "vector", "vector", _longer, 0, "simplex"),
    ("sum_to_zero", C.SUM_TO_ZERO_VECTOR, "vector", "vector", _longer, 0, "vector or matrix whose sums are 0"),
    ("unit_vectors", C.UNIT_VECTOR, "vector", "vector", _same, 0, "vector of length 1"),
    ("unit_vector", C.UNIT_VECTOR, "vector", "vector", _same, 0, "vector of length 1"),
    ("cholesky_factor_corr", C.CHOLESKY_FACTOR_CORR, "vector", "matrix", _square, 1,
     "Cholesky factor of a correlation matrix"),
    ("cholesky_factor_cov", C.CHOLESKY_FACTOR_COV, "vector", "matrix", _rectangle, 2,
     "Cholesky factor of a covariance matrix"),
    ("corr_matrix", C.CORR_MATRIX, "vector", "matrix", _square, 1, "correlation matrix"),
    ("cov_matrix", C.COV_MATRIX, "vector", "matrix", _square, 1, "covariance matrix"),
    ("stochastic_column", C.COLUMN_STOCHASTIC_MATRIX, "matrix", "matrix", _taller, 0, "matrix of simplexes as columns"),
    ("stochastic_row", C.ROW_STOCHASTIC_MATRIX, "matrix", "matrix", _longer, 0, "matrix of simplexes as rows"),
    ("sum_to_zero", C.SUM_TO_ZERO_MATRIX, "matrix", "matrix", _larger, 0, "vector or matrix whose sums are 0"),
)


def _named(constraint: NamedConstraint, shape_of: Callable[..., Shape]) -> Make:
    return lambda shape, *sizes: NAMED[constraint](shape_of(shape, *sizes))


for _name, _constraint, _from, _to, _shape, _count, _what in SHAPED:
    for _array in ARRAYS:
        _turned = _from == "matrix"
        _arguments = ", ".join([_array + _from] + ["int"] * _count)
        _sizes = tuple(range(1, 1 + _count))
        for _suffix, _build in (("constrain", _constrain), ("jacobian", _jacobian)):
            _text = f"{_array}{_to} {_name}_{_suffix}({_arguments})"
            _said = _sentence(_suffix, _name, _what)
            function(_text, sentence=_said, sizes=_sizes)(_build(_named(_constraint, _shape), _turned))
        _text = f"{_array}{_from} {_name}_unconstrain({_array}{_to})"
        function(_text, sentence=_sentence("unconstrain", _name, _what))(_unconstrain(NAMED[_constraint], _turned))
