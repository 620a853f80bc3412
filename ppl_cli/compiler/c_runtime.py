"""What C kernels begin with: declarations by hand (headers cost compile time), special functions, matrix routines.

VECTOR_MATH says which functions the C library has for vectors: 0 none, 1 the old ones of glibc's libmvec, 2 those
since glibc 2.35, too.
`numba_runtime` is the same for Numba.
"""

from __future__ import annotations

PRELUDE = """\
typedef __INT64_TYPE__ int64_t;
typedef __UINT64_TYPE__ uint64_t;
#define NAN __builtin_nan("")
#define INFINITY __builtin_inf()
#define isnan(x) ((x) != (x))
#define isinf(x) (__builtin_fabs(x) == INFINITY)
#define REAL __attribute__((const)) double
#if VECTOR_MATH >= 1
#define REAL_1 __attribute__((const, simd("notinbranch"))) double
#else
#define REAL_1 REAL
#endif
#if VECTOR_MATH >= 2
#define REAL_2 REAL_1
#else
#define REAL_2 REAL
#endif
REAL_1 exp(double); REAL_1 log(double); REAL_1 sin(double); REAL_1 cos(double); REAL_1 pow(double, double);
REAL_2 exp2(double); REAL_2 expm1(double); REAL_2 log1p(double); REAL_2 log2(double); REAL_2 log10(double);
REAL_2 cbrt(double); REAL_2 tan(double); REAL_2 asin(double); REAL_2 acos(double); REAL_2 atan(double);
REAL_2 sinh(double); REAL_2 cosh(double); REAL_2 tanh(double); REAL_2 asinh(double); REAL_2 acosh(double);
REAL_2 atanh(double); REAL_2 erf(double); REAL_2 erfc(double); REAL_2 atan2(double, double);
REAL sqrt(double); REAL fabs(double); REAL floor(double); REAL ceil(double); REAL trunc(double); REAL round(double);
REAL fmod(double, double);
double lgamma_r(double, int *);
static inline double lgamma_(double x) { int sign; return lgamma_r(x, &sign); }
static inline double fmax_(double a, double b) { return a > b || isnan(b) ? a : b; }
static inline double fmin_(double a, double b) { return a < b || isnan(b) ? a : b; }
static inline int64_t int_div(int64_t a, int64_t b) { return b == 0 ? 0 : b == -1 ? -a : a / b; }
static inline int64_t int_mod(int64_t a, int64_t b) { return b == 0 || b == -1 ? 0 : a % b; }
"""

