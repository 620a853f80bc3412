functions {
  real ramp_lpdf(real x, real a) {
    return a * x;
  }
}
