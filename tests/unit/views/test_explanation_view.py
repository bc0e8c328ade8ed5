"""What is shown of an explanation, read off values of which no two figures are equal."""

import msgspec
import pytest

from annt_prof.categories import WhyAssumed
from annt_prof.explain.explanation import (
    Amount,
    Bounds,
    Explanation,
    Interaction,
    Movement,
    TechniqueExplanation,
    Throughput,
    Worth,
)
from annt_prof.runs.record import Numerics, QuantisationError, Speedup
from annt_prof.runs.verdict import Effect, Verdict
from annt_prof.views.amounts import AmountView, SavingView, build_amount_view, build_saving_view
from annt_prof.views.evidence import (
    Alone,
    CategoryChange,
    CouldSee,
    FirstStep,
    GivenOthers,
    LossScale,
    Mathematics,
    Moved,
    Predicted,
    Reconciled,
    Rounding,
    Share,
    Signature,
    build_evidence,
)
from annt_prof.views.explanation_view import (
    BaselineAgain,
    InteractionView,
    OrdersWalked,
    PrecisionShare,
    PredictionsView,
    RoundsTaken,
    ThroughputView,
    build_explanation_view,
)
from annt_prof.views.waterfall import MovingPart, WaterfallBar, build_waterfall_view
from hand_made import MS

SAVED = {
    "forward": 31_000,
    "backward": 240_000,
    "optimizer": -52_000,
    "sync": 0,
    "h2d_copy": 17_000,
    "zero_grad": 13_000,
    "host_bound": -71_000,
    "data_loading": 19_000,
    "communication": 11_000,
}
AMP = TechniqueExplanation(
    name="amp",
    worth=Worth.HELPS,
    reason="it helps",
    speedup=Speedup(1.41, 1.37, 1.45, 6, 5),
    alone=Amount(3_000_000, 2_900_000, 3_100_000),
    given_others=Amount(-450_000, -470_000, -430_000),
    share=Amount(2_500_000, 2_400_000, 2_600_000),
    smallest_effect=0.013,
    saving_by_category_ns=SAVED,
    not_in_trace_ns=700,
    traced_ns=1_100_000,
    unreconciled_ns=1_900_000,
    traces_agree=True,
    signature=(
        Movement("forward", "falls", "fell", 31, True),
        Movement("gemm", "falls", "rose", -4, False),
        Movement("conv", "falls", "flat", 1, False),
        Movement("norm", "falls", "unclear", 2, None),
        Movement("cast", "may_rise", "rose", -5, True),
        Movement("optimizer", "stays_flat", "rose", -52, False),
        Movement("zero_grad", "stays_flat", "flat", 0, True),
        Movement("memory", "stays_flat", "unclear", 3, None),
    ),
    bounds=Bounds(210_000, 2_200_000, "all matrix products"),
    prediction_held=False,
    prediction_error_ns=-640_000,
    pitfalls=("a pitfall",),
    mathematics="rounds to 8 bits",
    extra_first_step_s=4.25,
    paid_back_after=1_234,
    numerics=Numerics(
        flops=7,
        quantisation=(QuantisationError("gradients", "float16", 0.25, 2.0, 0.031, 0.0042),),
        loss_scale=(65_536.0, 32_768.0, 16_384.0, 8_192.0),
        skipped_steps=2,
    ),
)
PINNED = TechniqueExplanation(
    name="pin_memory",
    worth=Worth.HURTS,
    reason="it hurts",
    share=Amount(-800_000, -900_000, -700_000),
    saving_by_category_ns={
        "h2d_copy": 60_000,
        "host_bound": -1_300_000,
        "sync": 0,
        "forward": -90_000,
    },
    traces_agree=True,
    bounds=Bounds(-20, -10, "copies"),
    prediction_held=True,
    prediction_error_ns=5,
)
TF32 = TechniqueExplanation(
    name="tf32", worth=Worth.NOT_APPLICABLE, reason="no tensor cores", bounds=Bounds(1, 2, "none")
)
EXPLANATION = Explanation(
    run_id="a-run",
    design="sampled",
    launches=5,
    baseline_ns=10_000_000,
    total=Amount(1_600_000, 1_500_000, 1_750_000),
    techniques=(AMP, PINNED, TF32),
)


