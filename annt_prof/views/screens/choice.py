"""The variants that may be compared: those of the open run, then of all others, newest first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from annt_prof.views.page import Cell, Column, Row, Sheet, Tone

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from annt_prof.runs.listing import Listed

CHOICES = "choices"
"""The key of the sheet."""

_NONE = "-"


@dataclass(frozen=True)
class Choice:
    """A row that may be chosen.

    Attributes:
        directory: Of its run.
        variant: Its name; None where the run cannot be read.
        problem: Why it cannot be compared; empty where it can.
    """

    directory: Path
    variant: str | None
    problem: str = ""


@dataclass(frozen=True)
class Choices:
    """What is offered.

    Attributes:
        sheet: Its rows are named by their places in ``choices``.
        choices: As many.
    """

    sheet: Sheet
    choices: tuple[Choice, ...]

    def of_row(self, key: str) -> Choice:
        """Return what a row of the sheet stands for."""
        return self.choices[int(key)]


def build_choices(title: str, here: Listed, others: tuple[Listed, ...] | None) -> Choices:
    """Return what may be chosen.

    Args:
        title: Of the sheet: what is chosen.
        here: The open run.
        others: All runs of the folder, the newest first, ``here`` among them or not; None where
            they are not read yet.
    """
    resolved = here.directory.resolve()
    rest = [run for run in others or () if run.directory.resolve() != resolved]
    offered = [pair for run in (here, *rest) for pair in _offered(run, is_here=run is here)]
    return Choices(
        sheet=Sheet(
            key=CHOICES,
            title=title,
            columns=(
                Column("variant", "variant", "One set of techniques.", False, True),
                Column("status", "status", "Whether it was measured.", False),
                Column("run", "run", "The run directory; - is the one that is open.", False, True),
                Column("scenario", "scenario", "What its scenario is called.", False, True),
                Column("created", "measured", "When the run began, UTC.", False),
            ),
            rows=tuple(Row(str(place), cells) for place, (_, cells) in enumerate(offered)),
            notes=("reading the other runs ...",) if others is None else (),
        ),
        choices=tuple(choice for choice, _ in offered),
    )


def _offered(listed: Listed, *, is_here: bool) -> Iterator[tuple[Choice, tuple[Cell, ...]]]:
    name = _NONE if is_here else listed.directory.name
    run = listed.run
    if run is None:
        nothing = Cell(_NONE, None, Tone.QUIET)
        problem = Cell(listed.problem, listed.problem, Tone.BAD)
        named = Cell(name, listed.directory.name)
        yield Choice(listed.directory, None, listed.problem), (
            nothing, problem, named, nothing, nothing,
        )  # fmt: skip
        return
    created = run.created.replace("T", " ").replace("+00:00", "")
    for variant in run.variants:
        measured = variant.status == "measured"
        why = "" if measured else f"{variant.name} was not measured: {_words(variant.status)}"
        tone = Tone.PLAIN if measured else Tone.QUIET
        yield (
            Choice(listed.directory, variant.name, why),
            (
                Cell(variant.name, variant.name, Tone.STRONG if measured else Tone.QUIET),
                Cell(_words(variant.status), variant.status, tone),
                Cell(name, listed.directory.name, tone),
                Cell(run.scenario_name, run.scenario_name, tone),
                Cell(created, run.created, tone),
            ),
        )


def _words(status: str) -> str:
    return status.replace("_", " ")
