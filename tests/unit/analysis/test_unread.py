"""Events of devices that are not known: read where kineto says what they are, else counted."""

import json

import pytest

from annt_prof.analysis.analysis import analyze
from annt_prof.analysis.breakdown.accounting import break_down
from annt_prof.analysis.timeline.timeline import Timeline
from annt_prof.categories import Category, Phase
from annt_prof.errors import UserError
from annt_prof.report.json.analysis import document
from annt_prof.testing import TraceBuilder
from annt_prof.trace.columns import Kind, Unread
from annt_prof.trace.reading import read
from annt_prof.views.analysis_view import build_analysis_view

US = 1000
STEP = 1000 * US


def three_steps(category, *, calls="mtia_runtime", args=None):
    """A device that is busy for 600 of 1000 us, launched from the forward pass of each step."""
    builder = TraceBuilder()
    for number in range(3):
        at = number * STEP
        builder.step(at, at + STEP).phase(Phase.FORWARD, at + 20 * US, at + 60 * US)
        identity = {"correlation": number + 1}
        if calls is not None:
            where = {"pid": 100, "tid": 100, "args": identity}
            builder.event(calls, "runFunction", at + 30 * US, at + 40 * US, **where)
        carried = {"stream": 1, **identity} if args is None else args
        where = {"pid": 9, "tid": 4, "args": carried}
        builder.event(category, "aten::mul.out", at + 200 * US, at + 800 * US, **where)
    return builder


@pytest.fixture
def read_back(tmp_path):
    def write_and_read(builder, *, devices=(), backend=None):
        content = json.loads(builder.json())
        if devices:
            content["deviceProperties"] = [{"id": 0, "name": name} for name in devices]
        if backend is not None:
            content["distributedInfo"] = {"backend": backend, "rank": 0, "world_size": 2}
        path = tmp_path / "trace.json"
        path.write_text(json.dumps(content))
        return read(path)

    return write_and_read


def test_the_device_events_of_mtia_are_its_work(read_back):
    mean = break_down(Timeline(read_back(three_steps("mtia_ccp_events"), devices=["MTIA"]))).mean
    assert mean.by_category_ns[Category.FORWARD] == 600 * US
    # The kernel was launched at 40 and began at 200: so long it was queued.
    assert mean.by_category_ns[Category.QUEUED] == 160 * US
    assert mean.by_category_ns[Category.HOST_BOUND] == 240 * US
    assert mean.by_category_ns[Category.UNATTRIBUTED] == 0


@pytest.mark.parametrize(
    ("category", "kind"),
    [
        ("mtia_runtime", Kind.RUNTIME), ("gcu_runtime", Kind.RUNTIME), ("musa_driver", Kind.DRIVER),
        ("gcu_memcpy", Kind.MEMCPY), ("GCU_MEMSET", Kind.MEMSET), ("mlu_sync", Kind.DEVICE_SYNC),
        ("gcu_user_annotation", Kind.DEVICE_ANNOTATION), ("hpu_op", Kind.OTHER),
        ("a_device_kernel", Kind.OTHER), ("runtimes", Kind.OTHER), ("", Kind.OTHER),
    ],
)  # fmt: skip
def test_what_kinetos_words_mean_for_one_device_they_mean_for_others(category, kind, read_back):
    events = read_back(three_steps(category)).events
    assert events.of_kind(kind).sum() >= 3


@pytest.mark.parametrize(
    ("category", "args", "named"),
    [
        pytest.param("npu_task", None, "3 events of 'npu_task' (1.800 ms)", id="stream"),
        pytest.param("", {"Physic Stream Id": 2, "Task Type": "AI_CORE"},
                     "3 events of no category (1.800 ms)", id="Ascend"),
        pytest.param("", {"Stream Id": 2}, "3 events of no category (1.800 ms)", id="older Ascend"),
        pytest.param("hpu_op", {}, "3 events of 'hpu_op' (1.800 ms)", id="HPU"),
    ],
)  # fmt: skip
def test_a_device_that_is_not_understood_is_there(category, args, named, read_back):
    trace = read_back(three_steps(category, calls=None, args=args))
    assert trace.unread == (Unread(category, 3, 1800 * US),)
    found = analyze(trace)
    assert found.breakdown is found.critical_path is found.idle is found.temporal is None
    assert found.not_measured["breakdown"] == "the device's events are not understood"
    (remark,) = (one for one in found.remarks if "not understood" in one)
    assert remark.startswith(f"the device's events are not understood: {named}, so what it did")
    assert b"no accelerator" not in document(build_analysis_view(found))
    with pytest.raises(UserError, match="not understood"):
        break_down(Timeline(trace))


def test_what_is_not_understood_beside_what_is_stands_in_no_figure(read_back):
    builder = three_steps("npu_task").kernel("gemm", 100 * US, 150 * US, launch_ns=50 * US)
    found = analyze(read_back(builder))
    assert found.breakdown.mean.by_category_ns[Category.FORWARD] == 50 * US // 3 + 1
    (remark,) = (one for one in found.remarks if "not understood" in one)
    assert remark == (
        "the device's events are not understood altogether: 3 events of 'npu_task' (1.800 ms) are "
        "in no figure"
    )


@pytest.mark.parametrize(
    ("category", "args"),
    [
        ("ac2g", {"stream": 7}), ("collective_comm", {"stream": 7}), ("cuda_event", {"stream": 7}),
        ("cuda_profiler_range", {"stream": 7}), ("mtia_counters", {"stream": 7}),
        ("nvtx", {}), ("something", {"id": 4}), ("", {}),
    ],
)  # fmt: skip
def test_harmless_events_are_no_device(category, args, read_back):
    trace = read_back(three_steps(category, calls=None, args=args))
    assert trace.unread == ()
    found = analyze(trace)
    assert not any("understood" in remark for remark in found.remarks)
    assert found.breakdown.mean.not_measured[Category.H2D_COPY] == "no accelerator in this trace"


def test_the_most_time_is_named_first(read_back):
    builder = three_steps("tpu_task")
    builder.event("npu_task", "matmul", 0, 2 * STEP, pid=0, tid=0, args={"stream": 3})
    assert read_back(builder).unread == (
        Unread("npu_task", 1, 2 * STEP), Unread("tpu_task", 3, 1800 * US),
    )  # fmt: skip


@pytest.mark.parametrize("backend", ["nccl", "cpu:gloo,cuda:nccl", "xccl", "hccl"])
def test_a_backend_of_devices_tells_of_one(backend, read_back):
    found = analyze(read_back(three_steps("something", calls=None, args={}), backend=backend))
    assert found.breakdown is None
    assert any(f"the program communicated by {backend}" in remark for remark in found.remarks)


@pytest.mark.parametrize("category", ["gpu_user_annotation", "cuda_sync"])
def test_ranges_and_waits_of_a_device_tell_of_one(category, read_back):
    found = analyze(read_back(three_steps(category, calls=None)))
    assert found.breakdown is None
    assert any("the file has ranges or waits of a device" in remark for remark in found.remarks)


def test_where_the_program_did_not_use_the_device_that_is_said(read_back):
    trace = read_back(three_steps("something", calls=None, args={}), devices=["NVIDIA H100"])
    found = analyze(trace, accelerator=False)
    assert found.breakdown.mean.not_measured[Category.HOST_BOUND] == (
        "read as one of the CPU alone, although the file names a device"
    )
    assert b"no accelerator" not in document(build_analysis_view(found))
