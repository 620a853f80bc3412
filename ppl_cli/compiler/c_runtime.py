"""What C kernels begin with: declarations by hand (headers cost compile time) and special functions.

VECTOR_MATH says which functions the C library has for vectors: 0 none, 1 the old ones of glibc's libmvec, 2 those
since glibc 2.35, too.
`numba_runtime` is the same for Numba.
"""

from __future__ import annotations

from ppl_cli.compiler.c_matrices import MATRICES

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

# Functions that are defined only in kernels that call them, after those that they call.
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
    "gamma_tail": """\
static double gamma_tail(double a, double x, int upper) {
  if (!(a > 0 && x > 0 && x < INFINITY)) return NAN;
  double total = 1 / a, term = total, b = x + 1 - a, c = 1e300, d = 1 / b;
  if (upper) total = d;
  for (int i = 1; i < 100000; ++i) {
    if (upper) {
      double step = i * (a - i);
      b += 2;
      d = 1 / (step * d + b);
      c = b + step / c;
      total *= c * d;
      if (fabs(c * d - 1) < 1e-16) break;
    } else {
      term *= x / (a + i);
      total += term;
      if (term < 1e-17 * total) break;
    }
  }
  return log(total);
}
""",
    "beta_tail": """\
static double beta_tail(double a, double b, double x) {
  if (!(a > 0 && b > 0 && x > 0 && x < 1)) return NAN;
  double c = 1, d = 1 / (1 - (a + b) * x / (a + 1)), total = d;
  for (int i = 1; i < 10000; ++i) {
    double even = i * (b - i) * x / ((a + 2 * i - 1) * (a + 2 * i));
    d = 1 / (1 + even * d);
    c = 1 + even / c;
    total *= c * d;
    double odd = -(a + i) * (a + b + i) * x / ((a + 2 * i) * (a + 2 * i + 1));
    d = 1 / (1 + odd * d);
    c = 1 + odd / c;
    total *= c * d;
    if (fabs(c * d - 1) < 1e-16) break;
  }
  return log(total);
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
    **MATRICES,
}


def define(text: str) -> str:
    """The definitions of the functions that `text` calls and of those that they call."""
    found: list[str] = []
    for name, definition in reversed(FUNCTIONS.items()):
        if f"{name}(" in text:
            found.insert(0, definition)
            text += definition
    return "".join(found)
