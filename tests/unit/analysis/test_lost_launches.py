"""Kernels that the profiler lost: what their steps did is not known, and no idling."""

import pytest

from annt_prof.analysis.analysis import analyze
from annt_prof.analysis.breakdown.accounting import break_down
from annt_prof.analysis.timeline.finishing import UNBOUNDED_NS
from annt_prof.analysis.timeline.timeline import Timeline
from annt_prof.categories import Category, Phase
from annt_prof.errors import UserError
from annt_prof.testing import AUTOGRAD_THREAD, TraceBuilder
from annt_prof.trace.reading import read

US = 1000
STEP = 1000 * US


def launch(builder, at, number, *, call="cudaLaunchKernel", **where):
    return builder.runtime(call, at, at + 5 * US, correlation=number, **where)


def kernel(builder, start, end, number, *, category="kernel", stream=7, device=0):
    args = {"device": device, "stream": stream, "correlation": number}
    return builder.event(category, "gemm", start, end, pid=device, tid=stream, args=args)


def step(builder, at, first, *, lost=()):
    """A step that launches a forward, a backward and an optimizer kernel: 200, 300 and 50 us."""
    builder.step(at, at + STEP)
    builder.phase(Phase.FORWARD, at + 20 * US, at + 60 * US)
    builder.phase(Phase.BACKWARD, at + 300 * US, at + 340 * US)
    builder.phase(Phase.OPTIMIZER, at + 700 * US, at + 760 * US)
    for number, (launched, length) in enumerate([(30, 200), (310, 300), (710, 50)], first):
        thread = {"thread": AUTOGRAD_THREAD} if launched == 310 else {}
        launch(builder, at + launched * US, number, **thread)
        if number not in lost:
            start = at + (launched + 10) * US
            kernel(builder, start, start + length * US, number)
    return builder


def three_steps(*, lost=()):
    builder = TraceBuilder()
    for number in range(3):
        step(builder, number * STEP, 1 + 3 * number, lost=lost)
    return builder


@pytest.fixture
def read_back(tmp_path):
    return lambda builder: read(builder.write(tmp_path / "trace.json"))


def remarks_on(trace):
    return [remark for remark in analyze(trace).remarks if "lost" in remark or "ended" in remark]


def filled(mean):
    return {category.value: ns for category, ns in mean.by_category_ns.items() if ns}


def test_a_step_whose_kernels_are_lost_is_unknown(read_back):
    trace = read_back(three_steps(lost=(1, 2, 3)))
    found = analyze(trace)
    assert [row.name for row in found.breakdown.steps] == ["ProfilerStep#1", "ProfilerStep#2"]
    assert found.breakdown.incomplete == ("ProfilerStep#0",)
    assert filled(found.breakdown.mean) == {
        "forward": 200 * US, "backward": 300 * US, "optimizer": 50 * US, "host_bound": 450 * US,
    }  # fmt: skip
    assert [part.name for part in found.critical_path.steps] == ["ProfilerStep#1", "ProfilerStep#2"]
    (remark,) = remarks_on(trace)
    assert remark.startswith("3 of 9 launches of kernels have no activity")
    # The last one may have run until the next step's first kernel began, 40 us into that.
    assert remark.endswith(
        "left out: ProfilerStep#0; in the steps that are shown they may have run for at most "
        "0.020 ms a step, 2.0 % of it"
    )


def test_steps_that_are_chosen_are_those_of_the_trace(read_back):
    trace = read_back(three_steps(lost=(1, 2, 3)))
    (only,) = analyze(trace, slice(1, 2)).breakdown.steps
    assert only.name == "ProfilerStep#1"
    assert analyze(trace, slice(1, None)).breakdown.incomplete == ()
    none = analyze(trace, slice(0, 1))
    assert none.breakdown is none.critical_path is none.idle is None
    assert none.not_measured["breakdown"].startswith("no step is known to be whole: 3 of 9 ")


def test_a_device_that_is_behind_hides_what_it_lost_in_later_steps(read_back):
    """What step 0 launched may have run until 2.5 steps, when the next kernel began."""
    builder = TraceBuilder()
    for number in range(4):
        builder.step(number * STEP, (number + 1) * STEP)
        launch(builder, number * STEP + 30 * US, number + 1)
    kernel(builder, 2500 * US, 3500 * US, 2)
    kernel(builder, 3500 * US, 4000 * US, 3)
    kernel(builder, 4000 * US, 4100 * US, 4)
    timeline = Timeline(read_back(builder))
    assert timeline.lost_launches.doubtful_ns(timeline.all_steps).tolist() == [
        970 * US, 1000 * US, 500 * US, 0,
    ]  # fmt: skip
    assert timeline.whole_steps.names == ("ProfilerStep#3",)


