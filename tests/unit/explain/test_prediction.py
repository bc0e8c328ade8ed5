"""Predictions from one step, with ceilings and without."""

import dataclasses
import sys
import types
from importlib.metadata import EntryPoint

import msgspec
import pytest

from annt_prof.categories import Category, KernelClass, Phase, Precision, WhyAssumed
from annt_prof.errors import UserError
from annt_prof.explain.advice import advise
from annt_prof.explain.prediction import evidence_of, predict
from annt_prof.machine.ceilings import Ceilings
from annt_prof.machine.machine import Machine
from annt_prof.runs.record import TechniqueInEffect
from annt_prof.scenario.effective import EffectiveValue
from annt_prof.techniques import registry
from annt_prof.techniques.evidence import Baseline, Evidence
from annt_prof.techniques.shipped.amp import AmpOptions
from annt_prof.techniques.shipped.gradient_accumulation import GradientAccumulationOptions
from annt_prof.techniques.shipped.pin_memory import PinMemoryOptions
from annt_prof.techniques.shipped.set_to_none import SetToNoneOptions
from hand_made import MS, breakdown, cpu_run, run, variant

GPU = Machine("cuda", "A GPU", 1, 16, native_bfloat16=True, tf32=True)
STEP = Evidence(
    device_type="cuda",
    step_ns=1000,
    category_ns={
        Category.FORWARD: 200,
        Category.BACKWARD: 400,
        Category.OPTIMIZER: 100,
        Category.ZERO_GRAD: 20,
        Category.H2D_COPY: 60,
        Category.SYNC: 10,
        Category.DATA_LOADING: 90,
        Category.HOST_BOUND: 120,
    },
    kernel_ns={KernelClass.GEMM: 300, KernelClass.ELEMENTWISE: 200, KernelClass.CONV: 50},
    host_bound_ns={"forward": 50, "backward": 30, "optimizer": 40},
)
CEILINGS = Ceilings(
    matrix_flops={"float32": 10.0, "float16": 40.0, "tf32": 20.0},
    memory_bytes_per_s=1.0,
    pinned_bytes_per_s=4.0,
    pageable_bytes_per_s=1.0,
    launch_ns=1.0,
)
CALIBRATED = dataclasses.replace(STEP, ceilings=CEILINGS)
LOADING_ITSELF = dataclasses.replace(STEP, baseline=Baseline("cuda", workers=0))


def predicted(name, options, evidence=STEP):
    found = registry.load(name).predict(options, evidence)
    return found.low_ns, found.high_ns


def test_accumulation_spares_all_but_one_update_in_k():
    options = GradientAccumulationOptions(steps=4)
    low, high = predicted("gradient_accumulation", options)
    assert high == 0.75 * (100 + 20 + 40)
    assert low < 0
    doubled = dataclasses.replace(STEP, accumulation=4)
    assert predicted("gradient_accumulation", options, doubled) == (0, 0)


@pytest.mark.parametrize(
    ("options", "evidence", "high"),
    [
        # All idle time and the copies: 60 + 90 + 120 + 10.
        (PinMemoryOptions(), STEP, 280),
        (PinMemoryOptions(pin=False), STEP, 280),  # small batches are taken over at once
        (PinMemoryOptions(pin=False, non_blocking=False), STEP, 0),
        (PinMemoryOptions(non_blocking=False), STEP, 60 + 10 + 90),
        (PinMemoryOptions(non_blocking=False), CALIBRATED, round(0.75 * 70) + 90),
        (PinMemoryOptions(non_blocking=False), LOADING_ITSELF, 70),
    ],
)
def test_pinning_saves_copies_and_what_overlaps_without_them(options, evidence, high):
    assert predicted("pin_memory", options, evidence) == (0, high)


def test_amp_shortens_matrix_work_by_the_ratio_and_the_rest_by_half():
    assert predicted("amp", AmpOptions(), CALIBRATED)[1] == round(350 * 0.75 + 100)
    assert predicted("amp", AmpOptions(), STEP)[1] <= 600
    slower = dataclasses.replace(CEILINGS, matrix_flops={"float32": 10.0, "float16": 5.0})
    low, high = predicted("amp", AmpOptions(), dataclasses.replace(STEP, ceilings=slower))
    assert high == 100  # what is bound by memory still halves
    assert low == -(60 + 350)


