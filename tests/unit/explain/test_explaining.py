"""Verdicts and their evidence, from runs made by hand."""

import random

import msgspec
import numpy as np
import pytest

from annt_prof.compare.comparison import summarise
from annt_prof.compare.pairing import middle
from annt_prof.explain.costs import smallest_effect
from annt_prof.explain.explaining import explain
from annt_prof.explain.explanation import Worth
from annt_prof.remarks import Remark, Source
from annt_prof.runs.record import SCHEMA_VERSION, Run, TechniqueInEffect
from annt_prof.scenario.effective import EffectiveValue
from hand_made import CPU, MS, breakdown, lost, variant

ROUNDS = 12


def noisy(ms, seed, noise=0.001):
    generator = random.Random(seed)
    return [ms * (1 + generator.gauss(0, noise)) for _ in range(ROUNDS)]


def measured(name, techniques, ms, seed, **shares):
    shares = shares or {"forward": 0.4, "backward": 0.4, "optimizer": 0.1}
    return variant(
        name, noisy(ms, seed), factors=techniques, breakdown=breakdown(ms * 1.1, **shares)
    )


def run_of(*variants, design="alone", orders=(), **scenario):
    values = tuple(EffectiveValue(path, value, "x.yaml") for path, value in scenario.items())
    return Run(
        schema_version=SCHEMA_VERSION, run_id="r", created="2026-01-01T00:00:00+00:00",
        scenario_name="s", scenario=values, environment=CPU, substitutions=(),
        overrides_in_effect=(), telemetry_note="", seed=0, variants=summarise(variants),
        stop="", complete=True, design=design, orders=orders,
    )  # fmt: skip


def two(accumulated=95.0, both=60.0):
    return run_of(
        measured("baseline", (), 100, 1),
        measured("amp", ("amp",), 66, 2, forward=0.3, backward=0.3, optimizer=0.25),
        measured("gradient_accumulation", ("gradient_accumulation",), accumulated, 3),
        measured("all", ("amp", "gradient_accumulation"), both, 4),
        lost("pin_memory", "not_applicable", "no accelerator to copy to",
             left_out={"pin_memory": "no accelerator to copy to"}, factors=()),
    )  # fmt: skip


def named(explanation):
    return {each.name: each for each in explanation.techniques}


def test_verdicts_shares_and_their_sum():
    found = explain(two())
    amp, accumulation, pinned = found.techniques
    assert (amp.worth, accumulation.worth) == (Worth.HELPS, Worth.HELPS)
    assert pinned.worth is Worth.NOT_APPLICABLE
    assert pinned.reason == "not applicable: no accelerator to copy to"
    assert amp.share.ns + accumulation.share.ns == found.total.ns
    # Alone 34 and 5 of 100 ms, together 40, at 8 samples an iteration.
    assert amp.share.ns == pytest.approx(34.5 * MS / 8, rel=0.01)
    assert accumulation.share.ns == pytest.approx(5.5 * MS / 8, rel=0.05)
    assert amp.share.low_ns < amp.share.ns < amp.share.high_ns
    assert amp.given_others.ns == pytest.approx(35 * MS / 8, rel=0.01)
    assert "saves 34." in amp.reason


def test_savings_by_category_are_brought_to_the_timed_windows():
    """Inflation of 10 % is the same in every trace here, and is taken out."""
    found = explain(two()).techniques[0]
    assert sum(found.saving_by_category_ns.values()) == pytest.approx(found.share.ns, abs=20)
    assert found.saving_by_category_ns["backward"] > 0.4 * found.share.ns
    seen = {movement.mover: movement for movement in found.signature}
    assert (seen["forward"].seen, seen["forward"].as_expected) == ("fell", True)


def test_a_shorter_trace_leaves_a_rest_and_no_category_takes_it():
    """A queue that filled before the window hides 40 of the baseline's 100 ms."""
    short = breakdown(60, forward=0.5, backward=0.4, data_loading=0.02)
    baseline = msgspec.structs.replace(measured("baseline", (), 100, 1), breakdown=short)
    faster = breakdown(30, forward=0.4, backward=0.3, data_loading=0.04)
    tuned = msgspec.structs.replace(measured("amp", ("amp",), 50, 2), breakdown=faster)
    found = named(explain(run_of(baseline, tuned)))["amp"]
    assert found.saving_by_category_ns["data_loading"] == 0
    assert found.saving_by_category_ns["forward"] == 18 * MS / 8
    moved = sum(found.saving_by_category_ns.values())
    assert moved + found.not_in_trace_ns == found.share.ns
    assert found.not_in_trace_ns == pytest.approx(20 * MS / 8, rel=0.02)
    # What is missing may be of any category, so none is said to have stayed as it was.
    seen = {movement.mover: movement.seen for movement in found.signature}
    assert seen["data_loading"] == "unclear"