@pytest.mark.parametrize(("until_us", "kept"), [(550, True), (551, False)])
def test_a_step_is_believed_up_to_a_twentieth_of_doubt(until_us, kept, read_back):
    builder = TraceBuilder().step(0, STEP).step(STEP, 2 * STEP)
    launch(builder, 500 * US, 1)
    launch(builder, 540 * US, 2)
    kernel(builder, until_us * US, 600 * US, 2)
    names = Timeline(read_back(builder)).whole_steps.names
    assert ("ProfilerStep#0" in names) is kept


@pytest.mark.parametrize(
    ("call", "begins", "until"),
    [
        ("cudaDeviceSynchronize", 720, 750),
        ("cudaStreamSynchronize", 720, 750),
        ("cuCtxSynchronize", 720, 750),
        ("cudaDeviceSynchronize", 700, 1040),  # of what was launched before
    ],
)
def test_a_wait_for_the_device_bounds_them_too(call, begins, until, read_back):
    builder = three_steps(lost=(3,)).runtime(call, begins * US, 750 * US)
    timeline = Timeline(read_back(builder))
    assert timeline.lost_launches.until_ns.tolist() == [until * US]


def test_what_was_waited_for_is_in_no_later_step(read_back):
    builder = three_steps(lost=(1, 2, 3)).runtime("cudaDeviceSynchronize", 980 * US, 990 * US)
    (remark,) = remarks_on(read_back(builder))
    assert remark.endswith("none of them can have run in the steps that are shown")


def on_a_side_stream(builder):
    launch(builder, 100 * US, 50)
    return kernel(builder, 110 * US, 120 * US, 50, stream=20)


def test_what_follows_bounds_nothing_where_there_are_two_streams(read_back):
    """Not on the side stream, nor on the other one, as the lost kernel may have been on either."""
    trace = read_back(on_a_side_stream(three_steps(lost=(1,))))
    timeline = Timeline(trace)
    assert timeline.lost_launches.until_ns.tolist() == [UNBOUNDED_NS]
    # From 30 on, but for 10 on the side stream, 300 and 50; then but for 550 in each.
    assert timeline.lost_launches.doubtful_ns(timeline.all_steps).tolist() == [
        610 * US, 450 * US, 450 * US,
    ]  # fmt: skip
    assert timeline.incomplete == ("ProfilerStep#0",)
    (remark,) = remarks_on(trace)
    assert remark.endswith(
        "left out: ProfilerStep#0; nothing bounds how long they ran in the steps that are shown: "
        "the trace does not tell their stream, and no call after them waits for all streams"
    )


SIGNS_OF_ANOTHER_STREAM = [
    "cudaEventSynchronize", "cudaStreamWaitEvent", "cudaStreamWaitEvent_v3020",
    "cudaStreamCreateWithPriority", "cudaStreamCreate", "cuStreamWaitEvent", "hipEventSynchronize",
    "hipStreamCreateWithFlags", "urEnqueueEventsWaitWithBarrier",
]  # fmt: skip


@pytest.mark.parametrize("sign", SIGNS_OF_ANOTHER_STREAM)
def test_a_stream_that_lost_all_its_kernels_shows_in_the_calls(sign, read_back):
    """A collective's kernel is lost; it ran while the host waited, from 300 to 950 us."""
    builder = TraceBuilder()
    for number in range(3):
        at = number * STEP
        builder.step(at, at + STEP)
        builder.runtime(sign, at + 5 * US, at + 6 * US)
        for order in range(10):
            launch(builder, at + (10 + 6 * order) * US, number * 100 + order + 1)
            kernel(builder, at + (20 + 20 * order) * US, at + (40 + 20 * order) * US,
                   number * 100 + order + 1)  # fmt: skip
        launch(builder, at + 25 * US, number * 100 + 50)
        builder.runtime("cudaStreamSynchronize", at + 100 * US, at + 225 * US)
    found = analyze(read_back(builder))
    assert found.breakdown is None
    assert found.not_measured["breakdown"].startswith(
        "no step is known to be whole: 3 of 33 kernel launches"
    )


