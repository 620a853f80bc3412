"""Gaussian dynamic linear models (Functions Reference, "Gaussian Dynamic Linear Models")."""
from __future__ import annotations

from ppl_cli.distributions.formulas import LOG_SQRT_2PI, symmetric
from ppl_cli.graph.basic import Variable, constant, root
from ppl_cli.model.library.densities import form_sentence
from ppl_cli.model.library.table import Argument, Section
from ppl_cli.ops.control import make_loop
from ppl_cli.ops.indexing import gather
from ppl_cli.ops.linalg import Cholesky, diagonal, diagonal_matrix, matmul, matvec, solve_triangular
from ppl_cli.ops.reduction import reduce_sum
from ppl_cli.ops.scalar_math import log
from ppl_cli.ops.shape import reshape, transpose


def gaussian_dlm_obs(
    y: Variable, f: Variable, g: Variable, v: Variable, w: Variable, mean: Variable, covariance: Variable
) -> Variable:
    """The log density of the columns of `y`, the observations in order: the Kalman filter (Petris, Petrone and
    Campagnoli 2009, section 2.7.2). `f` is the transposed design, `g` the transition; `v`, or its diagonal, is the
    covariance of observations, `w` that of states."""
    v = diagonal_matrix(v) if v.ndim == 1 else symmetric(v)
    w, start = symmetric(w), [mean, symmetric(covariance), constant(0.0)]
    by_time = transpose(y)
    index = root("t", "int64")
    m, c, total = root("m", shape=mean.shape), root("c", shape=covariance.shape), root("total")
    predicted = matvec(g, m)
    spread = matmul(g, matmul(c, transpose(g))) + w
    across = matmul(transpose(f), spread)
    factor = Cholesky()(matmul(across, f) + v)
    off = gather(by_time, index) - matvec(transpose(f), predicted)
    z = solve_triangular(factor, reshape(off, (*off.shape, 1)))
    half = solve_triangular(factor, across)  # half' half is the gain times what it is applied to
    log_p = -0.5 * reduce_sum(z * z) - reduce_sum(log(diagonal(factor)))
    filtered = predicted + reshape(matmul(transpose(half), z), m.shape)
    steps = [filtered, spread - matmul(transpose(half), half), total + log_p]
    *_, found = make_loop(index, [m, c, total], steps, constant(0), constant(y.shape[1]), start)
    return found - float(y.type.size) * LOG_SQRT_2PI


_section = Section("State space models")
SUMMARY = "a Gaussian dynamic linear model: design F, transition G, covariances V and W, start m0 with C0"
ARGUMENTS = tuple(map(Argument, ("y", "F", "G", "V", "W", "m0", "C0")))
_section.describe("gaussian_dlm_obs", SUMMARY)
for _form in ("lpdf", "lupdf"):
    for _v in ("matrix", "vector"):
        _text = f"real gaussian_dlm_obs_{_form}(matrix | matrix, matrix, {_v}, matrix, vector, matrix)"
        _section.add(_text, gaussian_dlm_obs, form_sentence(_form, SUMMARY), arguments=ARGUMENTS)
