"""What an explanation holds of a run, with figures that can be told by hand.

A sample of the baseline takes 10 ms. The four launches of a variant spread around its own time, so
that each figure has an interval.
"""

import math

import pytest
from msgspec.structs import replace

from annt_prof.categories import Category, KernelClass, Precision
from annt_prof.compare.options import options_of
from annt_prof.compare.precisions import matrix_time
from annt_prof.explain.attribution import place
from annt_prof.explain.explaining import explain
from annt_prof.explain.explanation import Amount, Worth
from annt_prof.explain.facts import gather
from annt_prof.explain.prediction import evidence_of, on_in_baseline
from annt_prof.remarks import Remark, Source
from annt_prof.runs.record import Numerics, TechniqueInEffect
from annt_prof.runs.verdict import Effect
from annt_prof.scenario.effective import EffectiveValue
from hand_made import GPU, MS, breakdown, lost, run, variant

SPREAD = (0.001, -0.001, 0.002, -0.002)


def spread(name, ms, *, factors=None, sign=1, **changes):
    """Four launches whose logarithms are this far from ``ms``."""
    windows = [ms * math.exp(sign * off) for off in SPREAD]
    chosen = {} if factors is None else {"factors": factors}
    return variant(name, windows, **chosen, **changes)


def baseline(**changes):
    return variant("baseline", [80.0] * 4, **changes)


def named(explanation):
    return {each.name: each for each in explanation.techniques}


def test_an_explanation_holds_what_the_run_says_of_itself():
    again = spread("baseline_again", 80.4, factors=())
    measured = run(
        baseline(), spread("amp", 64), again, design="leave_one_out", differences=("a: 1 -> 2",),
        same_in_both=("b: 3",), switched_on=("amp",), stop="enough", complete=False,
    )  # fmt: skip
    found = explain(measured)
    assert (found.run_id, found.design) == (measured.run_id, "leave_one_out")
    assert (found.launches, found.orders) == (4, 1)
    assert found.baseline_ns == 10 * MS
    assert (found.stop, found.complete) == ("enough", False)
    assert (found.differences, found.same_in_both) == (("a: 1 -> 2",), ("b: 3",))
    assert found.baseline_again.ratio == pytest.approx(80 / 80.4)
    assert found.verdict_on_again.effect is Effect.NO_MEASURABLE_EFFECT
    assert found.verdict_on_again == measured.variants[2].verdict


def test_without_a_second_baseline_there_is_nothing_on_it():
    found = explain(run(baseline(), spread("amp", 64)))
    assert (found.baseline_again, found.verdict_on_again) == (None, None)


def test_without_a_baseline_nothing_is_worth_anything():
    found = explain(run(lost("baseline", "crashed", "killed"), spread("amp", 64)))
    assert (found.launches, found.baseline_ns, found.total) == (0, None, None)
    (amp,) = found.techniques
    assert amp.worth is Worth.INCONCLUSIVE
    assert amp.reason == "not compared: no round has both it and the baseline"


def three():
    """Alone 2, 1 and -1 of 10 ms; the first two 4; the last with either as much less."""
    return run(
        baseline(),
        spread("amp", 64.0),
        spread("tf32", 72.0, sign=-1),
        spread("amp+tf32", 48.0, factors=("amp", "tf32")),
    )


def test_shares_and_what_each_adds_to_the_others():
    found = explain(three())
    assert found.total.ns == 4 * MS
    amp, tf32 = found.techniques
    assert (amp.alone.ns, tf32.alone.ns) == (2 * MS, 1 * MS)
    assert (amp.given_others.ns, tf32.given_others.ns) == (3 * MS, 2 * MS)
    assert (amp.share.ns, tf32.share.ns) == (2.5 * MS, 1.5 * MS)
    assert found.orders == 2
    assert amp.speedup.ratio == pytest.approx(1.25)
    assert amp.smallest_effect < tf32.smallest_effect * 1.01
    (interaction,) = found.interactions
    assert interaction.techniques == ("amp", "tf32")
    assert interaction.extra.ns == 1 * MS
    assert interaction.extra.low_ns < 1 * MS < interaction.extra.high_ns


