"""The waterfall as bars: each begins where the one before it ends, and is as long as its share."""

import msgspec
import pytest

from annt_prof.analysis.breakdown.breakdown import MeanBreakdown
from annt_prof.categories import Category
from annt_prof.explain.explaining import explain
from annt_prof.explain.explanation import Explanation, Worth
from annt_prof.runs.record import Run
from annt_prof.views.page import Bar, Bars
from annt_prof.views.waterfall import build_waterfall_view
from annt_prof.views.waterfall_bars import UNTOLD, build_waterfall_bars
from hand_made import GPU, breakdown, run, variant
from snapshots.made_runs import whole_mix


@pytest.fixture(scope="module")
def record() -> Run:
    return whole_mix()


@pytest.fixture(scope="module")
def explanation(record: Run) -> Explanation:
    return explain(record)


@pytest.fixture(scope="module")
def bars(record: Run, explanation: Explanation) -> Bars:
    return build_waterfall_bars(build_waterfall_view(explanation), explanation, record)


def test_it_goes_from_the_baseline_to_the_whole_mix(bars: Bars) -> None:
    names = [bar.name for bar in bars.bars]
    assert names == ["baseline", "amp", "gradient_accumulation", "the whole mix"]
    assert [bar.text for bar in bars.bars] == ["1.122 ms", "-0.628 ms", "-0.011 ms", "0.483 ms"]


def test_the_bars_hang_together(bars: Bars, explanation: Explanation) -> None:
    assert explanation.baseline_ns is not None
    level = explanation.baseline_ns
    for bar, technique in zip(bars.bars[1:-1], explanation.techniques, strict=False):
        assert technique.share is not None
        level -= technique.share.ns
        assert bar.start == min(level, level + technique.share.ns)
    assert explanation.total is not None
    assert level == explanation.baseline_ns - explanation.total.ns
    assert bars.bars[-1].start == 0
    assert (bars.least, bars.full) == (0, explanation.baseline_ns)


def test_a_bar_is_divided_like_what_moved_and_is_as_long_as_its_share(bars: Bars) -> None:
    amp = bars.bars[1]
    assert sum(part.value for part in amp.parts) == pytest.approx(628_000, abs=500)
    assert [part.name for part in amp.parts][:2] == ["backward", "forward"]
    assert amp.parts[0].value / amp.parts[1].value == pytest.approx(0.323 / 0.163, rel=0.01)


def test_what_is_printed_of_a_part_is_its_length(bars: Bars) -> None:
    for bar in bars.bars:
        printed = [float(part.text.removesuffix(" ms")) for part in bar.parts]
        assert printed == [pytest.approx(part.value / 1e6, abs=0.0006) for part in bar.parts]
        whole = abs(float(bar.text.removesuffix(" ms")))
        assert sum(printed) == pytest.approx(whole, abs=0.0006 * len(printed))


def test_what_moved_is_told_below_as_the_traces_show_it(bars: Bars) -> None:
    note = bars.notes[1]
    assert note.startswith("amp, moved its way in the traces: backward 0.323 ms, forward 0.163 ms")


def test_the_baseline_is_divided_like_its_traced_step(bars: Bars, record: Run) -> None:
    baseline = bars.bars[0]
    breakdown = record.variants[0].breakdown
    assert breakdown is not None
    assert sum(part.value for part in baseline.parts) == pytest.approx(bars.full)
    backward = next(part for part in baseline.parts if part.name == "backward")
    kept_ns = breakdown.by_category_ns[Category.BACKWARD] / 64  # device time, as it is
    assert backward.value == pytest.approx(kept_ns, rel=1e-4)


def _on_a_device(baseline: MeanBreakdown, amp: MeanBreakdown | None = None) -> Bars:
    """Return the bars of timed steps of 48 and 40 ms, 8 samples each, so traced."""
    record = run(
        variant("baseline", [48.0] * 4, breakdown=baseline),
        variant("amp", [40.0] * 4, breakdown=amp),
        environment=GPU,
    )
    explanation = explain(record)
    return build_waterfall_bars(build_waterfall_view(explanation), explanation, record)


def _parts(bar: Bar) -> list[tuple[str, str]]:
    return [(part.name, part.text) for part in bar.parts if part.value > 10]


def test_what_the_profiler_added_is_taken_from_the_host_and_not_from_the_device() -> None:
    """Traced 56 ms, of which 8 are the profiler's: device time keeps its 32 ms."""
    inflated = breakdown(56.0, forward=16 / 56, backward=16 / 56, host_bound=24 / 56)
    found = _on_a_device(inflated)
    assert _parts(found.bars[0]) == [
        ("forward", "2.000 ms"), ("backward", "2.000 ms"), ("host_bound", "2.000 ms"),
    ]  # fmt: skip
    assert not any(note.startswith("baseline:") for note in found.notes)


