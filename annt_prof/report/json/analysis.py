"""The analysis of a trace as one JSON document, with keys that stay."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from annt_prof.report.json.breakdown import MeanDocument, StepDocument, mean_of, step_of
from annt_prof.report.json.encoding import encode

if TYPE_CHECKING:
    from collections.abc import Mapping

    from annt_prof.analysis.breakdown.breakdown import OwnWork
    from annt_prof.analysis.path.critical_path import CriticalPath
    from annt_prof.analysis.path.idle import Idle
    from annt_prof.analysis.tables.copies import CopyRow
    from annt_prof.analysis.tables.host_view import HostStep
    from annt_prof.analysis.tables.kernel_table import KernelTable
    from annt_prof.analysis.tables.memory_use import MemoryUse
    from annt_prof.analysis.tables.pitfalls import TraceMistake
    from annt_prof.analysis.tables.queue import Queue
    from annt_prof.analysis.tables.synchronisations import Synchronisation
    from annt_prof.analysis.tables.temporal import Temporal
    from annt_prof.views.analysis_view import AnalysisView

DOCUMENT_VERSION = 1
"""Raised when a key changes its meaning or goes; new keys do not raise it."""


@dataclass(frozen=True)
class AnalysisDocument:
    """A trace's analysis; what the trace cannot show is null, with the reason beside it."""

    schema_version: int
    source: str
    num_events: int
    device_names: tuple[str, ...]
    rank: int | None
    world_size: int | None
    remarks: tuple[str, ...]
    not_measured: Mapping[str, str]
    steps: tuple[StepDocument, ...] | None
    mean: MeanDocument | None
    incomplete_steps: tuple[str, ...] | None
    own_work: OwnWork | None
    host: tuple[HostStep, ...] | None
    temporal: Temporal | None
    kernels: KernelTable | None
    queue: Queue | None
    critical_path: CriticalPath | None
    idle: Idle | None
    synchronisations: tuple[Synchronisation, ...] | None
    copies: tuple[CopyRow, ...] | None
    memory: tuple[MemoryUse, ...] | None
    pitfalls: tuple[str, ...] | None
    mistakes: tuple[TraceMistake, ...] | None


def document(view: AnalysisView) -> bytes:
    """Return the analysis as indented UTF-8 JSON with a final line break.

    Durations are integer nanoseconds, sizes bytes, shares fractions of 1. What the trace cannot
    show is null, with the reason in ``not_measured``: by category for a breakdown, by key for
    the parts of the document.
    """
    analysis = view.analysis
    breakdown = analysis.breakdown
    return encode(
        AnalysisDocument(
            schema_version=DOCUMENT_VERSION,
            source=analysis.source,
            num_events=analysis.num_events,
            device_names=analysis.device_names,
            rank=analysis.rank,
            world_size=analysis.world_size,
            remarks=analysis.remarks,
            not_measured=view.reasons,
            steps=None if breakdown is None else tuple(map(step_of, breakdown.steps)),
            mean=None if breakdown is None else mean_of(breakdown.mean),
            incomplete_steps=None if breakdown is None else breakdown.incomplete,
            own_work=None if breakdown is None else breakdown.own_work,
            host=analysis.host,
            temporal=analysis.temporal,
            kernels=analysis.kernels,
            queue=analysis.queue,
            critical_path=analysis.critical_path,
            idle=analysis.idle,
            synchronisations=analysis.synchronisations,
            copies=analysis.copies,
            memory=analysis.memory,
            pitfalls=None if analysis.pitfalls is None else view.pitfalls,
            mistakes=analysis.pitfalls,
        )
    )
