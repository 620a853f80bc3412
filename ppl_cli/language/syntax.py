"""The syntax tree: what the parser makes of a model file, and the checker and the elaborator read.

Nodes are immutable and compare by identity, so they serve as keys of side tables (types, resolved calls). Every node
has a `span`. Parentheses are not kept: the spans of operands include them.
"""
from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from enum import Enum
from typing import TYPE_CHECKING

from ppl_cli.language.source import Source, Span
from ppl_cli.language.types import Type

if TYPE_CHECKING:
    from ppl_cli.language.diagnostics import Diagnostic


@dataclass(frozen=True, slots=True, eq=False)
class Node:
    span: Span


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


# ----------------------------------------------------------------------------------------------- expressions


@dataclass(frozen=True, slots=True, eq=False)
class Expression(Node):
    pass


@dataclass(frozen=True, slots=True, eq=False)
class IntLiteral(Expression):
    value: int


@dataclass(frozen=True, slots=True, eq=False)
class RealLiteral(Expression):
    value: float


@dataclass(frozen=True, slots=True, eq=False)
class ImaginaryLiteral(Expression):
    value: float


@dataclass(frozen=True, slots=True, eq=False)
class StringLiteral(Expression):
    """A text to print; it stands only in print, reject and fatal_error."""

    value: str


@dataclass(frozen=True, slots=True, eq=False)
class Name(Expression):
    name: str


@dataclass(frozen=True, slots=True, eq=False)
class Unary(Expression):
    """A prefix operator: `-`, `+` or `!`."""

    operator: str
    operand: Expression


@dataclass(frozen=True, slots=True, eq=False)
class Transpose(Expression):
    operand: Expression


@dataclass(frozen=True, slots=True, eq=False)
class Binary(Expression):
    operator: str
    left: Expression
    right: Expression


@dataclass(frozen=True, slots=True, eq=False)
class Ternary(Expression):
    condition: Expression
    if_true: Expression
    if_false: Expression


@dataclass(frozen=True, slots=True, eq=False)
class Call(Expression):
    """`name(arguments)`, or with `bar` `name(first | others)`. On the right of `~` the name has no suffix."""

    name: str
    name_span: Span
    arguments: tuple[Expression, ...]
    base: str
    suffix: Suffix | None
    bar: bool


@dataclass(frozen=True, slots=True, eq=False)
class TargetCall(Expression):
    """`target()`, the log density so far."""


@dataclass(frozen=True, slots=True, eq=False)
class IndexItem(Node):
    """What stands between the commas of an index; positions count from 1."""


@dataclass(frozen=True, slots=True, eq=False)
class Single(IndexItem):
    """One position (an int expression), or several (an array of ints)."""

    expression: Expression


@dataclass(frozen=True, slots=True, eq=False)
class All(IndexItem):
    """`:` or nothing."""


@dataclass(frozen=True, slots=True, eq=False)
class From(IndexItem):
    lower: Expression


@dataclass(frozen=True, slots=True, eq=False)
class To(IndexItem):
    upper: Expression


@dataclass(frozen=True, slots=True, eq=False)
class Between(IndexItem):
    """`lower:upper`, both included."""

    lower: Expression
    upper: Expression


@dataclass(frozen=True, slots=True, eq=False)
class Index(Expression):
    base: Expression
    indices: tuple[IndexItem, ...]


@dataclass(frozen=True, slots=True, eq=False)
class ArrayLiteral(Expression):
    elements: tuple[Expression, ...]


@dataclass(frozen=True, slots=True, eq=False)
class RowVectorLiteral(Expression):
    """`[a, b]`: a row vector of scalars, or a matrix whose rows are row vectors."""

    elements: tuple[Expression, ...]


@dataclass(frozen=True, slots=True, eq=False)
class TupleLiteral(Expression):
    elements: tuple[Expression, ...]


@dataclass(frozen=True, slots=True, eq=False)
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


# ---------------------------------------------------------------------------------------------- declarations


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


