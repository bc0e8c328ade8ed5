from unittest import mock

import pytest
from agreeing_sections import assert_agreement
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from plain_reference import break_down as reference

from annt_prof.analysis.analysis import analyze
from annt_prof.analysis.breakdown.accounting import break_down
from annt_prof.analysis.timeline import dependencies
from annt_prof.analysis.timeline.timeline import Timeline
from annt_prof.categories import Category, Phase
from annt_prof.testing import AUTOGRAD_THREAD, MAIN_THREAD, TraceBuilder
from annt_prof.trace.reading import read

# Few instants, so that ties, touching ranges and empty ones are frequent.
instants = st.integers(0, 24)
spans = st.tuples(instants, instants).map(sorted)
threads = st.sampled_from([MAIN_THREAD, AUTOGRAD_THREAD])
launches = instants | instants | instants | st.none()
streams = st.sampled_from([7, 13, 20])


@st.composite
def steps(draw):
    edges = sorted(draw(st.lists(instants, min_size=2, max_size=8, unique=True)))
    return list(zip(edges[::2], edges[1::2], strict=False))


own_phases = st.lists(st.tuples(st.sampled_from(list(Phase)), spans), min_size=2, max_size=9)
torch_ranges = st.lists(
    st.tuples(
        st.sampled_from(
            [
                "enumerate(DataLoader)#_SingleProcessDataLoaderIter.__next__",
                "Optimizer.step#SGD.step",
                "Optimizer.zero_grad#SGD.zero_grad",
                "DistributedDataParallel.forward",
                "enumerate(DataPipe)#BatcherIterDataPipe",
                "## forward ##",
                "Backward 3",
                "optimizer_step",
                "[pl][profile][LightningModule]GPT.optimizer_zero_grad",
                "## item_forward ##",
            ]
        ),
        spans,
        threads,
    ),
    max_size=5,
)
operators = st.lists(
    st.tuples(
        st.sampled_from(
            [
                "aten::mm",
                "aten::add_",
                "autograd::engine::evaluate_function: MmBackward0",
                "torch::autograd::AccumulateGrad",
            ]
        ),
        spans,
        threads,
        st.none() | st.integers(1, 4),
        st.sampled_from([None, 0, 0, 1]),
    ),
    max_size=8,
)
communications = st.lists(
    st.tuples(st.sampled_from(["gloo:all_reduce", "c10d::allreduce_"]), spans, threads), max_size=3
)


@st.composite
def host_traces(draw):
    builder = TraceBuilder(world_size=2, backend="gloo")
    for start, end in draw(steps()):
        builder.step(start, end)
    # Operators of a main thread nest; the ends of these are made to fit.
    for name, (start, end), thread, sequence, forward in _nested(draw(operators)):
        builder.operator(name, start, end, thread=thread, sequence=sequence, forward_thread=forward)
    for name, (start, end), thread in draw(communications):
        builder.operator(name, start, end, thread=thread + 1)
    if draw(st.booleans()):
        for phase, (start, end) in draw(own_phases):
            builder.phase(phase, start, end)
    else:
        for name, (start, end), thread in _distinct(draw(torch_ranges)):
            builder.annotation(name, start, end, thread=thread)
        for instant in draw(st.lists(instants, max_size=3)):
            builder.forward_link(instant)
    return builder


def _nested(found):
    """Keep only operators that nest properly within their thread, as a call stack does."""
    kept = []
    for one in sorted(found, key=lambda one: (one[1][0], -one[1][1])):
        start, end = one[1]
        if all(other[2] != one[2] or start >= other[1][1] or end <= other[1][1] for other in kept):
            kept.append(one)
    return kept


def _distinct(found):
    """Equal ranges of two phases have no inner one; real ones differ by a nanosecond at least."""
    return list({tuple(one[1]): one for one in found}.values())


