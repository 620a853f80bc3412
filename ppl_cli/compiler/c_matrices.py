"""What C kernels do with matrices: by loops where they are small, by BLAS where they are large, by LAPACK where
they are decomposed.

To BLAS and LAPACK, which have matrices by columns, a matrix by rows is its transpose. `numba_matrices` is the same for
Numba.
"""

from __future__ import annotations

MATRICES = {
    "cholesky": """\
static void cholesky(int64_t n, double *restrict a) {
  for (int64_t i = 0; i < n; ++i) {
    for (int64_t j = 0; j <= i; ++j) {
      double s = 0;
      #pragma omp simd reduction(+:s)
      for (int64_t k = 0; k < j; ++k) s += a[i * n + k] * a[j * n + k];
      s = a[i * n + j] - s;
      a[i * n + j] = i == j ? (s > 0 ? sqrt(s) : NAN) : s / a[j * n + j];
    }
    for (int64_t j = i + 1; j < n; ++j) a[i * n + j] = 0;
    if (isnan(a[i * n + i])) {
      for (int64_t j = 0; j < n * n; ++j) a[j] = NAN;
      return;
    }
  }
}
""",
    "solve_triangular": """\
static void solve_triangular(int64_t n, int64_t m, int64_t lower, int64_t transposed, const double *restrict a,
                             double *restrict b) {
  int64_t forward = lower != transposed;
  for (int64_t s = 0; s < n; ++s) {
    int64_t i = forward ? s : n - 1 - s;
    for (int64_t r = 0; r < s; ++r) {
      int64_t j = forward ? r : n - 1 - r;
      double f = transposed ? a[j * n + i] : a[i * n + j];
      for (int64_t k = 0; k < m; ++k) b[i * m + k] -= f * b[j * m + k];
    }
    double d = a[i * n + i];
    for (int64_t k = 0; k < m; ++k) b[i * m + k] /= d;
  }
}
""",
    "eliminate": """\
static int64_t eliminate(int64_t n, int64_t m, double *restrict a, double *restrict b) {
  int64_t sign = 1;
  for (int64_t c = 0; c < n; ++c) {
    int64_t p = c;
    for (int64_t i = c + 1; i < n; ++i) if (fabs(a[i * n + c]) > fabs(a[p * n + c])) p = i;
    if (p != c) {
      sign = -sign;
      for (int64_t k = 0; k < n; ++k) { double t = a[c * n + k]; a[c * n + k] = a[p * n + k]; a[p * n + k] = t; }
      for (int64_t k = 0; k < m; ++k) { double t = b[c * m + k]; b[c * m + k] = b[p * m + k]; b[p * m + k] = t; }
    }
    for (int64_t i = c + 1; i < n; ++i) {
      double f = a[c * n + c] == 0 ? 0 : a[i * n + c] / a[c * n + c];
      for (int64_t k = c + 1; k < n; ++k) a[i * n + k] -= f * a[c * n + k];
      for (int64_t k = 0; k < m; ++k) b[i * m + k] -= f * b[c * m + k];
    }
  }
  return sign;
}
""",
    "solve": """\
static void solve(int64_t n, int64_t m, double *restrict a, double *restrict b) {
  eliminate(n, m, a, b);
  solve_triangular(n, m, 0, 0, a, b);
}
""",
    "log_determinant": """\
static void log_determinant(int64_t n, double *restrict a, double *restrict out) {
  double total = 0;
  eliminate(n, 0, a, 0);
  for (int64_t i = 0; i < n; ++i) total += log(fabs(a[i * n + i]));
  out[0] = total;
}
""",
    "determinant": """\
static void determinant(int64_t n, double *restrict a, double *restrict out) {
  double product = eliminate(n, 0, a, 0);
  for (int64_t i = 0; i < n; ++i) product *= a[i * n + i];
  out[0] = product;
}
""",
    "is_finite": """\
static int is_finite(int64_t n, const double *a) {
  for (int64_t k = 0; k < n; ++k) if (isnan(a[k]) || isinf(a[k])) return 0;
  return 1;
}
""",
    "spoil": """\
static void spoil(int64_t n, double *out) {
  for (int64_t k = 0; k < n; ++k) out[k] = NAN;
}
""",
    "symmetric_eigen": """\
static void symmetric_eigen(
    void (*dsyev)(char *, char *, int *, double *, int *, double *, double *, int *, int *),
    int64_t m, int64_t n, int64_t room, double *a, double *work, double *out) {
  int order = n, size = room, info = 1;
  if (is_finite(n * n, a)) dsyev("V", "U", &order, a, &order, out, work, &size, &info);
  if (info) { spoil(n + n * n, out); return; }
  for (int64_t k = 0; k < n * n; ++k) out[n + k] = a[k];
}
""",
    "eigen": """\
static void eigen(
    void (*dgeev)(char *, char *, int *, double *, int *, double *, double *, double *, int *, double *, int *, double
    *,
                  int *, int *),
    int64_t m, int64_t n, int64_t room, double *a, double *work, double *out) {
  int order = n, size = room, info = 1;
  double *im = out + n, *v = im + n, *w = v + n * n;
  for (int64_t k = 0; k < n; ++k)
    for (int64_t j = 0; j < k; ++j) { double t = a[k * n + j]; a[k * n + j] = a[j * n + k]; a[j * n + k] = t; }
  if (is_finite(n * n, a))
    dgeev("N", "V", &order, a, &order, out, im, 0, &order, v, &order, work, &size, &info);
  if (info) { spoil(2 * n * (n + 1), out); return; }
  for (int64_t k = 0; k < n; ++k)
    for (int64_t j = 0; j < n; ++j) {
      if (im[k] > 0) w[k * n + j] = v[(k + 1) * n + j];
      else if (im[k] < 0) { v[k * n + j] = v[(k - 1) * n + j]; w[k * n + j] = -w[(k - 1) * n + j]; }
      else w[k * n + j] = 0;
    }
}
""",
    "singular_values": """\
static void singular_values(
    void (*dgesvd)(char *, char *, int *, int *, double *, int *, double *, double *, int *, double *, int *, double *,
                   int *, int *),
    int64_t m, int64_t n, int64_t room, double *a, double *work, double *out) {
  int rows = n, columns = m, least = m < n ? m : n, size = room, info = 1;
  double *v = out + least, *u = v + least * n;
  if (is_finite(m * n, a))
    dgesvd("S", "S", &rows, &columns, a, &rows, out, v, &rows, u, &least, work, &size, &info);
  if (info) spoil(least * (1 + m + n), out);
}
""",
    "orthogonal": """\
static void orthogonal(
    void (*dgelqf)(int *, int *, double *, int *, double *, double *, int *, int *),
    void (*dorglq)(int *, int *, int *, double *, int *, double *, double *, int *, int *),
    int64_t m, int64_t n, int64_t room, double *a, double *work, double *out) {
  int rows = n, columns = m, size = room - n, info = 1;
  double *r = out + m * n;
  if (is_finite(m * n, a)) dgelqf(&rows, &columns, a, &rows, work, work + n, &size, &info);
  for (int64_t k = 0; k < n * n; ++k) r[k] = k / n <= k % n ? a[k] : 0;
  if (!info) dorglq(&rows, &columns, &rows, a, &rows, work, work + n, &size, &info);
  if (info) { spoil(n * (m + n), out); return; }
  for (int64_t k = 0; k < m * n; ++k) out[k] = a[k];
}
""",
    "interleave": """\
static void interleave(int64_t m, int64_t n, const double *a, double *z) {
  for (int64_t p = 0; p < 2; ++p)
    for (int64_t i = 0; i < m; ++i)
      for (int64_t j = 0; j < n; ++j) z[2 * (j * m + i) + p] = a[(p * m + i) * n + j];
}
""",
    "separate": """\
static void separate(int64_t m, int64_t n, const double *z, double *out) {
  for (int64_t p = 0; p < 2; ++p)
    for (int64_t i = 0; i < m; ++i)
      for (int64_t j = 0; j < n; ++j) out[(p * m + i) * n + j] = z[2 * (j * m + i) + p];
}
""",
    "complex_eigen": """\
static void complex_eigen(
    void (*zgeev)(char *, char *, int *, double *, int *, double *, double *, int *, double *, int *, double *, int *,
                  double *, int *),
    int64_t m, int64_t n, int64_t room, double *a, double *work, double *out) {
  double *v = work + 2 * n * n, *w = v + 2 * n * n, *real = w + 2 * n, *rest = real + 2 * n;
  int order = n, size = (work + room - rest) / 2, info = 1;
  interleave(n, n, a, work);
  if (is_finite(m * n, a))
    zgeev("N", "V", &order, work, &order, w, 0, &order, v, &order, rest, &size, real, &info);
  if (info) { spoil(2 * n * (n + 1), out); return; }
  separate(n, 1, w, out);
  separate(n, n, v, out + 2 * n);
}
""",
    "hermitian_eigen": """\
static void hermitian_eigen(
    void (*zheev)(char *, char *, int *, double *, int *, double *, double *, int *, double *, int *),
    int64_t m, int64_t n, int64_t room, double *a, double *work, double *out) {
  double *real = work + 2 * n * n, *rest = real + 3 * n;
  int order = n, size = (work + room - rest) / 2, info = 1;
  interleave(n, n, a, work);
  if (is_finite(m * n, a)) zheev("V", "U", &order, work, &order, out, rest, &size, real, &info);
  if (info) { spoil(n + 2 * n * n, out); return; }
  separate(n, n, work, out + n);
}
""",
    "complex_singular_values": """\
static void complex_singular_values(
    void (*zgesvd)(char *, char *, int *, int *, double *, int *, double *, double *, int *, double *, int *, double *,
                   int *, double *, int *),
    int64_t m, int64_t n, int64_t room, double *a, double *work, double *out) {
  int rows = m / 2, columns = n, least = rows < n ? rows : n;
  double *u = work + m * n, *v = u + m * least, *real = v + 2 * least * n, *rest = real + 5 * least;
  int size = (work + room - rest) / 2, info = 1;
  interleave(rows, n, a, work);
  if (is_finite(m * n, a))
    zgesvd("S", "S", &rows, &columns, work, &rows, out, u, &rows, v, &least, rest, &size, real, &info);
  if (info) { spoil(least * (1 + m + 2 * n), out); return; }
  separate(least, n, v, out + least);
  separate(rows, least, u, out + least + 2 * least * n);
}
""",
    "schur": """\
static void schur(
    void (*zgees)(char *, char *, int *, int *, double *, int *, int *, double *, double *, int *, double *, int *,
                  double *, int *, int *),
    int64_t m, int64_t n, int64_t room, double *a, double *work, double *out) {
  double *u = work + 2 * n * n, *w = u + 2 * n * n, *real = w + 2 * n, *rest = real + n;
  int order = n, size = (work + room - rest) / 2, sorted = 0, info = 1;
  interleave(n, n, a, work);
  if (is_finite(m * n, a))
    zgees("V", "N", 0, &order, work, &order, &sorted, w, u, &order, rest, &size, real, &sorted, &info);
  if (info) { spoil(4 * n * n, out); return; }
  separate(n, n, work, out);
  separate(n, n, u, out + 2 * n * n);
}
""",
    "large_cholesky": """\
static void large_cholesky(void (*dpotrf)(char *, int *, double *, int *, int *), int64_t n, double *a) {
  int order = n, info;
  dpotrf("U", &order, a, &order, &info);
  for (int64_t i = 0; i < n; ++i) {
    if (info || isnan(a[i * n + i])) { spoil(n * n, a); return; }
    for (int64_t j = i + 1; j < n; ++j) a[i * n + j] = 0;
  }
}
""",
    "large_solve_triangular": """\
static void large_solve_triangular(
    void (*dtrsm)(char *, char *, char *, char *, int *, int *, double *, const double *, int *, double *, int *),
    int64_t n, int64_t m, int64_t lower, int64_t transposed, const double *a, double *b) {
  int order = n, columns = m;
  double one = 1;
  dtrsm("R", lower ? "U" : "L", transposed ? "T" : "N", "N", &columns, &order, &one, a, &order, b, &columns);
}
""",
    "large_solve": """\
static void large_solve(
    void (*dgetrf)(int *, int *, double *, int *, int *, int *),
    void (*dtrsm)(char *, char *, char *, char *, int *, int *, double *, const double *, int *, double *, int *),
    int64_t n, int64_t m, double *a, double *b, double *work) {
  int order = n, columns = m, info, *pivots = (int *)work;
  double one = 1;
  dgetrf(&order, &order, a, &order, pivots, &info);
  dtrsm("R", "U", "N", "N", &columns, &order, &one, a, &order, b, &columns);
  dtrsm("R", "L", "N", "U", &columns, &order, &one, a, &order, b, &columns);
  for (int64_t i = n - 1; i >= 0; --i)
    for (int64_t p = pivots[i] - 1, k = 0; p != i && k < m; ++k) {
      double t = b[i * m + k];
      b[i * m + k] = b[p * m + k];
      b[p * m + k] = t;
    }
}
""",
    "large_log_determinant": """\
static void large_log_determinant(
    void (*dgetrf)(int *, int *, double *, int *, int *, int *), int64_t n, double *a, double *out, double *work) {
  int order = n, info;
  dgetrf(&order, &order, a, &order, (int *)work, &info);
  double total = 0;
  for (int64_t i = 0; i < n; ++i) total += log(fabs(a[i * n + i]));
  out[0] = total;
}
""",
    "large_determinant": """\
static void large_determinant(
    void (*dgetrf)(int *, int *, double *, int *, int *, int *), int64_t n, double *a, double *out, double *work) {
  int order = n, info, *pivots = (int *)work;
  dgetrf(&order, &order, a, &order, pivots, &info);
  double product = 1;
  for (int64_t i = 0; i < n; ++i) product *= pivots[i] == i + 1 ? a[i * n + i] : -a[i * n + i];
  out[0] = product;
}
""",
    "large_product": """\
static void large_product(
    void (*dgemm)(char *, char *, int *, int *, int *, double *, const double *, int *, const double *, int *,
                  double *, double *, int *),
    int64_t m, int64_t k, int64_t n, const double *a, const double *b, double *out) {
  int rows = m, inner = k, columns = n;
  double one = 1, zero = 0;
  dgemm("N", "N", &columns, &rows, &inner, &one, b, &columns, a, &inner, &zero, out, &columns);
}
""",
}
