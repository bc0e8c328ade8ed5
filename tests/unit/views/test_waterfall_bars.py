"""The waterfall as bars: each begins where the one before it ends, and is as long as its share."""

import msgspec
import pytest

from annt_prof.explain.explaining import explain
from annt_prof.explain.explanation import Explanation
from annt_prof.runs.record import Run
from annt_prof.views.page import Bars
from annt_prof.views.waterfall import build_waterfall_view
from annt_prof.views.waterfall_bars import UNTOLD, build_waterfall_bars
from hand_made import run, variant
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
    (note,) = bars.notes[1:]
    assert note.startswith("amp, moved its way in the traces: backward 0.323 ms, forward 0.163 ms")


def test_the_baseline_is_divided_like_its_traced_step(bars: Bars, record: Run) -> None:
    baseline = bars.bars[0]
    breakdown = record.variants[0].breakdown
    assert breakdown is not None
    assert sum(part.value for part in baseline.parts) == pytest.approx(bars.full)
    backward = next(part for part in baseline.parts if part.name == "backward")
    share = backward.value / bars.full
    assert share == pytest.approx(breakdown.by_category_ns["backward"] / breakdown.step_ns)


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
