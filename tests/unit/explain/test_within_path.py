"""Predictions are held to the critical path, whoever makes them."""

import dataclasses
import sys
import types
from importlib.metadata import EntryPoint

import msgspec
import pytest

from annt_prof.analysis.path.on_path import OnPath
from annt_prof.categories import Category, KernelClass, Phase, Precision
from annt_prof.explain.agreement import agreement
from annt_prof.explain.explaining import explain
from annt_prof.explain.explanation import Bounds
from annt_prof.explain.path_bounds import path_of_run, path_of_trace
from annt_prof.explain.prediction import evidence_of, predict
from annt_prof.explain.waiting import loading_decides
from annt_prof.runs.record import VariantRecord
from annt_prof.techniques import registry
from annt_prof.techniques.evidence import Baseline, Evidence, Prediction
from annt_prof.techniques.path_evidence import PathEvidence
from annt_prof.techniques.shipped.amp import AmpOptions
from annt_prof.techniques.technique import Signature
from hand_made import GPU, MS, breakdown, run, variant

PATH = PathEvidence(
    device_ns={Category.FORWARD: 100, Category.OPTIMIZER: 60, Category.H2D_COPY: 30},
    kernel_ns={KernelClass.GEMM: 100, KernelClass.OPTIMIZER: 60},
    host_ns={"forward": 400, "optimizer": 100, "unattributed": 20},
    launch_ns={KernelClass.GEMM: 7},
    queued_ns=3,
)
STEP = Evidence(
    "cuda", 1000, {Category.FORWARD: 300, Category.HOST_BOUND: 400, Category.OPTIMIZER: 300},
    path=PATH,
)  # fmt: skip
KERNELS = Signature((Category.FORWARD, KernelClass.GEMM), (), (), "")
MAY_FREE = dataclasses.replace(KERNELS, may_fall=(Category.HOST_BOUND,))
FREES = dataclasses.replace(KERNELS, falls=(KernelClass.GEMM, Category.HOST_BOUND))
UPDATES = dataclasses.replace(KERNELS, falls=(Category.OPTIMIZER,))


@pytest.fixture
def plugged_in(monkeypatch):
    """Install a technique of a plug-in that knows nothing of paths."""

    def install(low_ns, high_ns, signature):
        made = dataclasses.replace(
            registry.load("amp"),
            name="zebra",
            signature=signature,
            obstacle=lambda _options, _machine: None,
            predict=lambda _options, _evidence: Prediction(low_ns, high_ns, "stripes"),
        )
        monkeypatch.setitem(sys.modules, "extra_zebra", types.SimpleNamespace(TECHNIQUE=made))
        point = EntryPoint("zebra", "extra_zebra:TECHNIQUE", registry.GROUP)
        monkeypatch.setattr(registry, "_plug_ins", lambda: {"zebra": point})

    return install


@pytest.mark.parametrize(
    ("signature", "high_ns"),
    [
        (KERNELS, 100 + 60 + 7 + 3),  # all kernels on the path, and what launches them
        (MAY_FREE, 500),
        (FREES, 500),
        (UPDATES, 500),
    ],
)
def test_a_plug_in_that_shortens_kernels_alone_is_held_to_the_path(plugged_in, signature, high_ns):
    plugged_in(-20, 500, signature)
    told = predict("zebra", AmpOptions(), STEP)
    assert (told.low_ns, told.high_ns, told.off_path_ns) == (-20, high_ns, 500 - high_ns)
    less = "; 33.0 % of the step less than that, as only what it shortens on the critical path"
    assert told.basis.startswith(f"stripes{less}" if high_ns < 500 else "stripes")
    without = predict("zebra", AmpOptions(), dataclasses.replace(STEP, path=None))
    assert (without.high_ns, without.basis, without.off_path_ns) == (500, "stripes", None)


def test_what_other_processes_and_the_profiler_hide_is_added(plugged_in):
    plugged_in(0, 500, KERNELS)
    device_ns = {**PATH.device_ns, Category.COMMUNICATION: 50}
    path = dataclasses.replace(PATH, device_ns=device_ns, inflation_ns=11)
    told = predict("zebra", AmpOptions(), dataclasses.replace(STEP, path=path))
    assert told.high_ns == 170 + 50 + 11
    assert told.basis.endswith("and what the profiler may have pushed off it by slowing the host")


