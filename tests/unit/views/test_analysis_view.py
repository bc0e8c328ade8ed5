"""The whole of an analysis: its sections, and the text and document laid out from them."""

import json

import msgspec
import pytest

from annt_prof.analysis.analysis import Analysis
from annt_prof.categories import Category
from annt_prof.report.json.analysis import document
from annt_prof.report.text.analysis import render
from annt_prof.views.analysis_view import NotMeasured, TraceHead, build_analysis_view
from annt_prof.views.device_time_view import build_device_rows
from annt_prof.views.host_steps_view import build_host_parts
from annt_prof.views.idle_view import build_idle_view
from annt_prof.views.kernels_view import build_kernels_view
from annt_prof.views.memory_view import build_memory_peaks
from annt_prof.views.path_view import build_path_view
from annt_prof.views.queue_view import build_queue_view
from annt_prof.views.rest import Listed, Rest
from annt_prof.views.trace_steps_view import build_trace_steps_view
from annt_prof.views.waits_view import build_wait_rows
from hand_made_analysis import ANALYSIS, BREAKDOWN, COPIES, HOST, PATH, STEPS, ns
from printed import printed

WIDEST = 200


def lines(analysis=ANALYSIS, width=WIDEST):
    view = build_analysis_view(analysis)
    return printed(lambda console: render(view, console), width)


@pytest.fixture(scope="module")
def whole():
    return lines()


def test_what_the_file_says_of_itself():
    assert build_analysis_view(ANALYSIS).head == TraceHead(
        "trace.json", 1_234_567, ("H100", "A100"), 6, 16, ("a remark",)
    )


@pytest.mark.parametrize("complete", [True, False])
def test_every_section_is_of_its_own_part(complete):
    analysis = msgspec.structs.replace(ANALYSIS, complete=complete)
    view = build_analysis_view(analysis)
    assert view.steps == build_trace_steps_view(BREAKDOWN)
    assert view.host == build_host_parts(HOST)
    assert view.path == build_path_view(PATH, BREAKDOWN, HOST)
    assert view.devices == build_device_rows(ANALYSIS.temporal)
    assert view.kernels == build_kernels_view(ANALYSIS.kernels, complete=complete)
    assert view.queue == build_queue_view(ANALYSIS.queue)
    assert view.idle == build_idle_view(ANALYSIS.idle)
    assert view.waits == build_wait_rows(ANALYSIS.synchronisations, complete=complete)
    assert view.copies == Listed(COPIES, Rest(0, 0))
    assert view.memory == build_memory_peaks(ANALYSIS.memory)
    assert view.pitfalls == ("a pitfall",)
    assert view.analysis is analysis


def test_what_is_not_measured_by_the_reason_and_by_the_name():
    view = build_analysis_view(ANALYSIS)
    assert view.not_measured == (
        NotMeasured(("kernels.lines", "kernels.modules"), "no frames"),
        NotMeasured(("queue",), "no launch"),
    )
    assert view.reasons == {
        "kernels.lines": "no frames",
        "queue": "no launch",
        "kernels.modules": "no frames",
        "grad_scaling": "it has no range",
        "zero_grad": "no range",
    }


PARTS = (
    "breakdown", "host", "temporal", "kernels", "queue", "critical_path", "idle",
    "synchronisations", "copies", "memory", "pitfalls",
)  # fmt: skip


def test_an_analysis_that_shows_nothing_has_no_sections():
    nothing = msgspec.structs.replace(
        ANALYSIS, rank=None, world_size=None, device_names=(), remarks=(), not_measured={},
        **dict.fromkeys(PARTS),
    )  # fmt: skip
    assert lines(nothing) == ["trace.json", "events 1,234,567"]


