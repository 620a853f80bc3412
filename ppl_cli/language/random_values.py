"""Random expressions: right of `~`, a distribution's name is a random value that ordinary expressions may contain."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ppl_cli.language.calls import check_distribution, is_distribution
from ppl_cli.language.context import Context
from ppl_cli.language.signatures import Signature
from ppl_cli.language.syntax import Call, Suffix
from ppl_cli.language.types import (
    BASIC_TYPES,
    ERROR,
    INT,
    REAL,
    ROW_VECTOR,
    VECTOR,
    ArrayType,
    Type,
    array_of,
    ndim,
)


def check_random_value(context: Context, call: Call, arguments: tuple[Type, ...]) -> Type | None:
    """The type of a draw, where a call in a random expression names a distribution; None if it does not."""
    if not is_distribution(context, call.name):
        return None
    if context.functions.get(call.name + Suffix.LPDF.value) or context.functions.get(call.name + Suffix.LPMF.value):
        context.not_supported("a program's own distribution inside an expression is", call.span)
        return ERROR
    for suffix in (Suffix.LPDF, Suffix.LPMF):
        for signature in context.library.signatures(call.name + suffix.value):
            outcome = _outcome(signature, arguments)
            if outcome is not None and signature.match((outcome, *arguments)) is not None:
                check_distribution(context, call, (outcome, *arguments))
                context.calls[call] = replace(context.calls[call], result=outcome, random=True)
                return outcome
    check_distribution(context, call, (REAL, *arguments))  # reports the arguments
    return ERROR


def _outcome(signature: Signature, arguments: Sequence[Type]) -> Type | None:
    """The type of one draw: of a scalar distribution, the container that its arguments make."""
    pattern = signature.arguments[0]
    match pattern.word:
        case "reals":
            containers = [type for type in arguments if ndim(type)]
            vectors = [type for type in containers if type in (VECTOR, ROW_VECTOR)]
            if not containers:
                return REAL
            return vectors[0] if vectors else array_of(REAL, max(map(ndim, containers)))
        case "ints":
            whole = [
                type for type, p in zip(arguments, signature.arguments[1:], strict=False) if p.word in ("reals", "ints")
            ]
            return array_of(INT, max(map(ndim, whole), default=0))
        case "vectors":
            many = any(isinstance(type, ArrayType) for type in arguments)
            return ArrayType(VECTOR) if many else VECTOR
    basic = BASIC_TYPES.get(pattern.word)
    return None if basic is None else array_of(basic, pattern.dimensions)


def fits_random(left: Type, right: Type) -> bool:
    """Whether `left ~ expression` makes sense: the same kind of container, or independent copies of the right."""
    if ERROR in (left, right):
        return True
    if ndim(left) == ndim(right):
        return True
    inner = left
    while isinstance(inner, ArrayType) and ndim(inner) > ndim(right):
        inner = inner.element
    return ndim(inner) == ndim(right) or ndim(right) == 0