def changed(**fields: object) -> Explanation:
    return msgspec.structs.replace(EXPLANATION, **fields)


def test_every_line_of_evidence_in_its_order() -> None:
    assert build_evidence(AMP) == (
        Alone(SavingView(True, AmountView(3_000_000, 2_900_000, 3_100_000, 3))),
        GivenOthers(SavingView(False, AmountView(450_000, 430_000, 470_000, 3))),
        Share(AmountView(2_500_000, 2_400_000, 2_600_000, 3)),
        Moved(
            (
                CategoryChange("backward", -240_000),
                CategoryChange("host_bound", 71_000),
                CategoryChange("optimizer", 52_000),
                CategoryChange("forward", -31_000),
                CategoryChange("data_loading", -19_000),
                CategoryChange("h2d_copy", -17_000),
            ),
            others_ns=-24_000,
            not_in_traces_ns=-700,
        ),
        Reconciled(traced_ns=1_100_000, left_ns=1_900_000),
        Signature(("forward",), ("gemm", "conv"), ("optimizer",), ("norm", "memory")),
        Predicted(210_000, 2_200_000, "all matrix products", False, 640_000),
        CouldSee(0.013),
        FirstStep(4.25, 1_234),
        Rounding("gradients", "float16", 0.25, 0.125, 0.031, 0.0042),
        LossScale(65_536.0, 8_192.0, 3, 2),
        Mathematics("rounds to 8 bits"),
    )


def test_what_may_fall_is_named_only_where_it_fell() -> None:
    fell = Movement("data_loading", "may_fall", "fell", 7, True)
    flat = Movement("sync", "may_fall", "flat", 0, True)
    moved = msgspec.structs.replace(AMP, signature=(fell, flat))
    assert Signature(("data_loading",), (), (), ()) in build_evidence(moved)


def test_of_what_is_not_known_there_is_no_line() -> None:
    assert build_evidence(TechniqueExplanation("a", Worth.INCONCLUSIVE, "unknown")) == ()
    assert build_evidence(PINNED) == (
        Share(AmountView(-800_000, -900_000, -700_000, 3)),
        Moved(
            (
                CategoryChange("host_bound", 1_300_000),
                CategoryChange("forward", 90_000),
                CategoryChange("h2d_copy", -60_000),
            ),
            None,
            None,
        ),
        Predicted(-20, -10, "copies", True, None),
    )


@pytest.mark.parametrize(
    ("fields", "line"),
    [
        ({"given_others": AMP.alone}, GivenOthers),  # the same amount
        ({"extra_first_step_s": 1.0}, FirstStep),
        ({"unreconciled_ns": None}, Reconciled),
        ({"numerics": Numerics(flops=7)}, Rounding),
        ({"numerics": Numerics(flops=7)}, LossScale),
    ],
)
def test_a_line_that_would_tell_nothing_is_left_out(fields: dict[str, object], line: type) -> None:
    assert line in map(type, build_evidence(AMP))
    assert line not in map(type, build_evidence(msgspec.structs.replace(AMP, **fields)))


def test_a_first_step_is_told_of_from_a_second_on() -> None:
    for extra_s, told in ((0.9, False), (1.1, True)):
        lines = build_evidence(msgspec.structs.replace(AMP, extra_first_step_s=extra_s))
        assert (FirstStep(extra_s, 1_234) in lines) is told


