"""The syntax tree: what the parser makes of a model file, and the checker and the elaborator read.

Nodes are immutable and compare by identity, so they serve as keys of side tables (types, resolved calls). Every node
has a `span`. Parentheses are not kept: the spans of operands include them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from enum import Enum
from typing import TYPE_CHECKING, TypeVar, dataclass_transform

from ppl_cli.language.source import Source, Span
from ppl_cli.language.types import Type

if TYPE_CHECKING:
    from ppl_cli.language.diagnostics import Diagnostic

_T = TypeVar("_T")


@dataclass_transform(frozen_default=True, eq_default=False)
def _node(cls: type[_T]) -> type[_T]:
    """A frozen dataclass with slots. One `__repr__` for all and a docstring always: both make importing faster."""
    cls.__doc__ = cls.__doc__ or cls.__name__
    return dataclass(frozen=True, slots=True, eq=False, repr=False)(cls)


@_node
class Node:
    span: Span

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.span}: {self.span.text!r})"


class Suffix(Enum):
    """The ending of a function's name that says what it is; the rest of the name is its `base`."""

    LPDF = "_lpdf"
    LPMF = "_lpmf"
    LUPDF = "_lupdf"
    LUPMF = "_lupmf"
    LCDF = "_lcdf"
    LCCDF = "_lccdf"
    CDF = "_cdf"
    RNG = "_rng"
    LP = "_lp"
    JACOBIAN = "_jacobian"

    @property
    def conditional(self) -> bool:
        """Whether the first argument stands before a bar, as in `normal_lpdf(y | mu, sigma)`."""
        return self not in (Suffix.RNG, Suffix.LP, Suffix.JACOBIAN)


SUFFIXES: dict[str, Suffix] = {suffix.value: suffix for suffix in Suffix}


def split_suffix(name: str) -> tuple[str, Suffix | None]:
    """The base and the suffix of a function's name."""
    base, underscore, ending = name.rpartition("_")
    suffix = SUFFIXES.get(underscore + ending) if base else None
    return (str(base), suffix) if suffix else (str(name), None)


@_node
class Expression(Node):
    pass


@_node
class IntLiteral(Expression):
    value: int


@_node
class RealLiteral(Expression):
    value: float


@_node
class ImaginaryLiteral(Expression):
    value: float


@_node
class StringLiteral(Expression):
    """A text to print; it stands only in print, reject and fatal_error."""

    value: str


@_node
class Name(Expression):
    name: str


@_node
class Unary(Expression):
    """A prefix operator: `-`, `+` or `!`."""

    operator: str
    operand: Expression


@_node
class Transpose(Expression):
    operand: Expression


@_node
class Binary(Expression):
    operator: str
    left: Expression
    right: Expression


@_node
class Ternary(Expression):
    condition: Expression
    if_true: Expression
    if_false: Expression


@_node
class Call(Expression):
    """`name(arguments)`, or with `bar` `name(first | others)`. On the right of `~` the name has no suffix."""

    name: str
    name_span: Span
    arguments: tuple[Expression, ...]
    base: str
    suffix: Suffix | None
    bar: bool


@_node
class TargetCall(Expression):
    """`target()`, the log density so far."""


@_node
class IndexItem(Node):
    """What stands between the commas of an index; positions count from 1."""


@_node
class Single(IndexItem):
    """One position (an int expression), or several (an array of ints)."""

    expression: Expression


@_node
class All(IndexItem):
    """`:` or nothing."""


@_node
class From(IndexItem):
    lower: Expression


@_node
class To(IndexItem):
    upper: Expression


@_node
class Between(IndexItem):
    """`lower:upper`, both included."""

    lower: Expression
    upper: Expression


@_node
class Index(Expression):
    base: Expression
    indices: tuple[IndexItem, ...]


@_node
class ArrayLiteral(Expression):
    elements: tuple[Expression, ...]


@_node
class RowVectorLiteral(Expression):
    """`[a, b]`: a row vector of scalars, or a matrix whose rows are row vectors."""

    elements: tuple[Expression, ...]


@_node
class TupleLiteral(Expression):
    elements: tuple[Expression, ...]


@_node
class TupleProjection(Expression):
    """`base.position`, counted from 1."""

    base: Expression
    position: int


def subexpressions(node: Node) -> Iterator[Expression]:
    """The expressions directly within an expression, those of its indices included."""
    for field in fields(node):
        value = getattr(node, field.name)
        for part in value if isinstance(value, tuple) else (value,):
            if isinstance(part, Expression):
                yield part
            elif isinstance(part, IndexItem):
                yield from subexpressions(part)


