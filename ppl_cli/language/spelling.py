"""Names that were probably meant: by a word that is like one that is known, or by one of another language."""

from __future__ import annotations

from collections.abc import Iterable

FUNCTIONS_ELSEWHERE = {
    "len": "did you mean `size`?",
    "length": "did you mean `size`?",
    "nrow": "did you mean `rows`?",
    "ncol": "did you mean `cols`?",
    "range": "a range is written `1:n`",
    "seq": "a range is written `1:n`",
    "c": "an array is written `{a, b}`, a row vector `[a, b]`",
    "ifelse": "write `condition ? a : b`",
    "where": "write `condition ? a : b`",
    "ln": "did you mean `log`?",
    "sigmoid": "did you mean `inv_logit`?",
    "expit": "did you mean `inv_logit`?",
    "cumsum": "did you mean `cumulative_sum`?",
    "cat": "did you mean `print`?",
    "int": "did you mean `to_int`?",
    "zeros": "did you mean `zeros_vector`?",
    "ones": "did you mean `ones_vector`?",
    "array": "an array is written `{a, b}`",
}
VALUES_ELSEWHERE = {
    "True": "true is written `1`",
    "TRUE": "true is written `1`",
    "False": "false is written `0`",
    "FALSE": "false is written `0`",
    "None": "there is no such value: leave out the variable's first value",
    "NULL": "there is no such value: leave out the variable's first value",
    "NA": "did you mean `not_a_number()`?",
    "NaN": "did you mean `not_a_number()`?",
    "nan": "did you mean `not_a_number()`?",
    "Inf": "did you mean `positive_infinity()`?",
    "inf": "did you mean `positive_infinity()`?",
}
_PRECISION = "did you mean `normal`? It takes a standard deviation, `dnorm` of BUGS a precision"
LAWS_ELSEWHERE = {
    "dnorm": _PRECISION,
    "gaussian": "did you mean `normal`?",
    "dunif": "did you mean `uniform`?",
    "dgamma": "did you mean `gamma`?",
    "dbeta": "did you mean `beta`?",
    "dexp": "did you mean `exponential`?",
    "dbern": "did you mean `bernoulli`?",
    "dbin": "did you mean `binomial`?",
    "dpois": "did you mean `poisson`?",
    "dcat": "did you mean `categorical`?",
    "ddirch": "did you mean `dirichlet`?",
    "dmnorm": "did you mean `multi_normal_prec`?",
    "dt": "did you mean `student_t`?",
    "half_normal": "declare the parameter with `<lower=0>` and give it `normal(0, …)`",
    "half_cauchy": "declare the parameter with `<lower=0>` and give it `cauchy(0, …)`",
    "lkj": "did you mean `lkj_corr` or `lkj_corr_cholesky`?",
}


def closest(word: str, known: Iterable[str]) -> str | None:
    """The known word that is most like `word`, if one is; capitals and the order of letters count least."""
    from difflib import get_close_matches

    words = list(dict.fromkeys(known))
    for likeness in (str.casefold, _letters):
        for other in words:
            if likeness(other) == likeness(word):
                return other
    return next(iter(get_close_matches(word, words, n=1, cutoff=0.7)), None)


def _letters(word: str) -> str:
    return "".join(sorted(word.casefold()))


def did_you_mean(word: str, known: Iterable[str]) -> str | None:
    """A hint with the closest known word."""
    near = closest(word, known)
    return f"did you mean `{near}`?" if near else None