def test_a_factor_is_told_as_measured_only_where_it_was():
    def basis(evidence):
        return registry.load("amp").predict(AmpOptions(), evidence).basis

    assert "by the measured factor 4.0" in basis(CALIBRATED)
    without = dataclasses.replace(CEILINGS, matrix_flops={"float32": 10.0, "bfloat16": 20.0})
    for ceilings in (None, without):
        assert "by an unknown factor" in basis(dataclasses.replace(STEP, ceilings=ceilings))
    # Nothing says how much faster, so that all of it may go.
    assert predicted("amp", AmpOptions(), STEP)[1] == 350 + 100


def test_emulated_16_bits_are_predicted_only_where_they_were_measured():
    amp, on_cpu = registry.load("amp"), dataclasses.replace(STEP, device_type="cpu")
    half, brain = AmpOptions(dtype="float16"), AmpOptions(dtype="bfloat16")
    assert amp.predict(half, on_cpu) is None
    assert amp.predict(brain, on_cpu) is not None
    assert amp.predict(brain, dataclasses.replace(on_cpu, native_bfloat16=False)) is None
    rates = {"float32": 100.0, "float16": 25.0}
    measured = dataclasses.replace(on_cpu, ceilings=dataclasses.replace(
        CEILINGS, matrix_flops=rates
    ))  # fmt: skip
    assert predicted("amp", half, measured) == (-(3 * 350 + 60), 100)


@pytest.mark.parametrize(
    ("device", "attention", "softmax", "high"),
    [
        ("cuda", 0, 80, None),  # a convolutional network, or attention as products and a softmax
        ("cuda", 40, 80, 40),
        ("cpu", 0, 80, None),
        ("cpu", 40, 10, 40),
        ("cpu", 5, 80, None),  # the math kernel: what it does is counted as other work
    ],
)
def test_attention_is_bounded_by_what_is_seen_of_it(device, attention, softmax, high):
    classes = {KernelClass.ATTENTION: attention, KernelClass.REDUCTION: softmax}
    evidence = dataclasses.replace(
        STEP, device_type=device, kernel_ns={**STEP.kernel_ns, **classes}
    )
    technique = registry.load("sdpa")
    found = technique.predict(technique.options(), evidence)
    assert (None if found is None else found.high_ns) == high


def test_products_shorten_by_the_measured_rate_of_tf32_and_forbidding_it_saves_nothing():
    make = registry.load("tf32").options
    assert predicted("tf32", make()) == (0, 300)
    assert predicted("tf32", make(), CALIBRATED) == (0, 150)
    convolving = dataclasses.replace(CALIBRATED, matrix_ns={KernelClass.CONV: {Precision.TF32: 50}})
    assert predicted("tf32", make(allowed=False), convolving) == (-50, 0)
    assert registry.load("tf32").predict(make(allowed=False), STEP) is None


@pytest.mark.parametrize("name", ["channels_last", "cudnn_benchmark"])
def test_without_convolutions_there_is_nothing_around_them(name):
    copies = {KernelClass.MEMORY: 70}
    options = registry.load(name).options()
    without = dataclasses.replace(STEP, kernel_ns=copies)
    assert predicted(name, options, without)[1] == 0
    convolving = dataclasses.replace(STEP, kernel_ns=copies | {KernelClass.CONV: 50})
    assert predicted(name, options, convolving)[1] == 120


def test_clipping_saves_at_most_the_clipping_that_it_replaces():
    options = registry.load("gradient_clipping").options()
    assert predicted("gradient_clipping", options)[1] == 0
    clipped = dict(STEP.category_ns) | {Category.GRAD_CLIPPING: 30}
    found = dataclasses.replace(STEP, category_ns=clipped)
    assert predicted("gradient_clipping", options, found)[1] == 30


def test_checkpointing_costs_one_more_forward_pass_at_most():
    options = registry.load("activation_checkpointing").options()
    assert predicted("activation_checkpointing", options) == (-(200 + 50), 0)


@pytest.mark.parametrize("name", registry.shipped())
def test_bounds_are_in_order_and_no_larger_than_the_step(name):
    technique = registry.load(name)
    attending = {**STEP.kernel_ns, KernelClass.ATTENTION: 40}
    for changes in ({}, {"ceilings": CEILINGS}, {"kernel_ns": {}}):
        evidence = dataclasses.replace(STEP, **({"kernel_ns": attending} | changes))
        found = technique.predict(technique.options(), evidence)
        if found is None:  # it acts on kernels, which are not known there
            assert name in ("tf32", "cudnn_benchmark", "sdpa")
            assert not evidence.kernel_ns
            continue
        assert found.low_ns <= found.high_ns <= evidence.step_ns
        assert found.basis


