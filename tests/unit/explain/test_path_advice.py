"""What `advise` promises beside the critical path: never more than what it allows.

The situations are those of public questions why mixed precision is no faster: a small network that
leaves the device idle (NVIDIA/apex 297), a loader that sets the pace (RangiLyu/nanodet 506),
products that ran in TF32 before (pytorch/pytorch 57806), and gradients that are waited for
(Lightning-AI/pytorch-lightning 2699).
"""

import dataclasses
from pathlib import Path

import pytest

from annt_prof.analysis.path.critical_path import critical_path
from annt_prof.analysis.timeline.timeline import Timeline
from annt_prof.categories import Category, KernelClass, Phase
from annt_prof.explain.advice import advise, machine_of_trace
from annt_prof.explain.trace_evidence import evidence_of_trace
from annt_prof.machine.ceilings import Ceilings
from annt_prof.techniques import bounds, registry
from annt_prof.techniques.evidence import Evidence
from annt_prof.techniques.path_evidence import PathEvidence
from annt_prof.testing import TraceBuilder
from annt_prof.trace.reading import read

TRACES = Path(__file__).parents[4] / "shared" / "traces"
KEPT = Path(__file__).parents[2] / "fixtures" / "traces"
US = 1000
PRODUCT, IN_TF32 = "ampere_sgemm_128x64_nn", "cutlass_80_tensorop_s1688tf32gemm_256x128_16x3_nn"
ELEMENTWISE = (
    "void at::native::vectorized_elementwise_kernel<4, at::native::CUDAFunctor_add<float>, "
    "std::array<char*, 1ul> >(int, at::native::CUDAFunctor_add<float>, std::array<char*, 1ul>)"
)
ALL_REDUCE = "ncclDevKernel_AllReduce_Sum_f32_RING_LL(ncclDevKernelArgsStorage<4096ul>)"


class Steps(TraceBuilder):
    """A trace whose times are given in microseconds."""

    def span(self, phase, start_us, end_us):
        return self.phase(phase, start_us * US, end_us * US)

    def run(self, name, start_us, end_us, launched_us, **where):
        return self.kernel(name, start_us * US, end_us * US, launch_ns=launched_us * US, **where)

    def wait(self, start_us, end_us):
        return self.runtime("cudaStreamSynchronize", start_us * US, end_us * US)


def host_bound():
    """The host launches a kernel of 20 us every 100 us, and never waits."""
    builder = Steps().step(0, 1000 * US)
    builder.span(Phase.FORWARD, 0, 400).span(Phase.BACKWARD, 400, 900)
    builder.span(Phase.OPTIMIZER, 900, 1000)
    for number in range(9):
        name = ELEMENTWISE if number % 2 else PRODUCT
        at_us = 90 + 100 * number
        builder.run(name, at_us + 5, at_us + 25, at_us)
    return builder


def device_bound(product=PRODUCT):
    """The device computes from 20 us on to the end, where the host waits for it."""
    builder = Steps().step(0, 1000 * US)
    builder.span(Phase.FORWARD, 0, 100).span(Phase.BACKWARD, 100, 200)
    builder.run(product, 20, 320, 10).run(ELEMENTWISE, 320, 520, 60)
    builder.run(product, 520, 820, 110).run(ELEMENTWISE, 820, 980, 160)
    return builder.span(Phase.SYNC, 200, 980).wait(200, 980)


def loader_bound():
    """600 us of loading, then 300 us of kernels whose loss is read before the next batch."""
    builder = Steps().step(0, 1000 * US).span(Phase.DATA_LOADING, 0, 600)
    builder.span(Phase.FORWARD, 600, 650).span(Phase.BACKWARD, 650, 700)
    builder.run(PRODUCT, 620, 720, 610).run(ELEMENTWISE, 720, 820, 640)
    builder.run(PRODUCT, 820, 920, 660)
    return builder.span(Phase.SYNC, 700, 930).wait(700, 930)


def communication_bound():
    """The update waits for gradients, whose two collectives other processes keep waiting.

    The second product, 200 us, runs beside the first of them and is not on the path.
    """
    builder = Steps(world_size=2).step(0, 1000 * US)
    builder.span(Phase.FORWARD, 0, 50).span(Phase.BACKWARD, 50, 100)
    builder.span(Phase.OPTIMIZER, 100, 150)
    builder.run(PRODUCT, 20, 120, 10).run(PRODUCT, 120, 320, 80)
    builder.runtime("cudaStreamWaitEvent", 65 * US, 66 * US)
    builder.run(ALL_REDUCE, 120, 520, 70, stream=20).run(ALL_REDUCE, 520, 920, 90, stream=20)
    builder.runtime("cudaStreamWaitEvent", 110 * US, 111 * US)
    builder.run("multi_tensor_apply_kernel<adam>", 920, 970, 120)
    return builder.span(Phase.SYNC, 150, 970).wait(150, 970)


MADE = {
    "host-bound": host_bound,
    "device-bound": device_bound,
    "loader-bound": loader_bound,
    "communication-bound": communication_bound,
}


