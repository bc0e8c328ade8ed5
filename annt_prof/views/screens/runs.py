"""The runs that there are, the newest first."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from annt_prof import units
from annt_prof.errors import UserError
from annt_prof.explain.recommendation import recommend
from annt_prof.runs import store
from annt_prof.runs.layout import RUN_FILE
from annt_prof.runs.signs import sign_of
from annt_prof.views.loading import load_run
from annt_prof.views.page import Cell, Column, Page, Row, Sheet, Tone
from annt_prof.views.screens.names import Screen

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from annt_prof.runs.record import Run
    from annt_prof.runs.signs import Sign

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
_STARTING = Cell("starting", "starting", Tone.QUIET)
_GOING_ON = Cell("going on", "going_on", Tone.STRONG)
_NOT_KNOWN = Cell("of another machine: whether it goes on is not known", "elsewhere", Tone.UNSURE)
_NOTHING_MEASURED = Cell("broken off before anything was measured", "nothing_measured", Tone.UNSURE)
_STATES: dict[Sign, Cell] = {"running": _GOING_ON, "elsewhere": _NOT_KNOWN}
_STATES_WITHOUT_RECORD: dict[Sign, Cell] = {
    "starting": _STARTING,
    "running": _GOING_ON,
    "elsewhere": _NOT_KNOWN,
}
_MOST_KEPT = 1_000  # records whose cells are kept


class _Known(NamedTuple):
    """A row's cells after the name, and whether it is certain that the run is over."""

    cells: tuple[Cell, ...]
    is_over: bool


def build_runs_page(root: Path) -> Page:
    """Return the runs of a folder; those that cannot be read are there, with the reason.

    What was read of a record is kept until that is another, so that asking again costs little.
    """
    rows = tuple(map(_row, reversed(store.begun(root))))
    sheet = Sheet(
        key="runs",
        title=f"Runs in {root}",
        columns=_COLUMNS,
        rows=rows,
        notes=("Enter opens a run",) if rows else (),
        empty="there are none: annt-prof run SCENARIO makes one",
    )
    return Page(Screen.RUNS, str(root), (sheet,))


def opens_on(directory: Path) -> Screen:
    """Return the screen on which a run is opened: what goes on, or has no record, is followed."""
    is_recorded = (directory / RUN_FILE).exists()
    goes_on = sign_of(directory) in ("running", "starting")
    return Screen.OVERVIEW if is_recorded and not goes_on else Screen.LIVE


def _row(directory: Path) -> Row:
    name = Cell(directory.name, directory.name, Tone.STRONG)
    try:
        status = (directory / RUN_FILE).stat()
    except OSError:
        return Row(str(directory), (name, *(_UNKNOWN,) * 6, _state_without_record(directory)))
    stamp = (status.st_mtime_ns, status.st_ctime_ns, status.st_size)
    known = _read(directory, stamp)
    *cells, state = known.cells
    if not known.is_over:
        sign = sign_of(directory)
        if sign in ("gone", "ended"):  # since the record was read
            return Row(str(directory), (name, *_read(directory, (*stamp, sign)).cells))
        state = _STATES.get(sign, state)
    return Row(str(directory), (name, *cells, state))


def _state_without_record(directory: Path) -> Cell:
    return _STATES_WITHOUT_RECORD.get(sign_of(directory), _NOTHING_MEASURED)


@lru_cache(maxsize=_MOST_KEPT)
def _read(directory: Path, _stamp: tuple[int | str, ...]) -> _Known:
    """Return what is known of a record with this stamp; why it cannot be read is its last cell."""
    try:
        run, is_over = load_run(directory)
    except UserError as error:
        return _Known((*(_UNKNOWN,) * 6, Cell(error.message, None, Tone.BAD)), is_over=True)
    return _Known(tuple(_cells(run)), is_over)


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
