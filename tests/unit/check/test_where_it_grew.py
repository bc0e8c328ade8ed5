"""Where the time went: what grew from one side to the other."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

import pytest
from msgspec.structs import replace
from scipy import stats

from annt_prof.check.baselines import accept, find
from annt_prof.check.fingerprint import fingerprint_of
from annt_prof.check.growth import Steps, steps_of, where
from annt_prof.check.result import GrownKind
from annt_prof.check.stored import steps_of_baseline
from annt_prof.remarks import Remark, Source
from annt_prof.runs.record import TracedLaunch, WorkTime
from hand_made import CPU, MS, breakdown, run, variant

if TYPE_CHECKING:
    from pathlib import Path

    from annt_prof.runs.record import VariantRecord


def launch(
    number: int, *work: tuple[str, int], kernels: bool = False, **shares: float
) -> TracedLaunch:
    shown = breakdown(10.0, **shares)
    if kernels:
        shown = replace(shown, kernel_ns={"gemm": MS})
    return TracedLaunch(number, shown, tuple(WorkTime(name, ns) for name, ns in work))


def side(*launches: TracedLaunch, **changes: object) -> VariantRecord:
    return variant("amp", [10.0] * 5, **{"traced_launches": launches, **changes})


def names(found: object, kind: GrownKind) -> list[str]:
    return [grown.name for grown in found.grown if grown.kind is kind]  # type: ignore[attr-defined]


def test_each_kind_has_what_grew_most_first() -> None:
    before = side(launch(0, ("mm", MS), ("add", 5 * MS), forward=0.2, backward=0.3))
    after = side(
        launch(0, ("mm", 2 * MS), ("add", 4 * MS), ("item", 3 * MS), forward=0.3, backward=0.5)
    )
    found = where(steps_of(before), after, paired=True)
    assert names(found, GrownKind.CATEGORY) == ["backward", "forward"]
    assert names(found, GrownKind.OPERATOR) == ["item", "mm"]
    assert (found.grown[0].before_ns, found.grown[0].after_ns) == (3 * MS, 5 * MS)
    assert (found.step_before_ns, found.step_after_ns) == (None, None)  # of records as measured


def test_operators_that_a_side_does_not_tell_have_not_grown_from_nothing() -> None:
    """As those of a baseline that is no check's run: its one trace is kept by categories."""
    before, after = side(launch(0, forward=0.2)), side(launch(0, ("mm", MS), forward=0.3))
    found = where(steps_of(before), after, paired=False)
    assert names(found, GrownKind.OPERATOR) == []
    assert names(found, GrownKind.CATEGORY) == ["forward"]


def test_on_a_device_it_is_kernels() -> None:
    before = side(launch(0, ("gemm", MS), kernels=True, forward=0.2))
    after = side(launch(0, ("gemm", 3 * MS), kernels=True, forward=0.2))
    assert names(where(steps_of(before), after, paired=True), GrownKind.KERNEL) == ["gemm"]


def test_it_is_the_medians_of_launches() -> None:
    """One trace beside another program would make of a mean whatever was disturbed."""
    before = side(*(launch(n, forward=0.2) for n in range(5)))
    off = [0.9, 0.3, 0.3, 0.3, 0.3]
    after = side(*(launch(n, forward=share) for n, share in enumerate(off)))
    (grown,) = where(steps_of(before), after, paired=False).grown
    assert (grown.name, grown.by_ns, grown.interval_ns) == ("forward", MS, None)


@pytest.mark.parametrize("n", [6, 7, 9, 12, 28])
def test_pairs_of_launches_have_an_interval_of_their_median(n: int) -> None:
    before = side(*(launch(number, forward=0.2) for number in range(n)))
    shares = [0.30 + 0.003 * (number * 5 % n) for number in range(n)]
    # The first one of either is without its like.
    after = side(*(launch(number, forward=share) for number, share in enumerate(shares)))
    (grown,) = where(steps_of(before), after, paired=True).grown
    differences = [(share - 0.2) * 10 * MS for share in shares]
    told = stats.quantile_test(differences, q=0, p=0.5).confidence_interval(0.95)
    assert grown.interval_ns == pytest.approx((told.low, told.high), abs=2)
    assert grown.interval_ns is not None
    assert grown.interval_ns[0] <= grown.by_ns <= grown.interval_ns[1]


@pytest.mark.parametrize("n", [2, 5])
def test_a_few_launches_have_no_interval(n: int) -> None:
    before, after = (
        side(*(launch(number, forward=share + number / 100) for number in range(n)))
        for share in (0.2, 0.3)
    )
    (grown,) = where(steps_of(before), after, paired=True).grown
    assert grown.interval_ns is None


