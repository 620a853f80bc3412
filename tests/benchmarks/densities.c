/* Log densities of densities.ppl and their gradients by hand, in one pass over the observations: what a careful C
   programmer would write; `sums` are those of x and of log y. q: a, b, beta[3], cuts[3], log s, log r, logit p. */

double fabs(double), lgamma_r(double, int *);
#define VECTOR __attribute__((const, simd("notinbranch"))) double
VECTOR exp(double); VECTOR log1p(double); VECTOR log(double);

enum { S = 8, R = 9, P = 10, SIZE = 11 };

/* What parameters contribute that no observation needs: the Jacobians. */
static double start(const double *q, double *g) {
  double p = 1 / (1 + exp(-q[P]));
  for (int k = 0; k < SIZE; ++k) g[k] = 0;
  g[6] = g[7] = g[S] = g[R] = 1;
  g[P] = 1 - 2 * p;
  return q[6] + q[7] + q[S] + q[R] + log(p) + log(1 - p);
}

double normal_by_hand(int n, const double *y, const double *x, const double *sums, const double *q, double *g) {
  double value = start(q, g), s = exp(q[S]), squares = 0, errors = 0, products = 0;
#pragma omp simd reduction(+ : squares, errors, products)
  for (int i = 0; i < n; ++i) {
    double e = y[i] - (q[0] + q[1] * x[i]);
    squares += e * e;
    errors += e;
    products += e * x[i];
  }
  double precision = 1 / (s * s);
  g[0] += errors * precision;
  g[1] += products * precision;
  g[S] += squares * precision - n;
  return value - 0.5 * squares * precision - n * (q[S] + 0.9189385332046727);
}

double bernoulli_logit_by_hand(int n, const double *z, const double *x, const double *sums, const double *q, double *g) {
  double value = start(q, g), errors = 0, products = 0, total = 0;
#pragma omp simd reduction(+ : total, errors, products)
  for (int i = 0; i < n; ++i) {
    double eta = q[0] + q[1] * x[i], signed_eta = z[i] > 0 ? -eta : eta, e = exp(-fabs(eta));
    total -= (signed_eta > 0 ? signed_eta : 0) + log1p(e);
    double slope = z[i] - (eta > 0 ? 1 : e) / (1 + e);
    errors += slope;
    products += slope * x[i];
  }
  g[0] += errors;
  g[1] += products;
  return value + total;
}

static double psi(double x) {
  double below = 0;
  for (; x < 10; x += 1) below -= 1 / x;
  double w = 1 / (x * x);
  return below + log(x) - 0.5 / x - w * (1. / 12 - w * (1. / 120 - w * (1. / 252 - w * (1. / 240 - w * (1. / 132
    - w * (691. / 32760 - w / 12))))));
}

double gamma_by_hand(int n, const double *w, const double *x, const double *sums, const double *q, double *g) {
  int sign;
  double value = start(q, g), s = exp(q[S]), total = 0, products = 0, xs = sums[0], logs = sums[1];
#pragma omp simd reduction(+ : total, products)
  for (int i = 0; i < n; ++i) {
    double r = exp(q[0] + q[1] * x[i]) * w[i];
    total += r;
    products += r * x[i];
  }
  double etas = n * q[0] + q[1] * xs;
  g[0] += n * s - total;
  g[1] += s * xs - products;
  g[S] += s * (etas - n * psi(s) + logs);
  return value + s * etas - n * lgamma_r(s, &sign) + (s - 1) * logs - total;
}
