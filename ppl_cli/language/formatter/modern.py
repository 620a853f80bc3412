"""Concrete tree → the same program in today's words: no old spelling, no empty statement, braces around every body.

No comment is lost: those of a word that goes are handed to its neighbours.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from ppl_cli.language.formatter.names import Names
from ppl_cli.language.formatter.tree import Comment, Part, Phrase, Word, comments_of, is_word, text_of, words

_BODIES = {"if_else": (4, 6), "for_range": (8,), "for_each": (6,), "while_loop": (4,), "function": (-1,)}
# Where a conditional expression needs parentheses: everywhere in a rule, or only as its first part.
_TIGHT = frozenset(("binary", "unary", "transpose", "projection", "bound", "range_index", "for_range"))
_TIGHT_FIRST = frozenset(("index", "ternary"))


def modernize(program: Phrase) -> Phrase:
    changed = _Modernizer(Names.of(program)).rewrite(program)
    assert isinstance(changed, Phrase)
    return changed


class _Modernizer:
    def __init__(self, names: Names) -> None:
        self._names = names
        self._right_of_tilde = False
        self._rewrites: dict[str, Callable[[Phrase], Part]] = {
            "declaration": _declaration,
            "old_unsized_array": _unsized_array,
            "expression_statement": _statement,
            "function": self._function,
            "variable": self._variable,
            "call": self._call,
        }

    def rewrite(self, part: Part) -> Part:
        if isinstance(part, Word):
            return replace(part, text="=") if part.text == "<-" else part
        if part.rule == "tilde":
            return self._tilde(part)
        return self._rewrite_phrase(replace(part, parts=tuple(map(self.rewrite, part.parts))))

    def _rewrite_phrase(self, phrase: Phrase) -> Part:
        if phrase.rule in _TIGHT or phrase.rule in _TIGHT_FIRST:
            tight = len(phrase.parts) if phrase.rule in _TIGHT else 1
            parts = [_parenthesized(each) if i < tight else each for i, each in enumerate(phrase.parts)]
            phrase = replace(phrase, parts=tuple(parts))
        if phrase.rule in _BODIES:
            phrase = _with_braces(phrase)
        return self._rewrites[phrase.rule](phrase) if phrase.rule in self._rewrites else phrase

    def _tilde(self, phrase: Phrase) -> Phrase:
        left, tilde, distribution, *others = phrase.parts
        left = self.rewrite(left)
        self._right_of_tilde = True
        distribution = self.rewrite(distribution)
        self._right_of_tilde = False
        return replace(phrase, parts=(left, tilde, distribution, *map(self.rewrite, others)))

    def _function(self, phrase: Phrase) -> Phrase:
        result, name, *others = phrase.parts
        return replace(phrase, parts=(result, _renamed(name, self._names.of_function), *others))

    def _variable(self, phrase: Phrase) -> Phrase:
        return replace(phrase, parts=(_renamed(phrase.parts[0], self._names.of_function),))

    def _call(self, phrase: Phrase) -> Phrase:
        name = text_of(phrase.parts[0])
        commas = [i for i, part in enumerate(phrase.parts) if is_word(part, ",")]
        if name == "if_else" and len(commas) == 2:
            return _ternary(phrase.parts)
        if name == "get_lp" and len(phrase.parts) == 3:
            target = _renamed(phrase.parts[0], lambda _: "target")
            return Phrase("target_call", (next(words(target)), *phrase.parts[1:]))
        head, *others = phrase.parts
        head = _renamed(head, lambda name: self._names.of_call(name, self._right_of_tilde))
        present = text_of(head)
        if not self._names.takes_bar(present, present != name) or "|" in map(text_of, others) or len(others) < 3:
            return replace(phrase, parts=(head, *others))
        if commas:
            others[commas[0] - 1] = _renamed(others[commas[0] - 1], lambda _: "|")
        else:
            others.insert(2, Word("|"))
        return replace(phrase, parts=(head, *others))


def _renamed(part: Part, rename: Callable[[str], str]) -> Part:
    """A part that is a single word, with another text."""
    if isinstance(part, Word):
        return replace(part, text=rename(part.text))
    return replace(part, parts=(_renamed(part.parts[0], rename),))


def _parenthesized(part: Part) -> Part:
    if not (isinstance(part, Phrase) and part.rule == "ternary"):
        return part
    return Phrase("parentheses", (Word("("), part, Word(")")))


def _with_braces(phrase: Phrase) -> Phrase:
    """Each body of a loop, a branch or a function a block; after `else`, another `if` may stand."""
    parts = list(phrase.parts)
    for position in _BODIES[phrase.rule]:
        if position < len(parts):
            body = parts[position]
            rule = body.rule if isinstance(body, Phrase) else ""
            declared_only = phrase.rule == "function" and rule == "empty_statement"
            if rule != "block" and not declared_only and not (rule == "if_else" and position == 6):
                parts[position] = Phrase("block", (Word("{"), body, Word("}")))
    return replace(phrase, parts=tuple(parts))


def _after_comments(comments: tuple[Comment, ...], part: Part) -> Part:
    """A part with more comments before it: there, any comment can stand."""
    if not comments:
        return part
    if isinstance(part, Word):
        return replace(part, before=comments + part.before)
    return replace(part, parts=(_after_comments(comments, part.parts[0]), *part.parts[1:]))


def _ternary(parts: tuple[Part, ...]) -> Phrase:
    """`if_else(c, a, b)` → `c ? a : b`."""
    name, opening, condition, first_comma, if_true, second_comma, if_false, closing = parts
    condition = _after_comments(comments_of(name) + comments_of(opening), _parenthesized(condition))
    if_false = _after_comments(comments_of(closing), if_false)
    question, colon = _renamed(first_comma, lambda _: "?"), _renamed(second_comma, lambda _: ":")
    return Phrase("ternary", (condition, question, if_true, colon, if_false))


def _statement(phrase: Phrase) -> Phrase:
    """`increment_log_prob(e);` → `target += e;`."""
    call, semicolon = phrase.parts
    if not (isinstance(call, Phrase) and call.rule == "call" and text_of(call.parts[0]) == "increment_log_prob"):
        return phrase
    if len(call.parts) != 4:
        return phrase
    name, opening, value, closing = call.parts
    target = next(words(_renamed(name, lambda _: "target")))
    value = _after_comments(comments_of(opening), value)
    return Phrase("target_plus", (target, Word("+="), value, _after_comments(comments_of(closing), semicolon)))


def _unsized_array(phrase: Phrase) -> Phrase:
    """`real[]` → `array[] real`."""
    element, commas = phrase.parts
    return Phrase("unsized_array", (*_array_before(element, commas),))


def _array_before(element: Part, brackets: Part) -> tuple[Part, ...]:
    """The word `array` takes over what stands before the type: comments, and a blank line."""
    first = next(words(element))
    return Word("array", first.before, (), first.blank_before), brackets, _without_before(element)


def _without_before(part: Part) -> Part:
    if isinstance(part, Word):
        return replace(part, before=(), blank_before=False)
    return replace(part, parts=(_without_before(part.parts[0]), *part.parts[1:]))


def _declaration(phrase: Phrase) -> Phrase:
    """`real x[N], y;` → `array[N] real x; real y;`; one declaration if all sizes are the same."""
    declared, *others, semicolon = phrase.parts
    declarators = [each for each in others if isinstance(each, Phrase)]
    sizes = [text_of(found) if (found := _sizes(each)) is not None else "" for each in declarators]
    if not any(sizes):
        return phrase
    if len(set(sizes)) == 1:
        first, *more = (_without_sizes(each) for each in declarators)
        dropped = tuple(comment for each in declarators[1:] for comment in comments_of(_sizes(each) or Phrase("", ())))
        kept = [each for each in others if isinstance(each, Word)]
        pairs = [part for pair in zip(kept, more, strict=True) for part in pair]
        semicolon = _after_comments(dropped, semicolon)
        return Phrase("declaration", (_array_of(declared, _sizes(declarators[0])), first, *pairs, semicolon))
    separators = [*(each for each in others if isinstance(each, Word)), semicolon]
    statements: list[Part] = []
    for declarator, separator in zip(declarators, separators, strict=True):
        type = _array_of(declared, _sizes(declarator))
        end = _renamed(separator, lambda _: ";")
        statements.append(Phrase("declaration", (type, _without_sizes(declarator), end)))
        declared = _bare(declared)
    return Phrase("statements", tuple(statements))


def _sizes(declarator: Phrase) -> Phrase | None:
    return next((each for each in declarator.parts if isinstance(each, Phrase) and each.rule == "sizes"), None)


def _without_sizes(declarator: Phrase) -> Phrase:
    kept = tuple(each for each in declarator.parts if not (isinstance(each, Phrase) and each.rule == "sizes"))
    return replace(declarator, parts=kept)


def _array_of(declared: Part, sizes: Phrase | None) -> Part:
    """An array of a type; the sizes of an array of arrays are joined."""
    if sizes is None:
        return declared
    if isinstance(declared, Phrase) and declared.rule == "array_type":
        word, inner, element = declared.parts
        assert isinstance(inner, Phrase)
        comma = Word(",", comments_of(sizes.parts[-1]) + comments_of(inner.parts[0]))
        joined = replace(inner, parts=(*sizes.parts[:-1], comma, *inner.parts[1:]))
        return replace(declared, parts=(word, joined, element))
    return Phrase("array_type", _array_before(declared, sizes))


def _bare(part: Part) -> Part:
    """A part without its comments."""
    if isinstance(part, Word):
        return Word(part.text)
    return replace(part, parts=tuple(map(_bare, part.parts)))