def test_an_interaction_is_told_by_its_lower_end():
    """A twentieth of a millisecond is what no run tells from nothing."""
    for both_ms, told in ((55.9, 0), (55.0, 1), (57.0, 1), (56.1, 0)):
        measured = run(
            baseline(),
            spread("amp", 64.0),
            spread("tf32", 72.0),
            spread("amp+tf32", both_ms, factors=("amp", "tf32")),
        )
        assert len(explain(measured).interactions) == told
    twice = spread("baseline_again", 84.0, factors=())
    noisy = replace(three(), variants=run(*three().variants, twice).variants)
    assert len(explain(noisy).interactions) == 1
    worse = spread("baseline_again", 92.0, factors=())
    noisier = replace(three(), variants=run(*three().variants, worse).variants)
    assert explain(noisier).interactions == ()


@pytest.mark.parametrize(("both_ms", "sign"), [(55.8, 1), (56.2, -1)])
def test_an_interaction_that_is_told_from_0_but_not_from_the_floor_is_none(both_ms, sign):
    """Its interval leaves 0 out; the floor is half a percent of 10 ms, on either side."""
    sets = [baseline()] + [
        variant(name, [ms] * 4, factors=factors)
        for name, ms, factors in (
            ("amp", 64.0, ("amp",)), ("tf32", 72.0, ("tf32",)), ("both", both_ms, ("amp", "tf32"))
        )
    ]  # fmt: skip
    assert explain(run(*sets)).interactions == ()
    telling = 56.0 - sign * 0.41  # 8 samples
    sets[-1] = variant("both", [telling] * 4, factors=("amp", "tf32"))
    (found,) = explain(run(*sets)).interactions
    assert sign * found.extra.ns > 0.05 * MS


def test_interactions_are_sorted_by_size_and_named_in_the_mixs_order():
    measured = run(
        baseline(),
        spread("tf32", 72.0),
        spread("amp", 64.0),
        spread("compile", 60.0),
        spread("tf32+amp", 48.0, factors=("tf32", "amp")),
        spread("tf32+compile", 68.0, factors=("tf32", "compile")),
    )
    found = explain(measured).interactions
    assert [each.techniques for each in found] == [("tf32", "compile"), ("tf32", "amp")]
    assert [each.extra.ns for each in found] == [-2 * MS, 1 * MS]


def test_a_longer_first_step_is_paid_back_after_so_many_iterations():
    """3.01 s more, and 16 of 80 ms saved by each."""
    first = baseline(first_step_s=1.25)
    tuned = spread("compile", 64.0, first_step_s=4.26)
    found = named(explain(run(first, tuned)))["compile"]
    assert found.extra_first_step_s == pytest.approx(3.01)
    assert found.paid_back_after == math.ceil(3.01 / 0.016)


@pytest.mark.parametrize(
    ("before_s", "after_s", "ms", "extra_s"),
    [
        (1.25, 1.25, 64.0, 0.0),
        (1.25, 1.0, 64.0, -0.25),
        (1.25, 4.25, 96.0, 3.0),
        (None, 4.25, 64.0, None),
        (1.25, None, 64.0, None),
    ],
)
def test_what_saves_nothing_is_never_paid_back(before_s, after_s, ms, extra_s):
    tuned = spread("compile", ms, first_step_s=after_s)
    found = named(explain(run(baseline(first_step_s=before_s), tuned)))["compile"]
    assert found.extra_first_step_s == extra_s
    assert found.paid_back_after is None


def test_an_effect_without_an_interval_pays_nothing_back():
    tuned = variant("compile", [64.0, 64.0], first_step_s=4.25)
    found = named(explain(run(baseline(first_step_s=1.25), tuned)))["compile"]
    assert found.paid_back_after is None
    assert found.signature == ()


