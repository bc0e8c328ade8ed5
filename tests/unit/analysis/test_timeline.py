"""What is derived from a trace is derived once, whoever asks, and for the right events."""

from collections import Counter

import numpy as np
import pytest

import annt_prof.analysis.timeline.timeline as under_test
from annt_prof.analysis.analysis import analyze
from annt_prof.analysis.timeline.launches import UNKNOWN_CALL, UNKNOWN_NS, launch_calls
from annt_prof.analysis.timeline.timeline import Timeline
from annt_prof.categories import KernelClass, Phase
from annt_prof.testing import TraceBuilder
from annt_prof.trace.reading import read


def two_steps():
    builder = TraceBuilder()
    for at in (0, 1000):
        builder.step(at, at + 1000).phase(Phase.FORWARD, at, at + 900)
        builder.operator("aten::conv2d", at + 10, at + 60)
        builder.copy("HtoD", at + 100, at + 150, launch_ns=at + 20, pageable=True)
        builder.kernel("volta_sgemm", at + 200, at + 300, launch_ns=at + 30)
        builder.kernel("ncclKernel_AllReduce", at + 250, at + 400, launch_ns=at + 40)
        builder.runtime("cudaDeviceSynchronize", at + 500, at + 700)
    return builder.kernel("without a launch", 1900, 1950)


@pytest.fixture
def trace(tmp_path):
    return read(two_steps().write(tmp_path / "trace.json"))


def test_an_analysis_derives_each_thing_once(trace, monkeypatch):
    asked = Counter()

    def counted(function):
        def counting(*arguments):
            key = arguments[0] if function.__name__ == "kernel_class" else ""
            asked[function.__name__, key] += 1
            return function(*arguments)

        return counting

    derived = (
        "find_steps", "known_steps", "find_lost_launches", "launched_before_recording",
        "find_phases", "launch_calls", "gates", "kernel_class",
    )  # fmt: skip
    for name in derived:
        monkeypatch.setattr(under_test, name, counted(getattr(under_test, name)))
    analyze(trace)
    assert {name for name, _ in asked} == set(derived)
    assert set(asked.values()) == {1}
    activities = Timeline(trace).activities
    of_device = {trace.names[name] for name in trace.events.name[activities]}
    assert {key for name, key in asked if name == "kernel_class"} == of_device


def test_launches_are_those_of_the_activities_asked_for(trace):
    timeline = Timeline(trace)
    some = timeline.activities[[5, 0, 6, 3]]
    calls = launch_calls(trace.events, some)
    assert timeline.launch_calls(some).tolist() == calls.tolist()
    known = calls != UNKNOWN_CALL
    launched_ns = timeline.launch_times(some)
    assert launched_ns[known].tolist() == trace.events.start_ns[calls[known]].tolist()
    assert set(launched_ns[~known].tolist()) <= {UNKNOWN_NS}
    assert len(timeline.launch_calls(np.zeros(0, np.intp))) == 0


def test_a_name_that_no_device_bears_has_no_kernel_class(trace):
    classes = dict(zip(trace.names, Timeline(trace).kernel_classes, strict=True))
    assert classes["volta_sgemm"] is KernelClass.GEMM
    assert classes["aten::conv2d"] is KernelClass.OTHER
    communicating = np.array(trace.names)[Timeline(trace).communicates]
    assert communicating.tolist() == ["ncclKernel_AllReduce"]


def test_a_selection_is_of_the_steps_and_of_nothing_else(trace):
    every, second = Timeline(trace), Timeline(trace, slice(1, 2))
    assert second.steps.names == second.whole_steps.names == every.steps.names[1:]
    assert second.all_steps.names == every.steps.names
    assert len(second.activities) == len(every.activities)
    assert second.waiting.start_ns.tolist() == every.waiting.start_ns.tolist()
