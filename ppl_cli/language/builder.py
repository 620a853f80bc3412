"""From the grammar's rules to the syntax tree: one method for each rule or alias of grammar/ppl.lark.

The parser calls a method as soon as its rule is complete, with all that it matched: tokens (punctuation too) and the
results of inner rules. So no parse tree is ever built.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any, NamedTuple

from lark import Token

from ppl_cli.language import syntax
from ppl_cli.language.diagnostics import Diagnostic, LanguageError, error
from ppl_cli.language.mends import statement_meant
from ppl_cli.language.old_spellings import OldSpellings
from ppl_cli.language.source import Source, Span
from ppl_cli.language.syntax import Expression, Node, Statement
from ppl_cli.language.types import BASIC_TYPES, VOID, TupleType, Type, array_of

_Children = list[Any]


class _Group(NamedTuple):
    """The result of a rule that is no node: its parts and its place."""

    parts: tuple[Any, ...]
    span: Span


class _TypeAt(NamedTuple):
    type: Type
    span: Span


_BASE_OF_CONSTRAINT = {
    name: "matrix" if "matrix" in name.value or "cholesky" in name.value else "vector"
    for name in syntax.NamedConstraint
}


def _nodes(children: Iterable[Any]) -> tuple[Any, ...]:
    return tuple(child for child in children if isinstance(child, Node))


def _items(children: Iterable[Any]) -> tuple[Statement, ...]:
    """Statements in order: a declaration of several variables is several, an empty statement none."""
    statements: list[Statement] = []
    for child in children:
        if isinstance(child, Statement):
            statements.append(child)
        elif isinstance(child, _Group):
            statements.extend(child.parts)
    return tuple(statements)


class TreeBuilder:
    """Holds the source, the old spellings and the mistakes of the text that is being parsed; see `parser.parse`."""

    def __init__(self) -> None:
        self.begin(Source("", ""))

    def begin(self, source: Source) -> None:
        self.source = source
        self.old = OldSpellings(source)
        self.mistakes: list[Diagnostic] = []

    def _span(self, children: _Children) -> Span:
        """From the first thing that a rule matched to the last."""
        first, last = children[0], children[-1]
        start = (first.start_pos or 0) if isinstance(first, Token) else first.span.start
        end = (last.end_pos or 0) if isinstance(last, Token) else last.span.end
        return Span(self.source, start, end)

    def _group(self, children: _Children) -> _Group:
        return _Group(_nodes(children), self._span(children))

    def start(self, children: _Children) -> syntax.Program:
        if self.mistakes:
            raise LanguageError(self.mistakes)
        blocks = dict(children)
        names = (
            "functions", "data", "transformed_data", "parameters", "transformed_parameters", "model",
            "generated_quantities",
        )  # fmt: skip
        present: dict[str, Any] = {name: blocks.get(name) for name in names}
        return syntax.Program(self.source, **present, warnings=tuple(self.old.warnings))

    def functions(self, children: _Children) -> tuple[str, tuple[Any, ...]]:
        return "functions", _nodes(children)

    def data(self, children: _Children) -> tuple[str, tuple[Any, ...]]:
        return "data", _items(children)

    def transformed_data(self, children: _Children) -> tuple[str, tuple[Any, ...]]:
        return "transformed_data", _items(children)

    def parameters(self, children: _Children) -> tuple[str, tuple[Any, ...]]:
        return "parameters", _items(children)

    def transformed_parameters(self, children: _Children) -> tuple[str, tuple[Any, ...]]:
        return "transformed_parameters", _items(children)

    def model(self, children: _Children) -> tuple[str, tuple[Any, ...]]:
        return "model", _items(children)

    def generated_quantities(self, children: _Children) -> tuple[str, tuple[Any, ...]]:
        return "generated_quantities", _items(children)

    def void(self, children: _Children) -> _TypeAt:
        return _TypeAt(VOID, self._span(children))

    def function(self, children: _Children) -> syntax.FunctionDefinition:
        result, name, body = children[0], children[1], children[-1]
        base, suffix = syntax.split_suffix(name)
        return syntax.FunctionDefinition(
            self._span(children), result.type, str(name), self.source.span_of(name), base, suffix,
            parameters=_nodes(children[2:-1]),
            body=None if isinstance(body, Token) else self._body(body),
        )  # fmt: skip

    def parameter(self, children: _Children) -> syntax.Parameter:
        declared, name = children[-2:]
        return syntax.Parameter(self._span(children), declared.type, str(name), data_only=len(children) == 3)

    def unsized_basic(self, children: _Children) -> _TypeAt:
        return _TypeAt(BASIC_TYPES[children[0]], self._span(children))

    def unsized_tuple(self, children: _Children) -> _TypeAt:
        self._check_tuple(children)
        elements = tuple(child.type for child in children if isinstance(child, _TypeAt))
        return _TypeAt(TupleType(elements), self._span(children))

    def unsized_array(self, children: _Children) -> _TypeAt:
        _, dimensions, element = children
        return _TypeAt(array_of(element.type, len(dimensions.parts)), self._span(children))

    def old_unsized_array(self, children: _Children) -> _TypeAt:
        element, dimensions = children
        span = self._span(children)
        self.old.postfix_array(span)
        return _TypeAt(array_of(element.type, len(dimensions.parts)), span)

    def commas(self, children: _Children) -> _Group:
        return _Group(tuple(children[1:]), self._span(children))

    def basic(self, children: _Children) -> Token:
        word: Token = children[0]
        return word

    named_constraint = name = assign = basic

    def declaration(self, children: _Children) -> _Group:
        declared = children[0]
        span = self._span(children)
        declarations = []
        for name, sizes, value in children[1::2]:
            type = declared
            if sizes is not None:
                self.old.postfix_array(Span(self.source, name.start_pos, sizes.span.end))
                type = replace(declared, dimensions=sizes.parts + declared.dimensions)
            declarations.append(syntax.Declaration(span, type, str(name), self.source.span_of(name), value))
        return _Group(tuple(declarations), span)

    def declarator(self, children: _Children) -> tuple[Token, _Group | None, Expression | None]:
        sizes = next((child for child in children if isinstance(child, _Group)), None)
        value = children[-1] if isinstance(children[-1], Expression) else None
        return children[0], sizes, value

    def definition(self, children: _Children) -> Expression:
        if children[0].type == "ARROW":
            self.old.arrow(self._span(children[:1]))
        value: Expression = children[1]
        return value

    def sizes(self, children: _Children) -> _Group:
        return self._group(children)

    def sized(self, children: _Children) -> syntax.TypeSyntax:
        word = children[0]
        constraint = next((child for child in children if isinstance(child, syntax.Bounds | syntax.Affine)), None)
        sizes = children[-1].parts if isinstance(children[-1], _Group) else ()
        if word in BASIC_TYPES:
            return syntax.TypeSyntax(self._span(children), str(word), (), sizes, constraint)
        named = syntax.NamedConstraint(word)
        return syntax.TypeSyntax(self._span(children), _BASE_OF_CONSTRAINT[named], (), sizes, named)

    def tuple_type(self, children: _Children) -> syntax.TypeSyntax:
        self._check_tuple(children)
        return syntax.TypeSyntax(self._span(children), "tuple", (), (), None, _nodes(children))

    def _check_tuple(self, children: _Children) -> None:
        if len(children) == 4:  # tuple ( type )
            span = self._span(children)
            hint = f"write `{span.text[:-1]},)`"
            self.mistakes.append(error("a tuple has at least two types, or one and a comma", span, hint))

    def array_type(self, children: _Children) -> syntax.TypeSyntax:
        _, sizes, element = children
        array: syntax.TypeSyntax = replace(element, span=self._span(children), dimensions=sizes.parts)
        return array

    def bound(self, children: _Children) -> _Group:
        return _Group((children[0], children[2]), self._span(children))

    def constraint(self, children: _Children) -> syntax.Bounds | syntax.Affine:
        given: dict[str, Expression] = {}
        for bound in children[1::2]:
            word, value = bound.parts
            affine = {"offset", "multiplier"}
            if word in given or (given and (word in affine) != (next(iter(given)) in affine)):
                what = "given twice" if word in given else f"not possible together with `{next(iter(given))}`"
                self.mistakes.append(error(f"`{word}` is {what}", bound.span))
            given[str(word)] = value
        span = self._span(children)
        if "lower" in given or "upper" in given:
            return syntax.Bounds(span, given.get("lower"), given.get("upper"))
        return syntax.Affine(span, given.get("offset"), given.get("multiplier"))

    def _body(self, child: Token | Statement | _Group) -> Statement:
        """The body of a loop or a branch: an empty statement is an empty block."""
        if isinstance(child, Statement):
            return child
        if isinstance(child, Token):
            return syntax.Block(self.source.span_of(child), ())
        return child.parts[0] if len(child.parts) == 1 else syntax.Block(child.span, child.parts)

    def empty_statement(self, children: _Children) -> Token:
        semicolon: Token = children[0]
        return semicolon

    def assignment(self, children: _Children) -> Statement:
        target, operator, value, _ = children
        if operator.type == "ARROW":
            self.old.arrow(self.source.span_of(operator))
            operator = "="
        return syntax.Assignment(self._span(children), target, str(operator), value)

    def tilde(self, children: _Children) -> Statement:
        truncation = children[3] if isinstance(children[3], syntax.Truncation) else None
        return syntax.Tilde(self._span(children), children[0], children[2], truncation)

    def truncation(self, children: _Children) -> syntax.Truncation:
        lower = children[2] if isinstance(children[2], Expression) else None
        upper = children[-2] if isinstance(children[-2], Expression) else None
        return syntax.Truncation(self._span(children), lower, upper)

    def target_plus(self, children: _Children) -> Statement:
        return syntax.TargetPlus(self._span(children), children[2], jacobian=False)

    def jacobian_plus(self, children: _Children) -> Statement:
        return syntax.TargetPlus(self._span(children), children[2], jacobian=True)

    def expression_statement(self, children: _Children) -> Statement:
        call = children[0]
        span = self._span(children)
        if not isinstance(call, syntax.Call):
            message = "expected a statement; found an expression that is not used"
            self.mistakes.append(error(message, call.span, statement_meant(call)))
            return syntax.Block(span, ())
        if call.name == "increment_log_prob" and len(call.arguments) == 1:
            self.old.increment_log_prob(call.name_span)
            return syntax.TargetPlus(span, call.arguments[0], jacobian=False)
        return syntax.CallStatement(span, call)

    def if_else(self, children: _Children) -> Statement:
        otherwise = self._body(children[6]) if len(children) > 5 else None
        return syntax.IfElse(self._span(children), children[2], self._body(children[4]), otherwise)

    def for_range(self, children: _Children) -> Statement:
        variable, lower, upper, body = children[2], children[4], children[6], children[8]
        return syntax.For(
            self._span(children), str(variable), self.source.span_of(variable), lower, upper, self._body(body)
        )

    def for_each(self, children: _Children) -> Statement:
        variable, iterable, body = children[2], children[4], children[6]
        span = self._span(children)
        return syntax.ForEach(span, str(variable), self.source.span_of(variable), iterable, self._body(body))

    def while_loop(self, children: _Children) -> Statement:
        return syntax.While(self._span(children), children[2], self._body(children[4]))

    def profile(self, children: _Children) -> Statement:
        return syntax.Profile(self._span(children), children[2][1:-1], _items(children[5:]))

    def block(self, children: _Children) -> Statement:
        return syntax.Block(self._span(children), _items(children))

    def return_statement(self, children: _Children) -> Statement:
        return syntax.Return(self._span(children), children[1] if len(children) == 3 else None)

    def break_statement(self, children: _Children) -> Statement:
        return syntax.Break(self._span(children))

    def continue_statement(self, children: _Children) -> Statement:
        return syntax.Continue(self._span(children))

    def print_statement(self, children: _Children) -> Statement:
        return syntax.Print(self._span(children), _nodes(children))

    def reject_statement(self, children: _Children) -> Statement:
        return syntax.Reject(self._span(children), _nodes(children))

    def fatal_error_statement(self, children: _Children) -> Statement:
        return syntax.FatalError(self._span(children), _nodes(children))

    def string(self, children: _Children) -> Expression:
        return syntax.StringLiteral(self._span(children), children[0][1:-1])

    def ternary(self, children: _Children) -> Expression:
        return syntax.Ternary(self._span(children), children[0], children[2], children[4])

    def binary(self, children: _Children) -> Expression:
        left, operator, right = children
        return syntax.Binary(Span(self.source, left.span.start, right.span.end), str(operator), left, right)

    def unary(self, children: _Children) -> Expression:
        return syntax.Unary(self._span(children), str(children[0]), children[1])

    def transpose(self, children: _Children) -> Expression:
        return syntax.Transpose(self._span(children), children[0])

    def index(self, children: _Children) -> Expression:
        items: list[syntax.IndexItem] = []
        for before, item in zip(children[1::2], children[2::2], strict=False):
            nothing = Span(self.source, before.end_pos, before.end_pos)
            items.append(syntax.All(nothing) if item is None else item)
        return syntax.Index(self._span(children), children[0], tuple(items))

    def single_index(self, children: _Children) -> syntax.IndexItem | None:
        return syntax.Single(children[0].span, children[0]) if children else None

    def range_index(self, children: _Children) -> syntax.IndexItem:
        span = self._span(children)
        match children:
            case [Token()]:
                return syntax.All(span)
            case [lower, Token()]:
                return syntax.From(span, lower)
            case [Token(), upper]:
                return syntax.To(span, upper)
        return syntax.Between(span, children[0], children[2])

    def projection(self, children: _Children) -> Expression:
        return syntax.TupleProjection(self._span(children), children[0], int(children[1][1:]))

    def variable(self, children: _Children) -> Expression:
        return syntax.Name(self.source.span_of(children[0]), str(children[0]))

    def integer(self, children: _Children) -> Expression:
        return syntax.IntLiteral(self._span(children), int(children[0]))

    def real(self, children: _Children) -> Expression:
        return syntax.RealLiteral(self._span(children), float(children[0]))

    def imaginary(self, children: _Children) -> Expression:
        return syntax.ImaginaryLiteral(self._span(children), float(children[0][:-1]))

    def call(self, children: _Children) -> Expression:
        name = children[0]
        base, suffix = syntax.split_suffix(name)
        bar = len(children) > 3 and children[3] == "|"
        arguments = _nodes(children[2:])
        call = syntax.Call(self._span(children), str(name), self.source.span_of(name), arguments, base, suffix, bar)
        return self.old.present_form(call)

    def target_call(self, children: _Children) -> Expression:
        return syntax.TargetCall(self._span(children))

    def array_literal(self, children: _Children) -> Expression:
        return syntax.ArrayLiteral(self._span(children), _nodes(children))

    def row_vector_literal(self, children: _Children) -> Expression:
        return syntax.RowVectorLiteral(self._span(children), _nodes(children))

    def tuple_literal(self, children: _Children) -> Expression:
        return syntax.TupleLiteral(self._span(children), _nodes(children))

    def parentheses(self, children: _Children) -> Expression:
        inner: Expression = children[1]
        return replace(inner, span=self._span(children))