@pytest.mark.parametrize(
    ("status", "reason", "worth", "said"),
    [
        ("out_of_memory", None, Worth.NOT_MEASURED, "out of memory"),
        (
            "out_of_memory",
            "at the optimizer",
            Worth.NOT_MEASURED,
            "out of memory: at the optimizer",
        ),
        ("crashed", "killed", Worth.NOT_MEASURED, "crashed: killed"),
        ("not_measured", "as above", Worth.NOT_MEASURED, "not measured: as above"),
        ("measured", None, Worth.NOT_MEASURED, "no window was measured"),
        ("not_applicable", None, Worth.NOT_APPLICABLE, "not applicable"),
        ("not_applicable", "no", Worth.NOT_APPLICABLE, "not applicable: no"),
    ],
)
def test_why_a_technique_was_not_measured(status, reason, worth, said):
    other = lost("tf32", "crashed", "another's")
    found = explain(run(baseline(), other, lost("amp", status, reason)))
    amp = named(found)["amp"]
    assert (amp.name, amp.worth, amp.reason) == ("amp", worth, said)


def test_what_is_in_no_set_that_was_measured_was_not_measured_at_all():
    without_amp = spread("tf32", 72.0)
    whole = lost("all", "crashed", "killed", factors=("amp", "tf32"))
    amp = named(explain(run(baseline(), without_amp, whole)))["amp"]
    assert amp.worth is Worth.NOT_MEASURED
    assert amp.reason == "not measured, alone or beside other techniques"


def test_leaving_one_out_tells_what_it_adds_to_the_others():
    """Neither is measured alone but by its absence from the whole."""
    three_of_them = ("amp", "tf32", "compile")
    measured = run(
        baseline(),
        spread("all", 48.0, factors=three_of_them),
        spread("without amp", 64.0, factors=("tf32", "compile")),
    )
    amp = named(explain(measured))["amp"]
    assert amp.given_others.ns == 2 * MS
    assert (amp.worth, amp.share) == (Worth.NOT_MEASURED, None)
    assert amp.reason == "not measured alone, only beside other techniques"


def test_no_common_round_is_not_compared():
    late = spread("amp", 64.0)
    late = replace(late, windows=tuple(replace(w, round=w.round + 10) for w in late.windows))
    found = explain(run(baseline(), late))
    assert (found.orders, found.total) == (0, None)
    (amp,) = found.techniques
    assert amp.worth is Worth.INCONCLUSIVE
    assert amp.reason == "not compared: no round has both it and the baseline"


def test_what_is_known_of_a_variant_is_with_its_technique():
    counted = Numerics(flops=7)
    tuned = spread(
        "amp", 64.0, numerics=counted,
        remarks=(
            Remark(Source.SETUP, "of its setup", "amp"),
            Remark(Source.SETUP, "of another's", "tf32"),
            Remark(Source.TRACE, "of its trace"),
            Remark(Source.MACHINE, "of the machine", "amp"),
        ),
    )  # fmt: skip
    found = named(explain(run(baseline(), tuned)))["amp"]
    assert found.numerics == counted
    assert found.pitfalls == ("of its setup", "of its trace")
    assert found.mathematics == ""


def traced(name, ms, shares, **changes):
    return spread(name, ms, breakdown=breakdown(ms, **shares), **changes)


def test_a_saving_is_placed_by_the_weights_of_its_share():
    """Forward 40, 24, 36 and 12 of the sets' 80, 64, 72 and 48 ms; 8 samples an iteration."""
    measured = run(
        traced("baseline", 80.0, {"forward": 0.5}),
        traced("amp", 64.0, {"forward": 0.375}),
        traced("tf32", 72.0, {"forward": 0.5}),
        traced("amp+tf32", 48.0, {"forward": 0.25}, factors=("amp", "tf32")),
    )
    found = named(explain(measured))
    forward = (16 / 8 + 24 / 8) / 2 * MS
    assert found["amp"].saving_by_category_ns["forward"] == pytest.approx(forward, rel=1e-4)
    assert found["tf32"].saving_by_category_ns["forward"] == pytest.approx(1 * MS, rel=1e-4)
    assert found["amp"].traced_ns == pytest.approx(2.5 * MS, rel=1e-6)
    facts = gather(measured, None)
    placed = place("amp", facts, Amount(7, 5, 9))
    share = facts.shares["amp"]
    assert placed.timed_ns == share.ns
    assert placed.timed_interval_ns == (share.low_ns, share.high_ns)


