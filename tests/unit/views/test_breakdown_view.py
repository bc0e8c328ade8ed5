"""What the traces of a run show, read off figures of which no two are equal."""

import msgspec
import pytest

from annt_prof.analysis.breakdown.breakdown import MeanBreakdown
from annt_prof.categories import Category
from annt_prof.remarks import Remark, Source
from annt_prof.runs.record import StepTime
from annt_prof.telemetry.summary import TelemetrySummary
from annt_prof.views.breakdown_view import NotMeasured, NotTraced, build_breakdown_view
from annt_prof.views.sampled_view import SampledFigure, SampledView, build_sampled_view
from annt_prof.views.step_parts import (
    CategoryTime,
    HiddenTime,
    KernelTime,
    Scale,
    build_step_parts,
    scale_of,
)
from hand_made import CPU, GPU, MS, lost, run, variant

MEAN = MeanBreakdown(
    step_ns=200 * MS,
    num_steps=3,
    by_category_ns={
        Category.DATA_LOADING: 10 * MS,
        Category.FORWARD: 54 * MS,
        Category.BACKWARD: 118 * MS,
        Category.GRAD_CLIPPING: 0,
        Category.OPTIMIZER: 16 * MS,
        Category.SYNC: 0,
        Category.UNATTRIBUTED: 2 * MS,
    },
    hidden_ns={Category.H2D_COPY: 7 * MS, Category.OTHER_COPY: 0, Category.COMMUNICATION: 9 * MS},
    not_measured={
        Category.GRAD_SCALING: "not annotated",
        Category.ZERO_GRAD: "not annotated",
        Category.COMMUNICATION: "a single process",
    },
    kernel_ns={"norm": 0, "gemm": 90 * MS, "conv": 45 * MS, "attention": 15 * MS},
    host_events=2_000,
)
OTHER = MeanBreakdown(
    step_ns=121 * MS,
    num_steps=5,
    by_category_ns={Category.FORWARD: 0, Category.BACKWARD: 120 * MS, Category.SYNC: MS},
    hidden_ns={},
    not_measured={Category.COMMUNICATION: "a single process", Category.OPTIMIZER: "none seen"},
    kernel_ns={},
)


def test_a_step_is_its_parts() -> None:
    parts = build_step_parts(MEAN)
    assert (parts.step_ns, parts.num_steps, parts.duration_decimals) == (200 * MS, 3, 1)
    assert parts.rows == (
        CategoryTime(Category.DATA_LOADING, 10 * MS, 0.05),
        CategoryTime(Category.FORWARD, 54 * MS, 0.27),
        CategoryTime(Category.BACKWARD, 118 * MS, 0.59),
        CategoryTime(Category.OPTIMIZER, 16 * MS, 0.08),
        CategoryTime(Category.UNATTRIBUTED, 2 * MS, 0.01),
    )
    assert sum(row.time_ns for row in parts.rows) == parts.step_ns
    assert parts.zeros == (Category.GRAD_CLIPPING, Category.SYNC)
    assert parts.hidden == (
        HiddenTime(Category.H2D_COPY, 7 * MS),
        HiddenTime(Category.COMMUNICATION, 9 * MS),
    )


def test_kernels_have_shares_of_the_device_time_the_largest_first() -> None:
    kernels = build_step_parts(MEAN).kernels
    assert kernels is not None
    assert kernels.total_ns == 150 * MS
    assert kernels.classes == (
        KernelTime("gemm", 90 * MS, 0.6),
        KernelTime("conv", 45 * MS, 0.3),
        KernelTime("attention", 15 * MS, 0.1),
    )
    assert build_step_parts(OTHER).kernels is None


def test_what_took_no_time_is_told_from_what_was_not_measured() -> None:
    parts = build_step_parts(MEAN)
    assert parts.time_of(Category.OPTIMIZER) == CategoryTime(Category.OPTIMIZER, 16 * MS, 0.08)
    assert parts.time_of(Category.SYNC) == CategoryTime(Category.SYNC, 0, 0.0)
    assert parts.time_of(Category.COMMUNICATION) is None


def test_a_step_of_no_time_has_no_shares() -> None:
    parts = build_step_parts(msgspec.structs.replace(MEAN, step_ns=0))
    assert {row.share for row in parts.rows} == {None}
    assert parts.time_of(Category.SYNC) == CategoryTime(Category.SYNC, 0, None)