@pytest.mark.parametrize(
    ("ns", "told"), [(499, None), (-499, None), (501, -501), (-501, 501), (0, None)]
)
def test_a_change_that_would_read_0_is_no_change(ns: int, told: int | None) -> None:
    def moved(**fields: object) -> Moved:
        lines = build_evidence(msgspec.structs.replace(AMP, **fields))
        return next(line for line in lines if isinstance(line, Moved))

    assert moved(not_in_trace_ns=ns).not_in_traces_ns == told
    seventh = {name: saved for name, saved in SAVED.items() if abs(saved) > 13_000} | {"sync": ns}
    assert moved(saving_by_category_ns=seventh).others_ns == told
    alone = moved(saving_by_category_ns={"forward": ns, "sync": 0})
    assert alone.categories == (() if told is None else (CategoryChange("forward", told),))
    assert alone.others_ns is None


def test_what_the_traces_lack_may_be_unknown() -> None:
    lines = build_evidence(msgspec.structs.replace(AMP, not_in_trace_ns=None))
    assert [line.not_in_traces_ns for line in lines if isinstance(line, Moved)] == [None]


def test_small_changes_may_add_up() -> None:
    small = {"forward": 400, "backward": 400, "sync": -1_000_000}
    lines = build_evidence(msgspec.structs.replace(AMP, saving_by_category_ns=small))
    (moved,) = (line for line in lines if isinstance(line, Moved))
    assert (moved.categories, moved.others_ns) == ((CategoryChange("sync", 1_000_000),), -800)


def test_off_by_is_told_only_of_what_did_not_hold() -> None:
    for held, off_ns, told in ((None, 640, None), (True, 640, None), (False, 0, None)):
        fields = {"prediction_held": held, "prediction_error_ns": off_ns}
        found = build_evidence(msgspec.structs.replace(AMP, **fields))
        (predicted,) = (line for line in found if isinstance(line, Predicted))
        assert (predicted.held, predicted.off_ns) == (held, told)


def test_of_numbers_that_are_all_zero_there_is_no_relative_error() -> None:
    zeros = QuantisationError("gradients", "float16", 0.0, 0.0, 0.0, 0.0)
    numerics = msgspec.structs.replace(AMP.numerics, quantisation=(zeros,))
    assert Rounding("gradients", "float16", 0.0, 0.0, 0.0, 0.0) in build_evidence(
        msgspec.structs.replace(AMP, numerics=numerics)
    )


def test_a_loss_is_a_cost_with_its_interval_turned() -> None:
    assert build_saving_view(Amount(7 * MS, 5 * MS, 12 * MS)) == SavingView(
        True, AmountView(7 * MS, 5 * MS, 12 * MS, 2)
    )
    assert build_saving_view(Amount(-7 * MS, -12 * MS, 5 * MS)) == SavingView(
        False, AmountView(7 * MS, -5 * MS, 12 * MS, 2)
    )
    assert build_amount_view(Amount(-7 * MS, -12 * MS, 5 * MS)) == AmountView(
        -7 * MS, -12 * MS, 5 * MS, 3
    )
    assert build_saving_view(Amount(0, None, None)) == SavingView(
        True, AmountView(0, None, None, 3)
    )
    assert build_saving_view(Amount(-12 * MS, None, 3)) == SavingView(
        False, AmountView(12 * MS, None, None, 2)
    )


def test_the_waterfall_has_every_level() -> None:
    view = build_waterfall_view(EXPLANATION)
    assert view is not None
    assert view.baseline == WaterfallBar("baseline", 10_000_000, 0)
    assert view.techniques == (
        WaterfallBar(
            "amp",
            -2_500_000,
            7_500_000,
            (
                MovingPart("backward", 240_000),
                MovingPart("forward", 31_000),
                MovingPart("data_loading", 19_000),
                MovingPart("h2d_copy", 17_000),
                MovingPart("zero_grad", 13_000),
                MovingPart("communication", 11_000),
            ),
        ),
        WaterfallBar(
            "pin_memory",
            800_000,
            7_500_000,
            (MovingPart("host_bound", 1_300_000), MovingPart("forward", 90_000)),
        ),
    )
    assert view.whole == WaterfallBar("the whole mix", 8_400_000, 0)
    assert (view.lowest_ns, view.highest_ns, view.span_ns) == (0, 10_000_000, 10_000_000)
    assert view.duration_decimals == 2


