"""A growing run is looked at, and told once; what was not measured is never green."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import msgspec
import pytest
from msgspec.structs import replace

from annt_prof.check.baselines import accept
from annt_prof.check.checking import Check
from annt_prof.check.looks import planned
from annt_prof.check.result import CheckResult, Outcome, Reason
from annt_prof.remarks import Remark, Source
from annt_prof.runs.record import FirstStep, TracedLaunch
from annt_prof.scenario.budgets import Against, AgainstKind, LimitKind
from hand_made import GPU, MS, breakdown, lost, run, variant
from hand_made_checks import limit, terms

if TYPE_CHECKING:
    from pathlib import Path

    from annt_prof.check.result import Checked
    from annt_prof.runs.record import Run, VariantRecord
    from annt_prof.scenario.budgets import Budget

TO_BASELINE = Against(AgainstKind.VARIANT, "baseline")
STEP = limit("step_time", 1.05, LimitKind.MAX_RATIO, to=TO_BASELINE)
LOADING = limit("data_loading", 0.05, LimitKind.MAX_SHARE, floor_ns=MS)


def around(middle_ms: float, launches: int, *, spread: float = 0.002, seed: int = 0) -> list[float]:
    own = random.Random(seed)
    return [middle_ms * (1 + own.gauss(0, spread)) for _ in range(launches)]


def slower_by(ratio: float, launches: int, *, spread: float = 0.002) -> Run:
    return run(
        variant("baseline", around(10.0, launches, spread=spread, seed=1)),
        variant("amp", around(10.0 * ratio, launches, spread=spread, seed=2)),
    )


def at_once(checked: Run, *budgets: Budget) -> CheckResult:
    return Check(terms(*budgets)).result(checked, "runs/one")


def only(result: CheckResult) -> Checked:
    (checked,) = result.checked
    return checked


class TestLooks:
    def test_between_looks_nothing_is_decided(self) -> None:
        check = Check(terms(STEP), planned(28))
        for launches in (1, 2, 3, 4, 6, 8, 9):
            assert check.decides(slower_by(2.0, launches), launches) is None
        assert check.result(slower_by(2.0, 9), "runs/one").looks == 1

    @pytest.mark.parametrize(
        ("ratio", "said"),
        [
            (2.0, "a budget is broken, told after 5 launches"),
            (0.5, "each budget is told after 5 launches"),
            (1.05, None),
        ],
    )
    def test_what_is_told_ends_the_run(self, ratio: float, said: str | None) -> None:
        assert Check(terms(STEP), planned(28)).decides(slower_by(ratio, 5), 5) == said

    def test_the_last_look_ends_it_in_any_case(self) -> None:
        check = Check(terms(STEP), planned(7))
        assert check.decides(slower_by(1.05, 5), 5) is None
        assert check.decides(slower_by(1.05, 7), 7) == "the last look was taken"

    def test_a_session_that_asks_twice_of_the_same_launches_looks_once(self) -> None:
        check, grown = Check(terms(STEP), planned(28)), slower_by(1.05, 5)
        for _ in range(2):
            assert check.decides(grown, 5) is None
        result = check.result(grown, "runs/one")
        assert (result.looks, result.launches) == (1, 5)

    def test_a_run_that_ends_between_looks_is_looked_at_once_more(self) -> None:
        check = Check(terms(STEP), planned(28))
        check.decides(slower_by(1.05, 5), 5)
        result = check.result(slower_by(1.05, 6), "runs/one")
        estimate = only(result).estimate
        assert estimate is not None
        assert (result.looks, estimate.launches) == (2, 6)
        # Each look takes a sixth of what all of them may be wrong by.
        assert estimate.level == pytest.approx(0.01 / 6)
        assert result.level == 0.01

    def test_a_finished_run_is_looked_at_once_with_the_whole_level(self) -> None:
        result = at_once(slower_by(1.02, 9), STEP)
        estimate = only(result).estimate
        assert estimate is not None
        assert (result.looks, estimate.level, result.outcome) == (1, 0.01, Outcome.PASS)

    def test_what_was_told_stays_told(self) -> None:
        check = Check(terms(STEP), planned(28))
        check.decides(slower_by(0.9, 5), 5)
        checked = only(check.result(slower_by(2.0, 6), "runs/one"))
        assert checked.outcome is Outcome.PASS
        assert checked.estimate is not None
        assert checked.estimate.launches == 5

    @pytest.mark.parametrize(
        ("budget", "ratio", "is_it"),
        [
            (STEP, 2.0, True),
            (STEP, 0.5, False),
            (limit("step_time", 5 * MS, variant="amp"), 2.0, False),  # from what would it grow?
            (limit("peak_memory", 1.05, LimitKind.MAX_RATIO, to=TO_BASELINE), 2.0, False),
        ],
    )
    def test_a_broken_limit_on_growing_time_is_to_be_explained(
        self, budget: Budget, ratio: float, is_it: bool
    ) -> None:
        assert Check(terms(budget), planned(28)).is_to_be_explained(slower_by(ratio, 5), 5) is is_it

    def test_asking_that_is_no_further_look(self) -> None:
        check, between = Check(terms(STEP), planned(28)), slower_by(2.0, 6)
        assert check.is_to_be_explained(between, 6)
        assert check.result(between, "runs/one").looks == 1

    def test_what_was_told_of_a_variant_that_crashes_later_is_not(self) -> None:
        check, grown = Check(terms(STEP), planned(28)), slower_by(0.9, 5)
        check.decides(grown, 5)
        crashed = replace(grown.variants[1], status="crashed", reason="segfault")
        result = check.result(replace(grown, variants=(grown.variants[0], crashed)), "runs/one")
        checked = only(result)
        assert (result.outcome, checked.reason) == (Outcome.SKIPPED, Reason.NOT_MEASURED)
        assert checked.estimate is None
        assert "amp crashed: segfault" in result.remarks


class TestEnergy:
    """It is read from samples that are there only once a run has ended."""

    BUDGET = limit("energy_per_sample", 1.0)

    @staticmethod
    def on_gpu(launches: int, joules: float | None) -> Run:
        one = variant("baseline", around(10.0, launches))
        windows = tuple(replace(w, energy_j=joules) for w in one.windows)
        return run(replace(one, windows=windows), environment=GPU)

    def test_it_keeps_a_run_going_where_power_is_sampled(self) -> None:
        step = limit("step_time", 20 * MS)
        check = Check(terms(step, self.BUDGET), planned(7))
        assert check.decides(self.on_gpu(5, None), 5) is None
        assert check.decides(self.on_gpu(7, None), 7) == "the last look was taken"
        result = check.result(self.on_gpu(7, 10.0), "runs/one")
        time, energy = result.checked
        assert (time.outcome, energy.outcome) == (Outcome.PASS, Outcome.PASS)
        assert energy.estimate is not None
        assert (energy.estimate.launches, result.looks) == (7, 2)

    def test_what_breaks_another_budget_ends_it_all_the_same(self) -> None:
        check = Check(terms(limit("step_time", MS), self.BUDGET), planned(28))
        assert check.decides(self.on_gpu(5, None), 5) == (
            "a budget is broken, told after 5 launches"
        )

    def test_without_a_device_nothing_is_waited_for(self) -> None:
        cpu = run(variant("baseline", around(10.0, 5)))
        check = Check(terms(limit("step_time", 20 * MS), self.BUDGET), planned(28))
        assert check.decides(cpu, 5) == "each budget is told after 5 launches"
        _, energy = check.result(cpu, "runs/one").checked
        assert (energy.outcome, energy.reason) == (Outcome.SKIPPED, Reason.NOT_MEASURED)


class TestFewFigures:
    def test_one_trace_of_a_run_tells_nothing_and_says_what_would(self) -> None:
        one = variant("baseline", around(10.0, 8), breakdown=breakdown(10.0, forward=0.01))
        for budget in (limit("forward", MS), limit("forward", 0.9, LimitKind.MAX_SHARE)):
            checked = only(at_once(run(one), budget))
            assert (checked.outcome, checked.reason) == (
                Outcome.INCONCLUSIVE,
                Reason.TOO_FEW_LAUNCHES,
            )
            assert (checked.detail or "").startswith(
                "a run traces one launch alone; annt-prof check of its scenario traces each"
            )

    def test_so_does_one_compilation(self) -> None:
        one = variant("baseline", around(10.0, 8), first_step_s=0.5)
        checked = only(at_once(run(one), limit("compile_time", 60_000 * MS)))
        assert (checked.outcome, checked.reason) == (Outcome.INCONCLUSIVE, Reason.TOO_FEW_LAUNCHES)
        assert (checked.detail or "").startswith("only the first launch of a run compiles")
        anew = replace(one, first_steps=tuple(FirstStep(n, 0.5) for n in range(5)))
        told = only(at_once(run(anew), limit("compile_time", 60_000 * MS)))
        assert told.outcome is Outcome.PASS
        assert "only the first launch" not in (told.detail or "")

    @pytest.mark.parametrize("launches", [1, 4])
    def test_few_launches_tell_nothing(self, launches: int) -> None:
        result = at_once(slower_by(2.0, launches), STEP, limit("step_time", MS))
        assert {each.outcome for each in result.checked} == {Outcome.INCONCLUSIVE}
        assert {each.reason for each in result.checked} == {Reason.TOO_FEW_LAUNCHES}
        assert result.remarks == (slower_by(2.0, launches).stop,)

    def test_a_baseline_that_has_few_says_so(self, tmp_path: Path) -> None:
        shown = breakdown(10.0, forward=0.4)
        one = variant("baseline", around(10.0, 5), breakdown=shown)
        accept(tmp_path, "main", [run(one, run_id="earlier")])
        launches = tuple(TracedLaunch(n, shown) for n in range(5))
        checked = run(replace(one, traced_launches=launches))
        budget = limit("forward", 1.05, to="baseline")
        told = only(Check(terms(budget, baselines=tmp_path)).result(checked, "runs/one"))
        # More launches of what is checked would tell nothing either, so none are made for it.
        assert (told.outcome, told.reason) == (Outcome.SKIPPED, Reason.NO_BASELINE)
        assert told.detail is not None
        assert told.detail.startswith("it has forward of 1 launch, and 5 are needed: a check of")

    def test_figures_of_two_measures_are_not_compared(self, tmp_path: Path) -> None:
        one = variant("baseline", around(10.0, 6))
        accept(tmp_path, "main", [run(one, run_id="earlier")])
        uneven = run(replace(one, uneven=True))
        budget = limit("step_time", 1.05, to="baseline")
        told = only(Check(terms(budget, baselines=tmp_path)).result(uneven, "runs/one"))
        assert (told.outcome, told.reason) == (Outcome.SKIPPED, Reason.OTHER_WORK)
        same = only(Check(terms(budget, baselines=tmp_path)).result(run(one), "runs/one"))
        assert same.outcome is Outcome.PASS

    def test_a_run_that_a_check_made_is_judged_as_often_as_that_looked(self) -> None:
        one = variant("baseline", around(10.0, 6))
        budget = limit("step_time", 20 * MS)
        once = only(at_once(run(one), budget)).estimate
        shown = tuple(TracedLaunch(n, breakdown(10.0, forward=0.4)) for n in range(5))
        again = only(at_once(run(replace(one, traced_launches=shown)), budget)).estimate
        assert once is not None
        assert again is not None
        assert (once.level, again.level) == (0.01, pytest.approx(0.01 / 6))

    def test_launches_that_two_variants_do_not_share_are_none(self) -> None:
        late = variant("amp", around(10.0, 12))
        late = replace(late, windows=late.windows[6:])
        early = variant("baseline", around(10.0, 6))
        checked = only(at_once(run(early, late), STEP))
        assert (checked.outcome, checked.reason) == (Outcome.INCONCLUSIVE, Reason.TOO_FEW_LAUNCHES)


class TestFloor:
    @staticmethod
    def waiting(share_ms: list[float], step_ms: float = 10.0) -> VariantRecord:
        one = variant("baseline", [step_ms] * len(share_ms))
        windows = tuple(
            replace(w, waited_ns=round(5 * ms * MS))
            for w, ms in zip(one.windows, share_ms, strict=True)
        )
        return replace(one, windows=windows)

    @pytest.mark.parametrize(
        ("waits_ms", "outcome"),
        [
            ([2.0, 2.1, 2.05, 1.95, 2.0], Outcome.FAIL),  # a fifth of the step, and over 1 ms
            ([0.3, 0.31, 0.3, 0.29, 0.3], Outcome.PASS),  # 3 %
            ([0.8, 0.81, 0.8, 0.79, 0.8], Outcome.PASS),  # 8 %, but not 1 ms
            ([0.2, 1.9, 0.4, 1.5, 1.0], Outcome.INCONCLUSIVE),
        ],
    )
    def test_only_what_is_over_both_fails(self, waits_ms: list[float], outcome: Outcome) -> None:
        checked = only(at_once(run(self.waiting(waits_ms)), LOADING))
        assert checked.outcome is outcome
        within = "its time is within the floor"
        assert (within in (checked.detail or "")) == (waits_ms[0] == 0.8)

    def test_a_share_that_is_over_with_a_time_that_cannot_be_told_says_why(self) -> None:
        waits_ms = [0.99, 1.02, 0.98, 1.01, 1.01]  # a tenth of the step, about the floor
        checked = only(at_once(run(self.waiting(waits_ms)), LOADING))
        assert (checked.outcome, checked.reason) == (Outcome.INCONCLUSIVE, Reason.TOO_CLOSE)

    def test_what_would_fail_is_over_the_floor_too(self) -> None:
        """8 % of 10 ms: the limit of 5 % is passed by far, and 1 ms is not."""
        waiting = run(self.waiting([0.8, 0.81, 0.8, 0.79, 0.8]))
        told = only(at_once(waiting, LOADING)).estimate
        assert told is not None
        assert told.smallest_failing is not None
        assert 0.1 < told.smallest_failing < 0.11
        never = only(at_once(waiting, replace(LOADING, floor_ns=1000 * MS))).estimate
        assert never is not None
        assert never.smallest_failing is None  # as no share of such a step takes a second
        alone = only(at_once(waiting, replace(LOADING, floor_ns=0))).estimate
        assert alone is not None
        assert alone.smallest_failing is not None
        assert alone.smallest_failing < 0.06

    def test_no_bound_is_below_nothing(self) -> None:
        told = only(at_once(run(self.waiting([0.2, 1.9, 0.4, 1.5, 1.0])), LOADING)).estimate
        assert told is not None
        assert told.low == 0.0

    def test_either_of_two_ways_to_pass_has_half_of_the_chance(self) -> None:
        """Else a share that is over, with a time that is, would pass twice as often as is said."""
        of_two = only(at_once(run(self.waiting([0.3, 0.31, 0.3, 0.29, 0.3])), LOADING)).estimate
        share = replace(LOADING, floor_ns=0)
        of_one = only(at_once(run(self.waiting([0.3, 0.31, 0.3, 0.29, 0.3])), share)).estimate
        assert of_two is not None
        assert of_one is not None
        assert (of_one.level_within, of_two.level_within) == (0.01, 0.005)


class TestRunOfACheck:
    def test_a_later_look_at_it_tells_what_the_check_told(self) -> None:
        """Budgets that were told early leave their share of the level to the others."""
        traced = (TracedLaunch(9, breakdown(10.0, forward=0.5)),)
        budgets = (STEP, limit("step_time", 10 * MS, variant="baseline"))
        check, whole = Check(terms(*budgets), planned(28)), slower_by(0.9, 9)
        for launches in (5, 7):
            grown = slower_by(0.9, 9)
            so_far = [replace(v, windows=v.windows[:launches]) for v in grown.variants]
            check.decides(replace(grown, variants=tuple(so_far)), launches)
        first = check.result(whole, "runs/one")
        kept = [replace(v, traced_launches=traced) for v in whole.variants]
        again = at_once(replace(whole, variants=tuple(kept)), *budgets)
        assert [each.estimate for each in again.checked] == [e.estimate for e in first.checked]
        assert (again.looks, again.launches) == (first.looks, first.launches)


class TestZeros:
    def test_none_of_a_part_is_within_any_limit_of_it(self) -> None:
        traced = tuple(TracedLaunch(n, breakdown(10.0, forward=0.5)) for n in range(5))
        one = variant("baseline", around(10.0, 5), traced_launches=traced)
        none_of = limit("sync", MS)
        skipped = only(at_once(run(one), none_of))
        assert (skipped.outcome, skipped.reason) == (Outcome.SKIPPED, Reason.NOT_MEASURED)
        shown = tuple(replace(each, breakdown=breakdown(10.0, sync=0.0)) for each in traced)
        passed = only(at_once(run(replace(one, traced_launches=shown)), none_of))
        assert passed.outcome is Outcome.PASS
        assert passed.estimate is not None
        assert passed.estimate.value == 0

    def test_some_of_what_the_reference_has_none_of_fails(self) -> None:
        before = tuple(TracedLaunch(n, breakdown(10.0, sync=0.0)) for n in range(5))
        after = tuple(TracedLaunch(n, breakdown(10.0, sync=0.1 + n / 100)) for n in range(5))
        checked = run(
            variant("baseline", around(10.0, 5), traced_launches=before),
            variant("amp", around(10.0, 5), traced_launches=after),
        )
        failed = only(at_once(checked, limit("sync", 1.05, LimitKind.MAX_RATIO, to=TO_BASELINE)))
        assert failed.outcome is Outcome.FAIL
        assert failed.where is not None
        assert failed.where.grown[0].name == "sync"


class TestResult:
    def test_the_worst_outcome_is_that_of_the_check(self) -> None:
        checked = slower_by(1.2, 9)
        good, bad = limit("step_time", 50 * MS), STEP
        absent = limit("step_time", 50 * MS, variant="tf32")
        close = limit("step_time", 12 * MS)
        assert at_once(checked, absent).outcome is Outcome.SKIPPED
        assert at_once(checked, absent, good).outcome is Outcome.PASS
        assert at_once(checked, absent, good, close).outcome is Outcome.INCONCLUSIVE
        assert at_once(checked, absent, good, close, bad).outcome is Outcome.FAIL

    def test_it_says_what_it_is_of(self) -> None:
        result = at_once(slower_by(1.0, 9), STEP)
        assert (result.run_id, result.scenario_name, result.directory) == (
            "20260725-143012-vit_amp",
            "vit_amp",
            "runs/one",
        )
        assert (result.budgets_file, result.reproduce) == ("ci.yaml", "annt-prof check")
        assert result.device == "cpu: AMD EPYC 7B13"
        assert result.launches == 9
        assert msgspec.json.decode(msgspec.json.encode(result), type=CheckResult) == result

    def test_a_failure_says_where_the_time_went(self) -> None:
        def traced(share: float) -> tuple[TracedLaunch, ...]:
            return tuple(TracedLaunch(n, breakdown(10.0, forward=share)) for n in range(5))

        before, after = slower_by(1.2, 9).variants
        found = (Remark(Source.TRACE, "it waits", key="item_every_iteration"),)
        checked = run(
            replace(before, traced_launches=traced(0.2)),
            replace(after, traced_launches=traced(0.5), remarks=found),
        )
        where = only(at_once(checked, STEP)).where
        assert where is not None
        assert where.grown[0].name == "forward"
        assert where.new_pitfalls == (found[0].sentence,)
        alone = only(at_once(checked, limit("step_time", MS))).where
        assert alone is not None
        assert (alone.why_not, alone.parts) == ("it was not traced", ())

    def test_a_limit_that_stands_alone_says_where_its_own_step_goes(self) -> None:
        shown = breakdown(20.0, forward=0.2, optimizer=0.5)
        one = variant("baseline", around(10.0, 5), breakdown=shown)
        where = only(at_once(run(one), limit("step_time", MS))).where
        assert where is not None
        assert (where.grown, where.of_timed) == ((), True)
        assert [part.name for part in where.parts] == ["optimizer", "unattributed", "forward"]
        assert sum(part.ns for part in where.parts) == pytest.approx(10 * MS, rel=0.01)

    def test_a_wait_is_that_of_the_timed_windows_without_a_device(self) -> None:
        """Or a budget on loading would be broken by 20 % of a step of which it is 1 % beneath."""
        shown = breakdown(10.0, forward=0.9, data_loading=0.01)
        one = replace(TestFloor.waiting([2.0] * 5), breakdown=shown)
        failed = only(at_once(run(one), limit("data_loading", 0.05, LimitKind.MAX_SHARE)))
        assert failed.estimate is not None
        assert failed.where is not None
        parts = {part.name: part.ns for part in failed.where.parts}
        assert parts["data_loading"] / sum(parts.values()) == pytest.approx(0.2, rel=0.01)
        assert failed.estimate.value == pytest.approx(0.2, rel=0.01)

    def test_what_is_no_time_of_a_step_grew_nowhere_in_it(self) -> None:
        one = variant("baseline", around(10.0, 5))
        heavy = replace(one, windows=tuple(replace(w, peak_memory_bytes=9) for w in one.windows))
        failed = only(at_once(run(heavy), limit("peak_memory", 8)))
        assert failed.outcome is Outcome.FAIL
        assert failed.where is not None
        assert failed.where.why_not == "it is no time of a step"

    def test_a_lost_variant_is_a_remark(self) -> None:
        checked = run(*slower_by(1.0, 9).variants, lost("tf32", "out_of_memory", "4 GiB"))
        assert at_once(checked, STEP).remarks == ("tf32 ran out of memory: 4 GiB",)


def test_memory_is_the_highest_that_each_process_reached() -> None:
    """A window has what its process allocated at most so far, so the last one has it all."""
    one = variant("baseline", [10.0] * 10, rounds_per_launch=2)
    peaks = (10, 20) * 5
    windows = tuple(
        replace(w, peak_memory_bytes=peak) for w, peak in zip(one.windows, peaks, strict=True)
    )
    checked = only(at_once(run(replace(one, windows=windows)), limit("peak_memory", 19)))
    assert checked.outcome is Outcome.FAIL
    assert checked.estimate is not None
    assert (checked.estimate.value, checked.estimate.launches) == (pytest.approx(20), 5)


def test_what_cannot_act_is_said() -> None:
    """What is checked lacks it, on both sides of a reference too, and would be taken to have it."""
    one, two = slower_by(1.0, 5).variants
    why = {"pin_memory": "it acts with an accelerator alone"}
    result = at_once(run(replace(one, left_out=why), replace(two, left_out=why)), STEP)
    assert result.remarks == ("pin_memory is left out: it acts with an accelerator alone",)
