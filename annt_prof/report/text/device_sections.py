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

    from annt_prof.analysis.copies import CopyRow
    from annt_prof.analysis.idle import Idle
    from annt_prof.analysis.kernel_table import KernelRow, KernelTable
    from annt_prof.analysis.memory_use import MemoryUse
    from annt_prof.analysis.queue import Queue
    from annt_prof.analysis.synchronisations import Synchronisation
    from annt_prof.analysis.temporal import DeviceTime, Temporal
    from annt_prof.report.text.tables import Column

_MOST_HOLDERS = 10
_LONGEST_NAME = 56
_LONGEST_NEIGHBOUR = 32

# In the order in which a narrow terminal can do without them, the last first.
_KERNEL_COLUMNS: tuple[Column, ...] = (
    ("total ms", "right"), ("of steps", "right"), ("count", "right"), ("class", "left"),
    ("phase", "left"), ("p50 us", "right"), ("p95 us", "right"), ("matrix units", "left"),
    ("grid x block", "left"), ("est. occupancy", "right"),
)  # fmt: skip
_NARROW_COLUMNS = 4
_WIDE_COLUMNS = 8
_WIDE = 120
_WIDEST = 160


def temporal(temporal: Temporal) -> Iterator[RenderableType]:
    """Yield how each device spent the whole trace."""
    yield heading(
        "Devices over the whole trace",
        "first activity's start to last one's end; a memset moves here, in the step it computes",
    )
    table = table_of(
        ("device", "left"), ("ms", "right"), ("computes", "right"), ("moves or talks", "right"),
        ("idle", "right"), ("talks exposed", "right"), ("hidden ms", "right"), ("streams", "right"),
    )  # fmt: skip
    for device in temporal.devices:
        table.add_row(*_device_cells(device))
    yield table


def _device_cells(device: DeviceTime) -> Iterator[str]:
    yield "not told" if device.device is None else str(device.device)
    yield milliseconds(device.kernel_time_ns)
    for ns in (device.compute_ns, device.non_compute_ns, device.idle_ns):
        yield share(ns, device.kernel_time_ns)
    yield milliseconds(device.exposed_communication_ns)
    yield milliseconds(device.hidden_communication_ns)
    yield str(len(device.streams))


def kernels(kernels: KernelTable, width: int, *, complete: bool) -> Iterator[RenderableType]:
    """Yield the kernels, with as many columns as the width allows."""
    shown = f"{len(kernels.rows)} of {units.count(kernels.num_names, 'name')}"
    launches = units.count(kernels.count, "launch", "launches")
    left = "" if complete else " that are left"
    yield heading("Kernels of the steps", f"{shown}, {launches}{left}, longest first")
    number = _NARROW_COLUMNS if width < _WIDE else _WIDE_COLUMNS
    columns = _KERNEL_COLUMNS if width >= _WIDEST else _KERNEL_COLUMNS[:number]
    table = table_of(("kernel", "left"), *columns)
    room = _LONGEST_NAME if width >= _WIDE else _LONGEST_NEIGHBOUR
    short = shorten((row.name for row in kernels.rows), room)
    for row in kernels.rows:
        table.add_row(plain(short[row.name]), *_kernel_cells(row)[: len(columns)])
    yield table


def _kernel_cells(row: KernelRow) -> list[str]:
    return [
        milliseconds(row.total_ns),
        "n/a" if row.share_of_steps is None else units.percent(row.share_of_steps),
        units.whole(row.count),
        row.kernel_class,
        "n/a" if row.phases is None else ", ".join(list(row.phases)[:2]),
        units.microseconds(row.p50_ns),
        units.microseconds(row.p95_ns),
        {True: "yes", False: "no", None: "?"}[row.tensor_cores],
        _geometry(row),
        "n/a" if row.occupancy is None else units.percent(row.occupancy),
    ]


def _geometry(row: KernelRow) -> str:
    if row.geometry is None:
        return "n/a"
    dimensions = ("x".join(map(str, sizes)) for sizes in row.geometry)
    return " x ".join(f"({sizes})" for sizes in dimensions)