def test_a_waterfall_may_pass_its_ends() -> None:
    more = msgspec.structs.replace(AMP, share=Amount(12_000_000, 1, 2), saving_by_category_ns=None)
    first = msgspec.structs.replace(PINNED, share=Amount(-400_000, 1, 2))
    view = build_waterfall_view(
        changed(techniques=(first, more), total=Amount(11_600_000, 11_000_000, 12_000_000))
    )
    assert view is not None
    assert (view.lowest_ns, view.highest_ns, view.span_ns) == (-1_600_000, 10_400_000, 12_000_000)
    assert [bar.left_ns for bar in view.techniques] == [10_000_000, -1_600_000]
    assert view.techniques[1].parts == ()
    assert view.whole == WaterfallBar("the whole mix", -1_600_000, -1_600_000)


def test_a_share_that_the_traces_contradict_has_no_parts() -> None:
    """Its categories are known, of an effect that is inconclusive."""
    unsure = msgspec.structs.replace(AMP, worth=Worth.INCONCLUSIVE, traces_agree=False)
    view = build_waterfall_view(changed(techniques=(unsure, PINNED)))
    assert view is not None
    assert [bool(bar.parts) for bar in view.techniques] == [False, True]


def test_a_share_of_nothing_is_drawn_in_what_was_saved() -> None:
    neither = msgspec.structs.replace(PINNED, share=Amount(0, -1, 1))
    view = build_waterfall_view(changed(techniques=(neither,)))
    assert view is not None
    parts = (MovingPart("h2d_copy", 60_000),)
    assert view.techniques == (WaterfallBar("pin_memory", 0, 10_000_000, parts),)


@pytest.mark.parametrize(
    "fields",
    [
        {"total": None},
        {"total": Amount(1, None, None)},
        {"baseline_ns": None},
        {"techniques": (TF32,)},
    ],
)
def test_no_waterfall_without_shares_that_are_facts(fields: dict[str, object]) -> None:
    assert build_waterfall_view(changed(**fields)) is None


def test_the_whole() -> None:
    view = build_explanation_view(EXPLANATION)
    assert view.explanation == EXPLANATION
    assert view.total == SavingView(True, AmountView(1_600_000, 1_500_000, 1_750_000, 3))
    assert view.waterfall == build_waterfall_view(EXPLANATION)
    assert [t.explained for t in view.techniques] == [AMP, PINNED, TF32]
    assert [t.evidence for t in view.techniques] == [build_evidence(t) for t in (AMP, PINNED, TF32)]
    assert [t.bound_ns for t in view.techniques] == [2_200_000, 0, 2]
    assert not view.stop_matters
    assert build_explanation_view(changed(total=None)).total is None


@pytest.mark.parametrize(("launches", "matters"), [(0, False), (1, True), (2, True), (3, False)])
def test_why_measuring_stopped_matters_where_launches_are_too_few_for_an_interval(
    launches: int, matters: bool
) -> None:
    assert build_explanation_view(changed(launches=launches)).stop_matters is matters
    # An incomplete run says why it stopped in any case.
    assert not build_explanation_view(changed(launches=launches, complete=False)).stop_matters


@pytest.mark.parametrize(("rounds", "expected"), [(0, None), (7, RoundsTaken(7, 8)), (8, None)])
def test_rounds_are_told_where_the_total_is_not_over_all(
    rounds: int, expected: RoundsTaken | None
) -> None:
    view = build_explanation_view(changed(rounds=rounds, rounds_of_mix=8))
    assert view.rounds == expected


def test_predictions_are_counted() -> None:
    assert build_explanation_view(EXPLANATION).predictions == PredictionsView(
        num_told=3, num_held=1, num_unsure=1
    )
    four = (AMP, AMP, PINNED, PINNED, PINNED, TF32, msgspec.structs.replace(AMP, bounds=None))
    assert build_explanation_view(changed(techniques=four)).predictions == PredictionsView(6, 3, 1)
    assert build_explanation_view(changed(techniques=())).predictions is None