def test_ranks_have_a_stream_to_talk_on(read_back):
    builder = TraceBuilder(world_size=2)
    step(builder, 0, 1, lost=(1,))
    assert Timeline(read_back(builder)).lost_launches.until_ns.tolist() == [UNBOUNDED_NS]


@pytest.mark.parametrize(
    ("call", "until_ns"),
    [
        ("cudaDeviceSynchronize", 750 * US),
        ("cuCtxSynchronize", 750 * US),
        ("hipDeviceSynchronize", 750 * US),
        ("cudaStreamSynchronize", UNBOUNDED_NS),
        ("cuStreamSynchronize", UNBOUNDED_NS),
        ("urQueueFinish", UNBOUNDED_NS),
        ("cudaEventSynchronize", UNBOUNDED_NS),
        ("cudaMemcpy", UNBOUNDED_NS),
    ],
)
def test_of_several_streams_only_a_wait_for_all_tells(call, until_ns, read_back):
    builder = on_a_side_stream(three_steps(lost=(3,))).runtime(call, 720 * US, 750 * US)
    assert Timeline(read_back(builder)).lost_launches.until_ns.tolist() == [until_ns]


def test_a_wait_for_one_device_tells_nothing_of_another(read_back):
    builder = three_steps(lost=(3,)).runtime("cudaDeviceSynchronize", 720 * US, 750 * US)
    launch(builder, 100 * US, 50)
    kernel(builder, 110 * US, 120 * US, 50, device=1)
    assert Timeline(read_back(builder)).lost_launches.until_ns.tolist() == [UNBOUNDED_NS]


def test_what_two_streams_lost_may_run_in_later_steps_as_well(read_back):
    """The device is two steps behind: what step 0 lost may have run in steps 1 and 2."""
    builder = TraceBuilder()
    for number in range(4):
        builder.step(number * STEP, (number + 1) * STEP)
        launch(builder, number * STEP + 30 * US, number + 1)
    kernel(builder, 2500 * US, 3500 * US, 2)
    kernel(builder, 3500 * US, 4000 * US, 3)
    kernel(builder, 3500 * US, 3600 * US, 4, stream=20)
    assert Timeline(read_back(builder)).whole_steps.names == ("ProfilerStep#3",)


def test_what_was_launched_with_the_next_one_that_is_there_ran_before_it(read_back):
    """Times of whole microseconds put two launches at one instant."""
    builder = three_steps()
    launch(builder, 310 * US, 50)
    timeline = Timeline(read_back(builder))
    assert timeline.lost_launches.until_ns.tolist() == [720 * US]


def test_what_a_broken_file_lacks_was_not_lost_by_the_profiler(tmp_path):
    path = tmp_path / "trace.json"
    path.write_text(three_steps(lost=(1, 2)).json()[:-30])
    trace = read(path)
    assert trace.losses
    assert Timeline(trace).lost_launches.lost == 0
    assert not any("profiler lost" in remark for remark in analyze(trace).remarks)


def dense(*, lost_each):
    """Two steps of 200 launches every 5 us, whose kernels take 4; some in each step are lost."""
    builder = TraceBuilder()
    for at in (0, STEP):
        builder.step(at, at + STEP).phase(Phase.FORWARD, at, at + STEP)
        for number in range(200):
            launched = at + number * 5 * US
            identity = at // STEP * 200 + number + 1
            builder.runtime("cudaLaunchKernel", launched, launched + US, correlation=identity)
            if not 100 <= number < 100 + lost_each:
                kernel(builder, launched + US, launched + 5 * US, identity)
    return builder


def test_a_handful_in_every_step_is_bounded_and_leaves_an_answer(read_back):
    trace = read_back(dense(lost_each=4))
    found = analyze(trace)
    assert len(found.breakdown.steps) == 2
    assert found.breakdown.incomplete == ()
    (remark,) = remarks_on(trace)
    assert remark.startswith("8 of 400 launches of kernels have no activity")
    assert "left out" not in remark
    assert remark.endswith("at most 0.021 ms a step, 2.1 % of it")


