"""A hand-made trace gives exactly these lanes: rows, times, launches, causes and marks."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from annt_prof.analysis.analysis import analyze_timeline
from annt_prof.analysis.breakdown.step_times import CATEGORIES
from annt_prof.analysis.lanes.building import build_lanes
from annt_prof.analysis.lanes.lanes import LABELS, NOT_DRAWN, ItemKind, LaneKind, Lanes
from annt_prof.analysis.lanes.nesting import nested
from annt_prof.analysis.timeline.idleness import CAUSES
from annt_prof.analysis.timeline.timeline import Timeline
from annt_prof.categories import Phase
from annt_prof.testing import AUTOGRAD_THREAD, TraceBuilder
from annt_prof.trace.reading import read

US = 1_000
TRACES = Path(__file__).parents[2] / "fixtures" / "traces"


def built(builder: TraceBuilder, folder: Path, selection: slice = slice(None)) -> Lanes:
    return build_lanes(Timeline(read(builder.write(folder / "trace.json")), selection))


def two_steps() -> TraceBuilder:
    """Two steps of 1 ms; of the second one kernel runs beside another on a second stream."""
    builder = TraceBuilder()
    for begin in (5_000 * US, 6_000 * US):
        builder.step(begin, begin + 1_000 * US)
        builder.phase(Phase.DATA_LOADING, begin, begin + 200 * US)
        builder.phase(Phase.FORWARD, begin + 200 * US, begin + 600 * US)
        builder.phase(Phase.BACKWARD, begin + 600 * US, begin + 1_000 * US)
        builder.operator("aten::conv2d", begin + 210 * US, begin + 300 * US)
        builder.operator("aten::cudnn", begin + 220 * US, begin + 290 * US)
        builder.kernel(
            "sm80_xmma_fprop_implicit_gemm", begin + 300 * US, begin + 500 * US,
            launch_ns=begin + 230 * US,
        )  # fmt: skip
        builder.operator("aten::add", begin + 610 * US, begin + 650 * US, thread=AUTOGRAD_THREAD)
        builder.kernel(
            "elementwise_kernel", begin + 630 * US, begin + 930 * US,
            launch_ns=begin + 620 * US, thread=AUTOGRAD_THREAD,
        )  # fmt: skip
        builder.runtime("cudaDeviceSynchronize", begin + 700 * US, begin + 940 * US)
    builder.copy("HtoD", 6_640 * US, 6_700 * US, launch_ns=6_615 * US, stream=20, thread=300)
    return builder


def told(lanes: Lanes, item: int) -> tuple[str, str, int, int, int]:
    """Lane, name, row, start and end in microseconds."""
    return (
        lanes.lanes[lanes.lane[item]].title,
        lanes.names[lanes.name[item]],
        int(lanes.row[item]),
        int(lanes.start_ns[item]) // US,
        int(lanes.end_ns[item]) // US,
    )


def of_kind(lanes: Lanes, kind: ItemKind) -> list[int]:
    return np.flatnonzero(lanes.kind == kind).tolist()


def test_every_item_is_in_its_lane_and_row_at_its_time(tmp_path: Path) -> None:
    lanes = built(two_steps(), tmp_path, slice(1, 2))
    assert [lane.title for lane in lanes.lanes] == [
        "main thread 100", "thread 200", "thread 300", "critical path", "device idle",
        "stream 7", "stream 20",
    ]  # fmt: skip
    assert [told(lanes, i) for i in of_kind(lanes, ItemKind.PHASE)] == [
        ("main thread 100", "data_loading", 0, 0, 200),
        ("main thread 100", "forward", 0, 200, 600),
        ("main thread 100", "backward", 0, 600, 1000),
    ]
    assert [told(lanes, i) for i in of_kind(lanes, ItemKind.OPERATOR)] == [
        ("main thread 100", "aten::conv2d", 1, 210, 300),
        ("main thread 100", "aten::cudnn", 2, 220, 290),
        ("thread 200", "aten::add", 0, 610, 650),
    ]
    assert [told(lanes, i) for i in of_kind(lanes, ItemKind.CALL)] == [
        ("main thread 100", "cudaLaunchKernel", 3, 230, 230),
        ("main thread 100", "cudaDeviceSynchronize", 3, 700, 940),
        ("thread 200", "cudaLaunchKernel", 1, 620, 620),
        ("thread 300", "cudaMemcpyAsync", 0, 615, 615),
    ]
    assert [told(lanes, i) for i in of_kind(lanes, ItemKind.KERNEL)] == [
        ("stream 7", "sm80_xmma_fprop_implicit_gemm", 0, 300, 500),
        ("stream 7", "elementwise_kernel", 0, 630, 930),
    ]
    (copy,) = of_kind(lanes, ItemKind.COPY)
    assert told(lanes, copy)[2:] == (0, 640, 700)
    assert LABELS[ItemKind.COPY][lanes.label[copy]] == "h2d_copy"
    assert lanes.step_names == ("ProfilerStep#1",)
    assert lanes.origin_ns == 6_000 * US


def test_an_activity_knows_the_call_that_launched_it_and_that_the_operator_around(
    tmp_path: Path,
) -> None:
    lanes = built(two_steps(), tmp_path, slice(1, 2))
    conv, add = of_kind(lanes, ItemKind.KERNEL)
    call = lanes.launched_by[conv]
    assert told(lanes, call)[1:] == ("cudaLaunchKernel", 3, 230, 230)
    assert lanes.launched_ns[conv] == 230 * US
    assert lanes.names[lanes.name[lanes.parent[call]]] == "aten::cudnn"
    assert lanes.names[lanes.name[lanes.parent[lanes.launched_by[add]]]] == "aten::add"
    assert lanes.names[lanes.name[lanes.parent[lanes.parent[call]]]] == "aten::conv2d"
    assert [LABELS[ItemKind.KERNEL][lanes.label[i]] for i in (conv, add)] == ["conv", "elementwise"]
    assert [CATEGORIES[lanes.category[i]] for i in (conv, add)] == ["forward", "backward"]


def test_gaps_have_their_causes_and_the_path_is_marked(tmp_path: Path) -> None:
    lanes = built(two_steps(), tmp_path, slice(1, 2))
    gaps = [
        (LABELS[ItemKind.GAP][lanes.label[i]], *told(lanes, i)[3:])
        for i in of_kind(lanes, ItemKind.GAP)
    ]
    assert gaps[0] == ("data_loading", 0, 200)
    assert gaps[-2:] == [("synchronise", 930, 940), ("dispatch", 940, 1000)]
    assert sum(end - start for _, start, end in gaps) == 1000 - 200 - 300
    path = of_kind(lanes, ItemKind.PATH)
    assert lanes.start_ns[path[0]] == 0
    assert lanes.end_ns[path[-1]] == 1_000 * US
    assert (lanes.end_ns[path[:-1]] == lanes.start_ns[path[1:]]).all()
    told_path = [(lanes.names[lanes.name[i]], *told(lanes, i)[3:]) for i in path]
    assert ("elementwise_kernel", 630, 930) in told_path
    assert told_path[-2:] == [("sync", 930, 940), ("host", 940, 1000)]
    assert [CATEGORIES[lanes.category[i]] for i in path[-3:]] == ["backward", "sync", "host_bound"]
    (copy,) = of_kind(lanes, ItemKind.COPY)
    add = of_kind(lanes, ItemKind.KERNEL)[1]
    assert lanes.on_path[add]
    assert not lanes.on_path[copy]


def test_a_launch_before_the_steps_is_kept_for_what_it_launched(tmp_path: Path) -> None:
    builder = TraceBuilder().step(0, 100 * US).step(100 * US, 200 * US)
    builder.kernel("gemm", 150 * US, 160 * US, launch_ns=90 * US)
    builder.kernel("gone", 20 * US, 30 * US, launch_ns=10 * US)
    lanes = built(builder, tmp_path, slice(1, 2))
    (kernel,) = of_kind(lanes, ItemKind.KERNEL)
    (call,) = of_kind(lanes, ItemKind.CALL)
    assert lanes.launched_by[kernel] == call
    assert lanes.start_ns[call] == -10 * US
    assert lanes.step[kernel] == 0


def test_what_is_nested_too_deep_is_counted_and_not_drawn(tmp_path: Path) -> None:
    builder = TraceBuilder().step(0, 100 * US)
    for depth in range(8):
        builder.operator(f"level{depth}", depth * US, (90 - depth) * US)
    builder.kernel("gemm", 50 * US, 60 * US, launch_ns=20 * US)
    lanes = built(builder, tmp_path)
    assert lanes.lanes[0].num_cut == 2
    deepest = [i for i in of_kind(lanes, ItemKind.OPERATOR) if lanes.row[i] == NOT_DRAWN]
    assert [lanes.names[lanes.name[i]] for i in deepest] == ["level6", "level7"]
    call = lanes.launched_by[of_kind(lanes, ItemKind.KERNEL)[0]]
    assert lanes.names[lanes.name[lanes.parent[call]]] == "level7"


@pytest.mark.parametrize("trace", sorted(TRACES.glob("*.json.gz")), ids=lambda path: path.name)
def test_lanes_agree_with_the_analysis(trace: Path) -> None:
    timeline = Timeline(read(trace))
    lanes, analysis = build_lanes(timeline), analyze_timeline(timeline)
    lengths = lanes.end_ns - lanes.start_ns
    if analysis.idle is not None:
        gaps = lanes.kind == ItemKind.GAP
        by_cause = {
            cause.value: int(lengths[gaps & (lanes.label == number)].sum())
            for number, cause in enumerate(CAUSES)
        }
        assert by_cause == analysis.idle.by_cause_ns
    if analysis.critical_path is not None:
        for number, step in enumerate(analysis.critical_path.steps):
            here = (lanes.kind == ItemKind.PATH) & (lanes.step == number)
            total = {
                category.value: int(lengths[here & (lanes.category == place)].sum())
                for place, category in enumerate(CATEGORIES)
            }
            assert {name: ns for name, ns in total.items() if ns} == step.on_path_ns
    for number, lane in enumerate(lanes.lanes):
        for row in range(lane.num_rows):
            here = lanes.places()[number, row]
            assert (lanes.start_ns[here][1:] >= lanes.end_ns[here][:-1]).all()
            assert set(lanes.row[lanes.lane == number]) <= {*range(lane.num_rows), NOT_DRAWN}


def test_a_trace_without_a_device_has_its_threads_alone(tmp_path: Path) -> None:
    builder = TraceBuilder().step(0, 100 * US).phase(Phase.FORWARD, 0, 60 * US)
    builder.operator("aten::linear", 10 * US, 50 * US)
    lanes = built(builder, tmp_path)
    assert [lane.kind for lane in lanes.lanes] == [LaneKind.THREAD]
    assert not lanes.on_path.any()


@given(
    st.lists(st.tuples(st.integers(0, 2), st.integers(0, 30), st.integers(0, 12)), max_size=25),
    st.lists(st.tuples(st.integers(0, 2), st.integers(0, 45)), max_size=8),
)
def test_nesting_against_a_plain_reading(
    drawn: list[tuple[int, int, int]], asked: list[tuple[int, int]]
) -> None:
    columns = np.array([(lane, start, start + length) for lane, start, length in drawn], np.int64)
    lane, start, end = columns.reshape(-1, 3).T
    found = nested(lane, start, end)
    for depth in range(len(drawn)):
        for of_lane in range(3):
            row = np.flatnonzero((found.depth == depth) & (lane == of_lane))
            row = row[np.argsort(start[row], kind="stable")]
            assert (start[row][1:] >= end[row][:-1]).all()
    order = sorted(range(len(drawn)), key=lambda i: (start[i], -end[i], i))
    instants = np.array(asked, np.int64).reshape(-1, 2)
    inner = found.innermost(instants[:, 0], instants[:, 1])
    for (of_lane, instant), place in zip(asked, inner.tolist(), strict=True):
        open_then = [i for i in order if lane[i] == of_lane and start[i] <= instant < end[i]]
        # Of items that overlap without nesting one that is open may hide behind one that is not.
        if place == -1:
            assert not open_then
        else:
            assert place in open_then
