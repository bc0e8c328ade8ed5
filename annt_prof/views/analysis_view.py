"""What one trace tells, as it is shown."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from annt_prof.views.device_time_view import build_device_rows
from annt_prof.views.host_steps_view import build_host_parts
from annt_prof.views.idle_view import build_idle_view
from annt_prof.views.kernels_view import build_kernels_view
from annt_prof.views.memory_view import build_memory_peaks
from annt_prof.views.path_view import build_path_view
from annt_prof.views.queue_view import build_queue_view
from annt_prof.views.rest import legible
from annt_prof.views.trace_steps_view import build_trace_steps_view
from annt_prof.views.waits_view import build_wait_rows

if TYPE_CHECKING:
    from collections.abc import Mapping

    from annt_prof.analysis.analysis import Analysis
    from annt_prof.analysis.tables.copies import CopyRow
    from annt_prof.views.device_time_view import DeviceRow
    from annt_prof.views.host_steps_view import HostPart
    from annt_prof.views.idle_view import IdleView
    from annt_prof.views.kernels_view import KernelsView
    from annt_prof.views.memory_view import MemoryPeak
    from annt_prof.views.path_view import PathView
    from annt_prof.views.queue_view import QueueView
    from annt_prof.views.rest import Listed
    from annt_prof.views.trace_steps_view import TraceStepsView
    from annt_prof.views.waits_view import WaitRow


@dataclass(frozen=True)
class TraceHead:
    """What a file says of itself.

    Attributes:
        source: The file.
        num_events: Timed events read.
        device_names: Each once.
        rank: In a distributed run; None where the file does not tell.
        world_size: Likewise.
        remarks: What to know before believing a figure.
    """

    source: str
    num_events: int
    device_names: tuple[str, ...]
    rank: int | None
    world_size: int | None
    remarks: tuple[str, ...]


@dataclass(frozen=True)
class NotMeasured:
    """Parts of the analysis that the trace cannot show, for one reason."""

    names: tuple[str, ...]
    reason: str


@dataclass(frozen=True)
class AnalysisView:
    """The sections of an analysis; None or empty where there is nothing to show.

    Attributes:
        head: What the file says of itself.
        steps: Where the step goes.
        host: What the main thread did.
        path: What sets the step's length.
        devices: How each spent the whole trace.
        kernels: Of the steps.
        queue: How far the host ran ahead.
        idle: When the device had nothing to do.
        waits: Where the host waited for the device.
        copies: Of the steps, the longest in total first, without those that read 0.000 ms.
        memory: The peak of each device.
        pitfalls: Known mistakes that happen in every step, a sentence each.
        not_measured: Parts that are None, by the reason.
        reasons: Each of these parts, and each category that is not measured, with its reason.
        analysis: The whole of it, for faces that hold more than can be read.
    """

    head: TraceHead
    steps: TraceStepsView | None
    host: tuple[HostPart, ...]
    path: PathView | None
    devices: tuple[DeviceRow, ...] | None
    kernels: KernelsView | None
    queue: QueueView | None
    idle: IdleView | None
    waits: Listed[WaitRow]
    copies: Listed[CopyRow]
    memory: tuple[MemoryPeak, ...]
    pitfalls: tuple[str, ...]
    not_measured: tuple[NotMeasured, ...]
    reasons: Mapping[str, str]
    analysis: Analysis


def build_analysis_view(analysis: Analysis) -> AnalysisView:
    """Return what is shown of a trace's analysis."""
    breakdown, host, path = analysis.breakdown, analysis.host, analysis.critical_path
    kernels, queue, idle = analysis.kernels, analysis.queue, analysis.idle
    complete = analysis.complete
    return AnalysisView(
        head=_head(analysis),
        steps=None if breakdown is None else build_trace_steps_view(breakdown),
        host=() if host is None else build_host_parts(host),
        path=None if path is None else build_path_view(path, breakdown, host),
        devices=None if analysis.temporal is None else build_device_rows(analysis.temporal),
        kernels=None if kernels is None else build_kernels_view(kernels, complete=complete),
        queue=None if queue is None else build_queue_view(queue),
        idle=None if idle is None else build_idle_view(idle),
        waits=build_wait_rows(analysis.synchronisations or (), complete=complete),
        copies=legible(analysis.copies or (), lambda row: row.total_ns),
        memory=build_memory_peaks(analysis.memory or ()),
        pitfalls=tuple(mistake.text for mistake in analysis.pitfalls or ()),
        not_measured=_not_measured(analysis.not_measured),
        reasons=_reasons(analysis),
        analysis=analysis,
    )


def _head(analysis: Analysis) -> TraceHead:
    return TraceHead(
        source=analysis.source,
        num_events=analysis.num_events,
        device_names=tuple(dict.fromkeys(analysis.device_names)),
        rank=analysis.rank,
        world_size=analysis.world_size,
        remarks=analysis.remarks,
    )


def _not_measured(reasons: Mapping[str, str]) -> tuple[NotMeasured, ...]:
    by_reason: dict[str, list[str]] = {}
    for name, reason in reasons.items():
        by_reason.setdefault(reason, []).append(name)
    return tuple(NotMeasured(tuple(names), reason) for reason, names in by_reason.items())


def _reasons(analysis: Analysis) -> Mapping[str, str]:
    of_categories = {} if analysis.breakdown is None else analysis.breakdown.mean.not_measured
    return analysis.not_measured | {c.value: reason for c, reason in of_categories.items()}
