"""Step times: of a run launch by launch, of a trace step by step."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from annt_prof import units
from annt_prof.compare.wording import without_figures
from annt_prof.views.launch_numbers import launch_number
from annt_prof.views.page import Block, Cell, Column, Lines, Page, Row, Said, Sheet, Tone
from annt_prof.views.screens.names import Screen
from annt_prof.views.step_strip import FENCE, LEAST_STEPS, outliers, step_times
from annt_prof.views.step_table_view import build_step_table

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from annt_prof.analysis.analysis import Analysis
    from annt_prof.analysis.breakdown.breakdown import StepBreakdown
    from annt_prof.analysis.lanes.lanes import Lanes
    from annt_prof.runs.digests import Digest
    from annt_prof.runs.record import Run, VariantRecord
    from annt_prof.views.screens.source import RunSource
    from annt_prof.views.step_table_view import StepRow, StepTable

LAUNCHES = "launches"
STEPS = "steps"
_BETWEEN = "/"
_NONE = "-"
_FENCE = units.as_given(FENCE)
_MOST_CATEGORIES = 8
_STEP = Column("step", "step", "As the profiler names it; Enter opens its timeline.", numeric=False)
_WALL = Column("wall_ns", "step ms", "Its wall time, traced: the profiler's cost is in it.")


def build_steps_page(source: RunSource) -> Page:
    """Return the step times of a run.

    Raises:
        UserError: The run cannot be read.
    """
    return Page(Screen.STEPS, source.title, (_launches(source.run),))


def build_trace_steps_page(title: str, digest: Digest | None) -> Page:
    """Return the steps of one trace.

    Args:
        title: Of what is open.
        digest: Of it; None while it is made.
    """
    blocks = () if digest is None else tuple(_of_trace(digest))
    return Page(Screen.STEPS, title, blocks)


def variant_of(row_key: str) -> str:
    """Return the variant that a row of the launches is of."""
    return row_key.rpartition(_BETWEEN)[0]


def step_of(row_key: str) -> int:
    """Return which step of a trace a row of its steps is of."""
    return int(row_key)


def _launches(run: Run) -> Sheet:
    measured = [variant for variant in run.variants if variant.windows]
    longest = [max(w.step_ns) for v in measured for w in v.windows if w.step_ns]
    places = units.duration_decimals(longest)
    return Sheet(
        key=LAUNCHES,
        title="Single steps by launch",
        columns=tuple(_launch_columns()),
        rows=tuple(row for variant in measured for row in _launch_rows(variant, places)),
        notes=tuple(_launch_notes(run)),
        empty="no variant has a timed window yet",
    )


def _launch_columns() -> Iterator[Column]:
    yield Column("variant", "variant", "One set of techniques; the baseline has none.", False, True)
    yield Column("launch", "launch", "Fresh processes of every variant; counted from 1.")
    yield Column("rounds", "rounds", "Timed windows of the variant in this launch.")
    yield Column("iterations", "iterations", "In these windows.")
    yield Column("mean_ns", "mean ms", "Whole time of the windows over their iterations.")
    yield Column("p05_ns", "p05 ms", "Single steps: one in twenty is shorter.")
    yield Column("p95_ns", "p95 ms", "Single steps: one in twenty is longer.")
    yield Column("longest_ns", "longest ms", "The longest single step.")
    yield Column(
        "outliers",
        "outliers",
        f"Steps beyond {_FENCE} interquartile ranges of the variant's log step times.",
    )
    yield Column("traced", "trace", "Whether the variant was traced: Enter opens the timeline.")


def _launch_rows(variant: VariantRecord, places: int) -> Iterator[Row]:
    times, launches = step_times(variant)
    far = outliers(times)
    for launch in sorted({window.launch for window in variant.windows}):
        windows = [window for window in variant.windows if window.launch == launch]
        own = times[launches == launch]
        num_iterations = sum(window.iterations for window in windows)
        mean_ns = sum(window.wall_ns for window in windows) / num_iterations
        p05_ns, p95_ns = np.percentile(own, [5, 95]).tolist()
        num_far = int(far[launches == launch].sum())
        number = launch_number(launch)
        cells = (
            Cell(variant.name, variant.name, Tone.STRONG),
            Cell(str(number), number),
            Cell(units.whole(len(windows)), len(windows)),
            Cell(units.whole(num_iterations), num_iterations),
            *(
                Cell(units.milliseconds(ns, places), ns)
                for ns in (mean_ns, p05_ns, p95_ns, int(own.max()))
            ),
            Cell(units.whole(num_far), num_far, Tone.UNSURE if num_far else Tone.QUIET),
            Cell(_NONE, False, Tone.QUIET) if variant.trace is None else Cell("yes", True),
        )
        yield Row(f"{variant.name}{_BETWEEN}{launch}", cells)


def _launch_notes(run: Run) -> Iterator[str]:
    for variant in run.variants:
        if not variant.windows:
            yield f"{variant.name}: {without_figures(variant.status, variant.reason)}"
    yield (
        f"An outlier (!) lies beyond {_FENCE} interquartile ranges of its variant's log step "
        f"times (Tukey's outer fences; of {LEAST_STEPS} steps or more). It is marked and no more: "
        "no step is left out of any figure."
    )
    if any(variant.iterations_per_optimizer_step > 1 for variant in run.variants):
        yield "With accumulation a single step is an optimizer step's time per iteration."


def _of_trace(digest: Digest) -> Iterator[Block]:
    analysis = digest.analysis
    yield _steps(analysis, digest.lanes)
    if analysis.remarks:
        remarks = tuple(Said(remark) for remark in analysis.remarks)
        yield Lines("remarks", "To know before believing a figure", remarks)


def _steps(analysis: Analysis, lanes: Lanes) -> Sheet:
    breakdown = analysis.breakdown
    if breakdown is None:
        reason = analysis.not_measured.get("breakdown", "the trace does not tell")
        note = f"not broken down by category: {reason}"
        return _plain_steps(lanes, note)
    table = build_step_table(breakdown.steps).narrowed(_MOST_CATEGORIES)
    numbers = _numbers(breakdown.steps, lanes)
    return Sheet(
        key=STEPS,
        title="Steps of the trace",
        columns=tuple(_step_columns(table)),
        rows=tuple(
            _step_row(row, number, table) for row, number in zip(table.rows, numbers, strict=True)
        ),
        notes=tuple(f"left out: {name}" for name in breakdown.incomplete),
    )


def _numbers(steps: Sequence[StepBreakdown], lanes: Lanes) -> list[int]:
    """Return which of the lanes' steps each is, told by its span: names may repeat."""
    begins_ns, ends_ns = lanes.step_start_ns.tolist(), lanes.step_end_ns.tolist()
    numbers = {span: place for place, span in enumerate(zip(begins_ns, ends_ns, strict=True))}
    begun_ns = [step.start_ns - lanes.origin_ns for step in steps]
    return [
        numbers[begin, begin + step.wall_ns] for begin, step in zip(begun_ns, steps, strict=True)
    ]


def _step_columns(table: StepTable) -> Iterator[Column]:
    yield from (_STEP, _WALL)
    for category in table.categories:
        yield Column(f"{category}_ns", f"{category} ms", "Of the step; categories sum to it.")
    yield Column("others_ns", "others ms", "All other categories.")


def _step_row(row: StepRow, number: int, table: StepTable) -> Row:
    times_ns = (row.wall_ns, *row.by_category_ns, row.others_ns)
    figures = (Cell(units.milliseconds(ns, table.decimals), ns) for ns in times_ns)
    return Row(str(number), (Cell(row.name, row.name, Tone.STRONG), *figures))


def _plain_steps(lanes: Lanes, note: str) -> Sheet:
    lengths = (lanes.step_end_ns - lanes.step_start_ns).tolist()
    places = units.duration_decimals(lengths)
    named = zip(lanes.step_names, lengths, strict=True)
    return Sheet(
        key=STEPS,
        title="Steps of the trace",
        columns=(_STEP, _WALL),
        rows=tuple(
            Row(str(number), (Cell(name, name), Cell(units.milliseconds(ns, places), ns)))
            for number, (name, ns) in enumerate(named)
        ),
        notes=(note,),
    )
