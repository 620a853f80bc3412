"""What Numba kernels do with matrices: by loops where they are small, by BLAS where they are large, by LAPACK where
they are decomposed.

`c_matrices` is the same for C.
"""

from __future__ import annotations

import math

import numpy as np

from ppl_cli.compiler.numba_runtime import doubles, function, lapack, short_integers

# A matrix by rows is its transpose to BLAS and LAPACK, which have matrices by columns; characters are given by their
# codes.
_L, _N, _R, _S, _T, _U, _V = (ord(letter) for letter in "LNRSTUV")


@function
def cholesky(n, a):
    for i in range(n):
        for j in range(i + 1):
            s = a[i * n + j]
            for k in range(j):
                s -= a[i * n + k] * a[j * n + k]
            if i != j:
                a[i * n + j] = s / a[j * n + j]
            elif s > 0:
                a[i * n + i] = math.sqrt(s)
            else:
                for k in range(n * n):
                    a[k] = np.nan
                return
        for j in range(i + 1, n):
            a[i * n + j] = 0.0


@function
def solve_triangular(n, m, lower, transposed, a, b):
    forward = lower != transposed
    for s in range(n):
        i = s if forward else n - 1 - s
        for r in range(s):
            j = r if forward else n - 1 - r
            f = a[j * n + i] if transposed else a[i * n + j]
            for k in range(m):
                b[i * m + k] -= f * b[j * m + k]
        for k in range(m):
            b[i * m + k] /= a[i * n + i]


@function
def eliminate(n, m, a, b):
    sign = 1.0
    for c in range(n):
        p = c
        for i in range(c + 1, n):
            if abs(a[i * n + c]) > abs(a[p * n + c]):
                p = i
        if p != c:
            sign = -sign
            for k in range(n):
                a[c * n + k], a[p * n + k] = a[p * n + k], a[c * n + k]
            for k in range(m):
                b[c * m + k], b[p * m + k] = b[p * m + k], b[c * m + k]
        for i in range(c + 1, n):
            f = 0.0 if a[c * n + c] == 0 else a[i * n + c] / a[c * n + c]
            for k in range(c + 1, n):
                a[i * n + k] -= f * a[c * n + k]
            for k in range(m):
                b[i * m + k] -= f * b[c * m + k]
    return sign


@function
def solve(n, m, a, b):
    eliminate(n, m, a, b)
    solve_triangular(n, m, 0, 0, a, b)


@function
def log_determinant(n, a, out):
    eliminate(n, 0, a, a)
    total = 0.0
    for i in range(n):
        total += math.log(abs(a[i * n + i]))
    out[0] = total


@function
def determinant(n, a, out):
    product = eliminate(n, 0, a, a)
    for i in range(n):
        product *= a[i * n + i]
    out[0] = product


@function
def is_finite(n, a):
    for k in range(n):
        if not math.isfinite(a[k]):
            return False
    return True


@function
def spoil(n, out):
    for k in range(n):
        out[k] = np.nan


@function
def symmetric_eigen(dsyev, m, n, room, a, work, out):
    if not is_finite(n * n, a) or lapack(dsyev, (_V, _U, n, a, n, out, work, room)) != 0:
        spoil(n + n * n, out)
        return
    for k in range(n * n):
        out[n + k] = a[k]


@function
def eigen(dgeev, m, n, room, a, work, out):
    im, v, w = doubles(out, n), doubles(out, 2 * n), doubles(out, 2 * n + n * n)
    for k in range(n):
        for j in range(k):
            a[k * n + j], a[j * n + k] = a[j * n + k], a[k * n + j]
    if not is_finite(n * n, a) or lapack(dgeev, (_N, _V, n, a, n, out, im, work, n, v, n, work, room)) != 0:
        spoil(2 * n * (n + 1), out)
        return
    for k in range(n):
        for j in range(n):
            if im[k] > 0:
                w[k * n + j] = v[(k + 1) * n + j]
            elif im[k] < 0:
                v[k * n + j] = v[(k - 1) * n + j]
                w[k * n + j] = -w[(k - 1) * n + j]
            else:
                w[k * n + j] = 0.0


@function
def singular_values(dgesvd, m, n, room, a, work, out):
    least = min(m, n)
    v, u = doubles(out, least), doubles(out, least + least * n)
    if not is_finite(m * n, a) or lapack(dgesvd, (_S, _S, n, m, a, n, out, v, n, u, least, work, room)) != 0:
        spoil(least * (1 + m + n), out)


@function
def orthogonal(dgelqf, dorglq, m, n, room, a, work, out):
    rest = doubles(work, n)
    if not is_finite(m * n, a) or lapack(dgelqf, (n, m, a, n, work, rest, room - n)) != 0:
        spoil(n * (m + n), out)
        return
    for k in range(n * n):
        out[m * n + k] = a[k] if k // n <= k % n else 0.0
    lapack(dorglq, (n, m, n, a, n, work, rest, room - n))
    for k in range(m * n):
        out[k] = a[k]


