"""A small library, so that the tests of the language do not depend on which functions there are."""

from __future__ import annotations

import pytest

from ppl_cli.language.signatures import SignatureTable

SIGNATURES = (
    "T exp(T)",
    "T log(T)",
    "T sqrt(T)",
    "Z abs(Z)",
    "T abs(T)",
    "T fmax(T, T)",
    "T pow(T, T)",
    "T ldexp(T, Z)",
    "real log_mix(real, real, real)",
    "real dot_product(vector, vector)",
    "real dot_product(row_vector, row_vector)",
    "real sum(array[] real)",
    "int sum(array[] int)",
    "real sum(vector)",
    "real sum(row_vector)",
    "real sum(matrix)",
    "int size(A)",
    "array[] A head(array[] A, int)",
    "vector head(vector, int)",
    "array[] A rep_array(A, int)",
    "array[] A append_array(array[] A, array[] A)",
    "vector rep_vector(real, int)",
    "int to_int(data real)",
    "vector to_vector(array[] real)",
    "vector to_vector(matrix)",
    "matrix cholesky_decompose(matrix)",
    "array[] vector ode_rk45(function, vector, real, array[] real, ...)",
    "array[,] real integrate_ode_rk45(function, array[] real, real, array[] real, array[] real, "
    "data array[] real, data array[] int)",
    "real reduce_sum(function, array[] A, int, ...)",
    "vector algebra_solver(function, vector, vector, data array[] real, data array[] int)",
    "real normal_lpdf(reals | reals, reals)",
    "real normal_lcdf(reals | reals, reals)",
    "real normal_lccdf(reals | reals, reals)",
    "real normal_cdf(reals | reals, reals)",
    "reals normal_rng(reals, reals)",
    "real std_normal_lpdf(reals |)",
    "real cauchy_lpdf(reals | reals, reals)",
    "real bernoulli_lpmf(ints | reals)",
    "ints bernoulli_rng(reals)",
    "real poisson_lpmf(ints | reals)",
    "real poisson_lcdf(ints | reals)",
    "real poisson_lccdf(ints | reals)",
    "real categorical_lpmf(ints | vector)",
    "real multi_normal_lpdf(vectors | vectors, matrix)",
    "vectors multi_normal_rng(vectors, matrix)",
)


@pytest.fixture(scope="session")
def library() -> SignatureTable:
    return SignatureTable(SIGNATURES)