def test_a_saving_without_a_share_is_placed_alone():
    measured = run(
        traced("baseline", 80.0, {"forward": 0.5}),
        traced("amp", 64.0, {"forward": 0.375}),
        traced("tf32", 72.0, {"forward": 0.5}),
    )
    facts = gather(measured, None)
    assert (facts.shares, facts.orders, facts.total) == ({}, [], None)
    placed = place("amp", facts, Amount(7, 5, 9))
    assert (placed.timed_ns, placed.timed_interval_ns) == (7, (5, 9))
    assert placed.by_category_ns["forward"] == pytest.approx(2 * MS, rel=1e-4)
    assert placed.traced_ns == pytest.approx(2 * MS, rel=1e-6)
    few = place("amp", facts, Amount(7, None, None))
    assert few.timed_interval_ns is None
    untraced = [replace(v, breakdown=None) if v.name == "amp" else v for v in measured.variants]
    found = place("amp", gather(run(*untraced), None), Amount(7, 5, 9))
    assert found == (None, 7, None, None)


def test_facts_of_a_run():
    measured = run(
        baseline(),
        spread("tf32", 72.0, sign=-1),
        spread("amp", 64.0),
        lost("pin_memory", "not_applicable", "no", factors=(), left_out={"pin_memory": "no"}),
        spread("all", 48.0, factors=("tf32", "amp"), left_out={"pin_memory": "no"}),
    )
    found = gather(measured, None)
    assert found.run is measured
    assert found.mix == ("tf32", "amp", "pin_memory")
    assert found.inapplicable == {"pin_memory": "no"}
    assert found.acting == ("tf32", "amp")
    assert found.baseline_ns == 10 * MS
    assert found.orders == [("tf32", "amp"), ("amp", "tf32")]
    assert found.total.ns == 4 * MS
    assert {name: each.ns for name, each in found.shares.items()} == {
        "tf32": 1_500_000,
        "amp": 2_500_000,
    }
    for each in found.shares.values():
        assert each.high_ns - each.ns == pytest.approx(each.ns - each.low_ns, abs=2)
        assert 0 < each.high_ns - each.low_ns < 0.1 * MS
    assert found.evidence is None


@pytest.mark.parametrize(("uneven", "ms"), [(False, 80), (True, 104)])
def test_the_baselines_own_time_has_long_windows_where_launches_have_them_unequally(uneven, ms):
    made = variant("baseline", [80.0, 80.0, 152.0], rounds_per_launch=3, uneven=uneven)
    assert gather(run(made), None).baseline_ns == ms * MS / 8


def test_what_decides_is_said_of_what_was_switched_on():
    """The step waits for 60 of 80 ms, and amp could shorten the other 20."""
    waiting = replace(
        breakdown(80.0, data_loading=0.75, forward=0.2), operator_ns={"gemm": 12 * MS}
    )
    workers = EffectiveValue("dataset.workers", 3, "x.yaml")
    measured = run(
        replace(baseline(), breakdown=waiting),
        spread("amp", 80.0, breakdown=waiting),
        scenario=(workers,),
    )
    decides = "loading decides: each step waits 60.00 ms (75.0 % of it) for 3 loader processes"
    on = replace(measured, switched_on=("amp",))
    assert decides in named(explain(on))["amp"].reason
    assert decides not in named(explain(measured))["amp"].reason


def test_options_are_those_of_the_scenario_that_the_technique_knows():
    values = (
        EffectiveValue("techniques.gradient_accumulation.steps", 7, "x.yaml"),
        EffectiveValue("techniques.gradient_accumulation.nonsense", 5, "x.yaml"),
        EffectiveValue("techniques.gradient_accumulation_of_another.steps", 3, "x.yaml"),
    )
    assert options_of(run(baseline(), scenario=values), "gradient_accumulation").steps == 7
    plain = options_of(run(baseline(), scenario=()), "gradient_accumulation")
    assert plain.steps == type(plain)().steps


def test_what_the_baseline_has_on():
    tuned = baseline(techniques=(TechniqueInEffect("tf32"), TechniqueInEffect("amp")))
    assert on_in_baseline(run(spread("compile", 64.0), tuned)) == ("tf32", "amp")
    assert on_in_baseline(run(spread("compile", 64.0))) == ()


