"""Bounds by the critical path, against pipelines whose true saving is known.

Each pipeline is run, written as a trace, and read back by the analysis: what a technique is told
of the path is what the path really is.
"""

import dataclasses
import random

import pytest

from annt_prof.analysis.breakdown.accounting import break_down
from annt_prof.analysis.path.path_time import time_on_path
from annt_prof.analysis.timeline.timeline import Timeline
from annt_prof.categories import Category, Phase
from annt_prof.explain.agreement import agreement
from annt_prof.explain.prediction import NoBounds, predict
from annt_prof.explain.prediction import evidence_of as run_evidence
from annt_prof.explain.trace_evidence import evidence_of_trace
from annt_prof.techniques import registry
from annt_prof.techniques.evidence import Baseline
from annt_prof.techniques.shipped.pin_memory import PinMemoryOptions
from annt_prof.testing import TraceBuilder
from annt_prof.trace.reading import read
from hand_made import GPU, MS, run, variant
from pipeline import Kernel, Pipeline

ITERATIONS = 6
US = 1000
PRODUCT = "ampere_sgemm_128x64_nn"
ELEMENTWISE = (
    "void at::native::vectorized_elementwise_kernel<4, at::native::CUDAFunctor_add<float>, "
    "std::array<char*, 1ul> >(int, at::native::CUDAFunctor_add<float>, std::array<char*, 1ul>)"
)
UPDATE = "void at::native::(anonymous namespace)::multi_tensor_apply_kernel<adam>(int)"


def name_of(place, phase):
    if phase is Phase.OPTIMIZER:
        return UPDATE
    return ELEMENTWISE if place % 2 else PRODUCT


def traced(base, path):
    """Write what the pipeline did as a trace of one step."""
    line = base.run(ITERATIONS)
    builder = TraceBuilder().step(0, line.now_ns)
    for number, (start_ns, end_ns, phase) in enumerate(line.did):
        last = number == len(line.did) - 1
        if phase is Phase.SYNC:
            builder.runtime("cudaStreamSynchronize", start_ns, end_ns)
            phase = Phase.SYNC if last else Phase.H2D_COPY
        if end_ns > start_ns:
            builder.phase(phase, start_ns, end_ns)
    launches = iter(line.launched)
    place = 0
    for start_ns, end_ns, what in line.ran:
        launch_ns = next(launches) - 1  # the call is the last thing that its phase does
        if what is Category.H2D_COPY:
            builder.copy("HtoD", start_ns, end_ns, launch_ns=launch_ns)
            place = 0
        else:
            name = name_of(place, Phase(what.value))
            builder.kernel(name, start_ns, end_ns, launch_ns=launch_ns)
            place += 1
    return read(builder.write(path / "trace.json"))


def evidence_of(base, path, workers=0):
    return dataclasses.replace(
        evidence_of_trace(traced(base, path)), baseline=Baseline("cuda", workers=workers)
    )


def each_kernel(base, change):
    return dataclasses.replace(
        base, kernels=[change(place, kernel) for place, kernel in enumerate(base.kernels)]
    )


