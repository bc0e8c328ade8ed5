"""Stored baselines, for a terminal or a pipe."""

from __future__ import annotations

from typing import TYPE_CHECKING

from annt_prof import units
from annt_prof.report.text.lines import INDENT, bullets, heading, labelled, plain
from annt_prof.report.text.tables import Column, Table, names, words
from annt_prof.scenario.budget_metrics import Dimension

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import Console

    from annt_prof.views.baseline_view import (
        AcceptedView,
        BaselineEntry,
        BaselineFigure,
        BaselineList,
        BaselineView,
    )

_NONE = "-"


def render_baseline_list(view: BaselineList, console: Console) -> None:
    """Print a line for each baseline."""
    console.print(heading("Baselines", view.folder), highlight=False)
    if not view.baselines:
        console.print(plain("none; annt-prof baseline accept RUN writes one", "dim"))
        return
    columns = (
        names("name", 8), names("scenario", 10), names("device", 12), words("machine"),
        Column("runs"), Column("launches"), words("newest run, UTC"),
    )  # fmt: skip
    rows = tuple(
        (
            entry.name,
            entry.scenario_name,
            entry.device,
            entry.fingerprint,
            units.whole(len(entry.runs)),
            units.whole(entry.launches),
            _day_and_time(max(run.created for run in entry.runs)),
        )
        for entry in view.baselines
    )
    console.print(Table(columns, rows, num_keys=4), highlight=False)


def render_accepted(view: AcceptedView, console: Console) -> None:
    """Print what was written, where, and what is not part of it."""
    entry = view.entry
    done = "replaced" if view.replaced else "kept"
    told = units.count(len(entry.runs), "run")
    console.print(
        plain(f"{done}: baseline {entry.name} of {entry.scenario_name}, {told}", "bold"),
        highlight=False,
    )
    # Left to the terminal to wrap, so that the path can be copied whole.
    console.print(plain(f"  {entry.file}"), highlight=False, soft_wrap=True)
    rows = (
        ("variants", ", ".join(entry.variants)),
        ("metrics", ", ".join(view.metrics)),
        ("machine", f"{entry.device}, {entry.software}"),
    )
    console.print(labelled(rows, INDENT), highlight=False)
    if view.lacks:
        console.print(bullets("!", view.lacks), highlight=False)
    if view.left_out:
        left_out = (f"{name} is left out: {reason}" for name, reason in view.left_out.items())
        console.print(bullets("!", left_out), highlight=False)


def render_baseline(view: BaselineView, console: Console, *, follows: bool = False) -> None:
    """Print what a baseline is of and its figures.

    Args:
        view: Which.
        console: Where to.
        follows: Whether another one stands above it.
    """
    if follows:
        console.print()
    entry = view.entry
    console.print(heading(f"Baseline {entry.name}", entry.scenario_name), highlight=False)
    console.print(plain(f"  {entry.file}"), highlight=False, soft_wrap=True)
    console.print(labelled(_facts(view, entry), INDENT), highlight=False)
    columns = (
        names("variant", 8), names("metric", 12), Column("middle"), Column("spread of launches"),
        Column("runs apart"), Column("launches"),
    )  # fmt: skip
    below = (
        "middle: geometric mean of the launches' figures; runs apart: the largest difference "
        "between two runs of the same code; of one run there is none"
    )
    rows = tuple(map(_row, view.figures))
    console.print(Table(columns, rows, num_keys=2, below=below), highlight=False)


def _facts(view: BaselineView, entry: BaselineEntry) -> Iterator[tuple[str, str]]:
    yield "machine", f"{entry.device} ({entry.fingerprint})"
    yield "software", entry.software
    for run in entry.runs:
        yield "run", f"{run.run_id}, {_day_and_time(run.created)} UTC"
    for stand_in in view.stand_ins:
        yield "stand-in", f"something else took the place of the {stand_in}"
    for variant, keys in view.pitfalls.items():
        yield "pitfalls", f"{variant}: {', '.join(keys)}"


def _row(figure: BaselineFigure) -> tuple[str, ...]:
    return (
        figure.variant,
        figure.metric,
        _amount(figure),
        _NONE if figure.spread is None else units.percent(figure.spread),
        _NONE if figure.furthest is None else units.percent(figure.furthest),
        units.whole(figure.launches),
    )


def _amount(figure: BaselineFigure) -> str:
    value = figure.middle
    match Dimension(figure.dimension):
        case Dimension.TIME:
            return units.fine(value)
        case Dimension.RATE:
            places = units.throughput_decimals([value])
            return f"{units.throughput(value, places)} samples/s"
        case Dimension.MEMORY:
            return units.memory(round(value))
        case Dimension.ENERGY:
            return f"{units.joules(value)} J"
        case Dimension.SHARE:
            return units.percent(value)
        case Dimension.COUNT:
            return units.as_given(value)


def _day_and_time(created: str) -> str:
    """Return ISO 8601 as ``2026-07-25 14:30``."""
    return created[:16].replace("T", " ")
