"""Mixtures by an index: the joint density with the index, and with the index summed out."""
from __future__ import annotations

import numpy as np
import pytest
import scipy.stats as st
from scipy.special import logsumexp

import ppl_cli.ops  # noqa: F401
from ppl_cli.distributions import DISTRIBUTIONS
from ppl_cli.graph.basic import Variable, constant
from ppl_cli.graph.traversal import evaluate
from ppl_cli.logprob import mixture_joint, mixture_marginal
from ppl_cli.ops.random import random_variable

LOCATIONS, SCALES, WEIGHTS = [-2.0, 0.0, 3.2, 2.5], [1.2, 1.0, 5.0, 2.8], [0.2, 0.3, 0.1, 0.4]


def mixture() -> tuple[Variable, Variable]:
    components = random_variable(DISTRIBUTIONS["normal"], np.array(LOCATIONS), np.array(SCALES))
    return components, random_variable(DISTRIBUTIONS["categorical"], np.array(WEIGHTS))


def value(v: Variable) -> float:
    return float(evaluate([v])[0])


def test_joint_density_with_the_index() -> None:
    joint = mixture_joint(*mixture(), constant(10.0), constant(4))
    assert value(joint) == pytest.approx(-6.452221131239579, rel=1e-14)


def test_density_with_the_index_summed_out() -> None:
    expected = logsumexp(np.log(WEIGHTS) + st.norm(LOCATIONS, SCALES).logpdf(10.0))
    assert value(mixture_marginal(*mixture(), constant(10.0))) == pytest.approx(expected, rel=1e-14)


def test_the_marginal_density_is_the_sum_of_the_joint_ones() -> None:
    components, index = mixture()
    joint = [value(mixture_joint(components, index, constant(1.3), constant(k))) for k in range(1, 5)]
    assert value(mixture_marginal(components, index, constant(1.3))) == pytest.approx(np.log(np.exp(joint).sum()))
