"""The answer of a run as one JSON document, with keys that stay."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from annt_prof.compare.figures import waited_ns
from annt_prof.explain.agreement import agreement
from annt_prof.remarks import Source

if TYPE_CHECKING:
    from annt_prof.remarks import Remark
    from annt_prof.runs.record import Run, VariantRecord

_MISTAKES = (Source.PITFALL, Source.TRACE)

DOCUMENT_VERSION = 2
"""Raised when a key changes its meaning or goes; new keys do not raise it."""


def document(run: Run) -> bytes:
    """Return the answer as indented UTF-8 JSON with a final line break.

    Durations are integer nanoseconds per iteration, memory is in bytes, energy in joules, ratios
    and inflation are fractions of 1. What is not known is null.
    """
    answer = {
        "schema_version": DOCUMENT_VERSION,
        "run_id": run.run_id,
        "created": run.created,
        "complete": run.complete,
        "stop": run.stop,
        "seed": run.seed,
        "scenario": {"name": run.scenario_name, "values": run.scenario},
        "environment": run.environment,
        "substitutions": run.substitutions,
        "overrides_in_effect": run.overrides_in_effect,
        "telemetry_note": run.telemetry_note,
        "remarks": run.remarks,
        "variants": [_variant(variant) for variant in run.variants],
    }
    return msgspec.json.format(msgspec.json.encode(answer), indent=2) + b"\n"


def _variant(variant: VariantRecord) -> dict[str, Any]:
    compared = agreement(variant)
    return {
        "name": variant.name,
        "techniques": [technique.name for technique in variant.techniques],
        "factors": variant.factors,
        "left_out": variant.left_out,
        "status": variant.status,
        "reason": variant.reason,
        "log": variant.log,
        "remarks": [remark.sentence for remark in variant.remarks],
        "mistakes": [_mistake(each) for each in variant.remarks if each.source in _MISTAKES],
        "mathematics": [change.sentence for change in variant.mathematics],
        "samples_per_iteration": variant.samples_per_iteration,
        "iterations_per_optimizer_step": variant.iterations_per_optimizer_step,
        "windows": len(variant.windows),
        "throughput": variant.throughput,
        "step_time_ns": variant.step_time,
        "waited_per_iteration_ns": waited_ns(variant),
        "epochs": variant.epochs,
        "speedup": variant.speedup,
        "verdict": variant.verdict,
        "peak_memory_bytes": variant.peak_memory_bytes,
        "peak_memory_of": variant.peak_memory_of,
        "energy_per_sample_j": variant.energy_per_sample_j,
        "telemetry": variant.telemetry,
        **_breakdown(variant),
        "profiler_inflation": variant.profiler_inflation,
        "traced_beside_timed": compared and compared.finding,
        "profiler_cost_at_most_ns": compared and compared.cost_ns,
        "first_step_s": variant.first_step_s,
        "numerics": variant.numerics,
        "trace": variant.trace,
    }


def _mistake(remark: Remark) -> dict[str, Any]:
    return {
        "key": remark.key,
        "about": remark.about,
        "source": remark.source,
        "subject": remark.subject,
        "text": remark.text,
    }


def _breakdown(variant: VariantRecord) -> dict[str, Any]:
    """Return the breakdown's keys; all null where the variant was not traced."""
    breakdown = variant.breakdown
    return {
        "breakdown_ns": breakdown and breakdown.by_category_ns,
        "breakdown_step_ns": breakdown and breakdown.step_ns,
        "breakdown_steps": breakdown and breakdown.num_steps,
        "hidden_ns": breakdown and breakdown.hidden_ns,
        "not_measured": breakdown and breakdown.not_measured,
        "kernel_ns": breakdown and breakdown.kernel_ns,
    }
