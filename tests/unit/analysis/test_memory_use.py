"""Memory over the steps, by hand and on recorded traces."""

import pytest

from annt_prof.analysis.tables.memory_use import BEFORE, NO_OPERATOR, memory_use
from annt_prof.analysis.timeline.timeline import Timeline
from annt_prof.categories import Phase
from annt_prof.testing import AUTOGRAD_THREAD, TraceBuilder
from annt_prof.trace.reading import read


def used_in(builder, folder, top=10):
    return memory_use(Timeline(read(builder.write(folder / "trace.json"))), top)


def two_steps():
    """1000 bytes are there before; the peak of 1750 is in the backward pass of the first step."""
    return (
        TraceBuilder()
        .step(0, 100)
        .step(100, 200)
        .phase(Phase.FORWARD, 0, 50)
        .phase(Phase.BACKWARD, 50, 90)
        .operator("aten::linear", 5, 30)
        .operator("aten::addmm", 10, 20)
        .operator("aten::mm", 55, 65, thread=AUTOGRAD_THREAD)
        .allocation(12, 500, 1500, address=1, reserved=4000)
        .allocation(25, 100, 1600, address=2, reserved=4000)
        .allocation(40, -100, 1500, address=2, reserved=4000)
        .allocation(60, 200, 1700, address=3, thread=AUTOGRAD_THREAD, reserved=5000)
        .allocation(70, 50, 1750, address=2, reserved=5000)
        .allocation(110, -700, 1050, address=1, reserved=3000)
    )


def test_the_peak_and_who_held_it(tmp_path):
    (use,) = used_in(two_steps(), tmp_path)
    assert (use.device, use.peak_bytes, use.peak_ns) == ("cuda:0", 1750, 70)
    assert (use.peak_step, use.peak_phase) == ("ProfilerStep#0", "backward")
    assert use.peak_reserved_bytes == 5000
    held = {holder.operator: (holder.bytes, holder.count) for holder in use.holders}
    assert held == {
        BEFORE: (1000, None), "aten::addmm": (500, 1), "aten::mm": (200, 1), NO_OPERATOR: (50, 1),
    }  # fmt: skip
    assert [holder.bytes for holder in use.holders] == [1000, 500, 200, 50]
    assert sum(holder.bytes for holder in use.holders) == use.peak_bytes


def test_each_step_alone(tmp_path):
    (use,) = used_in(two_steps(), tmp_path)
    first, second = use.steps
    assert (first.num_allocations, first.peak_bytes, first.end_bytes) == (4, 1750, 1750)
    assert (second.num_allocations, second.peak_bytes, second.end_bytes) == (0, 1050, 1050)


def test_a_step_without_allocations_has_no_peak(tmp_path):
    (use,) = used_in(two_steps().step(200, 300), tmp_path)
    assert (use.steps[2].num_allocations, use.steps[2].peak_bytes) == (0, None)


def test_devices_are_apart_and_accelerators_first(tmp_path):
    builder = two_steps().allocation(20, 64, 64, on_host=True)
    gpu, host = used_in(builder, tmp_path)
    assert (gpu.device, host.device) == ("cuda:0", "cpu")
    assert host.peak_reserved_bytes is None
    assert host.holders[0].operator == "aten::linear"


def test_not_recorded_is_none(tmp_path):
    assert used_in(TraceBuilder().step(0, 100).kernel("gemm", 0, 10), tmp_path) is None
    outside = TraceBuilder().step(0, 100).kernel("gemm", 0, 10).allocation(500, 10, 10)
    assert used_in(outside, tmp_path) is None


@pytest.mark.parametrize("name", ["h100-vit-inference-1step", "v100-allreduce-5steps"])
def test_recorded_peaks_are_held_by_someone(name, real_trace):
    uses = memory_use(Timeline(read(real_trace(name))), 10**6)
    gpu = uses[0]
    assert gpu.device.startswith("cuda")
    assert gpu.peak_bytes == max(step.peak_bytes for step in gpu.steps)
    assert sum(holder.bytes for holder in gpu.holders) == gpu.peak_bytes
    assert gpu.peak_bytes <= gpu.peak_reserved_bytes
