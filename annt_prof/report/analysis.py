"""The analysis of a trace, for a terminal or a pipe."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from rich import box
from rich.table import Table
from rich.text import Text

from annt_prof import units
from annt_prof.report.breakdown_table import BreakdownTable
from annt_prof.report.kernel_names import shorten
from annt_prof.report.lines import bullets, heading, indented, labelled, plain
from annt_prof.report.step_table import step_table

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from rich.console import Console, RenderableType

    from annt_prof.analysis.analysis import Analysis
    from annt_prof.analysis.breakdown import Breakdown, MeanBreakdown
    from annt_prof.analysis.copies import CopyRow
    from annt_prof.analysis.host_view import HostStep
    from annt_prof.analysis.idle import Idle
    from annt_prof.analysis.kernel_table import KernelRow, KernelTable
    from annt_prof.analysis.memory_use import MemoryUse
    from annt_prof.analysis.queue import Queue
    from annt_prof.analysis.synchronisations import Synchronisation
    from annt_prof.analysis.temporal import DeviceTime, Temporal

_Column = tuple[str, Literal["left", "right"]]

_MOST_STEPS = 20
_MOST_HOLDERS = 10
_LONGEST_NAME = 56
_LONGEST_NEIGHBOUR = 32


# In the order in which a narrow terminal can do without them, the last first.
_KERNEL_COLUMNS: tuple[_Column, ...] = (
    ("total ms", "right"), ("of steps", "right"), ("count", "right"), ("class", "left"),
    ("phase", "left"), ("p50 us", "right"), ("p95 us", "right"), ("matrix units", "left"),
)  # fmt: skip
_NARROW_COLUMNS = 4
_WIDE = 120


def render(analysis: Analysis, console: Console) -> None:
    """Print the analysis.

    Args:
        analysis: Of one trace.
        console: Takes it; without colours where it has none.
    """
    for index, section in enumerate(_sections(analysis, console)):
        if index:
            console.print(Text())
        for part in section:
            console.print(part, highlight=False)


def _sections(analysis: Analysis, console: Console) -> Iterator[Iterable[RenderableType]]:
    yield _head(analysis)
    if analysis.breakdown is not None:
        ascii_only = console.options.ascii_only
        yield _breakdown(analysis.breakdown, console.width, ascii_only=ascii_only)
    if analysis.host is not None:
        yield _host(analysis.host)
    if analysis.temporal is not None:
        yield _temporal(analysis.temporal)
    if analysis.kernels is not None:
        yield _kernels(analysis.kernels, console.width)
    if analysis.queue is not None:
        yield _queue(analysis.queue)
    if analysis.idle is not None:
        yield _idle(analysis.idle, console.width)
    if analysis.synchronisations:
        yield _synchronisations(analysis.synchronisations)
    if analysis.copies:
        yield _copies(analysis.copies)
    if analysis.memory is not None:
        yield _memory(analysis.memory)
    if analysis.not_measured:
        yield _not_measured(analysis.not_measured)


def _head(analysis: Analysis) -> Iterator[RenderableType]:
    yield heading(analysis.source)
    facts = [("events", f"{analysis.num_events:,}")]
    if analysis.device_names:
        facts.append(("devices", ", ".join(dict.fromkeys(analysis.device_names))))
    if analysis.rank is not None:
        of = "" if analysis.world_size is None else f" of {analysis.world_size}"
        facts.append(("rank", f"{analysis.rank}{of}"))
    yield labelled(facts)
    if analysis.remarks:
        yield Text()
        yield plain("To know before reading on", "bold yellow")
        yield bullets("!", analysis.remarks)


def _breakdown(breakdown: Breakdown, width: int, *, ascii_only: bool) -> Iterator[RenderableType]:
    mean = breakdown.mean
    steps = units.count(mean.num_steps, "step")
    yield heading("Where the step goes", f"{units.duration(mean.step_ns)}, mean of {steps}")
    yield from BreakdownTable([mean], width, ascii_only=ascii_only).rows(mean)
    yield from _under(mean)
    if mean.num_steps > 1:
        yield Text()
        yield step_table(breakdown.steps[:_MOST_STEPS], width)
        if mean.num_steps > _MOST_STEPS:
            left = units.count(mean.num_steps - _MOST_STEPS, "more step")
            yield plain(f"and {left}; --steps chooses, --json has them all", "dim")


def _under(mean: MeanBreakdown) -> Iterator[RenderableType]:
    hidden = {category: ns for category, ns in mean.hidden_ns.items() if ns}
    if hidden:
        listed = ", ".join(f"{category} {units.duration(ns)}" for category, ns in hidden.items())
        yield indented(plain(f"hidden under compute, so not part of the step: {listed}"))
    for category, reason in mean.not_measured.items():
        yield indented(plain(f"n/a: {category}: {reason}", "dim"))


def _host(steps: Sequence[HostStep]) -> Iterator[RenderableType]:
    yield heading("The same steps from the host", "main thread, mean per step")
    total = {
        "loading data": sum(step.data_loading_ns for step in steps),
        "blocked until the device is done": sum(step.blocked_ns for step in steps),
        "in operators and launches": sum(step.dispatch_ns for step in steps),
        "waiting for the backward thread": sum(step.waiting_for_backward_ns for step in steps),
        "Python and what was not recorded": sum(step.python_ns for step in steps),
    }
    wall = sum(total.values())
    table = _table(("", "left"), ("ms", "right"), ("share", "right"))
    for label, ns in total.items():
        table.add_row(plain(label), _ms(ns / len(steps)), units.percent(ns / wall))
    yield table


def _temporal(temporal: Temporal) -> Iterator[RenderableType]:
    yield heading("Devices over the whole trace", "first activity's start to last one's end")
    table = _table(
        ("device", "left"), ("ms", "right"), ("computes", "right"), ("moves or talks", "right"),
        ("idle", "right"), ("talks exposed", "right"), ("hidden ms", "right"), ("streams", "right"),
    )  # fmt: skip
    for device in temporal.devices:
        table.add_row(*_device_cells(device))
    yield table


def _device_cells(device: DeviceTime) -> Iterator[str]:
    yield "not told" if device.device is None else str(device.device)
    yield _ms(device.kernel_time_ns)
    for ns in (device.compute_ns, device.non_compute_ns, device.idle_ns):
        yield units.percent(ns / device.kernel_time_ns) if device.kernel_time_ns else "-"
    yield _ms(device.exposed_communication_ns)
    yield _ms(device.hidden_communication_ns)
    yield str(len(device.streams))


def _kernels(kernels: KernelTable, width: int) -> Iterator[RenderableType]:
    shown = f"{len(kernels.rows)} of {units.count(kernels.num_names, 'name')}"
    launches = units.count(kernels.count, "launch", "launches")
    yield heading("Kernels of the steps", f"{shown}, {launches}, longest first")
    columns = _KERNEL_COLUMNS if width >= _WIDE else _KERNEL_COLUMNS[:_NARROW_COLUMNS]
    table = _table(("kernel", "left"), *columns)
    room = _LONGEST_NAME if width >= _WIDE else _LONGEST_NEIGHBOUR
    short = shorten((row.name for row in kernels.rows), room)
    for row in kernels.rows:
        table.add_row(plain(short[row.name]), *_kernel_cells(row)[: len(columns)])
    yield table


def _kernel_cells(row: KernelRow) -> list[str]:
    return [
        _ms(row.total_ns),
        units.percent(row.share_of_steps),
        f"{row.count:,}",
        row.kernel_class,
        ", ".join(list(row.phases)[:2]),
        f"{row.p50_ns / 1000:,.1f}",
        f"{row.p95_ns / 1000:,.1f}",
        {True: "yes", False: "no", None: "?"}[row.tensor_cores],
    ]


def _queue(queue: Queue) -> Iterator[RenderableType]:
    kernels = units.count(queue.num_kernels, "kernel")
    yield heading("How far the host ran ahead", f"{kernels} with a known launch")
    delays = (queue.delay_p50_ns, queue.delay_p95_ns, queue.delay_max_ns)
    p50, p95, longest = (f"{ns / 1000:,.1f} us" for ns in delays)
    shorter = units.percent(queue.num_shorter_than_launch / queue.num_kernels)
    yield labelled(
        [
            ("delay", f"launch to start: median {p50}, 95 % within {p95}, longest {longest}"),
            ("queue", f"median {queue.depth_p50:,} waiting, at most {queue.depth_max:,}"),
            ("short", f"{shorter} of the kernels take less than the call that launched them"),
        ]
    )


def _idle(idle: Idle, width: int) -> Iterator[RenderableType]:
    gaps = units.count(idle.num_gaps, "gap")
    yield heading("When the device was idle", f"{units.duration(idle.total_ns)} in {gaps}")
    causes = [(cause, ns) for cause, ns in idle.by_cause_ns.items() if ns]
    for cause, ns in sorted(causes, key=lambda item: -item[1]):
        share = units.percent(ns / idle.total_ns)
        yield indented(plain(f"{share:>8}  {_CAUSES[cause]}"))
    columns: list[_Column] = [("ms", "right"), ("cause", "left"), ("after", "left")]
    if width >= _WIDE:
        columns += [("before", "left"), ("host was in", "left"), ("step", "left")]
    table = _table(*columns)
    neighbours = {name for gap in idle.gaps for name in (gap.before, gap.after) if name}
    short = shorten(sorted(neighbours), _LONGEST_NEIGHBOUR)
    for gap in idle.gaps:
        cells = (
            plain(_ms(gap.length_ns)),
            plain(gap.cause),
            plain(short[gap.before] if gap.before else "the trace's start"),
            plain(short[gap.after] if gap.after else "the step's end"),
            plain(gap.phase or "-"),
            plain(gap.step),
        )
        table.add_row(*cells[: len(columns)])
    yield table


_CAUSES = {
    "queued": "queued: already launched; the device's own delay or a wait for another stream",
    "data_loading": "data_loading: the host was late, waiting for the data loader",
    "synchronise": "synchronise: the host was late, blocked until the device was done",
    "dispatch": "dispatch: the host was late, running Python and operators",
    "unknown": "unknown: the launch is not in the trace",
}


def _synchronisations(calls: Sequence[Synchronisation]) -> Iterator[RenderableType]:
    yield heading("Where the host waited for the device", "calls of the steps")
    table = _table(("call", "left"), ("made by", "left"), ("count", "right"), ("ms", "right"))
    for call in calls:
        made_by = [n for n in dict.fromkeys((call.operator, call.inner_operator)) if n]
        table.add_row(
            plain(call.call), plain(" > ".join(made_by) or "the program itself"),
            f"{call.count:,}", _ms(call.blocked_ns),
        )  # fmt: skip
    yield table


def _copies(copies: Sequence[CopyRow]) -> Iterator[RenderableType]:
    yield heading("Copies of the steps")
    table = _table(
        ("direction", "left"), ("host memory", "left"), ("count", "right"), ("MB", "right"),
        ("ms", "right"), ("GB/s", "right"), ("exposed ms", "right"), ("hidden ms", "right"),
    )  # fmt: skip
    for row in copies:
        table.add_row(
            row.direction, row.host_memory or "-", f"{row.count:,}",
            "n/a" if row.bytes is None else f"{row.bytes / 1e6:,.1f}", _ms(row.total_ns),
            "n/a" if row.gigabytes_per_s is None else f"{row.gigabytes_per_s:,.1f}",
            _ms(row.exposed_ns), _ms(row.hidden_ns),
        )  # fmt: skip
    yield table


def _memory(devices: Sequence[MemoryUse]) -> Iterator[RenderableType]:
    yield heading("Memory of the steps")
    for use in devices:
        since = " since the trace began" if use.device == "cpu" else ""
        where = use.peak_step if use.peak_phase is None else f"{use.peak_step}, {use.peak_phase}"
        reserved = (
            ""
            if use.peak_reserved_bytes is None
            else f"; at most {_mb(use.peak_reserved_bytes)} reserved"
        )
        yield plain(f"{use.device}: peak {_mb(use.peak_bytes)}{since} in {where}{reserved}")
        table = _table(("held at the peak by", "left"), ("MB", "right"), ("allocations", "right"))
        for holder in use.holders[:_MOST_HOLDERS]:
            count = "-" if holder.count is None else f"{holder.count:,}"
            table.add_row(plain(holder.operator), f"{holder.bytes / 1e6:,.1f}", count)
        yield table


def _mb(num_bytes: int) -> str:
    return f"{num_bytes / 1e6:,.1f} MB"


def _not_measured(reasons: dict[str, str]) -> Iterator[RenderableType]:
    by_reason: dict[str, list[str]] = {}
    for name, reason in reasons.items():
        by_reason.setdefault(reason, []).append(name)
    for reason, names in by_reason.items():
        yield plain(f"not measured: {', '.join(names)}: {reason}", "dim")


def _table(*columns: _Column) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1))
    for title, side in columns:
        table.add_column(title, justify=side, overflow="fold")
    return table


def _ms(ns: float) -> str:
    return units.milliseconds(ns, 3)