def queue(queue: Queue) -> Iterator[RenderableType]:
    """Yield how long launches waited, and how many of them."""
    kernels = units.count(queue.num_kernels, "kernel")
    yield heading("How far the host ran ahead", f"{kernels} with a known launch")
    delays = (queue.delay_p50_ns, queue.delay_p95_ns, queue.delay_max_ns)
    p50, p95, longest = (f"{units.microseconds(ns)} us" for ns in delays)
    shorter = units.percent(queue.num_shorter_than_launch / queue.num_kernels)
    yield labelled(
        [
            ("delay", f"launch to start: median {p50}, 95 % within {p95}, longest {longest}"),
            ("queue", _depth(queue)),
            ("short", f"{shorter} of the kernels take less than the call that launched them"),
        ]
    )


def _depth(queue: Queue) -> str:
    if queue.depth_p50 is None or queue.depth_max is None:
        return "n/a"
    median, most = units.whole(queue.depth_p50), units.whole(queue.depth_max)
    return f"after a launch: median {median} waiting, at most {most}"


def idle(idle: Idle, width: int) -> Iterator[RenderableType]:
    """Yield the gaps and their causes."""
    gaps = units.count(idle.num_gaps, "gap")
    yield heading("When the device was idle", f"{units.duration(idle.total_ns)} in {gaps}")
    causes = [(cause, ns) for cause, ns in idle.by_cause_ns.items() if ns]
    for cause, ns in sorted(causes, key=lambda item: -item[1]):
        yield indented(plain(f"{share(ns, idle.total_ns):>8}  {_CAUSES[cause]}"))
    columns: list[Column] = [("ms", "right"), ("cause", "left"), ("before", "left")]
    if width >= _WIDE:
        columns += [("after", "left"), ("host was in", "left"), ("step", "left")]
    table = table_of(*columns)
    neighbours = {name for gap in idle.gaps for name in (gap.before, gap.after) if name}
    short = shorten(sorted(neighbours), _LONGEST_NEIGHBOUR)
    for gap in idle.gaps:
        cells = (
            plain(milliseconds(gap.length_ns)),
            plain(gap.cause),
            plain(short[gap.before] if gap.before else "the trace's start"),
            plain(short[gap.after] if gap.after else "the step's end"),
            plain(gap.phase or "-"),
            plain(gap.step),
        )
        table.add_row(*cells[: len(columns)])
    yield table


_CAUSES = {
    "queued": "queued: already launched; the device's own delay between two activities",
    "other_stream": "other_stream: already launched, and made to wait for another stream's event",
    "data_loading": "data_loading: the host was late, waiting for the data loader",
    "synchronise": "synchronise: the host was late, blocked until the device was done",
    "dispatch": "dispatch: the host was late, running Python and operators",
    "unknown": "unknown: the launch is not in the trace",
}


def synchronisations(
    calls: Sequence[Synchronisation], *, complete: bool
) -> Iterator[RenderableType]:
    """Yield the blocking calls and the operators that made them."""
    yield heading("Where the host waited for the device", "calls of the steps")
    table = table_of(("call", "left"), ("made by", "left"), ("count", "right"), ("ms", "right"))
    nobody = "the program itself" if complete else "n/a"
    for call in calls:
        made_by = [n for n in dict.fromkeys((call.operator, call.inner_operator)) if n]
        table.add_row(
            plain(call.call), plain(" > ".join(made_by) or nobody),
            units.whole(call.count), milliseconds(call.blocked_ns),
        )  # fmt: skip
    yield table


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


def memory(devices: Sequence[MemoryUse]) -> Iterator[RenderableType]:
    """Yield the peak of each device and what held it."""
    yield heading("Memory of the steps")
    for use in devices:
        since = " since the trace began" if use.device == "cpu" else ""
        where = use.peak_step if use.peak_phase is None else f"{use.peak_step}, {use.peak_phase}"
        reserved = (
            ""
            if use.peak_reserved_bytes is None
            else f"; at most {units.memory(use.peak_reserved_bytes)} reserved"
        )
        peak = units.memory(use.peak_bytes)
        yield plain(f"{use.device}: peak {peak}{since} in {where}{reserved}")
        holders = use.holders[:_MOST_HOLDERS]
        unit = units.memory_unit(holder.bytes for holder in holders)
        table = table_of(
            ("held at the peak by", "left"), (unit.name, "right"), ("allocations", "right")
        )
        for holder in holders:
            count = "-" if holder.count is None else units.whole(holder.count)
            table.add_row(plain(holder.operator), unit.format(holder.bytes), count)
        yield table
