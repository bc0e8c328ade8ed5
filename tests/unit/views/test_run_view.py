"""The answer of a run, read off values of which no two figures are equal."""

import msgspec
import pytest

from annt_prof.analysis.breakdown.breakdown import MeanBreakdown
from annt_prof.categories import Category
from annt_prof.remarks import Mathematics, Remark, Source
from annt_prof.runs.record import (
    Epochs,
    EpochStart,
    Numerics,
    Run,
    Speedup,
    StepTime,
    TechniqueInEffect,
    TimedWindow,
    VariantRecord,
)
from annt_prof.runs.verdict import Effect, Verdict
from annt_prof.scenario.effective import EffectiveValue, Replaced, Substitution
from annt_prof.telemetry.summary import TelemetrySummary
from annt_prof.views.breakdown_view import build_breakdown_view
from annt_prof.views.caveats_view import RemarkRow
from annt_prof.views.run_view import build_run_view
from annt_prof.views.setting_view import DataFacts, ModelFacts
from annt_prof.views.table_notes import ContradictionNote, EpochStartNote, PeakOwner
from annt_prof.views.variant_rows import SaidOfVariant, VariantRow
from annt_prof.views.words.setting import facts
from hand_made import CPU, GIB, GPU, MS, run

FASTER = Verdict(Effect.FASTER, precision=0.021, floor=0.006, half_width=0.011)
SHARED = Remark(Source.RUN, "shared")
ROUNDS_TO_8 = Mathematics("amp", "rounds to 8 bits")
ROUNDS_TO_11 = Mathematics("tf32", "rounds to 11 bits")
SLOWER = Verdict(Effect.SLOWER, precision=0.022, floor=0.007, half_width=0.012)
TRACED = MeanBreakdown(
    step_ns=95 * MS,
    num_steps=2,
    by_category_ns={Category.FORWARD: 33 * MS, Category.BACKWARD: 62 * MS},
    hidden_ns={Category.H2D_COPY: 4 * MS},
    not_measured={Category.COMMUNICATION: "a single process"},
    kernel_ns={"gemm": 21 * MS},
    host_events=1_700,
)


def windows(*rounds: tuple[int, int]) -> tuple[TimedWindow, ...]:
    """Windows of these rounds and launches, of which each step waits 3 of its 90 ms."""
    return tuple(
        TimedWindow(
            round=number,
            position=0,
            started_ns=number * 10_000 * MS,
            ended_ns=number * 10_000 * MS + 500 * MS,
            step_ns=(90 * MS,) * 5,
            iterations=5,
            samples=40,
            wall_ns=450 * MS,
            waited_ns=15 * MS,
            launch=launch,
        )
        for number, launch in rounds
    )


BASELINE = VariantRecord(
    name="baseline",
    factors=(),
    status="measured",
    remarks=(SHARED, Remark(Source.RUN, "of the baseline")),
    samples_per_iteration=8,
    iterations_per_optimizer_step=2,
    windows=windows((0, 0), (1, 0), (2, 1), (3, 2)),
    throughput=88.8,
    step_time=StepTime(
        mean_ns=92 * MS, p05_ns=81 * MS, p95_ns=104 * MS, n=4, epoch_start_ns=2 * MS
    ),
    speedup=Speedup(ratio=1.0, low=1.0, high=1.0, rounds=4, launches=3),
    peak_memory_bytes=5 * GIB,
    peak_memory_of="host process",
    energy_per_sample_j=0.91,
    telemetry=TelemetrySummary(gpu_power_w=310.0, num_samples=50),
    breakdown=TRACED,
    profiler_inflation=0.055,
    trace="tensorboard/baseline/kineto.json.gz",
    first_step_s=1.25,
    numerics=Numerics(flops=17),
    epochs=Epochs(iterations=30, starts=(EpochStart(0, 60 * MS),), counted=True),
)
AMP = VariantRecord(
    name="amp",
    factors=("amp",),
    techniques=(TechniqueInEffect("amp", {"dtype": "float16"}),),
    status="measured",
    remarks=(SHARED, Remark(Source.PITFALL, "of amp and all", "amp", key="a.key")),
    mathematics=(ROUNDS_TO_8,),
    samples_per_iteration=16,
    windows=windows((0, 0), (1, 0), (2, 1)),
    throughput=160.4,
    step_time=StepTime(mean_ns=46 * MS, p05_ns=41 * MS, p95_ns=53 * MS, n=3),
    speedup=Speedup(ratio=1.78, low=1.71, high=1.85, rounds=3, launches=2),
    verdict=FASTER,
    peak_memory_bytes=6 * GIB,
    peak_memory_of="device allocations",
    epochs=Epochs(iterations=14, in_windows=True),
)
LOST = VariantRecord(
    name="tf32",
    factors=("tf32",),
    status="crashed",
    reason="killed by signal 9",
    log="logs/tf32.log",
    mathematics=(ROUNDS_TO_11,),
)
ALL = VariantRecord(
    name="all",
    factors=("amp", "tf32"),
    status="measured",
    left_out={"pin_memory": "no accelerator"},
    remarks=(SHARED, Remark(Source.PITFALL, "of amp and all", "amp", key="a.key")),
    mathematics=(ROUNDS_TO_8, ROUNDS_TO_11),
    samples_per_iteration=24,
    windows=windows((0, 0), (4, 3)),
    throughput=133.2,
    step_time=StepTime(mean_ns=61 * MS, p05_ns=57 * MS, p95_ns=72 * MS, n=2),
    speedup=Speedup(ratio=0.83, low=0.79, high=0.87, rounds=2, launches=1),
    verdict=SLOWER,
    peak_memory_bytes=7 * GIB,
    peak_memory_of="device allocations",
)
SAME_AGAIN = msgspec.structs.replace(ALL, name="all_but_one", left_out={}, remarks=(SHARED,))


