"""What lies on the critical path, added up per step by kind of work."""

from annt_prof.analysis.path.critical_path import critical_path
from annt_prof.analysis.path.on_path import OnPath
from annt_prof.analysis.path.path_time import time_on_path
from annt_prof.analysis.timeline.timeline import Timeline
from annt_prof.categories import Phase
from annt_prof.testing import TraceBuilder
from annt_prof.trace.reading import read

PRODUCT, HALF = "ampere_sgemm_128x64_nn", "ampere_fp16_s16816gemm_fp16_128x64_ldg8_nn"


def timeline_of(builder, folder):
    return Timeline(read(builder.write(folder / "trace.json")))


def on_path(builder, folder):
    timeline = timeline_of(builder, folder)
    told = time_on_path(timeline)
    steps = critical_path(timeline, 0).steps
    parts = (told.device_ns, told.host_ns)
    whole_ns = sum(sum(part.values()) for part in parts)
    whole_ns += told.sync_ns + told.queued_ns + told.unknown_ns
    assert 0 <= whole_ns - sum(step.wall_ns for step in steps) / len(steps) < 20
    return told


def test_a_chain_over_the_device_is_told_by_class_precision_and_category(tmp_path):
    builder = TraceBuilder().step(0, 1000).phase(Phase.FORWARD, 0, 100)
    builder.phase(Phase.BACKWARD, 100, 200).phase(Phase.SYNC, 200, 1000)
    builder.kernel(PRODUCT, 20, 220, launch_ns=10).kernel(HALF, 225, 525, launch_ns=60)
    builder.kernel("multi_tensor_apply_kernel<adam>", 525, 925, launch_ns=150)
    builder.runtime("cudaStreamSynchronize", 200, 930)
    assert on_path(builder, tmp_path) == OnPath(
        device_ns={"forward": 500, "backward": 400},
        kernel_ns={"gemm": 500, "optimizer": 400},
        kernel_precision_ns={"gemm": {"float32": 200, "float16": 300}},
        host_ns={"forward": 20, "sync": 70},
        launch_ns={},
        sync_ns=5,
        queued_ns=5,
        waits={"sync": 1},
    )


def test_the_hosts_part_is_told_by_phase_and_inside_launches_by_what_they_launch(tmp_path):
    builder = TraceBuilder().step(0, 1000).phase(Phase.FORWARD, 0, 400)
    builder.runtime("cudaLaunchKernel", 100, 130, correlation=1)
    builder.event("kernel", PRODUCT, 140, 150, pid=0, tid=7,
                  args={"device": 0, "stream": 7, "correlation": 1})  # fmt: skip
    assert on_path(builder, tmp_path) == OnPath(
        device_ns={},
        kernel_ns={},
        kernel_precision_ns={},
        host_ns={"forward": 400, "unattributed": 600},
        launch_ns={"gemm": 30},
    )


def test_a_wait_for_a_batch_is_told_from_other_waits(tmp_path):
    """The loss is read in no phase, then a copy of the next batch holds the host up."""
    builder = TraceBuilder().step(0, 1000).kernel(PRODUCT, 20, 220, launch_ns=10)
    builder.copy("DtoH", 220, 230, launch_ns=30).runtime("cudaStreamSynchronize", 40, 240)
    builder.copy("HtoD", 310, 410, launch_ns=300).runtime("cudaStreamSynchronize", 305, 420)
    told = on_path(builder, tmp_path)
    assert (told.waits, told.copies_waited_for) == ({"unattributed": 1}, 1)
    # What comes from the host is no kernel's.
    assert told.device_ns == {"unattributed": 200, "other_copy": 10, "h2d_copy": 100}
    assert told.kernel_ns == {"gemm": 200, "memory": 10}
    assert told.sync_ns == 10 + 10


def test_a_mean_is_no_smaller_than_what_it_is_of(tmp_path):
    builder = TraceBuilder().step(0, 500).step(500, 1000).phase(Phase.FORWARD, 0, 1000)
    builder.kernel(PRODUCT, 101, 200, launch_ns=100).runtime("cudaStreamSynchronize", 150, 200)
    assert on_path(builder, tmp_path).kernel_ns == {"gemm": 50}


def test_without_a_device_there_is_no_path(tmp_path):
    builder = TraceBuilder().step(0, 1000).phase(Phase.FORWARD, 0, 1000)
    assert time_on_path(timeline_of(builder, tmp_path)) is None


def test_a_collective_of_the_host_is_communication_and_no_work_of_its_phase(tmp_path):
    builder = TraceBuilder(world_size=2, backend="gloo").step(0, 1000)
    builder.phase(Phase.BACKWARD, 0, 1000).kernel(PRODUCT, 20, 220, launch_ns=10)
    builder.operator("gloo:all_reduce", 300, 700, thread=300)
    builder.operator("aten::add", 990, 1000)
    told = on_path(builder, tmp_path)
    assert told.device_ns == {"communication": 400}
    assert told.host_ns == {"backward": 600}