def test_categories_come_in_their_own_order() -> None:
    turned = dict(reversed(MEAN.by_category_ns.items()))
    assert build_step_parts(
        msgspec.structs.replace(MEAN, by_category_ns=turned)
    ) == build_step_parts(MEAN)


def test_steps_side_by_side_have_one_scale() -> None:
    scale = scale_of([build_step_parts(OTHER), build_step_parts(MEAN)])
    assert scale.longest_step_ns == 200 * MS
    assert scale.largest_part_ns == 120 * MS
    assert scale.duration_decimals == 1
    assert (
        scale_of([build_step_parts(msgspec.structs.replace(OTHER, step_ns=MS))]).duration_decimals
        == 3
    )
    assert scale.categories == (
        Category.DATA_LOADING,
        Category.FORWARD,
        Category.BACKWARD,
        Category.GRAD_CLIPPING,
        Category.OPTIMIZER,
        Category.SYNC,
        Category.UNATTRIBUTED,
    )


def test_of_no_steps_the_scale_is_empty() -> None:
    assert scale_of([]) == Scale(3, 0, 0, ())


def two_traced(**changes: object) -> object:
    baseline = variant("baseline", [190.0, 191.0, 189.0], breakdown=MEAN)
    amp = variant("amp", [110.0, 111.0, 109.0], breakdown=OTHER, samples_per_iteration=24)
    return build_breakdown_view(run(baseline, variant("tf32", [170.0]), amp, **changes))


def test_every_traced_variant_is_there_with_its_timed_step_beside() -> None:
    view = two_traced()
    assert [v.variant for v in view.variants] == ["baseline", "amp"]
    assert [v.parts for v in view.variants] == [build_step_parts(MEAN), build_step_parts(OTHER)]
    assert [v.timed_ns for v in view.variants] == [190 * MS, 110 * MS]
    assert [v.samples_per_iteration for v in view.variants] == [8, 24]
    assert [v.profiler_inflation for v in view.variants] == pytest.approx([10 / 190, 0.1])
    assert [v.agreement.inflation for v in view.variants] == pytest.approx([10 / 190, 0.1])
    assert not any(v.agreement.mid_epoch for v in view.variants)
    assert [v.agreement.cost_ns for v in view.variants] == [10 * MS, None]
    assert view.scale == scale_of([build_step_parts(MEAN), build_step_parts(OTHER)])
    assert view.batch_sizes == (8, 24)
    assert view.why_none is None


def test_what_is_empty_everywhere_and_what_no_trace_can_show() -> None:
    view = two_traced()
    assert view.filled == (
        Category.DATA_LOADING,
        Category.FORWARD,
        Category.BACKWARD,
        Category.OPTIMIZER,
        Category.SYNC,
        Category.UNATTRIBUTED,
    )
    assert view.empty == (Category.GRAD_CLIPPING,)
    both = ("baseline", "amp")
    assert view.not_measured == (
        NotMeasured(
            (Category.GRAD_SCALING, Category.ZERO_GRAD), "not annotated", ("baseline",), False
        ),
        NotMeasured((Category.COMMUNICATION,), "a single process", both, True),
        NotMeasured((Category.OPTIMIZER,), "none seen", ("amp",), False),
    )


def test_without_a_breakdown_it_says_why() -> None:
    bare = variant("baseline", [190.0])
    assert build_breakdown_view(run(bare)).why_none == "not_traced"
    assert build_breakdown_view(run(bare)).variants == ()
    broken = msgspec.structs.replace(bare, trace="tensorboard/baseline/kineto.json.gz")
    assert build_breakdown_view(run(broken, variant("amp", [110.0]))).why_none == "unreadable"


@pytest.mark.parametrize(
    ("waited_ms", "device", "shown_ms"),
    [
        (14, CPU, 14),
        (11.9, CPU, None),  # no more than 5 % of a fifth of the step from the traced 10
        (6, CPU, 6),
        (14, GPU, None),
    ],
)
def test_a_wait_is_shown_where_the_trace_of_a_cpu_shows_another(
    waited_ms: float, device: object, shown_ms: int | None
) -> None:
    timed = variant("baseline", [190.0], breakdown=MEAN)
    windows = tuple(
        msgspec.structs.replace(w, waited_ns=round(waited_ms * MS) * w.iterations)
        for w in timed.windows
    )
    measured = msgspec.structs.replace(timed, windows=windows)
    (shown,) = build_breakdown_view(run(measured, environment=device)).variants
    assert shown.timed_wait_ns == (None if shown_ms is None else shown_ms * MS)