HOST = {"gemm": 30 * MS, "norm": 10 * MS}


def test_a_hosts_operators_shrink_like_the_rest_of_its_step():
    """Traced 100 ms, of which 10 load; timed 80 ms, of which 8 are loaded: 72 of 90."""
    made = replace(
        breakdown(100.0, forward=0.6, backward=0.3, data_loading=0.1),
        operator_ns=HOST,
        host_events=20_000,
    )
    measured = run(baseline(breakdown=made))
    found = evidence_of(measured, measured.variants[0], None)
    assert found.kernel_ns == {KernelClass.GEMM: 24 * MS, KernelClass.NORM: 8 * MS}
    assert found.matrix_ns == {KernelClass.GEMM: {Precision.FLOAT32: 24 * MS}}
    assert found.step_ns == 80 * MS
    assert (found.device_type, found.accumulation, found.not_in_trace_ns) == ("cpu", 1, 0)
    assert matrix_time(measured.variants[0], measured).assumed == {}


def test_waits_of_the_device_shrink_by_phase_like_all_of_them():
    """Traced 100 ms, 40 of them bound by the host; timed 80, so 20 of the 40 stay."""
    made = replace(
        breakdown(100.0, forward=0.6, host_bound=0.4),
        kernel_ns={"gemm": 50 * MS, "norm": 10 * MS},
        kernel_precision_ns={"gemm": {"tf32": 20 * MS, "unknown": 25 * MS}},
        host_bound_ns={"forward": 24 * MS, "optimizer": 16 * MS},
        host_events=20_000,
    )
    measured = run(
        replace(baseline(breakdown=made), iterations_per_optimizer_step=3),
        environment=replace(GPU, native_bfloat16=True),
    )
    found = evidence_of(measured, measured.variants[0], None)
    assert found.host_bound_ns == {"forward": 12 * MS, "optimizer": 8 * MS}
    assert found.kernel_ns == {KernelClass.GEMM: 50 * MS, KernelClass.NORM: 10 * MS}
    assert found.category_ns[Category.FORWARD] == 60 * MS
    assert found.matrix_ns == {
        KernelClass.GEMM: {Precision.TF32: 20 * MS, Precision.FLOAT32: 30 * MS}
    }
    assert found.assumed == {KernelClass.GEMM: Precision.FLOAT32}
    assert (found.device_type, found.native_bfloat16, found.accumulation) == ("cuda", True, 3)


def test_what_an_inconclusive_technique_needs_is_more_launches():
    rough = variant("amp", [64.0, 96.0, 80.0, 78.0])
    found = explain(run(baseline(), rough, spread("tf32", 72.0)))
    assert found.next_steps == (
        "amp: more launches would tell (window.time_budget_s, window.rounds)",
    )


def test_no_more_than_five_next_steps():
    rough = [
        variant(name, [64.0, 96.0, 80.0, 78.0])
        for name in ("amp", "tf32", "compile", "sdpa", "pin_memory", "channels_last")
    ]
    for traced in (breakdown(80.0, forward=0.9), None):
        found = explain(run(baseline(breakdown=traced), *rough))
        assert [step.split(":")[0] for step in found.next_steps] == [
            "amp", "tf32", "compile", "sdpa", "pin_memory",
        ]  # fmt: skip


@pytest.mark.parametrize("uneven", [False, True])
def test_of_ten_launches_two_far_off_widen_intervals_only_where_they_are_no_disturbance(uneven):
    def of(name, ms, **changes):
        windows = [ms * (1 + 0.001 * (number % 4)) for number in range(8)]
        return variant(name, [*windows, ms * 1.25, ms * 0.8], uneven=uneven, **changes)

    measured = run(
        variant("baseline", [80.0] * 10, uneven=uneven),
        of("amp", 64.0),
        variant("tf32", [72.0] * 10, uneven=uneven),
        variant("all", [40.0] * 10, factors=("amp", "tf32"), uneven=uneven),
    )
    found = explain(measured)
    (interaction,) = found.interactions
    widths = {
        "share": found.techniques[0].share,
        "alone": found.techniques[0].alone,
        "interaction": interaction.extra,
    }
    for each in widths.values():
        assert (each.high_ns - each.low_ns > 0.2 * MS) is uneven
    assert (found.techniques[0].smallest_effect > 0.02) is uneven


