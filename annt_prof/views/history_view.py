"""Runs over time: one figure of each, in series of runs that measured the same thing."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import msgspec

from annt_prof import units
from annt_prof.compare.launch_figures import Metric
from annt_prof.compare.over_time import LEAST_RUNS, RunFigure, level_changes, run_figure
from annt_prof.errors import UserError, suggestion
from annt_prof.plan import BASELINE
from annt_prof.runs.series import Facts, SeriesKey, series_key, telling_apart
from annt_prof.views.default_variant import default_variant
from annt_prof.views.loading import load_run

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from annt_prof.compare.over_time import LevelChange
    from annt_prof.runs.listing import Listed
    from annt_prof.runs.record import Run


class HistoryPoint(msgspec.Struct, frozen=True):
    """A run.

    Attributes:
        directory: Its directory's name.
        created: ISO 8601, UTC.
        figure: Of its variant.
        change: The figure over that of the run before, less 1; None of the first.
        level_change: The new level over the one before, less 1, where one begins with this run.
    """

    directory: str
    created: str
    figure: RunFigure
    change: float | None
    level_change: float | None

    @property
    def begun(self) -> str:
        """When, to the minute, UTC."""
        return self.created[: len("2026-01-31T12:00")].replace("T", " ")


class FigureColumn(msgspec.Struct, frozen=True):
    """How the figures of a series are printed.

    Attributes:
        title: What they are, with the unit in which they are printed.
        scale: Of that unit in that of the values.
        places: Decimals.
    """

    title: str
    scale: float
    places: int


class HistorySeries(msgspec.Struct, frozen=True):
    """Runs of one work on one machine.

    Attributes:
        scenarios: What the scenario is called in them.
        variants: Likewise.
        apart: What tells it from the other series; empty of a single one.
        device: What it was measured on.
        torch: Its version.
        column: How its figures are printed.
        points: Oldest first.
        num_earlier: Runs of the series that are not shown; changes of level are told from all.
        num_changes: Changes of level in all of it.
        num_earlier_changes: Those of them that are not shown.
        enough: Whether there are runs enough to tell changes of level.
    """

    scenarios: tuple[str, ...]
    variants: tuple[str, ...]
    apart: Facts
    device: str
    torch: str
    column: FigureColumn
    points: tuple[HistoryPoint, ...]
    num_earlier: int
    num_changes: int
    num_earlier_changes: int
    enough: bool


class LeftOut(msgspec.Struct, frozen=True):
    """Runs that are not shown, for one reason.

    Attributes:
        reason: Behind their number.
        directories: Their names.
    """

    reason: str
    directories: tuple[str, ...]


class HistoryView(msgspec.Struct, frozen=True):
    """All of them.

    Attributes:
        scenario: That was asked for; None for any.
        metric: Of which figure.
        series: The one that began first comes first.
        left_out: By reason.
        least_runs: From which on changes of level are told.
    """

    scenario: str | None
    metric: Metric
    series: tuple[HistorySeries, ...]
    left_out: tuple[LeftOut, ...]
    least_runs: int = LEAST_RUNS


class _Entry(msgspec.Struct, frozen=True):
    directory: str
    created: str
    scenario: str
    variant: str
    device: str
    torch: str
    figure: RunFigure


def build_history(
    listed: Sequence[Listed],
    *,
    root: Path,
    scenario: str | None,
    variant: str | None,
    metric: Metric,
    last: int | None,
) -> HistoryView:
    """Return the history of the runs of a folder.

    Args:
        listed: Oldest first.
        root: The folder that they lie in.
        scenario: By which runs are chosen; None for all.
        variant: The same of each; None for the whole mix of each, or what stands for it.
        metric: Of which figure.
        last: How many of each series are shown, the newest; None for all.

    Raises:
        UserError: There are no runs, none is of that scenario, or none has that variant.
    """
    if not listed:
        raise UserError(
            "there are no runs here",
            where=str(root),
            hint="annt-prof run SCENARIO makes one; --runs-dir says where to look",
        )
    asked = _of_scenario(listed, scenario)
    kept: dict[SeriesKey, list[_Entry]] = {}
    left_out: dict[str, list[str]] = {}
    known: dict[str, None] = {}
    for each in asked:
        run = _read(each)
        if isinstance(run, str):
            left_out.setdefault(run, []).append(each.directory.name)
            continue
        known.update(dict.fromkeys(v.name for v in run.variants))
        entry = _entry(each.directory, run, variant, metric)
        if isinstance(entry, str):
            left_out.setdefault(entry, []).append(each.directory.name)
        else:
            kept.setdefault(entry[0], []).append(entry[1])
    if variant is not None and known and variant not in known:
        raise UserError("no run has this variant", where=variant, hint=suggestion(variant, known))
    apart = telling_apart(tuple(kept))
    return HistoryView(
        scenario=scenario,
        metric=metric,
        series=tuple(
            _series(entries, facts, metric, last)
            for entries, facts in zip(kept.values(), apart, strict=True)
        ),
        left_out=tuple(LeftOut(reason, tuple(names)) for reason, names in left_out.items()),
    )


def _of_scenario(listed: Sequence[Listed], scenario: str | None) -> Iterable[Listed]:
    names = Counter(each.run.scenario_name for each in listed if each.run is not None)
    if scenario is not None and scenario not in names:
        near = suggestion(scenario, names) if names else "annt-prof run SCENARIO makes one"
        raise UserError("there is no run of this scenario", where=scenario, hint=near)
    # What cannot be read may be of any scenario, so it is told of each.
    return [
        each for each in listed if each.run is None or scenario in (None, each.run.scenario_name)
    ]


def _read(listed: Listed) -> Run | str:
    """Return a complete run, or why it is left out."""
    if listed.run is None:
        return listed.problem
    try:
        run = load_run(listed.directory).run
    except UserError as error:
        return error.message
    return run if run.complete else "not complete"


def _entry(
    directory: Path, run: Run, variant: str | None, metric: Metric
) -> tuple[SeriesKey, _Entry] | str:
    """Return a run's point with its series, or why it has none."""
    name = default_variant(run) if variant is None else variant
    record = next((v for v in run.variants if v.name == name), None)
    if record is None:
        return f"without a variant {name}" if name else "without a variant"
    if run.reference is not None and name == BASELINE:
        return "with a reference as its baseline, which is no scenario of its own"
    figure = run_figure(record, metric) if record.status == "measured" else None
    if figure is None:
        return f"without this figure of {name}"
    entry = _Entry(
        directory=directory.name,
        created=run.created,
        scenario=run.scenario_name,
        variant=record.name,
        device=run.environment.device_name,
        torch=run.environment.packages.get("torch", "-"),
        figure=figure,
    )
    return series_key(run, record), entry