def test_what_one_trace_cannot_show_is_not_empty_in_every_variant() -> None:
    silent = msgspec.structs.replace(
        MEAN,
        by_category_ns={c: ns for c, ns in MEAN.by_category_ns.items() if c != Category.SYNC},
        not_measured={Category.SYNC: "cut off"},
    )
    still = msgspec.structs.replace(MEAN, by_category_ns=MEAN.by_category_ns | {Category.SYNC: 0})
    view = build_breakdown_view(
        run(
            variant("baseline", [190.0], breakdown=still), variant("amp", [190.0], breakdown=silent)
        )
    )
    assert Category.SYNC not in (*view.filled, *view.empty)
    both = build_breakdown_view(run(variant("baseline", [190.0], breakdown=still)))
    assert Category.SYNC in both.empty


def test_beside_a_traced_step_the_timed_one_is_of_mid_epoch_too() -> None:
    record = run(variant("baseline", [190.0], breakdown=MEAN))
    time = StepTime(mean_ns=195 * MS, p05_ns=180 * MS, p95_ns=199 * MS, n=4, epoch_start_ns=6 * MS)
    changed = msgspec.structs.replace(record.variants[0], step_time=time)
    (shown,) = build_breakdown_view(msgspec.structs.replace(record, variants=(changed,))).variants
    assert shown.timed_ns == 189 * MS
    assert shown.agreement.mid_epoch
    assert shown.agreement.inflation == pytest.approx(MEAN.step_ns / (189 * MS) - 1)


def test_sampled_figures_are_those_that_are_known() -> None:
    told = TelemetrySummary(
        gpu_utilisation_percent=98.0,
        gpu_memory_bytes=12,
        gpu_power_w=612.0,
        gpu_sm_clock_mhz=1755.0,
        gpu_memory_clock_mhz=2619.0,
        gpu_temperature_c=61.0,
        gpu_throttle_reasons=("sw_power_cap",),
        host_cpu_percent=104.0,
        host_memory_bytes=13,
        num_samples=400,
        host_other_cpu_percent=3.0,
    )
    every = (
        SampledFigure("gpu_utilisation_percent", 98.0),
        SampledFigure("gpu_power_w", 612.0),
        SampledFigure("gpu_sm_clock_mhz", 1755.0),
        SampledFigure("gpu_memory_clock_mhz", 2619.0),
        SampledFigure("gpu_temperature_c", 61.0),
        SampledFigure("host_cpu_percent", 104.0),
        SampledFigure("host_other_cpu_percent", 3.0),
    )
    assert build_sampled_view(told) == SampledView(every, ("sw_power_cap",))
    fewer = msgspec.structs.replace(told, gpu_power_w=None, host_other_cpu_percent=0.0)
    assert build_sampled_view(fewer).figures == (
        every[0],
        *every[2:6],
        SampledFigure("host_other_cpu_percent", 0.0),
    )
    limited = TelemetrySummary(gpu_throttle_reasons=("sw_power_cap",))
    assert build_sampled_view(limited) == SampledView((), ("sw_power_cap",))
    unlimited = TelemetrySummary(gpu_power_w=612.0)
    assert build_sampled_view(unlimited) == SampledView((every[1],), ())
    assert build_sampled_view(TelemetrySummary(num_samples=400)) is None
    assert build_sampled_view(None) is None


def test_variants_without_a_trace_are_told_beside_those_with_one() -> None:
    failed = (Remark(Source.RUN, "not traced: CUDA out of memory"),)
    variants = (
        variant("baseline", [200.0], breakdown=MEAN),
        variant("amp", [100.0], remarks=failed),
        variant("unreadable", [100.0], trace="tensorboard/unreadable/1.pt.trace.json.gz"),
        variant("unmeasured", []),
        lost("lost", "crashed", "boom"),
        variant("clip", [100.0]),
        variant("all", [100.0]),
        variant("skipped", [100.0], skipped=True),
    )
    stopped = build_breakdown_view(run(*variants, complete=False))
    assert stopped.not_traced == (
        NotTraced(("amp",), False),
        NotTraced(("clip", "all"), True),
        NotTraced(("skipped",), False, skipped=True),
    )
    whole = build_breakdown_view(run(*variants[:4]))
    assert whole.not_traced == (NotTraced(("amp",), False),)
    assert build_breakdown_view(run(*variants[4:], complete=False)).not_traced == ()
