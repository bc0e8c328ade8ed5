"""Peaks of different kinds of memory are told apart, variant by variant."""

from __future__ import annotations

from annt_prof.report.text.variants import _notes
from annt_prof.runs.record import StepTime, VariantRecord

STEPS = StepTime(mean=2, p05=1, p95=3, n=4)


def peak_note(**owners: str) -> str:
    measured = [
        VariantRecord(
            name,
            (),
            "measured",
            samples_per_iteration=4,
            step_time=STEPS,
            peak_memory_of=owner,
        )
        for name, owner in owners.items()
    ]
    (note,) = (note for note in _notes(measured, 0.005) if note.startswith("peak:"))
    return note


def test_one_kind_of_memory_is_named_once() -> None:
    note = peak_note(baseline="host process", amp="host process")
    assert note == "peak: highest memory over the timed windows; of: host process."


def test_of_several_kinds_each_names_its_variants() -> None:
    note = peak_note(baseline="allocations", amp="allocations", cuda_graphs="reserved")
    assert note.endswith("of: allocations (baseline, amp); reserved (cuda_graphs).")
