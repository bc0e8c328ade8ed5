import msgspec
import pytest

from annt_prof.compare.comparison import precise_enough, summarise
from annt_prof.runs.record import Speedup
from hand_made import breakdown, lost, variant


def test_every_figure_follows_from_the_windows() -> None:
    baseline, amp = summarise(
        (
            variant("baseline", [100.0, 110.0, 120.0]),
            variant("amp", [50.0, 55.0, 60.0], breakdown=breakdown(66.0, forward=0.5)),
        )
    )
    assert baseline.step_time is not None
    assert (baseline.step_time.mean_ns, baseline.step_time.n) == (110_000_000, 3)
    # Of the fifteen single steps, which spread by a microsecond around each window's mean.
    assert baseline.step_time.p05_ns == pytest.approx(100_000_000, abs=1000)
    assert baseline.step_time.p95_ns == pytest.approx(120_000_000, abs=1000)
    assert baseline.throughput == pytest.approx(8 / 0.110)
    assert amp.speedup is not None
    assert amp.speedup.ratio == pytest.approx(2)
    assert amp.profiler_inflation == pytest.approx(66 / 55 - 1)
    assert baseline.profiler_inflation is None


def test_the_baseline_is_once_as_fast_as_itself() -> None:
    (baseline,) = summarise((variant("baseline", [100.0, 110.0]),))
    assert baseline.speedup == Speedup(ratio=1.0, low=1.0, high=1.0, rounds=2, launches=2)


def test_a_window_counts_once_however_many_steps_it_has() -> None:
    one, two = variant("baseline", [100.0, 200.0]).windows
    longer = msgspec.structs.replace(
        two, step_ns=two.step_ns * 20, iterations=100, wall_ns=two.wall_ns * 20
    )
    (found,) = summarise((variant("baseline", [], windows=(one, longer)),))
    assert found.step_time is not None
    assert (found.step_time.mean_ns, found.step_time.n) == (150_000_000, 2)


def test_lost_variants_stay_as_they_are() -> None:
    crashed = variant("amp", [50.0], status="crashed", reason="killed")
    gone = lost("pin_memory", "not_applicable", "no accelerator")
    assert summarise((variant("baseline", [100.0]), crashed, gone))[1:] == (crashed, gone)


def test_without_a_baseline_there_is_throughput_but_no_speedup() -> None:
    _, amp = summarise((lost("baseline", "out_of_memory", None), variant("amp", [50.0])))
    assert amp.speedup is None
    assert amp.throughput == pytest.approx(160)


def test_summarising_twice_changes_nothing() -> None:
    once = summarise((variant("baseline", [100.0, 101]), variant("amp", [50.0, 51])))
    assert summarise(once) == once


def test_nothing_measured_yet() -> None:
    waiting = variant("baseline", [])
    assert summarise((waiting,)) == (waiting,)
    assert not precise_enough((waiting,), 0.02, 1)
