"""What a text that does not parse was probably meant to be: a line of advice for each known slip.

In: where the parser stopped, and what could have stood there. Out: a hint, or None. The slips are a table, in which a
place is written as the words of its statement, `▸`, and the word that was found.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import lark

from ppl_cli.language.source import Source
from ppl_cli.language.spelling import closest, did_you_mean
from ppl_cli.language.syntax import Binary, Expression, Name

BLOCKS = {
    "FUNCTIONS": "functions",
    "DATA": "data",
    "TRANSFORMED_DATA": "transformed data",
    "PARAMETERS": "parameters",
    "TRANSFORMED_PARAMETERS": "transformed parameters",
    "MODEL": "model",
    "GENERATED_QUANTITIES": "generated quantities",
}
CONSTRAINTS = frozenset(("LOWER", "UPPER", "OFFSET", "MULTIPLIER"))
_TYPES = (
    "int real complex vector row_vector matrix complex_vector complex_row_vector complex_matrix array tuple ordered "
    "positive_ordered simplex unit_vector sum_to_zero_vector sum_to_zero_matrix cholesky_factor_corr "
    "cholesky_factor_cov corr_matrix cov_matrix column_stochastic_matrix row_stochastic_matrix"
).split()
_STATEMENTS = "return break continue for while if else print reject fatal_error profile target jacobian".split()
_TYPES_ELSEWHERE = {
    "bool": "a truth value is an `int<lower=0, upper=1>`",
    "boolean": "a truth value is an `int<lower=0, upper=1>`",
    "float": "did you mean `real`?",
    "double": "did you mean `real`?",
    "number": "did you mean `real`?",
    "long": "did you mean `int`?",
    "integer": "did you mean `int`?",
    "let": "a declaration begins with a type, as in `real x = 1`",
    "var": "a declaration begins with a type, as in `real x = 1`",
    "auto": "a declaration begins with a type, as in `real x = 1`",
    "const": "a declaration begins with a type, as in `real x = 1`",
}
_A_FUNCTION = "a function is written `real f(real x) { … }`"
_A_LOOP = "a loop is written `for (i in 1:n) { … }`"
_NO_SIZES = "the type of an argument or a result has no sizes: `vector`, `array[] real`"
_BEGINNINGS = "(int|real|vector|row_vector|matrix|array|target|for|while|if|print|return)"
_DENSITY = r"\w+_(?:lu?p[dm]f|l?c?cdf)"

# The place, what else could have stood there, and the advice.
_SLIPS: tuple[tuple[str, str, str], ...] = (
    (r"\* ▸ \*", "", "a power is written `^`"),
    (r"\+ \+ ▸ [;)]", "", "write `+= 1`"),
    (r"- - ▸ [;)]", "", "write `-= 1`"),
    (r"% ▸ %", "", "a remainder is written `%`, a quotient without it `%/%`"),
    (r"% ▸ \*", "", "a matrix product is written `*`"),
    (r"% ▸ =", "", "write `n = n % 2`"),
    (r"- ▸ >", "", "an assignment is written `x = 1`, a part of a tuple `t.1`"),
    (r"= ▸ =|▸ ===", "", "did you mean `==`?"),
    (r"^(if|while) \(.* ▸ =", "", "did you mean `==`?"),
    (r"▸ \|", "RPAR", "did you mean `||`?"),
    (r"▸ and\b", "PLUS", "write `&&`"),
    (r"▸ or\b", "PLUS", "write `||`"),
    (r"\bnot ▸ ", "", "write `!`"),
    (rf"\b{_DENSITY} \( [^(]+ ▸ ;", "", "write `|` after the first argument"),
    (r"▸ '", "NAME", "texts stand in double quotes"),
    (r'▸ "', "NAME", "texts can stand only in `print`, `reject` and `fatal_error`"),
    (r"{ ▸ }", "NAME", "an array without elements is written `rep_array(1, 0)`"),
    (r"\d , ▸ \d", "", "digits are grouped as in `1_000`"),
    (r", ▸ [;)\]}]", "NAME", "is there a comma too many?"),
    (r"^\w+ < .* > ▸ [\d(]", "NAME", "a bound that compares needs parentheses"),
    (r"▸ \d", "NAME", "a name begins with a letter"),
    (r"^target ▸ (=|-=|\*=|/=)", "", "the target is only added to: `target += …`"),
    (r"\btarget ▸ ", "LPAR", "what the target is so far is written `target()`"),
    (r"^(elif|elsif|elseif) \(.*\) ▸ {|^else \(.*\) ▸ {", "", "write `else if (…) { … }`"),
    (r"^▸ else", "", "an `else` follows its `if` at once; several statements between them need braces"),
    (r"^switch \(.*\) ▸ {", "", "write `if (…) { … } else if (…) { … }`"),
    (r"^do ▸ {|^repeat ▸ {", "", "write `while (…) { … }`"),
    (r"^end ▸ ", "", "a block ends with `}`"),
    (r"^(if|for|while) \(.*\) ▸ :", "", "no `:` stands here; several statements need braces"),
    (r"^(if|while) ▸ ", "LPAR", "the condition stands in parentheses"),
    (r"^for \( \w+ ▸ (=|:)", "IN", _A_LOOP),
    (r"^for \( ▸ (int|real)\b", "", _A_LOOP),
    (r"^for ▸ ", "LPAR", _A_LOOP),
    (r"^for .* : \w+ ▸ :", "", "a range has no step"),
    (r"▸ (def|function|func|fn|fun)\b", "VOID", _A_FUNCTION),
    (r"^\w+ (\w+ )?\( .*▸ =", "RPAR", "an argument has no default value"),
    (r"^(\w+ )+\w+ \( .*▸ ;", "RPAR COMMA", "arguments are separated by commas"),
    (r"^\w+ .*\( .*\w \[ ▸ \w", "RSQB", _NO_SIZES),
    (r"^\w+ \[ ▸ \w", "RSQB", _NO_SIZES),
    (r"^\w+ \w+ \( .*▸ <", "", "the type of an argument has no constraint"),
    (r"^(\w+ )*\w+ \w+ \( .*▸ data", "", "write `data` before the type"),
    (r"\( (.*, )?▸ \w+", "DATA INT", "an argument needs a type, as in `real x`"),
    (r"^▸ \w+", "VOID", "a function begins with the type of its result, or `void`"),
    (r"^\w+ \w+ ▸ [=;,]", "LPAR", "the functions block holds functions only"),
    (r"^\w+ \w+ ▸ {", "LPAR", "the arguments are missing: `()` if there are none"),
    (r"\) ▸ (}|$)", "WHILE", "a body is missing: `{ }` if it does nothing"),
    (r"^\w+( \[ .* \])? \w+ ▸ \(", "SEMICOLON COMMA", "functions are defined in the functions block"),
    (r"\barray \[ ▸ \]", "NAME", "a size is missing, as in `array[N]`"),
    (r"\barray ▸ \w+", "LSQB", "the sizes come first, as in `array[N] real x`"),
    (r"\barray \[ .* \] ▸ array", "", "all sizes stand in one pair of brackets, as in `array[M, N]`"),
    (r"\barray \[ .* \] ▸ \w+", "INT", "the type of the elements is missing, as in `array[N] real x`"),
    (r"\( ▸ int", "INT_NUMERAL", "a real is made an int by `to_int`"),
    (r"\] ▸ \[", "", "all sizes stand in one pair of brackets, as in `array[M, N] real x`"),
    (r"^(int|real|vector|row_vector|matrix) ▸ \(", "", "a constraint is written `<lower=0>`, sizes `[N]`"),
    (r"^\w+ \w+ ▸ <", "SEMICOLON", "a constraint stands after the type, as in `real<lower=0> x`"),
    (r"^\w+ \[ .* \] ▸ <", "NAME", "a constraint stands before the sizes, as in `vector<lower=0>[N]`"),
    (r"^\w+ ▸ <", "NAME", "this type has its constraint already"),
    (rf", ▸ {_BEGINNINGS}\b", "NAME", "is the comma meant to be `;`?"),
    (r"\bT ▸ \(", "", "a truncation is written `T[0, 1]`"),
    (r"\bT \[ [^,]+ ▸ \]", "COMMA", "write `T[0, ]` for a lower bound, `T[, 0]` for an upper one"),
    (r"▸ T", "SEMICOLON", "a truncation goes with `~`"),
    (rf"▸ {_BEGINNINGS}\b", "SEMICOLON", "is there a `;` missing?"),
    (r"\d ▸ [eE]\b", "", "an exponent is written as in `1e-3`"),
    (r"\b0 ▸ [xXbBoO]\w", "", "integers are written with ten digits"),
    (r"\d ▸ [A-Za-z]", "SEMICOLON", "is there a `*` missing?"),
    (r"^\w+( \[ .* \])? \w+ ▸ [A-Za-z]", "SEMICOLON COMMA", "is there a `,` missing?"),
    (r"▸ :", "SEMICOLON", "is the `:` meant to be `;`?"),
    (r"= .*▸ =", "SEMICOLON", "a statement assigns once"),
    (r"^▸ \}", "$END", "there is a `}` too many, or a `{` is missing"),
    (r"▸ \)", "SEMICOLON", "there is a `)` too many, or a `(` is missing"),
)
_COMPILED = tuple((re.compile(place), frozenset(others.split()), hint) for place, others, hint in _SLIPS)
_OUTSIDE_BLOCKS = frozenset(("$END", "MODEL", "GENERATED_QUANTITIES"))
_BEFORE_VALUES = frozenset("= += -= *= /= , ( [ + - * / ? : ~ return in".split())
_OPENING = {"{": "}", "(": ")", "[": "]"}


@dataclass(frozen=True)
class Failure:
    """Where the parser stopped: the tokens before, the one found, and the kinds that could have stood there."""

    source: Source
    tokens: tuple[lark.Token, ...]
    found: lark.Token
    accepted: frozenset[str]
    spellings: Mapping[str, str]

    @property
    def before(self) -> lark.Token | None:
        return self.tokens[-1] if self.tokens else None

    @property
    def at_end(self) -> bool:
        return self.found.type == "$END"

    @cached_property
    def statement(self) -> tuple[lark.Token, ...]:
        """The tokens before, from the beginning of their statement."""
        begin = depth = 0
        for i, token in enumerate(self.tokens):
            if token == "{" and (depth or (i > 0 and self.tokens[i - 1] in _BEFORE_VALUES)):
                depth += 1
            elif token == "}" and depth:
                depth -= 1
            elif token in ("{", "}", ";"):
                begin = i + 1
        return self.tokens[begin:]

    @cached_property
    def place(self) -> str:
        """The statement as `_SLIPS` describe it."""
        return " ".join((*self.statement, "▸", "" if self.at_end else self.found))

    @cached_property
    def not_closed(self) -> lark.Token | None:
        """The innermost bracket that is open."""
        opened: list[lark.Token] = []
        for token in self.tokens:
            if token in _OPENING:
                opened.append(token)
            elif opened and token == _OPENING[opened[-1]]:
                opened.pop()
        return opened[-1] if opened else None


def misspelled_type(failure: Failure) -> tuple[lark.Token, str] | None:
    """A first word that looks like a type but is none, and what it may mean."""
    if "TILDE" not in failure.accepted or failure.found.type != "NAME" or not failure.statement:
        return None
    word = failure.statement[0]
    declared = any(token == word for token in failure.tokens[: -len(failure.statement)])
    shape = re.fullmatch(r"\w+( \[ .* \])?", " ".join(failure.statement))
    hint = _type_meant(word) if word.type == "NAME" and shape and not declared else None
    return (word, hint) if hint else None


def statement_meant(expression: Expression) -> str | None:
    """Advice for an expression that stands where a statement should."""
    match expression:
        case Name(name="next"):
            return "write `continue`"
        case Name(name="pass"):
            return "write `{ }`"
        case Name(name="end"):
            return "a block ends with `}`"
        case Name(name=name):
            return did_you_mean(name, ("break", "continue", "return"))
        case Binary(operator="=="):
            return "an assignment is written `=`"
    return None


def mend(failure: Failure) -> str | None:
    """Advice, if the slip is known."""
    slips = (hint for place, others, hint in _COMPILED if others <= failure.accepted and place.search(failure.place))
    return (
        _word_meant(failure) or next(slips, None) or _statement_meant(failure) or _keyword(failure) or _bracket(failure)
    )


def _word_meant(failure: Failure) -> str | None:
    """A misspelled word of the language: of a constraint, a type or a block."""
    found, accepted = failure.found, failure.accepted
    if accepted & _OUTSIDE_BLOCKS and (hint := _block_meant(failure)):
        return hint
    if found.type != "NAME":
        return None
    if accepted & CONSTRAINTS:
        return did_you_mean(found, (failure.spellings[name] for name in sorted(CONSTRAINTS)))
    return _type_meant(found) if accepted >= {"INT", "VECTOR"} else None


def _statement_meant(failure: Failure) -> str | None:
    """A misspelled word that begins the statement."""
    word = failure.statement[0] if failure.statement else None
    return did_you_mean(word, _STATEMENTS) if word is not None and word.type == "NAME" else None


def _keyword(failure: Failure) -> str | None:
    spelling = failure.spellings.get(failure.found.type, "")
    if spelling.isidentifier() and "NAME" in failure.accepted and "WHILE" not in failure.accepted:
        return f"`{failure.found}` is a word of the language and cannot be a name"
    return None


def _type_meant(word: str) -> str | None:
    return _TYPES_ELSEWHERE.get(word) or did_you_mean(word, _TYPES)


def _block_meant(failure: Failure) -> str | None:
    found, blocks = failure.found, list(BLOCKS.values())
    if found.type in BLOCKS:
        return f"the order of blocks is {', '.join(blocks)}, each at most once"
    text = failure.source.text[found.start_pos or 0 :]
    near = closest(text.partition("{")[0].strip().replace("_", " "), blocks) if found.type == "NAME" else None
    if near:
        return f"did you mean `{near}`?"
    return "statements and declarations stand in blocks" if found != "}" and not failure.at_end else None


def _bracket(failure: Failure) -> str | None:
    """A bracket that is still open where another one, a block or the file ends."""
    opened, found = failure.not_closed, failure.found
    if opened is None:
        return None
    place, here = failure.source.span_of(opened), failure.source.span_of(found)
    if opened == "{":
        told = failure.at_end or found.type in BLOCKS
    else:
        told = found in (";", "}", ")", "]") and place.line != here.line
    return f"the `{opened}` of {place.line_from(here)} is not closed" if told else None
