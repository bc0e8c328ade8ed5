"""What the table says of figures that do not go together."""

import io

import msgspec
from rich.console import Console

from annt_prof.compare.comparison import summarise
from annt_prof.report.text.variants import variants
from annt_prof.runs.record import Epochs, EpochStart
from annt_prof.views.run_view import build_run_view
from annt_prof.views.table_notes import build_table_notes
from hand_made import MS, run, variant


def said_of(baseline_ms: list[float], amp_ms: list[float]) -> str:
    both = summarise((variant("baseline", baseline_ms), variant("amp", amp_ms)))
    console = Console(width=300, file=io.StringIO())
    view = build_run_view(msgspec.structs.replace(run(), variants=both))
    console.print(variants(view, console.width))
    return console.file.getvalue()


def test_throughputs_that_contradict_the_speedup_beside_them_are_told_of() -> None:
    """In every round amp is faster; one round was slow for both, and for amp by more."""
    steady = said_of([100.0] * 5, [80.0] * 5)
    assert "samples per s come to" not in steady
    drifted = said_of([100.0, 100.0, 100.0, 100.0, 500.0], [80.0, 80.0, 80.0, 80.0, 480.0])
    assert "amp: samples per s come to 1.12x, not to 1.21x" in drifted


def test_a_variant_without_a_speedup_hides_no_contradiction_of_the_next_one() -> None:
    base = variant("baseline", [100.0, 100.0, 100.0, 100.0, 500.0])
    windows = tuple(msgspec.structs.replace(w, round=w.round + 9) for w in base.windows)
    apart = msgspec.structs.replace(base, name="tf32", factors=("tf32",), windows=windows)
    amp = variant("amp", [80.0, 80.0, 80.0, 80.0, 480.0])
    made = summarise((base, apart, amp))
    assert made[1].speedup is None
    notes = build_table_notes(msgspec.structs.replace(run(), variants=made))
    assert notes is not None
    assert [note.variant for note in notes.contradictions] == ["amp"]


def test_a_step_of_another_measure_is_not_said_to_have_no_window() -> None:
    whole = Epochs(100, starts=(EpochStart(0, 600 * MS),), counted=True)
    base = variant("baseline", [10.0] * 4, epochs=whole)
    amp = variant("amp", [10.0] * 4, epochs=Epochs(100), skipped=True)
    console = Console(width=300, file=io.StringIO())
    console.print(variants(build_run_view(run(base, amp)), console.width))
    told = console.file.getvalue()
    assert "no speedup: its step leaves an epoch's start out" in told
    assert "no window in the same round" not in told
