"""Which unknown is moved by which step, and why: what the user asked for, and what was decided."""
from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from ppl_cli.errors import OptionError

DiscreteChoice = Literal["auto", "marginalize", "sample", "probabilities"]
SamplerChoice = Literal["nuts", "auto"]
Step = Literal["nuts", "sum", "integral", "gibbs", "metropolis"]
BY_HAND = ("nuts", "gibbs", "metropolis")


@dataclass(frozen=True)
class Samplers:
    """What the user asks for.

    discrete: int parameters are summed out, or sampled; `auto` sums out what has few states, `probabilities` does so
    and keeps the probabilities of the states.
    continuous: `auto` integrates parameters out whose conditional law is known.
    steps: names of parameters, each with the step that moves it.
    """

    discrete: DiscreteChoice = "auto"
    continuous: SamplerChoice = "nuts"
    steps: tuple[tuple[str, str], ...] = ()

    def __post_init__(self) -> None:
        for name, step in self.steps:
            if step not in BY_HAND:
                raise OptionError(f"there is no step `{step}` for `{name}`: it must be one of {', '.join(BY_HAND)}")
        for value, choices in ((self.discrete, DiscreteChoice), (self.continuous, SamplerChoice)):
            if value not in get_args(choices):
                raise OptionError(f"`{value}` must be one of {', '.join(get_args(choices))}")

    @property
    def by_hand(self) -> dict[str, str]:
        return dict(self.steps)


@dataclass(frozen=True)
class Assignment:
    """The step that moves a parameter; `sum`, `integral`: it is summed or integrated out, and drawn given all the
    rest."""

    name: str
    step: Step
    reason: str

    def __str__(self) -> str:
        return f"{self.name}: {LABELS[self.step]}, because {self.reason}"


LABELS: dict[Step, str] = {
    "nuts": "NUTS", "sum": "summed out", "integral": "integrated out", "gibbs": "Gibbs", "metropolis": "Metropolis",
}  # fmt: skip