@pytest.mark.parametrize(
    ("walked", "expected"), [(0, None), (1, OrdersWalked(1, 2)), (2, None), (3, None)]
)
def test_orders_are_told_where_shares_are_estimated(
    walked: int, expected: OrdersWalked | None
) -> None:
    """Of three techniques two can act, which may be added in two orders."""
    assert build_explanation_view(changed(orders=walked)).orders == expected


@pytest.mark.parametrize(
    ("verdict", "judgement"),
    [
        (Verdict(Effect.NO_MEASURABLE_EFFECT, 0.02, 0.005), "same"),
        (Verdict(Effect.INCONCLUSIVE, 0.02, 0.005), "too_wide"),
        (Verdict(Effect.INCONCLUSIVE, 0.02, 0.005, as_far_as_baseline=True), "differs"),
        (Verdict(Effect.FASTER, 0.02, 0.005), "differs"),
        (Verdict(Effect.SLOWER, 0.02, 0.005), "differs"),
    ],
)
def test_the_baseline_against_itself(verdict: Verdict, judgement: str) -> None:
    again = Speedup(1.01, 0.97, 1.06, 4, 4)
    view = build_explanation_view(changed(baseline_again=again, verdict_on_again=verdict))
    assert view.baseline_again == BaselineAgain(1.01, 0.97, 1.06, judgement)
    bare = msgspec.structs.replace(again, low=None, high=None)
    view = build_explanation_view(changed(baseline_again=bare, verdict_on_again=verdict))
    assert view.baseline_again == BaselineAgain(1.01, None, None, "no_interval")
    assert build_explanation_view(EXPLANATION).baseline_again is None


def test_throughputs_name_a_mix_where_there_are_several_precisions() -> None:
    several = Throughput(
        "amp",
        3e12,
        "float16",
        0.61,
        {"tf32": 0.2, "float16": 0.7, "float32": 0.1},
        {"conv": "tf32"},
        assumed_because=WhyAssumed.NOT_RECORDED,
    )
    one = Throughput("baseline", 2e12, "float32", None, {"float32": 1.0}, {}, "not calibrated")
    assert build_explanation_view(changed(throughputs=(several, one))).throughputs == (
        ThroughputView(
            variant="amp",
            flops_per_s=3e12,
            of_ceiling=0.61,
            dtype="float16",
            mix=(
                PrecisionShare("float16", 0.7),
                PrecisionShare("tf32", 0.2),
                PrecisionShare("float32", 0.1),
            ),
            assumed={"conv": "tf32"},
            assumed_because=WhyAssumed.NOT_RECORDED,
            why_not=None,
        ),
        ThroughputView(
            variant="baseline",
            flops_per_s=2e12,
            of_ceiling=None,
            dtype="float32",
            mix=(),
            assumed={},
            assumed_because=None,
            why_not="not calibrated",
        ),
    )


def test_two_precisions_are_a_mix() -> None:
    two = Throughput("amp", 3e12, "tf32", 0.61, {"float32": 0.4, "tf32": 0.6})
    (shown,) = build_explanation_view(changed(throughputs=(two,))).throughputs
    assert shown.mix == (PrecisionShare("tf32", 0.6), PrecisionShare("float32", 0.4))


def test_interactions_are_told_as_more_or_less_never_as_less_than_nothing() -> None:
    more = Interaction(("amp", "tf32"), Amount(340_000, 310_000, 390_000))
    less = Interaction(("amp", "sdpa"), Amount(-340_000, -390_000, -310_000))
    assert build_explanation_view(changed(interactions=(more, less))).interactions == (
        InteractionView(("amp", "tf32"), True, AmountView(340_000, 310_000, 390_000, 3)),
        InteractionView(("amp", "sdpa"), False, AmountView(340_000, 310_000, 390_000, 3)),
    )