def _series(
    entries: Sequence[_Entry], apart: Facts, metric: Metric, last: int | None
) -> HistorySeries:
    figures = [entry.figure for entry in entries]
    changes = level_changes(figures)
    points = tuple(_points(entries, changes))
    shown = points if last is None else points[-last:]
    num_earlier = len(points) - len(shown)
    return HistorySeries(
        scenarios=tuple(dict.fromkeys(entry.scenario for entry in entries)),
        variants=tuple(dict.fromkeys(entry.variant for entry in entries)),
        apart=apart,
        device=entries[-1].device,
        torch=entries[-1].torch,
        column=_column(metric, [point.figure.value for point in shown]),
        points=shown,
        num_earlier=num_earlier,
        num_changes=len(changes),
        num_earlier_changes=sum(change.place < num_earlier for change in changes),
        enough=len(points) >= LEAST_RUNS,
    )


def _column(metric: Metric, values: Sequence[float]) -> FigureColumn:
    largest = max(values)
    match metric:
        case Metric.STEP_TIME:
            return FigureColumn("step ms", units.NS_PER_MS, units.duration_decimals(values))
        case Metric.THROUGHPUT:
            return FigureColumn("samples/s", 1.0, units.throughput_decimals(values))
        case Metric.PEAK_MEMORY:
            unit = units.memory_unit([round(largest)])
            return FigureColumn(f"peak {unit.name}", unit.size_bytes, unit.places)
        case Metric.ENERGY_PER_SAMPLE:
            return FigureColumn("J/sample", 1.0, units.decimals(largest))


def _points(entries: Sequence[_Entry], changes: Sequence[LevelChange]) -> Iterator[HistoryPoint]:
    begins = {change.place: change.fraction for change in changes}
    before: float | None = None
    for place, entry in enumerate(entries):
        value = entry.figure.value
        yield HistoryPoint(
            directory=entry.directory,
            created=entry.created,
            figure=entry.figure,
            change=None if before is None else value / before - 1,
            level_change=begins.get(place),
        )
        before = value