@st.composite
def device_traces(draw):
    builder = draw(host_traces())
    kernels = st.tuples(
        st.sampled_from(["gemm", "elementwise_kernel", "ncclDevKernel_AllReduce"]),
        spans, launches, threads, streams,
    )  # fmt: skip
    for name, (start, end), launch, thread, stream in draw(
        st.lists(kernels, min_size=2, max_size=10)
    ):
        builder.kernel(name, start, end, launch_ns=launch, thread=thread, stream=stream)
    copies = st.tuples(st.sampled_from(["HtoD", "DtoH", "DtoD"]), spans, launches, streams)
    for direction, (start, end), launch, stream in draw(st.lists(copies, max_size=4)):
        builder.copy(direction, start, end, launch_ns=launch, stream=stream)
    pageable = st.tuples(st.sampled_from(["HtoD", "DtoH"]), spans, spans, threads, streams)
    for direction, span, (called, returned), thread, stream in draw(st.lists(pageable, max_size=3)):
        builder.copy(
            direction, *span, launch_ns=called, returned_ns=returned, pageable=True,
            thread=thread, stream=stream,
        )  # fmt: skip
    for (start, end), launch in draw(st.lists(st.tuples(spans, launches), max_size=2)):
        builder.memset(start, end, launch_ns=launch)
    calls = st.tuples(
        st.sampled_from(["cudaStreamSynchronize", "cudaMemcpy", "cudaEventQuery"]), spans, threads
    )
    for name, (start, end), thread in draw(st.lists(calls, max_size=3)):
        builder.runtime(name, start, end, thread=thread)
    # Traces merged from two processes repeat correlation ids.
    for correlation, start in draw(st.lists(st.tuples(st.integers(1, 4), instants), max_size=3)):
        builder.runtime("cudaMemcpyAsync", start, start, correlation=correlation)
    for start, end in draw(st.lists(spans, max_size=2)):
        builder.device_annotation("ProfilerStep#0", start, end)
    return builder


def assert_agrees(path, taking_up=dependencies.TAKING_UP_NS):
    with mock.patch.object(dependencies, "TAKING_UP_NS", taking_up):
        found = break_down(Timeline(read(path)))
    expected, hidden = reference(path, taking_up)
    assert [(s.name, s.start_ns, s.start_ns + s.wall_ns) for s in found.steps] == [
        step[:3] for step in expected
    ]
    for step, (*_, times) in zip(found.steps, expected, strict=True):
        shown = {category.value: time for category, time in step.by_category_ns.items()}
        assert {k: v for k, v in shown.items() if v} == {k: v for k, v in times.items() if v}
        assert sum(shown.values()) == step.wall_ns
        assert min(shown.values()) >= 0
    count = len(expected)
    for category, mean in found.mean.hidden_ns.items():
        assert mean == (2 * hidden.get(category.value, 0) + count) // (2 * count)
    assert sum(found.mean.by_category_ns.values()) == found.mean.step_ns
    assert set(found.mean.by_category_ns) | set(found.mean.not_measured) == set(Category)
    assert not set(found.mean.by_category_ns) & set(found.mean.not_measured)


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(device_traces())
def test_device_timelines(tmp_path_factory, builder):
    path = builder.write(tmp_path_factory.mktemp("generated") / "trace.json")
    assert_agrees(path, taking_up=4)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(device_traces())
def test_the_sections_agree_on_idle_time(tmp_path_factory, builder):
    path = builder.write(tmp_path_factory.mktemp("generated") / "trace.json")
    with mock.patch.object(dependencies, "TAKING_UP_NS", 4):
        assert_agreement(analyze(read(path)))


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(host_traces())
def test_host_timelines(tmp_path_factory, builder):
    assert_agrees(builder.write(tmp_path_factory.mktemp("generated") / "trace.json"))


@pytest.mark.parametrize(
    "name",
    [
        "a100-alexnet-nosteps",
        "a100-ddp-3steps",
        "cpu-gloo-1step",
        "h100-vit-inference-1step",
        "mi250-minitoy-2steps",
        pytest.param("v100-allreduce-5steps", marks=pytest.mark.slow),
    ],
)
def test_real_traces(real_trace, name):
    assert_agrees(real_trace(name))