# Functions that are defined only in kernels that call them, after those that they call. To LAPACK, which has matrices
# by columns, a matrix by rows is its transpose.
FUNCTIONS = {
    "log_add_exp": """\
static inline double log_add_exp(double a, double b) {
  double high = a > b ? a : b, low = a > b ? b : a;
  if (isnan(a) || isnan(b)) return a + b;
  return isinf(high) ? high : high + log1p(exp(low - high));
}
""",
    "log_mix": """\
static inline double log_mix(double p, double a, double b) {
  double high = a > b ? a : b, e = exp(-fabs(a - b));
  double r = a > b ? p + (1 - p) * e : p * e + (1 - p);
  if (isnan(a) || isnan(b) || !(p >= 0 && p <= 1)) return NAN;
  return isinf(high) ? high : high + log(r);
}
""",
    "log_ndtr": """\
static double log_ndtr(double x) {
  if (x > 5) return log1p(-0.5 * erfc(x * 0.7071067811865476));
  if (x > -20) return log(0.5 * erfc(x * -0.7071067811865476));
  double term = 1, sum = 1, odd = 1, square = x * x;
  for (int k = 0; k < 12 && fabs(term) > 1e-17; ++k, odd += 2) sum += term *= -odd / square;
  return -0.5 * square - log(-x) - 0.9189385332046727 + log(sum);
}
""",
    "digamma": """\
static double digamma(double x) {
  double reflected = 0;
  if (x <= 0) {
    if (x == floor(x)) return NAN;
    reflected = -3.141592653589793 / tan(3.141592653589793 * (x - round(x)));
    x = 1 - x;
  }
  for (; x < 10; x += 1) reflected -= 1 / x;
  double w = 1 / (x * x);
  return reflected + log(x) - 0.5 / x - w * (1. / 12 - w * (1. / 120 - w * (1. / 252 - w * (1. / 240 - w * (1. / 132
    - w * (691. / 32760 - w / 12))))));
}
""",
    "hurwitz_zeta": """\
static double hurwitz_zeta(double s, double q) {
  static const double a[] = {12.0, -720.0, 30240.0, -1209600.0, 47900160.0, -1.8924375803183791606e9, 7.47242496e10,
    -2.950130727918164224e12, 1.1646782814350067249e14, -4.5979787224074726105e15, 1.8152105401943546773e17,
    -7.1661652561756670113e18};
  if (s == 1) return INFINITY;
  if (isnan(s) || isnan(q) || s < 1) return NAN;
  if (q <= 0 && q == floor(q)) return INFINITY;
  if (q <= 0 && s != floor(s)) return NAN;
  if (q > 1e8) return (1 / (s - 1) + 1 / (2 * q)) * pow(q, 1 - s);
  double sum = pow(q, -s), w = q, b = 0;
  for (int i = 0; i < 9 || w <= 9; ++i) {
    w += 1;
    sum += b = pow(w, -s);
    if (fabs(b) < 1.1e-16 * fabs(sum)) return sum;
  }
  sum += b * w / (s - 1) - 0.5 * b;
  double factor = 1;
  for (int i = 0; i < 12; ++i) {
    factor *= s + 2 * i;
    b /= w;
    double term = factor * b / a[i];
    sum += term;
    if (fabs(term) < 1.1e-16 * fabs(sum)) return sum;
    factor *= s + 2 * i + 1;
    b /= w;
  }
  return sum;
}
""",
    "lambert_w": """\
static double lambert_w(double x, int lower) {
  if (!(x >= -0.36787944117144233) || (lower && x > 0)) return NAN;
  if (lower && x == 0) return -INFINITY;
  if (isinf(x)) return x;
  double square = 5.43656365691809 * (x + 0.36787944117144233 - 1.2428753672788363e-17);
  double p = square > 0 ? lower ? -sqrt(square) : sqrt(square) : 0, large = log(fabs(x));
  if (fabs(p) < 0.02) return -1 + p * (1 - p * (1. / 3 - p * (11. / 72 - p * (43. / 540 - p * (769. / 17280
    - p * (221. / 8505 - p * 680863. / 43545600))))));
  double w = x < -0.25 ? -1 + p * (1 - p / 3) : lower ? large - log(-large) : x > 2 ? large - log(large) : 0.8 *
  log1p(x); for (int k = 0; k < 20; ++k) {
    double e = exp(w), off = w * e - x, step = off / (e * (w + 1) - (w + 2) * off / (2 * w + 2));
    w -= step;
    if (fabs(step) <= 1e-15 * fabs(w)) break;
  }
  return w;
}
""",
    "choose": """\
static int64_t choose(int64_t n, int64_t k) {
  if (n < 0 || k < 0) return -1;
  if (k > n) return 0;
  int64_t result = 1;
  if (k > n - k) k = n - k;
  for (int64_t i = 1; i <= k; ++i) {
    int64_t a = result, b = i;
    while (b) { int64_t r = a % b; a = b; b = r; }
    if (__builtin_mul_overflow(result / a, (n - i + 1) / (i / a), &result)) return -1;
  }
  return result;
}
""",
    "hypergeometric": """\
static double hypergeometric(int p, int q, const double *x, int by) {
  double term = 1, slope = 0, total = by < 0;
  for (int n = 0, negligible = 0; n < 100000 && negligible < 3; ++n) {
    double ratio = x[p + q] / (n + 1), own = 1, change = 0;
    for (int k = 0; k < p + q; ++k) {
      double factor = x[k] + n;
      if (k >= p) {
        if (factor == 0) return NAN;
        factor = 1 / factor;
      }
      if (k == by) own = factor, change = k < p ? 1 : -factor * factor;
      else ratio *= factor;
    }
    slope = ratio * (slope * own + term * change);
    term *= ratio * own;
    double added = by < 0 ? term : slope;
    total += added;
    negligible = fabs(added) <= 1e-17 * fabs(total) ? negligible + 1 : 0;
    if (negligible == 3) return total;
  }
  return NAN;
}
""",
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
    "report": """\
static void report(double *reports, int64_t site, int64_t fault, int64_t n, const double *values) {
  int64_t at = reports[1];
  reports[0] += fault;
  if (at + n + 3 > reports[4]) { reports[2] += 1; return; }
  reports[at] = reports[3];
  reports[at + 1] = site;
  reports[at + 2] = n;
  for (int64_t k = 0; k < n; ++k) reports[at + 3 + k] = values[k];
  reports[1] = at + 3 + n;
}
""",
    "checked_index": """\
static int64_t checked_index(double *reports, int64_t i, int64_t n, int64_t site) {
  if (i >= 0 && i < n) return i;
  double values[] = {(double)(i + 1), (double)n};
  report(reports, site, 1, 2, values);
  return 0;
}
""",
    "checked_real": """\
static double checked_real(double *reports, double x, double low, double high, int64_t site) {
  if (x >= low && x <= high) return x;
  double values[] = {x};
  report(reports, site, 1, 1, values);
  return NAN;
}
""",
    "checked_int": """\
static int64_t checked_int(double *reports, int64_t x, int64_t low, int64_t high, int64_t site) {
  if (x >= low && x <= high) return x;
  double values[] = {(double)x};
  report(reports, site, 1, 1, values);
  return low;
}
""",
    "checked_divisor": """\
static int64_t checked_divisor(double *reports, int64_t b, int64_t site) {
  if (b) return b;
  report(reports, site, 1, 0, 0);
  return 1;
}
""",
    "checked_product": """\
static int64_t checked_product(double *reports, int64_t a, int64_t b, int64_t site) {
  int64_t product;
  if (!__builtin_mul_overflow(a, b, &product)) return product;
  double values[] = {(double)a, (double)b};
  report(reports, site, 1, 2, values);
  return 0;
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
}


def define(text: str) -> str:
    """The definitions of the functions that `text` calls and of those that they call."""
    found: list[str] = []
    for name, definition in reversed(FUNCTIONS.items()):
        if f"{name}(" in text:
            found.insert(0, definition)
            text += definition
    return "".join(found)
