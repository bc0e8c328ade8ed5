"""Memory over the steps, by hand and on recorded traces."""

import json

import pytest

from annt_prof.analysis.analysis import analyze
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


def without(keys, folder, of=bool):
    """Write two steps on a device and the host, with keys left out of some of the events."""
    content = json.loads(two_steps().allocation(20, 64, 64, on_host=True, address=9).json())
    events = [event for event in content["traceEvents"] if event.get("name") == "[memory]"]
    changed = [event["args"] for event in events if of(event["args"])]
    assert changed
    for told in changed:
        for key in keys:
            del told[key]
    path = folder / "trace.json"
    path.write_text(json.dumps(content))
    return analyze(read(path), accelerator=False)


ON_DEVICE = {"Device Type": 1}.items()


def test_totals_that_old_versions_do_not_write_are_no_memory_of_minus_1(tmp_path):
    found = without(["Total Allocated", "Total Reserved", "Addr"], tmp_path)
    assert found.memory is None
    assert "the memory of cuda:0, cpu is left out" in found.not_measured["memory"]
    assert found.remarks == ()


@pytest.mark.parametrize(
    ("key", "of"),
    [
        ("Total Allocated", lambda told: told.items() >= ON_DEVICE),
        ("Total Allocated", lambda told: told["Total Allocated"] == 1750),
        ("Bytes", lambda told: told["Total Allocated"] == 1750),
    ],
    ids=["none of a device", "not the peak", "not how much"],
)
def test_a_device_of_which_an_event_does_not_tell_has_no_peak(key, of, tmp_path):
    found = without([key], tmp_path, of)
    assert [use.device for use in found.memory] == ["cpu"]
    assert [remark for remark in found.remarks if "the memory of cuda:0 is left out" in remark]
    assert "memory" not in found.not_measured


def test_an_event_of_no_device_may_be_of_any(tmp_path):
    found = without(["Device Type"], tmp_path, lambda told: told["Total Allocated"] == 1750)
    assert found.memory is None
    assert "tells its device" in found.not_measured["memory"]


def test_the_peak_is_known_without_what_is_reserved(tmp_path):
    found = without(["Total Reserved"], tmp_path, lambda told: told["Total Allocated"] == 1050)
    assert (found.memory[0].peak_bytes, found.memory[0].peak_reserved_bytes) == (1750, None)
    assert found.not_measured["memory.peak_reserved_bytes"]


def test_who_held_the_peak_is_not_known_without_addresses(tmp_path):
    found = without(["Addr"], tmp_path, lambda told: told["Total Allocated"] == 1600)
    device, host = found.memory
    assert (device.peak_bytes, device.holders) == (1750, None)
    assert host.holders
    assert found.not_measured["memory.holders"]
    after_the_peak = without(["Addr"], tmp_path, lambda told: told["Total Allocated"] == 1050)
    assert after_the_peak.memory[0].holders


def test_nor_where_an_earlier_event_does_not_tell_its_size(tmp_path):
    builder = two_steps().step(-100, -50).allocation(-60, 10, 10, address=7)
    path = tmp_path / "trace.json"
    content = json.loads(builder.json())
    early = [event for event in content["traceEvents"] if event.get("args", {}).get("Bytes") == 10]
    early[0]["args"]["Bytes"] = None
    path.write_text(json.dumps(content))
    (use,) = memory_use(Timeline(read(path), slice(1, None)), 10)
    assert (use.peak_bytes, use.holders) == (1750, None)


def test_a_single_byte_that_is_freed_is_not_a_size_that_is_missing(tmp_path):
    builder = TraceBuilder().step(0, 100).allocation(10, 1, 1, on_host=True, address=5)
    builder.allocation(20, 2, 3, on_host=True, address=6)
    builder.allocation(30, -1, 2, on_host=True, address=5)
    builder.allocation(40, 8, 10, on_host=True, address=7)
    (use,) = used_in(builder, tmp_path)
    assert (use.peak_bytes, [holder.bytes for holder in use.holders]) == (10, [10])


@pytest.mark.parametrize("name", ["h100-vit-inference-1step", "v100-allreduce-5steps"])
def test_recorded_peaks_are_held_by_someone(name, real_trace):
    uses = memory_use(Timeline(read(real_trace(name))), 10**6)
    gpu = uses[0]
    assert gpu.device.startswith("cuda")
    assert gpu.peak_bytes == max(step.peak_bytes for step in gpu.steps)
    assert sum(holder.bytes for holder in gpu.holders) == gpu.peak_bytes
    assert gpu.peak_bytes <= gpu.peak_reserved_bytes