class NamedConstraint(Enum):
    """A constraint that is written as a type of its own; the value is that spelling."""

    ORDERED = "ordered"
    POSITIVE_ORDERED = "positive_ordered"
    SIMPLEX = "simplex"
    UNIT_VECTOR = "unit_vector"
    SUM_TO_ZERO_VECTOR = "sum_to_zero_vector"
    SUM_TO_ZERO_MATRIX = "sum_to_zero_matrix"
    CHOLESKY_FACTOR_CORR = "cholesky_factor_corr"
    CHOLESKY_FACTOR_COV = "cholesky_factor_cov"
    CORR_MATRIX = "corr_matrix"
    COV_MATRIX = "cov_matrix"
    COLUMN_STOCHASTIC_MATRIX = "column_stochastic_matrix"
    ROW_STOCHASTIC_MATRIX = "row_stochastic_matrix"


@_node
class Bounds(Node):
    """`<lower=…, upper=…>`; at least one of them is there."""

    lower: Expression | None
    upper: Expression | None


@_node
class Affine(Node):
    """`<offset=…, multiplier=…>`; at least one of them is there."""

    offset: Expression | None
    multiplier: Expression | None


Constraint = Bounds | Affine | NamedConstraint


@_node
class TypeSyntax(Node):
    """The type of a declaration, with sizes: `array[dimensions] base<constraint>[sizes]`, or a tuple of `elements`.

    `base` is the name of a basic type or `tuple`: a simplex is a `vector` with `NamedConstraint.SIMPLEX`.
    """

    base: str
    dimensions: tuple[Expression, ...]
    sizes: tuple[Expression, ...]
    constraint: Constraint | None
    elements: tuple[TypeSyntax, ...] = ()

    @property
    def extents(self) -> tuple[Expression, ...]:
        """One size for each axis of a value: `cov_matrix[K]` has K twice."""
        square = "matrix" in self.base and len(self.sizes) == 1
        return self.dimensions + (self.sizes * 2 if square else self.sizes)


@_node
class Parameter(Node):
    """An argument of a user's function as declared; `data_only` if marked with `data`."""

    type: Type
    name: str
    data_only: bool

    @property
    def name_span(self) -> Span:
        return Span(self.span.source, self.span.end - len(self.name), self.span.end)


@_node
class Statement(Node):
    pass


@_node
class Declaration(Statement):
    """A variable, with its definition or, in the data block, its default. `real a, b;` is two of them."""

    type: TypeSyntax
    name: str
    name_span: Span
    value: Expression | None


@_node
class Assignment(Statement):
    """`target operator value`, the operator being `=`, `+=`, `-=`, `*=`, `/=`, `.*=` or `./=`."""

    target: Expression
    operator: str
    value: Expression


@_node
class Truncation(Node):
    """`T[lower, upper]`."""

    lower: Expression | None
    upper: Expression | None


@_node
class Tilde(Statement):
    """`left ~ distribution`; a plain distribution is a `Call` such as `normal(mu, sigma)`."""

    left: Expression
    distribution: Expression
    truncation: Truncation | None


@_node
class TargetPlus(Statement):
    """`target += value`, or with `jacobian`, `jacobian += value`."""

    value: Expression
    jacobian: bool


@_node
class IfElse(Statement):
    condition: Expression
    then: Statement
    otherwise: Statement | None


@_node
class For(Statement):
    """`for (variable in lower:upper) body`."""

    variable: str
    variable_span: Span
    lower: Expression
    upper: Expression
    body: Statement


@_node
class ForEach(Statement):
    """`for (variable in iterable) body`."""

    variable: str
    variable_span: Span
    iterable: Expression
    body: Statement


@_node
class While(Statement):
    condition: Expression
    body: Statement


@_node
class Block(Statement):
    statements: tuple[Statement, ...]


@_node
class Profile(Statement):
    name: str
    statements: tuple[Statement, ...]


@_node
class Return(Statement):
    value: Expression | None


@_node
class Break(Statement):
    pass


@_node
class Continue(Statement):
    pass


@_node
class CallStatement(Statement):
    call: Call


@_node
class Print(Statement):
    arguments: tuple[Expression, ...]


@_node
class Reject(Statement):
    arguments: tuple[Expression, ...]


@_node
class FatalError(Statement):
    arguments: tuple[Expression, ...]


@_node
class FunctionDefinition(Node):
    """A user's function; without a body it is a declaration of one that follows."""

    return_type: Type
    name: str
    name_span: Span
    base: str
    suffix: Suffix | None
    parameters: tuple[Parameter, ...]
    body: Statement | None

    @property
    def heading(self) -> str:
        """Result, name and types of the arguments."""
        arguments = [("data " if each.data_only else "") + str(each.type) for each in self.parameters]
        return f"{self.return_type} {self.name}({', '.join(arguments)})"


@_node
class Program:
    """A model file. A block that is not there is None."""

    source: Source
    functions: tuple[FunctionDefinition, ...] | None
    data: tuple[Statement, ...] | None
    transformed_data: tuple[Statement, ...] | None
    parameters: tuple[Statement, ...] | None
    transformed_parameters: tuple[Statement, ...] | None
    model: tuple[Statement, ...] | None
    generated_quantities: tuple[Statement, ...] | None
    warnings: tuple[Diagnostic, ...] = ()