def test_what_the_trace_lacks_of_a_step_is_told_by_none() -> None:
    """Traced 46.4 ms of 48, within what windows differ by: the rest is in no category."""
    short = breakdown(46.4, forward=0.5, backward=0.5)
    assert _parts(_on_a_device(short).bars[0]) == [
        ("forward", "2.900 ms"), ("backward", "2.900 ms"), (UNTOLD, "0.200 ms"),
    ]  # fmt: skip


def test_device_time_longer_than_the_step_divides_no_bar() -> None:
    busy = breakdown(52.0, forward=0.5, backward=0.5)
    found = _on_a_device(busy)
    assert _parts(found.bars[0]) == [(UNTOLD, "6.000 ms")]
    assert found.notes[-1] == (
        "baseline: its traced step is longer than the bar even without what the profiler added, so "
        "it does not tell how the bar divides"
    )


@pytest.mark.parametrize(("traced_ms", "told"), [(90.0, "125 % longer"), (20.0, "50 % shorter")])
def test_a_trace_of_other_work_divides_no_bar(traced_ms: float, told: str) -> None:
    fitting = breakdown(48.0, forward=0.5, host_bound=0.5)
    other = breakdown(traced_ms, forward=0.1, host_bound=0.9)
    found = _on_a_device(fitting, other)
    assert _parts(found.bars[0]) == [("forward", "3.000 ms"), ("host_bound", "3.000 ms")]
    assert _parts(found.bars[-1]) == [(UNTOLD, "5.000 ms")]
    assert found.notes[-1].startswith("the whole mix: traced steps are ")
    assert told in found.notes[-1].replace(".0 %", " %")
    assert found.notes[-1].endswith("do not show the same work; read the timed figure")


def test_an_unsure_change_that_the_traces_contradict_is_told_by_none() -> None:
    """amp is timed at 38 to 57 ms beside 48 and traced at 20: inconclusive, and another saving."""
    record = run(
        variant("baseline", [48.0] * 5, breakdown=breakdown(48.0, forward=0.5, backward=0.5)),
        variant("amp", [38, 50, 57, 39, 48], breakdown=breakdown(20.0, forward=0.5, backward=0.5)),
        environment=GPU,
    )
    explanation = explain(record)
    assert explanation.techniques[0].worth is Worth.INCONCLUSIVE
    found = build_waterfall_bars(build_waterfall_view(explanation), explanation, record)
    assert [part.name for part in found.bars[1].parts] == [UNTOLD]
    assert not any("moved its way in the traces:" in note for note in found.notes)


def test_what_no_trace_tells_is_one_part(bars: Bars) -> None:
    (part,) = bars.bars[2].parts
    assert (part.name, part.text) == (UNTOLD, "0.011 ms")
    assert part.value == pytest.approx(11_000, abs=500)


def _why_none(record: Run) -> str:
    explanation = explain(record)
    bars = build_waterfall_bars(build_waterfall_view(explanation), explanation, record)
    assert not bars.bars
    return bars.empty


def test_without_a_waterfall_it_says_why() -> None:
    baseline = variant("baseline", [10.0, 10.1, 10.2, 10.1])
    amp, sdpa = variant("amp", [8.0, 8.1, 8.2, 8.1]), variant("sdpa", [9.0, 9.1, 9.2, 9.1])
    both = variant("all", [7.0, 7.1, 7.2, 7.1], factors=("amp", "sdpa"))
    assert "the whole mix was not measured" in _why_none(run(baseline, amp, sdpa))
    shared_out = run(baseline, amp, sdpa, both)
    few = [msgspec.structs.replace(v, windows=v.windows[:2]) for v in shared_out.variants]
    assert "too few launches" in _why_none(run(*few))
    assert "the baseline has no figures" in _why_none(run(amp, sdpa, both))
    ten = [variant(f"t{n}", [9.0, 9.1, 9.2, 9.1]) for n in range(3)]
    mix = variant("all", [7.0, 7.1, 7.2, 7.1], factors=("t0", "t1", "t2"))
    assert "the design (alone) does not tell" in _why_none(run(baseline, *ten, mix))


def test_before_it_is_worked_out_it_says_so(record: Run) -> None:
    assert build_waterfall_bars(None, None, record).empty == "not worked out yet"
