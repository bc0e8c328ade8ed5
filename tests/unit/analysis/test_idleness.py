"""Why no device was busy; times of hand-made traces are microseconds."""

import pytest
from agreeing_sections import assert_agreement

from annt_prof.analysis.analysis import analyze
from annt_prof.categories import Category, Phase
from annt_prof.testing import AUTOGRAD_THREAD, TraceBuilder
from annt_prof.trace.reading import read

US = 1000


class Micros:
    """A trace builder in microseconds, whose launching calls take 5."""

    def __init__(self, step):
        self.builder = TraceBuilder().step(0, step * US)
        self.correlation = 0

    def host(self, name, start, end, **fields):
        self.builder.runtime(name, start * US, end * US, **fields)
        return self

    def kernel(self, name, start, end, *, launch, stream=7):
        self.correlation += 1
        self.host("cudaLaunchKernel", launch, launch + 5, correlation=self.correlation)
        self.builder.event(
            "kernel", name, start * US, end * US, pid=0, tid=stream,
            args={"device": 0, "stream": stream, "correlation": self.correlation},
        )  # fmt: skip
        return self


def analysed(builder, folder):
    return analyze(read(builder.write(folder / "trace.json")))


def told(analysis):
    """Return the idle time by cause, and the mean step and its path by category, in us."""
    idle = {cause: ns / US for cause, ns in analysis.idle.by_cause_ns.items() if ns}
    (step,) = analysis.critical_path.steps
    spent = analysis.breakdown.mean.by_category_ns
    return (
        idle,
        {category.value: ns / US for category, ns in spent.items() if ns},
        {category: ns / US for category, ns in step.on_path_ns.items()},
    )


def test_what_was_launched_long_before_is_not_the_hosts_in_any_section(tmp_path):
    made = Micros(1000).kernel("gemm_a", 30, 100, launch=10).kernel("gemm_b", 400, 500, launch=20)
    for number in range(10):
        start = 500 + 40 * number
        made.kernel("gemm_c", start, start + 40, launch=100 + 30 * number)
    idle, spent, path = told(analysed(made.builder, tmp_path))
    assert idle == {"queued": 300, "launch": 20, "dispatch": 110}
    assert spent == {"queued": 300, "host_bound": 130, "unattributed": 570}
    assert path == spent


def test_the_host_is_late_until_it_has_launched_whatever_it_does_then(tmp_path):
    """It waits for the device from then on, and the device for an event."""
    made = Micros(2000).kernel("gemm_a", 20, 100, launch=10).host("hipStreamWaitEvent", 105, 106)
    made.kernel("gemm_b", 1900, 1950, launch=110).host("hipStreamSynchronize", 120, 1960)
    idle, spent, path = told(analysed(made.builder, tmp_path))
    before_the_gap, in_the_gap, after = 10, 10, 40
    assert idle == {
        "dispatch": before_the_gap + in_the_gap + after,
        "launch": 10 + 5,
        "other_stream": 1785,
        "synchronise": 10,
    }
    assert spent == {"unattributed": 130, "queued": 1785, "host_bound": 75, "sync": 10}
    # On the path the host is until the second launch returned, and after it waited.
    assert path == {"unattributed": 50, "queued": 1785, "host_bound": 115 + 40, "sync": 10}


def test_polling_is_waiting_and_no_work(tmp_path):
    made = Micros(10300).kernel("gemm_a", 40, 10040, launch=20)
    for at in range(50, 10000, 250):
        made.host("cudaEventQuery", at, at + 2)
    made.kernel("gemm_b", 10070, 10270, launch=10060)
    analysis = analysed(made.builder, tmp_path)
    idle, spent, path = told(analysis)
    assert path == spent == {"unattributed": 10200, "host_bound": 100}
    assert idle == {"dispatch": 70, "launch": 30}
    (wait,) = analysis.synchronisations
    assert (wait.call, wait.polled, wait.count) == ("cudaEventQuery", True, 1)
    assert wait.blocked_ns == (10040 - 50) * US
    assert analysis.host[0].blocked_ns == wait.blocked_ns


def test_a_loop_that_was_told_lasts_until_its_last_call_returned(tmp_path):
    made = Micros(1000).kernel("gemm", 40, 600, launch=20)
    for at in range(50, 650, 50):
        made.host("cudaStreamQuery", at, at + 2)
    made.kernel("adam", 665, 865, launch=650)
    idle, spent, path = told(analysed(made.builder, tmp_path))
    assert spent == {"unattributed": 760, "host_bound": 40 + 63 + 135, "sync": 2}
    assert idle["synchronise"] == 2
    assert path["sync"] == 2


@pytest.mark.parametrize(
    ("pause", "operator"),
    [(560, None), (50, "aten::empty")],
    ids=["asked twice", "asked by an allocator"],
)
def test_who_asks_in_passing_does_not_wait(tmp_path, pause, operator):
    made = Micros(1000).kernel("gemm", 40, 620, launch=20)
    for at in range(50, 651, pause):
        made.host("cudaEventQuery", at, at + 2)
    if operator:
        made.builder.operator(operator, 45 * US, 660 * US)
    made.kernel("adam", 700, 900, launch=690)
    analysis = analysed(made.builder, tmp_path)
    assert analysis.synchronisations == ()
    assert analysis.breakdown.mean.by_category_ns[Category.SYNC] == 0