@dataclass(frozen=True, slots=True, eq=False)
class Bounds(Node):
    """`<lower=…, upper=…>`; at least one of them is there."""

    lower: Expression | None
    upper: Expression | None


@dataclass(frozen=True, slots=True, eq=False)
class Affine(Node):
    """`<offset=…, multiplier=…>`; at least one of them is there."""

    offset: Expression | None
    multiplier: Expression | None


Constraint = Bounds | Affine | NamedConstraint


@dataclass(frozen=True, slots=True, eq=False)
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


@dataclass(frozen=True, slots=True, eq=False)
class Parameter(Node):
    """An argument of a user's function as declared; `data_only` if marked with `data`."""

    type: Type
    name: str
    data_only: bool


# ------------------------------------------------------------------------------------------------ statements


@dataclass(frozen=True, slots=True, eq=False)
class Statement(Node):
    pass


@dataclass(frozen=True, slots=True, eq=False)
class Declaration(Statement):
    """A variable, with its definition or, in the data block, its default. `real a, b;` is two of them."""

    type: TypeSyntax
    name: str
    name_span: Span
    value: Expression | None


@dataclass(frozen=True, slots=True, eq=False)
class Assignment(Statement):
    """`target operator value`, the operator being `=`, `+=`, `-=`, `*=`, `/=`, `.*=` or `./=`."""

    target: Expression
    operator: str
    value: Expression


@dataclass(frozen=True, slots=True, eq=False)
class Truncation(Node):
    """`T[lower, upper]`."""

    lower: Expression | None
    upper: Expression | None


@dataclass(frozen=True, slots=True, eq=False)
class Tilde(Statement):
    """`left ~ distribution`; a plain distribution is a `Call` such as `normal(mu, sigma)`."""

    left: Expression
    distribution: Expression
    truncation: Truncation | None


@dataclass(frozen=True, slots=True, eq=False)
class TargetPlus(Statement):
    """`target += value`, or with `jacobian`, `jacobian += value`."""

    value: Expression
    jacobian: bool


@dataclass(frozen=True, slots=True, eq=False)
class IfElse(Statement):
    condition: Expression
    then: Statement
    otherwise: Statement | None


@dataclass(frozen=True, slots=True, eq=False)
class For(Statement):
    """`for (variable in lower:upper) body`."""

    variable: str
    variable_span: Span
    lower: Expression
    upper: Expression
    body: Statement


@dataclass(frozen=True, slots=True, eq=False)
class ForEach(Statement):
    """`for (variable in iterable) body`."""

    variable: str
    variable_span: Span
    iterable: Expression
    body: Statement


@dataclass(frozen=True, slots=True, eq=False)
class While(Statement):
    condition: Expression
    body: Statement


@dataclass(frozen=True, slots=True, eq=False)
class Block(Statement):
    statements: tuple[Statement, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Profile(Statement):
    name: str
    statements: tuple[Statement, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Return(Statement):
    value: Expression | None


@dataclass(frozen=True, slots=True, eq=False)
class Break(Statement):
    pass


@dataclass(frozen=True, slots=True, eq=False)
class Continue(Statement):
    pass


@dataclass(frozen=True, slots=True, eq=False)
class CallStatement(Statement):
    call: Call


@dataclass(frozen=True, slots=True, eq=False)
class Print(Statement):
    arguments: tuple[Expression, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Reject(Statement):
    arguments: tuple[Expression, ...]


@dataclass(frozen=True, slots=True, eq=False)
class FatalError(Statement):
    arguments: tuple[Expression, ...]


# --------------------------------------------------------------------------------------------------- program


@dataclass(frozen=True, slots=True, eq=False)
class FunctionDefinition(Node):
    """A user's function; without a body it is a declaration of one that follows."""

    return_type: Type
    name: str
    name_span: Span
    base: str
    suffix: Suffix | None
    parameters: tuple[Parameter, ...]
    body: Statement | None


@dataclass(frozen=True, slots=True, eq=False)
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