def test_traces_within_the_interval_place_a_saving_however_far_from_its_middle():
    """Saved: 9 of 100 ms, 1 to 17 as the interval goes; the traces show 4."""
    ratios = [1.02, 1.19, 1.05, 1.18, 1.08]
    tuned = variant(
        "amp", [100 / ratio for ratio in ratios], factors=("amp",),
        breakdown=breakdown(106, forward=0.4, backward=0.5),
    )  # fmt: skip
    steady = variant("baseline", [100.0] * 5, breakdown=breakdown(110, forward=0.4, backward=0.5))
    found = named(explain(run_of(steady, tuned)))["amp"]
    assert found.worth is Worth.HELPS
    assert found.traced_ns < 0.5 * found.alone.ns
    assert found.traces_agree
    assert found.share.low_ns <= found.traced_ns
    assert found.saving_by_category_ns is not None


def test_what_the_traces_do_not_show_is_said():
    """They show 10 % more of everything; the rest is the difference, not what scaling leaves."""
    found = explain(two()).techniques[0]
    assert found.traced_ns == pytest.approx(1.1 * found.share.ns, rel=0.01)
    assert found.unreconciled_ns == found.share.ns - found.traced_ns


def test_traces_that_contradict_the_timed_windows_place_nothing():
    slow = measured("amp", ("amp",), 66, 2)
    slow = msgspec.structs.replace(slow, breakdown=breakdown(105, forward=0.4, backward=0.4))
    found = named(explain(run_of(measured("baseline", (), 100, 1), slow)))["amp"]
    assert found.worth is Worth.HELPS
    assert not found.traces_agree
    assert found.saving_by_category_ns is None
    assert found.signature == ()
    assert "where is not told, as the traced windows differ by" in found.reason


def test_a_sampled_design_shares_out_along_its_orders():
    run = two()
    sampled = msgspec.structs.replace(
        run, design="sampled", orders=(("amp", "gradient_accumulation"),)
    )
    found = named(explain(sampled))
    assert found["amp"].share.ns == pytest.approx(34 * MS / 8, rel=0.01)
    assert found["gradient_accumulation"].share.ns == pytest.approx(6 * MS / 8, rel=0.05)


def test_without_the_sets_in_between_there_is_a_total_and_no_share():
    run = two()
    techniques = ("amp", "gradient_accumulation", "tf32")
    whole = measured("all", techniques, 50, 5)
    third = measured("tf32", ("tf32",), 90, 6)
    run = msgspec.structs.replace(run, variants=summarise((*run.variants[:3], third, whole)))
    found = explain(run)
    assert found.total.ns == pytest.approx(50 * MS / 8, rel=0.01)
    assert [each.share for each in found.techniques] == [None] * 3
    assert all(each.saving_by_category_ns for each in found.techniques)


def test_no_effect_names_the_bound():
    found = named(explain(two(accumulated=100.0)))["gradient_accumulation"]
    assert found.worth is Worth.NO_MEASURABLE_EFFECT
    assert "no measurable effect" in found.reason
    assert "it could not have saved more than" in found.reason
    # Half of an optimizer that takes a tenth of the step.
    assert found.bounds.high_ns == pytest.approx(0.5 * 0.1 * 100 * MS / 8, rel=0.02)
    assert found.prediction_held is True


def test_options_sharpen_the_prediction():
    run = two()
    steps = EffectiveValue("techniques.gradient_accumulation.steps", 4, "x.yaml")
    found = named(explain(msgspec.structs.replace(run, scenario=(steps,))))
    bound = found["gradient_accumulation"].bounds.high_ns
    assert bound == pytest.approx(0.75 * 0.1 * 100 * MS / 8, rel=0.02)


def test_a_saving_larger_than_the_mechanism_accounts_for_is_suspected():
    found = named(explain(two(accumulated=70.0)))["gradient_accumulation"]
    assert found.prediction_held is False
    assert found.prediction_error_ns == found.alone.ns - found.bounds.high_ns > 0
    assert found.worth is Worth.HELPS
    assert "more than its mechanism accounts for: suspect noise" in found.reason
    assert "suspect" not in named(explain(two()))["amp"].reason


def test_an_amount_is_its_speedup_in_nanoseconds():
    found = explain(two())
    for each in found.techniques[:2]:
        for end in ("low", "high"):
            ratio = getattr(each.speedup, end)
            expected = found.baseline_ns * (1 - 1 / ratio)
            assert getattr(each.alone, f"{end}_ns") == pytest.approx(expected, abs=1)
        assert each.alone.ns == pytest.approx(
            found.baseline_ns * (1 - 1 / each.speedup.ratio), abs=1
        )


def test_what_the_baseline_differs_from_itself_by_is_no_effect():
    run = two()
    again = variant("baseline_again", noisy(90, 9), factors=())
    noisier = msgspec.structs.replace(run, variants=summarise((*run.variants, again)))
    assert named(explain(run))["gradient_accumulation"].worth is Worth.HELPS
    assert named(explain(noisier))["gradient_accumulation"].worth is not Worth.HELPS
    assert named(explain(noisier))["amp"].worth is Worth.HELPS


def test_interactions_beyond_noise_are_named():
    (found,) = explain(two(accumulated=95, both=50)).interactions
    assert found.techniques == ("amp", "gradient_accumulation")
    assert found.extra.ns == pytest.approx(11 * MS / 8, rel=0.05)
    assert explain(two(accumulated=95, both=61)).interactions == ()


