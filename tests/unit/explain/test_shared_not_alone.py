"""A technique that was measured only beside others has its share, so that shares sum."""

from __future__ import annotations

from msgspec.structs import replace

from annt_prof.explain.explaining import explain
from annt_prof.runs.record import Epochs, EpochStart, Run, VariantRecord
from annt_prof.views.evidence import GivenOthers, Reconciled, Share
from annt_prof.views.explanation_view import build_explanation_view
from hand_made import MS, breakdown, lost, run, variant


def made(*others: VariantRecord, traced: bool = True) -> Run:
    """A sample of the baseline takes 10 ms, of which amp saves 2 and tf32 beside it 1."""

    def told(name: str, ms: float, **changes: object) -> VariantRecord:
        windows = [ms, ms * 1.001, ms * 0.999, ms]
        shown = breakdown(ms, forward=0.5, backward=0.5) if traced else None
        return variant(name, windows, breakdown=shown, **changes)

    return run(
        told("baseline", 80.0),
        told("amp", 64.0),
        told("all", 56.0, factors=("amp", "tf32")),
        *others,
        design="sampled",
        orders=(("amp", "tf32"),),
    )


def test_the_share_of_what_was_not_measured_alone_is_told() -> None:
    found = explain(made())
    amp, tf32 = found.techniques
    assert found.total is not None
    assert (amp.share.ns, tf32.share.ns) == (2 * MS, 1 * MS)
    assert amp.share.ns + tf32.share.ns == found.total.ns
    assert tf32.given_others.ns == 1 * MS
    assert (tf32.alone, tf32.speedup) == (None, None)
    assert tf32.reason == "not measured alone, only beside other techniques"


def test_where_its_share_lies_is_told_too() -> None:
    tf32 = explain(made()).techniques[1]
    assert tf32.saving_by_category_ns == {
        "forward": MS // 2, "backward": MS // 2, "unattributed": 0,
    }  # fmt: skip
    assert (tf32.not_in_trace_ns, tf32.traced_ns, tf32.unreconciled_ns) == (0, 1 * MS, 0)
    assert tf32.traces_agree
    untraced = explain(made(traced=False)).techniques[1]
    assert untraced.share.ns == 1 * MS
    assert (untraced.saving_by_category_ns, untraced.traced_ns) == (None, None)


def test_a_share_that_the_traces_contradict_is_placed_nowhere() -> None:
    """The mix's trace shows a step of 72 ms: tf32 would cost 1 ms a sample where it saves one."""
    measured = made()
    contradicting = [
        replace(variant, breakdown=breakdown(72.0, forward=0.5, backward=0.5))
        if variant.name == "all"
        else variant
        for variant in measured.variants
    ]
    tf32 = explain(replace(measured, variants=tuple(contradicting))).techniques[1]
    assert tf32.share.ns == 1 * MS
    assert (tf32.traced_ns, tf32.unreconciled_ns) == (-1 * MS, 2 * MS)
    assert (tf32.saving_by_category_ns, tf32.not_in_trace_ns) == (None, None)
    assert not tf32.traces_agree


def test_the_waterfall_closes_and_the_share_has_its_lines() -> None:
    view = build_explanation_view(explain(made()))
    assert view.waterfall is not None
    bars = view.waterfall.techniques
    assert [bar.name for bar in bars] == ["amp", "tf32"]
    fallen_ns = view.waterfall.baseline.change_ns + sum(bar.change_ns for bar in bars)
    assert fallen_ns == view.waterfall.whole.change_ns
    lines = [type(line) for line in view.techniques[1].evidence]
    assert {GivenOthers, Share, Reconciled} <= set(lines)


def test_what_crashed_alone_has_its_share_and_says_that_it_crashed() -> None:
    tf32 = explain(made(lost("tf32", "crashed", "killed"))).techniques[1]
    assert tf32.share.ns == 1 * MS
    assert tf32.reason == "crashed: killed"


def test_what_is_left_out_of_a_step_is_no_share() -> None:
    """All take 10 ms in the middle of an epoch; amp was skipped before its start was measured."""
    whole = Epochs(100, starts=(EpochStart(0, 600 * MS),), counted=True)
    same = [10.0, 10.01, 9.99, 10.0]
    skipped = variant("amp", same, epochs=Epochs(100), skipped=True)
    tf32 = variant("tf32", same, epochs=whole)
    mix = variant("all", same, factors=("amp", "tf32"), epochs=whole)
    found = explain(run(variant("baseline", same, epochs=whole), skipped, tf32, mix))
    assert [technique.share for technique in found.techniques] == [None, None]
    amp = found.techniques[0]
    assert (amp.alone, amp.given_others.ns) == (None, 0)
    assert amp.reason.startswith("not compared: either its step or the baseline's leaves an epoch")
