"""L⁻¹ L z is z, where the graph shows that L is lower triangular."""

from __future__ import annotations

import numpy as np
import pytest

from ppl_cli.graph.basic import Variable, constant, root
from ppl_cli.model.constraints.matrices import CholeskyFactorCorr, CholeskyFactorCov
from ppl_cli.ops.linalg import Cholesky, matmul, solve_triangular
from ppl_cli.ops.scalar_math import exp, gt, switch
from ppl_cli.ops.shape import reshape
from ppl_cli.rewrites.passes import canonicalize

SCALES = exp(root("s", "float64", (3,)))
CORRELATION = CholeskyFactorCorr((3, 3)).constrain(root("y", "float64", (3,)))
FULL = root("A", "float64", (3, 3))
Z = root("z", "float64", (3, 1))

TRIANGULAR = {
    "numbers": constant(np.tri(3)),
    "a Cholesky factor": Cholesky()(FULL),
    "a correlation factor": CORRELATION,
    "a covariance factor": CholeskyFactorCov((3, 3)).constrain(root("y", "float64", (6,))),
    "a scaled one": reshape(SCALES, (3, 1)) * CORRELATION,
}
NOT = {
    "any matrix": FULL,
    "a product": matmul(CORRELATION, FULL),
    "one that is by chance": switch(gt(FULL, 0.0), FULL, constant(np.tri(3))),
    "numbers above the diagonal": constant(np.ones((3, 3))),
}


def solved(factor: Variable) -> Variable:
    (factor,) = canonicalize([factor])
    return canonicalize([solve_triangular(factor, matmul(factor, Z))])[0]


@pytest.mark.parametrize("factor", TRIANGULAR.values(), ids=TRIANGULAR.keys())
def test_products_with_triangular_matrices_are_solved(factor: Variable) -> None:
    assert solved(factor) is Z


@pytest.mark.parametrize("factor", NOT.values(), ids=NOT.keys())
def test_others_are_not(factor: Variable) -> None:
    assert solved(factor) is not Z