def test_only_launches_that_both_have_are_pairs() -> None:
    before = side(*(launch(number, forward=0.2) for number in range(4)))
    after = side(*(launch(number + 3, forward=share) for number, share in enumerate((0.3, 0.9))))
    (grown,) = where(steps_of(before), after, paired=True).grown
    assert grown.by_ns == MS


class TestOfTimed:
    """Without a device the pace of a traced window is no matter, and the wait is a timed one."""

    @staticmethod
    def side(timed_ms: float, traced_ms: list[float], forward: float, *waited_ms: float) -> Any:
        launches = tuple(
            TracedLaunch(
                number,
                breakdown(ms, forward=forward, data_loading=0.0),
                (WorkTime("mm", round(ms * forward / 2 * MS)),),
            )
            for number, ms in enumerate(traced_ms)
        )
        one = variant("amp", [timed_ms] * 7, traced_launches=launches)
        waits = waited_ms or [0.0] * 7
        windows = tuple(
            replace(window, waited_ns=round(5 * ms * MS))
            for window, ms in zip(one.windows, waits, strict=True)
        )
        return run(replace(one, windows=windows)).variants[0]

    def test_parts_are_shares_of_the_timed_step(self) -> None:
        before = self.side(10.0, [20.0, 40.0, 20.0, 60.0, 20.0, 20.0, 20.0], 0.5)
        after = self.side(12.0, [20.0, 20.0, 50.0, 20.0, 20.0, 20.0, 20.0], 0.6)
        found = where(steps_of(before), after, paired=True)
        assert found.of_timed
        grown = {each.name: (each.before_ns, each.by_ns) for each in found.grown}
        assert grown["forward"] == pytest.approx((5 * MS, 2.2 * MS), rel=1e-6)
        assert grown["mm"] == pytest.approx((2.5 * MS, 1.1 * MS), rel=1e-6)
        step_ns = (found.step_after_ns or 0) - (found.step_before_ns or 0)
        assert found.grew_ns - found.shrank_ns == pytest.approx(step_ns, abs=10)

    def test_the_wait_is_that_of_timed_windows(self) -> None:
        before = self.side(10.0, [20.0] * 7, 0.5, *[1.0] * 7)
        after = self.side(14.0, [20.0] * 7, 0.5, *[5.0] * 7)
        first, *others = where(steps_of(before), after, paired=True).grown
        assert (first.name, first.before_ns, first.by_ns) == ("data_loading", MS, 4 * MS)
        assert others == []

    def test_the_wait_has_an_interval_over_all_timed_launches(self) -> None:
        """Whichever of them were traced."""
        longer = [2.0, -1.0, 4.0, 0.5, 3.0, -0.5, 1.0]
        before = self.side(10.0, [20.0], 0.5, *[1.0] * 7)
        after = self.side(14.0, [20.0], 0.5, *(1.0 + ms for ms in longer))
        found = where(steps_of(before), after, paired=True)
        wait = next(each for each in found.grown if each.name == "data_loading")
        told = stats.ttest_1samp(longer, 0).confidence_interval(0.95)
        assert wait.by_ns == pytest.approx(sum(longer) / 7 * MS, abs=2)
        assert wait.interval_ns == pytest.approx((told.low * MS, told.high * MS), abs=2)
        unpaired = where(steps_of(before), after, paired=False).grown
        assert {each.interval_ns for each in unpaired} == {None}

    def test_a_wait_that_one_side_lacks_is_told_by_both_sides_traces(self) -> None:
        """Traces show 1 ms of 3: a timed one less a traced one is no growth."""

        def side(step_ms: float, forward_ms: float) -> Any:
            traced_ms = step_ms + 4
            launches = (launch(0, forward=forward_ms / traced_ms, data_loading=1 / traced_ms),)
            one = variant("amp", [step_ms] * 5, traced_launches=launches)
            windows = tuple(replace(w, waited_ns=15 * MS) for w in one.windows)
            return run(replace(one, windows=windows)).variants[0]

        before = steps_of(side(10.0, 10.0))
        assert before.timed is not None
        stored = dataclasses.replace(before, timed=before.timed._replace(waited_ns=None))
        found = where(stored, side(12.0, 12.0), paired=False)
        assert names(found, GrownKind.CATEGORY) == ["forward", "unattributed"]
        both = where(before, side(12.0, 12.0), paired=False)
        assert "data_loading" not in names(both, GrownKind.CATEGORY)

    def test_on_a_device_they_are_of_the_traced_step(self) -> None:
        before, after = (
            variant(
                "amp",
                [10.0] * 5,
                traced_launches=(launch(0, ("gemm", round(ms * MS)), kernels=True, forward=share),),
                step_time=None,
            )
            for ms, share in ((1, 0.2), (3, 0.4))
        )
        found = where(steps_of(run(before).variants[0]), run(after).variants[0], paired=True)
        assert not found.of_timed
        assert [(each.name, each.by_ns) for each in found.grown] == [
            ("forward", 2 * MS),
            ("gemm", 2 * MS),
        ]

    def test_a_side_without_timed_steps_leaves_both_as_they_are_traced(self) -> None:
        after = self.side(12.0, [20.0] * 7, 0.6)
        untimed = dataclasses.replace(steps_of(self.side(10.0, [20.0] * 7, 0.5)), timed=None)
        found = where(untimed, after, paired=True)
        assert (found.of_timed, found.grown[0].by_ns) == (False, 2 * MS)


