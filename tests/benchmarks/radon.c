/* The log density of radon.ppl and its gradient by hand, in one pass over the rows: what a careful C programmer would write.
   q: alpha_raw[J], beta[2], mu_alpha, log sigma_alpha, log sigma_y. */
#include <math.h>

double radon(int n_rows, int n_counties, const long *county, const double *uranium, const double *floor_measure, const double *y,
             const double *q, double *g) {
  const double *raw = q, *beta = q + n_counties;
  double mu = q[n_counties + 2], sigma_a = exp(q[n_counties + 3]), sigma_y = exp(q[n_counties + 4]);
  double inv = 1 / sigma_y, lp = 0, g_mu = 0, g_a = 0, g0 = 0, g1 = 0, squares = 0, prior = 0;
  for (int j = 0; j < n_counties; ++j) {
    g[j] = 0;
    prior += raw[j] * raw[j];
  }
  for (int n = 0; n < n_rows; ++n) {
    int j = county[n];
    double z = (y[n] - (mu + sigma_a * raw[j]) - uranium[n] * beta[0] - floor_measure[n] * beta[1]) * inv;
    squares += z * z;
    double r = z * inv;
    g[j] += r;
    g0 += r * uranium[n];
    g1 += r * floor_measure[n];
  }
  for (int j = 0; j < n_counties; ++j) {
    g_mu += g[j];
    g_a += g[j] * raw[j];
    g[j] = g[j] * sigma_a - raw[j];
  }
  lp += -0.5 * squares - n_rows * log(sigma_y) - 0.5 * prior;
  lp += -0.5 * (sigma_a * sigma_a + sigma_y * sigma_y) + q[n_counties + 3] + q[n_counties + 4];
  lp += -0.005 * (mu * mu + beta[0] * beta[0] + beta[1] * beta[1]);
  g[n_counties] = g0 - 0.01 * beta[0];
  g[n_counties + 1] = g1 - 0.01 * beta[1];
  g[n_counties + 2] = g_mu - 0.01 * mu;
  g[n_counties + 3] = g_a * sigma_a - sigma_a * sigma_a + 1;
  g[n_counties + 4] = squares - n_rows - sigma_y * sigma_y + 1;
  return lp;
}

/* Calls of either function in a loop, so that the caller's language costs nothing. */
double many_radon(long calls, int n_rows, int n_counties, const long *county, const double *uranium, const double *floor_measure,
                  const double *y, double *q, double *g) {
  double total = 0;
  for (long k = 0; k < calls; ++k) {
    q[0] += 1e-9;
    total += radon(n_rows, n_counties, county, uranium, floor_measure, y, q, g);
  }
  return total;
}

double many_kernel(long calls, double (*f)(const double *, double *, void **), double *q, double *g, void **workspace) {
  double total = 0;
  for (long k = 0; k < calls; ++k) {
    q[0] += 1e-9;
    total += f(q, g, workspace);
  }
  return total;
}