def record(*variants: VariantRecord, **changes: object) -> Run:
    return msgspec.structs.replace(run(), variants=variants, **changes)


def whole(**changes: object) -> Run:
    return record(BASELINE, AMP, LOST, ALL, SAME_AGAIN, **changes)


def test_the_run_itself() -> None:
    made = whole(stop="time is up", complete=False, seed=11, telemetry_note="at 25 Hz")
    view = build_run_view(made)
    assert (view.run_id, view.scenario_name) == ("20260725-143012-vit_amp", "vit_amp")
    assert (view.stop, view.complete, view.seed) == ("time is up", False, 11)
    assert view.telemetry_note == "at 25 Hz"
    assert view.scenario == made.scenario
    assert view.breakdown == build_breakdown_view(made)
    assert (view.num_rounds, view.num_launches) == (5, 4)
    assert view.logs == ("logs/tf32.log",)
    assert (view.explainable, view.traced) == (True, True)


@pytest.mark.parametrize(
    ("variants", "explainable", "traced"),
    [
        ((LOST,), False, False),
        ((AMP,), True, False),
        ((msgspec.structs.replace(LOST, trace="a"),), False, True),
        ((msgspec.structs.replace(LOST, breakdown=TRACED),), False, True),
    ],
)
def test_what_can_be_done_next(
    variants: tuple[VariantRecord, ...], explainable: bool, traced: bool
) -> None:
    view = build_run_view(record(*variants))
    assert (view.explainable, view.traced) == (explainable, traced)


@pytest.mark.parametrize("place", range(5))
def test_a_row_holds_what_was_recorded(place: int) -> None:
    made = whole()
    row, recorded = build_run_view(made).rows[place], made.variants[place]
    same = set(VariantRow.__struct_fields__) & set(VariantRecord.__struct_fields__)
    assert len(same) == 23
    assert {key: getattr(row, key) for key in same} == {key: getattr(recorded, key) for key in same}
    assert row.num_windows == len(recorded.windows)


def test_a_wait_is_told_per_iteration_within_an_epoch() -> None:
    rows = build_run_view(whole()).rows
    assert [row.waited_ns for row in rows[:3]] == [3 * MS, 3 * MS, None]


def test_a_row_has_its_own_breakdown() -> None:
    other = msgspec.structs.replace(TRACED, step_ns=47 * MS)
    view = build_run_view(record(BASELINE, LOST, msgspec.structs.replace(AMP, breakdown=other)))
    assert [row.traced for row in view.rows] == [
        view.breakdown.variants[0],
        None,
        view.breakdown.variants[1],
    ]
    assert [shown.mean for shown in view.breakdown.variants] == [TRACED, other]
    agreement = view.breakdown.variants[0].agreement
    assert agreement is not None
    assert (agreement.finding, agreement.cost_ns) == ("agree", 8_500_000)
    assert agreement.inflation == pytest.approx(5 / 90)
    assert view.breakdown.variants[0].profiler_inflation == 0.055


def test_each_row_has_its_own_verdict_and_mix() -> None:
    rows = build_run_view(whole()).rows
    assert [row.name for row in rows] == ["baseline", "amp", "tf32", "all", "all_but_one"]
    assert [row.verdict for row in rows] == [None, FASTER, None, SLOWER, SLOWER]
    assert [row.is_baseline for row in rows] == [True, False, False, False, False]
    assert [row.mix for row in rows] == [None, None, None, ("amp", "tf32"), ("amp", "tf32")]
    assert [row.step_time is None for row in rows] == [False, False, True, False, False]


