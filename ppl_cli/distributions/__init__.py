"""Each distribution once: parameters, density, distribution function, draw."""
from ppl_cli.distributions.base import Distribution
from ppl_cli.distributions.categories import CATEGORIES
from ppl_cli.distributions.continuous import CONTINUOUS
from ppl_cli.distributions.discrete import DISCRETE
from ppl_cli.distributions.first_passage import WIENER
from ppl_cli.distributions.intervals import INTERVALS
from ppl_cli.distributions.multivariate import MULTIVARIATE
from ppl_cli.distributions.positive import POSITIVE

DISTRIBUTIONS: dict[str, Distribution] = {
    law.name: law for law in (*CONTINUOUS, *POSITIVE, *INTERVALS, *DISCRETE, *CATEGORIES, *MULTIVARIATE, WIENER)
}

__all__ = [
    "CATEGORIES", "CONTINUOUS", "DISCRETE", "DISTRIBUTIONS", "INTERVALS", "MULTIVARIATE", "POSITIVE", "WIENER",
    "Distribution",
]  # fmt: skip