def test_advice_is_ordered_and_leaves_out_what_is_there():
    advice = advise(STEP, GPU, without=("amp",))
    highs = [one.high_ns for one in advice if one.high_ns is not None]
    assert highs == sorted(highs, reverse=True)
    assert "amp" not in {one.name for one in advice}
    cpu = Machine("cpu", "A CPU", 0, 2, native_bfloat16=True)
    pinned = next(one for one in advise(STEP, cpu) if one.name == "pin_memory")
    assert (pinned.high_ns, pinned.basis) == (None, "not applicable: no accelerator to copy to")


@pytest.mark.parametrize("name", registry.shipped())
def test_what_is_not_measured_bounds_nothing(name):
    """Not measured is not zero: a step that shows nothing tells nothing."""
    technique = registry.load(name)
    blank = Evidence(device_type="cuda", step_ns=1000, category_ns={Category.UNATTRIBUTED: 1000})
    assert technique.predict(technique.options(), blank) is None


def test_waits_of_an_unknown_phase_may_be_of_any():
    found = dataclasses.replace(
        STEP,
        category_ns={k: v for k, v in STEP.category_ns.items() if k is not Category.FORWARD},
        host_bound_ns={"backward": 30, "unattributed": 70},
    )
    assert found.host_bound(Phase.BACKWARD) == 30
    assert found.host_bound(Phase.FORWARD, Phase.BACKWARD) == 100


def test_matrix_work_that_runs_in_16_bits_cannot_run_in_16_bits_again():
    for short in (Precision.FLOAT16, Precision.BFLOAT16, Precision.FLOAT8, Precision.INT8):
        kinds = {KernelClass.GEMM: {short: 300}, KernelClass.CONV: {short: 50}}
        tuned = dataclasses.replace(CALIBRATED, matrix_ns=kinds)
        assert predicted("amp", AmpOptions(), tuned)[1] == 0
        assert predicted("tf32", registry.load("tf32").options(), tuned)[1] == 0
    half = dataclasses.replace(CALIBRATED, matrix_ns={KernelClass.GEMM: {Precision.TF32: 150}})
    assert predicted("tf32", registry.load("tf32").options(), half)[1] == round(150 * 0.5)


def test_amp_is_predicted_from_the_rate_of_the_precision_that_kernels_ran_in():
    """An H100's rates: from TF32 the factor is 2, and not the 16 from float32."""
    rates = {"float32": 50.0, "tf32": 400.0, "float16": 800.0}
    ceilings = dataclasses.replace(CEILINGS, matrix_flops=rates)
    convolving = dataclasses.replace(
        STEP,
        ceilings=ceilings,
        kernel_ns={KernelClass.CONV: 400, KernelClass.GEMM: 100},
        matrix_ns={KernelClass.CONV: {Precision.TF32: 400}},
        assumed={KernelClass.GEMM: Precision.FLOAT32},
        assumed_because=WhyAssumed.NAMES_DO_NOT_TELL,
    )
    found = registry.load("amp").predict(AmpOptions(), convolving)
    assert found.high_ns == round(400 * (1 - 1 / 2) + 100 * (1 - 1 / 16))
    assert "the measured factor 2.0 of tf32 and 16.0 of float32" in found.basis
    taken = "by the settings taken: gemm for float32"
    assert f"(kernel names do not tell the precision; {taken})" in found.basis
    unasked = dataclasses.replace(convolving, assumed_because=WhyAssumed.NOT_RECORDED)
    found = registry.load("amp").predict(AmpOptions(), unasked)
    assert f"(this record does not tell kernels' precisions; {taken})" in found.basis


def with_baseline(**settings):
    return dataclasses.replace(STEP, baseline=Baseline("cuda", **settings))


@pytest.mark.parametrize(
    ("drop", "baseline_drops", "high"),
    [(True, True, 0), (True, False, 60), (True, None, 60)]
    + [(False, baseline_drops, 0) for baseline_drops in (True, False, None)],
)
def test_dropping_gradients_saves_only_where_they_are_filled(drop, baseline_drops, high):
    options = SetToNoneOptions(drop=drop)
    found = predict("set_to_none", options, with_baseline(set_to_none=baseline_drops))
    assert found.high_ns == high
    costs = not drop and baseline_drops is not False
    assert (found.low_ns < 0) is costs