def halved(base):
    """Products take no time at all, and what moves bytes half of it."""

    def change(place, kernel):
        if kernel.phase is Phase.OPTIMIZER:
            return kernel
        return kernel._replace(run_ns=kernel.run_ns // 2 if place % 2 else 0)

    return each_kernel(base, change)


def fused(base):
    """Elementwise kernels vanish, and the passes launch in no time."""

    def change(place, kernel):
        if kernel.phase is Phase.OPTIMIZER:
            return kernel
        return kernel._replace(launch_ns=0, run_ns=0 if place % 2 else kernel.run_ns)

    return each_kernel(base, change)


def updated_at_once(base):
    def change(_place, kernel):
        return kernel._replace(launch_ns=0, run_ns=0) if kernel.phase is Phase.OPTIMIZER else kernel

    return each_kernel(base, change)


def captured(base):
    def change(_place, kernel):
        return kernel if kernel.phase is Phase.OPTIMIZER else kernel._replace(launch_ns=0)

    return each_kernel(base, change)


def pinned(base):
    return dataclasses.replace(base, blocking=False, staging_ns=0)


def prefetched(base):
    return dataclasses.replace(pinned(base), ahead=True)


def pinned_and_blocking(base):
    return dataclasses.replace(base, copy_ns=base.copy_ns // 4, staging_ns=0)


def augmented(base):
    return dataclasses.replace(
        base, loads_ns=[ns // 5 for ns in base.loads_ns], copy_ns=base.copy_ns // 4
    )


def on_device(base):
    return dataclasses.replace(pinned(base), loads_ns=[0], copy_ns=0)


def loaded_ahead(base):
    return dataclasses.replace(base, loads_ns=[0])


EDITS = {
    "amp": halved,
    "compile": fused,
    "fused_optimizer": updated_at_once,
    "cuda_graphs": captured,
    "pin_memory": pinned,
    "pin_memory, blocking": pinned_and_blocking,
    "device_prefetch": prefetched,
    "gpu_augmentation": augmented,
    "dataset_on_device": on_device,
    "dataloader_workers": loaded_ahead,
}


def drawn(seed):
    """A pipeline at random: launches, kernels and loading each from negligible to dominant."""
    generator = random.Random(seed)

    def size(most_us):
        return 1 + round(generator.random() ** 3 * most_us * US)

    launch_us, run_us, load_us = (generator.choice((5, 50, 500)) for _ in range(3))
    phases = (Phase.FORWARD,) * 3 + (Phase.BACKWARD,) * 3 + (Phase.OPTIMIZER,)
    kernels = [Kernel(size(launch_us), size(run_us), phase) for phase in phases]
    loads = [size(7 * load_us) for _ in range(generator.choice((1, 4)))]
    return Pipeline(
        loads, size(generator.choice((50, 1000))), size(50), kernels,
        blocking=generator.random() < 0.5,
    )  # fmt: skip


def saving_ns(base, edit):
    return base.run(ITERATIONS).now_ns - edit(base).run(ITERATIONS).now_ns


@pytest.mark.parametrize("name", EDITS)
def test_no_pipeline_saves_more_than_its_path_allows(name, tmp_path):
    technique = name.split(",")[0]
    options = registry.load(technique).options()
    if technique != name:
        options = PinMemoryOptions(non_blocking=False)
    for seed in range(40):
        base = drawn(seed)
        told = predict(technique, options, evidence_of(base, tmp_path))
        if isinstance(told, NoBounds):
            continue
        assert saving_ns(base, EDITS[name]) <= told.high_ns + 2 * ITERATIONS, seed


def slowed(base, ns):
    """Add what a profiler costs to each launch and each batch."""
    return dataclasses.replace(
        each_kernel(base, lambda _, kernel: kernel._replace(launch_ns=kernel.launch_ns + ns)),
        loads_ns=[load_ns + ns for load_ns in base.loads_ns],
    )


def measured(base, profiled, path):
    """A run whose timed windows are of one pipeline, and whose trace is of the other."""
    timeline = Timeline(traced(profiled, path))
    step_ms = base.run(ITERATIONS).now_ns / MS
    return run(
        variant(
            "baseline",
            [step_ms] * 3,
            breakdown=break_down(timeline).mean,
            on_path=time_on_path(timeline),
        ),
        environment=GPU,
    )


@pytest.mark.parametrize("name", ["amp", "compile", "fused_optimizer", "cuda_graphs"])
def test_what_the_profiler_adds_widens_the_bound(name, tmp_path):
    """Each piece of the host's work has two events or more, of up to 5 us each."""
    generator = random.Random(7)
    for seed in range(40):
        base = drawn(seed)
        found = measured(base, slowed(base, generator.randrange(10 * US)), tmp_path)
        evidence = run_evidence(found, found.variants[0], None)
        told = predict(name, registry.load(name).options(), evidence)
        if isinstance(told, NoBounds):
            continue
        assert saving_ns(base, EDITS[name]) <= told.high_ns + 2 * ITERATIONS, seed


def test_a_step_that_only_the_profiler_makes_host_bound(tmp_path):
    """Kernels of 100 us, launched every 92 us: faster ones save 8 us each, as the host allows.

    In the trace a launch takes longer than a kernel, and the host alone seems to decide.
    """
    base = Pipeline(
        loads_ns=[1], copy_ns=1, staging_ns=1, blocking=False,
        kernels=[Kernel(92 * US, 100 * US, Phase.FORWARD) for _ in range(10)],
    )  # fmt: skip
    found = measured(base, slowed(base, 9 * US), tmp_path)
    evidence = run_evidence(found, found.variants[0], None)
    assert evidence.path.inflation_ns > 0
    saved_ns = saving_ns(base, halved)
    assert saved_ns > 7 * US * 10 * ITERATIONS
    amp = registry.load("amp")
    assert predict("amp", amp.options(), evidence).high_ns >= saved_ns
    unwidened = dataclasses.replace(evidence.path, inflation_ns=0)
    found_ns = predict("amp", amp.options(), dataclasses.replace(evidence, path=unwidened)).high_ns
    assert found_ns < saved_ns


def test_a_trace_of_other_work_tells_nothing_of_the_path(tmp_path):
    base = drawn(3)
    for factor in (0.5, 40):
        kernels = [k._replace(run_ns=round(k.run_ns * factor)) for k in base.kernels]
        copy_ns = round(base.copy_ns * factor)
        other = dataclasses.replace(base, kernels=kernels, copy_ns=copy_ns)
        found = measured(base, other, tmp_path)
        compared = agreement(found.variants[0])
        assert compared.finding in ("longer", "shorter")
        assert run_evidence(found, found.variants[0], None).path is None
