"""The sections of an analysis that are about a device: kernels, gaps, waits, copies, memory."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from annt_prof import units
from annt_prof.report.text.fitting import GAP
from annt_prof.report.text.lines import INDENT, Hanging, heading, indented, labelled, plain, right
from annt_prof.report.text.tables import (
    Column,
    KernelName,
    Table,
    milliseconds,
    names,
    share,
    words,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rich.console import RenderableType

    from annt_prof.analysis.path.idle import Gap
    from annt_prof.analysis.tables.copies import CopyRow
    from annt_prof.report.text.tables import Cell
    from annt_prof.views.device_time_view import DeviceRow
    from annt_prof.views.idle_view import IdleView
    from annt_prof.views.kernels_view import KernelLine, KernelsView
    from annt_prof.views.memory_view import MemoryPeak
    from annt_prof.views.queue_view import QueueView
    from annt_prof.views.rest import Listed, Rest
    from annt_prof.views.waits_view import WaitRow

_KERNEL = 38  # cells that tell one kernel from another; with less a column of figures gives way
_NEIGHBOUR = 30

# In the order in which a narrow terminal can do without them, the last first.
_KERNEL_COLUMNS = (
    names("kernel", _KERNEL), Column("total ms"), Column("of steps"), Column("count"),
    words("class"), words("phase"), Column("p50 us"), Column("p95 us"), words("matrix units"),
    words("grid x block"), Column("est. occupancy"),
)  # fmt: skip
# A narrow terminal has the first name alone: its title must not read as what the gap is before.
_GAP_COLUMNS = (
    Column("ms"), words("cause"), names("ran before the gap", _NEIGHBOUR), words("host was in"),
    names("ran after the gap", _NEIGHBOUR), names("step"),
)  # fmt: skip
_CAUSE_SHARE = 8  # cells of a share in front of what it is of


def temporal(devices: Sequence[DeviceRow]) -> Iterator[RenderableType]:
    """Yield how each device spent the whole trace."""
    yield heading(
        "Devices over the whole trace",
        "first activity's start to last one's end; a memset moves here, in the step it computes",
    )
    yield Table(
        (
            words("device"), Column("ms"), Column("computes"), Column("moves or talks"),
            Column("idle"), Column("talks exposed ms"), Column("hidden ms"), Column("streams"),
        ),
        tuple(tuple(_device_cells(device)) for device in devices),
    )  # fmt: skip


def _device_cells(row: DeviceRow) -> Iterator[str]:
    yield "not told" if row.device is None else str(row.device)
    yield milliseconds(row.span_ns)
    for part in (row.compute_share, row.non_compute_share, row.idle_share):
        yield share(part)
    yield milliseconds(row.exposed_communication_ns)
    yield milliseconds(row.hidden_communication_ns)
    yield "not told" if row.num_streams is None else str(row.num_streams)


def kernels(view: KernelsView) -> Iterator[RenderableType]:
    """Yield the kernels, with as many columns as find room."""
    if not view.num_launches:
        yield heading("Kernels of the steps", "no kernel began in these steps")
        return
    shown = f"{units.whole(len(view.lines))} of {units.count(view.num_names, 'name')}"
    launches = units.count(view.num_launches, "launch", "launches")
    left = "" if view.complete else " that are left"
    yield heading("Kernels of the steps", f"{shown}, {launches}{left}, longest first")
    rows = tuple(map(_kernel_cells, view.lines))
    yield _listed(Table(_KERNEL_COLUMNS, rows, narrow="leave_out"), view.rest)


def _listed(table: Table, rest: Rest) -> RenderableType:
    """Return a list with what it does not show; that alone where it shows nothing."""
    if not rest.count:
        return table
    ones = units.count(rest.count, "shorter one")
    said = f"{ones}, {units.brief(rest.total_ns)} together"
    if table.rows:
        return replace(table, below=f"and {said}")
    return indented(plain(f"none that would not read 0.000 ms; {said}", "dim"))


def _kernel_cells(line: KernelLine) -> tuple[Cell, ...]:
    return (
        KernelName(line.name),
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
    )


def _geometry(line: KernelLine) -> str:
    if line.geometry is None:
        return "n/a"
    dimensions = ("x".join(map(str, sizes)) for sizes in line.geometry)
    return " x ".join(f"({sizes})" for sizes in dimensions)


def queue(view: QueueView) -> Iterator[RenderableType]:
    """Yield how long launches waited, and how many of them."""
    kernels = units.count(view.num_kernels, "kernel")
    yield heading("How far the host ran ahead", f"{kernels} with a known launch")
    yield labelled(_launches(view))


def _launches(view: QueueView) -> Iterator[tuple[str, str]]:
    """Yield what is known; why the rest is not stands with all else that is not measured."""
    delays = (view.delay_p50_ns, view.delay_p95_ns, view.delay_max_ns)
    p50, p95, longest = (f"{units.microseconds(ns)} us" for ns in delays)
    yield "delay", f"launch to start: median {p50}, 95 % within {p95}, longest {longest}"
    if view.depth is not None:
        median, most = units.whole(view.depth.p50), units.whole(view.depth.most)
        yield "queue", f"after a launch: median {median} waiting, at most {most}"
    if view.short_share is not None:
        shorter = units.percent(view.short_share)
        yield (
            "short",
            f"{shorter} of the kernels were launched by calls that take longer than all they "
            "launched",
        )


def idle(view: IdleView) -> Iterator[RenderableType]:
    """Yield the gaps and their causes."""
    gaps = units.count(view.num_gaps, "gap")
    yield heading("When the device was idle", f"{units.duration(view.total_ns)} in {gaps}")
    for cause in view.causes:
        part = plain(right(share(cause.share), INDENT + _CAUSE_SHARE))
        yield Hanging(part, plain(_CAUSES[cause.cause]), INDENT + _CAUSE_SHARE + GAP)
    if not view.gaps:
        return
    rows = tuple(map(_gap_cells, view.gaps))
    yield _listed(Table(_GAP_COLUMNS, rows, narrow="leave_out"), view.rest)


def _gap_cells(gap: Gap) -> tuple[Cell, ...]:
    return (
        milliseconds(gap.length_ns),
        gap.cause,
        KernelName(gap.before) if gap.before else "(the trace's start)",
        gap.phase or "-",
        KernelName(gap.after) if gap.after else "(the step's end)",
        gap.step,
    )


_CAUSES = {
    "queued": "queued: already launched; the device's own delay between two activities",
    "other_stream": "other_stream: already launched; it may wait for another stream's event",
    "communication": "communication: the host carried out a collective itself",
    "data_loading": "data_loading: the host was late, waiting for the data loader",
    "synchronise": "synchronise: the host was late, as it waited until the device was done",
    "launch": "launch: the host was launching what comes next, or the device taking it up",
    "dispatch": "dispatch: the host was late, running Python and operators",
    "unknown": "unknown: the launch is not in the trace",
}


def synchronisations(waits: Listed[WaitRow]) -> Iterator[RenderableType]:
    """Yield the blocking calls and the operators that made them."""
    yield heading("Where the host waited for the device", "calls of the steps")
    table = Table(
        (names("call"), names("made by"), Column("count"), Column("ms")),
        tuple(
            (
                f"{row.call}, polled" if row.polled else row.call, _made_by(row.made_by),
                units.whole(row.count), milliseconds(row.blocked_ns),
            )
            for row in waits.rows
        ),
        num_keys=2,
    )  # fmt: skip
    yield _listed(table, waits.rest)


def _made_by(operators: Sequence[str] | None) -> str:
    return "n/a" if operators is None else " > ".join(operators) or "the program itself"


def copies(copies: Listed[CopyRow]) -> Iterator[RenderableType]:
    """Yield the copies by direction."""
    yield heading("Copies of the steps", "hidden: under a kernel, of compute or communication")
    table = Table(
        (
            words("direction"), words("host memory"), Column("count"), Column("MB"),
            Column("ms"), Column("GB/s"), Column("exposed ms"), Column("hidden ms"),
        ),
        tuple(map(_copy_cells, copies.rows)),
        num_keys=2,
    )  # fmt: skip
    yield _listed(table, copies.rest)


def _copy_cells(row: CopyRow) -> tuple[str, ...]:
    return (
        row.direction,
        row.host_memory or "-",
        units.whole(row.count),
        "n/a" if row.bytes is None else units.megabytes(row.bytes),
        milliseconds(row.total_ns),
        _rate(row.gigabytes_per_s),
        *("n/a" if ns is None else milliseconds(ns) for ns in (row.exposed_ns, row.hidden_ns)),
    )


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
        yield Table(
            (names("held at the peak by"), Column(peak.unit.name), Column("allocations")),
            tuple(
                (
                    holder.operator, peak.unit.format(holder.bytes),
                    "-" if holder.count is None else units.whole(holder.count),
                )
                for holder in peak.holders
            ),
        )  # fmt: skip