def test_the_baseline_measured_twice_is_no_technique():
    again = variant("baseline_again", noisy(100, 9), factors=())
    found = explain(run_of(measured("baseline", (), 100, 1), again))
    assert found.baseline_again.low < 1 < found.baseline_again.high
    assert found.techniques == ()


def test_a_lost_variant_says_what_happened():
    run = run_of(
        measured("baseline", (), 100, 1), lost("amp", "crashed", "killed", factors=("amp",))
    )
    (found,) = explain(run).techniques
    assert found.worth is Worth.NOT_MEASURED
    assert found.reason == "crashed: killed"
    assert found.speedup is None


def test_a_run_without_any_window():
    found = explain(run_of(variant("baseline", []), variant("amp", [])))
    assert (found.total, found.baseline_ns) == (None, None)


@pytest.mark.simulation
def test_the_smallest_effect_is_found_four_times_out_of_five():
    generator, spread, rounds = np.random.default_rng(1), 0.01, 12
    sizes = [
        smallest_effect(generator.normal(0, spread, rounds).tolist(), trims=True)
        for _ in range(200)
    ]
    effect = float(np.median(sizes))
    trials = (
        middle(row.tolist(), trims=True) for row in generator.normal(effect, spread, (1000, rounds))
    )
    seen = [centre - half > 0 for centre, half in trials]
    assert np.mean(seen) == pytest.approx(0.8, abs=0.06)


def test_pitfalls_of_the_technique_are_with_it():
    run = two()
    amp = msgspec.structs.replace(
        run.variants[1],
        remarks=(
            Remark(Source.PITFALL, "beware", "amp"),
            Remark(Source.PITFALL, "not mine", "other"),
            Remark(Source.MACHINE, "emulated", "amp"),
        ),
    )
    run = msgspec.structs.replace(run, variants=(run.variants[0], amp, *run.variants[2:]))
    assert named(explain(run))["amp"].pitfalls == ("beware",)


def test_what_the_baseline_does_too_is_no_pitfall_of_a_technique():
    """The same mistake has other figures in another variant."""
    run = two()

    def copies(held: str) -> Remark:
        return Remark(Source.TRACE, f"copies held the host for {held}", key="unpinned_copies")

    waits = [
        Remark(Source.TRACE, f"{name} waits", key="waits_for_device", subject=name)
        for name in ("aten::to", "aten::item")
    ]
    baseline = msgspec.structs.replace(run.variants[0], remarks=(copies("3 ms"), waits[0]))
    amp = msgspec.structs.replace(run.variants[1], remarks=(copies("7 ms"), *waits))
    run = msgspec.structs.replace(run, variants=(baseline, amp, *run.variants[2:]))
    assert named(explain(run))["amp"].pitfalls == ("aten::item waits",)


def test_what_the_second_scenario_turns_off_is_not_predicted():
    run = msgspec.structs.replace(two(), differences=("amp: on -> off",), switched_on=())
    assert named(explain(run))["amp"].bounds is None
    on = msgspec.structs.replace(run, switched_on=("amp",))
    assert named(explain(on))["amp"].bounds is not None


def test_what_both_scenarios_have_on_is_not_recommended():
    said = " ".join(explain(two()).next_steps)
    name = next(n for n in ("compile", "channels_last", "fused_optimizer") if f"{n}: could" in said)
    tuned = [
        msgspec.structs.replace(v, techniques=(*v.techniques, TechniqueInEffect(name)))
        for v in two().variants
    ]
    shared = msgspec.structs.replace(two(), variants=tuple(tuned))
    assert f"{name}: could" not in " ".join(explain(shared).next_steps)


def test_what_was_measured_is_not_recommended():
    complete = two()
    said = " ".join(explain(complete).next_steps)
    name = next(n for n in ("compile", "channels_last", "fused_optimizer") if f"{n}: could" in said)
    with_it = run_of(*complete.variants, measured(name, (name,), 95, 9))
    found = explain(with_it)
    assert name in named(found)
    assert f"{name}: could" not in " ".join(found.next_steps)


def test_what_could_not_be_built_is_not_applicable():
    run = run_of(
        measured("baseline", (), 100, 1),
        lost("amp", "not_applicable", "the model refuses it", factors=("amp",)),
    )
    (found,) = explain(run).techniques
    assert found.worth is Worth.NOT_APPLICABLE
    assert found.reason == "not applicable: the model refuses it"


def test_what_the_trace_lacks_is_no_reason_to_try_anything():
    """A traced step of a fifth of the timed one says nothing of the other four."""
    complete, names = two(), ("compile", "fused_optimizer", "channels_last")
    short = msgspec.structs.replace(
        complete,
        variants=tuple(
            msgspec.structs.replace(
                v, breakdown=breakdown(20.0, data_loading=0.9, forward=0.02, optimizer=0.02)
            )
            for v in complete.variants
        ),
    )
    said = " ".join(explain(short).next_steps)
    assert not [name for name in names if f"{name}: could" in said]