def test_mathematics_is_said_once_by_rows_that_have_figures() -> None:
    rows = build_run_view(whole()).rows
    assert [row.new_mathematics for row in rows] == [
        (),
        ("rounds to 8 bits",),
        (),
        ("tf32: rounds to 11 bits",),
        (),
    ]
    assert [row.mathematics_all_said for row in rows[1:]] == [False, True, False, True]
    assert not rows[0].mathematics_all_said


def test_mistakes_are_the_remarks_that_a_check_or_a_trace_found() -> None:
    remarks = tuple(Remark(source, source.value) for source in Source)
    (row,) = build_run_view(record(msgspec.structs.replace(AMP, remarks=remarks))).rows
    assert [mistake.source for mistake in row.mistakes] == [Source.PITFALL, Source.TRACE]


@pytest.mark.parametrize(
    ("baseline", "variant", "alike"),
    [
        (("crashed", "killed"), ("crashed", "killed"), True),
        (("crashed", "killed"), ("crashed", "lost"), False),
        (("out_of_memory", "killed"), ("crashed", "killed"), False),
        (("out_of_memory", "full"), ("out_of_memory", "full"), False),
    ],
)
def test_a_variant_that_crashed_as_the_baseline_did(
    baseline: tuple[str, str], variant: tuple[str, str], alike: bool
) -> None:
    first, other = (
        VariantRecord(name, (), status, reason)
        for name, (status, reason) in (("baseline", baseline), ("amp", variant))
    )
    rows = build_run_view(record(first, other)).rows
    assert [row.as_the_baseline for row in rows] == [False, alike]


def test_columns_take_their_decimals_and_unit_from_rows_with_figures() -> None:
    columns = build_run_view(whole()).columns
    assert (columns.throughput_decimals, columns.duration_decimals) == (1, 1)
    assert (columns.memory_unit.name, columns.has_energy) == ("GiB", True)
    small = msgspec.structs.replace(
        AMP, peak_memory_bytes=9, step_time=StepTime(mean_ns=MS, p05_ns=2, p95_ns=3 * MS, n=3)
    )
    lost = msgspec.structs.replace(LOST, peak_memory_bytes=9 * GIB, energy_per_sample_j=0.3)
    columns = build_run_view(record(small, lost)).columns
    assert (columns.memory_unit.name, columns.has_energy) == ("MiB", False)
    assert columns.duration_decimals == 3


def test_what_is_said_beside_the_table_is_said_once() -> None:
    assert build_run_view(whole()).said == (
        SaidOfVariant("baseline", (), ("shared", "of the baseline"), ()),
        SaidOfVariant("amp", (), ("amp: of amp and all",), ("amp: rounds to 8 bits",)),
        SaidOfVariant("tf32", (), (), ("tf32: rounds to 11 bits",)),
        SaidOfVariant("all", (("pin_memory", "no accelerator"),), (), ()),
    )


def test_what_the_figures_are_of() -> None:
    notes = build_run_view(whole()).notes
    assert notes is not None
    assert notes.samples_per_iteration == (8, 16, 24)
    assert (notes.least_windows, notes.most_windows) == (2, 4)
    assert notes.launch_figure == "median"
    assert notes.starts_in_steps
    assert notes.epoch_starts == (EpochStartNote("baseline", 30, 60 * MS, 2 / 92),)
    assert notes.whole_epochs == (14,)
    assert notes.contradictions == (
        ContradictionNote("all", pytest.approx(1.5), 0.83),
        ContradictionNote("all_but_one", pytest.approx(1.5), 0.83),
    )
    assert notes.floor == 0.005
    assert notes.peak_owners == (
        PeakOwner("device allocations", ("amp", "all", "all_but_one")),
        PeakOwner("host process", ("baseline",)),
    )


def test_notes_follow_what_was_measured() -> None:
    assert build_run_view(record(LOST)).notes is None
    notes = build_run_view(record(msgspec.structs.replace(BASELINE, uneven=True))).notes
    assert notes is not None
    assert (notes.launch_figure, notes.starts_in_steps) == ("mean", False)
    assert build_run_view(record(LOST, AMP, ALL)).notes.contradictions == ()  # to no baseline
    assert notes.peak_owners == (PeakOwner("host process", ("baseline",)),)
    told_not = msgspec.structs.replace(AMP, peak_memory_of=None, uneven=True)
    notes = build_run_view(record(BASELINE, told_not)).notes
    assert notes is not None
    assert notes.launch_figure == "mean"
    assert notes.peak_owners == (PeakOwner("host process", ("baseline",)),)
    again = msgspec.structs.replace(
        AMP, name="baseline_again", speedup=Speedup(1.04, 1.03, 1.05, 3, 3)
    )
    notes = build_run_view(record(BASELINE, again)).notes
    assert notes is not None
    assert notes.floor == pytest.approx(0.04)


