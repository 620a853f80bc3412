"""Signatures: their notation, and the result that each pattern gives for types of arguments."""

from __future__ import annotations

import pytest

from ppl_cli.language.signatures import Signature, SignatureTable, best_match
from ppl_cli.language.types import (
    BASIC_TYPES,
    INT,
    REAL,
    VECTOR,
    VOID,
    ArrayType,
    FunctionType,
    Type,
    array_of,
)


def type_of(text: str) -> Type:
    """A type from Stan's spelling."""
    if text == "function":
        return FunctionType(REAL, (REAL,))
    if not text.startswith("array"):
        return BASIC_TYPES[text]
    brackets, _, element = text.partition("] ")
    return array_of(BASIC_TYPES[element], brackets.count(",") + 1)


@pytest.mark.parametrize(
    "text",
    [
        "T exp(T)",
        "real normal_lpdf(reals | reals, reals)",
        "real std_normal_lpdf(reals |)",
        "array[] A head(array[] A, int)",
        "array[,] real f(data array[,] real, ...)",
        "void g()",
    ],
)
def test_notation_round_trip(text: str) -> None:
    assert str(Signature.parse(text)) == text


@pytest.mark.parametrize("text", ["exp(real)", "real exp(reel)", "real exp real"])
def test_wrong_notation_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="signature"):
        Signature.parse(text)


@pytest.mark.parametrize(
    ("signature", "arguments", "result"),
    [
        ("real f(real)", ["int"], "real"),
        ("real f(int)", ["real"], None),
        ("real f(array[] real)", ["array[] int"], "real"),
        ("real f(vector)", ["array[] real"], None),
        ("complex f(complex)", ["int"], "complex"),
        ("real f(real, real)", ["real"], None),
        ("T f(T)", ["int"], "real"),
        ("T f(T)", ["matrix"], "matrix"),
        ("T f(T)", ["array[,] int"], "array[,] real"),
        ("T f(T)", ["array[] vector"], "array[] vector"),
        ("T f(T)", ["complex"], None),
        ("T f(T, T)", ["int", "vector"], "vector"),
        ("T f(T, T)", ["vector", "row_vector"], None),
        ("T f(T, T)", ["array[] int", "array[] real"], "array[] real"),
        ("T f(T, T)", ["array[] real", "array[,] real"], None),
        ("T f(T, Z)", ["vector", "array[] int"], "vector"),
        ("T f(Z, T)", ["array[] int", "vector"], "vector"),
        ("T f(Z, T)", ["array[] int", "matrix"], None),
        ("T f(Z, T)", ["real", "real"], None),
        ("Z f(Z)", ["array[] int"], "array[] int"),
        ("Z f(Z)", ["vector"], None),
        ("real f(reals, reals)", ["matrix", "array[,] int"], "real"),
        ("real f(ints)", ["array[] int"], "real"),
        ("real f(ints)", ["vector"], None),
        ("reals f(reals, reals)", ["real", "int"], "real"),
        ("reals f(reals, reals)", ["real", "vector"], "array[] real"),
        ("ints f(reals)", ["array[] real"], "array[] int"),
        ("vectors f(vectors, matrix)", ["row_vector", "matrix"], "vector"),
        ("vectors f(vectors, matrix)", ["array[] vector", "matrix"], "array[] vector"),
        ("vectors f(vectors)", ["array[] real"], None),
        ("array[] A f(array[] A, int)", ["array[] vector", "int"], "array[] vector"),
        ("array[] A f(array[] A, int)", ["vector", "int"], None),
        ("array[] A f(array[] A, array[] A)", ["array[] int", "array[] real"], "array[] real"),
        ("array[] A f(array[] A, array[] A)", ["array[] vector", "array[] real"], None),
        ("real f(function, real, ...)", ["function", "real", "vector", "int"], "real"),
        ("real f(function, real, ...)", ["real", "real"], None),
        ("void f(real)", ["real"], "void"),
    ],
)
def test_result_of_call(signature: str, arguments: list[str], result: str | None) -> None:
    match = Signature.parse(signature).match([type_of(argument) for argument in arguments])
    expected = {None: None, "void": VOID}.get(result) if result in (None, "void") else type_of(str(result))
    assert (match.result if match else None) == expected


def test_fewest_promotions_win() -> None:
    table = SignatureTable(["T f(T)", "Z f(Z)", "real f(vector)"])
    found = {type: best_match(table.signatures("f"), [type]) for type in (INT, REAL, ArrayType(INT), VECTOR)}
    assert {type: str(match.signature) for type, match in found.items() if match} == {
        INT: "Z f(Z)",
        REAL: "T f(T)",
        ArrayType(INT): "Z f(Z)",
        VECTOR: "T f(T)",
    }


def test_unknown_name_has_no_signatures() -> None:
    assert SignatureTable(["T f(T)"]).signatures("g") == ()
