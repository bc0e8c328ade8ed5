"""An explanation as one JSON document, with keys that stay."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from annt_prof.views.explanation_view import ExplanationView, TechniqueView

DOCUMENT_VERSION = 1
"""Raised when a key changes its meaning or goes; new keys do not raise it."""


def explanation_document(view: ExplanationView) -> bytes:
    """Return the explanation as indented UTF-8 JSON with a final line break.

    Savings are whole nanoseconds per sample, negative where time is lost; ratios and effects are
    fractions of 1. What the run does not tell is null.
    """
    explanation = view.explanation
    total = explanation.total
    answer = {
        "schema_version": DOCUMENT_VERSION,
        "run_id": explanation.run_id,
        "complete": explanation.complete,
        "stop": explanation.stop,
        "not_as_asked": explanation.not_as_asked,
        "design": explanation.design,
        "orders": explanation.orders,
        "launches": explanation.launches,
        "baseline_ns_per_sample": explanation.baseline_ns,
        "baseline_failure": explanation.baseline_failure,
        "total_saving_ns_per_sample": total and total.ns,
        "total_saving_interval_ns_per_sample": total
        and {"low": total.low_ns, "high": total.high_ns},
        "techniques": [_technique(technique) for technique in view.techniques],
        "interactions": explanation.interactions,
        "baseline_again": explanation.baseline_again,
        "next_steps": explanation.next_steps,
        "throughputs": explanation.throughputs,
        "differences": explanation.differences,
        "same_in_both": explanation.same_in_both,
    }
    return msgspec.json.format(msgspec.json.encode(answer), indent=2) + b"\n"


def _technique(view: TechniqueView) -> dict[str, Any]:
    explained = view.explained
    share, bounds = explained.share, explained.bounds
    return {
        "name": explained.name,
        "verdict": explained.worth,
        "reason": explained.reason,
        "speedup": explained.speedup,
        "alone_ns_per_sample": explained.alone,
        "given_others_ns_per_sample": explained.given_others,
        "shapley_ns_per_sample": share and share.ns,
        "shapley_interval_ns_per_sample": share and {"low": share.low_ns, "high": share.high_ns},
        "smallest_effect": explained.smallest_effect,
        "saving_by_category_ns_per_sample": explained.saving_by_category_ns,
        "not_in_trace_ns_per_sample": explained.not_in_trace_ns,
        "traced_saving_ns_per_sample": explained.traced_ns,
        "unreconciled_ns_per_sample": explained.unreconciled_ns,
        "signature": explained.signature,
        "bound_ns_per_sample": view.bound_ns,
        "bound_basis": bounds and bounds.basis,
        "predicted_ns_per_sample": {
            "low": bounds and bounds.low_ns,
            "high": bounds and bounds.high_ns,
        },
        "prediction_held": explained.prediction_held,
        "prediction_error_ns_per_sample": explained.prediction_error_ns,
        "pitfalls": explained.pitfalls,
        "mathematics": explained.mathematics,
        "extra_first_step_s": explained.extra_first_step_s,
        "paid_back_after_iterations": explained.paid_back_after,
        "numerics": explained.numerics,
    }