@function
def interleave(m, n, a, z):
    for p in range(2):
        for i in range(m):
            for j in range(n):
                z[2 * (j * m + i) + p] = a[(p * m + i) * n + j]


@function
def separate(m, n, z, out):
    for p in range(2):
        for i in range(m):
            for j in range(n):
                out[(p * m + i) * n + j] = z[2 * (j * m + i) + p]


@function
def complex_eigen(zgeev, m, n, room, a, work, out):
    v, w, real = doubles(work, 2 * n * n), doubles(work, 4 * n * n), doubles(work, 4 * n * n + 2 * n)
    rest, size = doubles(real, 2 * n), (room - 4 * n * n - 4 * n) // 2
    interleave(n, n, a, work)
    if not is_finite(m * n, a) or lapack(zgeev, (_N, _V, n, work, n, w, v, n, v, n, rest, size, real)) != 0:
        spoil(2 * n * (n + 1), out)
        return
    separate(n, 1, w, out)
    separate(n, n, v, doubles(out, 2 * n))


@function
def hermitian_eigen(zheev, m, n, room, a, work, out):
    real, rest, size = doubles(work, 2 * n * n), doubles(work, 2 * n * n + 3 * n), (room - 2 * n * n - 3 * n) // 2
    interleave(n, n, a, work)
    if not is_finite(m * n, a) or lapack(zheev, (_V, _U, n, work, n, out, rest, size, real)) != 0:
        spoil(n + 2 * n * n, out)
        return
    separate(n, n, work, doubles(out, n))


@function
def complex_singular_values(zgesvd, m, n, room, a, work, out):
    rows = m // 2
    least = min(rows, n)
    u, v, real = doubles(work, m * n), doubles(work, m * (n + least)), doubles(work, m * (n + least) + 2 * least * n)
    rest, size = doubles(real, 5 * least), (room - m * (n + least) - 2 * least * n - 5 * least) // 2
    interleave(rows, n, a, work)
    arguments = (_S, _S, rows, n, work, rows, out, u, rows, v, least, rest, size, real)
    if not is_finite(m * n, a) or lapack(zgesvd, arguments) != 0:
        spoil(least * (1 + m + 2 * n), out)
        return
    separate(least, n, v, doubles(out, least))
    separate(rows, least, u, doubles(out, least + 2 * least * n))


@function
def schur(zgees, m, n, room, a, work, out):
    u, w, real = doubles(work, 2 * n * n), doubles(work, 4 * n * n), doubles(work, 4 * n * n + 2 * n)
    rest, size = doubles(real, n), (room - 4 * n * n - 3 * n) // 2
    interleave(n, n, a, work)
    if not is_finite(m * n, a) or lapack(zgees, (_V, _N, 0, n, work, n, 0, w, u, n, rest, size, real, 0)) != 0:
        spoil(4 * n * n, out)
        return
    separate(n, n, work, out)
    separate(n, n, u, doubles(out, 2 * n * n))


@function
def large_cholesky(dpotrf, n, a):
    failed = lapack(dpotrf, (_U, n, a, n)) != 0
    for i in range(n):
        if failed or math.isnan(a[i * n + i]):
            spoil(n * n, a)
            return
        for j in range(i + 1, n):
            a[i * n + j] = 0.0


@function
def large_solve_triangular(dtrsm, n, m, lower, transposed, a, b):
    lapack(dtrsm, (_R, _U if lower else _L, _T if transposed else _N, _N, m, n, 1.0, a, n, b, m))


@function
def large_solve(dgetrf, dtrsm, n, m, a, b, work):
    lapack(dgetrf, (n, n, a, n, work))
    lapack(dtrsm, (_R, _U, _N, _N, m, n, 1.0, a, n, b, m))
    lapack(dtrsm, (_R, _L, _N, _U, m, n, 1.0, a, n, b, m))
    pivots = short_integers(work, 0)
    for s in range(n):
        i = n - 1 - s
        p = pivots[i] - 1
        if p != i:
            for k in range(m):
                b[i * m + k], b[p * m + k] = b[p * m + k], b[i * m + k]


@function
def large_log_determinant(dgetrf, n, a, out, work):
    lapack(dgetrf, (n, n, a, n, work))
    total = 0.0
    for i in range(n):
        total += math.log(abs(a[i * n + i]))
    out[0] = total


@function
def large_determinant(dgetrf, n, a, out, work):
    lapack(dgetrf, (n, n, a, n, work))
    pivots = short_integers(work, 0)
    product = 1.0
    for i in range(n):
        product *= a[i * n + i] if pivots[i] == i + 1 else -a[i * n + i]
    out[0] = product


@function
def large_product(dgemm, m, k, n, a, b, out):
    lapack(dgemm, (_N, _N, n, m, k, 1.0, b, n, a, k, 0.0, out, n))
