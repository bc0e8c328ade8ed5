"""The analysis of a trace as one JSON document, with keys that stay."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from annt_prof.categories import Category

if TYPE_CHECKING:
    from annt_prof.analysis.analysis import Analysis
    from annt_prof.analysis.breakdown import MeanBreakdown, StepBreakdown
    from annt_prof.analysis.ranks import Ranks

DOCUMENT_VERSION = 1
"""Raised when a key changes its meaning or goes; new keys do not raise it."""


def document(analysis: Analysis) -> bytes:
    """Return the analysis as indented UTF-8 JSON with a final line break.

    Durations are integer nanoseconds, sizes bytes, shares fractions of 1. What the trace cannot
    show is null, with the reason in ``not_measured``: by category for a breakdown, by key for
    the parts of the document.
    """
    breakdown = analysis.breakdown
    not_measured = dict(analysis.not_measured)
    if breakdown is not None:
        not_measured |= {c.value: reason for c, reason in breakdown.mean.not_measured.items()}
    answer: dict[str, Any] = {
        "schema_version": DOCUMENT_VERSION,
        "source": analysis.source,
        "num_events": analysis.num_events,
        "device_names": analysis.device_names,
        "rank": analysis.rank,
        "world_size": analysis.world_size,
        "remarks": analysis.remarks,
        "not_measured": {
            **analysis.not_measured,
            **(breakdown.mean.not_measured if breakdown else {}),
        },
        "steps": breakdown and [_step(step) for step in breakdown.steps],
        "mean": breakdown and _mean(breakdown.mean),
        "incomplete_steps": breakdown and breakdown.incomplete,
        "host": analysis.host,
        "temporal": analysis.temporal,
        "kernels": analysis.kernels,
        "queue": analysis.queue,
        "critical_path": analysis.critical_path,
        "idle": analysis.idle,
        "synchronisations": analysis.synchronisations,
        "copies": analysis.copies,
        "memory": analysis.memory,
        "pitfalls": analysis.pitfalls,
    }
    return msgspec.json.format(msgspec.json.encode(answer), indent=2) + b"\n"


def ranks_document(ranks: Ranks) -> bytes:
    """Return the comparison of a run's ranks likewise; one entry of ``ranks`` per process."""
    answer: dict[str, Any] = {
        "schema_version": DOCUMENT_VERSION,
        "remarks": ranks.remarks,
        "straggler": ranks.straggler,
        "ranks": [
            {
                "rank": rank.rank,
                "source": rank.source,
                "remarks": rank.remarks,
                "num_collectives": rank.num_collectives,
                "transfer_ns": rank.transfer_ns if rank.num_collectives else None,
                "waiting_ns": rank.waiting_ns if rank.num_collectives else None,
                "not_measured": rank.breakdown.mean.not_measured,
                "steps": [_step(step) for step in rank.breakdown.steps],
                "mean": _mean(rank.breakdown.mean),
            }
            for rank in ranks.ranks
        ],
        "skews": ranks.skews,
    }
    return msgspec.json.format(msgspec.json.encode(answer), indent=2) + b"\n"


def _step(step: StepBreakdown) -> dict[str, Any]:
    return {
        "name": step.name,
        "start_ns": step.start_ns,
        "wall_ns": step.wall_ns,
        "breakdown_ns": _every_category(step.by_category_ns),
    }


def _mean(mean: MeanBreakdown) -> dict[str, Any]:
    return {
        "num_steps": mean.num_steps,
        "wall_ns": mean.step_ns,
        "breakdown_ns": _every_category(mean.by_category_ns),
        "hidden_ns": mean.hidden_ns,
        "kernel_ns": mean.kernel_ns,
        "kernel_precision_ns": mean.kernel_precision_ns,
    }


def _every_category(measured: dict[Category, int]) -> dict[str, int | None]:
    return {category.value: measured.get(category) for category in Category}
