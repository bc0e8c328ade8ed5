"""The answer of a run as one JSON document, with keys that stay."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from annt_prof.remarks import Remark
    from annt_prof.views.run_view import RunView
    from annt_prof.views.variant_rows import VariantRow

DOCUMENT_VERSION = 3
"""Raised when a key changes its meaning or goes; new keys do not raise it."""


def document(view: RunView) -> bytes:
    """Return the answer as indented UTF-8 JSON with a final line break.

    Durations are integer nanoseconds per iteration, memory is in bytes, energy in joules, ratios
    and inflation are fractions of 1. What is not known is null.
    """
    answer = {
        "schema_version": DOCUMENT_VERSION,
        "run_id": view.run_id,
        "created": view.setting.created,
        "complete": view.complete,
        "stop": view.stop,
        "seed": view.seed,
        "scenario": {"name": view.scenario_name, "values": view.scenario},
        "environment": view.setting.environment,
        "substitutions": view.caveats.substitutions,
        "overrides_in_effect": view.caveats.overrides_in_effect,
        "telemetry_note": view.telemetry_note,
        "remarks": [row.text for row in view.caveats.remarks if not row.variants],
        "variants": [_variant(row) for row in view.rows],
    }
    return msgspec.json.format(msgspec.json.encode(answer), indent=2) + b"\n"


def _variant(row: VariantRow) -> dict[str, Any]:
    return {
        "name": row.name,
        "techniques": [technique.name for technique in row.techniques],
        "factors": row.factors,
        "left_out": row.left_out,
        "status": row.status,
        "reason": row.reason,
        "log": row.log,
        "remarks": [remark.sentence for remark in row.remarks],
        "mistakes": [_mistake(remark) for remark in row.mistakes],
        "mathematics": [change.sentence for change in row.mathematics],
        "samples_per_iteration": row.samples_per_iteration,
        "iterations_per_optimizer_step": row.iterations_per_optimizer_step,
        "windows": row.num_windows,
        "throughput": row.throughput,
        "step_time_ns": row.step_time,
        "waited_per_iteration_ns": row.waited_ns,
        "epochs": row.epochs,
        "speedup": row.speedup,
        "verdict": row.verdict,
        "peak_memory_bytes": row.peak_memory_bytes,
        "peak_memory_of": row.peak_memory_of,
        "energy_per_sample_j": row.energy_per_sample_j,
        "telemetry": row.telemetry,
        **_traced(row),
        "first_step_s": row.first_step_s,
        "numerics": row.numerics,
        "trace": row.trace,
    }


def _mistake(remark: Remark) -> dict[str, Any]:
    return {
        "key": remark.key,
        "about": remark.about,
        "source": remark.source,
        "subject": remark.subject,
        "text": remark.text,
    }


def _traced(row: VariantRow) -> dict[str, Any]:
    """Return what the traced window shows; all null where the variant was not traced."""
    traced = row.traced
    mean, compared = traced and traced.mean, traced and traced.agreement
    return {
        "breakdown_ns": mean and mean.by_category_ns,
        "breakdown_step_ns": mean and mean.step_ns,
        "breakdown_steps": mean and mean.num_steps,
        "hidden_ns": mean and mean.hidden_ns,
        "not_measured": mean and mean.not_measured,
        "kernel_ns": mean and mean.kernel_ns,
        "profiler_inflation": traced and traced.profiler_inflation,
        "traced_beside_timed": compared and compared.finding,
        "profiler_cost_at_most_ns": compared and compared.cost_ns,
    }
