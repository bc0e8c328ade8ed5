"""Runs over time as one JSON document, with keys that stay."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from annt_prof.compare.launch_figures import Metric
from annt_prof.report.json.encoding import encode

if TYPE_CHECKING:
    from annt_prof.views.history_view import HistoryPoint, HistorySeries, HistoryView

DOCUMENT_VERSION = 1
"""Raised when a key changes its meaning or goes; new keys do not raise it."""

_UNITS = {
    Metric.STEP_TIME: "ns",
    Metric.THROUGHPUT: "samples/s",
    Metric.PEAK_MEMORY: "bytes",
    Metric.ENERGY_PER_SAMPLE: "J",
}


@dataclass(frozen=True)
class FactDocument:
    """A fact of the machine or the work."""

    name: str
    value: str


@dataclass(frozen=True)
class IntervalDocument:
    """A 95 % interval over launches."""

    low: float
    high: float


@dataclass(frozen=True)
class RunDocument:
    """A run.

    ``change`` is a fraction of the figure of the run before, null of the first; ``level_change`` a
    fraction of the level before where a new one begins with this run, else null.
    """

    run: str
    created: str
    value: float
    interval: IntervalDocument | None
    launches: int
    change: float | None
    level_change: float | None


@dataclass(frozen=True)
class SeriesDocument:
    """Runs of one work on one machine, oldest first.

    ``level_changes_told`` is false where there are too few runs to tell any.
    """

    scenarios: tuple[str, ...]
    variants: tuple[str, ...]
    device: str
    torch: str
    unlike_others: tuple[FactDocument, ...]
    earlier_runs: int
    earlier_level_changes: int
    level_changes_told: bool
    runs: tuple[RunDocument, ...]


@dataclass(frozen=True)
class LeftOutDocument:
    """Runs that are not among them."""

    reason: str
    runs: tuple[str, ...]


@dataclass(frozen=True)
class HistoryDocument:
    """All series."""

    schema_version: int
    scenario: str | None
    metric: str
    unit: str
    series: tuple[SeriesDocument, ...]
    left_out: tuple[LeftOutDocument, ...]


def history_document(view: HistoryView) -> bytes:
    """Return the history as indented UTF-8 JSON with a final line break."""
    return encode(
        HistoryDocument(
            schema_version=DOCUMENT_VERSION,
            scenario=view.scenario,
            metric=view.metric.value,
            unit=_UNITS[view.metric],
            series=tuple(map(_series, view.series)),
            left_out=tuple(LeftOutDocument(e.reason, e.directories) for e in view.left_out),
        )
    )


def _series(series: HistorySeries) -> SeriesDocument:
    return SeriesDocument(
        scenarios=series.scenarios,
        variants=series.variants,
        device=series.device,
        torch=series.torch,
        unlike_others=tuple(FactDocument(name, value) for name, value in series.apart),
        earlier_runs=series.num_earlier,
        earlier_level_changes=series.num_earlier_changes,
        level_changes_told=series.enough,
        runs=tuple(map(_run, series.points)),
    )


def _run(point: HistoryPoint) -> RunDocument:
    figure, interval = point.figure, None
    if figure.low is not None and figure.high is not None:
        interval = IntervalDocument(figure.low, figure.high)
    return RunDocument(
        run=point.directory,
        created=point.created,
        value=figure.value,
        interval=interval,
        launches=figure.launches,
        change=point.change,
        level_change=point.level_change,
    )
