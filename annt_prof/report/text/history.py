"""Runs over time, for a terminal or a pipe."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from annt_prof import units
from annt_prof.report.text.lines import bullets, heading, indented, labelled, plain
from annt_prof.report.text.tables import Column, Table, names, words
from annt_prof.views.changes import signed
from annt_prof.views.sparkline import sparkline

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import Console, RenderableType

    from annt_prof.views.history_view import FigureColumn, HistoryPoint, HistorySeries, HistoryView

_NONE = "-"


def render_history(view: HistoryView, console: Console) -> None:
    """Print one series after the other, then what was left out."""
    ascii_only = console.options.ascii_only
    for number, series in enumerate(view.series):
        if number:
            console.print(Text())
        for part in _series(series, view.least_runs, ascii_only=ascii_only):
            console.print(part, highlight=False)
    if not view.series:
        console.print(plain("no run has the figure that is asked for"), highlight=False)
    if view.left_out:
        console.print(Text())
        console.print(heading("Left out"), highlight=False)
        lines = (
            f"{units.count(len(left.directories), 'run')}: {left.reason} "
            f"({', '.join(left.directories)})"
            for left in view.left_out
        )
        console.print(bullets("-", lines), highlight=False)


def _series(
    series: HistorySeries, least_runs: int, *, ascii_only: bool
) -> Iterator[RenderableType]:
    of = f"{', '.join(series.variants)} of {', '.join(series.scenarios)}"
    yield heading(of, f"{series.device}, torch {series.torch}")
    if series.apart:
        yield labelled(
            [("told apart", ", ".join(f"{name} {value}" for name, value in series.apart))]
        )
    yield indented(plain(_drawn(series, ascii_only=ascii_only)))
    yield Table(
        (
            words("begun, UTC"),
            Column(series.column.title),
            Column("95 % interval"),
            Column("change"),
            Column("new level"),
            names("run"),
        ),
        tuple(_row(point, series.column) for point in series.points),
    )
    for note in _notes(series, least_runs):
        yield indented(plain(note, "dim"))


def _drawn(series: HistorySeries, *, ascii_only: bool) -> str:
    values = [point.figure.value for point in series.points]
    line = sparkline(values, ascii_only=ascii_only)
    low, high = (_figure(value, series.column) for value in (min(values), max(values)))
    return f"{line}  {series.column.title} from {low} to {high}"


def _row(point: HistoryPoint, column: FigureColumn) -> tuple[str, ...]:
    half = point.figure.half_width
    return (
        point.begun,
        _figure(point.figure.value, column),
        _NONE if half is None else units.plus_minus(half),
        _change(point.change),
        "" if point.level_change is None else _change(point.level_change),
        point.directory,
    )


def _figure(value: float, column: FigureColumn) -> str:
    return units.number(value / column.scale, column.places)


def _change(fraction: float | None) -> str:
    return _NONE if fraction is None else signed(units.percent(fraction), fraction)


def _notes(series: HistorySeries, least_runs: int) -> Iterator[str]:
    if series.num_earlier:
        yield f"{units.count(series.num_earlier, 'earlier run')} not shown"
    if series.num_earlier_changes:
        changes = units.count(series.num_earlier_changes, "change")
        yield f"{changes} of level among them"
    if not series.enough:
        have = units.count(len(series.points) + series.num_earlier, "run")
        yield f"{have}: whether the level changed is told from {least_runs} runs on"
    elif not series.num_changes:
        yield "no change of level stands out from what runs vary by"