@pytest.mark.parametrize(
    "line",
    [
        "events 1,234,567",
        "devices H100, A100",
        "rank 6 of 16",
        "! a remark",
        "Where the step goes 91.40 ms, mean of 2 steps from 90.00 ms to 92.80 ms",
        "hidden under other work, so not part of the step: h2d_copy 0.770 ms, communication "
        "8.800 ms",
        "n/a, it has no range: grad_scaling",
        "0 ms: sync",
        "ProfilerStep#3 90.00 52.30 31.10 4.70 1.90 0.00",
        "loading data 10.700 11.7 %",
        "blocked until the device is done 21.000 23.1 %",
        "in operators and launches 33.300 36.6 %",
        "waiting for the backward thread 5.200 5.7 %",
        "Python and what was not recorded 20.900 22.9 %",
        "forward 31.000 31.0 % 32.300",
        "queued 8.300 8.3 % -",
        "the host's part of the path, by what it was in: optimizer 4.800 ms, data_loading 1.800 ms",
        "loading data takes the host 10.70 ms, of which 1.800 ms are on the path: faster loading "
        "cannot save more than that",
        "5 200.000 60.0 % 25.0 % 15.0 % 14.100 15.300 3",
        "Kernels of the steps 2 of 83 names, 4,567 launches, longest first",
        "sm90_gemm 44.400 24.3 % 1,111 gemm forward, backward 38.7 57.3 yes "
        "(12x13x1) x (256x24x3) 37.0 %",
        "mystery 8.900 n/a 222 other n/a 41.5 62.6 ? n/a n/a",
        "How far the host ran ahead 4,000 kernels with a known launch",
        "delay launch to start: median 3.3 us, 95 % within 45.6 us, longest 789.1 us",
        "queue after a launch: median 18 waiting, at most 1,024",
        "short 37.0 % of the kernels were launched by calls that take longer than all they "
        "launched",
        "When the device was idle 40.00 ms in 321 gaps",
        "65.0 % data_loading: the host was late, waiting for the data loader",
        "25.0 % dispatch: the host was late, running Python and operators",
        "3.600 data_loading sm90_gemm forward mystery ProfilerStep#4",
        "1.700 dispatch (the trace's start) - (the step's end) ProfilerStep#3",
        "cudaStreamSynchronize aten::item > aten::_local 28 41.100",
        "cudaDeviceSynchronize the program itself 2,345 6.400",
        "HtoD Pageable 1,357 24.6 9.200 2.7 4.200 5.100",
        "DtoH - 64 n/a 0.350 n/a n/a n/a",
        "cuda:0: peak 7.13 GiB in ProfilerStep#4, backward; at most 8.29 GiB reserved",
        "aten::op3 92.5 403",
        "cpu: peak 52.2 MiB since the trace began in ProfilerStep#3",
        "before < 0.1 -",
        "! a pitfall",
        "not measured: kernels.lines, kernels.modules: no frames",
    ],
)
def test_each_line_of_the_text(line, whole):
    assert line in whole


def test_the_text_of_a_file_that_breaks_off():
    told = lines(msgspec.structs.replace(ANALYSIS, complete=False))
    assert "Kernels of the steps 2 of 83 names, 4,567 launches that are left, longest first" in told
    assert "cudaDeviceSynchronize n/a 2,345 6.400" in told


def test_a_narrow_text_has_fewer_columns():
    told = lines(width=60)
    assert "sm90_gemm 44.400 24.3 % 1,111 gemm forward, backward" in told
    assert "too narrow for: p50 us, p95 us, matrix units, grid x" in told
    assert "3.600 data_loading sm90_gemm forward" in told
    assert "too narrow for: ran after the gap, step; --json has them" in told


def test_json_has_every_part_under_its_own_key():
    written = json.loads(document(build_analysis_view(ANALYSIS)))
    for part in ("source", "num_events", "rank", "world_size", "remarks", "device_names", *PARTS):
        if part not in ("breakdown", "pitfalls"):
            value = getattr(ANALYSIS, part)
            assert written[part] == json.loads(msgspec.json.encode(value)), part
    assert written["pitfalls"] == ["a pitfall"]
    assert written["mistakes"] == [
        {"key": "copies_in_passes", "text": "a pitfall", "subject": "aten::copy_"}
    ]
    assert written["schema_version"] == 1
    assert written["incomplete_steps"] == ["ProfilerStep#5"]
    assert written["own_work"] == json.loads(msgspec.json.encode(ANALYSIS.breakdown.own_work))
    assert written["not_measured"]["zero_grad"] == "no range"
    told = set(Analysis.__struct_fields__) - {"breakdown", "complete"}
    assert set(written) == told | {
        "schema_version", "steps", "mean", "incomplete_steps", "own_work", "mistakes",
    }  # fmt: skip


def test_json_of_a_breakdown_has_every_category():
    written = json.loads(document(build_analysis_view(ANALYSIS)))
    first = written["steps"][0]
    assert (first["name"], first["start_ns"], first["wall_ns"]) == ("ProfilerStep#3", 1_001, ns(90))
    assert list(first["breakdown_ns"]) == [category.value for category in Category]
    assert first["breakdown_ns"]["forward"] == STEPS[0].by_category_ns[Category.FORWARD]
    assert first["breakdown_ns"]["data_loading"] is None
    mean = written["mean"]
    assert (mean["num_steps"], mean["wall_ns"]) == (2, ns(91.4))
    assert mean["breakdown_ns"]["backward"] == ns(51.6)
    assert mean["hidden_ns"] == {"h2d_copy": ns(0.77), "other_copy": 0, "communication": ns(8.8)}
    assert mean["kernel_ns"] == {"gemm": ns(44.1), "conv": ns(22.2)}
    assert mean["kernel_precision_ns"] == {"gemm": {"tf32": ns(43.21)}}


def test_json_without_a_breakdown():
    written = json.loads(
        document(build_analysis_view(msgspec.structs.replace(ANALYSIS, breakdown=None)))
    )
    assert (written["steps"], written["mean"], written["incomplete_steps"]) == (None, None, None)
    assert "zero_grad" not in written["not_measured"]
