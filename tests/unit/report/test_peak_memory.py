"""Peaks of different kinds of memory are told apart, variant by variant."""

from __future__ import annotations

import msgspec

from annt_prof.runs.record import StepTime, VariantRecord
from annt_prof.views.table_notes import build_table_notes
from annt_prof.views.words.table_notes import notes
from hand_made import run

STEPS = StepTime(mean_ns=2, p05_ns=1, p95_ns=3, n=4)


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
    facts = build_table_notes(msgspec.structs.replace(run(), variants=tuple(measured)))
    (note,) = (note for note in notes(facts) if note.startswith("peak:"))
    return note


def test_one_kind_of_memory_is_named_once() -> None:
    note = peak_note(baseline="host process", amp="host process")
    assert note == "peak: highest memory over the timed windows; of: host process."


def test_of_several_kinds_each_names_its_variants() -> None:
    note = peak_note(baseline="allocations", amp="allocations", cuda_graphs="reserved")
    assert note.endswith("of: allocations (baseline, amp); reserved (cuda_graphs).")
