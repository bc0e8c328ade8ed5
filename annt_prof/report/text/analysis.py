"""The analysis of a trace, for a terminal or a pipe."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from annt_prof import units
from annt_prof.report.text import device_sections as device
from annt_prof.report.text.breakdown_table import BreakdownTable
from annt_prof.report.text.lines import bullets, heading, indented, labelled, plain
from annt_prof.report.text.step_table import step_table
from annt_prof.report.text.tables import Column, Table, milliseconds, share, words

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from rich.console import Console, RenderableType

    from annt_prof.views.analysis_view import AnalysisView, NotMeasured, TraceHead
    from annt_prof.views.host_steps_view import HostPart
    from annt_prof.views.path_view import PathView
    from annt_prof.views.trace_steps_view import TraceStepsView

_HOST_PARTS = {
    "data_loading": "loading data",
    "blocked": "blocked until the device is done",
    "dispatch": "in operators and launches",
    "waiting_for_backward": "waiting for the backward thread",
    "python": "Python and what was not recorded",
}


def render(view: AnalysisView, console: Console) -> None:
    """Print the analysis.

    Args:
        view: Of one trace.
        console: Takes it; without colours where it has none.
    """
    for index, section in enumerate(_sections(view, console)):
        if index:
            console.print(Text())
        for part in section:
            console.print(part, highlight=False)


def _sections(view: AnalysisView, console: Console) -> Iterator[Iterable[RenderableType]]:
    yield _head(view.head)
    if view.steps is not None:
        yield _steps(view.steps, console.width, ascii_only=console.options.ascii_only)
    if view.host:
        yield _host(view.host)
    if view.path is not None:
        yield _path(view.path)
    if view.devices is not None:
        yield device.temporal(view.devices)
    if view.kernels is not None:
        yield device.kernels(view.kernels)
    if view.queue is not None:
        yield device.queue(view.queue)
    if view.idle is not None:
        yield device.idle(view.idle)
    if view.waits.rows or view.waits.rest.count:
        yield device.synchronisations(view.waits)
    if view.copies.rows or view.copies.rest.count:
        yield device.copies(view.copies)
    if view.memory:
        yield device.memory(view.memory)
    if view.pitfalls:
        yield (heading("Known mistakes, in every step"), bullets("!", view.pitfalls))
    if view.not_measured:
        yield _not_measured(view.not_measured)


def _head(head: TraceHead) -> Iterator[RenderableType]:
    yield heading(head.source)
    facts = [("events", units.whole(head.num_events))]
    if head.device_names:
        facts.append(("devices", ", ".join(head.device_names)))
    if head.rank is not None:
        of = "" if head.world_size is None else f" of {head.world_size}"
        facts.append(("rank", f"{head.rank}{of}"))
    yield labelled(facts)
    if head.remarks:
        yield Text()
        yield plain("To know before reading on", "bold yellow")
        yield bullets("!", head.remarks)


def _steps(view: TraceStepsView, width: int, *, ascii_only: bool) -> Iterator[RenderableType]:
    parts = view.parts
    yield heading("Where the step goes", f"{units.duration(parts.step_ns)}, {_mean_of(view)}")
    yield from BreakdownTable(view.scale, width, ascii_only=ascii_only).rows(parts)
    if parts.hidden:
        listed = ", ".join(
            f"{time.category} {units.duration(time.time_ns)}" for time in parts.hidden
        )
        yield indented(plain(f"hidden under other work, so not part of the step: {listed}"))
    for unseen in view.unseen:
        yield indented(plain(f"n/a, {unseen.reason}: {', '.join(unseen.categories)}", "dim"))
    if view.table is not None:
        yield Text()
        yield step_table(view.table, width)
    if view.num_more_steps:
        left = units.count(view.num_more_steps, "more step")
        yield plain(f"and {left}; --steps chooses, --json has them all", "dim")


def _mean_of(view: TraceStepsView) -> str:
    """Say of how many steps the mean is, and how far they lie apart."""
    steps = units.count(view.num_steps, "step")
    if view.num_steps == 1:
        return f"mean of {steps}"
    shortest, longest = (units.duration(ns) for ns in (view.shortest_ns, view.longest_ns))
    return f"mean of {steps} from {shortest} to {longest}"


def _host(parts: Sequence[HostPart]) -> Iterator[RenderableType]:
    yield heading("The same steps from the host", "main thread, mean per step")
    yield Table(
        (words(""), Column("ms"), Column("share")),
        tuple(
            (_HOST_PARTS[part.activity], milliseconds(part.mean_ns), share(part.share))
            for part in parts
            if not part.brief
        ),
    )
    if brief := [_HOST_PARTS[part.activity] for part in parts if part.brief]:
        yield indented(plain(f"0.000 ms: {', '.join(brief)}", "dim"))


def _path(view: PathView) -> Iterator[RenderableType]:
    yield heading("What sets the step's length", "the critical path, mean per step")
    if view.rows:
        yield Table(
            (words(""), Column("on path ms"), Column("share"), Column("spent ms")),
            tuple(
                (
                    row.name, milliseconds(row.on_path_ns), share(row.share),
                    "-" if row.spent_ns is None else milliseconds(row.spent_ns),
                )
                for row in view.rows
            ),
        )  # fmt: skip
    if view.brief:
        yield indented(plain(f"0.000 ms: {', '.join(view.brief)}", "dim"))
    if view.phases:
        listed = ", ".join(f"{time.phase} {units.duration(time.time_ns)}" for time in view.phases)
        yield indented(plain(f"the host's part of the path, by what it was in: {listed}"))
    if view.hidden_loading is not None:
        takes = units.duration(view.hidden_loading.loading_ns)
        saves = units.duration(view.hidden_loading.on_path_ns)
        yield indented(
            plain(f"loading data takes the host {takes}, of which {saves} are on the path: faster "
                  "loading cannot save more than that")
        )  # fmt: skip


def _not_measured(reasons: Sequence[NotMeasured]) -> Iterator[RenderableType]:
    for told in reasons:
        said = f"not measured: {', '.join(told.names)}: {told.reason}"
        yield indented(plain(said, "dim"), 0)
