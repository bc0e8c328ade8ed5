"""The host's point of view, and the calls in which it waits."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from annt_prof.analysis.tables.host_view import host_view
from annt_prof.analysis.tables.synchronisations import synchronisations
from annt_prof.analysis.timeline.timeline import Timeline
from annt_prof.categories import Phase
from annt_prof.testing import AUTOGRAD_THREAD, TraceBuilder
from annt_prof.trace.reading import read

EVALUATE = "autograd::engine::evaluate_function: MmBackward0"
RECORDED = [
    "a100-alexnet-nosteps",
    "a100-ddp-3steps",
    "cpu-gloo-1step",
    "h100-vit-inference-1step",
    "mi250-minitoy-2steps",
    "v100-allreduce-5steps",
]


def looked_at(builder, folder):
    timeline = Timeline(read(builder.write(folder / "trace.json")))
    return host_view(timeline), synchronisations(timeline)


def parts(step):
    return (
        step.data_loading_ns,
        step.blocked_ns,
        step.dispatch_ns,
        step.waiting_for_backward_ns,
        step.python_ns,
    )


def test_a_step_by_hand(tmp_path):
    builder = (
        TraceBuilder()
        .step(0, 1000)
        .phase(Phase.DATA_LOADING, 0, 100)
        .operator("aten::mm", 150, 300)
        .runtime("cudaLaunchKernel", 290, 310)
        .operator(EVALUATE, 400, 700, thread=AUTOGRAD_THREAD)
        .operator("aten::item", 750, 950)
        .operator("aten::_local_scalar_dense", 760, 940)
        .runtime("cudaStreamSynchronize", 800, 930)
    )
    (step,), calls = looked_at(builder, tmp_path)
    assert parts(step) == (100, 130, (310 - 150) + (200 - 130), 300, 1000 - 760)
    assert step.backward_thread_ns == 300
    (call,) = calls
    assert (call.call, call.count, call.blocked_ns) == ("cudaStreamSynchronize", 1, 130)
    assert (call.operator, call.inner_operator) == ("aten::item", "aten::_local_scalar_dense")


def test_explicit_waits_have_no_operator_and_are_counted_together(tmp_path):
    builder = TraceBuilder().step(0, 1000).annotation("mine", 0, 900)
    for at in (100, 300, 500):
        builder.runtime("cudaDeviceSynchronize", at, at + 50)
    builder.runtime("cudaDeviceSynchronize", 1500, 1600).runtime("cudaEventRecord", 10, 90)
    _, (call,) = looked_at(builder, tmp_path)
    assert (call.operator, call.count, call.blocked_ns) == (None, 3, 150)


def test_the_host_is_blocked_in_a_pageable_copy_as_in_the_wait_after_it(tmp_path):
    builder = TraceBuilder().step(0, 1000).operator("aten::item", 100, 900)
    builder.copy("DtoH", 700, 720, launch_ns=110, returned_ns=730, pageable=True)
    (step,), (call,) = looked_at(builder, tmp_path)
    assert step.blocked_ns == call.blocked_ns == 620
    assert (call.call, call.operator) == ("cudaMemcpyAsync", "aten::item")


def test_without_a_devices_calls_waiting_is_not_measured(tmp_path):
    view, calls = looked_at(TraceBuilder().step(0, 100).operator("aten::mm", 10, 90), tmp_path)
    assert calls is None
    assert parts(view[0]) == (0, 0, 80, 0, 20)


span = st.tuples(st.integers(0, 90), st.integers(0, 30))
spans = st.lists(span, max_size=4)


@given(loading=spans, blocked=spans, operators=spans, backward=spans)
def test_nanosecond_by_nanosecond(loading, blocked, operators, backward, tmp_path_factory):
    builder = TraceBuilder().step(0, 40).step(40, 100)
    for start, length in loading:
        builder.phase(Phase.DATA_LOADING, start, start + length)
    for start, length in blocked:
        builder.runtime("cudaStreamSynchronize", start, start + length)
    for start, length in operators:
        builder.operator("aten::mm", start, start + length)
    for start, length in backward:
        builder.operator(EVALUATE, start, start + length, thread=AUTOGRAD_THREAD)
    view, _ = looked_at(builder, tmp_path_factory.getbasetemp())
    expected = [[0] * 6, [0] * 6]
    for now in range(100):
        row = expected[now >= 40]
        inside = [
            any(start <= now < start + length for start, length in kind)
            for kind in (loading, blocked, operators, backward)
        ]
        row[inside.index(True) if True in inside else 4] += 1
        row[5] += inside[3]
    assert [[*parts(step), step.backward_thread_ns] for step in view] == expected


@pytest.mark.parametrize("name", RECORDED)
def test_recorded_steps_are_partitioned(name, real_trace):
    timeline = Timeline(read(real_trace(name)))
    view, steps = host_view(timeline), timeline.steps
    walls = (steps.end_ns - steps.start_ns).tolist()
    assert [sum(parts(step)) for step in view] == walls
    for step, wall in zip(view, walls, strict=True):
        assert step.waiting_for_backward_ns <= step.backward_thread_ns <= wall
