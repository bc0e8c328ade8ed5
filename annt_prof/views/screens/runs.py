"""The runs that there are, the newest first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from annt_prof import units
from annt_prof.compare.old_records import with_figures
from annt_prof.errors import UserError
from annt_prof.explain.recommendation import recommend
from annt_prof.runs import store
from annt_prof.views.page import Cell, Column, Lines, Page, Row, Said, Sheet, Tone
from annt_prof.views.screens.names import Screen

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from annt_prof.runs.record import Run

_COLUMNS = (
    Column("run", "run", "The directory's name: when it began (UTC), and its scenario.", False),
    Column("scenario", "scenario", "What the scenario calls itself.", False, True),
    Column("device", "device", "What it was measured on.", False, True),
    Column("variants", "variants", "Sets of techniques, the baseline among them."),
    Column("rounds", "rounds", "The most windows that any variant has."),
    Column("best", "best", "The recommended set's speedup; - where none is certainly faster."),
    Column("factors", "with", "What the recommended set has and the baseline lacks.", False, True),
    Column("state", "state", "Whether it ended as planned.", False),
)
_UNKNOWN = Cell("-", None, Tone.QUIET)


def build_runs_page(root: Path) -> Page:
    """Return the runs of a folder; those that cannot be read are there, with the reason."""
    found = tuple(reversed(store.directories(root)))
    rows = tuple(map(_row, found))
    preparing = store.unmeasured(root)
    said = tuple(Said(f"{directory.name}: not measured yet") for directory in preparing)
    blocks = (Lines("preparing", "Prepared, or broken off before anything was measured", said),)
    sheet = Sheet(
        key="runs",
        title=f"Runs in {root}",
        columns=_COLUMNS,
        rows=rows,
        notes=("Enter opens a run",) if rows else (),
        empty="there are none: annt-prof run SCENARIO makes one",
    )
    return Page(Screen.RUNS, str(root), (sheet, *(blocks if preparing else ())))


def _row(directory: Path) -> Row:
    name = Cell(directory.name, directory.name, Tone.STRONG)
    try:
        run = with_figures(store.load(directory))
    except UserError as error:
        return Row(str(directory), (name, *(_UNKNOWN,) * 6, Cell(error.message, None, Tone.BAD)))
    return Row(str(directory), (name, *_cells(run)))


def _cells(run: Run) -> Iterator[Cell]:
    yield Cell(run.scenario_name, run.scenario_name)
    yield Cell(run.environment.device_name, run.environment.device_name)
    yield _count(len(run.variants))
    yield _count(max((len(variant.windows) for variant in run.variants), default=0))
    best = recommend(run)
    if best is None:
        yield from (_UNKNOWN, _UNKNOWN)
    else:
        yield Cell(units.ratio(best.speedup.ratio), best.speedup.ratio, Tone.GOOD)
        factors = " + ".join(best.factors)
        yield Cell(factors, factors)
    if run.complete:
        yield Cell("complete", "complete")
    else:
        yield Cell(run.stop, run.stop, Tone.UNSURE)


def _count(number: int) -> Cell:
    return Cell(units.whole(number), number)