@pytest.mark.parametrize(("times", "holds"), [(6, True), (8, None)])
def test_an_interval_of_twice_the_precision_shows_that_nothing_was_saved(times, holds):
    """Twice 2 % of 10 ms are 0.4: six times the spread is 0.35 wide, eight times 0.47."""
    windows = [80.0 * math.exp(times * off) for off in SPREAD]
    measured = run(
        baseline(breakdown=breakdown(80.0, forward=0.9)),
        variant("set_to_none", windows),
        scenario=(EffectiveValue("optimizer.set_to_none", True, "x.yaml"),),
    )
    found = named(explain(measured))["set_to_none"]
    assert (found.bounds.low_ns, found.bounds.high_ns) == (0, 0)
    assert found.prediction_held is holds
    assert found.prediction_error_ns == found.alone.ns


@pytest.mark.parametrize(("loading", "seen"), [(0.076, "fell"), (0.080, "unclear")])
def test_half_of_the_interval_is_what_noise_could_move(loading, seen):
    """The interval reaches 0.23 ms to either side; loading falls from 1 ms by 0.24 or 0.2."""
    windows = [80.0 * math.exp(8 * off) for off in SPREAD]
    measured = run(
        baseline(breakdown=breakdown(80.0, forward=0.8, data_loading=0.1)),
        variant(
            "dataloader_workers",
            windows,
            breakdown=breakdown(80.0, forward=0.8, data_loading=loading),
        ),
    )
    movement = named(explain(measured))["dataloader_workers"].signature[0]
    assert (movement.mover, movement.seen) == ("data_loading", seen)


def test_a_step_that_only_loads_keeps_its_operators():
    made = replace(breakdown(80.0, data_loading=1.0), operator_ns={"gemm": 5 * MS})
    measured = run(baseline(breakdown=made))
    found = evidence_of(measured, measured.variants[0], None)
    assert found.kernel_ns == {KernelClass.GEMM: 5 * MS}


def test_where_no_wait_of_the_device_is_seen_no_phase_has_one():
    made = replace(
        breakdown(80.0, forward=1.0), kernel_ns={"gemm": 5 * MS}, host_bound_ns={"forward": 7}
    )
    measured = run(baseline(breakdown=made), environment=GPU)
    found = evidence_of(measured, measured.variants[0], None)
    assert found.host_bound_ns == {"forward": 0}


@pytest.mark.parametrize(("saved_us", "holds"), [(70, True), (90, False)])
def test_a_prediction_of_nothing_holds_up_to_what_the_run_tells_from_none(saved_us, holds):
    """Which is a two-hundredth of 10 ms; the interval reaches 29 us to either side."""
    measured = run(
        baseline(breakdown=breakdown(80.0, forward=0.9)),
        spread("set_to_none", 80.0 - 8 * saved_us / 1000),
        scenario=(EffectiveValue("optimizer.set_to_none", True, "x.yaml"),),
    )
    found = named(explain(measured))["set_to_none"]
    assert found.prediction_held is holds


def test_a_mix_of_three_that_was_measured_once_takes_no_interval_from_pairs():
    once = spread("all", 30.0, factors=("amp", "tf32", "compile"))
    measured = run(*three().variants, replace(once, windows=once.windows[:1]))
    (found,) = explain(measured).interactions
    assert found.techniques == ("amp", "tf32")
    assert found.extra.low_ns is not None


@pytest.mark.parametrize("both_ms", [48.123457, 48.3133701, 48.7654321, 49.0102033, 49.5001239])
def test_whole_shares_sum_to_the_total(both_ms):
    measured = run(
        baseline(),
        spread("amp", 64.1234567),
        spread("tf32", 71.7654321),
        spread("amp+tf32", both_ms, factors=("amp", "tf32")),
    )
    found = explain(measured)
    assert sum(each.share.ns for each in found.techniques) == found.total.ns