def test_a_loop_may_sleep_between_its_questions(tmp_path):
    made = Micros(12_000).kernel("gemm", 40, 10_040, launch=20)
    for at in (50, 3450, 6850, 10_250):
        made.host("cudaEventQuery", at, at + 2)
    made.kernel("adam", 10_270, 11_900, launch=10_260)
    _, spent, path = told(analysed(made.builder, tmp_path))
    assert path["unattributed"] == spent["unattributed"] == 10_000 + 1630
    assert path["sync"] == 10_252 - 10_040


def test_a_loop_that_work_interrupts_does_not_wait(tmp_path):
    made = Micros(1000).kernel("gemm", 40, 600, launch=20)
    for at in range(50, 650, 50):
        made.host("cudaEventQuery", at, at + 2)
        made.builder.operator("aten::add", (at + 5) * US, (at + 8) * US)
    assert analysed(made.builder, tmp_path).synchronisations == ()


def test_a_host_collective_beside_a_device_counts_exposed_and_hidden(tmp_path):
    made = Micros(1000).kernel("forward", 40, 240, launch=30).kernel("grad", 320, 620, launch=310)
    made.builder.operator("gloo:all_reduce", 560 * US, 690 * US, thread=300)
    made.kernel("adam", 720, 770, launch=710)
    analysis = analysed(made.builder, tmp_path)
    idle, spent, path = told(analysis)
    assert spent == {"unattributed": 550, "communication": 70, "host_bound": 380}
    assert analysis.breakdown.mean.hidden_ns[Category.COMMUNICATION] == 60 * US
    assert idle["communication"] == 70
    assert path["communication"] == 70


def test_a_range_around_the_launch_of_a_device_collective_is_none(tmp_path):
    made = Micros(1000).kernel("gemm", 40, 240, launch=30)
    made.builder.operator("nccl:all_reduce", 560 * US, 690 * US)
    _, spent, _ = told(analysed(made.builder, tmp_path))
    assert spent == {"unattributed": 200, "host_bound": 800}


def test_of_a_recording_of_the_device_alone_idle_time_has_no_known_cause(tmp_path):
    builder = TraceBuilder()
    for number in range(9):
        start = 100 * number + 600 * (number // 3)
        builder.kernel("gemm", start * US, (start + 90) * US)
    analysis = analysed(builder, tmp_path)
    idle_us = 8 * 10 + 2 * 600
    assert {c: ns / US for c, ns in analysis.idle.by_cause_ns.items() if ns} == {"unknown": idle_us}
    mean = analysis.breakdown.mean
    assert mean.by_category_ns[Category.UNATTRIBUTED] == mean.step_ns == (idle_us + 810) * US
    for category in (Category.HOST_BOUND, Category.SYNC, Category.DATA_LOADING, Category.QUEUED):
        assert mean.not_measured[category] == "nothing that the host did was recorded"
    assert analysis.critical_path is None
    assert analysis.host is None
    assert analysis.not_measured["critical_path"] == analysis.not_measured["host"]
    assert any("ProfilerActivity.CPU" in remark for remark in analysis.remarks)


def test_without_any_launch_the_host_is_not_said_to_be_late(tmp_path):
    builder = TraceBuilder().step(0, 1000).kernel("gemm", 100, 200)
    builder.phase(Phase.DATA_LOADING, 300, 600)
    analysis = analysed(builder, tmp_path)
    idle = analysis.idle.by_cause_ns
    assert {c: ns for c, ns in idle.items() if ns} == {
        "unknown": 100 + 100 + 400, "data_loading": 300
    }  # fmt: skip
    lacking = analysis.breakdown.mean.not_measured
    assert {Category.HOST_BOUND, Category.QUEUED} <= set(lacking)


def test_collectives_of_another_thread_do_not_hide_a_loader(tmp_path):
    made = Micros(1000).kernel("gemm", 40, 240, launch=30)
    made.builder.operator("gloo:gather", 100 * US, 950 * US, thread=300)
    made.builder.phase(Phase.DATA_LOADING, 300 * US, 900 * US)
    analysis = analysed(made.builder, tmp_path)
    idle, spent, path = told(analysis)
    assert spent["data_loading"] == idle["data_loading"] == path["data_loading"] == 600
    assert spent["communication"] == idle["communication"] == 60 + 50
    assert analysis.breakdown.mean.hidden_ns[Category.COMMUNICATION] == (140 + 600) * US


@pytest.mark.parametrize("beside", ["cudaGetLastError", "hipPeekAtLastError"])
def test_asking_for_errors_does_not_interrupt_a_loop(beside, tmp_path):
    made = Micros(1000).kernel("gemm", 40, 600, launch=20)
    for at in range(50, 650, 50):
        made.host("cudaEventQuery", at, at + 2).host(beside, at + 3, at + 4)
    (wait,) = analysed(made.builder, tmp_path).synchronisations
    assert wait.polled


def test_a_launch_by_the_backward_thread_counts_like_one_of_the_main_thread(tmp_path):
    builder = TraceBuilder().step(0, 90 * US)
    builder.kernel("gemm", 10 * US, 20 * US, launch_ns=9 * US, thread=AUTOGRAD_THREAD)
    builder.kernel("gemm", 80 * US, 90 * US, launch_ns=20 * US, thread=AUTOGRAD_THREAD)
    idle, _, _ = told(analysed(builder, tmp_path))
    assert idle == {"dispatch": 9, "launch": 1, "queued": 60}


_REAL = ("a100-alexnet-nosteps", "a100-ddp-3steps", "h100-vit-inference-1step",
         "mi250-minitoy-2steps", "v100-allreduce-5steps")  # fmt: skip


@pytest.mark.parametrize("name", _REAL)
def test_three_sections_agree_on_recorded_traces(name, real_trace):
    analysis = analyze(read(real_trace(name)))
    assert_agreement(analysis)
