"""Which budgets become questions, and which are skipped: nothing is held that was not measured."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from annt_prof.check import subject
from annt_prof.check.baselines import accept
from annt_prof.check.cases import cases
from annt_prof.check.result import Outcome, Reason
from annt_prof.runs.record import Numerics, TechniqueInEffect
from annt_prof.scenario.budgets import Against, AgainstKind, LimitKind, NamedMachine
from hand_made import CPU, GPU, MS, SUBSTITUTIONS, breakdown, lost, run, variant
from hand_made_checks import limit, terms

if TYPE_CHECKING:
    from pathlib import Path

    from annt_prof.check.cases import Case
    from annt_prof.runs.record import Run
    from annt_prof.scenario.budgets import Budget

TO_BASELINE = {"kind": LimitKind.MAX_RATIO, "to": Against(AgainstKind.VARIANT, "baseline")}
FIVE = [10.0, 10.1, 9.9, 10.05, 9.95]
BASE, AMP = variant("baseline", FIVE), variant("amp", [ms / 2 for ms in FIVE])
PLAIN = run(BASE, AMP)
EARLIER = replace(PLAIN, run_id="earlier")
SHARE = limit("forward", 0.5, LimitKind.MAX_SHARE)


def beside_reference(name: str = "worktree", **changes: object) -> Run:
    own = variant(name, [ms * 1.2 for ms in FIVE], techniques=())
    told = "1a2b3c4 -> the present files"
    checked = run(BASE, own, differences=(f"worktree: {told}",), reference=told)
    return replace(checked, **changes)


def case_of(checked: Run, budget: Budget, **changes: object) -> Case:
    (case,) = cases(checked, terms(budget, **changes))
    return case


def skipped(case: Case) -> tuple[Reason | None, str]:
    assert case.outcome is Outcome.SKIPPED
    assert case.question is case.floor is case.estimate is None
    return case.reason, case.detail or ""


def test_a_budget_is_of_the_scenario_as_it_is_written() -> None:
    case = case_of(PLAIN, limit("step_time", 6 * MS))
    assert case.variant == "amp"
    assert case.question is not None
    assert case.question.checked == AMP_NS
    assert (case.question.limit, case.question.upper, case.question.reference) == (
        6 * MS,
        True,
        None,
    )
    assert case.question.in_logs
    named = case_of(PLAIN, limit("step_time", 6 * MS, variant="baseline"))
    assert (named.variant, named.question and named.question.checked) == ("baseline", BASE_NS)


BASE_NS = tuple(ms * MS for ms in FIVE)
AMP_NS = tuple(ms / 2 * MS for ms in FIVE)


@pytest.mark.parametrize(
    ("of", "reason", "said"),
    [
        ("tf32", Reason.NO_VARIANT, "the run has no variant tf32; it has baseline, amp"),
        ("pin_memory", Reason.NOT_MEASURED, "not applicable: no accelerator"),
        ("crashing", Reason.NOT_MEASURED, "crashed: segfault"),
        ("skipping", Reason.NOT_MEASURED, "not measured: skipped from the dashboard"),
    ],
)
@pytest.mark.parametrize("metric", ["step_time", "peak_memory", "forward", "kernels.gemm"])
@pytest.mark.parametrize("to", [None, "baseline", "amp"])
def test_what_was_not_measured_is_skipped(
    of: str, reason: Reason, said: str, metric: str, to: str | None, tmp_path: Path
) -> None:
    checked = run(
        BASE,
        AMP,
        lost("pin_memory", "not_applicable", "no accelerator"),
        lost("crashing", "crashed", "segfault"),
        lost("skipping", "not_measured", "skipped from the dashboard"),
    )
    found, told = skipped(
        case_of(checked, limit(metric, 1.0, variant=of, to=to), baselines=tmp_path)
    )
    if to == "baseline" and found is Reason.NO_BASELINE:  # that is said first
        return
    assert found is reason
    assert said in told


def test_a_set_that_is_the_same_as_a_smaller_one_is_held_by_that() -> None:
    """As where one technique of two cannot act: all of them is then what the other does alone."""
    same = lost("all", "not_applicable", "the same as amp", factors=("amp",))
    assert case_of(run(BASE, AMP, same), limit("step_time", 6 * MS)).variant == "amp"
    nothing = lost("pin_memory", "not_applicable", "no accelerator", factors=())
    assert case_of(run(BASE, nothing), limit("step_time", 6 * MS)).variant == "baseline"
    crashed = lost("all", "crashed", "segfault", factors=("amp",))
    reason, _ = skipped(case_of(run(BASE, AMP, crashed), limit("step_time", 6 * MS)))
    assert reason is Reason.NOT_MEASURED


def test_no_variant_is_compared_with_itself() -> None:
    """Without techniques the scenario is the baseline: a ratio of 1 would say nothing of it."""
    alone = run(BASE)
    reason, said = skipped(case_of(alone, limit("step_time", 1.05, **TO_BASELINE)))
    assert (reason, "like itself" in said) == (Reason.NO_VARIANT, True)
    reason, said = skipped(case_of(PLAIN, limit("step_time", 1.05, to="amp")))
    assert (reason, "like itself" in said) == (Reason.NO_VARIANT, True)


class TestAbsolute:
    def test_on_another_machine_than_the_named_one_it_is_skipped(self) -> None:
        on = NamedMachine(torch="2.14", cores=2)
        reason, said = skipped(case_of(PLAIN, limit("step_time", 6 * MS), on=on))
        assert reason is Reason.OTHER_MACHINE
        assert said == "torch: 2.14 is asked for, 2.15.0 is here"
        assert case_of(PLAIN, limit("step_time", 6 * MS), on=NamedMachine(torch="2.15")).question

    @pytest.mark.parametrize("budget", [limit("step_time", 6 * MS), SHARE])
    def test_on_data_that_stand_in_it_is_skipped(self, budget: Budget) -> None:
        traced = replace(AMP, breakdown=breakdown(5.0, forward=0.4))
        reason, said = skipped(case_of(run(BASE, traced, substitutions=SUBSTITUTIONS), budget))
        assert reason is Reason.OTHER_WORK
        assert said.startswith("cifar10: generated images")
        weights = run(BASE, traced, substitutions=SUBSTITUTIONS[1:])
        assert case_of(weights, budget).question is not None

    def test_of_another_step_than_the_files_only_shares_and_what_is_of_that_step_are_held(
        self,
    ) -> None:
        traced = replace(AMP, breakdown=breakdown(5.0, forward=0.4))
        small = run(BASE, traced, overrides_in_effect=("no accelerator: dataset.batch_size is 8",))
        budget = limit("step_time", 6 * MS, path=("budgets", "step_time", "max"))
        reason, said = skipped(case_of(small, budget))
        assert (reason, "batch_size is 8" in said) == (Reason.OTHER_WORK, True)
        own = replace(budget, path=("when", "no_accelerator", *budget.path))
        assert case_of(small, own).question is not None
        assert case_of(small, SHARE).question is not None

    def test_uneven_windows_trim_no_launch(self) -> None:
        budget = limit("step_time", 6 * MS)
        case = case_of(run(BASE, replace(AMP, uneven=True)), budget)
        assert case.question is not None
        assert not case.question.trims

    def test_a_share_may_have_a_floor(self) -> None:
        budget = limit("forward", 0.05, LimitKind.MAX_SHARE, floor_ns=MS)
        case = case_of(run(BASE, replace(AMP, breakdown=breakdown(5.0, forward=0.4))), budget)
        assert case.question is not None
        assert case.floor is not None
        last_ms = FIVE[-1] / 2  # of the launch that was traced
        assert case.question.checked == pytest.approx((0.4,))
        assert case.floor.checked == pytest.approx((0.4 * last_ms * MS,))
        assert (case.floor.limit, case.floor.upper, case.floor.in_logs) == (MS, True, False)
        assert not case.question.in_logs

    def test_counts_need_no_question(self) -> None:
        counted = replace(AMP, numerics=Numerics(skipped_steps=2))
        case = case_of(run(BASE, counted), limit("skipped_steps", 1))
        assert (case.outcome, case.estimate and case.estimate.value) == (Outcome.FAIL, 2)
        reason, _ = skipped(case_of(PLAIN, limit("skipped_steps", 1)))
        assert reason is Reason.NOT_MEASURED


class TestAnotherVariant:
    def test_launches_are_pairs(self) -> None:
        case = case_of(PLAIN, limit("step_time", 0.6, **TO_BASELINE))
        assert case.question is not None
        assert case.question.paired
        assert case.question.checked == pytest.approx([0.5] * 5)
        assert case.question.reference == (1.0,) * 5
        assert (case.against, case.reference) == ("variant baseline", PLAIN.variants[0])

    def test_throughput_is_the_other_way_round(self) -> None:
        case = case_of(PLAIN, limit("throughput", 1.5, LimitKind.MIN_RATIO, to=TO_BASELINE["to"]))
        assert case.question is not None
        assert case.question.checked == pytest.approx([2.0] * 5)
        assert not case.question.upper

    def test_what_the_other_lacks_is_skipped(self) -> None:
        other = run(lost("baseline", "crashed", "segfault"), AMP)
        reason, said = skipped(case_of(other, limit("step_time", 0.6, **TO_BASELINE)))
        assert (reason, said) == (Reason.NOT_MEASURED, "baseline: crashed: segfault")

    def test_a_variant_of_fewer_launches_is_compared_over_those_of_both(self) -> None:
        few = variant("amp", [5.0, 5.1, 5.2], skipped=True)
        case = case_of(run(BASE, few), limit("step_time", 0.6, **TO_BASELINE))
        assert case.question is not None
        assert len(case.question.checked) == len(case.question.reference or ()) == 3

    def test_memory_of_two_measures_has_no_ratio(self) -> None:
        windows = tuple(replace(w, peak_memory_bytes=1000) for w in BASE.windows)
        ours = replace(AMP, windows=windows, peak_memory_of="device memory reserved")
        theirs = replace(BASE, windows=windows, peak_memory_of="device allocations")
        budget = limit("peak_memory", 1.05, **TO_BASELINE)
        reason, said = skipped(case_of(run(theirs, ours, environment=GPU), budget))
        assert reason is Reason.NOT_MEASURED
        assert said == "two measures: device memory reserved against device allocations"
        same = replace(ours, peak_memory_of="device allocations")
        assert case_of(run(theirs, same, environment=GPU), budget).question is not None


class TestReference:
    def test_the_scenario_is_held_against_it_launch_by_launch(self) -> None:
        case = case_of(
            beside_reference(), limit("step_time", 1.05, to="reference"), reference="main"
        )
        assert (case.variant, case.against) == ("worktree", "main")
        assert case.question is not None
        assert case.question.paired
        assert case.question.checked == pytest.approx([1.2] * 5)

    def test_without_one_it_is_skipped(self) -> None:
        reason, _ = skipped(case_of(PLAIN, limit("step_time", 1.05, to="reference")))
        assert reason is Reason.NO_REFERENCE

    def test_a_run_about_two_scenarios_has_none(self) -> None:
        pair = beside_reference("dataset.batch_size", design="factorial", reference=None)
        assert not subject.is_against_reference(pair)
        reason, _ = skipped(case_of(pair, limit("step_time", 1.05, to="reference")))
        assert reason is Reason.NO_REFERENCE
        # The budgets are those of the first scenario, which the second one is not held to.
        assert case_of(pair, limit("step_time", 6 * MS)).variant == "baseline"

    @pytest.mark.parametrize("metric", ["step_time", "no_pitfalls"])
    @pytest.mark.parametrize("to", [None, "reference", "baseline"])
    def test_the_reference_is_not_the_scenarios_baseline(
        self, metric: str, to: str | None, tmp_path: Path
    ) -> None:
        """It has the name, but other code, and all of the techniques."""
        if metric == "no_pitfalls":
            budget = limit(metric, 0, LimitKind.NONE_OF, variant="baseline")
        else:
            budget = limit(metric, 50 * MS if to is None else 1.5, to=to, variant="baseline")
        checked = beside_reference()
        reason, said = skipped(case_of(checked, budget, baselines=tmp_path))
        assert (reason, "no other variants" in said) == (Reason.NO_VARIANT, True)

    def test_it_has_no_other_variants_to_compare_with(self) -> None:
        reason, said = skipped(case_of(beside_reference(), limit("step_time", 0.6, **TO_BASELINE)))
        assert (reason, "no other variants" in said) == (Reason.NO_VARIANT, True)
        reason, said = skipped(case_of(beside_reference(), limit("step_time", 0.6, to="amp")))
        assert (reason, "has no variant amp" in said) == (Reason.NO_VARIANT, True)

    def test_limits_that_stand_alone_are_of_the_scenario(self) -> None:
        case = case_of(beside_reference(), limit("step_time", 13 * MS))
        assert case.variant == "worktree"
        assert case.question is not None
        assert case.question.checked == pytest.approx([ms * 1.2 * MS for ms in FIVE])


class TestStored:
    RATIO = limit("step_time", 1.05, to="baseline")

    def test_launches_are_two_groups_with_the_noise_of_its_runs(self, tmp_path: Path) -> None:
        runs = [
            run(BASE, variant("amp", [5.0 + n / 10] * 5), run_id=str(n), created=f"2026-07-2{n}")
            for n in range(4)
        ]
        accept(tmp_path, "main", runs)
        case = case_of(PLAIN, self.RATIO, baselines=tmp_path)
        assert case.question is not None
        assert not case.question.paired
        assert (case.question.checked, len(case.question.reference or ())) == (AMP_NS, 20)
        assert case.question.noise == (case.stored and case.stored.noise)
        assert case.question.noise is not None
        assert case.against == "baseline main of 2026-07-20"

    def test_without_one_or_on_another_machine_it_is_skipped(self, tmp_path: Path) -> None:
        reason, said = skipped(case_of(PLAIN, self.RATIO, baselines=tmp_path))
        assert (reason, "there is none of vit_amp" in said) == (Reason.NO_BASELINE, True)
        accept(tmp_path, "main", [EARLIER])
        other = run(BASE, AMP, environment=replace(CPU, cpu_name="Another", num_cores=4))
        reason, said = skipped(case_of(other, self.RATIO, baselines=tmp_path))
        assert (reason, "-> Another" in said) == (Reason.OTHER_MACHINE, True)

    def test_a_run_is_not_held_to_itself(self, tmp_path: Path) -> None:
        """It would pass, as like itself as anything: of a failed run that was accepted, too."""
        accept(tmp_path, "main", [PLAIN])
        reason, said = skipped(case_of(PLAIN, self.RATIO, baselines=tmp_path))
        assert (reason, "from this very run" in said) == (Reason.NO_BASELINE, True)
        accept(tmp_path, "main", [EARLIER, PLAIN])
        case = case_of(PLAIN, self.RATIO, baselines=tmp_path)
        assert case.question is not None
        assert len(case.question.reference or ()) == 5  # the other run's alone

    def test_of_other_work_it_is_skipped(self, tmp_path: Path) -> None:
        accept(tmp_path, "main", [EARLIER])
        stand_in = run(BASE, AMP, substitutions=SUBSTITUTIONS)
        reason, said = skipped(case_of(stand_in, self.RATIO, baselines=tmp_path))
        assert (reason, said) == (Reason.OTHER_WORK, "stand-ins: none -> data of cifar10")

    def test_what_it_does_not_have_is_skipped(self, tmp_path: Path) -> None:
        accept(tmp_path, "main", [run(BASE, run_id="earlier")])
        reason, said = skipped(case_of(PLAIN, self.RATIO, baselines=tmp_path))
        assert (reason, said) == (Reason.NO_BASELINE, "it has no variant amp")
        accept(tmp_path, "main", [EARLIER], only=["throughput"])
        reason, said = skipped(case_of(PLAIN, self.RATIO, baselines=tmp_path))
        assert (reason, said) == (Reason.NO_BASELINE, "it has no step_time of amp")

    def test_the_mix_may_be_there_under_the_name_of_what_is_the_same(self, tmp_path: Path) -> None:
        """A check measures the mix alone; a run found it the same as one technique of it."""
        same = lost("all", "not_applicable", "the same as amp", factors=("amp",))
        accept(tmp_path, "main", [run(BASE, AMP, same, run_id="earlier")])
        mix = replace(AMP, name="all")
        case = case_of(run(BASE, mix), self.RATIO, baselines=tmp_path)
        assert case.question is not None
        assert (case.variant, case.question.reference) == ("all", AMP_NS)
        other = replace(mix, techniques=(TechniqueInEffect("tf32"),))
        reason, said = skipped(case_of(run(BASE, other), self.RATIO, baselines=tmp_path))
        assert (reason, said) == (Reason.NO_BASELINE, "it has no variant all")

    def test_beside_a_reference_the_scenario_is_what_was_accepted(self, tmp_path: Path) -> None:
        accept(tmp_path, "main", [EARLIER])
        checked = beside_reference()
        reference, own = checked.variants
        amp = replace(own, techniques=AMP.techniques)
        both = replace(checked, variants=(replace(reference, techniques=AMP.techniques), amp))
        case = case_of(both, self.RATIO, baselines=tmp_path)
        assert case.question is not None
        assert (case.variant, case.question.reference) == ("worktree", AMP_NS)


class TestSameWork:
    """A step of fewer samples is shorter, and no faster for that."""

    @staticmethod
    def halved() -> Run:
        own = replace(variant("worktree", [ms * 0.6 for ms in FIVE]), samples_per_iteration=4)
        told = "1a2b3c4 -> the present files"
        return run(BASE, own, differences=(f"worktree: {told}",), reference=told)

    def test_a_ratio_of_times_is_per_sample(self) -> None:
        budget = limit("step_time", 1.05, LimitKind.MAX_RATIO, to="reference")
        case = case_of(self.halved(), budget)
        assert BASE.samples_per_iteration == 8
        assert case.question is not None
        reference = case.question.reference or ()
        ratios = [a / b for a, b in zip(case.question.checked, reference, strict=True)]
        assert ratios == pytest.approx([1.2] * 5)
        assert "per sample, as a step has 4 samples and the other's 8" in (case.detail or "")

    def test_a_ratio_of_throughputs_is_so_by_itself(self) -> None:
        budget = limit("throughput", 0.95, LimitKind.MIN_RATIO, to="reference")
        case = case_of(self.halved(), budget)
        assert case.question is not None
        assert case.question.checked == pytest.approx([1 / 1.2] * 5)
        assert case.detail is None


def test_no_launch_is_left_out_of_what_no_neighbour_can_take() -> None:
    one = variant("baseline", [10.0] * 12)
    windows = tuple(replace(w, peak_memory_bytes=11 * 2**30) for w in one.windows)
    one = replace(one, windows=windows)
    memory = case_of(run(one), limit("peak_memory", 12 * 2**30)).question
    times = case_of(run(one), limit("step_time", 12 * MS)).question
    assert memory is not None
    assert times is not None
    assert (memory.trims, times.trims) == (False, True)


def test_it_is_said_where_a_limit_in_units_names_no_machine() -> None:
    budget = limit("step_time", 12 * MS)
    assert "no machine is named" in (case_of(PLAIN, budget).detail or "")
    named = case_of(PLAIN, budget, on=NamedMachine(cores=PLAIN.environment.num_cores))
    assert named.detail is None
    assert "no machine" not in (case_of(PLAIN, limit("peak_memory", 2**40)).detail or "")