def test_remarks_are_told_once_with_whom_they_are_about() -> None:
    remarks = build_run_view(whole(remarks=("of the run",))).caveats.remarks
    assert remarks == (
        RemarkRow("of the run"),
        RemarkRow("shared", ("baseline", "amp", "all", "all_but_one")),
        RemarkRow("of the baseline", ("baseline",)),
        RemarkRow("amp: of amp and all", ("amp", "all")),
    )
    both = build_run_view(record(BASELINE, AMP)).caveats.remarks
    assert both[0] == RemarkRow("shared", ("baseline", "amp"), of_every=True)
    (only, _) = build_run_view(record(BASELINE)).caveats.remarks
    assert not only.of_every  # of one variant there is no every


DATA = Substitution("cifar10", "generated images", "timings hold", Replaced.DATA, "cifar10")
WEIGHTS = Substitution(
    "weights of vit", "random weights", "it starts anew", Replaced.WEIGHTS, "vit_base_patch16_224"
)
OTHER_DATA = Substitution(
    "cifar100", "generated images", "timings hold", Replaced.DATA, "cifar100"
)  # of a second scenario
COPYING = Substitution("pinned batches", "pageable ones", "copies wait", Replaced.COPYING)


def test_what_is_not_as_asked() -> None:
    replaced = (DATA, WEIGHTS, COPYING)
    caveats = build_run_view(
        whole(substitutions=replaced, overrides_in_effect=("dataset.batch_size is 8",))
    ).caveats
    assert caveats.substitutions == replaced
    assert caveats.overrides_in_effect == ("dataset.batch_size is 8",)
    assert caveats.not_as_asked == (
        "cifar10: generated images instead; timings hold",
        "weights of vit: random weights instead; it starts anew",
        "pinned batches: pageable ones instead; copies wait",
        "dataset.batch_size is 8",
        "pin_memory cannot act here: no accelerator; left out of variant all",
    )


@pytest.mark.parametrize(
    ("replaced", "model", "data"),
    [
        ((), False, False),
        ((DATA, COPYING), False, True),
        ((COPYING, WEIGHTS), True, False),
        ((OTHER_DATA,), False, False),
    ],
)
def test_model_and_data(replaced: tuple[Substitution, ...], model: bool, data: bool) -> None:
    setting = build_run_view(whole(substitutions=replaced)).setting
    assert setting.model == ModelFacts("timm vit_base_patch16_224", True, model)
    assert setting.data == DataFacts("cifar10", 224, 8, 0, data)
    assert setting.created == "2026-07-25T14:30:12+00:00"


def test_what_the_scenario_does_not_say_is_not_there() -> None:
    setting = build_run_view(whole(scenario=())).setting
    assert (setting.model, setting.data) == (None, None)
    bare = (
        EffectiveValue("model.name", "net", "default"),
        EffectiveValue("dataset.name", "digits", "default"),
    )
    setting = build_run_view(whole(scenario=bare)).setting
    assert setting.model == ModelFacts("net", False, False)
    assert setting.data == DataFacts("digits", None, None, None, False)


def test_the_machine() -> None:
    setting = build_run_view(whole(environment=GPU)).setting
    assert setting.environment == GPU
    assert (setting.one_of_devices, setting.host_cpu) == (2, "Intel(R) Xeon(R) Platinum 8480C")
    assert setting.key_packages == {"python": "3.12.3", "torch": "2.15.0"}
    bare = msgspec.structs.replace(GPU, num_devices=1, packages={"torch": "2.15.0"})
    setting = build_run_view(whole(environment=bare)).setting
    assert (setting.one_of_devices, setting.key_packages) == (None, {"torch": "2.15.0"})
    setting = build_run_view(whole(environment=CPU)).setting
    assert (setting.one_of_devices, setting.host_cpu) == (None, None)
    assert "torchvision" not in setting.key_packages


def test_what_the_baseline_is_stands_on_the_first_screen_where_it_is_a_reference() -> None:
    said = "HEAD~1 (1a2b3c4) -> the present files"
    told = dict(facts(build_run_view(whole(reference=said)).setting))
    assert told["baseline is"] == said
    assert "baseline is" not in dict(facts(build_run_view(whole()).setting))
