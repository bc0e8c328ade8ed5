"""One trace on one screen: where its steps go, what sets their length, and what keeps it idle."""

from __future__ import annotations

from typing import TYPE_CHECKING

from annt_prof import units
from annt_prof.categories import Category
from annt_prof.views.analysis_view import build_analysis_view
from annt_prof.views.page import (
    Bar,
    Bars,
    Block,
    Cell,
    Column,
    Lines,
    Page,
    Part,
    Row,
    Said,
    Sheet,
    Tone,
)
from annt_prof.views.screens.names import Screen

if TYPE_CHECKING:
    from collections.abc import Iterator

    from annt_prof.analysis.analysis import Analysis
    from annt_prof.views.analysis_view import AnalysisView, TraceHead
    from annt_prof.views.idle_view import IdleView
    from annt_prof.views.path_view import PathRow, PathView
    from annt_prof.views.step_parts import CategoryTime
    from annt_prof.views.trace_steps_view import TraceStepsView

_NONE = Cell("-", None, Tone.QUIET)
_COLUMNS = (
    Column("category", "category", "Where a nanosecond of the step went.", numeric=False),
    Column("spent_ns", "spent ms", "Of the mean step's wall time; all of them sum to it."),
    Column("share", "of the step", "The same as a share of the step."),
    Column("on_path_ns", "on path ms", "On the critical path: the rest cannot shorten the step."),
    Column("path_share", "of the path", "The same as a share of the steps."),
    Column("hidden_ns", "hidden ms", "Ran under other work, and so is no part of the step."),
)


def build_trace_overview_page(title: str, analysis: Analysis) -> Page:
    """Return what one trace shows.

    Args:
        title: What the trace is called.
        analysis: Of it.
    """
    return Page(Screen.OVERVIEW, title, tuple(_blocks(build_analysis_view(analysis))))


def _blocks(view: AnalysisView) -> Iterator[Block]:
    if view.head.remarks:
        said = tuple(Said(text, tone=Tone.UNSURE) for text in view.head.remarks)
        yield Lines("remarks", "To know before believing a figure", said)
    if view.steps is not None:
        yield _bars(view.steps)
        yield _categories(view.steps, view.path)
    if view.idle is not None and view.idle.num_gaps:
        yield _idle(view.idle)
    if view.pitfalls:
        said = tuple(Said(text, tone=Tone.BAD) for text in view.pitfalls)
        yield Lines("mistakes", "Known mistakes, in every step", said)
    yield Lines("trace", "The trace", tuple(_head(view.head)))
    if view.not_measured:
        said = tuple(Said(f"{', '.join(each.names)}: {each.reason}") for each in view.not_measured)
        yield Lines("not_measured", "Not measured", said)


def _head(head: TraceHead) -> Iterator[Said]:
    yield Said(head.source, "file")
    yield Said(units.whole(head.num_events), "events")
    if head.device_names:
        yield Said(", ".join(head.device_names), "devices")
    if head.rank is not None:
        of = "" if head.world_size is None else f" of {head.world_size}"
        yield Said(f"{head.rank}{of}", "rank")


def _bars(view: TraceStepsView) -> Bars:
    places = view.scale.duration_decimals
    parts = tuple(
        Part(row.category.value, row.time_ns, f"{units.milliseconds(row.time_ns, places)} ms")
        for row in view.parts.rows
    )
    whole = units.duration(view.parts.step_ns)
    return Bars(
        key="step",
        title="Where the step goes",
        bars=(Bar(f"mean of {units.count(view.num_steps, 'step')}", parts, whole),),
        full=view.scale.longest_step_ns,
        notes=(
            f"steps take from {units.duration(view.shortest_ns)} to "
            f"{units.duration(view.longest_ns)}",
        ),
    )


def _categories(view: TraceStepsView, path: PathView | None) -> Sheet:
    on_path = {} if path is None else {row.name: row for row in path.rows}
    spent = {row.category: row for row in view.parts.rows}
    hidden_ns = {time.category: time.time_ns for time in view.parts.hidden}
    shown = [c for c in Category if c in spent or c in on_path or c in hidden_ns]
    rows = tuple(
        Row(
            category,
            (
                Cell(category, category.value, Tone.STRONG),
                *_spent(spent.get(category)),
                *_passed(on_path.get(category), known=path is not None),
                _milliseconds(hidden_ns[category]) if category in hidden_ns else _NONE,
            ),
        )
        for category in shown
    )
    return Sheet("categories", "By category", _COLUMNS, rows, notes=tuple(_notes(view, path)))


def _spent(row: CategoryTime | None) -> tuple[Cell, Cell]:
    if row is None:
        return _NONE, _NONE
    return _milliseconds(row.time_ns), _share(row.share)


def _passed(row: PathRow | None, *, known: bool) -> tuple[Cell, Cell]:
    """Return what of a category is on the path; of a known path, what it does not list is none."""
    if row is not None:
        return _milliseconds(row.on_path_ns), _share(row.share)
    return (_milliseconds(0), _share(0.0)) if known else (_NONE, _NONE)


def _notes(view: TraceStepsView, path: PathView | None) -> Iterator[str]:
    if path is not None and path.brief:
        yield f"on the path for less than 0.001 ms: {', '.join(path.brief)}"
    if view.parts.zeros:
        yield f"0 ms: {', '.join(view.parts.zeros)}"
    for unseen in view.unseen:
        yield f"n/a, {unseen.reason}: {', '.join(unseen.categories)}"


def _idle(view: IdleView) -> Lines:
    gaps = units.count(view.num_gaps, "gap")
    title = f"The device was idle for {units.duration(view.total_ns)} in {gaps}"
    said = tuple(Said(units.percent(each.share), each.cause) for each in view.causes)
    return Lines("idle", title, said)


def _milliseconds(ns: float) -> Cell:
    return Cell(units.milliseconds(ns, 3), ns)


def _share(share: float | None) -> Cell:
    return _NONE if share is None else Cell(units.percent(share), share)
