"""Random-variable graph → log-density graph, and random variables → draws."""
from ppl_cli.logprob.density import density, logprob
from ppl_cli.logprob.draws import expand_draws
from ppl_cli.logprob.mixture import mixture_joint, mixture_marginal

__all__ = ["density", "expand_draws", "logprob", "mixture_joint", "mixture_marginal"]
