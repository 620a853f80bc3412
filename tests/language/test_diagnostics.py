"""How a located message looks."""

from __future__ import annotations

from ppl_cli.language.diagnostics import ElaborationError, NotSupported, error, render, warning
from ppl_cli.language.source import Source, Span

SOURCE = Source("m.ppl", "data {\n\tint N;\n}\nmodel { x = 1 +\n  2; }\n")


def span_of(text: str) -> Span:
    start = SOURCE.text.index(text)
    return Span(SOURCE, start, start + len(text))


def test_caret_stands_under_the_span_and_tabs_are_kept() -> None:
    shown = error("no", span_of("N"), hint="yes").render().splitlines()
    assert shown == ["m.ppl:2:6: error: no", "  2 | \tint N;", "    | \t    ^", "  hint: yes"]


def test_span_over_lines_is_marked_to_the_end_of_its_first_line() -> None:
    shown = error("no", span_of("1 +\n  2")).render().splitlines()
    assert shown[1:] == ["  4 | model { x = 1 +", "    |             ^^^"]


def test_messages_come_in_the_order_of_the_text() -> None:
    shown = render([error("second", span_of("model")), warning("first", span_of("data"))])
    assert shown.index("warning: first") < shown.index("error: second")


def test_language_errors_lead_to_exit_status_2() -> None:
    assert NotSupported("tuples are", span_of("N")).exit_status == 2
    assert "tuples are not supported yet" in str(NotSupported("tuples are", span_of("N")))
    assert ElaborationError("no", span_of("N")).diagnostics[0].span.line == 2