def advised(builder, folder, **changes):
    trace = read(builder.write(folder / "trace.json"))
    evidence = dataclasses.replace(evidence_of_trace(trace), **changes)
    advice = advise(evidence, machine_of_trace(trace, evidence))
    return {technique.name: technique for technique in advice}


def at_most_us(builder, folder, name, **changes):
    return advised(builder, folder, **changes)[name].high_ns / US


def test_a_host_that_never_waits_gains_nothing_from_faster_kernels(tmp_path):
    advice = advised(host_bound(), tmp_path)
    for name in ("amp", "tf32"):
        assert advice[name].high_ns == 0
        assert "on the critical path can shorten the step" in advice[name].basis
    # Of 9 kernels of 20 us 5 are products, and 4 would halve.
    assert advice["amp"].off_path_ns == (5 * 20 + 4 * 10) * US
    assert advice["amp"].basis.count("14.0 % of the step less than that") == 1
    # It may save all that the host does in the passes, but for what the device needs.
    assert advice["cuda_graphs"].high_ns == (1000 - 9 * 20) * US
    assert advice["compile"].high_ns == (1000 - 5 * 20) * US
    assert advice["pin_memory"].high_ns == 0


def test_a_full_device_gains_what_its_kernels_may_lose(tmp_path):
    """600 us of products may go and 360 us that move bytes halve."""
    assert at_most_us(device_bound(), tmp_path, "amp") == 600 + 180
    assert at_most_us(device_bound(), tmp_path, "tf32") == 600
    # 20 us before the first kernel and 20 us after the last one.
    assert at_most_us(device_bound(), tmp_path, "cuda_graphs") == 40


def test_products_that_ran_in_tf32_before_gain_half_of_what_the_devices_rates_promise(tmp_path):
    rates = {"float32": 19.5e12, "tf32": 156e12, "float16": 312e12}
    ceilings = Ceilings(rates, 1.5e12, None, None, 2000.0)
    builder = device_bound(IN_TF32)
    assert at_most_us(builder, tmp_path, "amp", ceilings=ceilings) == 300 + 180
    assert at_most_us(builder, tmp_path, "tf32", ceilings=ceilings) == 0


def test_where_the_loader_sets_the_pace_kernels_gain_only_what_follows_it(tmp_path):
    assert at_most_us(loader_bound(), tmp_path, "amp") == 200 + 50
    # Loading, and what the host is at in no phase: 70 us after the wait.
    assert at_most_us(loader_bound(), tmp_path, "dataloader_workers") == 600 + 70


def test_a_collective_may_wait_for_kernels_that_run_elsewhere(tmp_path):
    """Of 300 us of products 100 are on the path, and collectives of 800 us, which may shrink."""
    trace = read(communication_bound().write(tmp_path / "trace.json"))
    path = evidence_of_trace(trace).path
    assert path.kernels(KernelClass.GEMM) == 100 * US
    assert path.device(Category.COMMUNICATION) == 800 * US
    assert at_most_us(communication_bound(), tmp_path, "amp") == 300


def copied_beside(start_us):
    """The host waits for a copy of 10 us on a stream of its own, launched at 60 us.

    Nothing tells that it waits for the product that runs from 20 to 320 us.
    """
    builder = Steps().step(0, 1000 * US).span(Phase.FORWARD, 0, 50).run(PRODUCT, 20, 320, 10)
    builder.copy("DtoH", start_us * US, (start_us + 10) * US, launch_ns=60 * US, stream=20)
    return builder.span(Phase.SYNC, 70, start_us + 15).wait(70, start_us + 15)


def test_what_is_queued_beside_a_busy_stream_may_wait_for_its_kernels(tmp_path):
    trace = read(copied_beside(360).write(tmp_path / "trace.json"))
    path = evidence_of_trace(trace).path
    assert path.kernels(KernelClass.GEMM) == 0
    # The launching call returns a little after 60 us; the 40 us after the product are idle.
    assert 250 * US < path.beside_busy_ns <= 260 * US
    assert 0 < path.queued_ns <= 40 * US
    # Without the product the copy begins at its launch; half of the copy counts as moved bytes.
    assert 250 <= at_most_us(copied_beside(360), tmp_path, "amp") <= 260 + 5


def test_what_begins_as_another_streams_kernel_ends_waited_for_it(tmp_path):
    trace = read(copied_beside(325).write(tmp_path / "trace.json"))
    assert evidence_of_trace(trace).path.kernels(KernelClass.GEMM) == 300 * US
    assert 290 <= at_most_us(copied_beside(325), tmp_path, "amp") <= 300 + 5


def launched_long_ago(start_us=920):
    """A kernel that waits for an event of another stream from 70 us on, while the device idles."""
    builder = Steps().step(0, 1000 * US).span(Phase.FORWARD, 0, 80).run(PRODUCT, 20, 50, 10)
    builder.runtime("cudaStreamWaitEvent", 60 * US, 62 * US)
    builder.run(ELEMENTWISE, start_us, start_us + 50, 70)
    return builder.span(Phase.SYNC, 80, start_us + 55).wait(80, start_us + 55)


