"""The sections of an analysis that are about a device: kernels, gaps, waits, copies, memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

from annt_prof import units
from annt_prof.report.text.lines import heading, indented, labelled, plain
from annt_prof.report.text.tables import milliseconds, share, table_of
from annt_prof.views.kernel_names import shorten

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rich.console import RenderableType

    from annt_prof.analysis.tables.copies import CopyRow
    from annt_prof.report.text.tables import Column
    from annt_prof.views.device_time_view import DeviceRow
    from annt_prof.views.idle_view import IdleView
    from annt_prof.views.kernels_view import KernelLine, KernelsView
    from annt_prof.views.memory_view import MemoryPeak
    from annt_prof.views.queue_view import QueueDepth, QueueView
    from annt_prof.views.waits_view import WaitRow

_LONGEST_NAME = 56
_LONGEST_NEIGHBOUR = 32

# In the order in which a narrow terminal can do without them, the last first.
_KERNEL_COLUMNS: tuple[Column, ...] = (
    ("total ms", "right"), ("of steps", "right"), ("count", "right"), ("class", "left"),
    ("phase", "left"), ("p50 us", "right"), ("p95 us", "right"), ("matrix units", "left"),
    ("grid x block", "left"), ("est. occupancy", "right"),
)  # fmt: skip
# A narrow terminal has the first of them alone: its title must not read as what the gap is before.
_RAN_BEFORE: Column = ("ran before the gap", "left")
_RAN_AFTER: Column = ("ran after the gap", "left")
_NARROW_COLUMNS = 4
_WIDE_COLUMNS = 8
_WIDE = 120
_WIDEST = 160


def temporal(devices: Sequence[DeviceRow]) -> Iterator[RenderableType]:
    """Yield how each device spent the whole trace."""
    yield heading(
        "Devices over the whole trace",
        "first activity's start to last one's end; a memset moves here, in the step it computes",
    )
    table = table_of(
        ("device", "left"), ("ms", "right"), ("computes", "right"), ("moves or talks", "right"),
        ("idle", "right"), ("talks exposed", "right"), ("hidden ms", "right"), ("streams", "right"),
    )  # fmt: skip
    for device in devices:
        table.add_row(*_device_cells(device))
    yield table


def _device_cells(row: DeviceRow) -> Iterator[str]:
    yield "not told" if row.device is None else str(row.device)
    yield milliseconds(row.span_ns)
    for part in (row.compute_share, row.non_compute_share, row.idle_share):
        yield share(part)
    yield milliseconds(row.exposed_communication_ns)
    yield milliseconds(row.hidden_communication_ns)
    yield "not told" if row.num_streams is None else str(row.num_streams)


def kernels(view: KernelsView, width: int) -> Iterator[RenderableType]:
    """Yield the kernels, with as many columns as the width allows."""
    if not view.num_launches:
        yield heading("Kernels of the steps", "no kernel began in these steps")
        return
    shown = f"{units.whole(len(view.lines))} of {units.count(view.num_names, 'name')}"
    launches = units.count(view.num_launches, "launch", "launches")
    left = "" if view.complete else " that are left"
    yield heading("Kernels of the steps", f"{shown}, {launches}{left}, longest first")
    number = _NARROW_COLUMNS if width < _WIDE else _WIDE_COLUMNS
    columns = _KERNEL_COLUMNS if width >= _WIDEST else _KERNEL_COLUMNS[:number]
    table = table_of(("kernel", "left"), *columns)
    room = _LONGEST_NAME if width >= _WIDE else _LONGEST_NEIGHBOUR
    short = shorten((line.name for line in view.lines), room)
    for line in view.lines:
        table.add_row(plain(short[line.name]), *_kernel_cells(line)[: len(columns)])
    yield table


def _kernel_cells(line: KernelLine) -> list[str]:
    return [
        milliseconds(line.total_ns),
        "n/a" if line.share_of_steps is None else units.percent(line.share_of_steps),
        units.whole(line.count),
        line.kernel_class,
        "n/a" if line.phases is None else ", ".join(line.phases),
        units.microseconds(line.p50_ns),
        units.microseconds(line.p95_ns),
        {True: "yes", False: "no", None: "?"}[line.tensor_cores],
        _geometry(line),
        "n/a" if line.occupancy is None else units.percent(line.occupancy),
    ]


def _geometry(line: KernelLine) -> str:
    if line.geometry is None:
        return "n/a"
    dimensions = ("x".join(map(str, sizes)) for sizes in line.geometry)
    return " x ".join(f"({sizes})" for sizes in dimensions)


def queue(view: QueueView) -> Iterator[RenderableType]:
    """Yield how long launches waited, and how many of them."""
    kernels = units.count(view.num_kernels, "kernel")
    yield heading("How far the host ran ahead", f"{kernels} with a known launch")
    delays = (view.delay_p50_ns, view.delay_p95_ns, view.delay_max_ns)
    p50, p95, longest = (f"{units.microseconds(ns)} us" for ns in delays)
    yield labelled(
        [
            ("delay", f"launch to start: median {p50}, 95 % within {p95}, longest {longest}"),
            ("queue", _depth(view.depth)),
            ("short", _short(view.short_share)),
        ]
    )


def _short(fraction: float | None) -> str:
    if fraction is None:
        return "n/a"
    return (
        f"{units.percent(fraction)} of the kernels were launched by calls that take longer than "
        "all they launched"
    )


def _depth(depth: QueueDepth | None) -> str:
    if depth is None:
        return "n/a"
    median, most = units.whole(depth.p50), units.whole(depth.most)
    return f"after a launch: median {median} waiting, at most {most}"


def idle(view: IdleView, width: int) -> Iterator[RenderableType]:
    """Yield the gaps and their causes."""
    gaps = units.count(view.num_gaps, "gap")
    yield heading("When the device was idle", f"{units.duration(view.total_ns)} in {gaps}")
    for cause in view.causes:
        yield indented(plain(f"{share(cause.share):>8}  {_CAUSES[cause.cause]}"))
    columns: list[Column] = [("ms", "right"), ("cause", "left"), _RAN_BEFORE]
    if width >= _WIDE:
        columns += [_RAN_AFTER, ("host was in", "left"), ("step", "left")]
    table = table_of(*columns)
    short = shorten(view.neighbours, _LONGEST_NEIGHBOUR)
    for gap in view.gaps:
        cells = (
            plain(milliseconds(gap.length_ns)),
            plain(gap.cause),
            plain(short[gap.before] if gap.before else "(the trace's start)"),
            plain(short[gap.after] if gap.after else "(the step's end)"),
            plain(gap.phase or "-"),
            plain(gap.step),
        )
        table.add_row(*cells[: len(columns)])
    yield table


_CAUSES = {
    "queued": "queued: already launched; the device's own delay between two activities",
    "other_stream": "other_stream: already launched, and made to wait for another stream's event",
    "communication": "communication: the host carried out a collective itself",
    "data_loading": "data_loading: the host was late, waiting for the data loader",
    "synchronise": "synchronise: the host was late, as it waited until the device was done",
    "launch": "launch: the host was launching what comes next, or the device taking it up",
    "dispatch": "dispatch: the host was late, running Python and operators",
    "unknown": "unknown: the launch is not in the trace",
}


def synchronisations(rows: Sequence[WaitRow]) -> Iterator[RenderableType]:
    """Yield the blocking calls and the operators that made them."""
    yield heading("Where the host waited for the device", "calls of the steps")
    table = table_of(("call", "left"), ("made by", "left"), ("count", "right"), ("ms", "right"))
    for row in rows:
        table.add_row(
            plain(f"{row.call}, polled" if row.polled else row.call),
            plain(_made_by(row.made_by)),
            units.whole(row.count), milliseconds(row.blocked_ns),
        )  # fmt: skip
    yield table


def _made_by(operators: Sequence[str] | None) -> str:
    return "n/a" if operators is None else " > ".join(operators) or "the program itself"


def copies(copies: Sequence[CopyRow]) -> Iterator[RenderableType]:
    """Yield the copies by direction."""
    yield heading("Copies of the steps", "hidden: under a kernel, of compute or communication")
    table = table_of(
        ("direction", "left"), ("host memory", "left"), ("count", "right"), ("MB", "right"),
        ("ms", "right"), ("GB/s", "right"), ("exposed ms", "right"), ("hidden ms", "right"),
    )  # fmt: skip
    for row in copies:
        table.add_row(
            row.direction, row.host_memory or "-", units.whole(row.count),
            "n/a" if row.bytes is None else units.megabytes(row.bytes), milliseconds(row.total_ns),
            _rate(row.gigabytes_per_s),
            *("n/a" if ns is None else milliseconds(ns) for ns in (row.exposed_ns, row.hidden_ns)),
        )  # fmt: skip
    yield table


def _rate(gigabytes_per_s: float | None) -> str:
    return "n/a" if gigabytes_per_s is None else units.gigabytes_per_s(gigabytes_per_s * 1e9)


def memory(peaks: Sequence[MemoryPeak]) -> Iterator[RenderableType]:
    """Yield the peak of each device and what held it."""
    yield heading("Memory of the steps")
    for peak in peaks:
        since = " since the trace began" if peak.since_trace_began else ""
        where = peak.step if peak.phase is None else f"{peak.step}, {peak.phase}"
        reserved = (
            ""
            if peak.reserved_bytes is None
            else f"; at most {units.memory(peak.reserved_bytes)} reserved"
        )
        most = units.memory(peak.peak_bytes)
        yield plain(f"{peak.device}: peak {most}{since} in {where}{reserved}")
        if peak.holders is None:
            continue
        table = table_of(
            ("held at the peak by", "left"), (peak.unit.name, "right"), ("allocations", "right")
        )
        for holder in peak.holders:
            count = "-" if holder.count is None else units.whole(holder.count)
            table.add_row(plain(holder.operator), peak.unit.format(holder.bytes), count)
        yield table