def test_bounds_stay_in_order(plugged_in):
    plugged_in(400, 500, KERNELS)
    told = predict("zebra", AmpOptions(), STEP)
    assert (told.low_ns, told.high_ns) == (170, 170)


@pytest.mark.parametrize(
    ("waits", "high_ns"),
    [
        # The update on the device and on the host, what is in no phase, and the queue.
        ((), 60 + 100 + 20 + 3),
        (("sync", "forward"), 60 + 100 + 20 + 3),
        # The host may run ahead of the device as the wait goes: all idle time and the update.
        (("optimizer",), 400 + 300),
        (("unattributed",), 400 + 300),
    ],
)
def test_a_wait_that_goes_breaks_the_chain(waits, high_ns):
    path = dataclasses.replace(PATH, waits=frozenset(waits))
    technique = registry.load("fused_optimizer")
    told = technique.predict(technique.options(), dataclasses.replace(STEP, path=path))
    assert told.high_ns == high_ns


def test_collectives_on_the_path_are_named_where_they_count():
    device_ns = {**PATH.device_ns, Category.COMMUNICATION: 50}
    communicating = dataclasses.replace(PATH, device_ns=device_ns)
    for name in ("fused_optimizer", "pin_memory", "set_to_none"):
        technique = registry.load(name)
        spent = {**STEP.category_ns, Category.H2D_COPY: 30, Category.ZERO_GRAD: 9}
        for path, named in ((PATH, False), (communicating, True)):
            evidence = dataclasses.replace(STEP, category_ns=spent, path=path)
            told = technique.predict(technique.options(), evidence)
            assert (", with collectives, which may wait" in told.basis) is named


def test_a_device_idles_whatever_for():
    idle_ns = {
        Category.DATA_LOADING: 1, Category.HOST_BOUND: 2, Category.QUEUED: 4, Category.SYNC: 8,
    }  # fmt: skip
    assert Evidence("cuda", 100, {**idle_ns, Category.FORWARD: 85}).idle() == 15


def test_a_device_that_idles_for_no_known_reason_may_wait_for_the_host():
    path = dataclasses.replace(PATH, unknown_ns=50, host_ns={"backward": 900})
    technique = registry.load("cuda_graphs")
    told = technique.predict(technique.options(), dataclasses.replace(STEP, path=path))
    assert told.high_ns == 400 + 50


def test_the_wait_for_a_copy_goes_with_pinned_memory_alone():
    spent = {**STEP.category_ns, Category.H2D_COPY: 30, Category.DATA_LOADING: 40}
    base = dataclasses.replace(
        STEP, category_ns=spent, step_ns=1070, baseline=Baseline("cuda", workers=2)
    )
    path = dataclasses.replace(PATH, host_ns={**PATH.host_ns, "data_loading": 40})
    held_up = dataclasses.replace(path, waits_for_copies=True)
    options = registry.load("pin_memory").options()

    def high_ns(path, **changes):
        chosen = dataclasses.replace(options, **changes)
        evidence = dataclasses.replace(base, path=path)
        return registry.load("pin_memory").predict(chosen, evidence).high_ns

    # Loading and unpickling, the copy, what is in no phase, the queue.
    assert high_ns(path) == 40 + 30 + 20 + 3
    assert high_ns(held_up) == 30 + 400 + 40
    assert high_ns(held_up, non_blocking=False) == 40 + 30 + 20 + 3
    # The training process loads by itself: nobody takes that from it.
    alone = dataclasses.replace(base, baseline=Baseline("cuda", workers=0), path=held_up)
    chosen = dataclasses.replace(options, non_blocking=False)
    assert registry.load("pin_memory").predict(chosen, alone).high_ns == 30 + 20 + 3


def test_pinned_memory_may_lower_loading():
    """So a loader that sets the pace is no reason why it cannot help."""
    signature = registry.load("pin_memory").signature
    assert signature.may_fall == (Category.DATA_LOADING,)
    loads = Evidence("cuda", 1000, {Category.DATA_LOADING: 900}, baseline=Baseline("cuda", 2))
    assert loading_decides(loads, signature, Bounds(0, 10, ""), 1) is None
    assert "loading decides" in loading_decides(loads, KERNELS, Bounds(0, 10, ""), 1)