def test_a_handful_that_nothing_bounds_leaves_an_answer_too(read_back):
    builder = dense(lost_each=2).runtime("cudaStreamWaitEvent", 3 * US, 4 * US)
    builder.runtime("cudaStreamSynchronize", 2 * STEP - US, 2 * STEP)
    trace = read_back(builder)
    found = analyze(trace)
    assert len(found.breakdown.steps) == 2
    assert found.breakdown.incomplete == ()
    (remark,) = remarks_on(trace)
    assert remark.startswith("4 of 400 launches of kernels have no activity")
    assert "; nothing bounds how long they ran in the steps that are shown: " in remark


def test_a_handful_is_bounded_by_waits_for_all_streams(read_back):
    builder = dense(lost_each=2).runtime("cudaStreamWaitEvent", 3 * US, 4 * US)
    for at in (STEP, 2 * STEP):
        builder.runtime("cudaDeviceSynchronize", at - 100 * US, at - 80 * US)
    (remark,) = remarks_on(read_back(builder))
    # In each, from the first lost launch at 500 us to 920: 11 us to the next kernel, 1 after 81.
    assert remark.endswith(
        "; in the steps that are shown they may have run where the device seems idle for at most "
        "0.092 ms a step, 9.2 % of it"
    )


def test_many_in_every_step_leave_none(read_back):
    found = analyze(read_back(dense(lost_each=20)))
    assert found.breakdown is None
    assert found.not_measured["breakdown"].startswith(
        "no step is known to be whole: 40 of 400 kernel launches"
    )
    assert found.kernels.count == 360
    with pytest.raises(UserError, match="40 of 400"):
        break_down(Timeline(read_back(dense(lost_each=20))))


def test_one_launch_of_many_does_not_take_a_step_away_however_long_it_may_have_run(read_back):
    builder = TraceBuilder().step(0, STEP)
    for number in range(1, 202):
        launch(builder, number * US, number)
        if number != 101:
            at = (400 if number > 101 else 200) * US + number * US
            kernel(builder, at, at + US, number)
    timeline = Timeline(read_back(builder))
    (doubtful_ns,) = timeline.lost_launches.doubtful_ns(timeline.all_steps)
    # From its launch at 101 to the next one's start at 502, but for 100 kernels of 1.
    assert doubtful_ns == 301 * US
    assert timeline.whole_steps.names == ("ProfilerStep#0",)
    (remark,) = remarks_on(timeline.trace)
    assert remark.endswith("at most 0.301 ms a step, 30.1 % of it")


def test_kernels_that_had_not_ended_with_the_recording_are_not_lost(read_back):
    builder = three_steps()
    step(builder, 3 * STEP, 10, lost=(11, 12))
    trace = read_back(builder)
    timeline = Timeline(trace)
    assert (timeline.lost_launches.lost, timeline.lost_launches.late) == (0, 2)
    (remark,) = remarks_on(trace)
    assert remark == (
        "the recording ended before the kernels of the last 2 launches had; left out: "
        "ProfilerStep#3"
    )


def test_launches_at_the_very_end_are_worth_no_remark(read_back):
    builder = three_steps()
    launch(builder, 3 * STEP - 20 * US, 10)
    trace = read_back(builder)
    assert Timeline(trace).lost_launches.late == 1
    assert remarks_on(trace) == []


@pytest.mark.parametrize("ends", ["cudaStreamEndCapture", "cudaGraphInstantiate"])
@pytest.mark.parametrize("begins", ["cudaStreamBeginCapture_v10000", None])
def test_calls_within_a_capture_launch_nothing(begins, ends, read_back):
    builder = three_steps()
    if begins is not None:
        builder.runtime(begins, 5 * US, 6 * US, correlation=100)
    for number in range(101, 120):
        launch(builder, (number - 94) * US, number)
    builder.runtime(ends, 28 * US, 29 * US, correlation=120)
    trace = read_back(builder)
    assert Timeline(trace).lost_launches.lost == 0
    assert len(Timeline(trace).whole_steps.names) == 3


def test_what_is_launched_after_a_capture_is_lost_as_ever(read_back):
    builder = three_steps(lost=(2,))
    builder.runtime("cudaStreamBeginCapture", 5 * US, 6 * US, correlation=100)
    builder.runtime("cudaStreamEndCapture", 28 * US, 29 * US, correlation=120)
    assert Timeline(read_back(builder)).lost_launches.lost == 1


