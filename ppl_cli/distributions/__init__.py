"""Each distribution once: parameters, density, distribution function, draw."""
from ppl_cli.distributions.base import Distribution
from ppl_cli.distributions.continuous import CONTINUOUS
from ppl_cli.distributions.discrete import DISCRETE
from ppl_cli.distributions.multivariate import MULTIVARIATE

DISTRIBUTIONS: dict[str, Distribution] = {d.name: d for d in (*CONTINUOUS, *DISCRETE, *MULTIVARIATE)}

__all__ = ["DISTRIBUTIONS", "Distribution"]