ON_PATH = OnPath(
    device_ns={"forward": 10 * MS},
    kernel_ns={"gemm": 6 * MS, "conv": 4 * MS},
    kernel_precision_ns={"gemm": {"float32": 1 * MS, "unknown": 5 * MS}, "conv": {"tf32": 4 * MS}},
    host_ns={"forward": 80 * MS},
    launch_ns={"gemm": 2 * MS},
    sync_ns=3 * MS,
    queued_ns=5 * MS,
    unknown_ns=2 * MS,
    waits={"sync": 1},
)


def traced_run(timed_ms, host_events, traced_ms=100.0):
    traced = breakdown(traced_ms, forward=0.3, backward=0.3, host_bound=0.4)
    traced = msgspec.structs.replace(
        traced, host_events=host_events, kernel_ns={"gemm": 30 * MS, "conv": 10 * MS}
    )
    return run(
        variant("baseline", [timed_ms] * 3, breakdown=traced, on_path=ON_PATH),
        environment=msgspec.structs.replace(GPU, tf32=True),
    )


@pytest.mark.parametrize(
    ("timed_ms", "host_events", "inflation_ms"),
    [
        # 5 us for each of 1000 events, and 5 % of the timed step, beyond what it is shorter by.
        (98.0, 1000, 5 + 4.9 - 2),
        # A timed step that is no shorter than the traced one.
        (101.0, 1000, 5 + 5.05),
        # No more than all of the traced step that is no work of the device.
        (95.0, 100_000, 90 - 5),
        (100.0, 0, 5),
    ],
)
def test_what_the_profiler_may_have_pushed_off_the_path(timed_ms, host_events, inflation_ms):
    found = traced_run(timed_ms, host_events)
    baseline = found.variants[0]
    path = path_of_run(baseline, found, agreement(baseline))
    assert path.inflation_ns == pytest.approx(inflation_ms * MS)
    assert path == evidence_of(found, baseline, None).path


def test_a_run_tells_its_path_in_the_precisions_that_its_settings_give():
    found = traced_run(100.0, 1000)
    path = evidence_of(found, found.variants[0], None).path
    assert path.device(Category.FORWARD) == 10 * MS
    # By torch's defaults products of unknown precision are of float32.
    assert path.matrix_ns == {
        KernelClass.GEMM: {Precision.FLOAT32: 6 * MS},
        KernelClass.CONV: {Precision.TF32: 4 * MS},
    }
    # Before what the trace does not hold the launch of, the host may be at anything.
    assert path.host(Phase.FORWARD) == 80 * MS + 2 * MS
    assert (path.launching(KernelClass.GEMM), path.queued_ns, path.sync_ns) == (
        2 * MS, 5 * MS, 3 * MS,
    )  # fmt: skip
    assert (path.waits, path.waits_for_copies) == (frozenset({"sync"}), False)


@pytest.mark.parametrize("timed_ms", [50.0, 200.0])
def test_a_trace_of_other_work_tells_no_path(timed_ms):
    found = traced_run(timed_ms, 10)
    assert agreement(found.variants[0]).finding in ("longer", "shorter")
    assert evidence_of(found, found.variants[0], None).path is None


def test_a_record_keeps_what_lies_on_the_path_and_an_old_one_has_none():
    baseline = traced_run(100.0, 10).variants[0]
    kept = msgspec.json.decode(msgspec.json.encode(baseline), type=VariantRecord)
    assert kept.on_path == ON_PATH
    old = msgspec.structs.replace(baseline, on_path=None)
    found = run(old, environment=GPU)
    assert evidence_of(found, found.variants[0], None).path is None


def test_a_copy_waited_for_while_copying_is_one_whatever_ended_then():
    waits = msgspec.structs.replace(ON_PATH, waits={"h2d_copy": 2})
    assert path_of_trace(waits).waits_for_copies
    assert path_of_trace(msgspec.structs.replace(ON_PATH, copies_waited_for=1)).waits_for_copies


def test_an_explanation_says_what_the_path_left_to_save():
    found = traced_run(100.0, 0)
    tuned = variant("amp", [100.0] * 3, breakdown=found.variants[0].breakdown)
    compared = run(found.variants[0], tuned, environment=found.environment)
    (amp,) = explain(compared, None).techniques
    # On the path 6 ms of float32 and 4 ms of TF32, and 5 ms that windows differ by, for 8 samples.
    assert amp.bounds.high_ns == round((6 + 4 + 5) * MS / 8)
    assert "it could not have saved more than 1.875 ms of 12.50 ms per sample" in amp.reason
    assert "25.0 % of the step less than that, as only what it shortens on" in amp.reason
