"""The speedup between any two variants of a run."""

import msgspec
import pytest

from annt_prof.compare import pairing
from annt_prof.compare.between import between
from annt_prof.runs.record import Run, VariantRecord
from annt_prof.runs.verdict import Effect
from hand_made import drifting, lost, run, variant


@pytest.fixture(scope="module")
def record() -> Run:
    return run(
        variant("baseline", drifting(20.0, 8, noise=0.004, seed=1)),
        variant("amp", drifting(10.0, 8, noise=0.005, seed=2)),
        variant("sdpa", drifting(16.0, 8, noise=0.005, seed=3)),
        lost("tf32", "crashed", "killed"),
    )


def _of(record: Run, name: str) -> VariantRecord:
    return next(v for v in record.variants if v.name == name)


def test_against_the_baseline_it_is_the_record_s(record: Run) -> None:
    amp = _of(record, "amp")
    told = between(record, _of(record, "baseline"), amp)
    assert told.speedup == amp.speedup
    assert told.verdict == amp.verdict


def test_from_a_variant_to_the_baseline_it_is_the_inverse(record: Run) -> None:
    baseline, amp = _of(record, "baseline"), _of(record, "amp")
    told = between(record, amp, baseline)
    again = pairing.speedup(amp, baseline)
    assert told.speedup is not None
    assert again is not None
    assert told.speedup.ratio == pytest.approx(again.ratio)
    assert told.speedup.low == pytest.approx(again.low)
    assert told.speedup.high == pytest.approx(again.high)
    assert told.verdict is not None
    assert told.verdict.effect is Effect.SLOWER


def test_between_two_others_it_is_of_their_own_pairs(record: Run) -> None:
    amp, sdpa = _of(record, "amp"), _of(record, "sdpa")
    told = between(record, sdpa, amp)
    assert told.speedup == pairing.speedup(sdpa, amp)
    assert told.speedup is not None
    assert told.speedup.ratio == pytest.approx(1.6, rel=0.02)
    assert told.verdict is not None
    assert told.verdict.effect is Effect.FASTER


def test_without_an_interval_the_inverse_has_none(record: Run) -> None:
    few = [msgspec.structs.replace(v, windows=v.windows[:2]) for v in record.variants[:2]]
    short = run(*few)
    told = between(short, short.variants[1], short.variants[0])
    assert told.speedup is not None
    assert (told.speedup.low, told.speedup.high) == (None, None)
    assert told.verdict is not None
    assert told.verdict.effect is Effect.NO_INTERVAL


@pytest.mark.parametrize("other", ["baseline", "sdpa"])
def test_what_crashed_half_way_is_not_compared(record: Run, other: str) -> None:
    windows = _of(record, "amp").windows
    crashed = lost("amp", "crashed", "killed", windows=windows)
    for pair in ((crashed, _of(record, other)), (_of(record, other), crashed)):
        told = between(record, *pair)
        assert (told.speedup, told.verdict) == (None, None)


def test_what_has_no_round_in_common_has_no_speedup(record: Run) -> None:
    tf32 = _of(record, "tf32")
    for first, second in ((_of(record, "amp"), tf32), (tf32, _of(record, "baseline"))):
        told = between(record, first, second)
        assert (told.speedup, told.verdict) == (None, None)