def test_times_are_of_as_many_samples() -> None:
    before = side(launch(0, forward=0.2), samples_per_iteration=4)
    after = side(launch(0, forward=0.4), samples_per_iteration=8)
    found = where(steps_of(run(before).variants[0]), run(after).variants[0], paired=True)
    assert "forward" not in names(found, GrownKind.CATEGORY)
    assert (found.step_before_ns, found.step_after_ns) == (20 * MS, 10 * MS)


def test_only_mistakes_that_are_new_are_told() -> None:
    old = Remark(Source.TRACE, "it copies", key="copies_in_passes")
    new = Remark(Source.TRACE, "it waits", key="item_every_iteration")
    before = side(launch(0, forward=0.2), remarks=(old,))
    after = side(launch(0, forward=0.3), remarks=(old, new, Remark(Source.RUN, "slow")))
    assert where(steps_of(before), after, paired=True).new_pitfalls == (new.sentence,)


@pytest.mark.parametrize("untraced", ["before", "after"])
def test_without_traces_of_both_nothing_is_told(untraced: str) -> None:
    sides = {name: side(launch(0, forward=0.2)) for name in ("before", "after")}
    sides[untraced] = side()
    found = where(steps_of(sides["before"]), sides["after"], paired=True)
    assert (found.grown, found.why_not) == ((), "it was not traced")


def test_a_stored_baseline_has_one_step_a_run(tmp_path: Path) -> None:
    shown = breakdown(10.0, forward=0.2)
    runs = [
        run(
            variant("baseline", [ms] * 5, breakdown=shown, remarks=(
                Remark(Source.TRACE, "it waits", key="item_every_iteration"),
            )),
            run_id=str(number), created=f"2026-07-2{number}",
        )
        for number, ms in enumerate((10.0, 12.0))
    ]  # fmt: skip
    accept(tmp_path, "main", runs)
    stored = find(tmp_path, "main", "vit_amp", fingerprint_of(CPU)).stored
    assert stored is not None
    steps = steps_of_baseline(stored.baseline, "baseline", 8)
    assert isinstance(steps, Steps)
    assert [each["forward"] for each in steps.categories] == [2 * MS, 2 * MS]
    assert (steps.launches, steps.on_device) == ([0, 1], False)
    assert steps.timed is not None
    assert steps.timed.step_ns == 11 * MS
    assert steps.pitfalls == {"item_every_iteration"}
    nothing = steps_of_baseline(stored.baseline, "tf32", 8)
    assert (nothing.categories, nothing.timed) == ([], None)


def test_a_baselines_wait_is_of_the_launches_that_its_step_is_of(tmp_path: Path) -> None:
    """From ten on of the middle ones: a stall of one is in neither."""
    one = variant("baseline", [10.0] * 9 + [60.0])
    windows = tuple(
        replace(window, waited_ns=5 * ms * MS)
        for window, ms in zip(one.windows, [1] * 9 + [51], strict=True)
    )
    accept(tmp_path, "main", [run(replace(one, windows=windows))])
    stored = find(tmp_path, "main", "vit_amp", fingerprint_of(CPU)).stored
    assert stored is not None
    assert steps_of_baseline(stored.baseline, "baseline", 8).timed == (10 * MS, MS)


def test_what_drifts_between_launches_is_not_taken_for_growth() -> None:
    """Launches of a busy machine, microseconds: medians of each side name what did not grow."""
    before = {"forward": (3504, 3627, 2655, 2506, 3418), "backward": (338, 296, 311, 221, 403)}
    after = {"forward": (2774, 3089, 2910, 2790, 4781), "backward": (257, 276, 355, 348, 340)}

    def traced(times: dict[str, tuple[int, ...]]) -> VariantRecord:
        return variant(
            "side",
            [10.0] * 5,
            traced_launches=tuple(
                launch(number, **{name: each[number] / 10_000 for name, each in times.items()})
                for number in range(5)
            ),
        )

    found = where(steps_of(traced(before)), traced(after), paired=True)
    differences = {
        name: sorted(b - a for a, b in zip(before[name], after[name], strict=True))[2]
        for name in before
    }
    grown = {each.name: each.by_ns for each in found.grown if each.name in differences}
    assert grown["forward"] == pytest.approx(differences["forward"] * 1000, abs=1)
    assert grown["forward"] == max(each.by_ns for each in found.grown)