def test_what_the_trace_lacks_may_be_of_what_a_technique_shortens():
    lacking = dataclasses.replace(
        STEP, category_ns={**STEP.category_ns, Category.DATA_LOADING: 0}, not_in_trace_ns=300
    )
    complete = dataclasses.replace(lacking, not_in_trace_ns=0)

    def high(name, evidence):
        return predict(name, registry.load(name).options(), evidence)

    loaded = high("dataloader_workers", lacking)
    assert loaded.high_ns == high("dataloader_workers", complete).high_ns + 300
    assert f"and {300 / lacking.step_ns:.1%}".replace("%", " %") in loaded.basis
    assert "of the step, which the traced one lacks and which may be of it too" in loaded.basis
    assert high("amp", lacking).high_ns == high("amp", complete).high_ns + 300
    # What saves nothing by its mechanism saves nothing of that either, but may cost more.
    checkpointed = high("activation_checkpointing", lacking)
    assert (checkpointed.low_ns, checkpointed.high_ns) == (-(200 + 50) - 300, 0)
    assert "lacks" not in checkpointed.basis


def test_a_window_fed_by_a_full_queue_bounds_loading_by_what_it_lacks():
    """Traced: 60 ms of compute and a full queue. Timed: 100 ms, the rest of it waiting for data."""
    traced = breakdown(60.0, forward=0.5, backward=0.45, data_loading=0)
    found = run(variant("baseline", [100.0] * 3, breakdown=traced))
    evidence = evidence_of(found, found.variants[0], None)
    assert evidence.not_in_trace_ns == 40 * MS
    assert evidence.category_ns[Category.FORWARD] == 30 * MS
    options = registry.load("dataloader_workers").options()
    assert predict("dataloader_workers", options, evidence).high_ns == 40 * MS
    drifted = run(variant("baseline", [61.0] * 3, breakdown=traced))
    assert evidence_of(drifted, drifted.variants[0], None).not_in_trace_ns == 0


def test_what_the_baseline_does_is_predicted_and_advised_as_such():
    pinned = with_baseline(pin_memory=True, non_blocking=True, set_to_none=False)
    found = predict("pin_memory", PinMemoryOptions(), pinned)
    assert (found.low_ns, found.high_ns) == (0, 0)
    assert found.basis == "nothing: the baseline does so already"
    advised = {one.name: one for one in advise(pinned, GPU)}
    assert advised["pin_memory"].high_ns is None
    assert advised["pin_memory"].basis == "not applicable: the baseline does so already"
    assert advised["set_to_none"].high_ns == 60


def test_what_is_on_is_not_advised():
    assert "amp" in {one.name for one in advise(STEP, GPU)}
    tuned = dataclasses.replace(STEP, on=("amp",))
    assert "amp" not in {one.name for one in advise(tuned, GPU)}


def test_a_run_tells_the_settings_of_its_baseline():
    setting = EffectiveValue("optimizer.set_to_none", True, "default")
    run = cpu_run()
    run = msgspec.structs.replace(run, scenario=(*run.scenario, setting))
    found = evidence_of(run, run.variants[0], None)
    assert found.baseline == Baseline("cpu", workers=0, set_to_none=True)
    assert found.on == ()
    # Of two scenarios the baseline has techniques of its own, which may have set them otherwise.
    of_two = msgspec.structs.replace(run, differences=("amp: off -> on",))
    assert evidence_of(of_two, run.variants[0], None).baseline is None
    tuned = msgspec.structs.replace(run.variants[0], techniques=(TechniqueInEffect("amp"),))
    run = msgspec.structs.replace(run, variants=(tuned,))
    assert evidence_of(run, tuned, None).on == ("amp",)


@pytest.mark.parametrize(
    ("broken", "cause"),
    [
        ({"predict": lambda _options, _evidence: 1 / 0}, "ZeroDivisionError: division by zero"),
        (
            {"predict": lambda _options, _evidence: 7},
            "TypeError: predict returned 7, which is no Prediction",
        ),
        ({"redundant": lambda _options, _baseline: 1 / 0}, "ZeroDivisionError: division by zero"),
    ],
)
def test_a_plug_in_that_fails_is_named_and_costs_only_its_own_line(monkeypatch, broken, cause):
    zebra = dataclasses.replace(registry.load("amp"), name="zebra", **broken)
    monkeypatch.setitem(sys.modules, "extra_zebra", types.SimpleNamespace(TECHNIQUE=zebra))
    point = EntryPoint("zebra", "extra_zebra:TECHNIQUE", registry.GROUP)
    monkeypatch.setattr(registry, "_plug_ins", lambda: {"zebra": point})
    said = f'technique "zebra" of the plug-in extra_zebra:TECHNIQUE fails: {cause}'
    with pytest.raises(UserError) as caught:
        predict("zebra", AmpOptions(), with_baseline())
    assert caught.value.message == said
    advised = {one.name: one for one in advise(with_baseline(), GPU)}
    assert (advised["zebra"].high_ns, advised["zebra"].basis) == (None, said)
    assert advised["amp"].high_ns is not None
