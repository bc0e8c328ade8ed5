"""Two variants to be compared, of one run or of two."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from annt_prof.errors import UserError
from annt_prof.explain.recommendation import recommend
from annt_prof.plan import AGAIN, BASELINE

if TYPE_CHECKING:
    from annt_prof.runs.record import Run, VariantRecord
    from annt_prof.views.screens.source import RunSource


@dataclass(frozen=True)
class Side:
    """A variant of a run.

    Attributes:
        source: Of the run.
        name: Of the variant.
    """

    source: RunSource
    name: str

    @property
    def run(self) -> Run:
        """Its run.

        Raises:
            UserError: It cannot be read.
        """
        return self.source.run

    @property
    def variant(self) -> VariantRecord:
        """Its record.

        Raises:
            UserError: The run cannot be read, or has no such variant any more.
        """
        variant = self.source.variant(self.name)
        if variant is None:
            raise UserError(f"there is no variant {self.name}", where=self.source.title)
        return variant


@dataclass(frozen=True)
class Pair:
    """What is compared with what.

    Attributes:
        first: From it.
        second: To it.
    """

    first: Side
    second: Side

    @property
    def of_one_run(self) -> bool:
        """Whether both were measured beside each other."""
        here, there = self.first.source, self.second.source
        return here is there or here.directory.resolve() == there.directory.resolve()

    @property
    def is_one_variant(self) -> bool:
        """Whether both are the same."""
        return self.of_one_run and self.first.name == self.second.name

    @property
    def swapped(self) -> Pair:
        """The other way round."""
        return Pair(self.second, self.first)


def first_choice(source: RunSource) -> Pair:
    """Return the baseline and the recommended variant, or the last one where none is faster.

    Raises:
        UserError: The run cannot be read, or has fewer than two variants with figures.
    """
    sides = offered(source)
    if len(sides) < 2:
        raise UserError(
            "fewer than two variants have figures, so there is nothing to compare within this run",
            where=source.title,
        )
    return Pair(*sides)


def offered(source: RunSource) -> tuple[Side, ...]:
    """Return what is compared with what as long as nobody chooses: two sides, or fewer.

    Raises:
        UserError: The run cannot be read.
    """
    measured = [v.name for v in source.run.variants if v.step_time is not None]
    ordered = sorted(measured, key=lambda name: name != BASELINE)
    others = [name for name in ordered[1:] if name != AGAIN]
    best = recommend(source.run)
    last = best.variant if best is not None and best.variant in others else None
    names = [*ordered[:1], *([last] if last else others[-1:])]
    return tuple(Side(source, name) for name in names)