@pytest.mark.parametrize("name", ["cuda_graphs", "compile", "pin_memory", "device_prefetch"])
def test_no_host_ends_a_wait_of_what_was_launched_long_ago(name, tmp_path):
    """About 850 us; beside these the host works for about 70 us and the rest after the wait."""
    told = advised(launched_long_ago(), tmp_path)[name]
    assert told.high_ns <= 200 * US


def test_idle_time_that_no_host_ends_is_left_out_where_the_path_does_not_bound():
    """850 of 900 us that the device is queued for are long waits; 40 us are bound by the host."""
    spent = {Category.HOST_BOUND: 40, Category.QUEUED: 900, Category.FORWARD: 60}
    path = PathEvidence(queued_ns=20)
    evidence = Evidence("cuda", 1000, spent, queued_long_ns=850, path=path)
    assert bounds.idle_ns(evidence) == 40 + 50
    assert "but for long waits" in bounds.idle(evidence)
    assert bounds.idle_ns(dataclasses.replace(evidence, queued_long_ns=0)) == 940


def test_the_devices_own_short_delays_may_go(tmp_path):
    """What replays a graph or fuses kernels spares some of them."""
    trace = read(launched_long_ago(90).write(tmp_path / "trace.json"))
    assert evidence_of_trace(trace).queued_long_ns == 0
    long = evidence_of_trace(read(launched_long_ago().write(tmp_path / "trace.json")))
    assert long.path.queued_ns == 20 * US
    assert long.queued_long_ns == long.time(Category.QUEUED) - 20 * US > 800 * US


def test_a_recording_of_the_device_alone_tells_nothing_of_launches(tmp_path):
    """A wait for the host that is not measured is none of 0 ms."""
    builder = TraceBuilder()
    builder.kernel(PRODUCT, 0, 400 * US, launch_ns=None)
    builder.kernel(ELEMENTWISE, 700 * US, 900 * US, launch_ns=None)
    advice = advised(builder, tmp_path)
    for name in ("compile", "cuda_graphs", "fused_optimizer", "dataloader_workers"):
        assert advice[name].high_ns is None
        assert advice[name].basis == "this step does not tell"
    assert advice["amp"].high_ns == 400 * US + 200 * US / 2
    # Any of these kernels may be of the passes, to which casts are added.
    assert advice["amp"].low_ns < 0


def device_on_path_ns(trace):
    """Return the device's time on the path, ns per step."""
    timeline = Timeline(trace)
    path = critical_path(timeline, 0)
    host = (Category.DATA_LOADING, Category.HOST_BOUND, Category.SYNC, Category.QUEUED)
    return sum(
        ns for step in path.steps for name, ns in step.on_path_ns.items() if name not in host
    ) / len(path.steps)


def agrees(trace):
    """Assert that what shortens kernels alone saves no more than the path has of kernels."""
    evidence = evidence_of_trace(trace)
    if evidence.path is None:
        return 0
    on_device_ns = device_on_path_ns(trace)
    beside_ns = evidence.path.beside_busy_ns  # may wait for kernels of another stream
    launching_ns = evidence.path.queued_ns + evidence.path.launching(*KernelClass)
    checked = 0
    for advice in advise(evidence, machine_of_trace(trace, evidence)):
        signature = registry.load(advice.name).signature
        if advice.high_ns is None or not signature.shortens_kernels_alone:
            continue
        replaces = advice.name in ("amp", "tf32", "sdpa")  # as many kernels as before
        allowed_ns = on_device_ns + beside_ns + (0 if replaces else launching_ns)
        assert advice.high_ns <= allowed_ns + 1, advice
        checked += 1
    return checked


@pytest.mark.parametrize("name", MADE)
def test_advice_and_path_agree(name, tmp_path):
    assert agrees(read(MADE[name]().write(tmp_path / "trace.json"))) >= 3


@pytest.mark.parametrize("path", sorted(KEPT.glob("*.json.gz")), ids=lambda path: path.name)
def test_advice_and_path_agree_on_runs_that_were_kept(path):
    assert agrees(read(path)) >= 3


def test_what_was_measured_to_save_nothing_is_promised_nothing():
    """ResNet50 on images of 32 px: the host sets the pace, and amp had no effect to be told."""
    trace = read(KEPT / "h100_baseline.json.gz")
    evidence = evidence_of_trace(trace)
    advice = {told.name: told for told in advise(evidence, machine_of_trace(trace, evidence))}
    assert advice["amp"].high_ns == 0
    assert advice["amp"].off_path_ns > 0.05 * evidence.step_ns


@pytest.mark.skipif(not TRACES.is_dir(), reason="no traces of real devices beside the checkout")
def test_advice_and_path_agree_on_real_devices():
    checked = [agrees(read(path)) for path in sorted(TRACES.glob("*.json.gz"))]
    assert sum(checked) > len(checked)
