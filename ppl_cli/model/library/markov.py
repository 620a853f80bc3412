"""Hidden Markov models (Functions Reference, "Hidden Markov Models"): `log_omega[k, t]` is the log density of
observation t in state k, `gamma[j, k]` the probability of state k after state j, `rho` that of each state at the
beginning."""
from __future__ import annotations

import numpy as np

from ppl_cli.distributions.base import Distribution
from ppl_cli.distributions.formulas import Shape, is_simplex, valid
from ppl_cli.graph.basic import Variable, constant, root
from ppl_cli.model.library.table import Section
from ppl_cli.ops.control import make_loop
from ppl_cli.ops.indexing import gather, set_at
from ppl_cli.ops.random import primitive, random_variable
from ppl_cli.ops.reduction import CumulativeSum, log_sum_exp, reduce_sum
from ppl_cli.ops.scalar_math import add as plus
from ppl_cli.ops.scalar_math import exp, gt, int_min, log, switch
from ppl_cli.ops.shape import reshape, transpose

add = Section("Hidden Markov models").add


def _no_density(*arguments: Variable) -> Variable:
    raise NotImplementedError("the density of hidden states")


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


def _forwards(log_omega: Variable, gamma: Variable, rho: Variable) -> Variable:
    """The log density of each state (column) and the observations so far, by time (row)."""
    by_time = transpose(log_omega)
    index, carried, table = root("t", "int64"), root("carried", shape=rho.shape), root("table", shape=by_time.shape)
    start = log(rho) + gather(by_time, 0)
    step = _forward(carried, gamma) + gather(by_time, index)
    initial = [start, set_at(constant(np.zeros(by_time.shape)), start, 0)]
    _, found = make_loop(index, [carried, table], [step, set_at(table, step, index)], 1, by_time.shape[0], initial)
    return found


def hmm_hidden_state_prob(log_omega: Variable, gamma: Variable, rho: Variable) -> Variable:
    """The probability of each state (row) at each time (column), given all observations: forwards, then backwards."""
    gamma, rho = _probabilities(gamma), _probabilities(rho)
    states, steps = log_omega.shape
    by_time, empty = transpose(log_omega), constant(np.zeros((steps, states)))
    index, carried, table = root("t", "int64"), root("carried", shape=rho.shape), root("table", shape=empty.shape)
    forward = _forwards(log_omega, gamma, rho)
    after = carried + gather(by_time, plus(index, 1))
    back = log_sum_exp(log(gamma) + reshape(after, (1, states)))
    _, backward = make_loop(
        index, [carried, table], [back, set_at(table, back, index)], constant(0), constant(steps - 1),
        [constant(np.zeros(states)), empty], backwards=True,
    )  # fmt: skip
    total = forward + backward
    return transpose(exp(total - reshape(log_sum_exp(total), (steps, 1))))


def _chosen(logs: Variable, u: Variable) -> Variable:
    """A state, from zero, drawn by the uniform number u in proportion to the exponentials."""
    weights = CumulativeSum()(exp(logs - log_sum_exp(logs)))
    return int_min(reduce_sum(switch(gt(u, weights), 1, 0)), logs.shape[0] - 1)


def _latent_draw(shape: Shape, log_omega: Variable, gamma: Variable, rho: Variable) -> Variable:
    """All states given the observations: the last one by the forward algorithm, then backwards each given the next."""
    gamma, rho = _probabilities(gamma), _probabilities(rho)
    steps = log_omega.shape[1]
    forward, into = _forwards(log_omega, gamma, rho), transpose(log(gamma))
    u = primitive("uniform", shape=(steps,))
    last = _chosen(gather(forward, steps - 1), gather(u, steps - 1))
    index, after, table = root("t", "int64"), root("after", "int64"), root("table", "int64", (steps,))
    state = _chosen(gather(forward, index) + gather(into, after), gather(u, index))
    initial = [last, set_at(constant(np.zeros(steps, "int64")), last, steps - 1)]
    results = [state, set_at(table, state, index)]
    _, states = make_loop(index, [after, table], results, 0, steps - 1, initial, backwards=True)
    return plus(states, 1)


LATENT = Distribution(
    "hmm_latent", ("log_omega", "Gamma", "rho"), _no_density, draw=_latent_draw, dtype="int64", event_ndim=1,
    event_ndims=(2, 2, 1), event=lambda *types: types[0].shape[-1:],
)  # fmt: skip

add("array[] int hmm_latent_rng(matrix, matrix, vector)", lambda *arguments: random_variable(LATENT, *arguments),
    "A draw of the hidden states given the observations")
add("real hmm_marginal(matrix, matrix, vector)", hmm_marginal,
    "The log density of observations, hidden states summed out: log densities [state, time], transitions, start")
add("matrix hmm_hidden_state_prob(data matrix, data matrix, data vector)", hmm_hidden_state_prob,
    "The probability of each hidden state, a row, at each time, a column, given the observations")
