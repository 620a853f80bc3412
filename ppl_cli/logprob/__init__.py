"""Random-variable graph → log-density graph, and random variables → draws."""
from ppl_cli.logprob import (
    comparisons,
    order_statistics,
    reciprocals,
    rounding,
    sequences,
    slices,
    stacks,
    sums,
    transforms,
)
from ppl_cli.logprob.base import NotDerivable, logccdf, logcdf, logp, logprob
from ppl_cli.logprob.density import density
from ppl_cli.logprob.draws import expand_draws
from ppl_cli.logprob.mixture import mixture_joint, mixture_marginal

__all__ = [
    "NotDerivable",
    "density",
    "expand_draws",
    "logccdf",
    "logcdf",
    "logp",
    "logprob",
    "mixture_joint",
    "mixture_marginal",
    "comparisons",
    "order_statistics",
    "reciprocals",
    "rounding",
    "linear",
    "sequences",
    "slices",
    "stacks",
    "sums",
    "transforms",
]