@pytest.mark.parametrize("call", ["cudaMemsetAsync", "cudaMemcpyAsync", "cudaStreamSynchronize"])
def test_calls_that_may_leave_no_activity_prove_nothing(call, read_back):
    builder = three_steps()
    for number in range(100, 150):
        launch(builder, number * US, number, call=call)
    trace = read_back(builder)
    assert Timeline(trace).lost_launches.lost == 0
    assert Timeline(trace).lost_launches.launches == 9


def test_where_no_id_ties_anything_nothing_can_be_told(read_back):
    builder = TraceBuilder().step(0, STEP)
    launch(builder, 10 * US, 5)
    kernel(builder, 20 * US, 30 * US, 77).kernel("without an id", 40 * US, 50 * US)
    assert Timeline(read_back(builder)).lost_launches.lost == 0


def test_communication_kernels_without_an_id_are_those_that_seem_lost(read_back):
    """As roctracer writes them."""
    builder = TraceBuilder()
    for number in range(3):
        step(builder, number * STEP, 1 + 4 * number)
        at = number * STEP + 800 * US
        launch(builder, at, 4 + 4 * number, call="hipExtLaunchKernel")
        kernel(builder, at + 10 * US, at + 90 * US, 0, stream=9)
    assert Timeline(read_back(builder)).lost_launches.lost == 0


def test_kernels_that_share_an_id_are_those_that_seem_lost(read_back):
    """As rocprofiler writes them."""
    builder = three_steps(lost=(5,))
    kernel(builder, STEP + 320 * US, STEP + 620 * US, 4)
    assert Timeline(read_back(builder)).lost_launches.lost == 0


@pytest.mark.parametrize(
    "call",
    ["cudaLaunchKernel", "cudaLaunchKernelExC", "cudaLaunchCooperativeKernel", "cuLaunchKernel",
     "cuLaunchKernelEx", "hipLaunchKernel", "hipExtLaunchKernel", "hipModuleLaunchKernel",
     "hipExtModuleLaunchKernel", "cudaGraphLaunch", "cudaGraphLaunch_v10000",
     "urEnqueueKernelLaunch"],
)  # fmt: skip
def test_every_call_that_launches_kernels_is_one(call, read_back):
    builder = three_steps()
    launch(builder, 1500 * US, 100, call=call)
    lost = Timeline(read_back(builder)).lost_launches
    assert (lost.launches, lost.lost) == (10, 1)


def test_a_graph_whose_kernels_are_there_is_not_lost(read_back):
    builder = TraceBuilder().step(0, STEP).phase(Phase.FORWARD, 0, STEP)
    launch(builder, 10 * US, 1, call="cudaGraphLaunch")
    for at in (20, 120, 220):
        kernel(builder, at * US, (at + 100) * US, 1)
    trace = read_back(builder)
    assert Timeline(trace).lost_launches.lost == 0
    assert break_down(Timeline(trace)).mean.by_category_ns[Category.FORWARD] == 300 * US


def test_a_recording_without_any_kernel_beside_copies_shows_no_step(read_back):
    """All records of kernels were out of the recording's range."""
    builder = three_steps(lost=range(10))
    launch(builder, 890 * US, 50, call="cudaMemcpyAsync")
    kernel(builder, 900 * US, 950 * US, 50, category="gpu_memcpy")
    found = analyze(read_back(builder))
    assert found.breakdown is None
    assert "9 of 9 kernel launches" in found.not_measured["breakdown"]


DAY = 86_400 * 10**9


def untimed(begins_ns):
    builder = TraceBuilder()
    for number in range(3):
        step(builder, begins_ns + number * STEP, 1 + 3 * number, lost=(1, 2))
    for number in (1, 2):
        kernel(builder, 0, 0, number)
    return builder


def test_kernels_that_the_profiler_could_not_time_are_lost(read_back):
    trace = read_back(untimed(DAY + 1))
    assert trace.num_malformed == 2
    found = analyze(trace)
    assert found.breakdown.incomplete == ("ProfilerStep#0",)
    (device,) = found.temporal.devices
    assert device.kernel_time_ns == (2770 - 720) * US  # from the first optimizer step on
    assert remarks_on(trace)[0].startswith("2 of 9 launches of kernels have no activity")
    assert not any("clocks" in remark for remark in found.remarks)


def test_a_trace_that_begins_with_0_is_taken_at_its_word(read_back):
    trace = read_back(untimed(DAY - 30 * US))
    assert trace.num_malformed == 0
    assert len(Timeline(trace).activities) == 9
