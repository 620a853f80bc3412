"""Hidden Markov models (Functions Reference, "Hidden Markov Models"): `log_omega[k, t]` is the log density of observation t in
state k, `gamma[j, k]` the probability of state k after state j, `rho` that of each state at the beginning."""
from __future__ import annotations

import numpy as np

from ppl_cli.distributions.formulas import is_simplex, valid
from ppl_cli.graph.basic import Variable, constant, root
from ppl_cli.model.library.table import add
from ppl_cli.ops.control import make_loop
from ppl_cli.ops.indexing import gather, set_at
from ppl_cli.ops.reduction import log_sum_exp
from ppl_cli.ops.scalar_math import add as plus
from ppl_cli.ops.scalar_math import exp, log
from ppl_cli.ops.shape import reshape, transpose


def _probabilities(p: Variable) -> Variable:
    """Simplexes, which the last axis must hold: NaN where it does not."""
    return valid(reshape(is_simplex(p), (*p.shape[:-1], 1)), p)


def _forward(state: Variable, gamma: Variable) -> Variable:
    """Log densities one transition later: of each state, over all states before."""
    return log_sum_exp(transpose(log(gamma)) + reshape(state, (1, *state.shape)))


def hmm_marginal(log_omega: Variable, gamma: Variable, rho: Variable) -> Variable:
    """The log density of the observations, the hidden states summed out: the forward algorithm on the log scale."""
    gamma, rho = _probabilities(gamma), _probabilities(rho)
    by_time = transpose(log_omega)
    index, before = root("t", "int64"), root("before", shape=rho.shape)
    step = _forward(before, gamma) + gather(by_time, index)
    start = log(rho) + gather(by_time, 0)
    (last,) = make_loop(index, [before], [step], constant(1), constant(log_omega.shape[1]), [start])
    return log_sum_exp(last)


def hmm_hidden_state_prob(log_omega: Variable, gamma: Variable, rho: Variable) -> Variable:
    """The probability of each state (row) at each time (column), given all observations: forwards, then backwards."""
    gamma, rho = _probabilities(gamma), _probabilities(rho)
    states, steps = log_omega.shape
    by_time, empty = transpose(log_omega), constant(np.zeros((steps, states)))
    index, carried, table = root("t", "int64"), root("carried", shape=rho.shape), root("table", shape=empty.shape)

    start = log(rho) + gather(by_time, 0)
    step = _forward(carried, gamma) + gather(by_time, index)
    _, forward = make_loop(
        index, [carried, table], [step, set_at(table, step, index)], constant(1), constant(steps),
        [start, set_at(empty, start, 0)],
    )  # fmt: skip
    after = carried + gather(by_time, plus(index, 1))
    back = log_sum_exp(log(gamma) + reshape(after, (1, states)))
    _, backward = make_loop(
        index, [carried, table], [back, set_at(table, back, index)], constant(0), constant(steps - 1),
        [constant(np.zeros(states)), empty], backwards=True,
    )  # fmt: skip
    total = forward + backward
    return transpose(exp(total - reshape(log_sum_exp(total), (steps, 1))))


add("real hmm_marginal(matrix, matrix, vector)", hmm_marginal)
add("matrix hmm_hidden_state_prob(matrix, matrix, vector)", hmm_hidden_state_prob)
