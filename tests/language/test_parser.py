"""What the parser makes of a text: structure, places, and tables that are rebuilt when the cache is no use."""

from __future__ import annotations

from pathlib import Path

import pytest

from ppl_cli.language import parse, parser, syntax
from ppl_cli.language.diagnostics import LanguageError


def expression(text: str) -> syntax.Expression:
    program = parse(f"model {{ x = {text}; }}")
    assert program.model is not None
    statement = program.model[0]
    assert isinstance(statement, syntax.Assignment)
    return statement.value


def grouped(node: syntax.Expression) -> str:
    """An expression with all its parentheses."""
    match node:
        case syntax.Binary(operator=operator, left=left, right=right):
            return f"({grouped(left)} {operator} {grouped(right)})"
        case syntax.Unary(operator=operator, operand=operand):
            return f"({operator}{grouped(operand)})"
        case syntax.Transpose(operand=operand):
            return f"({grouped(operand)}')"
        case syntax.Ternary(condition=condition, if_true=if_true, if_false=if_false):
            return f"({grouped(condition)} ? {grouped(if_true)} : {grouped(if_false)})"
        case syntax.TupleProjection(base=base, position=position):
            return f"{grouped(base)}.{position}"
    return node.span.text


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        ("a + b * c", "(a + (b * c))"),
        ("a - b - c", "((a - b) - c)"),
        ("(a - (b - c))", "(a - (b - c))"),
        ("a ^ b ^ c", "(a ^ (b ^ c))"),
        ("-a ^ -b ^ c", "(-(a ^ (-(b ^ c))))"),
        ("a ^ -b * c", "((a ^ (-b)) * c)"),
        ("-a'", "(-(a'))"),
        ("a * b'", "(a * (b'))"),
        ("a \\ b * c", "((a \\ b) * c)"),
        ("a * b %/% c % d", "((a * (b %/% c)) % d)"),
        ("a .* b ./ c .^ d", "((a .* b) ./ (c .^ d))"),
        ("!a == b && c < d || e", "((((!a) == b) && (c < d)) || e)"),
        ("a == b < c", "(a == (b < c))"),
        ("a ? b : c ? d : e", "(a ? b : (c ? d : e))"),
        ("a<-1", "(a < (-1))"),
        ("t.1.2 + .5", "(t.1.2 + .5)"),
    ],
)
def test_precedence(text: str, meaning: str) -> None:
    assert grouped(expression(text)) == meaning


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("1_000", syntax.IntLiteral, 1000),
        ("2.", syntax.RealLiteral, 2.0),
        (".5", syntax.RealLiteral, 0.5),
        ("1e-3", syntax.RealLiteral, 1e-3),
        (".5e1", syntax.RealLiteral, 5.0),
        ("1.5E+2", syntax.RealLiteral, 150.0),
        ("2i", syntax.ImaginaryLiteral, 2.0),
        ("2.5e1i", syntax.ImaginaryLiteral, 25.0),
    ],
)
def test_number(text: str, kind: type, value: float) -> None:
    literal = expression(text)
    assert type(literal) is kind
    assert literal.value == value  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("name", "base", "suffix"),
    [
        ("normal_lpdf", "normal", syntax.Suffix.LPDF),
        ("poisson_log_lupmf", "poisson_log", syntax.Suffix.LUPMF),
        ("normal_lccdf", "normal", syntax.Suffix.LCCDF),
        ("normal_rng", "normal", syntax.Suffix.RNG),
        ("log_mix", "log_mix", None),
        ("_rng", "_rng", None),
    ],
)
def test_suffix_of_name(name: str, base: str, suffix: syntax.Suffix | None) -> None:
    assert syntax.split_suffix(name) == (base, suffix)


def test_index_items() -> None:
    index = expression("a[1, :, 2:, :3, 4:5, ]")
    assert isinstance(index, syntax.Index)
    kinds = [type(item) for item in index.indices]
    assert kinds == [syntax.Single, syntax.All, syntax.From, syntax.To, syntax.Between, syntax.All]


def test_declarators_are_split() -> None:
    program = parse("data { int a, b = 2; }")
    assert program.data is not None
    names = [(each.name, each.value is None) for each in program.data if isinstance(each, syntax.Declaration)]
    assert names == [("a", True), ("b", False)]


def test_missing_block_is_none_and_empty_block_is_empty() -> None:
    program = parse("data { } model { ; }")
    assert (program.data, program.model, program.parameters) == ((), (), None)


def test_square_matrix_has_two_extents() -> None:
    program = parse("parameters { array[2] cov_matrix[3] S; }")
    assert program.parameters is not None
    (declaration,) = program.parameters
    assert isinstance(declaration, syntax.Declaration)
    assert [size.span.text for size in declaration.type.extents] == ["2", "3", "3"]
    assert (declaration.type.base, declaration.type.constraint) == ("matrix", syntax.NamedConstraint.COV_MATRIX)


def test_array_literal_may_begin_a_statement() -> None:
    program = parse("model { {1, 2} ~ std_normal(); { x = 1; } }")
    assert program.model is not None
    assert [type(statement) for statement in program.model] == [syntax.Tilde, syntax.Block]


def test_spans_are_exact() -> None:
    program = parse("model {\r\n  x[1] ~ normal((a + b), 2) T[0, ];\r\n}")
    assert program.model is not None
    tilde = program.model[0]
    assert isinstance(tilde, syntax.Tilde)
    assert isinstance(tilde.distribution, syntax.Call)
    assert (tilde.span.line, tilde.span.column) == (2, 3)
    assert tilde.left.span.text == "x[1]"
    assert tilde.distribution.name_span.text == "normal"
    assert tilde.distribution.arguments[0].span.text == "(a + b)"
    assert tilde.truncation is not None
    assert tilde.truncation.span.text == "T[0, ]"


def test_byte_order_mark_is_ignored() -> None:
    assert parse("\ufeffmodel { }").model == ()


@pytest.fixture
def cache_at(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """An empty cache directory in place of the user's."""
    parser._parser.cache_clear()
    monkeypatch.setattr(parser, "user_cache_path", lambda name: tmp_path / name)
    return tmp_path / "ppl"


def test_tables_are_cached(cache_at: Path) -> None:
    parse("model { }")
    (stored,) = cache_at.iterdir()
    assert stored.suffix == ".pickle"


def test_cut_off_cache_is_rebuilt(cache_at: Path) -> None:
    parse("model { }")
    (stored,) = cache_at.iterdir()
    stored.write_bytes(stored.read_bytes()[:1000])
    parser._parser.cache_clear()
    assert parse("model { }").model == ()
    assert len(stored.read_bytes()) > 1000


def test_unwritable_cache_is_no_error(cache_at: Path) -> None:
    cache_at.write_text("a file where the directory should be")
    assert parse("model { }").model == ()


def test_parser_can_be_used_again_after_an_error() -> None:
    with pytest.raises(LanguageError):
        parse("model { x = ; }")
    assert parse("model { }").warnings == ()
