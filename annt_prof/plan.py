"""Which variants are measured, and in which order: a pure function of scenario and seed."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from annt_prof.scenario.schema import ChosenTechnique, Scenario

BASELINE = "baseline"
ALL = "all"


@dataclass(frozen=True)
class Variant:
    """The scenario with one particular set of techniques on."""

    name: str
    techniques: tuple[ChosenTechnique, ...]


@dataclass(frozen=True)
class Plan:
    """What will be measured.

    Attributes:
        variants: The baseline first, then each technique alone, then the whole mix.
        seed: Of the order of the rounds.
    """

    variants: tuple[Variant, ...]
    seed: int

    def rounds(self) -> Iterator[tuple[Variant, ...]]:
        """Yield the order of each round, without end; the same for the same seed.

        Each round is a fresh shuffle, so that no variant profits from always following another.
        """
        generator = random.Random(self.seed)
        while True:
            yield tuple(generator.sample(self.variants, k=len(self.variants)))


def plan(scenario: Scenario) -> Plan:
    """Return baseline, each technique alone and, from two techniques on, the whole mix."""
    mix: tuple[ChosenTechnique, ...] = scenario.techniques
    alone = tuple(Variant(chosen.name, (chosen,)) for chosen in mix)
    whole = (Variant(ALL, mix),) if len(mix) > 1 else ()
    return Plan((Variant(BASELINE, ()), *alone, *whole), scenario.seed)
