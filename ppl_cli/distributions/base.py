"""What a distribution is: one record from which signatures, densities, truncation, draws and tests are derived."""
from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from ppl_cli.graph.basic import Variable
from ppl_cli.graph.types import DType, TensorType

Density = Callable[..., Variable]
SCALAR_EVENT: tuple[int, ...] = ()


@dataclass(frozen=True)
class Support:
    """The values that something may take: numbers from `lower` to `upper` (`open`: without these ends), or, if there
    are `types`, the values of variables so declared. Parameters are finite if they are not `unbounded`."""

    description: str
    lower: float = -math.inf
    upper: float = math.inf
    open: bool = False
    unbounded: bool = False
    types: frozenset[str] = frozenset()


REAL = Support("real")
ANY_REAL = Support("real", unbounded=True)
POSITIVE_REAL = Support("positive", lower=0.0, open=True)
SPREAD = Support("positive", lower=0.0, open=True, unbounded=True)
NOT_NEGATIVE = Support("at least 0", lower=0.0)
RATE = Support("at least 0", lower=0.0, unbounded=True)
PROBABILITY = Support("between 0 and 1", lower=0.0, upper=1.0)
PROPORTION = Support("between 0 and 1", lower=0.0, upper=1.0, open=True)
SIMPLEX = Support("a simplex", types=frozenset({"simplex"}))
ORDERED = Support("ordered", types=frozenset({"ordered", "positive_ordered"}))
COVARIANCE = Support("a covariance matrix", types=frozenset({"cov_matrix", "corr_matrix"}))
COVARIANCE_FACTOR = Support(
    "the Cholesky factor of a covariance matrix", types=frozenset({"cholesky_factor_cov", "cholesky_factor_corr"})
)
CORRELATION = Support("a correlation matrix", types=frozenset({"corr_matrix"}))
CORRELATION_FACTOR = Support("the Cholesky factor of a correlation matrix", types=frozenset({"cholesky_factor_corr"}))


@dataclass(frozen=True, eq=False)
class Distribution:
    """A family of laws.

    summary      what it is, as in "the density of ..."
    parameters   their names, and `event_ndims` how many last axes make up one value of each
    log_prob     (value, *parameters) -> the log density or mass, constants included, elementwise over the batch: -inf
                 outside the support, NaN or -inf where the parameters are not valid
    draw         (batch shape, *parameters) -> one draw for each element, as a graph of primitive draws
    log_cdf, log_ccdf   log of the probability of being <= value and of being > value; None where not known
    quantile     (p, *parameters) -> the inverse of the cdf; None where not known
    event        the shape of one value, given the types of the parameters
    positive     the parameters that must be greater than 0
    supports     what the other parameters must be, where they may not be just any number
    ordered      two parameters of which the second must be larger than the first, or for ints not smaller
    support      what the values themselves are
    scale        the parameter that is in the units of the values and says how far they spread
    sized        that shape does not follow from the parameters: it is given to each random variable, and to `draw`
                 as `event`
    """

    name: str
    parameters: tuple[str, ...]
    log_prob: Density
    draw: Callable[..., Variable] | None = None
    log_cdf: Density | None = None
    log_ccdf: Density | None = None
    quantile: Density | None = None
    dtype: DType = "float64"
    event_ndim: int = 0
    event_ndims: tuple[int, ...] = SCALAR_EVENT
    event: Callable[..., tuple[int, ...]] | None = None
    positive: tuple[str, ...] = ()
    sized: bool = False
    supports: Mapping[str, Support] = field(default_factory=dict)
    ordered: tuple[str, str] | None = None
    support: Support = REAL
    scale: str | None = None
    summary: str = ""

    def __post_init__(self) -> None:
        if not self.event_ndims:
            object.__setattr__(self, "event_ndims", (0,) * len(self.parameters))

    @property
    def is_discrete(self) -> bool:
        return self.dtype == "int64"

    def support_of(self, parameter: str) -> Support:
        """The values that a parameter may take."""
        return POSITIVE_REAL if parameter in self.positive else self.supports.get(parameter, REAL)

    def event_shape(self, *parameters: TensorType) -> tuple[int, ...]:
        """The shape of one value."""
        return self.event(*parameters) if self.event is not None else ()

    def __repr__(self) -> str:
        return f"<distribution {self.name}>"
